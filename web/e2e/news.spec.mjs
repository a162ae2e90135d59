/** News: listed, searched, followed without a jump, by keyboard; at a symbol's chart, with its unusual moves. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check } from './axe.mjs';
import { forgiveRefusals, opened } from './desk.mjs';
import { openBrowser, openPage, until } from './harness.mjs';
import { articles, publish, rows, startNews, update } from './news.mjs';

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
const search = (page) => page.getByRole('search', { name: 'News' });
const field = (page) => search(page).getByLabel('Search', { exact: true });
const focused = (page) => page.evaluate(() => document.activeElement?.textContent ?? '');
const fresh = (page, text) => page.getByRole('button', { name: text });

test('the newest articles, with where they lead, whom they are about and why', async () => {
  await at('/', async (page) => {
    await page.getByRole('link', { name: 'News' }).click();
    await page.waitForURL('**/news');
    await rows(page).nth(10).waitFor();
    const times = await articles(page).locator('time').evaluateAll((all) => all.map((one) => Date.parse(one.dateTime))); // prettier-ignore
    assert.deepEqual(
      times,
      [...times].sort((a, b) => b - a),
    );
    const links = await articles(page).locator('a.headline').evaluateAll((all) => all.map(({ href, target, rel }) => ({ href, target, rel }))); // prettier-ignore
    for (const { href, target, rel } of links) {
      assert.match(href, /^https?:/);
      assert.equal(target, '_blank');
      assert.equal(rel, 'noopener noreferrer');
    }
    await articles(page).getByText('updated 3×').first().waitFor();

    const row = rows(page).filter({ hasText: 'shares' }).first();
    const chip = row.getByRole('list', { name: 'Symbols' }).getByRole('link').first();
    const tip = row.getByRole('tooltip', { name: /by name in context/ });
    assert.equal(await tip.count(), 0, 'hidden');
    await chip.focus();
    await row.getByText(/^“\w+ shares”, in the title, by name in context$/).waitFor();
    await page.keyboard.press('Escape');
    await row.getByText(/by name in context$/).waitFor({ state: 'hidden' });
    await row.getByRole('button', { name: /^Tone: (positive|negative)/ }).hover();
    await row.getByText(/^“\w+” [+−]0\.\d\d$/).first().waitFor(); // prettier-ignore
    await chip.click();
    await page.waitForURL('**/symbol/*');
  });
});

test('a search that is wrong says where, and keeps what was typed', async () => {
  await at('/news', async (page) => {
    await rows(page).first().waitFor();
    await field(page).fill('(strike OR "annual meeting');
    await page.keyboard.press('Enter');
    await search(page)
      .getByText(/^At character 12: /)
      .waitFor();
    assert.equal(await page.locator('.newsfilter__pointed mark').innerText(), '"');
    assert.equal(await field(page).getAttribute('aria-invalid'), 'true');
    assert.equal(await rows(page).count(), 0);
    await field(page).fill('(strike OR "annual meeting") AND NOT netflix');
    await page.keyboard.press('Enter');
    await rows(page).first().waitFor();
    for (const text of await articles(page).locator('h2').allInnerTexts())
      assert.match(text.toLowerCase(), /strike|annual meeting/);
    assert.match(page.url(), /q=%28strike/);
    // Whoever is given the address sees the same.
    await page.reload();
    await rows(page).first().waitFor();
    assert.equal(await field(page).inputValue(), '(strike OR "annual meeting") AND NOT netflix');
    await search(page).getByRole('button', { name: 'Show all' }).click();
    await page.waitForURL('**/news');
    assert.equal(await field(page).inputValue(), '');
    forgiveRefusals(page);
  });
});

test('filters by symbol, source and query; without any match it says so', async () => {
  await at('/news', async (page) => {
    await rows(page).first().waitFor();
    await search(page).getByLabel('Symbol').fill('gm');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/news?symbol=GM');
    await page.waitForFunction(() => {
      const all = [...document.querySelectorAll('[data-article]')];
      return all.length > 0 && all.every((row) => [...row.querySelectorAll('.chip')].some((one) => one.textContent === 'GM')); // prettier-ignore
    });
    await search(page).getByLabel('Source').selectOption('guardian');
    await page.waitForURL('**symbol=GM&source=guardian');
    await page.waitForFunction(() => {
      const all = [...document.querySelectorAll('.article__facts')];
      return all.length > 0 && all.every((facts) => facts.textContent.includes('The Guardian'));
    });
    await search(page).getByLabel('Query').selectOption('Rates');
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
    await search(page).getByRole('button', { name: 'Show all' }).click();
    await rows(page).nth(20).waitFor();
    await page.getByRole('link', { name: 'Queries' }).click();
    await page.getByRole('heading', { name: 'Streams', exact: true }).waitFor();
  });
});

test('new articles wait behind a line, and nothing moves until it is pressed', async () => {
  await at('/news', async (page) => {
    await rows(page).nth(5).waitFor();
    const third = rows(page).nth(2);
    const id = await third.getAttribute('data-article');
    const before = await third.boundingBox();
    for (const title of ['First of three', 'Second of three', 'Third of three'])
      await publish(server, { title, symbol: 'GM' });
    await fresh(page, '3 new articles').waitFor();
    assert.deepEqual(await third.boundingBox(), before, 'the list stays where it is');
    assert.equal(await third.getAttribute('data-article'), id);
    // An update stands where the article is.
    await update(server, id);
    await third.getByText('(updated)').waitFor();
    assert.equal(await third.getAttribute('data-article'), id);

    await fresh(page, '3 new articles').press('Enter');
    await rows(page).first().getByText('Third of three').waitFor();
    await page.waitForFunction(() =>
      document.activeElement?.textContent.includes('Third of three'),
    );
    assert.equal(await fresh(page, /new article/).count(), 0);

    // What does not match the filter is none of the reader's business; what the server alone knows is asked for.
    await page.goto(`${server.url}/news?q=zeppelin`);
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
    await publish(server, { title: 'Of something else' });
    await publish(server, { title: 'A Zeppelin lands' });
    await fresh(page, '1 new article').click();
    await rows(page).getByText('A Zeppelin lands').waitFor();
    assert.equal(await rows(page).count(), 1);
  });
});

test('what came while the connection was away is offered when it is back', async () => {
  await at('/news?symbol=KO', async (page) => {
    await page.getByRole('status').first().waitFor({ state: 'attached' });
    await page.waitForFunction(() => !document.querySelector('.news__ghosts'));
    await page.context().setOffline(true);
    await page.getByText('Connection lost.').waitFor({ timeout: 30_000 });
    await publish(server, { title: 'While nobody listened', symbol: 'KO' });
    await page.context().setOffline(false);
    await fresh(page, '1 new article').waitFor({ timeout: 30_000 });
    page.errors = page.errors.filter((text) => !/ERR_INTERNET_DISCONNECTED/.test(text));
  });
});

test('by keyboard: down the list and up, and earlier ones come by themselves', async () => {
  await at('/news', async (page) => {
    await rows(page).nth(5).waitFor();
    const titles = await articles(page).locator('h2').allTextContents();
    await page.keyboard.press('j');
    assert.equal(await focused(page), titles[0]);
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(page), titles[2]);
    await page.keyboard.press('k');
    await page.keyboard.press('ArrowUp');
    assert.equal(await focused(page), titles[0]);
    assert.match(page.url(), /\/news$/, 'the letters move in this list only');
    const [opened] = await Promise.all([
      page.context().waitForEvent('page'),
      page.keyboard.press('Enter'),
    ]);
    await opened.close();
    await field(page).focus();
    await page.keyboard.type('jk');
    assert.equal(await field(page).inputValue(), 'jk', 'typing is typing');

    const count = await rows(page).count();
    await articles(page).locator('a.headline').first().focus();
    await page.keyboard.press('End');
    await rows(page)
      .nth(count + 5)
      .waitFor();
  });
});

test('what cannot be loaded can be tried again', async () => {
  const page = await openPage(browser);
  let isAway = true;
  await page.route(
    '**/api/v1/news?*',
    (route) =>
    isAway ? route.fulfill({ status: 422, json: { detail: 'the archive is closed' } }) : route.continue(), // prettier-ignore
  );
  await page.goto(`${server.url}/news`);
  await page.getByRole('heading', { name: 'The articles could not be loaded' }).waitFor();
  await page.getByText('The archive is closed.').waitFor();
  isAway = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await rows(page).first().waitFor();

  await page.unroute('**/api/v1/news?*');
  await page.route('**/api/v1/news?*', (route) =>
    route.fulfill({ json: { articles: [], next_cursor: null, pooled: null } }),
  );
  await page.reload();
  await page.getByRole('heading', { name: 'No articles yet' }).waitFor();
  await page.getByRole('link', { name: 'Look at the queries' }).waitFor();
  await page.context().close();
});

const table = (page) => page.getByRole('region', { name: 'News', exact: true });
const moves = (page) => page.getByRole('region', { name: 'What moved this?' });
const legend = (page) => page.locator('.legend__when');

test('at a symbol: articles with what the price did after them, said to be no cause', async () => {
  await at('/symbol/AAPL', async (page) => {
    await table(page).locator('tbody tr').nth(5).waitFor();
    await table(page)
      .getByText(/After 12 articles .* chance alone often makes as much\./)
      .waitFor();
    await table(page).getByText('This is association, not cause', { exact: false }).waitFor();
    await table(page).getByText('too few earlier days to compare with').first().waitFor();
    const heads = await table(page).locator('thead th').allInnerTexts();
    assert.deepEqual(heads, ['Time', 'Title', 'Source', 'Tone', 'Move after it', 'Beyond the usual', 't', 'n']); // prettier-ignore
    const measured = table(page).locator('tbody tr').filter({ has: page.locator('td:nth-child(8)') }).first(); // prettier-ignore
    assert.match(
      await measured.innerText(),
      /[▲▼=]\s*[+−]?\d+\.\d\d%\s+[+−]\d+\.\d\d%\s+−?\d+\.\d\s+\d+/,
    );

    // A live one is in the table without a question.
    await publish(server, { title: 'Apple makes news', symbol: 'AAPL' });
    await table(page).locator('tbody tr').first().getByText('Apple makes news').waitFor();
  });
});

test('unusual moves with the articles around them; one is shown in the chart by a press', async () => {
  await at('/symbol/AAPL', async (page) => {
    await legend(page).waitFor();
    await moves(page).getByText('45 s before').first().waitFor();
    await moves(page).getByText('2 min after').first().waitFor();
    await moves(page).getByText('5.2 times the usual swing').waitFor();
    const moment = moves(page)
      .getByRole('button', { name: /show in the chart/ })
      .nth(1);
    const when = (await moment.innerText()).trim();
    await page.getByRole('button', { name: 'Table' }).click();
    await moment.press('Enter');
    await page.waitForFunction((text) => document.querySelector('.legend__when')?.textContent.includes(text), when); // prettier-ignore
    await page
      .locator('.chart__told')
      .getByText(/^Unusual move of \+2\.10%/)
      .waitFor();
  });
  await at('/symbol/KO', async (page) => {
    await moves(page).getByText('No unusual move in the stored days.').waitFor();
  });
});

/** Where marks of articles are, from the middle of the chart outwards: found by their colour. */
function marksFromTheMiddle() {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = 'var(--focus)';
  const wanted = getComputedStyle(probe).color.match(/\d+/g).map(Number);
  probe.remove();
  const found = [];
  for (const canvas of document.querySelectorAll('.chart__canvas td:nth-child(2) canvas')) {
    if (canvas.width === 0 || canvas.height === 0) continue;
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    const { left, top } = canvas.getBoundingClientRect();
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 255 || wanted.some((part, at) => Math.abs(part - data[i + at]) > 2))
        continue;
      const [x, y] = [left + ((i / 4) % width), top + Math.floor(i / 4 / width) + 2];
      // Its first row of pixels stands for a mark.
      if (!found.some((one) => Math.abs(one.x - x) < 12))
        found.push({ x, y, far: Math.abs(x - left - width / 2) });
    }
  }
  return found.sort((one, other) => one.far - other.far);
}

/** Presses a mark of one article alone, and returns the page that opens; bars move on meanwhile, so it looks again. */
async function openAMark(page, told) {
  for (const { x, y } of await page.evaluate(marksFromTheMiddle)) {
    await page.mouse.move(x + 60, y);
    await page.mouse.move(x, y, { steps: 4 });
    await page.waitForTimeout(150);
    // Of several at one bar a press shows the row.
    if ((await told.count()) !== 1) continue;
    const pressed = page.context().waitForEvent('page', { timeout: 2_000 });
    await page.mouse.click(x, y);
    const opened = await pressed.catch(() => null);
    if (opened) return opened;
  }
  return null;
}

test('marks in the chart: told by mouse and keyboard, opened by a press, taken away and remembered', async () => {
  await at('/symbol/AAPL', async (page) => {
    await legend(page).waitFor();
    const rows = table(page).locator('tbody tr');
    await rows.nth(3).waitFor();
    const toggle = page.getByRole('button', { name: 'News', exact: true });
    assert.equal(await toggle.getAttribute('aria-pressed'), 'true');
    // Far enough from the newest bars to be shown in the middle.
    const row = rows.nth(7);
    await row.getByRole('button', { name: /show in the chart/ }).click();
    const told = page.locator('.chart__told');
    await told.first().waitFor();
    assert.match(await told.first().innerText(), /^\d\d:\d\d .+ \(.+\) · /);
    await page.getByRole('application').focus();
    await page.keyboard.press('ArrowLeft');
    await told.first().waitFor({ state: 'detached' });
    await page.keyboard.press('ArrowRight');
    await page.locator('[aria-live="polite"]').filter({ hasText: /beyond the usual|earlier days|shortly before|time after/ }).waitFor({ state: 'attached' }); // prettier-ignore

    const opened = await until('a press opens an article', () => openAMark(page, told), 30_000);
    assert.match(opened.url(), /^(https:\/\/news\.example\/|about:blank|chrome-error)/);
    await opened.close();

    await toggle.click();
    assert.equal(await toggle.getAttribute('aria-pressed'), 'false');
    await row.getByRole('button', { name: /show in the chart/ }).click();
    await page.waitForTimeout(300);
    assert.equal(await told.count(), 0);
    await page.reload();
    await rows.nth(3).waitFor();
    assert.equal(await toggle.getAttribute('aria-pressed'), 'false');
    await toggle.click();
  });
});

for (const theme of ['light', 'dark'])
  for (const phone of [false, true])
    test(`axe: ${theme}, ${phone ? 'phone' : 'desk'}`, async () => {
      const page = await openPage(browser, { theme, phone, motion: 'reduce' });
      const fits = async (what) => {
        if (!phone) return;
        const wide = await page.evaluate(() => {
          const pane = document.querySelector('.pane--detail');
          return document.documentElement.scrollWidth > innerWidth || pane.scrollWidth > pane.clientWidth; // prettier-ignore
        });
        assert.equal(wide, false, `nothing of ${what} is wider than the screen`);
      };
      await page.goto(`${server.url}/news`);
      await rows(page).nth(5).waitFor();
      await publish(server, { title: 'One more', symbol: 'GM' });
      await fresh(page, /new article/).waitFor();
      await articles(page).locator('.chip').first().focus();
      await check(page, 'news');
      await fits('the news');
      await page.goto(`${server.url}/news?q=(`);
      await search(page).getByText(/^At character/).waitFor(); // prettier-ignore
      await check(page, 'news with a wrong search');
      await page.goto(`${server.url}/symbol/AAPL`);
      await legend(page).waitFor();
      await table(page).locator('tbody tr').nth(3).waitFor();
      await moves(page).getByText('45 s before').first().waitFor();
      await check(page, 'symbol with news');
      await fits('the symbol');
      await page.context().close();
    });
