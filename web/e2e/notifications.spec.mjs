/** Channels on the page: added, tested, failing, removed; and a push to a browser whose page is closed. */
/* global createImageBitmap */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { openBrowser, openPage, real, Server, until } from './harness.mjs';
import { bring, click, pushService, startReceiver } from './push.mjs';

let server;
let browser;
let receiver;

before(async () => {
  const flags = real ? ['--allow-private-targets'] : [];
  [server, browser, receiver] = await Promise.all([
    Server.start({ flags }),
    openBrowser(),
    startReceiver(),
  ]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  receiver?.stop();
});

const card = (page, name) => page.getByRole('listitem').filter({ hasText: name }).first();
const side = (page, name) => page.getByRole('region', { name });

async function addWebhook(page, name, url) {
  const form = side(page, 'Webhook');
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('Address').fill(url);
  await form.getByRole('button', { name: 'Add webhook' }).click();
  const dialog = page.getByRole('dialog', { name: 'What signs its requests' });
  await dialog.getByText(/^whsec_/).waitFor();
  await dialog.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('heading', { name, exact: true }).waitFor();
}

for (const [theme, phone] of [
  ['light', false],
  ['dark', true],
])
  test(`a webhook is added, tested, seen failing and removed (${theme}, ${phone ? 'phone' : 'desk'})`, async () => {
    receiver.answers.status = 201;
    const page = await openPage(browser, { theme, phone, motion: 'reduce' });
    await page.goto(server.url + '/account');
    await page.getByRole('link', { name: 'Notifications' }).click();
    await page.getByText('Nothing reaches you yet').waitFor();
    await check(page, 'nothing yet');
    // The form says what is missing before anything is sent.
    const form = side(page, 'Webhook');
    await form.getByLabel('For', { exact: true }).selectOption('telegram');
    await form.getByRole('button', { name: 'Add webhook' }).click();
    await form.getByText('Fill in <token> first.').waitFor();
    await form.getByLabel('For', { exact: true }).selectOption('plain');
    await addWebhook(page, 'My chat', real ? `${receiver.url}/hook` : 'https://good.example/hook');
    await page.getByRole('button', { name: 'Send a test to My chat' }).click();
    await page.getByText('The test was delivered.').waitFor();
    if (real) {
      const got = receiver.received.at(-1);
      assert.equal(got.path, '/hook');
      assert.match(got.headers['bellwether-signature'], /^t=\d+,v1=[0-9a-f]{64}$/);
      assert.equal(JSON.parse(got.body).kind, 'test');
      // The body and the name are changed; the address, which is not shown again, stays.
      await page.getByRole('button', { name: 'Change… My chat' }).click();
      const dialog = page.getByRole('dialog', { name: 'Change My chat' });
      await check(page, 'a channel being changed');
      await dialog.getByLabel('Body', { exact: true }).fill('{"say": "{{title}}"}');
      await dialog.getByLabel('Name').fill('Our chat');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { name: 'Our chat', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Send a test to Our chat' }).click();
      await page.getByText('The test was delivered.').waitFor();
      await until('the changed body came', () =>
        String(receiver.received.at(-1).body).startsWith('{"say":'),
      );
      assert.equal(receiver.received.at(-1).path, '/hook');
      receiver.answers.status = 500;
      await page.getByRole('button', { name: 'Send a test to Our chat' }).click();
    } else {
      await addWebhook(page, 'Bad chat', 'https://bad.example/hook');
      await page.getByRole('button', { name: 'Send a test to Bad chat' }).click();
    }
    await page.getByText('The test failed: the receiver answered 500.').waitFor();
    await page.locator('.channel__state').filter({ hasText: 'Failing' }).waitFor();
    await page.getByRole('heading', { name: 'Given up' }).waitFor();
    await card(page, 'chat').getByText('History', { exact: true }).click();
    await page.getByRole('list', { name: 'History' }).first().waitFor();
    await check(page, 'a channel that fails');
    // Nothing hangs over the edge of a phone.
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(over <= 0, `${over} px too wide`);
    receiver.answers.status = 201;
    await page
      .getByRole('button', { name: /^Send again/ })
      .first()
      .click();
    await page.getByRole('heading', { name: 'Given up' }).waitFor({ state: 'detached' });
    for (;;) {
      const remove = page.getByRole('button', { name: /^Remove… / });
      const count = await remove.count();
      if (count === 0) break;
      await remove.first().click();
      await page.getByRole('button', { name: 'Remove for good' }).click();
      await until('it is gone', async () => (await remove.count()) < count);
    }
    await page.getByText('Nothing reaches you yet').waitFor();
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });

test(
  'a push reaches the browser, and a click on it the symbol',
  { skip: real ? false : 'the look-alike sends nothing' },
  async () => {
    receiver.answers.status = 201;
    const page = await openPage(browser);
    const context = page.context();
    const service = await pushService(context, server.url, `${receiver.url}/push/1`);
    await page.goto(server.url + '/notifications');
    await page.getByRole('button', { name: 'Notify this browser' }).click();
    await page.getByText(/Notices are shown here/).waitFor();
    await page.getByText('this browser', { exact: false }).first().waitFor();
    await check(page, 'with a browser');
    const before = receiver.received.length;
    await page.getByRole('button', { name: /^Send a test to / }).click();
    await page.getByText('The test was delivered.').waitFor();
    const got = receiver.received[before];
    assert.match(got.headers.authorization, /^vapid t=/);
    assert.equal(got.headers['content-encoding'], 'aes128gcm');
    const told = service.read(got);
    assert.equal(told.title, 'A test from Bellwether');

    // What the server sent, with a symbol, comes to the service worker as the browser would bring it.
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
    const push = (data) => bring(worker, data);
    const notice = {
      ...told,
      title: 'AAPL above 231',
      body: 'Up',
      symbol: 'AAPL',
      price: '231.40',
    };
    assert.deepEqual(await push({ ...notice, link: '/symbol/AAPL' }), [
      { title: 'AAPL above 231', body: 'AAPL 231.40\nUp', link: '/symbol/AAPL' },
    ]);
    // Twice the same is one, and a link leads nowhere else.
    assert.equal((await push({ ...notice, link: 'https://evil.example/' }))[0].link, '/');
    await push({ ...notice, link: '/symbol/AAPL' });
    await click(worker);
    await page.waitForURL(server.url + '/symbol/AAPL');
    assert.deepEqual(page.errors, []);
    await context.close();
  },
);

test('the page can be installed', async () => {
  const page = await openPage(browser);
  await page.goto(server.url);
  const manifest = await page.evaluate(async () => {
    const { href } = document.querySelector('link[rel=manifest]');
    return (await fetch(href)).json();
  });
  assert.equal(manifest.display, 'standalone');
  for (const { src, sizes, type } of manifest.icons) {
    const found = await page.evaluate(async (icon) => {
      const answer = await fetch(icon);
      const picture = await createImageBitmap(await answer.blob()).catch(() => null);
      return { type: answer.headers.get('content-type'), width: picture?.width };
    }, src);
    assert.equal(found.type, type);
    if (type === 'image/png') assert.equal(`${found.width}x${found.width}`, sizes);
  }
  await page.context().close();
});
