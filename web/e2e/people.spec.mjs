/** Becoming somebody by the link of the first start, going out, and coming in again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { openBrowser, openPage, real, Server } from './harness.mjs';

const skip = real ? false : 'the look-alike in dev/ has no people';
const password = 'nineteen-red-lanterns';

let server;
let browser;
let page;

before(async () => {
  if (skip) return;
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
  page = await openPage(browser);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The link comes with the line that says the server is ready. */
async function link() {
  for (;;) {
    const found = /http:\S+\/welcome#\w+/.exec(server.said());
    if (found) return found[0];
    await new Promise((resolve) => server.child.stdout.once('data', resolve));
  }
}

async function fill(name, secret) {
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(secret);
}

test('the link of the first start makes an operator', { skip }, async () => {
  await page.goto(server.url + '/welcome');
  await page.getByRole('heading', { name: 'This link is not whole' }).waitFor();
  await page.goto('about:blank');
  await page.goto(await link());
  await page.getByRole('heading', { name: 'Welcome to Bellwether' }).waitFor();
  await check(page, 'welcome');
  await fill('ada', 'password');
  await page.getByRole('button', { name: 'Make my account' }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: /password/i })
    .waitFor();
  await fill('ada', password);
  await page.getByRole('button', { name: 'Make my account' }).click();
  await page.waitForURL(server.url + '/');
  await page.goto(server.url + '/account');
  await page.getByText('Signed in as ada, operator').waitFor();
  await page.getByRole('heading', { name: 'Add paper money to begin' }).waitFor();
});

test('signed out, what is personal asks for a sign-in', { skip }, async () => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(server.url + '/');
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor();
  await page.goto(server.url + '/account');
  await page.getByRole('heading', { name: 'Sign in to see the account' }).waitFor();
  await page.goto(server.url + '/alerts');
  await page.getByRole('heading', { name: 'Sign in to see alerts' }).waitFor();
  await page.goto(server.url + '/symbol/AAPL');
  const alerts = page.getByRole('region', { name: 'Alerts on AAPL' });
  await alerts.getByText('Sign in to be told when the price gets somewhere.').waitFor();
  await page.goto(server.url + '/account');
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
  await check(page, 'sign in');
  await fill('ada', 'not-the-password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  const refused = page.getByRole('alert').filter({ hasText: /\S/ });
  await refused.waitFor();
  assert.doesNotMatch(await refused.innerText(), /ada/);
  await fill('ada', password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(server.url + '/');
  await page.goto(server.url + '/account');
  await page.getByText('Signed in as ada').waitFor();
});
