/** Which part of the US trading day a time belongs to, for shading the chart. */
import { zoneOffset, type Zone } from './time';

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

export function dayPart(ms: number, zone: Zone): DayPart {
  if (zone === 'UTC') return 'regular';
  const wall = wallClock(ms, zone);
  const minute = Math.floor((((wall % DAY) + DAY) % DAY) / MINUTE);
  const close = closesEarly(Math.floor(wall / DAY)) ? 13 * 60 : 16 * 60;
  if (minute < 4 * 60 || minute >= 20 * 60) return 'night';
  if (minute < 9 * 60 + 30) return 'pre';
  return minute < close ? 'regular' : 'post';
}
