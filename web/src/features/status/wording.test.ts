import { expect, test } from 'vitest';
import type { Feed } from '../../domain/api-types';
import { mayHaveMissed, nextEvent, openBesides, unknownSince } from './wording';

const now = Date.parse('2026-01-05T18:47:00Z');
const closes_at = '2026-01-05T21:00:00Z';
const opens_at = '2026-01-06T14:30:00Z';

test('the next event of the market', () => {
  expect(nextEvent({ session: 'regular', opens_at, closes_at }, now)).toBe(
    'closes in 2 h 13 min (16:00 ET)',
  );
  expect(nextEvent({ session: 'closed', opens_at, closes_at: null }, now)).toBe(
    'opens in 19 h 43 min (Tue, Jan 6, 09:30 ET)',
  );
  expect(nextEvent({ session: 'closed', opens_at: null, closes_at: null }, now)).toBeNull();
  // A clock that is a little off must not announce the past.
  expect(nextEvent({ session: 'regular', opens_at, closes_at }, now + 9e6)).toBeNull();
});

test('what is open besides the US market is named as it is shown', () => {
  const share = { name: 'Apple Inc.', exchange: 'NASDAQ', kind: 'stock' };
  const usShare = { ...share, hours: 'us_equity' as const };
  const openShare = { ...share, hours: 'always' as const };
  const pair = { ...openShare, kind: 'crypto' };
  expect(openBesides([], true)).toBeNull();
  expect(openBesides([usShare, share, undefined], true)).toBeNull();
  expect(openBesides([usShare, pair], true)).toBe('crypto open');
  expect(openBesides([pair, openShare], true)).toBe('simulation running');
  expect(openBesides([pair, openShare], false)).toBe('other markets open');
});

test('what is not heard of any more is not told as if it were so', () => {
  expect(unknownSince(now, now + 5_000)).toBe('unknown since 13:47 ET');
});

test('reconnections are told as what may be missing', () => {
  const feed: Feed = {
    name: 'finnhub',
    source: 'finnhub',
    state: 'up',
    detail: null,
    symbols_subscribed: 1,
    symbols_waiting: 0,
    symbol_limit: 50,
    last_event_at: null,
    delay_ms: null,
    reconnects: 0,
    gaps: 0,
    recent_gaps: [],
  };
  expect(mayHaveMissed(feed)).toBeNull();
  expect(mayHaveMissed({ ...feed, reconnects: 1 })).toContain('once');
  expect(mayHaveMissed({ ...feed, reconnects: 3 })).toContain('3 times');
});
