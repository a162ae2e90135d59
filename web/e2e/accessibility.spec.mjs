/** axe over every view, in both themes, at a desk's width and a phone's. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { listOf, openBrowser, openPage, priceOf, Server } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function check(page, view) {
  // Through the debugger, so the page's own policy against foreign scripts stays in force.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  );
  const found = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes
        .slice(0, 4)
        .map((node) => `    ${node.target.join(' ')} ${node.any[0]?.message ?? ''}`)
        .join('\n')}`,
  );
  assert.deepEqual(found, [], `${view}\n${found.join('\n')}`);
}

const views = {
  list: { path: '/', ready: (page) => priceOf(page, 'AAPL') },
  empty: {
    path: '/',
    storage: { 'bellwether.lists': listOf([]) },
    ready: (page) => page.getByText('is empty').waitFor(),
  },
  search: {
    path: '/',
    ready: async (page) => {
      await page.getByRole('combobox', { name: 'Find a symbol' }).fill('motors');
      await page.getByRole('option').first().waitFor();
    },
  },
  symbol: {
    path: '/symbol/AAPL',
    ready: (page) => page.locator('.legend span').first().or(page.getByText('No bars yet')).first().waitFor(), // prettier-ignore
  },
  table: {
    path: '/symbol/AAPL',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Table' }).click();
      await page.getByRole('region', { name: 'Newest bars first' }).waitFor();
    },
  },
  help: {
    path: '/',
    ready: async (page) => {
      await priceOf(page, 'AAPL');
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
  feeds: {
    path: '/',
    ready: async (page) => {
      await priceOf(page, 'AAPL');
      await page.locator('.strip__feeds').click();
      await page.getByRole('dialog').waitFor();
    },
  },
  missing: { path: '/no/such/page', ready: (page) => page.getByText('no such page').waitFor() },
  lost: {
    path: '/symbol/AAPL',
    ready: async (page) => {
      await page.waitForFunction(() => /\d/.test(document.title));
      await server.kill();
      await page.getByText('Connection lost.').waitFor();
      await page.waitForTimeout(300);
    },
    done: () => server.up(),
  },
};

for (const theme of ['light', 'dark'])
  for (const phone of [false, true])
    for (const [name, view] of Object.entries(views))
      test(`${name}, ${theme}, ${phone ? 'phone' : 'desk'}`, async () => {
        // Flashes pass through half-seen colours; what is checked is what stays.
        const page = await openPage(browser, {
          theme,
          phone,
          motion: 'reduce',
          storage: view.storage,
        });
        try {
          await page.goto(server.url + view.path);
          await view.ready(page);
          await check(page, name);
        } finally {
          await page.context().close();
          await view.done?.();
        }
      });
