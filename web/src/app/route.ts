/** The address as state, and the title that goes with it. */
import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react';
import { parsePath, type Route } from '../domain/paths';
import { navigate } from '../ui/link';

function watch(changed: () => void): () => void {
  window.addEventListener('popstate', changed);
  return () => window.removeEventListener('popstate', changed);
}

let lastPath = '';
let lastRoute: Route = { view: 'watchlist' };

export function useRoute(): Route {
  return useSyncExternalStore(watch, () => {
    // The same address must give the same value, or every drawing would look like a change.
    if (window.location.pathname !== lastPath) {
      lastPath = window.location.pathname;
      lastRoute = parsePath(lastPath);
    }
    return lastRoute;
  });
}

/** A notification that was clicked leads this page to what it is about; see `public/sw.js`. */
export function useOpenedLinks(): void {
  useEffect(() => {
    // Not there where the page came without TLS.
    const workers = (navigator as Partial<Navigator>).serviceWorker;
    if (!workers) return;
    function open({ data }: MessageEvent<unknown>) {
      const { type, link } = (data ?? {}) as { type?: unknown; link?: unknown };
      if (type === 'open' && typeof link === 'string' && /^\/(?![/\\])/.test(link)) navigate(link);
    }
    workers.addEventListener('message', open);
    return () => workers.removeEventListener('message', open);
  }, []);
}

const TITLE_EVERY_MS = 1000;

/** Titles follow the price, but no faster than a tab can be read. */
export function useTitle(): (title: string) => void {
  const wanted = useRef('');
  const timer = useRef<number | null>(null);
  const write = useCallback(() => {
    document.title = wanted.current;
  }, []);
  useEffect(
    () => () => {
      if (timer.current !== null) window.clearTimeout(timer.current);
    },
    [],
  );
  return useCallback(
    (title: string) => {
      const first = wanted.current.split(' ')[0] !== title.split(' ')[0];
      wanted.current = `${title} · Bellwether`;
      if (first) write();
      timer.current ??= window.setTimeout(() => {
        timer.current = null;
        write();
      }, TITLE_EVERY_MS);
    },
    [write],
  );
}
