import { expect, test } from 'vitest';
import { formatClock, formatDelay, formatSpan, formatWhen, parseTime, toRfc3339, zoneOffset } from './time'; // prettier-ignore
import { closesEarly, dayNumber, dayPart, tradingOf } from './trading-hours';

const ET = 'America/New_York';
const at = (text: string) => Date.parse(text);

test('New York is five hours behind in winter and four in summer', () => {
  expect(zoneOffset(at('2026-01-05T15:00:00Z'), ET)).toBe(-5 * 3_600_000);
  expect(zoneOffset(at('2026-07-06T15:00:00Z'), ET)).toBe(-4 * 3_600_000);
  // The change itself, to the second.
  expect(zoneOffset(at('2026-03-08T06:59:59Z'), ET)).toBe(-5 * 3_600_000);
  expect(zoneOffset(at('2026-03-08T07:00:00Z'), ET)).toBe(-4 * 3_600_000);
  expect(zoneOffset(at('2026-07-06T15:00:00Z'), 'UTC')).toBe(0);
});

test.each([
  ['2026-01-05T08:59:00Z', 'night'],
  ['2026-01-05T09:00:00Z', 'pre'],
  ['2026-01-05T14:29:59Z', 'pre'],
  ['2026-01-05T14:30:00Z', 'regular'],
  ['2026-01-05T20:59:59Z', 'regular'],
  ['2026-01-05T21:00:00Z', 'post'],
  ['2026-01-06T01:00:00Z', 'night'],
  ['2026-07-06T13:30:00Z', 'regular'],
  ['2026-11-27T17:59:00Z', 'regular'],
  ['2026-11-27T18:00:00Z', 'post'],
])('%s is %s', (time, part) => {
  expect(dayPart(at(time), 'us_equity')).toBe(part);
});

test('what is always open has no night and no pre-market', () => {
  expect(dayPart(at('2026-01-05T03:00:00Z'), 'always')).toBe('regular');
  expect(dayPart(at('2026-01-05T13:00:00Z'), 'always')).toBe('regular');
});

test('hours and clock are known of the instrument, or guessed by its symbol', () => {
  const share = { hours: 'us_equity', zone: ET };
  const pair = { hours: 'always', zone: 'UTC' };
  expect(tradingOf(undefined, 'AAPL')).toEqual(share);
  expect(tradingOf(undefined, 'BINANCE:BTCUSDT')).toEqual(pair);
  expect(tradingOf({ kind: 'crypto', hours: 'always' }, 'BTCUSD')).toEqual(pair);
  expect(tradingOf({ kind: 'stock', hours: 'us_equity' }, 'AAPL')).toEqual(share);
  // A simulated share trades at night too, and its times are still read in New York.
  expect(tradingOf({ kind: 'stock', hours: 'always' }, 'AAPL')).toEqual({
    hours: 'always',
    zone: ET,
  });
  // Remembered by an earlier version of the page, which did not keep the hours.
  expect(tradingOf({ kind: 'stock' }, 'AAPL')).toEqual(share);
});

test('early closes', () => {
  const day = (text: string) => dayNumber(at(`${text}T17:00:00Z`), ET);
  expect(closesEarly(day('2026-11-27'))).toBe(true);
  expect(closesEarly(day('2026-11-26'))).toBe(false);
  expect(closesEarly(day('2026-12-24'))).toBe(true);
  expect(closesEarly(day('2025-07-03'))).toBe(true);
  // In 2026 the third of July is itself the holiday.
  expect(closesEarly(day('2026-07-03'))).toBe(false);
});

test('times read and written', () => {
  expect(parseTime('2026-01-05T14:30:00Z')).toBe(at('2026-01-05T14:30:00Z'));
  expect(parseTime('yesterday')).toBeNull();
  expect(parseTime(null)).toBeNull();
  expect(toRfc3339(at('2026-01-05T14:30:00Z'))).toBe('2026-01-05T14:30:00Z');
});

test('spans and delays are as coarse as is useful', () => {
  expect(formatSpan(12_000)).toBe('12 s');
  expect(formatSpan(4 * 60_000)).toBe('4 min');
  expect(formatSpan(2 * 3_600_000 + 5 * 60_000)).toBe('2 h 05 min');
  expect(formatSpan(72 * 3_600_000)).toBe('3 days');
  expect(formatDelay(3)).toBe('3 ms');
  expect(formatDelay(1500)).toBe('1.5 s');
  expect(formatDelay(900_000)).toBe('15 min');
});

test('old times show their day', () => {
  const now = at('2026-01-06T15:00:00Z');
  expect(formatWhen(at('2026-01-06T14:59:58Z'), now, ET)).toBe('09:59:58');
  expect(formatWhen(at('2026-01-02T20:59:58Z'), now, ET)).toBe('Fri, Jan 2');
});

test('a clock reads the same the first time and again', () => {
  const ms = at('2026-01-06T14:59:58.900Z');
  for (let i = 0; i < 2; i += 1) {
    expect(formatClock(ms, ET)).toBe('09:59:58');
    expect(formatClock(ms, 'UTC')).toBe('14:59:58');
  }
});
