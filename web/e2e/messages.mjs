/**
 * What it costs a page to be sent rows one in a message, and two hundred in a message: `node
 * e2e/messages.mjs [ROUNDS]`. Counts processor time of the main thread, which other work on the
 * machine does not add to.
 */
import { WebSocketServer } from 'ws';
import { openBarePage } from './bare-browser.mjs';

const ROWS = 400;
const TICKS = 60;
const TICK_MS = 100;

const row = (at, tick) => ({
  price: 100 + ((at * 7 + tick) % 50) / 100,
  timestamp: new Date(1.7e12 + tick * TICK_MS).toISOString(),
  seq: tick,
  source: 'sim',
  age_ms: 3,
  state: 'simulated',
  open: 100.1,
  high: 101.2,
  low: 99.3,
  volume: 1_234_567 + tick,
  previous_close: 100.5,
  change: 0.25,
  change_percent: 0.2488,
});

/** Sends all rows ten times a second, so many in a message, and says when it is over. */
function serve(socket, perMessage) {
  let tick = 0;
  const timer = setInterval(() => {
    const rows = Array.from({ length: ROWS }, (_, at) => [`SYM${at}`, row(at, tick)]);
    for (let at = 0; at < ROWS; at += perMessage) {
      const data = Object.fromEntries(rows.slice(at, at + perMessage));
      socket.send(JSON.stringify({ type: 'quote_update', data }));
    }
    tick += 1;
    if (tick < TICKS) return;
    clearInterval(timer);
    socket.send('end');
  }, TICK_MS);
}

/** Runs in the page: takes rows as the page does, and answers how many came. */
function take(url, perMessage) {
  return new Promise((resolve) => {
    const socket = new window.WebSocket(url);
    const rows = new Map();
    let taken = 0;
    socket.onopen = () => socket.send(String(perMessage));
    socket.onmessage = ({ data }) => {
      if (data === 'end') {
        socket.close();
        resolve(taken);
        return;
      }
      const frame = JSON.parse(data);
      for (const symbol in frame.data) {
        rows.set(symbol, frame.data[symbol]);
        taken += 1;
      }
    };
  });
}

const rounds = Number(process.argv[2] ?? 6);
const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await new Promise((resolve) => sockets.once('listening', resolve));
sockets.on('connection', (socket) => socket.once('message', (said) => serve(socket, Number(said))));
const url = `ws://127.0.0.1:${sockets.address().port}`;
const page = await openBarePage({ width: 800, height: 600 });
try {
  await page.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' });
  await page.send('Performance.enable');
  const seconds = async () => {
    const { metrics } = await page.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'ThreadTime').value;
  };
  for (let round = 0; round < rounds; round += 1)
    for (const perMessage of round % 2 === 0 ? [1, 200] : [200, 1]) {
      const before = await seconds();
      const taken = await page.run(take, url, perMessage);
      const each = ((await seconds()) - before) / taken;
      console.log(`${perMessage} a message: ${(each * 1e6).toFixed(1)} µs a row`);
    }
} finally {
  await page.close();
  sockets.close();
  for (const client of sockets.clients) client.terminate();
}
