/** When an instrument trades: which part of its day a time belongs to, and which clock it keeps. */
import type { Hours } from './api-types';
import { zoneOffset, type Zone } from './time';

/** `zone` is the clock its times are shown in; `hours` are when it trades. Neither follows from the other. */
export type Trading = { readonly hours: Hours; readonly zone: Zone };

const usShare: Trading = { hours: 'us_equity', zone: 'America/New_York' };
/** A US share of a market that is open day and night, such as the simulated one. */
const openShare: Trading = { hours: 'always', zone: 'America/New_York' };
const pair: Trading = { hours: 'always', zone: 'UTC' };

/** What is not yet known of the instrument is guessed by its symbol: pairs are `VENUE:PAIR`. */
export function tradingOf(
  known: { kind: string; hours?: Hours | undefined } | undefined,
  symbol: string,
): Trading {
  if (known ? known.kind === 'crypto' : symbol.includes(':')) return pair;
  return known?.hours === 'always' ? openShare : usShare;
}

export type DayPart = 'pre' | 'regular' | 'post' | 'night';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The zone's own wall clock as if it were UTC: what charts put on their axis. */
export function wallClock(ms: number, zone: Zone): number {
  return ms + zoneOffset(ms, zone);
}

export function dayNumber(ms: number, zone: Zone): number {
  return Math.floor(wallClock(ms, zone) / DAY);
}

/** The days that close at 13:00: before Independence Day, after Thanksgiving, Christmas Eve. */
export function closesEarly(day: number): boolean {
  const date = new Date(day * DAY);
  const weekday = date.getUTCDay();
  const dayOfMonth = date.getUTCDate();
  switch (date.getUTCMonth()) {
    case 6:
      return dayOfMonth === 3 && weekday >= 1 && weekday <= 4;
    case 10:
      return weekday === 5 && dayOfMonth >= 23 && dayOfMonth <= 29;
    case 11:
      return dayOfMonth === 24 && weekday >= 1 && weekday <= 4;
    default:
      return false;
  }
}

/** All of the clock around counts as the regular session of what is always open. */
export function dayPart(ms: number, hours: Hours): DayPart {
  if (hours === 'always') return 'regular';
  const wall = wallClock(ms, 'America/New_York');
  const minute = Math.floor((((wall % DAY) + DAY) % DAY) / MINUTE);
  const close = closesEarly(Math.floor(wall / DAY)) ? 13 * 60 : 16 * 60;
  if (minute < 4 * 60 || minute >= 20 * 60) return 'night';
  if (minute < 9 * 60 + 30) return 'pre';
  return minute < close ? 'regular' : 'post';
}
