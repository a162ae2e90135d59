/** Signing in with a provider: by an invite, again, and what is said where it does not work. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { openBrowser, openPage, real, Server } from './harness.mjs';
import { Provider } from './provider.mjs';

const skip = real ? false : 'the look-alike in dev/ has no people';

let provider;
let server;
let browser;
let page;

before(async () => {
  if (skip) return;
  provider = await Provider.start();
  const flags = provider.flags();
  [server, browser] = await Promise.all([Server.start({ flags }), openBrowser()]);
  page = await openPage(browser);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await provider?.stop();
});

async function link() {
  for (;;) {
    const found = /http:\S+\/welcome#\w+/.exec(server.said());
    if (found) return found[0];
    await new Promise((resolve) => server.child.stdout.once('data', resolve));
  }
}

test('an invite is taken up with an account elsewhere', { skip }, async () => {
  await page.goto(await link());
  const button = page.getByRole('button', { name: 'Continue with The Club' });
  await button.waitFor();
  await check(page, 'welcome with a provider');
  await button.click();
  await page.waitForURL(`${provider.issuer}/authorize?**`);
  await page.getByRole('link', { name: 'Yes' }).click();
  await page.waitForURL(server.url + '/');
  await page.goto(server.url + '/account');
  await page.getByText('Signed in as ada, operator').waitFor();
});

test('settings show it, and keep the only way in', { skip }, async () => {
  await page.goto(server.url + '/settings');
  const linked = page.getByRole('list', { name: 'Linked accounts' });
  await linked.getByText('ada@club.example').waitFor();
  await page.getByText('You have no password').waitFor();
  assert.equal(await linked.getByRole('button').count(), 0);
  assert.equal(await page.getByRole('heading', { name: 'Password' }).count(), 0);
  await check(page, 'settings with a linked account');
  // Linking what is linked changes nothing, and leads back.
  await page.getByRole('link', { name: 'Link The Club' }).click();
  await page.getByRole('link', { name: 'Yes' }).click();
  await page.waitForURL(server.url + '/settings');
  await linked.getByText('ada@club.example').waitFor();
  assert.equal(await linked.getByRole('listitem').count(), 1);
});

test('signed out, who says no stays out, and who says yes is in', { skip }, async () => {
  await page.context().clearCookies();
  await page.goto(server.url + '/sign-in');
  const way = page.getByRole('link', { name: 'Continue with The Club' });
  await way.click();
  await page.getByRole('link', { name: 'No' }).click();
  await page.getByRole('alert').filter({ hasText: 'said no' }).waitFor();
  await check(page, 'sign-in refused by a provider');
  provider.visitor = { sub: 'club-2', preferred_username: 'eve' };
  await way.click();
  await page.getByRole('link', { name: 'Yes' }).click();
  await page.getByRole('alert').filter({ hasText: 'Nobody here is known' }).waitFor();
  provider.visitor = { sub: 'club-1', preferred_username: 'somebody else' };
  await way.click();
  await page.getByRole('link', { name: 'Yes' }).click();
  await page.waitForURL(server.url + '/');
  await page.goto(server.url + '/account');
  await page.getByText('Signed in as ada, operator').waitFor();
});
