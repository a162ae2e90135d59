/** The desk on a phone, and before axe in both themes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { amount, apiOf, ask, button, hold, opened, panel, priced, review, slip, startDesk } from './desk.mjs'; // prettier-ignore
import { openBrowser, openPage } from './harness.mjs';

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

async function fits(page, view) {
  const [width, screen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  assert.ok(width <= screen, `${view}: ${width} > ${screen}`);
  const outside = await page.evaluate(() =>
    [...document.querySelectorAll('main *, header *')]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility())
      .filter((one) => !one.closest('.unseen, .chart__canvas'))
      .map((one) => `${one.tagName} ${one.className}`),
  );
  assert.deepEqual(outside, [], `${view}: parts beyond the right edge`);
}

const looks = [];
for (const theme of ['light', 'dark'])
  for (const phone of [false, true]) looks.push({ theme, phone, motion: 'reduce' });
const nameOf = ({ theme, phone }) => `${theme}, ${phone ? 'phone' : 'desk'}`;

test('before there is money', async (t) => {
  for (const look of looks)
    await t.test(nameOf(look), async () => {
      for (const path of ['/account', '/symbol/AAPL', '/transactions'])
        await opened(browser, server, path, look, async (page) => {
          await page.getByText(/Add paper money to begin|Nothing has happened yet/).waitFor();
          if (look.phone) await fits(page, path);
          await check(page, path);
        });
    });
});

test('with all there is to show', async (t) => {
  await api('POST', '/account/deposits', { amount: '1000000.00' });
  for (const [symbol, dollars] of [['AAPL', '123456.78'], ['SNDL', '50'], ['BINANCE:BTCUSDT', '300000']]) await hold(api, symbol, dollars); // prettier-ignore
  await api('PUT', '/triggers/buy/AAPL', { amount: '2000', price: '1.5' });
  await api('PUT', '/triggers/sell/AAPL', { amount: '2000', price: '900' });
  for (const look of looks)
    await t.test(nameOf(look), async () => {
      const page = await openPage(browser, look);
      const looked = async (view) => {
        if (look.phone) await fits(page, view);
        await check(page, view);
      };
      await page.goto(`${server.url}/symbol/AAPL`);
      await page.locator('.legend span').first().waitFor();
      await ask(page, '1000');
      await looked('open ticket');
      await amount(page).fill('99999999');
      await review(page).click();
      await panel(page).locator('.refusal').waitFor();
      await looked('refusal');
      await button(page, 'At a price').click();
      await panel(page).getByLabel('At or below').fill('99999');
      await panel(page).getByText('it would trade at once').waitFor();
      await looked('automatic');
      await slip(page, 'open').getByRole('button', { name: 'Cancel' }).click();
      await slip(page, 'cancelled').waitFor();
      await looked('ended ticket');
      await page.goto(`${server.url}/account`);
      await page.locator('[data-holding="AAPL"]').getByText(/%/).waitFor();
      await looked('account');
      await page.goto(`${server.url}/transactions`);
      await page.locator('[data-transaction]').first().waitFor();
      await looked('transactions');
      await page.context().close();
    });
});

test('on a phone the form is a touch away', async () => {
  await opened(browser, server, '/symbol/AAPL', { phone: true }, async (page) => {
    await priced(page);
    await page.locator('.symbol__actions').getByRole('button', { name: 'Sell' }).tap();
    const field = panel(page).getByLabel('Amount to sell');
    await field.waitFor();
    await page.waitForFunction(() => {
      const box = document.activeElement?.getBoundingClientRect();
      return document.activeElement?.className === 'money__input' && box.top > 0 && box.bottom < innerHeight; // prettier-ignore
    });
  });
});
