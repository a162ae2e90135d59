/** The complete list: live, filtered, searched, page by page, exported. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { apiOf, hold, onLookAlike, opened, startDesk } from './desk.mjs';
import { openBrowser } from './harness.mjs';

let server;
let browser;
let api;

before(async () => {
  [server, browser] = await Promise.all([startDesk(), openBrowser()]);
  api = apiOf(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const at = (path, use, options = {}) => opened(browser, server, path, options, use);
const rows = (page) => page.locator('[data-transaction]');
const count = (page, text) => page.getByRole('status').filter({ hasText: text });

test('at first there is nothing, then what happens appears by itself', async () => {
  await at('/transactions', async (page) => {
    await page.getByText('Nothing has happened yet').waitFor();
    await api('POST', '/account/deposits', { amount: '20000.00' });
    await rows(page).getByText('Added $20,000.00').waitFor();
    await hold(api, 'AAPL', '1000');
    await hold(api, 'KO', '500');
    await rows(page)
      .getByText(/^Bought \d+ KO/)
      .waitFor();
    assert.match(await rows(page).first().innerText(), /Committed/);
  });
});

test('filtered by the server, searched in the list', async () => {
  await at('/transactions', async (page) => {
    await rows(page).first().waitFor();
    await page.getByLabel('Kind').selectOption('ticket_committed');
    await count(page, '2 transactions shown').waitFor();
    await page.getByLabel('Symbol', { exact: true }).fill('ko');
    await count(page, '1 transaction shown').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await count(page, '5 transactions shown').waitFor();
    await page.getByLabel('Search in the list').fill('bought aapl');
    await count(page, '1 transaction shown').waitFor();
    await page.getByLabel('Search in the list').fill('nothing like it');
    await page.getByText('Nothing matches').waitFor();
    await page.getByLabel('Search in the list').fill('');
    await page.getByLabel('Until').fill('2020-01-01T00:00');
    await page.getByText('Nothing matches').waitFor();
    await page.getByLabel('Until').fill('');
    await page.getByLabel('From').fill('2020-01-01T00:00');
    await count(page, '5 transactions shown').waitFor();
  });
});

test('an address may name a symbol', async () => {
  await at('/transactions?symbol=KO', async (page) => {
    await count(page, '2 transactions shown').waitFor();
    assert.equal(await page.getByLabel('Symbol', { exact: true }).inputValue(), 'KO');
  });
});

/**
 * What the browser saves once the link is clicked. The time is for the click, the answer and the
 * disk together, on a machine that may be busy; a download that fails says why at once.
 */
async function saved(page, link) {
  const begun = page.waitForEvent('download', { timeout: 60_000 });
  await Promise.all([begun, link.click({ timeout: 60_000 })]);
  const file = await begun;
  assert.equal(await file.failure(), null, file.url());
  return {
    name: file.suggestedFilename(),
    address: new URL(file.url()),
    text: readFileSync(await file.path(), 'utf8'),
  };
}

test('exported as a table with the same filter, and as the audit log', async () => {
  await at('/transactions', async (page) => {
    await page.getByLabel('Kind').selectOption('deposit');
    await count(page, '1 transaction shown').waitFor();
    const table = await saved(page, page.getByRole('link', { name: 'Export CSV' }));
    assert.equal(table.name, 'transactions.csv');
    // A plain address: nothing is gathered in the page first, and it can be copied.
    assert.equal(table.address.href, `${server.url}/api/v1/transactions?kind=deposit&format=csv`);
    const lines = table.text.trim().split(/\r?\n/);
    assert.equal(lines.length, 2);
    assert.match(lines[0], /timestamp/);
    assert.match(lines[1], /20000\.00/);
    const log = await saved(page, page.getByRole('link', { name: 'Audit log (XML)' }));
    assert.equal(log.name, 'audit.xml');
    assert.match(log.text, /<log>/);
  });
});

test('earlier ones come page by page', async () => {
  for (let i = 0; i < 110; i += 1) await api('POST', '/account/deposits', { amount: '1.00' });
  await at('/transactions', async (page) => {
    await count(page, '100 transactions shown, there are earlier ones').waitFor();
    await page.getByRole('button', { name: 'Show earlier' }).click();
    await count(page, '115 transactions shown').waitFor();
    await page.getByRole('button', { name: 'Show earlier' }).waitFor({ state: 'detached' });
    const ids = await rows(page).evaluateAll((all) => all.map((one) => one.dataset.transaction));
    assert.equal(new Set(ids).size, 115);
  });
});

test('the proof of the ledger is told on both pages', async () => {
  for (const path of ['/transactions', '/account'])
    await at(path, async (page) => {
      const proved = page.getByText(/Ledger proved [\d:]+, [\d,]+ entries, sound/);
      // The program proves it when it is asked to, not every few seconds.
      const line = onLookAlike ? proved : proved.or(page.getByText('Ledger not proved yet'));
      await line.first().waitFor({ timeout: 40_000 });
    });
});
