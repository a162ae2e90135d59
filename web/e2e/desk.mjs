/** What the specs of the desk share: where they run, and the account as a script sees it. */
import assert from 'node:assert/strict';
import { openPage, real, Server } from './harness.mjs';

/** Whatever the other specs drive, these do too. */
export const onLookAlike = !real;
/** Nobody can shorten the minute of the program. */
export const shortMs = onLookAlike ? 5_000 : 60_000;

/** A server whose account is empty; `isShort` asks for tickets that run out soon. */
export function startDesk({ isShort = false } = {}) {
  const flags = isShort && shortMs < 60_000 ? ['--ticket-ms', String(shortMs)] : [];
  return Server.start({ lookAlike: onLookAlike, flags });
}

export function apiOf(server) {
  return async (method, path, body) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: body ? { 'content-type': 'application/json' } : {},
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
}

/** Buys at once, for specs that begin with something held. */
export async function hold(api, symbol, amount) {
  const { id } = await api('POST', '/tickets', { side: 'buy', symbol, amount });
  return api('POST', `/tickets/${id}/commit`);
}

/** Opens a page, uses it, and insists that the console stayed free of errors. */
export async function opened(browser, server, path, options, use) {
  const page = await openPage(browser, options);
  try {
    await page.goto(server.url + path);
    await use(page);
    assert.deepEqual(page.errors, [], 'the console stays free of errors');
  } finally {
    await page.context().close();
  }
}

/** The browser logs a refused request as an error; here it is what was wanted. */
export function forgiveRefusals(page) {
  page.errors = page.errors.filter((text) => !/status of 4\d\d/.test(text));
}

export const panel = (page) => page.getByRole('region', { name: 'Trading ticket' });
export const amount = (page) => panel(page).getByLabel(/^Amount to/);
export const review = (page) => panel(page).getByRole('button', { name: /^Review/ });
export const slip = (page, status) => page.locator(`.slip[data-status="${status}"]`).first();
export const button = (page, name) => panel(page).getByRole('button', { name });

/** Waits until the form knows a price. */
export async function priced(page) {
  await amount(page).waitFor();
  await page.locator('.estimate dd').first().filter({ hasText: /\d/ }).waitFor();
}

export async function ask(page, dollars) {
  await priced(page);
  await amount(page).fill(dollars);
  await review(page).click();
  await slip(page, 'open').waitFor();
}
