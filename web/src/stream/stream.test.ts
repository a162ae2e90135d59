import { beforeEach, describe, expect, test } from 'vitest';
import type { ClientFrame, Status } from '../domain/api-types';
import { asSymbol } from '../domain/symbol';
import { FakeEnvironment } from '../testing/fake-environment';
import { bar, figures } from '../testing/samples';
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS, backoffMs } from './backoff';
import { OPENING_MAX_MS, PING_EVERY_MS, SILENCE_MAX_MS } from './connection';
import { freshnessOf } from './live-store';
import { RELEASE_AFTER_MS } from './quote-interest';
import { Stream } from './stream';

const AAPL = asSymbol('AAPL');
const MSFT = asSymbol('MSFT');
const status: Status = {
  server_time: '2026-01-05T15:00:00Z',
  version: '0.1.0',
  epoch: 'one',
  market: { session: 'regular', opens_at: null, closes_at: null },
  feeds: [],
};

let env: FakeEnvironment;
let stream: Stream;

beforeEach(() => {
  env = new FakeEnvironment();
  stream = new Stream('ws://here/ws', env);
  stream.connection.start();
});

const channels = (frames: ClientFrame[]) =>
  frames.map((frame) => `${frame.type} ${'channel' in frame ? frame.channel : ''}`.trim());

function open() {
  env.socket.open();
  return env.socket;
}

describe('back-off', () => {
  test('doubles, is capped, and spreads', () => {
    expect(backoffMs(0, 1)).toBe(BACKOFF_FIRST_MS);
    expect(backoffMs(1, 1)).toBe(2 * BACKOFF_FIRST_MS);
    expect(backoffMs(99, 1)).toBe(BACKOFF_MAX_MS);
    expect(backoffMs(3, 0)).toBe(backoffMs(3, 1) / 2);
  });
});

describe('connection', () => {
  test('comes back by itself and waits longer each time', () => {
    open().cut();
    const first = stream.connection.link();
    expect(first.phase).toBe('waiting');
    env.pass(BACKOFF_FIRST_MS);
    expect(env.sockets.length).toBe(2);
    env.socket.cut();
    env.pass(BACKOFF_FIRST_MS / 2);
    expect(env.sockets.length).toBe(2);
    env.pass(BACKOFF_FIRST_MS * 2);
    expect(env.sockets.length).toBe(3);
    open();
    expect(stream.connection.link().phase).toBe('open');
    // Once connected, the next loss begins with the shortest wait again.
    env.socket.cut();
    env.pass(BACKOFF_FIRST_MS);
    expect(env.sockets.length).toBe(4);
  });

  test('may be asked to try at once', () => {
    open().cut();
    stream.connection.retryNow();
    expect(env.sockets.length).toBe(2);
  });

  test('gives up on an opening that never ends, and on silence', () => {
    env.pass(OPENING_MAX_MS);
    expect(stream.connection.link().phase).toBe('waiting');
    env.pass(BACKOFF_MAX_MS);
    open();
    env.pass(SILENCE_MAX_MS + 2 * PING_EVERY_MS);
    expect(stream.connection.link().phase).not.toBe('open');
  });

  test('measures the round trip, and pongs keep it alive', () => {
    const socket = open();
    for (let i = 0; i < 10; i += 1) {
      const ping = socket.take('ping').at(-1);
      env.pass(40);
      if (ping?.type === 'ping') socket.hear({ type: 'pong', id: ping.id ?? null, time: '' });
      env.pass(PING_EVERY_MS - 40);
    }
    expect(stream.connection.link().phase).toBe('open');
    expect(stream.connection.link().roundTripMs).toBe(40);
  });

  test('nonsense is counted, not thrown', () => {
    const socket = open();
    socket.onmessage?.({ data: '{{{' });
    socket.hear({ type: 'no such' } as never);
    expect(stream.connection.unknownFrames).toBe(2);
  });

  test('a stopped connection stays away', () => {
    open();
    stream.connection.stop();
    env.pass(BACKOFF_MAX_MS * 2);
    expect(env.sockets.length).toBe(1);
  });
});

describe('interest', () => {
  test('is gathered into one frame and released after a grace time', () => {
    const socket = open();
    socket.take();
    const drop = stream.quotes.want([AAPL]);
    stream.quotes.want([MSFT, AAPL]);
    env.pass(0);
    const [frame] = socket.take();
    expect(frame).toMatchObject({ channel: 'quotes', symbols: ['AAPL', 'MSFT'] });
    drop();
    env.pass(RELEASE_AFTER_MS);
    expect(socket.take('unsubscribe')).toEqual([]);
  });

  test('leaving and coming back within the grace time costs nothing', () => {
    const socket = open();
    const drop = stream.quotes.want([AAPL]);
    env.pass(0);
    socket.take();
    drop();
    env.pass(RELEASE_AFTER_MS / 2);
    stream.quotes.want([AAPL]);
    env.pass(RELEASE_AFTER_MS * 2);
    expect(channels(socket.take())).toEqual([]);
  });

  test('a thousand symbols go in frames that fit', () => {
    const socket = open();
    socket.take();
    stream.quotes.want(Array.from({ length: 1200 }, (_, i) => asSymbol(`S${i}`)));
    env.pass(0);
    expect(socket.take().map((frame) => ('symbols' in frame ? frame.symbols?.length : 0))).toEqual([
      500, 500, 200,
    ]);
  });
});

describe('resume', () => {
  test('everything is asked for again, bars from where they were', () => {
    open();
    stream.quotes.want([AAPL]);
    env.pass(0);
    let since: number | null = null;
    const seen: unknown[] = [];
    stream.bars.watch({
      symbol: AAPL,
      interval: '1m',
      session: 'extended',
      since: () => since,
      onBars: (bars) => seen.push(...bars),
    });
    since = Date.parse('2026-01-05T14:30:00Z');
    env.socket.cut();
    env.pass(BACKOFF_FIRST_MS);
    const socket = open();
    const frames = socket.take('subscribe');
    expect(channels(frames)).toEqual(['subscribe status', 'subscribe quotes', 'subscribe bars']);
    expect(frames[2]).toMatchObject({ since: '2026-01-05T14:30:00Z', interval: '1m' });

    const one = bar('2026-01-05T14:31:00Z');
    socket.hear({ type: 'bar_update', interval: '1m', session: 'extended', data: { AAPL: [one] } });
    socket.hear({ type: 'bar_update', interval: '5m', session: 'extended', data: { AAPL: [one] } });
    expect(seen).toEqual([one]);
  });

  test('what is wanted while disconnected is asked for on connecting, once', () => {
    stream.quotes.want([AAPL]);
    env.pass(0);
    const socket = open();
    env.pass(0);
    expect(channels(socket.take('subscribe'))).toEqual(['subscribe status', 'subscribe quotes']);
  });

  test('everything is stale until it is heard of again', () => {
    open().hear({ type: 'quote_update', data: { AAPL: figures({ seq: 5 }) } });
    expect(freshnessOf(stream.live.get(AAPL))).toBe('live');
    env.socket.cut();
    expect(freshnessOf(stream.live.get(AAPL))).toBe('stale');
    env.pass(BACKOFF_FIRST_MS);
    open();
    expect(freshnessOf(stream.live.get(AAPL))).toBe('stale');
    env.socket.hear({ type: 'quote_update', data: { AAPL: figures({ seq: 5 }) } });
    expect(freshnessOf(stream.live.get(AAPL))).toBe('live');
  });

  test('a new life of the server starts its numbers afresh', () => {
    const socket = open();
    let lives = 0;
    stream.watchEpoch(() => (lives += 1));
    socket.hear({ type: 'status', ...status });
    socket.hear({ type: 'quote_update', data: { AAPL: figures({ seq: 900, price: 1 }) } });
    socket.hear({ type: 'quote_update', data: { AAPL: figures({ seq: 2, price: 2 }) } });
    expect(stream.live.get(AAPL).figures?.price).toBe(1);
    socket.hear({ type: 'subscribed', id: 1, channel: 'quotes', symbols: [], epoch: 'two' });
    socket.hear({ type: 'quote_update', data: { AAPL: figures({ seq: 2, price: 3 }) } });
    expect(stream.live.get(AAPL).figures?.price).toBe(3);
    expect(lives).toBe(1);
  });
});

test('an unknown symbol is marked, and nothing else changes', () => {
  const socket = open();
  socket.hear({ type: 'error', message: 'Invalid stock symbol: XYZ', symbol: 'XYZ', code: 'unknown_symbol' }); // prettier-ignore
  expect(freshnessOf(stream.live.get(asSymbol('XYZ')))).toBe('unknown');
  expect(stream.connection.link().phase).toBe('open');
});

test('the server clock is followed', () => {
  open().hear({ type: 'status', ...status });
  expect(stream.serverNow()).toBe(Date.parse(status.server_time));
  env.pass(2500);
  expect(stream.serverNow()).toBe(Date.parse(status.server_time) + 2500);
});

test('what was said of feeds and market is doubted from the first loss until it is said again', () => {
  open().hear({ type: 'status', ...status });
  expect(stream.status()?.silentSince).toBeNull();
  env.pass(2000);
  env.socket.cut();
  const since = Date.parse(status.server_time);
  expect(stream.status()).toMatchObject({ status, silentSince: since });
  env.pass(BACKOFF_FIRST_MS);
  env.socket.cut();
  expect(stream.status()?.silentSince).toBe(since);
  env.pass(BACKOFF_MAX_MS);
  open();
  expect(stream.status()?.silentSince).toBe(since);
  env.socket.hear({ type: 'status', ...status });
  expect(stream.status()?.silentSince).toBeNull();
});
