/** The line above the chart that reads one bar out: pure text, so it can be tested and spoken. */
import type { TimedBar } from '../../domain/bars';
import type { Interval } from '../../domain/api-types';
import { directionGlyph, directionOf, formatChange, formatCompact, formatPercent, formatPrice, decimalsOf } from '../../domain/price'; // prettier-ignore
import { formatClock, formatDate, formatDay, formatHourMinute, zoneLabel, type Zone } from '../../domain/time'; // prettier-ignore
import { dayPart, type Trading } from '../../domain/trading-hours';

export type Legend = {
  when: string;
  part: string;
  figures: [label: string, value: string][];
  change: string;
  direction: 'up' | 'down' | 'flat' | 'none';
};

const partWord = { pre: 'pre-market', regular: '', post: 'after hours', night: 'overnight' };

export function barTime({ start }: { start: number }, interval: Interval, zone: Zone): string {
  if (interval === '1d') return formatDate(start, start % 86_400_000 === 0 ? 'UTC' : zone);
  const clock = interval === '1s' ? formatClock : formatHourMinute;
  return `${formatDay(start, zone)} ${clock(start, zone)} ${zoneLabel[zone]}`;
}

export function legendOf(
  bar: TimedBar,
  previous: TimedBar | null,
  interval: Interval,
  { hours, zone }: Trading,
): Legend {
  const decimals = Math.max(2, ...[bar.open, bar.high, bar.low, bar.close].map(decimalsOf));
  const base = previous?.close ?? bar.open;
  // Both closes carry at most this many decimals, so their difference does too.
  const places = Math.max(decimals, decimalsOf(base));
  const change = Number((bar.close - base).toFixed(places));
  const direction = directionOf(change);
  return {
    when: barTime(bar, interval, zone),
    part: interval === '1d' ? '' : partWord[dayPart(bar.start, hours)],
    figures: [
      ['O', formatPrice(bar.open, decimals)],
      ['H', formatPrice(bar.high, decimals)],
      ['L', formatPrice(bar.low, decimals)],
      ['C', formatPrice(bar.close, decimals)],
      ['V', formatCompact(bar.volume)],
    ],
    change: `${directionGlyph[direction]} ${formatChange(change, decimals)} (${formatPercent(
      base === 0 ? null : (change / base) * 100,
    )})`,
    direction,
  };
}

/** Of a time without a bar, which the crosshair can be on. */
export function emptyLegend(
  slot: { start: number },
  interval: Interval,
  { hours, zone }: Trading,
): Legend {
  return {
    when: barTime(slot, interval, zone),
    part: interval === '1d' ? '' : partWord[dayPart(slot.start, hours)],
    figures: [],
    change: 'no trades',
    direction: 'none',
  };
}

export function spoken(legend: Legend): string {
  const names: Record<string, string> = { O: 'open', H: 'high', L: 'low', C: 'close', V: 'volume' };
  const figures = legend.figures.map(([label, value]) => `${names[label]} ${value}`).join(', ');
  return `${legend.when} ${legend.part}: ${figures}`;
}
