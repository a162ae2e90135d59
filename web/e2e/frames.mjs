/**
 * How smoothly the page draws while many symbols move. As a program it prints figures for screens of
 * several heights: `node e2e/frames.mjs [SECONDS] [HEIGHT…]`. The tallest has every row in sight.
 */
import { pathToFileURL } from 'node:url';
import { openBarePage } from './bare-browser.mjs';
import { listOf, Server } from './harness.mjs';

export const SYMBOLS = 500;
/** Trades a second of the whole simulated market, so that the busiest 500 all move as often as rows are sent. */
export const RATE = 150_000;
const WIDTH = 1280;

/** The symbols that trade most: without a question the search ranks by activity. */
export async function busiest(url, count) {
  const found = [];
  let cursor = '';
  while (found.length < count) {
    const answer = await (await fetch(`${url}/api/v1/symbols?limit=100${cursor}`)).json();
    found.push(...answer.symbols.map(({ symbol }) => symbol));
    if (!answer.next_cursor) break;
    cursor = `&cursor=${encodeURIComponent(answer.next_cursor)}`;
  }
  return found.slice(0, count);
}

/** Runs before the page: its list, and a count of the rows it is sent. */
function prepare(lists) {
  localStorage.setItem('bellwether.lists', JSON.stringify(lists));
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
}

/** Runs in the page: until it has come to rest but for what moves. */
async function settled() {
  const calm = () =>
    document.querySelector('[data-cell="last"]')?.textContent.length > 1 &&
    performance.getEntriesByType('resource').every(({ responseEnd }) => responseEnd > 0);
  for (let quiet = 0, before = -1; quiet < 10;) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = performance.getEntriesByType('resource').length;
    quiet = calm() && now === before ? quiet + 1 : 0;
    before = now;
  }
}

/** Runs in the page: the gaps between frames, and the tasks that block it for over 50 ms. */
function watchFrames(seconds) {
  return new Promise((resolve) => {
    const tasks = [];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    });
    observer.observe({ type: 'longtask' });
    const begun = performance.now();
    const heard = window.heard;
    const gaps = [];
    let last = begun;
    function frame(now) {
      gaps.push(now - last);
      last = now;
      if (now - begun < seconds * 1000) {
        requestAnimationFrame(frame);
        return;
      }
      observer.disconnect();
      const inSight = [...document.querySelectorAll('[data-symbol]')].filter((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
      });
      resolve({
        gaps: gaps.slice(2),
        tasks,
        updates: (window.heard - heard) / seconds,
        rows: inSight.length,
      });
    }
    requestAnimationFrame(frame);
  });
}

/** `height` decides how many rows are in sight at once: those of a desk's screen, or all. */
export async function measure(url, symbols, height, seconds) {
  const page = await openBarePage({ width: WIDTH, height });
  try {
    await page.send('Page.enable');
    await page.send('Page.addScriptToEvaluateOnNewDocument', {
      source: `(${prepare})(${JSON.stringify(listOf(symbols, 'Many'))})`,
    });
    await page.send('Page.navigate', { url });
    // The names and sparklines of hundreds of rows are not what is measured.
    await page.run(settled);
    await page.send('Performance.enable');
    const spent = async () => {
      const { metrics } = await page.send('Performance.getMetrics');
      const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
      return { task: of('TaskDuration'), script: of('ScriptDuration'), layout: of('LayoutDuration') + of('RecalcStyleDuration') }; // prettier-ignore
    };
    const before = await spent();
    const seen = await page.run(watchFrames, seconds);
    const after = await spent();
    const sorted = seen.gaps.toSorted((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    const perSecond = (name) => Math.round(((after[name] - before[name]) / seconds) * 1000);
    return {
      height,
      rows: seen.rows,
      updates: Math.round(seen.updates),
      frames: seen.gaps.length / seconds,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      late: seen.gaps.filter((gap) => gap > 25).length / seen.gaps.length,
      longTasks: seen.tasks.length,
      longest: Math.max(0, ...seen.tasks),
      task: perSecond('task'),
      script: perSecond('script'),
      layout: perSecond('layout'),
    };
  } finally {
    await page.close();
  }
}

export function described(one) {
  const ms = (value) => `${value.toFixed(1)} ms`;
  return (
    `${one.rows} rows in sight, ${one.updates} row updates a second: ` +
    `${one.frames.toFixed(1)} frames a second, p50 ${ms(one.p50)}, p95 ${ms(one.p95)}, p99 ${ms(one.p99)}, ` +
    `${(one.late * 100).toFixed(1)} % late; ${one.longTasks} tasks over 50 ms (longest ${Math.round(one.longest)}); ` +
    `main thread ${one.task} ms a second (script ${one.script}, layout and style ${one.layout})`
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [seconds = 10, ...heights] = process.argv.slice(2).map(Number);
  const server = await Server.start({ rate: RATE, perSymbol: 10 });
  try {
    const symbols = await busiest(server.url, SYMBOLS);
    for (const height of heights.length > 0 ? heights : [900, 2160, 18_400])
      console.log(described(await measure(server.url, symbols, height, seconds)));
  } finally {
    await server.stop();
  }
}
