/** What is taken in: providers with how they do, queries added, changed, paused and stopped; one's own within a quota. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { forgiveRefusals, opened } from './desk.mjs';
import { openBrowser, openPage } from './harness.mjs';
import { quota, startNews } from './news.mjs';

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([startNews(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const at = (path, use, options = {}) => opened(browser, server, path, options, use);
const provider = (page, name) => page.getByRole('region', { name, exact: true });
const stream = (page, name) => page.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) }); // prettier-ignore
const button = (place, name) => place.getByRole('button', { name, exact: true });

test('providers with state, pace, calls and errors, looked at again by themselves', async () => {
  await at('/news', async (page) => {
    await page.getByRole('link', { name: 'Queries' }).click();
    await page.waitForURL('**/streams');
    const guardian = provider(page, 'The Guardian');
    await guardian.getByText('● Up').waitFor();
    await guardian.getByText('17 calls used, 483 of 500 left').waitFor();
    const finnhub = provider(page, 'Finnhub');
    await finnhub.getByText('Silent').waitFor();
    await finnhub.getByText('50 of 50').waitFor();
    await finnhub.getByText('Last error: the connection was closed: 1006').waitFor();

    await button(guardian, 'Pause The Guardian').click();
    await guardian.getByText('‖ Paused').first().waitFor();
    await button(guardian, 'Go on with The Guardian').press('Enter');
    await guardian.getByText('● Up').waitFor();
    // A change from elsewhere is seen without a question.
    const answer = await fetch(`${server.url}/api/v1/streams/providers/guardian`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"is_paused":true}',
    });
    assert.ok(answer.ok);
    await button(guardian, 'Go on with The Guardian').waitFor();
    await button(guardian, 'Go on with The Guardian').click();
  });
});

test('a page that is not looked at asks for nothing', async () => {
  await at('/streams', async (page) => {
    await provider(page, 'The Guardian').waitFor();
    let asked = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/api/v1/streams')) asked += 1;
    });
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true }); // prettier-ignore
      document.dispatchEvent(new window.Event('visibilitychange'));
    });
    await page.waitForTimeout(9000);
    assert.equal(asked, 0);
  });
});

test('a query is added, refused at its field, changed, paused, gone on with and stopped', async () => {
  await at('/streams', async (page) => {
    const guardian = provider(page, 'The Guardian');
    await button(guardian, 'Add a query of guardian').press('Enter');
    const form = page.getByRole('form', { name: 'New stream' });
    await page.waitForFunction(() => document.activeElement?.name === 'name');
    await page.keyboard.press('Enter');
    await form.getByText('Give it a name, such as what it is about.').waitFor();
    await page.keyboard.type('Strikes');
    await page.keyboard.press('Enter');
    await form.getByText('Say what to look for.').waitFor();
    await page.waitForFunction(() => document.activeElement?.name === 'words');
    await page.keyboard.type('strike AND');
    await form.getByLabel('business').check();
    await form.getByRole('button', { name: 'Add it' }).click();
    // What only the server knows is said beside the field, too.
    await form.getByText('at character 11: ', { exact: false }).waitFor();
    await page.waitForFunction(() => document.activeElement?.name === 'words');
    assert.equal(await form.getByLabel('Words').getAttribute('aria-invalid'), 'true');
    await form.getByLabel('Words').fill('strike AND union');
    await page.keyboard.press('Enter');
    await form.waitFor({ state: 'detached' });

    const made = stream(page, 'Strikes');
    await made.getByText('strike AND union · in business').waitFor();
    await made.getByText('yours').waitFor();
    await button(made, 'Change Strikes').click();
    const change = page.getByRole('form', { name: 'Change Strikes' });
    assert.equal(await change.getByLabel('Words').inputValue(), 'strike AND union');
    await change.getByLabel('Words').fill('strike OR union');
    await change.getByRole('button', { name: 'Keep the change' }).click();
    await made.getByText('strike OR union · in business').waitFor();
    await button(made, 'Pause Strikes').click();
    await made.getByText('Paused').waitFor();
    await button(made, 'Go on with Strikes').click();
    await made.getByText('Waiting').waitFor();
    await button(made, 'Stop Strikes').click();
    await made.getByText('It ends for good; its articles stay.').waitFor();
    await page.keyboard.press('Escape');
    await button(made, 'Stop Strikes').click();
    await made.getByRole('button', { name: /^Stop Strikes now/ }).click();
    await made.waitFor({ state: 'detached' });
    forgiveRefusals(page);
  });
});

test('symbols are pinned at a provider of prices', async () => {
  await at('/streams', async (page) => {
    const sim = provider(page, 'Simulated market');
    await button(sim, 'Add a stream of sim').click();
    const form = page.getByRole('form', { name: 'New stream' });
    assert.equal(await form.getByLabel('Words').count(), 0);
    await form.getByLabel('Name').fill('Cars');
    await form.getByLabel('Symbols').fill('gm, ?');
    await page.keyboard.press('Enter');
    await form.getByText('“?” is no symbol.').waitFor();
    await form.getByLabel('Symbols').fill('gm f');
    await page.keyboard.press('Enter');
    await stream(page, 'Cars').getByText('GM, F').waitFor();
  });
});

test('who is no operator sees their own, and adds within what they may have', async () => {
  const { streams } = await (await fetch(`${server.url}/api/v1/streams`)).json();
  const used = streams.filter((one) => one.is_own).length;
  await quota(server, used + 1);
  try {
    await at('/streams', async (page) => {
      await page.getByRole('heading', { name: 'Your queries' }).waitFor();
      assert.equal(await page.getByText('Rates').count(), 0);
      const others = page.getByRole('list', { name: 'For everybody' });
      await others.getByText('Company news', { exact: true }).waitFor();
      assert.equal(await others.getByRole('button').count(), 0);
      await page.getByText(`${used} of ${used + 1}`).waitFor();
      await button(page, 'Add a query').click();
      const form = page.getByRole('form', { name: 'New stream' });
      await form.getByLabel('Provider').selectOption('finnhub-news');
      await form.getByLabel('Name').fill('Mine');
      await form.getByLabel('Symbols', { exact: true }).fill('KO');
      await form.getByRole('button', { name: 'Add it' }).click();
      await stream(page, 'Mine').getByText('about KO').waitFor();
      await page.getByText('These are as many as you may have.', { exact: false }).waitFor();
    });
  } finally {
    await quota(server);
  }
});

for (const theme of ['light', 'dark'])
  for (const phone of [false, true])
    test(`axe: ${theme}, ${phone ? 'phone' : 'desk'}`, async () => {
      const page = await openPage(browser, { theme, phone, motion: 'reduce' });
      await page.goto(`${server.url}/streams`);
      const guardian = provider(page, 'The Guardian');
      await button(guardian, 'Add a query of guardian').click();
      await page.getByRole('form', { name: 'New stream' }).getByRole('button', { name: 'Add it' }).click(); // prettier-ignore
      await button(guardian, 'Stop Chips').click();
      await check(page, 'streams');
      if (phone)
        assert.ok(
          await page.evaluate(() => {
            const pane = document.querySelector('.pane--detail');
            return pane.scrollWidth <= pane.clientWidth;
          }),
          'nothing is wider than the screen',
        );
      await page.context().close();
    });
