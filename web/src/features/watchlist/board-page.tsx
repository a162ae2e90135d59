/** A list that somebody shares by a link: to be looked at, live, by whoever has it. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { BoardView } from '../../domain/api-types';
import { watchlistPath } from '../../domain/paths';
import { asSymbol } from '../../domain/symbol';
import { formatWhen, parseTime } from '../../domain/time';
import { getJson, RequestError, worthRetrying } from '../../stream/request';
import { Link } from '../../ui/link';
import { wordsOf } from '../../ui/refused';
import { useStream } from '../live';
import { ListTable } from './list-table';
import { useSort } from './use-sort';
import './watchlist.css';
import './board-page.css';

/** Prices are live; which symbols it has is asked for so often. */
const LOOK_EVERY_MS = 5_000;

function watchHash(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}

/** The token stands behind `#`, which no log is shown. */
function useToken(): string {
  return useSyncExternalStore(watchHash, () => window.location.hash.slice(1));
}

export function BoardPage({ onTitle }: { onTitle: (title: string) => void }) {
  const token = useToken();
  const stream = useStream();
  const heading = useRef<HTMLHeadingElement>(null);
  const [sort, choose] = useSort();
  const board = useQuery({
    queryKey: ['board', token],
    queryFn: ({ signal }) =>
      getJson<BoardView>(`/api/v1/boards/${encodeURIComponent(token)}`, signal),
    enabled: token !== '',
    retry: (times, error) => times < 2 && worthRetrying(error),
    // A link that was taken back does not come to life again.
    refetchInterval: (query) => (isGone(query.state.error) ? false : LOOK_EVERY_MS),
  });
  const { data, error } = board;
  const isOver = isGone(error);
  const symbols = useMemo(() => (data?.symbols ?? []).map(asSymbol), [data?.symbols]);
  useEffect(() => heading.current?.focus(), [isOver, token]);
  const title = isOver ? 'No such board' : (data?.name ?? 'Board');
  useEffect(() => onTitle(title), [onTitle, title]);

  if (token === '')
    return (
      <Note heading={heading} title="This link is not whole">
        What stands behind the # is missing. Copy the whole link again.
      </Note>
    );
  if (isOver)
    return (
      <Note heading={heading} title="This board is not shared any more">
        {data
          ? 'Whoever shared it has just taken the link back.'
          : 'Whoever shared it has taken the link back, or the link is not whole.'}
      </Note>
    );
  if (!data && error)
    return (
      <div className="notice" role="alert">
        <h1 tabIndex={-1} ref={heading}>
          The board could not be loaded
        </h1>
        <p>{wordsOf(error)}</p>
        <button type="button" className="button" onClick={() => void board.refetch()}>
          Try again
        </button>
      </div>
    );
  const updated = parseTime(data?.updated_at);
  const now = stream.serverNow();
  return (
    <section className="watchlist board" aria-label={`Board ${data?.name ?? ''}`}>
      <header className="board__head">
        <h1 tabIndex={-1} ref={heading}>
          {data?.name ?? <span className="skeleton board__ghost" />}
          {!data && <span className="unseen">Loading the board…</span>}
        </h1>
        <p>
          A board somebody shares with you: to look at, not to change.
          {updated !== null && ` Its list was last changed ${formatWhen(updated, now)}.`}
        </p>
        {error && <p role="status">It could not be asked for again just now: {wordsOf(error)}</p>}
      </header>
      {data && (
        <ListTable
          name={data.name}
          symbols={symbols}
          openSymbol={null}
          sort={sort}
          onSort={choose}
          editing={false}
          deeds={null}
          empty={
            <div className="notice">
              <h2>“{data.name}” is empty</h2>
              <p>What is added to it appears here by itself.</p>
            </div>
          }
        />
      )}
    </section>
  );
}

function isGone(error: unknown): boolean {
  return error instanceof RequestError && error.status === 404;
}

type NoteProps = {
  heading: React.RefObject<HTMLHeadingElement | null>;
  title: string;
  children: string;
};

function Note({ heading, title, children }: NoteProps) {
  return (
    <div className="notice" role="status">
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      <p>{children}</p>
      <Link href={watchlistPath} className="button button--main">
        To the watch list
      </Link>
    </div>
  );
}
