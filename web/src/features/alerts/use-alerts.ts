/** One's alerts and what they have said, asked for again whenever the server tells of a change. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import type {
  AlertBody,
  AlertRequest,
  AlertsAnswer,
  BacktestAnswer,
  ChannelBody,
  ChannelsAnswer,
  FiringsAnswer,
  MeBody,
} from '../../domain/api-types';
import { sendOnce } from '../../stream/command';
import { getJson, RequestError } from '../../stream/request';
import { useStream } from '../live';

const path = '/api/v1/alerts';
const one = (id: string) => `${path}/${encodeURIComponent(id)}`;

/** Undefined until it is known whether there is somebody; null for nobody. */
function useSomebody(): boolean | null | undefined {
  const { data } = useQuery<MeBody | null>({
    queryKey: ['me'],
    queryFn: async ({ signal }) => {
      try {
        return await getJson<MeBody>('/api/v1/me', signal);
      } catch (error) {
        if (error instanceof RequestError && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
  return data === undefined ? undefined : data === null ? null : true;
}

/** Asks again when the server says that there is something new; to be used once a page. */
export function useFollowAlerts(): void {
  const { alerts } = useStream();
  const client = useQueryClient();
  const isSomebody = useSomebody() === true;
  useEffect(() => (isSomebody ? alerts.want() : undefined), [alerts, isSomebody]);
  useEffect(
    () => alerts.watchChanges(() => void client.invalidateQueries({ queryKey: ['alerts'] })),
    [alerts, client],
  );
}

export type Alerts = {
  /** Null for nobody. */
  who: boolean | null | undefined;
  list: readonly AlertBody[] | undefined;
  isFailed: boolean;
};

const none: readonly AlertBody[] = [];

export function useAlerts(): Alerts {
  const who = useSomebody();
  const { data, isError } = useQuery({
    queryKey: ['alerts', 'list'],
    queryFn: ({ signal }) => getJson<AlertsAnswer>(path, signal),
    enabled: who === true,
    // That one is armed again is not told.
    refetchInterval: 30_000,
  });
  return { who, list: who === null ? none : data?.alerts, isFailed: isError };
}

/** The channels that an alert can go to; undefined until they are known. */
export function useGoals(): readonly ChannelBody[] | undefined {
  const who = useSomebody();
  const { data } = useQuery({
    queryKey: ['channels'],
    queryFn: ({ signal }) => getJson<ChannelsAnswer>('/api/v1/channels', signal),
    enabled: who === true,
    staleTime: 10_000,
  });
  return data?.channels;
}

export function useFirings() {
  return useQuery({
    queryKey: ['alerts', 'firings'],
    queryFn: ({ signal }) => getJson<FiringsAnswer>(`${path}/firings?limit=50`, signal),
  });
}

export type Deeds = {
  isBusy: boolean;
  /** Why the last was not done. */
  refusal: string | null;
  refuse: (why: string | null) => void;
  set: (request: AlertRequest) => Promise<AlertBody | null>;
  replace: (id: string, request: AlertRequest) => Promise<AlertBody | null>;
  pause: (id: string, isPaused: boolean) => Promise<AlertBody | null>;
  remove: (id: string) => Promise<true | null>;
  restore: (id: string) => Promise<AlertBody | null>;
  tryOut: (request: AlertRequest) => Promise<BacktestAnswer | null>;
};

function explain(error: unknown): string {
  if (error instanceof RequestError)
    return error.status === 0
      ? 'The connection was cut before the answer came. Look at the list: it may have been done.'
      : sentence(error.message);
  return 'The page could not read the answer.';
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/** Commands, one at a time; null is refused, and why stands in `refusal`. */
export function useAlertDeeds(): Deeds {
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [refusal, refuse] = useState<string | null>(null);
  const busy = useRef(false);

  const run = useCallback(
    async <T>(send: () => Promise<T>, changes = true): Promise<T | null> => {
      if (busy.current) return null;
      busy.current = true;
      setBusy(true);
      refuse(null);
      try {
        return await send();
      } catch (error) {
        refuse(explain(error));
        return null;
      } finally {
        busy.current = false;
        setBusy(false);
        if (changes) void client.invalidateQueries({ queryKey: ['alerts'] });
      }
    },
    [client],
  );

  return {
    isBusy,
    refusal,
    refuse,
    set: useCallback((body) => run(() => sendOnce<AlertBody>({ method: 'POST', path, body })), [run]), // prettier-ignore
    replace: useCallback(
      (id, body) => run(() => sendOnce<AlertBody>({ method: 'PUT', path: one(id), body })),
      [run],
    ),
    pause: useCallback(
      (id, isPaused) =>
        run(() =>
          sendOnce<AlertBody>({ method: 'PATCH', path: one(id), body: { is_paused: isPaused } }),
        ),
      [run],
    ),
    remove: useCallback(
      (id) =>
        run(async () => {
          await sendOnce({ method: 'DELETE', path: one(id) });
          return true as const;
        }),
      [run],
    ),
    restore: useCallback(
      (id) => run(() => sendOnce<AlertBody>({ method: 'POST', path: `${one(id)}/restore` })),
      [run],
    ),
    tryOut: useCallback(
      (body) =>
        run(() => sendOnce<BacktestAnswer>({ method: 'POST', path: `${path}/backtest`, body }), false), // prettier-ignore
      [run],
    ),
  };
}
