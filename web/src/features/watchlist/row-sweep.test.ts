import { beforeEach, expect, test } from 'vitest';
import { asSymbol, type MarketSymbol } from '../../domain/symbol';
import { RowSweep } from './row-sweep';

const symbols = Array.from({ length: 200 }, (_, i) => asSymbol(`S${i}`));

let now: number;
let waiting: (() => void)[];
let painted: MarketSymbol[];
let sweep: RowSweep;

beforeEach(() => {
  now = 0;
  waiting = [];
  painted = [];
  sweep = new RowSweep({ now: () => now, request: (run) => waiting.push(run) });
  sweep.setOrder(symbols);
  for (const symbol of symbols) sweep.add(symbol, () => painted.push(symbol));
});

function frame(gap: number): number {
  now += gap;
  const before = painted.length;
  for (const run of waiting.splice(0)) run();
  return painted.length - before;
}

function markAll() {
  for (const symbol of symbols.toReversed()) sweep.mark(symbol);
}

test('many changed rows are painted over several frames, from the top, each once', () => {
  markAll();
  sweep.run();
  expect(painted.length).toBeLessThan(symbols.length);
  while (waiting.length > 0) frame(16);
  expect(painted).toEqual(symbols);
});

test('a frame is not used twice, however often it is told of changes', () => {
  markAll();
  sweep.run();
  const first = painted.length;
  markAll();
  sweep.run();
  expect(painted.length).toBe(first);
  expect(waiting.length).toBe(1);
});

test('late frames make the steps smaller, timely ones larger', () => {
  markAll();
  sweep.run();
  const first = painted.length;
  const late = frame(60);
  expect(late).toBeLessThan(first);
  for (let i = 0; i < 50; i += 1) {
    markAll();
    frame(60);
  }
  expect(frame(60)).toBeGreaterThan(0);
  markAll();
  const slow = frame(16);
  for (let i = 0; i < 20; i += 1) {
    markAll();
    frame(16);
  }
  markAll();
  expect(frame(16)).toBeGreaterThan(slow);
});

test('no row waits for others that change all the time', () => {
  for (let i = 0; i < 40; i += 1) {
    markAll();
    sweep.run();
    frame(16);
  }
  expect(new Set(painted).size).toBe(symbols.length);
});

test('a row that went out of sight is not painted', () => {
  const last = symbols[symbols.length - 1] as MarketSymbol;
  const remove = sweep.add(last, () => painted.push(last));
  markAll();
  sweep.run();
  remove();
  while (waiting.length > 0) frame(16);
  expect(painted).not.toContain(last);
  sweep.mark(last);
  sweep.run();
  expect(waiting).toEqual([]);
});
