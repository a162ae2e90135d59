/** Everybody, a page at a time. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { UsersAnswer } from '../../domain/api-types';
import { getJson } from '../../stream/request';

export function useUsers() {
  return useInfiniteQuery({
    queryKey: ['users'],
    queryFn: ({ pageParam, signal }) => {
      const cursor = pageParam === '' ? '' : `&cursor=${encodeURIComponent(pageParam)}`;
      return getJson<UsersAnswer>(`/api/v1/admin/users?limit=100${cursor}`, signal);
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
}
