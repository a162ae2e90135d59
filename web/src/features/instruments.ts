/** What a symbol stands for; names are remembered in this browser, so lists show them at once. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import type { Hours, Instrument, InstrumentDetail } from '../domain/api-types';
import type { MarketSymbol } from '../domain/symbol';
import { getJson } from '../stream/request';
import { readStored, writeStored } from '../ui/stored';

/** As remembered, perhaps by an earlier version of the page: the kind is any word. */
export type Known = {
  name: string;
  exchange: string | null;
  kind: string;
  hours?: Hours | undefined;
};

const KNOWN_MAX = 3000;
let known: Map<string, Known> | null = null;
let saving = false;

function memory(): Map<string, Known> {
  if (known) return known;
  known = new Map();
  const stored = readStored('instruments');
  if (Array.isArray(stored))
    for (const entry of stored as unknown[]) {
      if (!Array.isArray(entry)) continue;
      const [symbol, name, exchange, kind, hours] = entry as unknown[];
      if (typeof symbol === 'string' && typeof name === 'string' && typeof kind === 'string')
        known.set(symbol, {
          name,
          exchange: typeof exchange === 'string' ? exchange : null,
          kind,
          hours: hours === 'always' || hours === 'us_equity' ? hours : undefined,
        });
    }
  return known;
}

export function recall(symbol: MarketSymbol): Known | undefined {
  return memory().get(symbol);
}

export function remember(instruments: readonly Instrument[]): void {
  const all = memory();
  for (const { symbol, name, exchange, kind, hours } of instruments) {
    all.delete(symbol);
    all.set(symbol, { name, exchange, kind, hours });
  }
  for (const oldest of all.keys()) {
    if (all.size <= KNOWN_MAX) break;
    all.delete(oldest);
  }
  if (saving) return;
  saving = true;
  window.setTimeout(() => {
    saving = false;
    writeStored(
      'instruments',
      [...all].map(([symbol, one]) => [symbol, one.name, one.exchange, one.kind, one.hours]),
    );
  }, 500);
}

export function instrumentQuery(symbol: MarketSymbol) {
  return queryOptions({
    queryKey: ['instrument', symbol],
    queryFn: async ({ signal }) => {
      const path = `/api/v1/symbols/${encodeURIComponent(symbol)}`;
      const detail = await getJson<InstrumentDetail>(path, signal);
      remember([detail]);
      return detail;
    },
    staleTime: 10 * 60_000,
  });
}

/** The name of a symbol, asked for only when `needed` and not yet known. */
export function useKnown(symbol: MarketSymbol, needed: boolean): Known | undefined {
  const recalled = recall(symbol);
  const { data } = useQuery({ ...instrumentQuery(symbol), enabled: needed && !recalled });
  return data ?? recalled;
}
