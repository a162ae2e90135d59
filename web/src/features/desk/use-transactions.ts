/** The complete list, page by page, and what is added to it while one looks. */
import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import type { TransactionBody, TransactionsAnswer } from '../../domain/api-types';
import { filterQuery, matches, type Filter } from '../../domain/transactions';
import { getJson } from '../../stream/request';
import { useLink, useStream } from '../live';

const PER_PAGE = 100;

type Pages = InfiniteData<TransactionsAnswer, string | null>;

export function transactionsPathOf(filter: Filter, more: Record<string, string> = {}): string {
  const query = filterQuery(filter);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  const text = query.toString();
  return `/api/v1/transactions${text && `?${text}`}`;
}

/** The pages with one more in front, unless it is there already. */
export function withNewest(pages: Pages, newest: TransactionBody): Pages {
  const [first, ...rest] = pages.pages;
  if (!first || pages.pages.some((page) => page.transactions.some(({ id }) => id === newest.id)))
    return pages;
  return {
    ...pages,
    pages: [{ ...first, transactions: [newest, ...first.transactions] }, ...rest],
  };
}

export function useTransactions(filter: Filter) {
  const { desk } = useStream();
  const client = useQueryClient();
  const link = useLink();
  const key = useMemo(() => ['transactions', filter], [filter]);
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      getJson<TransactionsAnswer>(
        transactionsPathOf(filter, {
          limit: String(PER_PAGE),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        }),
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    gcTime: 0,
  });

  useEffect(
    () =>
      desk.watchNews((news) => {
        if (!matches(filter, news)) return;
        client.setQueryData<Pages>(key, (pages) => pages && withNewest(pages, news));
      }),
    [desk, client, key, filter],
  );

  // What happened while the connection was away was not told.
  const isOpen = link.phase === 'open';
  const { refetch } = query;
  useEffect(() => {
    if (isOpen) return;
    return () => void refetch();
  }, [isOpen, refetch]);

  const transactions = useMemo(
    () => query.data?.pages.flatMap((page) => page.transactions) ?? [],
    [query.data],
  );
  return { ...query, transactions };
}
