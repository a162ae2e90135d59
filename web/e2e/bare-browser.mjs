/**
 * Chromium without a test driver in it, for measuring: a driver is told of every WebSocket frame, and
 * at thousands a second that costs more than the page itself. Speaks the browser's own protocol.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';
import { chromiumArgs, chromiumPath } from './harness.mjs';

/** Opens a blank page; `send` speaks to it, `run` evaluates a function in it and awaits its answer. */
export async function openBarePage({ width, height }) {
  const profile = mkdtempSync(path.join(tmpdir(), 'bellwether-bare-'));
  const child = spawn(
    chromiumPath,
    [
      ...chromiumArgs,
      '--headless',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let send = null;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const close = async () => {
    // Asked to, it ends its own children first, who write to the profile until then.
    if (send) void send('Browser.close');
    else child.kill('SIGKILL');
    await gone;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const address = await new Promise((resolve, reject) => {
      let said = '';
      child.stderr.on('data', (chunk) => {
        said += chunk;
        const found = /DevTools listening on (ws:\S+)/.exec(said);
        if (found) resolve(new URL(found[1]));
      });
      gone.then(() => reject(new Error(`${chromiumPath} ended: ${said}`)));
    });
    const targets = await (await fetch(`http://${address.host}/json/list`)).json();
    const page = targets.find(({ type }) => type === 'page');
    const socket = new WebSocket(page.webSocketDebuggerUrl, { perMessageDeflate: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const waiting = new Map();
    let id = 0;
    socket.on('message', (text) => {
      const { id: answered, result, error } = JSON.parse(text);
      waiting.get(answered)?.(error ? Promise.reject(new Error(error.message)) : result);
      waiting.delete(answered);
    });
    send = (method, params = {}) =>
      new Promise((resolve) => {
        waiting.set((id += 1), resolve);
        socket.send(JSON.stringify({ id, method, params }));
      });
    const run = async (what, ...given) => {
      const { result, exceptionDetails } = await send('Runtime.evaluate', {
        expression: `(${what})(...${JSON.stringify(given)})`,
        awaitPromise: true,
        returnByValue: true,
      });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description);
      return result.value;
    };
    await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false }); // prettier-ignore
    return { send, run, close };
  } catch (error) {
    await close();
    throw error;
  }
}
