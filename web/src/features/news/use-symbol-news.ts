/** The articles about one symbol with what the price did after each, and its unusual moves. */
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import type { ArticleBody, MoveBody, MovesAnswer, NewsAnswer } from '../../domain/api-types';
import { allNews, articlesOf, newsRequest } from '../../domain/news-filter';
import { headline, deviationWords, webLink } from '../../domain/news-words';
import { formatPercent } from '../../domain/price';
import type { MarketSymbol } from '../../domain/symbol';
import { formatHourMinute, type Zone } from '../../domain/time';
import { getJson } from '../../stream/request';
import type { ChartMark } from '../chart-lines';
import { useLink, useStream } from '../live';

/** What followed an article is known when its time is over. */
const MEASURED_EVERY_MS = 60_000;
const TOGETHER_MS = 500;
const noMarks: readonly ChartMark[] = [];

/** Asks anew when an article about the symbol has come, or may have. */
function useFollow(symbol: MarketSymbol): void {
  const { news } = useStream();
  const client = useQueryClient();
  const isOpen = useLink().phase === 'open';
  useEffect(() => {
    let timer: number | null = null;
    const stop = news.watch(({ article }) => {
      if (!article.symbols.some((one) => one.symbol === symbol)) return;
      timer ??= window.setTimeout(() => {
        timer = null;
        void client.invalidateQueries({ queryKey: ['symbol-news', symbol] });
      }, TOGETHER_MS);
    });
    return () => {
      stop();
      if (timer !== null) window.clearTimeout(timer);
    };
  }, [news, client, symbol]);
  useEffect(() => {
    if (isOpen) return;
    return () => void client.invalidateQueries({ queryKey: ['symbol-news', symbol] });
  }, [isOpen, client, symbol]);
}

export function useSymbolNews(symbol: MarketSymbol) {
  useFollow(symbol);
  const query = useInfiniteQuery({
    queryKey: ['symbol-news', symbol, 'articles'],
    queryFn: ({ pageParam, signal }) =>
      getJson<NewsAnswer>(newsRequest({ ...allNews, symbol }, pageParam), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: MEASURED_EVERY_MS,
  });
  const articles = useMemo(() => articlesOf(query.data?.pages ?? []), [query.data]);
  return { ...query, articles, pooled: query.data?.pages[0]?.pooled ?? null };
}

export function useMoves(symbol: MarketSymbol) {
  return useQuery({
    queryKey: ['symbol-news', symbol, 'moves'],
    queryFn: ({ signal }) =>
      getJson<MovesAnswer>(`/api/v1/moves/${encodeURIComponent(symbol)}?limit=20`, signal),
    refetchInterval: MEASURED_EVERY_MS,
  });
}

function articleMark(article: ArticleBody, zone: Zone): ChartMark {
  const at = Date.parse(article.published_at);
  const href = webLink(article.url);
  return {
    at,
    look: 'news',
    id: article.id,
    text: '',
    told: `${formatHourMinute(at, zone)} ${headline(article)}`,
    ...(href === null ? {} : { href }),
  };
}

function moveMark({ onset, change_percent, deviations }: MoveBody): ChartMark {
  return {
    at: Date.parse(onset),
    look: 'move',
    id: onset,
    text: formatPercent(change_percent),
    told: `Unusual move of ${formatPercent(change_percent)}, ${deviationWords(deviations)}`,
  };
}

/** Articles and moves as marks of the chart. */
export function useNewsMarks(
  articles: readonly ArticleBody[],
  moves: readonly MoveBody[] | undefined,
  zone: Zone,
  isOn: boolean,
): readonly ChartMark[] {
  return useMemo(
    () =>
      isOn
        ? [...articles.map((one) => articleMark(one, zone)), ...(moves ?? []).map(moveMark)]
        : noMarks,
    [articles, moves, zone, isOn],
  );
}
