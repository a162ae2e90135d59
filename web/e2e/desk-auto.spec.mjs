/** Automatic buys and sells: set, drawn, dragged, changed, fired, cancelled. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { amount, apiOf, button, forgiveRefusals, hold, opened, panel, priced, startDesk } from './desk.mjs'; // prettier-ignore
import { openBrowser } from './harness.mjs';

let server;
let browser;
let api;

before(async () => {
  [server, browser] = await Promise.all([startDesk(), openBrowser()]);
  api = apiOf(server);
  await api('POST', '/account/deposits', { amount: '100000.00' });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const at = (path, use) => opened(browser, server, path, {}, use);
const triggers = async () => (await api('GET', '/account')).triggers;
const list = (page) => panel(page).getByRole('list', { name: 'Automatic trades' });
const price = (page) => panel(page).getByLabel(/^At or (below|above)/);

async function lastPrice(page) {
  const text = await page.getByTestId('last').innerText();
  return Number(text.replaceAll(',', ''));
}

async function fill(page, { side = 'Buy', dollars, when }) {
  await priced(page);
  await button(page, side).first().click();
  await button(page, 'At a price').click();
  await amount(page).fill(dollars);
  await price(page).fill(when);
}

test('set, changed and cancelled', async () => {
  await at('/symbol/MSFT', async (page) => {
    await priced(page);
    const low = ((await lastPrice(page)) * 0.9).toFixed(2);
    await fill(page, { dollars: '2000', when: low });
    await panel(page)
      .getByText(/it buys all the whole shares/)
      .waitFor();
    await button(page, 'Set automatic purchase').click();
    await list(page).getByText(`Buy at or below $${low}`).waitFor();
    assert.deepEqual(await triggers(), [
      { side: 'buy', symbol: 'MSFT', amount: '2000.00', price: low, shares: '0' },
    ]);
    assert.equal((await api('GET', '/account')).cash.in_triggers, '2000.00');

    await button(page, 'Change the automatic purchase of MSFT').click();
    await page.waitForFunction(() => document.activeElement?.className === 'money__input');
    assert.equal(await price(page).inputValue(), low);
    await price(page).fill('100');
    await button(page, 'Change automatic purchase').click();
    await list(page).getByText('Buy at or below $100.00').waitFor();
    assert.equal((await triggers()).length, 1);

    await button(page, 'Cancel the automatic purchase of MSFT').click();
    await list(page).waitFor({ state: 'detached' });
    assert.deepEqual(await triggers(), []);
  });
});

test('its line can be dragged; the server hears of it only when it is set', async () => {
  await at('/symbol/MSFT', async (page) => {
    await page.locator('.legend span').first().waitFor();
    await priced(page);
    const low = ((await lastPrice(page)) * 0.999).toFixed(2);
    const { trigger } = await api('PUT', '/triggers/buy/MSFT', { amount: '900', price: low });
    // It may have fired already, when the price was just falling there: then there is no line.
    if (!trigger) return;
    await list(page).waitFor();
    const box = await page.locator('.chart__canvas').boundingBox();
    const x = box.x + box.width * 0.3;
    let y = box.y + 4;
    const grabbed = () => page.locator('.chart__canvas--grab').count();
    for (; y < box.y + box.height; y += 4) {
      await page.mouse.move(x, y);
      if (await grabbed()) break;
    }
    assert.ok(await grabbed(), 'the line is found in the chart');
    await page.mouse.down();
    await page.mouse.move(x, y + 20, { steps: 3 });
    await page.mouse.move(x, y + 60, { steps: 3 });
    await page.mouse.up();
    await price(page).waitFor();
    const moved = await price(page).inputValue();
    assert.ok(Number(moved) > 0 && Number(moved) < Number(low), `${moved} below ${low}`);
    assert.equal(await amount(page).inputValue(), '900.00');
    assert.equal((await triggers())[0]?.price ?? low, low);
    await button(page, 'Change automatic purchase').click();
    await list(page).getByText(`Buy at or below $${moved}`).waitFor();
    await api('DELETE', '/triggers/buy/MSFT');
  });
});

test('one whose price is there already trades at once, and says so before', async () => {
  await at('/symbol/F', async (page) => {
    await priced(page);
    const high = ((await lastPrice(page)) * 1.2).toFixed(2);
    await fill(page, { dollars: '500', when: high });
    await panel(page).getByText('it would trade at once').waitFor();
    await button(page, 'Set automatic purchase').click();
    await panel(page).getByText(/✓ Bought automatically \d+ F .*the price was there already/).waitFor(); // prettier-ignore
    await page.locator('.toast').getByText('Bought automatically').waitFor();
    await panel(page)
      .getByText(/You hold \d+ shares/)
      .waitFor();
    assert.deepEqual(await triggers(), []);
  });
});

test('an automatic sale sets shares aside and fires when the price comes', async () => {
  await hold(api, 'AMZN', '5000');
  await at('/symbol/AMZN', async (page) => {
    await priced(page);
    // Near enough that the market comes by soon, whoever makes it.
    const soon = ((await lastPrice(page)) + 0.02).toFixed(2);
    await fill(page, { side: 'Sell', dollars: '1000', when: soon });
    await panel(page).getByText(/it sells \d+ shares/).or(panel(page).getByText('trade at once')).first().waitFor(); // prettier-ignore
    await button(page, 'Set automatic sale').click();
    await page.locator('.toast').getByText(/Sold automatically \d+ AMZN/).waitFor({ timeout: 90_000 }); // prettier-ignore
    await list(page).waitFor({ state: 'detached' });
  });
});

test('what cannot be set is refused beside its field', async () => {
  await at('/symbol/NVDA', async (page) => {
    await fill(page, { side: 'Sell', dollars: '100', when: '500' });
    await button(page, 'Set automatic sale').click();
    await panel(page).getByText('There are no shares of this symbol available.').waitFor();
    await price(page).fill('0');
    await button(page, 'Set automatic sale').click();
    await panel(page).getByText('It must be above zero.').waitFor();
    assert.equal(await price(page).getAttribute('aria-invalid'), 'true');
    assert.equal(await amount(page).getAttribute('aria-invalid'), 'false');
    forgiveRefusals(page);
  });
});
