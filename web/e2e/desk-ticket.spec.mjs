/** Money in, tickets asked for, committed, cancelled, run out, refused. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { amount, apiOf, ask, button, forgiveRefusals, hold, opened, panel, priced, review, shortMs, slip, startDesk } from './desk.mjs'; // prettier-ignore
import { listOf, openBrowser, openPage, priceOf, row } from './harness.mjs';

let server;
let short;
let browser;
let api;

before(async () => {
  [server, short, browser] = await Promise.all([
    startDesk(),
    startDesk({ isShort: true }),
    openBrowser(),
  ]);
  api = apiOf(server);
});
after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), short?.stop()]);
});

const at = (path, use, options = {}) => opened(browser, server, path, options, use);
const cash = async () => (await api('GET', '/account')).cash;

test('an empty account says how to begin, and money comes in', async () => {
  await at('/account', async (page) => {
    await page.getByRole('heading', { name: 'Add paper money to begin' }).waitFor();
    const field = page.getByLabel('Paper money to add');
    await field.fill('ten');
    await page.keyboard.press('Enter');
    await page.getByText('Only digits, and a point before the cents').waitFor();
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    await field.fill('12,345.67');
    await page.keyboard.press('Enter');
    await page.getByText('Added $12,345.67').waitFor();
    await page.getByTestId('balance').filter({ hasText: '$12,345.67' }).waitFor();
    await page.getByText('Nothing is held').waitFor();
  });
  assert.equal((await cash()).available, '12345.67');
});

test('bought by keyboard alone: B, amount, Enter, Enter', async () => {
  await at('/symbol/AAPL', async (page) => {
    await priced(page);
    await page.getByRole('heading', { level: 1, name: /AAPL/ }).focus();
    await page.keyboard.press('b');
    await page.waitForFunction(() => document.activeElement?.className === 'money__input');
    await page.keyboard.type('1000');
    const shares = await page.getByTestId('shares').innerText();
    assert.match(shares, /^\d+ shares?$/);
    await page.keyboard.press('Enter');
    await slip(page, 'open').waitFor();
    await page.waitForFunction(() => /^Commit/.test(document.activeElement?.textContent ?? ''));
    assert.notEqual((await cash()).in_tickets, '0.00', 'cash is set aside, and no more');
    assert.deepEqual((await api('GET', '/account')).holdings, []);
    await page.getByText(/seconds to commit/).waitFor({ state: 'attached' });
    assert.match(await page.locator('.ring__text').innerText(), /^[01]:\d\d$/);
    await page.getByTestId('waiting').waitFor();
    await page.waitForTimeout(400);
    await page.keyboard.press('Enter');
    await slip(page, 'committed')
      .getByText(/^Bought \d+ AAPL at \$[\d.,]+ for \$/)
      .waitFor();
    await page.waitForFunction(() => document.activeElement?.className === 'money__input');
    await panel(page)
      .getByText(/You hold \d+ shares?/)
      .waitFor();
    await page.getByTestId('waiting').waitFor({ state: 'detached' });
  });
  const { holdings } = await api('GET', '/account');
  assert.equal(holdings.length, 1);
  assert.equal((await cash()).in_tickets, '0.00');
});

test('Enter that is held down asks, and does not commit', async () => {
  await at('/symbol/AAPL', async (page) => {
    await priced(page);
    await amount(page).fill('500');
    await page.keyboard.down('Enter');
    await slip(page, 'open').waitFor();
    await page.waitForFunction(() => /^Commit/.test(document.activeElement?.textContent ?? ''));
    for (let i = 0; i < 5; i += 1) {
      await page.keyboard.down('Enter');
      await page.waitForTimeout(120);
    }
    await page.keyboard.up('Enter');
    assert.equal(await slip(page, 'open').count(), 1);
    await page.keyboard.press('Escape');
    await slip(page, 'cancelled').getByText('Nothing was traded').waitFor();
  });
});

test('cancelled with Escape, what was set aside comes back', async () => {
  const before = await cash();
  await at('/symbol/F', async (page) => {
    await ask(page, '300');
    await page.waitForFunction(() => /^Commit/.test(document.activeElement?.textContent ?? ''));
    await page.keyboard.press('Escape');
    await slip(page, 'cancelled')
      .getByText(/^Cancelled: buy \d+ F/)
      .waitFor();
    await slip(page, 'cancelled')
      .getByRole('button', { name: /^Put away/ })
      .click();
    await page.locator('.slip').waitFor({ state: 'detached' });
  });
  assert.deepEqual(await cash(), before);
});

test('several tickets run at once, those of other symbols too', async () => {
  await at('/symbol/F', async (page) => {
    await ask(page, '200');
    await amount(page).fill('100');
    await review(page).click();
    await page.locator('.slip').nth(1).waitFor();
    await page.getByRole('combobox', { name: 'Find a symbol' }).fill('KO');
    await page.getByRole('option').filter({ hasText: 'Coca-Cola' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /^KO/ }).waitFor();
    const elsewhere = panel(page).getByRole('article', { name: 'Ticket to buy F' });
    await elsewhere.nth(1).waitFor();
    await page.getByRole('link', { name: /2 open tickets/ }).click();
    const next = slip(page, 'open').getByRole('button', { name: 'Cancel' });
    await next.click();
    await page.locator('.slip[data-status="cancelled"]').waitFor();
    await next.click();
    await page.locator('.slip[data-status="cancelled"]').nth(1).waitFor();
  });
});

test('a ticket that runs out is said to have, and asked for again with one press', async () => {
  const account = apiOf(short);
  await account('POST', '/account/deposits', { amount: '5000.00' });
  await opened(browser, short, '/symbol/AAPL', {}, async (page) => {
    await ask(page, '750');
    const again = button(page, 'Ask again for $750.00');
    await again.waitFor({ timeout: shortMs + 15_000 });
    await slip(page, 'expired')
      .getByText(/^Time ran out to buy \d+ AAPL/)
      .waitFor();
    assert.equal((await account('GET', '/account')).cash.available, '5000.00');
    await page.waitForFunction(() => 'again' in (document.activeElement?.dataset ?? {}));
    await page.keyboard.press('Enter');
    await slip(page, 'open').waitFor();
    await slip(page, 'expired').waitFor({ state: 'detached' });
    await page.waitForTimeout(450);
    await slip(page, 'open').getByRole('button', { name: 'Commit' }).click();
    await slip(page, 'committed').waitFor();
  });
});

test('one that runs out elsewhere is told wherever the reader is', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL']) };
  await opened(browser, short, '/', { storage }, async (page) => {
    await priceOf(page, 'AAPL');
    await apiOf(short)('POST', '/tickets', { side: 'buy', symbol: 'AAPL', amount: '400' });
    await page.getByTestId('waiting').waitFor();
    await page.getByText(/^Time ran out to buy/).waitFor({ timeout: shortMs + 15_000 });
    await page.getByTestId('waiting').waitFor({ state: 'detached' });
  });
});

test('sold from the account, by its row', async () => {
  await hold(api, 'KO', '700');
  await at('/account', async (page) => {
    await page.locator('[data-holding="KO"]').getByRole('button', { name: 'Sell KO' }).click();
    await page.getByRole('heading', { level: 1, name: /^KO/ }).waitFor();
    await priced(page);
    await page.waitForFunction(() => document.activeElement?.className === 'money__input');
    await amount(page).fill('300');
    await button(page, 'Review sale').click();
    await slip(page, 'open')
      .getByText(/^Sell \d+ KO/)
      .waitFor();
    await page.waitForTimeout(450);
    await page.keyboard.press('Enter');
    await slip(page, 'committed')
      .getByText(/^Sold \d+ KO/)
      .waitFor();
    await page.keyboard.press('Escape');
  });
});

test('S on a focused row opens the form for selling', async () => {
  const storage = { 'bellwether.lists': listOf(['AAPL', 'F']) };
  await at(
    '/',
    async (page) => {
      await priceOf(page, 'F');
      await row(page, 'F').getByRole('link').focus();
      await page.keyboard.press('s');
      await page.getByRole('heading', { level: 1, name: /^F/ }).waitFor();
      await panel(page).getByLabel('Amount to sell').waitFor();
      await page.waitForFunction(() => document.activeElement?.className === 'money__input');
    },
    { storage },
  );
});

test('refusals stand beside the field in plain words', async () => {
  await at('/symbol/AAPL', async (page) => {
    await priced(page);
    const refused = (code) => panel(page).locator(`.refusal[data-code="${code}"]`);
    await amount(page).fill('1.234');
    await review(page).click();
    await panel(page).getByText('at most two digits after the point').waitFor();
    await amount(page).fill('99999999');
    await panel(page).getByText('More than is available').waitFor();
    await review(page).click();
    await refused('insufficient_cash').waitFor();
    assert.match(await refused('insufficient_cash').innerText(), /\$99,999,999\.00/);
    assert.equal(await amount(page).getAttribute('aria-invalid'), 'true');
    await amount(page).fill('0.02');
    await panel(page).getByText('less than one share').waitFor();
    await review(page).click();
    await refused('below_one_share').waitFor();
    assert.equal(await page.locator('.slip').count(), 0);
    forgiveRefusals(page);
  });
});

test('a stale price is refused with the reason', async () => {
  await at('/symbol/AAPL', async (page) => {
    await priced(page);
    const detail = 'The last price of this symbol is too old to trade on';
    await page.route('**/api/v1/tickets', (route) =>
      route.fulfill({
        status: 409,
        contentType: 'application/problem+json',
        body: JSON.stringify({ title: 'Conflict', status: 409, detail, code: 'stale_price' }),
      }),
    );
    await amount(page).fill('500');
    await review(page).click();
    await panel(page).getByText(`${detail}.`).waitFor();
    await panel(page).getByText('The desk trades on fresh prices only').waitFor();
    forgiveRefusals(page);
  });
});

test('a cut is repeated by itself, and nothing is done twice', async () => {
  const before = await cash();
  await at('/account', async (page) => {
    let cuts = 0;
    const keys = new Set();
    await page.route('**/api/v1/account/deposits', async (route) => {
      keys.add(route.request().headers()['idempotency-key']);
      cuts += 1;
      // The first reaches the server, and its answer is lost.
      if (cuts === 1) await route.fetch();
      if (cuts <= 2) return route.abort('connectionreset');
      return route.continue();
    });
    await page.getByLabel('Paper money to add').fill('10');
    await page.getByRole('button', { name: 'Add paper money' }).click();
    await page.getByText('The connection was cut before the answer came').waitFor();
    await page.getByRole('button', { name: 'Add paper money' }).click();
    await page.getByText('Added $10.00').waitFor();
    assert.equal(keys.size, 1);
    page.errors = page.errors.filter((text) => !/ERR_CONNECTION/.test(text));
  });
  const gained = BigInt((await cash()).balance.replace('.', '')) - BigInt(before.balance.replace('.', '')); // prettier-ignore
  assert.equal(gained, 1000n);
});

test('another window follows at once', async () => {
  const other = await openPage(browser, {});
  await other.goto(`${server.url}/account`);
  await other.getByTestId('available').waitFor();
  const had = await other.getByTestId('available').innerText();
  await at('/symbol/AAPL', async (page) => {
    await ask(page, '400');
    await other.waitForFunction(
      (old) => document.querySelector('[data-testid="available"]')?.textContent !== old,
      had,
    );
    await other.getByRole('article', { name: 'Ticket to buy AAPL' }).waitFor();
    await slip(page, 'open').getByRole('button', { name: 'Cancel' }).click();
    await other.locator('.slip[data-status="cancelled"]').waitFor();
  });
  assert.deepEqual(other.errors, []);
  await other.context().close();
});
