import { expect, test } from 'vitest';
import { nextEvent } from './wording';

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
