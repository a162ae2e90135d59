/** Search by symbol or company name; the server ranks. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { SymbolsAnswer } from '../../domain/api-types';
import { getJson } from '../../stream/request';
import { remember } from '../instruments';

export const RESULTS_MAX = 12;

export function searchQuery(text: string) {
  const q = text.trim();
  return queryOptions({
    queryKey: ['search', q.toUpperCase()],
    queryFn: async ({ signal }) => {
      const path = `/api/v1/symbols?q=${encodeURIComponent(q)}&limit=${RESULTS_MAX}`;
      const { symbols } = await getJson<SymbolsAnswer>(path, signal);
      remember(symbols);
      return symbols;
    },
    enabled: q !== '',
    staleTime: 60_000,
    // The last results stay while the next ones come, so the list does not blink.
    placeholderData: keepPreviousData,
    retry: 1,
  });
}
