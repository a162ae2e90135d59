/** Bars in order of their start: merging, revising, removing, and where the gaps are. */
import type { Bar, Hours, Interval, RemovedBar, SessionFilter } from './api-types';
import { parseTime, type EpochMs, type Zone } from './time';
import { dayNumber, dayPart, wallClock } from './trading-hours';

export const intervals: Interval[] = ['1s', '1m', '5m', '15m', '1h', '1d'];
export const sessionFilters: SessionFilter[] = ['regular', 'extended', 'all'];

export const intervalMs: Record<Interval, number> = {
  '1s': 1_000,
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
};

export type TimedBar = Omit<Bar, 'start'> & { start: EpochMs };

/** How deep a change reaches: nothing, only the newest bar or newer ones, or further back. */
export type BarChange = 'none' | 'tail' | 'history';

export function isRemoved(bar: Bar | RemovedBar): bar is RemovedBar {
  return 'removed' in bar && bar.removed;
}

function indexAtOrAfter(bars: readonly TimedBar[], start: number): number {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars[middle]?.start ?? Infinity) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts bars into `into` (ascending, changed in place) and says how deep the change reached. */
export function mergeBars(into: TimedBar[], news: readonly (Bar | RemovedBar)[]): BarChange {
  let change: BarChange = 'none';
  for (const bar of news) {
    const start = parseTime(bar.start);
    if (start === null) continue;
    const newest = into[into.length - 1]?.start ?? -Infinity;
    const at = indexAtOrAfter(into, start);
    const seen = into[at]?.start === start;
    if (isRemoved(bar)) {
      if (!seen) continue;
      into.splice(at, 1);
      change = 'history';
      continue;
    }
    const timed: TimedBar = { ...bar, start };
    if (seen) into[at] = timed;
    else into.splice(at, 0, timed);
    if (start < newest) change = 'history';
    else if (change === 'none') change = 'tail';
  }
  return change;
}

/** A slot of the chart: a bar, or a time inside a session at which nothing traded. */
export type Slot = { start: EpochMs; bar: TimedBar | null };

/** No single gap is drawn wider than this, so that an outage cannot fill the chart with nothing. */
export const GAP_SLOTS_MAX = 390;

function inSession(ms: number, hours: Hours, session: SessionFilter): boolean {
  const part = dayPart(ms, hours);
  return session === 'regular' ? part === 'regular' : part !== 'night';
}

const exchange = 'America/New_York';

/**
 * Bars with empty slots where a bar is missing while the instrument trades: inside one day's
 * session, nights not filled; or at any hour, for what is always open.
 */
export function withGaps(
  bars: readonly TimedBar[],
  interval: Interval,
  session: SessionFilter,
  hours: Hours,
): Slot[] {
  const slots: Slot[] = [];
  const step = intervalMs[interval];
  let previous: TimedBar | undefined;
  for (const bar of bars) {
    if (previous && interval !== '1d' && bar.start - previous.start > step) {
      const oneSession =
        hours === 'always' ||
        dayNumber(previous.start, exchange) === dayNumber(bar.start, exchange);
      if (oneSession) {
        let filled = 0;
        for (let at = previous.start + step; at < bar.start; at += step) {
          if (filled >= GAP_SLOTS_MAX) break;
          if (!inSession(at, hours, session)) continue;
          slots.push({ start: at as EpochMs, bar: null });
          filled += 1;
        }
      }
    }
    slots.push({ start: bar.start, bar });
    previous = bar;
  }
  return slots;
}

const DAY_MS = 86_400_000;

/**
 * Where a bar stands on the axis: the exchange's wall clock in seconds, as if it were UTC. Daily
 * bars stand on their date, whether they are named by midnight UTC or by the exchange's own.
 */
export function axisSeconds(start: EpochMs, interval: Interval, zone: Zone): number {
  if (interval !== '1d') return wallClock(start, zone) / 1000;
  const day = start % DAY_MS === 0 ? start / DAY_MS : dayNumber(start, zone);
  return day * (DAY_MS / 1000);
}

/**
 * Which slot a moment belongs to: the one it lies in, else the next with a bar, since what happens at night shows in the
 * morning. After the newest it is the newest; before the oldest it is none.
 */
export function slotAt(slots: readonly Slot[], at: number, step: number): number | null {
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slots[middle]?.start ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  const before = slots[low - 1];
  if (!before) return null;
  let found = at >= before.start + step && low < slots.length ? low : low - 1;
  while (!slots[found]?.bar && found < slots.length - 1) found += 1;
  while (!slots[found]?.bar && found > 0) found -= 1;
  return slots[found]?.bar ? found : null;
}
