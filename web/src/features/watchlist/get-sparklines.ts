/** Sparklines: rows ask one at a time, the server is asked for many at once. */
import { queryOptions, type QueryClient } from '@tanstack/react-query';
import type { SparklinesAnswer } from '../../domain/api-types';
import type { MarketSymbol } from '../../domain/symbol';
import { getJson } from '../../stream/request';

const GATHER_MS = 30;
const PER_REQUEST = 80;

type Waiter = { resolve: (closes: number[]) => void; reject: (error: unknown) => void };

let waiting = new Map<MarketSymbol, Waiter[]>();
let timer: number | null = null;

function load(symbol: MarketSymbol): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const waiters = waiting.get(symbol) ?? [];
    waiters.push({ resolve, reject });
    waiting.set(symbol, waiters);
    timer ??= window.setTimeout(flush, GATHER_MS);
  });
}

function flush(): void {
  const all = [...waiting];
  waiting = new Map();
  timer = null;
  for (let i = 0; i < all.length; i += PER_REQUEST) void request(all.slice(i, i + PER_REQUEST));
}

async function request(batch: [MarketSymbol, Waiter[]][]): Promise<void> {
  const symbols = batch.map(([symbol]) => encodeURIComponent(symbol)).join(',');
  try {
    const answer = await getJson<SparklinesAnswer>(`/api/v1/sparklines?symbols=${symbols}`);
    for (const [symbol, waiters] of batch)
      for (const { resolve } of waiters) resolve(answer.sparklines[symbol]?.closes ?? []);
  } catch (error) {
    for (const [, waiters] of batch) for (const { reject } of waiters) reject(error);
  }
}

export function sparklineQuery(symbol: MarketSymbol) {
  return queryOptions({
    queryKey: ['sparkline', symbol],
    queryFn: () => load(symbol),
    staleTime: 4 * 60_000,
    refetchInterval: 5 * 60_000,
  });
}

export function knownCloses(client: QueryClient, symbol: MarketSymbol): number[] | undefined {
  return client.getQueryData(sparklineQuery(symbol).queryKey);
}
