import { expect, test } from 'vitest';
import { articleSample as article } from '../testing/news-samples';
import { allNews, articlesOf, filterFrom, isInReach, isNarrowed, newsPathOf, newsRequest, passes, withNewest, withUpdate } from './news-filter'; // prettier-ignore

const page = (...ids: string[]) => ({
  articles: ids.map((id) => article({ id })),
  next_cursor: null,
  pooled: null,
});

test('an address tells the filter, and the filter the address', () => {
  const filter = { ...allNews, q: '"rate cut" AND NOT bonds', symbol: 'BRK.B' };
  expect(filterFrom(newsPathOf(filter).split('?')[1] ?? '')).toEqual(filter);
  expect(newsPathOf(allNews)).toBe('/news');
  expect(isNarrowed(allNews)).toBe(false);
  expect(isNarrowed(filter)).toBe(true);
  expect(newsRequest({ ...allNews, stream: '7' }, 'abc')).toBe('/api/v1/news?stream=7&limit=50&cursor=abc'); // prettier-ignore
});

test('what comes live is of the list, or not, or the server knows', () => {
  const one = article({ id: 'a', source: 'guardian', streams: ['7'], symbol: 'AAPL' });
  expect(passes(allNews, one)).toBe(true);
  expect(passes({ ...allNews, symbol: 'AAPL', stream: '7', source: 'guardian' }, one)).toBe(true);
  expect(passes({ ...allNews, symbol: 'GM' }, one)).toBe(false);
  expect(passes({ ...allNews, stream: '8' }, one)).toBe(false);
  expect(passes({ ...allNews, source: 'finnhub' }, one)).toBe(false);
  expect(passes({ ...allNews, q: 'chips' }, one)).toBeNull();
  expect(passes({ ...allNews, q: 'chips', symbol: 'GM' }, one)).toBe(false);
});

test('an article that is on two pages is shown once', () => {
  expect(articlesOf([page('a', 'b'), page('b', 'c')]).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('an update stays where it is, with what was measured', () => {
  const impact = { symbol: 'AAPL', minutes: 30, study: null, why_not: 'no price' };
  const pages = [page('a'), { ...page(), articles: [article({ id: 'b', impact }), article({ id: 'c' })] }]; // prettier-ignore
  const changed = withUpdate(pages, article({ id: 'b', title: 'Anew', updates: 1 }));
  expect(changed?.[0]).toBe(pages[0]);
  expect(changed?.[1]?.articles.map(({ title }) => title)).toEqual(['Anew', 'A title']);
  expect(changed?.[1]?.articles[0]?.impact).toBe(impact);
  expect(withUpdate(pages, article({ id: 'x' }))).toBeNull();
});

const at = (id: string, published_at: string) => article({ id, published_at });

test('articles are added by their time, none of them twice', () => {
  const pages = [
    { ...page(), articles: [at('b', '2026-11-20T10:00:00Z')], next_cursor: 'b' },
    { ...page(), articles: [at('z', '2026-11-20T08:00:00Z')], next_cursor: 'z' },
  ];
  const fresh = [
    at('b', '2026-11-20T10:00:00Z'),
    at('late', '2026-11-20T09:00:00Z'),
    at('a', '2026-11-20T11:00:00Z'),
  ];
  const added = withNewest(pages, fresh);
  expect(articlesOf(added).map(({ id }) => id)).toEqual(['a', 'b', 'late', 'z']);
  expect(added.at(-1)?.next_cursor).toBe('z');
  expect(withNewest([], fresh)).toEqual([]);
});

test('an old article that comes late waits on the page it belongs to', () => {
  const first = { ...page(), articles: [at('b', '2026-11-20T10:00:00Z')], next_cursor: 'b' };
  expect(isInReach([first], at('a', '2026-11-20T11:00:00Z'))).toBe(true);
  expect(isInReach([first], at('old', '2026-11-19T10:00:00Z'))).toBe(false);
  expect(isInReach([{ ...first, next_cursor: null }], at('old', '2026-11-19T10:00:00Z'))).toBe(true); // prettier-ignore
  expect(isInReach([], at('old', '2026-11-19T10:00:00Z'))).toBe(true);
});
