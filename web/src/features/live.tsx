/** How features reach the stream: through context, by small subscriptions. */
import { createContext, useContext, useEffect, useSyncExternalStore, type ReactNode } from 'react';
import type { MarketSymbol } from '../domain/symbol';
import type { Link } from '../stream/connection';
import type { LiveRow } from '../stream/live-store';
import type { StatusHeard, Stream } from '../stream/stream';

const Context = createContext<Stream | null>(null);

export function StreamProvider({ stream, children }: { stream: Stream; children: ReactNode }) {
  return <Context.Provider value={stream}>{children}</Context.Provider>;
}

export function useStream(): Stream {
  const stream = useContext(Context);
  if (!stream) throw new Error('no StreamProvider above');
  return stream;
}

export function useLink(): Link {
  const { connection } = useStream();
  return useSyncExternalStore(connection.watch, connection.link);
}

export function useStatus(): StatusHeard | null {
  const stream = useStream();
  return useSyncExternalStore(stream.watchStatus, stream.status);
}

/** Asks for live values of these symbols for as long as the component is shown. */
export function useInterest(symbols: readonly MarketSymbol[]): void {
  const { quotes } = useStream();
  useEffect(() => quotes.want(symbols), [quotes, symbols]);
}

/** For the few places that may draw through React: one symbol, once a frame at most. */
export function useLiveRow(symbol: MarketSymbol): LiveRow {
  const { live } = useStream();
  return useSyncExternalStore(
    (changed) => live.listen(symbol, changed),
    () => live.get(symbol),
  );
}
