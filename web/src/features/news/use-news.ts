/** Articles page by page; what comes while one reads is held back until it is asked for. */
import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ArticleBody, NewsAnswer } from '../../domain/api-types';
import {
  articlesOf,
  isInReach,
  newsRequest,
  NEWS_PER_PAGE,
  passes,
  withNewest,
  withUpdate,
  type NewsFilter,
} from '../../domain/news-filter';
import { getJson } from '../../stream/request';
import { useLink, useStream } from '../live';

type Pages = InfiniteData<NewsAnswer, string | null>;

/** Articles come in handfuls; one question tells of all of them. */
const ASK_AFTER_MS = 1000;
const none: readonly ArticleBody[] = [];

function renewed(articles: readonly ArticleBody[], article: ArticleBody): ArticleBody[] {
  return articles.map((one) => (one.id === article.id ? article : one));
}

export function useNews(filter: NewsFilter) {
  const { news } = useStream();
  const client = useQueryClient();
  const isOpen = useLink().phase === 'open';
  const key = useMemo(() => ['news', filter], [filter]);
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => getJson<NewsAnswer>(newsRequest(filter, pageParam), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    gcTime: 0,
  });
  const [held, setHeld] = useState<{ key: unknown; articles: readonly ArticleBody[] }>();
  const fresh = held?.key === key ? held.articles : none;

  const hold = useCallback(
    (articles: readonly ArticleBody[]) => {
      const pages = client.getQueryData<Pages>(key)?.pages;
      // Before the first answer there is nothing that could jump: the answer has them.
      if (!pages) return;
      const shown = new Set(articlesOf(pages).map(({ id }) => id));
      setHeld((before) => {
        const kept = before?.key === key ? before.articles : none;
        const ids = new Set(articles.map(({ id }) => id));
        const all = [...articles, ...kept.filter(({ id }) => !ids.has(id))];
        const news = all.filter((one) => !shown.has(one.id) && isInReach(pages, one));
        return { key, articles: news.slice(0, NEWS_PER_PAGE) };
      });
    },
    [client, key],
  );

  const timer = useRef<number | null>(null);
  /** What the server says is new, where the page cannot know it. */
  const ask = useCallback(() => {
    timer.current ??= window.setTimeout(() => {
      timer.current = null;
      getJson<NewsAnswer>(newsRequest(filter, null)).then(
        ({ articles }) => hold(articles),
        () => undefined, // The next article, or the next connection, asks again.
      );
    }, ASK_AFTER_MS);
  }, [filter, hold]);
  useEffect(
    () => () => {
      if (timer.current !== null) window.clearTimeout(timer.current);
      timer.current = null;
    },
    [ask],
  );

  useEffect(
    () =>
      news.watch(({ change, article }) => {
        const pages = client.getQueryData<Pages>(key);
        const updated = pages && withUpdate(pages.pages, article);
        if (updated) client.setQueryData<Pages>(key, { ...pages, pages: updated });
        else if (change === 'updated')
          setHeld((before) => before && { ...before, articles: renewed(before.articles, article) });
        else {
          const isOne = passes(filter, article);
          if (isOne === null) ask();
          else if (isOne) hold([article]);
        }
      }),
    [ask, client, filter, hold, key, news],
  );

  // What came while the connection was away was not told.
  const wasLost = useRef(false);
  useEffect(() => {
    if (isOpen && wasLost.current) ask();
    wasLost.current = !isOpen;
  }, [isOpen, ask]);

  const { refetch } = query;
  const show = useCallback(() => {
    setHeld(undefined);
    // More than a page of them may have a hole behind them: the list begins anew.
    const isHole = fresh.length >= NEWS_PER_PAGE;
    client.setQueryData<Pages>(
      key,
      (data) =>
        data &&
        (isHole
          ? { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) }
          : { ...data, pages: withNewest(data.pages, fresh) }),
    );
    if (isHole) void refetch();
  }, [client, fresh, key, refetch]);

  const articles = useMemo(() => articlesOf(query.data?.pages ?? []), [query.data]);
  return { ...query, articles, fresh, show };
}
