import { expect, test } from 'vitest';
import { mergeBars, type TimedBar } from '../../domain/bars';
import { bar } from '../../testing/samples';
import type { Trading } from '../../domain/trading-hours';
import { legendOf, spoken } from './legend';
import { shadedSpans } from './session-shade';

const share: Trading = { hours: 'us_equity', zone: 'America/New_York' };
const openShare: Trading = { hours: 'always', zone: 'America/New_York' };
const bars: TimedBar[] = [];
mergeBars(bars, [
  bar('2026-01-05T14:29:00Z', 150.1),
  bar('2026-01-05T14:30:00Z', 150.4, { open: 150.1, high: 150.5, low: 150.05, volume: 12_345 }),
]);
const [first, second] = bars as [TimedBar, TimedBar];

test('a bar is read out against the one before', () => {
  const legend = legendOf(second, first, '1m', share);
  expect(legend.when).toBe('Mon, Jan 5 09:30 ET');
  expect(legend.part).toBe('');
  expect(legend.figures.map(([, value]) => value)).toEqual(['150.10', '150.50', '150.05', '150.40', '12.3K']); // prettier-ignore
  expect(legend.change).toBe('▲ +0.30 (+0.20%)');
  expect(spoken(legend)).toContain('close 150.40');
});

test('the hours outside the session are named and shaded', () => {
  expect(legendOf(first, null, '1m', share).part).toBe('pre-market');
  const slots = bars.map((one) => ({ start: one.start, bar: one }));
  expect(shadedSpans(slots, 'us_equity')).toEqual([{ from: 0, to: 0 }]);
});

test('what is always open has no hours outside its session', () => {
  expect(legendOf(first, null, '1m', openShare).part).toBe('');
  expect(legendOf(first, null, '1m', openShare).when).toBe('Mon, Jan 5 09:29 ET');
  const slots = bars.map((one) => ({ start: one.start, bar: one }));
  expect(shadedSpans(slots, 'always')).toEqual([]);
});
