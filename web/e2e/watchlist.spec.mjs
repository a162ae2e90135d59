import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  cell,
  listOf,
  openBrowser,
  openPage,
  priceMoves,
  priceOf,
  row,
  Server,
} from './harness.mjs';

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function page(options, use) {
  const opened = await openPage(browser, options);
  try {
    await opened.goto(server.url + (options.path ?? '/'));
    await use(opened);
    assert.deepEqual(opened.errors, [], 'the console stays free of errors');
  } finally {
    await opened.context().close();
  }
}

const order = (opened) =>
  opened.locator('[data-symbol]').evaluateAll((rows) => rows.map((one) => one.dataset.symbol));
const search = (opened) => opened.getByRole('combobox', { name: 'Find a symbol' });

test('the first visit shows a list of well-known symbols whose prices move', async () => {
  await page({}, async (opened) => {
    await priceMoves(opened, 'AAPL');
    assert.match(await row(opened, 'AAPL').innerText(), /Apple/);
    assert.match(await cell(opened, 'AAPL', 'percent').textContent(), /^[+−]?[\d,.]+%$/);
    assert.match(await cell(opened, 'AAPL', 'state').textContent(), /\w+/);
    await opened.waitForFunction(
      () => document.querySelector('[data-symbol="AAPL"] [data-cell="spark"]')?.getAttribute('d'),
      undefined,
      { timeout: 15_000 },
    );
    await opened.getByText('A list to begin with').waitFor();
    await opened.getByText('Prices are made up').waitFor();
  });
});

test('"motors" finds General Motors, Enter adds it, and it stays after a reload', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL']) };
  await page({ storage }, async (opened) => {
    await priceOf(opened, 'AAPL');
    await opened.keyboard.press('/');
    assert.equal(await search(opened).evaluate((field) => field === document.activeElement), true);
    await opened.keyboard.type('motors');
    const option = opened.getByRole('option').filter({ hasText: 'General Motors' }).first();
    await option.waitFor();
    for (let i = 0; i < 10; i += 1) {
      if ((await option.getAttribute('aria-selected')) === 'true') break;
      await opened.keyboard.press('ArrowDown');
    }
    await opened.keyboard.press('Enter');
    await priceOf(opened, 'GM');
    assert.deepEqual(await order(opened), ['AAPL', 'GM']);
    await opened.reload();
    await priceOf(opened, 'GM');
    assert.deepEqual(await order(opened), ['AAPL', 'GM']);
  });
});

test('search says when nothing is found, when it fails, and Escape empties it', async () => {
  await page({}, async (opened) => {
    await priceOf(opened, 'AAPL');
    await opened.keyboard.press('Control+k');
    await opened.keyboard.type('zzqqxxyy');
    await opened.getByText('Nothing is called “zzqqxxyy”').waitFor();
    await opened.keyboard.press('Escape');
    assert.equal(await search(opened).inputValue(), '');
    await opened.route('**/api/v1/symbols?*', (route) =>
      route.fulfill({
        status: 400,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          type: 'about:blank',
          title: 'Bad',
          status: 400,
          detail: 'Out of order',
        }),
      }),
    );
    await opened.keyboard.type('app');
    await opened.getByText('The search did not work: Out of order').waitFor();
    opened.errors.length = 0;
    await opened.unroute('**/api/v1/symbols?*');
    await opened.getByRole('button', { name: 'Try again' }).click();
    await opened.getByRole('option').first().waitFor();
  });
});

test('rows are moved, removed and brought back by keyboard', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL', 'MSFT', 'GM']) };
  await page({ storage }, async (opened) => {
    await priceOf(opened, 'AAPL');
    await row(opened, 'AAPL').getByRole('link').focus();
    await opened.keyboard.press('Alt+ArrowDown');
    await opened.waitForFunction(() => document.activeElement?.textContent === 'AAPL');
    assert.deepEqual(await order(opened), ['MSFT', 'AAPL', 'GM']);
    await opened.keyboard.press('Delete');
    assert.deepEqual(await order(opened), ['MSFT', 'GM']);
    await opened.getByRole('button', { name: 'Undo' }).click();
    assert.deepEqual(await order(opened), ['MSFT', 'AAPL', 'GM']);
    await row(opened, 'MSFT').getByRole('link').focus();
    await opened.keyboard.press('ArrowDown');
    await opened.keyboard.press('ArrowDown');
    assert.equal(await opened.evaluate(() => document.activeElement.textContent), 'GM');
    await opened.keyboard.press('Delete');
    await opened.keyboard.press('Control+z');
    assert.deepEqual(await order(opened), ['MSFT', 'AAPL', 'GM']);
  });
});

test('rows are dragged by their grip', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL', 'MSFT', 'GM']) };
  await page({ storage }, async (opened) => {
    await priceOf(opened, 'GM');
    await row(opened, 'AAPL').hover();
    const grip = await row(opened, 'AAPL').locator('.row__grip').boundingBox();
    const target = await row(opened, 'GM').boundingBox();
    await opened.mouse.move(grip.x + 4, grip.y + 8);
    await opened.mouse.down();
    await opened.mouse.move(grip.x + 4, target.y + 10, { steps: 4 });
    await opened.mouse.move(grip.x + 4, target.y + target.height - 8, { steps: 4 });
    await opened.waitForTimeout(100);
    await opened.mouse.up();
    assert.deepEqual(await order(opened), ['MSFT', 'GM', 'AAPL']);
  });
});

test('columns sort, the other way, and back to the own order', async () => {
  const storage = { 'bellwether.lists': listOf(['MSFT', 'AAPL', 'GM']) };
  await page({ storage }, async (opened) => {
    await priceOf(opened, 'GM');
    const heading = opened.getByRole('columnheader', { name: 'Symbol' });
    const until = (wanted) =>
      opened.waitForFunction(
        (text) =>
          [...document.querySelectorAll('[data-symbol]')]
            .map((one) => one.dataset.symbol)
            .join() === text,
        wanted,
      );
    await heading.getByRole('button').click();
    await until('AAPL,GM,MSFT');
    assert.equal(await heading.getAttribute('aria-sort'), 'ascending');
    await heading.getByRole('button').click();
    await until('MSFT,GM,AAPL');
    await heading.getByRole('button').click();
    await until('MSFT,AAPL,GM');
  });
});

test('lists are made, named, and deleted with a way back', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL']) };
  await page({ storage }, async (opened) => {
    await opened.getByRole('button', { name: 'New list' }).click();
    await opened.getByRole('textbox', { name: 'Name of the list' }).fill('Cars');
    await opened.keyboard.press('Enter');
    await opened.getByText('“Cars” is empty').waitFor();
    await opened.keyboard.press('/');
    await opened.keyboard.type('GM,F');
    await opened.getByRole('option').first().waitFor();
    await opened.keyboard.press('Enter');
    await priceOf(opened, 'F');
    assert.deepEqual(await order(opened), ['GM', 'F']);
    await opened.getByRole('button', { name: 'Delete Cars' }).click();
    assert.deepEqual(await order(opened), ['AAPL']);
    await opened.getByRole('button', { name: 'Undo' }).click();
    assert.deepEqual(await order(opened), ['GM', 'F']);
  });
});

test('an unknown symbol says so and can be removed', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL', 'NOSUCHSYM']) };
  await page({ storage }, async (opened) => {
    await priceOf(opened, 'AAPL');
    await row(opened, 'NOSUCHSYM').getByText('Not known to this server').waitFor();
    opened.errors = opened.errors.filter((text) => !/40[04]/.test(text));
    await row(opened, 'NOSUCHSYM').getByRole('button', { name: 'Remove NOSUCHSYM' }).click();
    assert.deepEqual(await order(opened), ['AAPL']);
  });
});

test('the theme is chosen and remembered', async () => {
  await page({}, async (opened) => {
    await opened.getByRole('button', { name: /^Theme/ }).click();
    await opened.getByRole('button', { name: /^Theme/ }).click();
    assert.equal(await opened.locator('html').getAttribute('data-theme'), 'dark');
    await opened.reload();
    assert.equal(await opened.locator('html').getAttribute('data-theme'), 'dark');
  });
});

test('on a phone nothing is wider than the screen', async () => {
  for (const path of ['/', '/symbol/AAPL'])
    await page({ phone: true, path }, async (opened) => {
      if (path === '/') await priceMoves(opened, 'AAPL');
      else await opened.waitForFunction(() => /\d/.test(document.title));
      const [width, screen] = await opened.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      assert.ok(width <= screen, `${path}: ${width} > ${screen}`);
      const outside = await opened.evaluate(() =>
        [...document.querySelectorAll('main *, header *, footer *')]
          .filter(
            (one) => one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility(),
          )
          .filter((one) => !one.closest('.lists__all, .bars, .unseen, .row__state, .chart__canvas'))
          .map((one) => one.className),
      );
      assert.deepEqual(outside, [], `${path}: parts beyond the right edge`);
    });
});

test('on a phone help and the market’s hours are a touch away', async () => {
  await page({ phone: true }, async (opened) => {
    await priceOf(opened, 'AAPL');
    await opened.getByRole('button', { name: 'Help: keys and signs' }).tap();
    await opened.getByRole('dialog', { name: 'Keys and signs' }).waitFor();
    await opened.getByRole('button', { name: 'Close', exact: true }).tap();
    await opened.locator('.strip__market').tap();
    const dialog = opened.getByRole('dialog', { name: 'Market and data sources' });
    await dialog.getByText('Opens, your time').waitFor();
    await dialog.getByText(/Regular session (opens|closes) in/).waitFor();
    const [width, screen] = await dialog.evaluate((one) => [one.scrollWidth, one.clientWidth]);
    assert.ok(width <= screen, `${width} > ${screen}`);
  });
});
