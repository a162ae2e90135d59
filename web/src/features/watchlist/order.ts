/** The order rows are shown in: the reader's own, or sorted and sorted again at a calm pace. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type RefObject } from 'react';
import type { MarketSymbol } from '../../domain/symbol';
import { recall } from '../instruments';
import { useStream } from '../live';
import { sortSymbols, type Sort } from './columns';
import { knownCloses } from './get-sparklines';
import { trendOf } from './sparkline';

/** Sorted rows change places at most this often, and never under the pointer. */
const SORT_EVERY_MS = 2000;

export function useOrder(
  symbols: readonly MarketSymbol[],
  sort: Sort | null,
  body: RefObject<HTMLElement | null>,
): readonly MarketSymbol[] {
  const { live } = useStream();
  const client = useQueryClient();
  const [sorted, setSorted] = useState<{ key: unknown; order: MarketSymbol[] } | null>(null);
  const key = sort ? `${sort.column}/${sort.descending}` : '';

  useEffect(() => {
    if (!sort) return;
    const chosen = sort;
    function arrange() {
      const rows = symbols.map((symbol) => {
        const row = live.get(symbol);
        return {
          symbol,
          row,
          name: recall(symbol)?.name ?? '',
          trend: trendOf(knownCloses(client, symbol), row.figures?.price ?? null),
        };
      });
      const order = sortSymbols(rows, chosen);
      setSorted((old) =>
        old?.key === key && old.order.join() === order.join() ? old : { key, order },
      );
    }
    const first = window.setTimeout(arrange);
    const timer = window.setInterval(() => {
      const held = body.current?.matches(':hover, :focus-within, :has([data-dragging])') ?? false;
      if (!held) arrange();
    }, SORT_EVERY_MS);
    return () => {
      window.clearTimeout(first);
      window.clearInterval(timer);
    };
  }, [symbols, sort, key, live, client, body]);

  if (!sort || sorted?.key !== key) return symbols;
  // Between a change of the list and the next sorting: keep what is still there, add what is new.
  const wanted = new Set(symbols);
  const kept = sorted.order.filter((symbol) => wanted.delete(symbol));
  return wanted.size === 0 && kept.length === sorted.order.length
    ? sorted.order
    : [...kept, ...wanted];
}
