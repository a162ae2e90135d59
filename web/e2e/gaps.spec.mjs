/** What the feed lost, in the chart: hatched, named when pointed at, told to those who listen. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, openPage, real, Server, until } from './harness.mjs';

/** Trades on any day at any hour. */
const symbol = 'BINANCE:BTCUSDT';
const bin = process.env.BELLWETHER_BIN;
let folder;
let provider;
let server;
let browser;

/** The provider's look-alike, and a server whose only feed is Finnhub's adapter to it. */
async function startProvider() {
  const child = spawn(bin, ['sim', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the provider ended with ${code}: ${said}`)));
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (/http:\S+/.test(said) && /ws:\S+/.test(said)) resolve();
    });
  });
  const rest = /http:\S+/.exec(said)[0];
  const stream = /ws:\S+/.exec(said)[0];
  const settings = path.join(folder, 'bellwether.toml');
  writeFileSync(
    settings,
    `[[feeds]]\nkind = "finnhub"\nkey = "simkey"\nrest = "${rest}"\nstream = "${stream}"\nsimulated = true\n`,
  );
  return { child, faults: new URL('/sim/faults', rest), flags: ['--config', settings] };
}

/** Cuts the feed and keeps it away for some seconds. */
async function lose(seconds) {
  const answer = real
    ? await fetch(provider.faults, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ limit_s: seconds, retry_after_s: 1, cut: true }),
      })
    : await fetch(`${server.url}/dev/lose?ms=${seconds * 1000}`, { method: 'POST' });
  assert.ok(answer.ok, `${answer.status} ${await answer.text()}`);
}

async function told(name) {
  const answer = await fetch(`${server.url}/api/v1/gaps/${encodeURIComponent(name)}`);
  assert.equal(answer.status, 200);
  return (await answer.json()).gaps;
}

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'bellwether-gaps-'));
  provider = real ? await startProvider() : null;
  [server, browser] = await Promise.all([
    Server.start({ flags: provider?.flags ?? [] }),
    openBrowser(),
  ]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  if (provider) {
    const gone = new Promise((resolve) => provider.child.once('exit', resolve));
    process.kill(provider.child.pid, 'SIGKILL');
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Counts the canvas's pixels of the tint between the lines of the hatching. */
function tintedPixels() {
  const colour = (name) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = `var(--${name})`;
    const parts = getComputedStyle(probe).color.match(/\d+/g).map(Number);
    probe.remove();
    return parts;
  };
  const [under, over] = [colour('surface'), colour('warn')];
  const wanted = under.map((part, i) => part * 0.86 + over[i] * 0.14);
  let count = 0;
  for (const canvas of document.querySelectorAll('.chart__canvas canvas')) {
    if (canvas.width === 0 || canvas.height === 0) continue;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4)
      if (wanted.every((part, at) => Math.abs(part - data[i + at]) < 1.5)) count += 1;
  }
  return count;
}

/** The chart follows the mouse once a frame. */
const drawn = () =>
  new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));

const sentence =
  /No data from \w+, \w+ \d+ [\d:]+ to [\d:]+ (ET|UTC): the connection to (finnhub|sim) was lost/;

test('what the feed lost is hatched, named when pointed at, and told', async () => {
  const page = await openPage(browser, { storage: { 'bellwether.interval': '1s' } });
  try {
    const path = encodeURIComponent(symbol);
    await until('the list of instruments is there', async () => {
      return (await fetch(`${server.url}/api/v1/symbols/${path}`)).ok;
    });
    await page.goto(`${server.url}/symbol/${path}`);
    await page.locator('.legend__when').waitFor({ timeout: 60_000 });
    assert.deepEqual(await told(symbol), []);
    assert.equal(await page.getByText('data lost').count(), 0);
    assert.equal(await page.evaluate(tintedPixels), 0);

    await lose(4);
    const [gap] = await until('the gap is known', async () => {
      const gaps = await told(symbol);
      return gaps.length > 0 && gaps;
    });
    assert.ok(Date.parse(gap.to) - Date.parse(gap.from) >= 3_000, JSON.stringify(gap));
    // Nobody watched this one, so nothing of it was lost.
    if (real) assert.deepEqual(await told('KO'), []);

    await page.getByText('data lost').waitFor({ timeout: 60_000 });
    const chart = page.getByRole('application');
    const id = await chart.getAttribute('aria-describedby');
    assert.match(await page.locator(`[id="${id}"]`).textContent(), sentence);
    await page.waitForFunction(`(${tintedPixels})() > 300`, undefined, { timeout: 60_000 });

    // By mouse: from the newest backwards until the hatching is met.
    const box = await chart.boundingBox();
    const note = page.locator('.chart__gap');
    for (let x = box.width - 80; x > 0 && (await note.count()) === 0; x -= 10) {
      await page.mouse.move(box.x + x, box.y + box.height / 3);
      await page.evaluate(drawn);
    }
    assert.match(await note.innerText(), sentence);
    await page.mouse.move(box.x + box.width / 2, box.y - 40);
    await note.waitFor({ state: 'detached' });

    // By keyboard: the first bar after it says it.
    await chart.focus();
    const spoken = page.locator('[aria-live="polite"]').filter({ hasText: sentence });
    for (let i = 0; i < 300 && (await spoken.count()) === 0; i += 1)
      await page.keyboard.press('ArrowLeft');
    assert.match(await spoken.innerText(), sentence);
    await note.waitFor();
    await page.keyboard.press('Escape');
    await note.waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Table' }).click();
    const cell = page.getByRole('region', { name: 'Newest bars first' }).getByText(sentence);
    await cell.first().waitFor();
    assert.deepEqual(page.errors, []);
  } finally {
    await page.context().close();
  }
});
