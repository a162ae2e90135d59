/** News and streams of the running program: its simulated market brings them, none on demand, so that waiting is left to the look-alike. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { forgiveRefusals, opened } from './desk.mjs';
import { openBrowser, real, Server, until } from './harness.mjs';
import { articles, rows } from './news.mjs';

const skip = real ? false : 'the look-alike has specs of its own';
const PATIENCE_MS = 90_000;
let server;
let browser;

before(async () => {
  if (skip) return;
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const at = (path, use) => opened(browser, server, path, { motion: 'reduce' }, use);
const ask = async (path) => (await fetch(`${server.url}/api/v1${path}`)).json();
const search = (page) => page.getByRole('search', { name: 'News' });

test('articles come in, are searched, and what is wrong is pointed at', { skip }, async () => {
  await until('articles', async () => (await ask('/news?limit=5')).articles?.length > 3, PATIENCE_MS); // prettier-ignore
  await at('/news', async (page) => {
    await rows(page).nth(3).waitFor();
    await articles(page).getByRole('link').first().waitFor();
    await check(page, 'news of the program');
    const field = search(page).getByLabel('Search', { exact: true });
    await field.fill('strike OR (shares');
    await page.keyboard.press('Enter');
    await search(page).getByText(/^At character \d+: /).waitFor(); // prettier-ignore
    assert.equal(await page.locator('.newsfilter__pointed mark').innerText(), '(');
    await field.fill('shares OR sales');
    await page.keyboard.press('Enter');
    await rows(page).first().waitFor();
    await search(page).getByRole('button', { name: 'Show all' }).click();
    await search(page).getByLabel('Symbol').fill('NOSUCHSYM');
    await page.keyboard.press('Enter');
    await search(page).getByText('NOSUCHSYM', { exact: false }).waitFor();
    forgiveRefusals(page);
  });
});

test('at a symbol: what followed articles, and what was near its moves', { skip }, async () => {
  const symbol = await until('a symbol with articles', async () => {
    for (const one of ['AAPL', 'MSFT', 'NVDA', 'TSLA'])
      if ((await ask(`/news?symbol=${one}`)).articles?.length > 2) return one;
    return null;
  }, PATIENCE_MS); // prettier-ignore
  await at(`/symbol/${symbol}`, async (page) => {
    const table = page.getByRole('region', { name: 'News', exact: true });
    await table.locator('tbody tr').nth(2).waitFor({ timeout: 30_000 });
    await table.getByText('This is association, not cause', { exact: false }).waitFor();
    const moves = page.getByRole('region', { name: 'What moved this?' });
    await moves.getByText(/No unusual move|times the usual swing/).first().waitFor({ timeout: 30_000 }); // prettier-ignore
    await page.locator('.legend__when').waitFor();
    await table.getByRole('button', { name: /show in the chart/ }).first().click(); // prettier-ignore
    await page.locator('.chart__told').first().waitFor();
    await check(page, 'symbol of the program');
  });
});

test('a query is added, refused, paused, gone on with and stopped', { skip }, async () => {
  await at('/streams', async (page) => {
    const provider = page.getByRole('region', { name: 'Simulated news', exact: true });
    await provider.getByText('● Up').waitFor({ timeout: 30_000 });
    await provider.getByRole('button', { name: 'Add a query of sim-news' }).click();
    const form = page.getByRole('form', { name: 'New stream' });
    await form.getByLabel('Name').fill('Strikes');
    await form.getByLabel('Words').fill('strike AND (');
    await page.keyboard.press('Enter');
    await form.getByText(/at character \d+: /).waitFor();
    assert.equal(await form.getByLabel('Words').getAttribute('aria-invalid'), 'true');
    await form.getByLabel('Words').fill('strike OR shares');
    await page.keyboard.press('Enter');
    const made = page.getByRole('listitem').filter({ has: page.getByText('Strikes', { exact: true }) }); // prettier-ignore
    await made.getByText('● Running').waitFor({ timeout: 30_000 });
    await made.getByRole('button', { name: 'Pause Strikes' }).click();
    await made.getByText('‖ Paused').waitFor();
    await made.getByRole('button', { name: 'Go on with Strikes' }).click();
    await made.getByRole('button', { name: 'Stop Strikes' }).click();
    await made.getByRole('button', { name: /^Stop Strikes now/ }).click();
    await made.waitFor({ state: 'detached' });
    await check(page, 'streams of the program');
    forgiveRefusals(page);
  });
});
