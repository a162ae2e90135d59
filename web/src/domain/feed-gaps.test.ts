import { describe, expect, test } from 'vitest';
import type { Slot } from './bars';
import { feedGaps, gapSpans, gapsWithin, gapText, type FeedGap } from './feed-gaps';
import type { EpochMs } from './time';

const minute = 60_000;
const slot = (n: number): Slot => ({ start: (n * minute) as EpochMs, bar: null });
const gap = (from: number, to: number): FeedGap => ({
  feed: 'finnhub',
  from: (from * minute) as EpochMs,
  to: (to * minute) as EpochMs,
});
const edges = (slots: Slot[], ...gaps: FeedGap[]) =>
  gapSpans(slots, minute, gaps, 4).map(({ from, to }) => [from, to]);

test('what the server tells, without what cannot be drawn', () => {
  const told = { from: '2026-01-05T19:02:10Z', to: '2026-01-05T19:02:55.5Z' };
  const gaps = feedGaps({
    symbol: 'AAPL',
    gaps: [
      { feed: 'finnhub', ...told },
      { feed: 'finnhub', from: told.to, to: told.from },
      { feed: 'finnhub', from: 'soon', to: told.to },
    ],
  });
  expect(gaps).toEqual([{ feed: 'finnhub', from: Date.parse(told.from), to: Date.parse(told.to) }]);
});

test('said in the time of the chart', () => {
  const at = (text: string) => Date.parse(text) as EpochMs;
  const short = { feed: 'finnhub', from: at('2026-01-05T19:02:10Z'), to: at('2026-01-05T19:02:55Z') }; // prettier-ignore
  expect(gapText(short, 'America/New_York')).toBe(
    'No data from Mon, Jan 5 14:02:10 to 14:02:55 ET: the connection to finnhub was lost',
  );
  expect(gapText({ ...short, to: at('2026-01-06T01:00:00Z') }, 'UTC')).toBe(
    'No data from Mon, Jan 5 19:02:10 to Tue, Jan 6 01:00:00 UTC: the connection to finnhub was lost',
  );
});

describe('where a gap lies', () => {
  const slots = [10, 11, 12].map(slot);

  test('parts of slots', () => {
    expect(edges(slots, gap(10.5, 11.25))).toEqual([[0.5, 1.25]]);
    expect(edges(slots, gap(11, 12))).toEqual([[1, 2]]);
  });
  test('from before the first, and into the room after the newest', () => {
    expect(edges(slots, gap(2, 10.5))).toEqual([[0, 0.5]]);
    expect(edges(slots, gap(12.5, 14))).toEqual([[2.5, 4]]);
    expect(edges(slots, gap(12.5, 99))).toEqual([[2.5, 7]]);
  });
  test('times that the axis leaves out are left out', () => {
    const night = [slot(10), slot(900)];
    expect(edges(night, gap(11, 900))).toEqual([]);
    expect(edges(night, gap(10.5, 900.5))).toEqual([[0.5, 1.5]]);
    expect(edges(slots, gap(1, 9), gap(200, 300))).toEqual([]);
    expect(edges([], gap(1, 2))).toEqual([]);
  });
});

test('the gaps of one bar', () => {
  const gaps = [gap(1, 2), gap(2.5, 5)];
  expect(gapsWithin(gaps, 2 * minute, 3 * minute)).toEqual([gaps[1]]);
  expect(gapsWithin(gaps, 5 * minute, 6 * minute)).toEqual([]);
});
