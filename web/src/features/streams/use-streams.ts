/** What is taken in, looked at again every few seconds, and what is done to it. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { StreamBody, StreamChange, StreamRequest } from '../../domain/api-types';
import { faultFrom, type StreamFault } from '../../domain/stream-words';
import { RequestError, sendJson } from '../../stream/request';
import { wordsOf } from '../../ui/refused';
import { streamsKey, streamsQuery } from '../streams-query';

const LOOK_EVERY_MS = 4000;
const path = '/api/v1/streams';
const one = (id: string) => `${path}/${encodeURIComponent(id)}`;

/** A page that is not looked at asks for nothing. */
export function useStreams() {
  return useQuery({ ...streamsQuery, refetchInterval: LOOK_EVERY_MS });
}

export type Deeds = {
  isBusy: boolean;
  /** Why the last was not done. */
  refusal: string | null;
  /** The field of the form that was at fault, where it was one's. */
  fault: StreamFault | null;
  forget: () => void;
  add: (request: StreamRequest) => Promise<StreamBody | null>;
  change: (id: string, change: StreamChange) => Promise<StreamBody | null>;
  stop: (id: string) => Promise<true | null>;
  pauseProvider: (name: string, isPaused: boolean) => Promise<true | null>;
};

/** Commands, one at a time; null is refused. */
export function useStreamDeeds(): Deeds {
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [fault, setFault] = useState<StreamFault | null>(null);
  const busy = useRef(false);

  function forget() {
    setRefusal(null);
    setFault(null);
  }

  async function run<T>(send: () => Promise<T>): Promise<T | null> {
    if (busy.current) return null;
    busy.current = true;
    setBusy(true);
    forget();
    try {
      return await send();
    } catch (error) {
      if (error instanceof RequestError && error.status === 422)
        setFault(faultFrom(wordsOf(error)));
      else setRefusal(wordsOf(error));
      return null;
    } finally {
      busy.current = false;
      setBusy(false);
      await client.invalidateQueries({ queryKey: streamsKey });
    }
  }

  return {
    isBusy,
    refusal,
    fault,
    forget,
    add: (request) => run(() => sendJson<StreamBody>('POST', path, request)),
    change: (id, change) => run(() => sendJson<StreamBody>('PATCH', one(id), change)),
    stop: (id) =>
      run(async () => {
        await sendJson('DELETE', one(id));
        return true as const;
      }),
    pauseProvider: (name, is_paused) =>
      run(async () => {
        await sendJson('PATCH', `${path}/providers/${encodeURIComponent(name)}`, { is_paused });
        return true as const;
      }),
  };
}
