/** A part of a page that is asked of the server: loading, refused, or there. */
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Refused, wordsOf } from '../../ui/refused';

type Props<T> = {
  title: string;
  lead: ReactNode;
  query: UseQueryResult<T>;
  /** What could not be loaded. */
  what: string;
  children: (data: T) => ReactNode;
};

export function Part<T>({ title, lead, query, what, children }: Props<T>) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const focused = useRef<Element | null>(null);
  // What had the focus may be gone with its row; then one goes on from here, not from the page's top.
  useEffect(() => {
    const isLost = focused.current?.isConnected === false;
    if (isLost && document.activeElement === document.body)
      heading.current?.focus({ preventScroll: true });
  });
  return (
    <section aria-labelledby={id} onFocus={(event) => (focused.current = event.target)}>
      <h2 id={id} tabIndex={-1} ref={heading}>
        {title}
      </h2>
      <p className="people__hint">{lead}</p>
      {query.isPending && (
        <div role="status" className="people__ghosts">
          <span className="unseen">Loading {what}…</span>
          <span className="skeleton" />
          <span className="skeleton" />
        </div>
      )}
      {query.isError && query.data === undefined && (
        <div className="people__away">
          <Refused words={`The ${what} could not be loaded. ${wordsOf(query.error)}`} />
          <button type="button" className="button" onClick={() => void query.refetch()}>
            Try again
          </button>
        </div>
      )}
      {query.data !== undefined && children(query.data)}
    </section>
  );
}
