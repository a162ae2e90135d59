/** Stored bars of one symbol, newest first to ask for and ascending to get. */
import type { BarsAnswer, Interval, SessionFilter } from '../../domain/api-types';
import type { MarketSymbol } from '../../domain/symbol';
import { toRfc3339 } from '../../domain/time';
import { getJson } from '../../stream/request';

export const BARS_PER_PAGE = 1000;

export type BarsWanted = { symbol: MarketSymbol; interval: Interval; session: SessionFilter };

export function getBars(
  { symbol, interval, session }: BarsWanted,
  to: number | null,
  signal: AbortSignal,
): Promise<BarsAnswer> {
  const query = new URLSearchParams({ interval, session, limit: String(BARS_PER_PAGE) });
  if (to !== null) query.set('to', toRfc3339(to));
  return getJson(`/api/v1/bars/${encodeURIComponent(symbol)}?${query.toString()}`, signal);
}
