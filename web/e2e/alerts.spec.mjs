/** Alerts: set by form and from the chart, tried, fired, listed, paused, deleted and taken back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { apiOf, opened } from './desk.mjs';
import { openBrowser, openPage, Server } from './harness.mjs';

let server;
let browser;
let api;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
  api = apiOf(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const at = (path, use, options = {}) => opened(browser, server, path, options, use);
const panel = (page, symbol) => page.getByRole('region', { name: `Alerts on ${symbol}` });
const form = (page) => page.getByRole('form', { name: /alert on/ });
const toast = (page) => page.locator('.toast');
const shown = async (page) => {
  await page.locator('.legend span').first().waitFor();
  await page.getByTestId('last').filter({ hasText: /\d/ }).waitFor();
};
const lastPrice = async (page) =>
  Number((await page.getByTestId('last').innerText()).replaceAll(',', ''));

test('set by the keyboard, tried before, fired while the page is open, deleted and taken back', async () => {
  await at('/symbol/MSFT', async (page) => {
    await shown(page);
    const price = ((await lastPrice(page)) / 2).toFixed(2);
    await panel(page, 'MSFT').getByRole('button', { name: 'Set an alert' }).press('Enter');
    await form(page).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === 'SELECT');

    // What is wrong is said beside the field, and the field has the focus.
    await form(page).getByRole('button', { name: 'Set the alert' }).press('Enter');
    await form(page).getByText('Type a number above zero.').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.name), 'price');
    await page.keyboard.type(price);

    await form(page).getByRole('button', { name: 'Try it on stored days' }).press('Enter');
    await form(page)
      .getByText(/would (not )?have fired .*in the stored days/)
      .waitFor();

    await form(page).getByLabel('Price', { exact: true }).press('Enter');
    await form(page).waitFor({ state: 'detached' });
    // It is true already, so the next trade fires it.
    await toast(page)
      .getByText(/MSFT traded at [\d.]+, above/)
      .waitFor({ timeout: 30_000 });
    const row = panel(page, 'MSFT').getByRole('listitem').filter({ hasText: `MSFT above ${Number(price)}` }); // prettier-ignore
    await row.getByText('Done').waitFor();

    await row.getByRole('button', { name: /^Delete/ }).click();
    await row.waitFor({ state: 'detached' });
    await toast(page).getByRole('button', { name: 'Undo' }).click();
    await row.waitFor();
  });
});

test('begun from the chart by key and by mouse, drawn as a line, and changed', async () => {
  await at('/symbol/NVDA', async (page) => {
    await shown(page);
    await page.locator('.chart__stage').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await form(page).waitFor();
    const price = form(page).getByLabel('Price', { exact: true });
    assert.match(await price.inputValue(), /^\d+(\.\d+)?$/);
    await page.keyboard.press('Escape');
    await form(page).waitFor({ state: 'detached' });

    const box = await page.locator('.chart__canvas').boundingBox();
    await page.mouse.dblclick(box.x + box.width / 3, box.y + box.height / 3);
    await form(page).waitFor();
    assert.ok(Number(await price.inputValue()) > 0);
    const far = ((await lastPrice(page)) * 3).toFixed(2);
    await form(page).getByLabel('Tell me about').selectOption('price_above');
    await price.fill(far);
    await form(page).getByLabel('Again and again').check();
    await form(page).getByRole('button', { name: 'Set the alert' }).click();
    const row = panel(page, 'NVDA').getByRole('listitem').first();
    await row.getByText(`NVDA above ${Number(far)}`).waitFor();
    await row.getByText('again and again').waitFor();

    await row.getByRole('button', { name: /^Change/ }).click();
    assert.equal(await price.inputValue(), far);
    await price.fill('9000');
    await form(page).getByRole('button', { name: 'Change the alert' }).click();
    await panel(page, 'NVDA').getByText('NVDA above 9000').waitFor();
    const { alerts } = await api('GET', '/alerts?symbol=NVDA');
    assert.deepEqual(alerts.filter((one) => one.symbol === 'NVDA').map((one) => Number(one.rule.price)), [9000]); // prettier-ignore
  });
});

test('the list of all has where each stands, and what they have said', async () => {
  await api('POST', '/alerts', { symbol: 'F', rule: { type: 'price_below', price: '0.02' }, note: 'cheap' }); // prettier-ignore
  await at('/alerts', async (page) => {
    const row = page.getByRole('list', { name: 'All alerts' }).getByRole('listitem').filter({ hasText: 'F below 0.02' }); // prettier-ignore
    await row.getByText('Armed').waitFor();
    await row.getByText('cheap').waitFor();
    await row.getByRole('button', { name: /^Pause/ }).click();
    await row.getByText('Paused').waitFor();
    await row.getByRole('button', { name: /^Go on/ }).click();
    await row.getByText('Armed').waitFor();
    await page.getByRole('heading', { name: 'What they have said' }).waitFor();
    // A change of another device is shown without a question.
    const { alerts } = await api('GET', '/alerts');
    const { id } = alerts.find((one) => one.symbol === 'F');
    await api('DELETE', `/alerts/${id}`);
    await row.waitFor({ state: 'detached' });
  });
});

test('goes to the channels that are chosen, and says when none is left', async () => {
  const hook = (url) => api('POST', '/channels', { type: 'webhook', url });
  const [chat] = [await hook('https://chat.example/a'), await hook('https://other.example/b')];
  await at('/symbol/TSLA', async (page) => {
    await shown(page);
    await panel(page, 'TSLA').getByRole('button', { name: 'Set an alert' }).click();
    await form(page).getByLabel('Price', { exact: true }).fill('0.03');
    await form(page).getByLabel('Tell me about').selectOption('price_below');
    const all = form(page).getByLabel('All channels that are on');
    assert.equal(await all.isChecked(), true);
    await form(page).getByLabel('chat.example').check();
    assert.equal(await all.isChecked(), false);
    await form(page).getByRole('button', { name: 'Set the alert' }).click();
    const row = panel(page, 'TSLA').getByRole('listitem').first();
    await row.getByText('Goes to chat.example').waitFor();
    const { alerts } = await api('GET', '/alerts?symbol=TSLA');
    assert.deepEqual(alerts.find((one) => one.symbol === 'TSLA').channels, [chat.id]);

    await api('DELETE', `/channels/${chat.id}`);
    await page.reload();
    await row.getByText('Goes nowhere').waitFor();
    await row.getByRole('button', { name: /^Change/ }).click();
    await form(page).getByRole('button', { name: 'Change the alert' }).click();
    await form(page).getByText('The channels it went to were removed').waitFor();
    await all.check();
    await form(page).getByRole('button', { name: 'Change the alert' }).click();
    await row.getByText('Goes nowhere').waitFor({ state: 'detached' });
  });
});

for (const theme of ['light', 'dark'])
  for (const phone of [false, true])
    test(`axe: ${theme}, ${phone ? 'phone' : 'desk'}`, async () => {
      const page = await openPage(browser, { theme, phone, motion: 'reduce' });
      await page.goto(`${server.url}/alerts`);
      await page.getByRole('heading', { name: 'Alerts', exact: true }).waitFor();
      await check(page, 'alerts');
      await page.goto(`${server.url}/symbol/NVDA`);
      await shown(page);
      await panel(page, 'NVDA').getByRole('button', { name: 'Set an alert' }).click();
      await form(page).waitFor();
      await form(page).getByText('Note, end, quiet hours').click();
      await form(page).getByLabel('Quiet hours, in which messages wait').check();
      await check(page, 'alert form');
      if (phone)
        assert.ok(
          await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
          'nothing is wider than the screen',
        );
      await page.context().close();
    });
