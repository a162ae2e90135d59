import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { listOf, openBrowser, openPage, priceMoves, priceOf, row, Server } from './harness.mjs';

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const legend = (page) => page.locator('.legend');

async function opened(path, options, use) {
  const page = await openPage(browser, options);
  try {
    await page.goto(server.url + path);
    await use(page);
    assert.deepEqual(page.errors, [], 'the console stays free of errors');
  } finally {
    await page.context().close();
  }
}

test('Enter on a row opens its chart, and going back returns to the row', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL', 'GM']) };
  await opened(
    '/',
    { storage, context: { viewport: { width: 1000, height: 800 } } },
    async (page) => {
      await priceOf(page, 'GM');
      await row(page, 'GM').getByRole('link').focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: /^GM/ }).waitFor();
      assert.equal(new URL(page.url()).pathname, '/symbol/GM');
      await page.waitForFunction(() => /^GM [\d,.]+/.test(document.title));
      assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
      await page.goBack();
      await page.waitForFunction(() => document.activeElement?.textContent === 'GM');
    },
  );
});

test('the chart draws candles and its last bar follows the market', async () => {
  await opened('/symbol/AAPL', {}, async (page) => {
    await page.locator('.chart__canvas canvas').first().waitFor();
    await page.getByRole('button', { name: '1s', exact: true }).click();
    await page.waitForFunction(() =>
      /C [\d,.]+/.test(document.querySelector('.legend')?.textContent ?? ''),
    );
    const before = await legend(page).innerText();
    await page.waitForFunction(
      (old) => {
        const now = document.querySelector('.legend')?.innerText;
        return now && now !== old;
      },
      before,
      { timeout: 20_000 },
    );
  });
});

test('every interval and session shows bars or says that there are none', async () => {
  await opened('/symbol/AAPL', {}, async (page) => {
    for (const name of ['1s', '5m', '15m', '1h', '1d', '1m', 'Regular', 'All', 'Extended']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page
        .locator('.legend span')
        .first()
        .or(page.getByText('No bars yet'))
        .first()
        .waitFor();
    }
  });
});

test('the keyboard walks along the bars and zooms', async () => {
  await opened('/symbol/AAPL', {}, async (page) => {
    await page.getByRole('button', { name: '1m', exact: true }).click();
    await page.locator('.legend span').first().waitFor();
    await page.getByRole('application').focus();
    const newest = await page.locator('.legend__when').innerText();
    for (let i = 0; i < 6; i += 1) await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(
      (old) => document.querySelector('.legend__when')?.innerText !== old,
      newest,
    );
    await page.keyboard.press('+');
    await page.keyboard.press('-');
    await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('Escape');
  });
});

test('older bars are loaded by scrolling back', async () => {
  await opened('/symbol/AAPL', {}, async (page) => {
    await page.getByRole('button', { name: '1d', exact: true }).click();
    await page.locator('.legend span').first().waitFor();
    await page.getByRole('button', { name: '1m', exact: true }).click();
    await page.locator('.legend span').first().waitFor();
    const asked = page.waitForRequest(
      (request) => /\/api\/v1\/bars\/.*[?&]to=/.test(request.url()),
      {
        timeout: 15_000,
      },
    );
    await page.getByRole('application').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Home');
    await asked;
  });
});

test('the same bars can be read as a table, and key figures stand below', async () => {
  await opened('/symbol/AAPL', {}, async (page) => {
    await page.locator('.legend span').first().or(page.getByText('No bars yet')).first().waitFor();
    await page.getByRole('button', { name: 'Table' }).click();
    await page.getByRole('region', { name: 'Newest bars first' }).waitFor();
    const figures = await page.getByRole('region', { name: 'Key figures' }).innerText();
    for (const label of ['Open', 'Previous close', '52-week range', 'Market cap', 'P/E'])
      assert.ok(figures.includes(label), label);
  });
});

test('symbols with a colon have a chart too; unknown ones say so', async () => {
  await opened('/symbol/BINANCE%3ABTCUSDT', {}, async (page) => {
    await page.waitForFunction(() => /^BTCUSDT [\d,.]+/.test(document.title));
  });
  await opened('/symbol/NOSUCHSYM', {}, async (page) => {
    await page.getByText('NOSUCHSYM is not known here').waitFor();
    page.errors = page.errors.filter((text) => !/40[04]/.test(text));
  });
  await opened('/no/such/page', {}, async (page) => {
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    page.errors = page.errors.filter((text) => !/404/.test(text));
  });
});

test('j and k step through the list, ? explains the keys', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL', 'GM', 'F']) };
  await opened('/symbol/AAPL', { storage }, async (page) => {
    await priceOf(page, 'GM');
    await page.keyboard.press('j');
    await page.waitForFunction(() => location.pathname === '/symbol/GM');
    await page.keyboard.press('k');
    await page.waitForFunction(() => location.pathname === '/symbol/AAPL');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys and signs' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});

test('the server is lost, everything is marked stale, and it all comes back by itself', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL', 'GM']), 'bellwether.interval': '1s' };
  await opened('/symbol/AAPL', { storage }, async (page) => {
    await priceMoves(page, 'GM');
    await page.locator('.legend span').first().or(page.getByText('No bars yet')).first().waitFor();
    await server.kill();
    await page.getByText('Connection lost.').waitFor();
    await page.waitForFunction(
      () => document.querySelector('[data-symbol="GM"]')?.dataset.state === 'stale',
    );
    await page.getByText(/Trying again/).waitFor();
    await server.up();
    await page.getByText('Connection lost.').waitFor({ state: 'detached', timeout: 30_000 });
    await page.getByText('Connected again').waitFor();
    await priceMoves(page, 'GM');
    assert.notEqual(await row(page, 'GM').getAttribute('data-state'), 'stale');
    const before = await legend(page).innerText();
    await page.waitForFunction(
      (old) => document.querySelector('.legend')?.innerText !== old,
      before,
      { timeout: 20_000 },
    );
    page.errors = page.errors.filter((text) => !/ERR_CONNECTION|WebSocket/.test(text));
  });
});
