/**
 * Pictures of the running product. Alone it makes those of docs/pictures; with `--all` every view in
 * both themes, wide and on a phone, into screenshots/, for looking at.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { apiOf, ask, hold, panel } from './desk.mjs';
import { listOf, openBrowser, openPage, priceOf, real, Server, until } from './harness.mjs';
import { rows } from './news.mjs';

const all = process.argv.includes('--all');
const web = path.join(import.meta.dirname, '..');
const out = all ? path.join(web, 'screenshots') : path.join(web, '..', 'docs', 'pictures');
mkdirSync(out, { recursive: true });

if (!all && !real) {
  console.error('pictures: set BELLWETHER_BIN; the documentation shows the real program');
  process.exit(1);
}

// First the one that may be missing: it would leave the other running.
const browser = await openBrowser();
const server = await Server.start();

async function picture(name, options, show) {
  const page = await openPage(browser, { scale: options.phone ? 2 : 1, ...options });
  page.setDefaultTimeout(60_000);
  try {
    await page.goto(server.url + (options.path ?? '/'));
    await show?.(page);
    // Charts and sparklines arrive after the first prices.
    await page.waitForTimeout(all ? 1500 : 4000);
    await page.screenshot({ path: path.join(out, `${name}.png`) });
    console.log(path.join(out, `${name}.png`));
  } finally {
    await page.context().close();
  }
}

const listed = (page) => priceOf(page, 'AAPL');
const charted = (page) => page.locator('.legend span').first().waitFor();

/** What there is to see at the desk: things held, sold, given up, refused, and automatic trades near the price. */
async function trade() {
  const api = apiOf(server);
  // The program keeps it when it is killed, the look-alike does not.
  if ((await api('GET', '/account')).holdings.length > 0) return;
  await api('POST', '/account/deposits', { amount: '25000.00' });
  for (const [symbol, dollars] of [['AAPL', '6000'], ['MSFT', '4500'], ['KO', '1200'], ['GM', '1500']]) await hold(api, symbol, dollars); // prettier-ignore
  const sale = await api('POST', '/tickets', { side: 'sell', symbol: 'AAPL', amount: '1500' });
  await api('POST', `/tickets/${sale.id}/commit`);
  const given = await api('POST', '/tickets', { side: 'buy', symbol: 'NVDA', amount: '900' });
  await api('DELETE', `/tickets/${given.id}`);
  await api('POST', '/account/deposits', { amount: '2500.00' });
  const price = Number(sale.price);
  await api('PUT', '/triggers/buy/AAPL', { amount: '1000', price: (price * 0.995).toFixed(2) });
  await api('PUT', '/triggers/sell/AAPL', { amount: '1200', price: (price * 1.005).toFixed(2) });
}

/** A ticket that waits to be committed. */
async function ticket(page) {
  await charted(page);
  await ask(page, '2000');
}

const deskViews = [
  ['desk-ticket', '/symbol/AAPL', ticket],
  ['desk-account', '/account', (page) => page.getByRole('table').first().waitFor()],
  ['desk-transactions', '/transactions', (page) => page.locator('[data-transaction]').first().waitFor()], // prettier-ignore
];

/** Each ticket of a picture is given up, so that the next picture is of the same account. */
async function deskPicture([view, from, show], look, name) {
  await picture(name(view), { ...look, path: from }, async (page) => {
    await show(page);
    if (look.phone && view === 'desk-ticket') await panel(page).scrollIntoViewIfNeeded();
  });
  const api = apiOf(server);
  const { tickets } = await api('GET', '/account');
  for (const { id } of tickets) await api('DELETE', `/tickets/${id}`);
}

/** The simulated market's news comes with its first hours, and what it says of companies that people know. */
async function newsOf(symbol) {
  const { articles } = await (
    await fetch(`${server.url}/api/v1/news?symbol=${symbol}&limit=5`)
  ).json();
  return articles?.length > 2;
}

/** News beside prices: of everything, and at a symbol with its marks in the chart. */
async function newsPictures(storage) {
  await until('articles', () => newsOf('AAPL'), 90_000);
  const low = { viewport: { width: 1440, height: 740 } };
  const told = (page) => rows(page).nth(6).waitFor();
  await picture('news-light', { theme: 'light', storage, context: low, path: '/news' }, told);
  await picture(
    'symbol-news-dark',
    { theme: 'dark', storage, path: '/symbol/AAPL' },
    async (page) => {
      await charted(page);
      const news = page.getByRole('region', { name: 'News', exact: true });
      await news.locator('tbody tr').nth(2).waitFor();
      await page.getByRole('region', { name: 'What moved this?' }).scrollIntoViewIfNeeded();
    },
  );
}

async function docs() {
  const mine = listOf(
    ['AAPL', 'MSFT', 'NVDA', 'AMZN', 'GOOGL', 'META', 'TSLA', 'GM', 'F', 'JPM', 'XOM', 'BRK.B', 'KO', 'DIS', 'NFLX', 'SPY', 'QQQ', 'BINANCE:BTCUSDT', 'BINANCE:ETHUSDT'], // prettier-ignore
  );
  const storage = { 'bellwether.lists': mine, 'bellwether.interval': '1m' };
  await picture('watchlist-dark', { theme: 'dark', storage }, listed);
  await picture('symbol-light', { theme: 'light', storage, path: '/symbol/AAPL' }, charted);
  await picture('phone-light', { theme: 'light', phone: true, storage }, listed);
  await newsPictures(storage);
  await trade();
  const [asked, account, transactions] = deskViews;
  await deskPicture(asked, { theme: 'dark', storage }, (view) => `${view}-dark`);
  await deskPicture(asked, { theme: 'light', phone: true, storage }, (view) => `${view}-phone`);
  await deskPicture(account, { theme: 'light', storage }, (view) => `${view}-light`);
  // A list is all text, which makes large pictures.
  const low = { viewport: { width: 1440, height: 740 } };
  await deskPicture(
    transactions,
    { theme: 'dark', storage, context: low },
    (view) => `${view}-dark`,
  );
}

async function everyView() {
  for (const theme of ['light', 'dark'])
    for (const phone of [false, true]) {
      const look = { theme, phone };
      const name = (view) => `${view}-${theme}-${phone ? 'phone' : 'wide'}`;
      await picture(name('list'), look, listed);
      await picture(name('empty'), { ...look, storage: { 'bellwether.lists': listOf([]) } });
      await picture(name('search'), look, async (page) => {
        await page.getByRole('combobox', { name: 'Find a symbol' }).fill('motor');
        await page.getByRole('option').first().waitFor();
      });
      await picture(name('symbol'), { ...look, path: '/symbol/AAPL' }, charted);
      await picture(name('table'), { ...look, path: '/symbol/AAPL' }, async (page) => {
        await charted(page);
        await page.getByRole('button', { name: 'Table' }).click();
      });
      await trade();
      for (const view of deskViews) await deskPicture(view, look, name);
      await picture(name('help'), look, async (page) => {
        await listed(page);
        await page.getByRole('button', { name: 'Help: keys and signs' }).click();
      });
      await picture(name('sources'), look, async (page) => {
        await listed(page);
        await page.locator('.strip__market').click();
      });
      for (const [view, from] of [
        ['lost', '/'],
        ['lost-symbol', '/symbol/AAPL'],
      ])
        // prettier-ignore
        try {
          await picture(name(view), { ...look, path: from }, async (page) => {
            await (from === '/' ? listed(page) : charted(page));
            await server.kill();
            await page.getByText('Connection lost.').waitFor();
          });
        } finally {
          await server.up();
        }
    }
}

try {
  await (all ? everyView() : docs());
} finally {
  await browser.close();
  await server.stop();
}
