/**
 * 500 symbols, each moving ten times a second: how long frames take and how many are late. The
 * figures are printed; the test itself only insists that the page keeps drawing.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { listOf, openBrowser, openPage, priceOf, real, Server } from './harness.mjs';

const SYMBOLS = 500;
const SECONDS = 6;
let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ rate: 10 }), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** As many symbols as asked for, found by searching letter by letter. */
async function someSymbols(count) {
  const found = new Set();
  for (const first of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
    for (const second of ['', ...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']) {
      const answer = await fetch(`${server.url}/api/v1/symbols?q=${first}${second}&limit=100`);
      if (answer.ok) for (const { symbol } of (await answer.json()).symbols) found.add(symbol);
      if (found.size >= count) return [...found].slice(0, count);
    }
  return [...found];
}

/** `height` decides how many rows are in sight at once: those of a desk's screen, or of a tall one. */
async function measure(symbols, height) {
  const page = await openPage(browser, {
    storage: { 'bellwether.lists': listOf(symbols, 'Many') },
    context: { viewport: { width: 1440, height } },
  });
  await page.addInitScript(() => {
    window.heard = 0;
    const Native = window.WebSocket;
    window.WebSocket = class extends Native {
      constructor(...given) {
        super(...given);
        this.addEventListener('message', ({ data }) => {
          if (data.startsWith('{"type":"quote_update"'))
            window.heard += (data.match(/"price":/g) ?? []).length;
        });
      }
    };
  });
  await page.goto(server.url);
  await priceOf(page, symbols[0]);
  await page.waitForTimeout(2500);
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable');
  const spent = async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return { task: of('TaskDuration'), script: of('ScriptDuration'), layout: of('LayoutDuration') + of('RecalcStyleDuration') }; // prettier-ignore
  };
  const before = await spent();
  const result = await page.evaluate(
    (seconds) =>
      new Promise((resolve) => {
        const begun = performance.now();
        const heard = window.heard;
        const gaps = [];
        let last = begun;
        function frame(now) {
          gaps.push(now - last);
          last = now;
          if (now - begun < seconds * 1000) requestAnimationFrame(frame);
          else
            resolve({
              gaps: gaps.slice(2),
              updates: (window.heard - heard) / seconds,
              rows: [...document.querySelectorAll('[data-symbol]')].filter((one) => {
                const { top, bottom } = one.getBoundingClientRect();
                return bottom > 0 && top < innerHeight;
              }).length,
            });
        }
        requestAnimationFrame(frame);
      }),
    SECONDS,
  );
  const after = await spent();
  await page.context().close();
  const sorted = result.gaps.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const perSecond = (name) => (((after[name] - before[name]) / SECONDS) * 1000).toFixed(0);
  console.log(
    `${result.rows} of ${symbols.length} rows in sight, ${Math.round(result.updates)} updates a second: ` +
      `${(result.gaps.length / SECONDS).toFixed(1)} frames a second, ` +
      `p50 ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms, ` +
      `${result.gaps.filter((gap) => gap > 25).length} of ${result.gaps.length} late; ` +
      `main thread ${perSecond('task')} ms a second (script ${perSecond('script')}, layout and style ${perSecond('layout')})`,
  );
  return { frames: result.gaps.length, updates: result.updates };
}

test(`${SYMBOLS} symbols move and the page keeps drawing`, async () => {
  const symbols = await someSymbols(SYMBOLS);
  assert.ok(symbols.length > 0);
  if (real) console.log('the program under test decides how often its symbols move');
  for (const height of [1000, 2160]) {
    const { frames, updates } = await measure(symbols, height);
    assert.ok(frames > SECONDS * 5, `only ${frames} frames in ${SECONDS} s`);
    assert.ok(updates > 0, 'prices move');
  }
});
