/** axe over every view, in both themes, at a desk's width and a phone's. */
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { listOf, openBrowser, openPage, priceOf, Server } from './harness.mjs';

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const found = (page) => page.getByRole('listbox').getByRole('option').first();
const dialog = (page) => page.getByRole('dialog');
const closeDialog = async (page) => {
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
};

/** Pages, each loaded once, and the views one comes to on them, one after the other. */
const pages = [
  {
    path: '/',
    views: {
      list: { open: (page) => priceOf(page, 'AAPL') },
      search: {
        open: async (page) => {
          await page.getByRole('combobox', { name: 'Find a symbol' }).fill('motors');
          await found(page).waitFor();
        },
        close: async (page) => {
          await page.keyboard.press('Escape');
          await found(page).waitFor({ state: 'detached' });
          await page.evaluate(() => document.activeElement?.blur());
        },
      },
      help: {
        open: async (page) => {
          await page.keyboard.press('?');
          await dialog(page).waitFor();
        },
        close: closeDialog,
      },
      sources: {
        open: async (page) => {
          await page.locator('.strip__market').click();
          await dialog(page).waitFor();
        },
        close: closeDialog,
      },
    },
  },
  {
    path: '/',
    storage: { 'bellwether.lists': listOf([]) },
    views: { empty: { open: (page) => page.getByText('is empty').waitFor() } },
  },
  {
    path: '/no/such/page',
    views: { missing: { open: (page) => page.getByText('no such page').waitFor() } },
  },
  {
    path: '/symbol/AAPL',
    views: {
      symbol: { open: (page) => page.locator('.legend span').first().waitFor() },
      table: {
        open: async (page) => {
          await page.getByRole('button', { name: 'Table' }).click();
          await page.getByRole('region', { name: 'Newest bars first' }).waitFor();
        },
        close: (page) => page.getByRole('button', { name: 'Chart', exact: true }).click(),
      },
      lost: {
        open: async (page) => {
          await page.waitForFunction(() => /\d/.test(document.title));
          await server.kill();
          await page.getByText('Connection lost.').waitFor();
          await page.locator('.symbol__fresh[data-state="stale"]').waitFor();
        },
        close: () => server.up(),
      },
    },
  },
];

for (const theme of ['light', 'dark'])
  for (const phone of [false, true])
    test(`${theme}, ${phone ? 'phone' : 'desk'}`, async (t) => {
      for (const { path, storage, views } of pages) {
        // Flashes pass through half-seen colours; what is checked is what stays.
        const page = await openPage(browser, { theme, phone, motion: 'reduce', storage });
        await page.goto(server.url + path);
        for (const [name, view] of Object.entries(views))
          await t.test(name, async () => {
            try {
              await view.open(page);
              await check(page, name);
            } finally {
              await view.close?.(page);
            }
          });
        await page.context().close();
      }
    });
