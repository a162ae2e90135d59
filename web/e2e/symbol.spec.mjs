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

const legend = (page) => page.locator('.legend');

async function opened(path, options, use) {
  const page = await openPage(browser, options);
  try {
    await page.goto(path.startsWith('/') ? server.url + path : path);
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

test('a touch anywhere on a row opens its chart', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL', 'GM']) };
  for (const phone of [false, true])
    await opened('/', { storage, phone }, async (page) => {
      await priceOf(page, 'GM');
      const box = await cell(page, 'GM', 'last').boundingBox();
      const at = [box.x + box.width / 2, box.y + box.height / 2];
      await (phone ? page.touchscreen.tap(...at) : page.mouse.click(...at));
      await page.getByRole('heading', { level: 1, name: /^GM/ }).waitFor();
    });
});

/** Counts the canvas's pixels of the two colours that candles have on this page. */
function candlePixels() {
  const colour = (name) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = `var(--${name})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
    probe.remove();
    return (r << 16) | (g << 8) | b;
  };
  const wanted = { up: colour('up'), down: colour('down') };
  const count = { up: 0, down: 0 };
  for (const canvas of document.querySelectorAll('.chart__canvas canvas')) {
    if (canvas.width === 0 || canvas.height === 0) continue;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      const seen = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
      if (seen === wanted.up) count.up += 1;
      else if (seen === wanted.down) count.down += 1;
    }
  }
  return count;
}

test('the canvas holds rising and falling candles', async () => {
  for (const theme of ['light', 'dark'])
    await opened('/symbol/AAPL', { theme }, async (page) => {
      await legend(page).locator('span').first().waitFor();
      // The last price's line and label have one of the colours too, but not hundreds of each.
      await page.waitForFunction(
        `(() => { const { up, down } = (${candlePixels})(); return up > 500 && down > 500; })()`,
      );
    });
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

test('what trades day and night has one session, and none of it is shaded or named', async () => {
  await opened('/symbol/AAPL', {}, async (page) => {
    await legend(page).locator('span').first().waitFor();
    assert.equal(await page.getByRole('button', { name: 'Regular', exact: true }).count(), 0);
    assert.equal(await page.getByText('extended hours').count(), 0);
    assert.doesNotMatch(await legend(page).innerText(), /pre-market|after hours|overnight/);
    // Nor does the strip say "closed" and nothing else above prices that move.
    await page
      .locator('.strip__market')
      .getByText(/US market open|simulation running/)
      .first()
      .waitFor();
  });
});

/** The simulated share as one of the exchange's: what its instrument says of its hours is changed. */
async function keepsExchangeHours(page) {
  await page.route('**/api/v1/symbols/AAPL', async (route) => {
    const answer = await (await route.fetch()).json();
    await route.fulfill({ json: { ...answer, hours: 'us_equity' } });
  });
}

test('every interval and session shows bars or says that there are none', async () => {
  await opened('about:blank', {}, async (page) => {
    await keepsExchangeHours(page);
    await page.goto(`${server.url}/symbol/AAPL`);
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
    const market = page.locator('.strip__market');
    assert.match(await market.innerText(), /US market unknown since \d\d:\d\d ET/);
    await server.up();
    await page.getByText('Connection lost.').waitFor({ state: 'detached', timeout: 30_000 });
    await page.getByText('Connected again').waitFor();
    assert.doesNotMatch(await market.innerText(), /unknown/);
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
