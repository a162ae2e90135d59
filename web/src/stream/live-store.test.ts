import { expect, test } from 'vitest';
import { asSymbol } from '../domain/symbol';
import { FakeEnvironment } from '../testing/fake-environment';
import { figures } from '../testing/samples';
import { freshnessOf, LiveStore } from './live-store';

const AAPL = asSymbol('AAPL');

function store() {
  const env = new FakeEnvironment();
  return { env, live: new LiveStore((run) => env.onFrame(run)) };
}

test('the newest wins, whatever arrives last', () => {
  const { live } = store();
  live.apply({ AAPL: figures({ seq: 7, price: 2 }) });
  live.apply({ AAPL: figures({ seq: 6, price: 1 }) });
  expect(live.get(AAPL).figures?.price).toBe(2);
  expect(live.counts.older).toBe(1);
});

test('a burst is drawn once a frame, and only for what changed', () => {
  const { env, live } = store();
  const drawn: (number | null | undefined)[] = [];
  let others = 0;
  live.listen(AAPL, (row) => drawn.push(row.figures?.price));
  live.listen(asSymbol('MSFT'), () => (others += 1));
  for (let seq = 1; seq <= 50; seq += 1) live.apply({ AAPL: figures({ seq, price: seq }) });
  expect(drawn).toEqual([]);
  env.frame();
  expect(drawn).toEqual([50]);
  env.frame();
  expect(drawn).toEqual([50]);
  expect(others).toBe(0);
});

test('who stopped listening is not told', () => {
  const { env, live } = store();
  let told = 0;
  const stop = live.listen(AAPL, () => (told += 1));
  stop();
  live.apply({ AAPL: figures() });
  env.frame();
  expect(told).toBe(0);
});

test('a symbol waits until it has a price', () => {
  const { live } = store();
  expect(freshnessOf(live.get(AAPL))).toBe('waiting');
  live.apply({ AAPL: figures({ price: null, state: 'waiting', seq: 0 }) });
  expect(freshnessOf(live.get(AAPL))).toBe('waiting');
  live.doubtAll();
  expect(freshnessOf(live.get(AAPL))).toBe('waiting');
});

test('what nobody wants any more is forgotten, what someone draws is kept', () => {
  const { live } = store();
  live.apply({ AAPL: figures() });
  const stop = live.listen(AAPL, () => undefined);
  live.forget(AAPL);
  expect(live.get(AAPL).figures).not.toBeNull();
  stop();
  live.forget(AAPL);
  expect(live.get(AAPL).figures).toBeNull();
});
