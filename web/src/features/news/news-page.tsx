/** The newest articles, searched and filtered; new ones wait behind a line until they are asked for. */
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import {
  filterFrom,
  isNarrowed,
  newsPathOf,
  NEWS_PER_PAGE,
  type NewsFilter,
} from '../../domain/news-filter';
import { signInPath, streamsPath } from '../../domain/paths';
import { RequestError } from '../../stream/request';
import { isTyping, singleKeysOn } from '../../ui/keys';
import { Link } from '../../ui/link';
import { wordsOf } from '../../ui/refused';
import { useStream } from '../live';
import { streamsQuery } from '../streams-query';
import { ArticleRow } from './article-row';
import { NewsSearch } from './news-search';
import { useNews } from './use-news';
import './news.css';

/** Ages are told to the minute. */
const AGE_EVERY_MS = 15_000;

function useFilter(): [NewsFilter, (filter: NewsFilter) => void] {
  const [filter, setFilter] = useState(() => filterFrom(window.location.search));
  useEffect(() => {
    const follow = () => setFilter(filterFrom(window.location.search));
    window.addEventListener('popstate', follow);
    return () => window.removeEventListener('popstate', follow);
  }, []);
  const choose = useCallback((next: NewsFilter) => {
    window.history.replaceState(null, '', newsPathOf(next));
    setFilter(next);
  }, []);
  return [filter, choose];
}

function useNow(): number {
  const stream = useStream();
  const [now, setNow] = useState(() => stream.serverNow());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(stream.serverNow()), AGE_EVERY_MS);
    return () => window.clearInterval(timer);
  }, [stream]);
  return now;
}

export function NewsPage({ onTitle }: { onTitle: (title: string) => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const [filter, setFilter] = useFilter();
  const news = useNews(filter);
  const now = useNow();
  const { data: taken } = useQuery({ ...streamsQuery, staleTime: 60_000 });
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => onTitle('News'), [onTitle]);

  const { articles, fresh } = news;
  const streams = useMemo(
    () => taken?.streams.filter(({ kind }) => kind === 'news') ?? [],
    [taken],
  );
  const sources = useMemo(() => {
    const known = taken?.providers.filter(({ kind }) => kind === 'news') ?? [];
    const all = [...known, ...articles].map(({ source }) => source);
    if (filter.source !== '') all.push(filter.source);
    return [...new Set(all)].sort();
  }, [taken, articles, filter.source]);

  // A wrong search, or a symbol that is not known: told where it was typed.
  const isRefused = news.error instanceof RequestError && [400, 404].includes(news.error.status);
  const links = () => list.current?.querySelectorAll<HTMLElement>('a.headline') ?? [];

  function onKey(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.nativeEvent)) return;
    const all = [...links()];
    const row = document.activeElement?.closest('[data-article]');
    const at = all.findIndex((link) => link.closest('[data-article]') === row);
    const letters = singleKeysOn();
    let to: number;
    if (letters && event.key === 'j') to = at + 1;
    else if (letters && event.key === 'k') to = Math.max(0, at - 1);
    // Arrows scroll the page until one is in the list.
    else if (at < 0) return;
    else if (event.key === 'ArrowDown') to = at + 1;
    else if (event.key === 'ArrowUp') to = at - 1;
    else if (event.key === 'Home') to = 0;
    else if (event.key === 'End') to = all.length - 1;
    else return;
    event.preventDefault();
    all[to]?.focus();
    if (to >= all.length && news.hasNextPage) more();
  }

  function more() {
    if (!news.isFetchingNextPage) void news.fetchNextPage();
  }

  function showFresh() {
    news.show();
    heading.current?.scrollIntoView({ block: 'end' });
    requestAnimationFrame(() => links()[0]?.focus());
  }

  return (
    // The keys work wherever on the page the focus is.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <article className="news" onKeyDown={onKey}>
      <header className="news__head">
        <h1 tabIndex={-1} ref={heading}>
          News
        </h1>
        <Link href={streamsPath} className="button">
          Queries
        </Link>
      </header>
      <NewsSearch
        filter={filter}
        sources={sources}
        streams={streams}
        fault={isRefused ? news.error : null}
        onFilter={setFilter}
      />
      <div className="news__fresh" role="status">
        {fresh.length > 0 && (
          <button type="button" className="button" onClick={showFresh}>
            <span aria-hidden="true">↑</span> {fresh.length}
            {fresh.length >= NEWS_PER_PAGE && ' or more'} new{' '}
            {fresh.length === 1 ? 'article' : 'articles'}
          </button>
        )}
      </div>
      {news.isPending && <Ghosts />}
      {news.isError && !isRefused && articles.length === 0 && (
        <Failed error={news.error} onAgain={() => void news.refetch()} />
      )}
      {articles.length > 0 && !isRefused && (
        <ol className="news__list" ref={list} aria-label="Articles, newest first">
          {articles.map((article) => (
            <ArticleRow key={article.id} article={article} now={now} />
          ))}
        </ol>
      )}
      {news.isSuccess && articles.length === 0 && !news.hasNextPage && (
        <Empty filter={filter} hasQueries={streams.length > 0} />
      )}
      {news.hasNextPage && !isRefused && (
        <More isBusy={news.isFetchingNextPage} isFailed={news.isFetchNextPageError} onMore={more} />
      )}
    </article>
  );
}

function Ghosts() {
  return (
    <div className="news__ghosts" role="status">
      <span className="unseen">Loading articles…</span>
      {[0, 1, 2, 3, 4].map((one) => (
        <span key={one} className="skeleton" />
      ))}
    </div>
  );
}

function Failed({ error, onAgain }: { error: Error; onAgain: () => void }) {
  const isForOthers = error instanceof RequestError && error.status === 401;
  return (
    <div className="notice" role="alert">
      <h2>{isForOthers ? 'Sign in to read the news' : 'The articles could not be loaded'}</h2>
      <p>{wordsOf(error)}</p>
      {isForOthers ? (
        <Link href={signInPath} className="button button--main">
          Sign in
        </Link>
      ) : (
        <button type="button" className="button" onClick={onAgain}>
          Try again
        </button>
      )}
    </div>
  );
}

function Empty({ filter, hasQueries }: { filter: NewsFilter; hasQueries: boolean }) {
  if (isNarrowed(filter))
    return (
      <div className="notice">
        <h2>Nothing matches</h2>
        <p>No stored article is like that. Ask for less, or show all.</p>
      </div>
    );
  return (
    <div className="notice">
      <h2>No articles yet</h2>
      <p>
        {hasQueries
          ? 'The queries are running: what they find will stand here by itself.'
          : 'Articles come from queries to a news provider, and there is none yet. Set one up, and what it finds will stand here by itself.'}
      </p>
      <Link href={streamsPath} className={hasQueries ? 'button' : 'button button--main'}>
        {hasQueries ? 'Look at the queries' : 'Set up a query'}
      </Link>
    </div>
  );
}

type MoreProps = { isBusy: boolean; isFailed: boolean; onMore: () => void };

/** Asks for earlier ones when it comes into sight, and when it is pressed. */
function More({ isBusy, isFailed, onMore }: MoreProps) {
  const button = useRef<HTMLButtonElement>(null);
  const reached = useRef(onMore);
  useEffect(() => {
    reached.current = onMore;
  });
  // A page that was refused is asked for by hand only.
  useEffect(() => {
    if (!button.current || isBusy || isFailed) return;
    const watch = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) reached.current();
      },
      { rootMargin: '300px' },
    );
    watch.observe(button.current);
    return () => watch.disconnect();
  }, [isBusy, isFailed]);
  return (
    <button
      type="button"
      className="button news__more"
      ref={button}
      aria-disabled={isBusy}
      onClick={onMore}
    >
      {isBusy
        ? 'Loading…'
        : isFailed
          ? 'Earlier ones could not be loaded: try again'
          : 'Show earlier'}
    </button>
  );
}
