import { beforeEach, expect, test, vi } from 'vitest';
import type { Bar, BarsAnswer } from '../../domain/api-types';
import { asSymbol } from '../../domain/symbol';
import { toRfc3339 } from '../../domain/time';
import { RequestError } from '../../stream/request';
import { Stream } from '../../stream/stream';
import { FakeEnvironment } from '../../testing/fake-environment';
import { bar } from '../../testing/samples';
import { BarHistory } from './bar-history';

const wanted = { symbol: asSymbol('AAPL'), interval: '1m', session: 'extended' } as const;
const begin = Date.parse('2026-01-05T14:30:00Z');
const minute = (n: number, close = n) => bar(toRfc3339(begin + n * 60_000), close);

type Ask = { to: number | null; answer: (bars: Bar[]) => Promise<void>; fail: (error: Error) => Promise<void> }; // prettier-ignore

let env: FakeEnvironment;
let stream: Stream;
let asks: Ask[];
let history: BarHistory;
let changes: string[];

beforeEach(() => {
  env = new FakeEnvironment();
  stream = new Stream('ws://here/ws', env);
  stream.connection.start();
  env.socket.open();
  env.socket.take();
  asks = [];
  const get = (_wanted: unknown, to: number | null) =>
    new Promise<BarsAnswer>((resolve, reject) => {
      const settle = () => new Promise<void>((done) => setImmediate(done));
      asks.push({
        to,
        answer: (bars) => {
          resolve({ ...wanted, source: 'sim', bars, next_cursor: null });
          return settle();
        },
        fail: (error) => {
          reject(error);
          return settle();
        },
      });
    });
  history = new BarHistory(stream, wanted, get);
  changes = [];
  history.onChange((change) => changes.push(change));
});

const closes = () => history.bars.map(({ close }) => close);
const live = (...bars: Bar[]) =>
  env.socket.hear({
    type: 'bar_update',
    interval: '1m',
    session: 'extended',
    data: { AAPL: bars },
  });

test('stored bars come first, then the live end from some bars before the newest', async () => {
  history.start();
  expect(env.socket.take()).toEqual([]);
  await asks[0]?.answer(Array.from({ length: 100 }, (_, n) => minute(n)));
  expect(history.current().phase).toBe('ready');
  const [subscribe] = env.socket.take('subscribe');
  expect(subscribe).toMatchObject({ channel: 'bars', since: toRfc3339(begin + 70 * 60_000) });
  live(minute(99, 500), minute(100, 501));
  expect(closes().slice(-2)).toEqual([500, 501]);
  expect(changes).toEqual(['history', 'tail']);
});

test('older pages are asked for once at a time, and no more when there are none', async () => {
  history.start();
  await asks[0]?.answer([minute(10), minute(11)]);
  void history.loadOlder();
  void history.loadOlder();
  expect(asks.map(({ to }) => to)).toEqual([null, begin + 10 * 60_000]);
  await asks[1]?.answer([minute(8), minute(9)]);
  expect(closes()).toEqual([8, 9, 10, 11]);
  await history.loadOlder();
  expect(asks.length).toBe(2);
});

test('a new life of the server is read anew, and what came meanwhile is kept', async () => {
  history.start();
  await asks[0]?.answer([minute(1), minute(2)]);
  env.socket.hear({ type: 'subscribed', id: 1, channel: 'bars', symbols: [], epoch: 'one' });
  env.socket.hear({ type: 'subscribed', id: 2, channel: 'bars', symbols: [], epoch: 'two' });
  expect(asks.length).toBe(2);
  live(minute(3));
  await asks[1]?.answer([minute(2, 20)]);
  expect(closes()).toEqual([20, 3]);
});

test('a failure is shown only while there is nothing better, and asked again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  history.start();
  await asks[0]?.fail(new RequestError(503, 'busy'));
  expect(history.current()).toMatchObject({ phase: 'failed', message: 'busy', unknown: false });
  vi.advanceTimersByTime(5000);
  await asks[1]?.answer([minute(1)]);
  expect(history.current().phase).toBe('ready');
  vi.useRealTimers();
});

test('an unknown symbol is not asked for again', async () => {
  history.start();
  await asks[0]?.fail(new RequestError(404, 'Invalid stock symbol: AAPL'));
  expect(history.current()).toMatchObject({ phase: 'failed', unknown: true });
});

test('stopping unsubscribes and ignores late answers', async () => {
  const stop = history.start();
  await asks[0]?.answer([minute(1)]);
  env.socket.take();
  stop();
  expect(env.socket.take('unsubscribe')).toMatchObject([{ channel: 'bars', interval: '1m' }]);
  live(minute(2));
  expect(closes()).toEqual([1]);
});
