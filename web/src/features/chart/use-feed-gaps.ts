/** When the feed lost trades of a symbol, as the server knows it; asked anew when the status counts another. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { GapsAnswer } from '../../domain/api-types';
import { feedGaps, type FeedGap } from '../../domain/feed-gaps';
import type { MarketSymbol } from '../../domain/symbol';
import { getJson } from '../../stream/request';
import { useStatus } from '../live';

const none: FeedGap[] = [];

export function useFeedGaps(symbol: MarketSymbol): FeedGap[] {
  const heard = useStatus()?.status;
  const count = heard?.feeds.reduce((sum, feed) => sum + feed.gaps, 0);
  const { data } = useQuery({
    queryKey: ['gaps', symbol, heard?.epoch, count],
    queryFn: async ({ signal }) =>
      feedGaps(await getJson<GapsAnswer>(`/api/v1/gaps/${encodeURIComponent(symbol)}`, signal)),
    enabled: count !== undefined && count > 0,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  return data ?? none;
}
