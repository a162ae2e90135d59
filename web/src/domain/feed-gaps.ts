/** Times in which a feed lost trades of a symbol: what is said of them, and where they lie among the slots. */
import type { GapsAnswer } from './api-types';
import type { Slot } from './bars';
import { formatClock, formatDay, parseTime, zoneLabel, type EpochMs, type Zone } from './time';
import { dayNumber } from './trading-hours';

export type FeedGap = { feed: string; from: EpochMs; to: EpochMs };

/** Between the edges of slots: the first slot reaches from 0 to 1. */
export type GapSpan = { from: number; to: number; gap: FeedGap };

export function feedGaps(answer: GapsAnswer): FeedGap[] {
  return answer.gaps.flatMap(({ feed, from, to }) => {
    const [began, ended] = [parseTime(from), parseTime(to)];
    return began === null || ended === null || ended <= began ? [] : [{ feed, from: began, to: ended }]; // prettier-ignore
  });
}

/** As one would say it; the day is named where the chart may show others. */
export function gapText({ feed, from, to }: FeedGap, zone: Zone): string {
  const until =
    dayNumber(from, zone) === dayNumber(to, zone)
      ? formatClock(to, zone)
      : `${formatDay(to, zone)} ${formatClock(to, zone)}`;
  return `No data from ${formatDay(from, zone)} ${formatClock(from, zone)} to ${until} ${zoneLabel[zone]}: the connection to ${feed} was lost`;
}

/** The gaps whose time a window shares. */
export function gapsWithin(gaps: readonly FeedGap[], start: number, end: number): FeedGap[] {
  return gaps.filter(({ from, to }) => from < end && to > start);
}

/**
 * Where gaps lie on an axis that leaves out nights and weekends. After the newest slot there is room for
 * `after` more; what lies between two slots, where no time is drawn, is left out.
 */
export function gapSpans(
  slots: readonly Slot[],
  step: number,
  gaps: readonly FeedGap[],
  after: number,
): GapSpan[] {
  const first = slots[0];
  if (!first) return [];
  const edge = (ms: number): number => {
    if (ms <= first.start) return 0;
    let low = 0;
    let high = slots.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((slots[middle]?.start ?? Infinity) <= ms) low = middle;
      else high = middle - 1;
    }
    const room = low === slots.length - 1 ? 1 + after : 1;
    return low + Math.min(room, (ms - (slots[low]?.start ?? ms)) / step);
  };
  return gaps
    .map((gap) => ({ from: edge(gap.from), to: edge(gap.to), gap }))
    .filter(({ from, to }) => to > from);
}
