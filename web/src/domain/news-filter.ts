/** Which articles are listed: as an address, as a question to the server, and for what comes live. */
import type { ArticleBody, NewsAnswer } from './api-types';
import { newsPath } from './paths';

export type NewsFilter = {
  /** The boolean language; the server alone knows it. */
  q: string;
  symbol: string;
  source: string;
  stream: string;
};

export const allNews: NewsFilter = { q: '', symbol: '', source: '', stream: '' };
const names = ['q', 'symbol', 'source', 'stream'] as const;

export const NEWS_PER_PAGE = 50;

export function isNarrowed(filter: NewsFilter): boolean {
  return names.some((name) => filter[name] !== '');
}

export function filterFrom(search: string): NewsFilter {
  const query = new URLSearchParams(search);
  const filter = { ...allNews };
  for (const name of names) filter[name] = query.get(name)?.trim() ?? '';
  return filter;
}

function queryOf(filter: NewsFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of names) if (filter[name] !== '') query.set(name, filter[name]);
  return query;
}

/** The page's address with this filter. */
export function newsPathOf(filter: NewsFilter): string {
  const query = queryOf(filter).toString();
  return newsPath + (query && `?${query}`);
}

/** What the server is asked. */
export function newsRequest(filter: NewsFilter, cursor: string | null): string {
  const query = queryOf(filter);
  query.set('limit', String(NEWS_PER_PAGE));
  if (cursor !== null) query.set('cursor', cursor);
  return `/api/v1/news?${query.toString()}`;
}

/** Whether an article is of those; null where the server has to be asked. */
export function passes(filter: NewsFilter, article: ArticleBody): boolean | null {
  const { q, symbol, source, stream } = filter;
  if (source !== '' && article.source !== source) return false;
  if (stream !== '' && !article.streams.includes(stream)) return false;
  if (symbol !== '' && !article.symbols.some((one) => one.symbol === symbol)) return false;
  return q === '' ? true : null;
}

type Pages = readonly NewsAnswer[];

/** Pages in order, without what moved from one to the next while they were fetched. */
export function articlesOf(pages: Pages): ArticleBody[] {
  const seen = new Set<string>();
  return pages
    .flatMap(({ articles }) => articles)
    .filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** The pages with an article as it is now, where it stands; null where none of them has it. */
export function withUpdate<T extends NewsAnswer>(
  pages: readonly T[],
  article: ArticleBody,
): T[] | null {
  const has = (page: T) => page.articles.some(({ id }) => id === article.id);
  if (!pages.some(has)) return null;
  return pages.map((page) =>
    has(page)
      ? {
          ...page,
          articles: page.articles.map((one) =>
            // What comes live tells of no symbol's price, and what is measured stays true.
            one.id === article.id ? { ...article, impact: one.impact } : one,
          ),
        }
      : page,
  );
}

/** Whether an article stands among those that are shown, and not in what is to be fetched yet. */
export function isInReach(pages: Pages, article: ArticleBody): boolean {
  if (pages.at(-1)?.next_cursor == null) return true;
  const oldest = articlesOf(pages).at(-1);
  return !oldest || Date.parse(article.published_at) >= Date.parse(oldest.published_at);
}

/** The pages with articles added, newest first; all stand on the first page then, and the last still leads on. */
export function withNewest<T extends NewsAnswer>(
  pages: readonly T[],
  fresh: readonly ArticleBody[],
): T[] {
  const shown = articlesOf(pages);
  const known = new Set(shown.map(({ id }) => id));
  const articles = [...fresh.filter(({ id }) => !known.has(id)), ...shown].sort(
    (a, b) => Date.parse(b.published_at) - Date.parse(a.published_at),
  );
  return pages.map((page, at) => ({ ...page, articles: at === 0 ? articles : [] }));
}
