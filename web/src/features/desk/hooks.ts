/** How the desk's views reach the account, the server's clock and the commands. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { DeskState } from '../../domain/desk-state';
import { refusalFrom, type Refusal } from '../../domain/refusal';
import { newKey, outcomeUnknown } from '../../stream/command';
import type { Desk } from '../../stream/desk';
import { RequestError } from '../../stream/request';
import { useStream } from '../live';

/** The account, followed for as long as the component is shown. */
export function useDesk(): { desk: Desk; state: DeskState } {
  const { desk } = useStream();
  useEffect(() => desk.want(), [desk]);
  return { desk, state: useSyncExternalStore(desk.watch, desk.current) };
}

/** The server's clock, looked at so often; it stands still while nobody needs it. */
export function useServerNow(everyMs: number, isNeeded = true): number {
  const stream = useStream();
  const [now, setNow] = useState(() => stream.serverNow());
  useEffect(() => {
    if (!isNeeded) return;
    const look = () => setNow(stream.serverNow());
    const first = window.setTimeout(look);
    const timer = window.setInterval(look, everyMs);
    return () => {
      window.clearTimeout(first);
      window.clearInterval(timer);
    };
  }, [stream, everyMs, isNeeded]);
  return now;
}

export type Doing<A, T> = {
  isBusy: boolean;
  refusal: Refusal | null;
  /** Answers null when it was refused; the refusal then says why. */
  run: (wish: A) => Promise<T | null>;
  refuse: (refusal: Refusal | null) => void;
};

function explain(error: unknown): Refusal {
  if (error instanceof RequestError)
    return refusalFrom(error.message, error.code, outcomeUnknown(error));
  return refusalFrom('The page could not read the answer', null, true);
}

/**
 * Sends a command, one at a time. While the outcome of a wish is not known, wishing the same again
 * sends the same key, so that it is never done twice.
 */
export function useCommand<A, T>(send: (wish: A, key: string) => Promise<T>): Doing<A, T> {
  const [isBusy, setBusy] = useState(false);
  const [refusal, refuse] = useState<Refusal | null>(null);
  const busy = useRef(false);
  const unsure = useRef<{ wish: string; key: string } | null>(null);

  const run = useCallback(
    async (wish: A): Promise<T | null> => {
      if (busy.current) return null;
      busy.current = true;
      setBusy(true);
      refuse(null);
      const text = JSON.stringify(wish);
      const key = unsure.current?.wish === text ? unsure.current.key : newKey();
      unsure.current = null;
      try {
        return await send(wish, key);
      } catch (error) {
        const why = explain(error);
        if (why.isUnknown) unsure.current = { wish: text, key };
        refuse(why);
        return null;
      } finally {
        busy.current = false;
        setBusy(false);
      }
    },
    [send],
  );
  return { isBusy, refusal, run, refuse };
}
