import { expect, test } from 'vitest';
import { slotAt, type Slot, type TimedBar } from '../../domain/bars';
import type { EpochMs } from '../../domain/time';
import { marksBySlot } from './marks';

const slot = (start: number): Slot => ({ start: start as EpochMs, bar: {} as TimedBar });
/** Of a minute each, with a night between the second and the third. */
const slots = [slot(60_000), slot(120_000), slot(900_000), slot(960_000)];
const step = 60_000;

test.each([
  ['before the oldest', 59_999, null],
  ['at a start', 60_000, 0],
  ['within', 119_999, 0],
  ['in the night, so in the morning', 300_000, 2],
  ['in the newest', 970_000, 3],
  ['after the newest, whose next is not there yet', 1_100_000, 3],
])('a moment %s', (_, at, found) => expect(slotAt(slots, at, step)).toBe(found));

test('where nothing traded, it is the next bar that shows it, or the last there was', () => {
  const empty = (start: number): Slot => ({ start: start as EpochMs, bar: null });
  const gappy = [slot(60_000), empty(120_000), empty(180_000), slot(240_000), empty(300_000)];
  expect(slotAt(gappy, 125_000, step)).toBe(3);
  expect(slotAt(gappy, 310_000, step)).toBe(3);
  expect(slotAt([empty(60_000)], 61_000, step)).toBeNull();
});

test('nothing is marked where there are no bars', () => {
  expect(slotAt([], 5, step)).toBeNull();
  expect(marksBySlot([{ at: 5, text: '' }], [], step)).toEqual([]);
});

test('marks of one bar that look alike are one, in the order of time', () => {
  const mark = (at: number, look: 'news' | 'move') => ({ at, look, text: '' });
  const groups = marksBySlot(
    [mark(970_000, 'news'), mark(130_000, 'news'), mark(140_000, 'move'), mark(150_000, 'news')],
    slots,
    step,
  );
  expect(groups.map(({ slot, look, marks }) => [slot, look, marks.length])).toEqual([
    [1, 'news', 2],
    [1, 'move', 1],
    [3, 'news', 1],
  ]);
});
