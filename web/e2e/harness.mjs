/**
 * Starts the server under test and a browser. With BELLWETHER_BIN set the real program is driven,
 * else the look-alike in dev/. Nothing is downloaded: the browser is the system's Chromium.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const bin = process.env.BELLWETHER_BIN;
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const lookAlike = path.join(import.meta.dirname, '..', 'dev', 'server.mjs');

export const real = Boolean(bin);
console.log(
  real ? `driving ${bin}` : 'BELLWETHER_BIN is not set: driving the look-alike in web/dev',
);

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** A server that can be lost and found again on the same port with the same data. */
export class Server {
  /** `rate` is of the whole simulated market; the look-alike knows one for each symbol only. */
  static async start(options = {}) {
    const server = new Server();
    server.port = await freePort();
    server.data = mkdtempSync(path.join(tmpdir(), 'bellwether-e2e-'));
    server.rate = options.rate;
    server.perSymbol = options.perSymbol ?? 4;
    server.bin = options.lookAlike ? undefined : bin;
    server.flags = options.flags ?? [];
    await server.up();
    return server;
  }

  async up() {
    const listen = ['--listen', `127.0.0.1:${this.port}`];
    const rate = this.rate ? ['--rate', String(this.rate)] : [];
    const { bin: program, flags } = this;
    this.child = program
      ? spawn(program, ['up', ...listen, '--data', this.data, ...rate, ...flags], {
          stdio: ['ignore', 'pipe', 'pipe'],
        })
      : spawn(
          process.execPath,
          [lookAlike, ...listen, '--rate', String(this.perSymbol), ...flags],
          {
            stdio: ['ignore', 'pipe', 'pipe'],
          },
        );
    this.said = () => said;
    let said = '';
    this.url = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // Nobody else knows of it yet, and it would go on beside all that follows.
        this.child.kill('SIGKILL');
        reject(new Error(`not ready after 90 s: ${said}`));
      }, 90_000);
      const hear = (chunk) => {
        said += chunk;
        const found = /https?:\/\/[^\s"'<>]+/.exec(said);
        if (!found) return;
        clearTimeout(timer);
        resolve(found[0].replace(/[/.,]+$/, ''));
      };
      this.child.stdout.on('data', hear);
      this.child.stderr.on('data', (chunk) => (said += chunk));
      this.child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`ended with ${code}: ${said}`));
      });
    });
  }

  async kill() {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    process.kill(child.pid, 'SIGKILL');
    await gone;
  }

  async stop() {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }
}

export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function openBrowser() {
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: chromiumArgs,
  });
}

/** A fresh page whose console errors are kept, so a test can insist that there were none. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({
    viewport: options.phone ? { width: 360, height: 760 } : { width: 1440, height: 900 },
    deviceScaleFactor: options.scale ?? 1,
    hasTouch: Boolean(options.phone),
    colorScheme: options.theme ?? 'light',
    reducedMotion: options.motion ?? 'no-preference',
    ...options.context,
  });
  if (options.storage)
    await context.addInitScript((storage) => {
      for (const [key, value] of Object.entries(storage))
        if (localStorage.getItem(key) === null) localStorage.setItem(key, JSON.stringify(value));
    }, options.storage);
  const page = await context.newPage();
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') page.errors.push(message.text());
  });
  page.setDefaultTimeout(10_000);
  return page;
}

/** Asks again and again until there is an answer. */
export async function until(what, ask, ms = 60_000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(100)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`not within ${ms} ms: ${what}`);
}

/** Lists as the page keeps them. */
export function listOf(symbols, name = 'Watch list') {
  return { lists: [{ id: 'first', name, symbols }], current: 'first', untouched: false };
}

export const row = (page, symbol) => page.locator(`[data-symbol="${symbol}"]`);
export const cell = (page, symbol, name) =>
  page.locator(`[data-symbol="${symbol}"] [data-cell="${name}"]`);

/** Waits until the row shows a price and answers its text. */
export async function priceOf(page, symbol) {
  await page.waitForFunction(
    (name) =>
      /\d/.test(
        document.querySelector(`[data-symbol="${name}"] [data-cell="last"]`)?.textContent ?? '',
      ),
    symbol,
  );
  return cell(page, symbol, 'last').textContent();
}

export async function priceMoves(page, symbol) {
  const before = await priceOf(page, symbol);
  await page.waitForFunction(
    ([name, old]) =>
      document.querySelector(`[data-symbol="${name}"] [data-cell="last"]`)?.textContent !== old,
    [symbol, before],
    { timeout: 20_000 },
  );
}
