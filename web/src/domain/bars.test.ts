import { describe, expect, test } from 'vitest';
import { bar } from '../testing/samples';
import type { Hours } from './api-types';
import { axisSeconds, GAP_SLOTS_MAX, mergeBars, withGaps, type TimedBar } from './bars';
import { parseTime, type EpochMs } from './time';

const ET = 'America/New_York';
const closes = (bars: TimedBar[]) => bars.map(({ close }) => close);
const day = (clock: string) => `2026-01-05T${clock}:00Z`;

describe('merging', () => {
  test('new bars go to the end, the last may grow', () => {
    const bars: TimedBar[] = [];
    expect(mergeBars(bars, [bar(day('14:30'), 1), bar(day('14:31'), 2)])).toBe('tail');
    expect(mergeBars(bars, [bar(day('14:31'), 3)])).toBe('tail');
    expect(mergeBars(bars, [bar(day('14:32'), 4)])).toBe('tail');
    expect(closes(bars)).toEqual([1, 3, 4]);
  });

  test('older pages, late bars and revisions reach into history', () => {
    const bars: TimedBar[] = [];
    mergeBars(bars, [bar(day('14:33'), 4), bar(day('14:34'), 5)]);
    expect(mergeBars(bars, [bar(day('14:30'), 1), bar(day('14:31'), 2)])).toBe('history');
    expect(mergeBars(bars, [bar(day('14:32'), 3)])).toBe('history');
    expect(mergeBars(bars, [bar(day('14:30'), 9)])).toBe('history');
    expect(closes(bars)).toEqual([9, 2, 3, 4, 5]);
  });

  test('a removed bar disappears, an unknown one changes nothing', () => {
    const bars: TimedBar[] = [];
    mergeBars(bars, [bar(day('14:30'), 1), bar(day('14:31'), 2)]);
    expect(mergeBars(bars, [{ start: day('14:31'), removed: true }])).toBe('history');
    expect(mergeBars(bars, [{ start: day('14:35'), removed: true }])).toBe('none');
    expect(closes(bars)).toEqual([1]);
  });

  test('any order and any split of the same bars ends the same', () => {
    const all = ['14:30', '14:31', '14:32', '14:33', '14:35'].map((at, i) => bar(day(at), i));
    const one: TimedBar[] = [];
    const other: TimedBar[] = [];
    mergeBars(one, all);
    for (const next of [3, 0, 4, 2, 1, 2]) mergeBars(other, [all[next] ?? bar(day('14:30'))]);
    expect(other).toEqual(one);
  });

  test('times that are no times are left out', () => {
    const bars: TimedBar[] = [];
    expect(mergeBars(bars, [bar('soon')])).toBe('none');
  });
});

describe('gaps', () => {
  const slots = (
    starts: string[],
    interval: '1m' | '1d' = '1m',
    session: 'regular' | 'extended' = 'extended',
    hours: Hours = 'us_equity',
  ) => {
    const bars: TimedBar[] = [];
    mergeBars(
      bars,
      starts.map((start) => bar(start)),
    );
    return withGaps(bars, interval, session, hours);
  };
  const empty = (all: { bar: unknown }[]) => all.filter((slot) => slot.bar === null).length;

  test('missing minutes of a session are empty slots', () => {
    const all = slots([day('15:00'), day('15:04')]);
    expect(all.length).toBe(5);
    expect(empty(all)).toBe(3);
  });

  test('nights are not filled', () => {
    expect(empty(slots(['2026-01-05T20:59:00Z', '2026-01-06T14:30:00Z']))).toBe(0);
  });

  test('in the regular session, hours outside it are no gap', () => {
    // Two late minutes of the pre-market lie between these and are not drawn.
    expect(empty(slots([day('14:28'), day('14:32')], '1m', 'regular'))).toBe(2);
  });

  test('days have no gaps, what is always open has no nights', () => {
    expect(empty(slots(['2026-01-02T05:00:00Z', '2026-01-05T05:00:00Z'], '1d'))).toBe(0);
    expect(empty(slots([day('02:00'), day('02:10')], '1m', 'extended', 'always'))).toBe(9);
  });

  test('an outage over midnight is a gap of what is always open', () => {
    const night = ['2026-01-06T04:58:00Z', '2026-01-06T05:03:00Z'];
    expect(empty(slots(night, '1m', 'extended', 'always'))).toBe(4);
    expect(empty(slots(night, '1m', 'regular', 'always'))).toBe(4);
    expect(empty(slots(night))).toBe(0);
  });

  test('an outage does not fill the chart with nothing', () => {
    expect(empty(slots([day('10:00'), day('23:00')], '1m', 'extended', 'always'))).toBe(
      GAP_SLOTS_MAX,
    );
  });
});

test('bars stand on the axis by the wall clock, days by their date', () => {
  const ms = (text: string) => parseTime(text) as EpochMs;
  const seconds = (text: string) => Date.parse(text) / 1000;
  expect(axisSeconds(ms('2026-01-05T14:30:00Z'), '1m', ET)).toBe(seconds('2026-01-05T09:30:00Z'));
  expect(axisSeconds(ms('2026-01-05T05:00:00Z'), '1d', ET)).toBe(seconds('2026-01-05T00:00:00Z'));
  expect(axisSeconds(ms('2026-01-05T00:00:00Z'), '1d', ET)).toBe(seconds('2026-01-05T00:00:00Z'));
});
