/** Channels as the server has them, and what is done to them. */
import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ChannelsAnswer, DeliveriesAnswer, QueuedBody } from '../../domain/api-types';
import { getJson, RequestError, sendJson } from '../../stream/request';
import { markHere } from './browser-push';

const channelsKey = ['channels'];
const historyKey = (channel: string) => ['channel-history', channel];
const deadKey = ['dead-letters'];
const LOOK_EVERY_MS = 10_000;

export function useChannels() {
  return useQuery({
    queryKey: channelsKey,
    queryFn: ({ signal }) => getJson<ChannelsAnswer>('/api/v1/channels', signal),
    refetchInterval: LOOK_EVERY_MS,
  });
}

export function useHistory(channel: string, isOpen: boolean) {
  return useQuery({
    queryKey: historyKey(channel),
    queryFn: ({ signal }) =>
      getJson<DeliveriesAnswer>(`/api/v1/channels/${channel}/history`, signal),
    enabled: isOpen,
    refetchInterval: LOOK_EVERY_MS,
  });
}

export function useDeadLetters() {
  return useQuery({
    queryKey: deadKey,
    queryFn: ({ signal }) => getJson<DeliveriesAnswer>('/api/v1/channels/dead-letters', signal),
    refetchInterval: LOOK_EVERY_MS,
  });
}

/** This browser's mark; null while it has no subscription, undefined until that is known. */
export function useMarkHere() {
  return useQuery({ queryKey: ['push-mark'], queryFn: markHere, staleTime: 0 }).data;
}

/** Looks anew at all there is: first at the channels, so that none is asked for that is there no more. */
async function lookAnew(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ queryKey: channelsKey });
  const left = client.getQueryData<ChannelsAnswer>(channelsKey)?.channels ?? [];
  await Promise.all([
    ...left.map(({ id }) => client.invalidateQueries({ queryKey: historyKey(id) })),
    client.invalidateQueries({ queryKey: deadKey }),
    client.invalidateQueries({ queryKey: ['push-mark'] }),
  ]);
}

/** What to say of something that failed. */
export function wordsOf(error: unknown): string {
  if (error instanceof RequestError) return error.message;
  return error instanceof Error ? error.message : 'The page could not read the answer.';
}

/** Does something to channels, and then looks at them anew. */
export function useDeed<T, R>(work: (wish: T) => Promise<R>) {
  const client = useQueryClient();
  const deed = useMutation({
    mutationFn: work,
    networkMode: 'always',
    onSettled: () => lookAnew(client),
  });
  return {
    run: (wish: T) => deed.mutateAsync(wish).catch(() => null),
    isBusy: deed.isPending,
    refusal: deed.error ? wordsOf(deed.error) : null,
    forget: deed.reset,
  };
}

export type TestState =
  { step: 'none' | 'sending' | 'sent' } | { step: 'failed' | 'unknown'; why: string };

const TEST_LOOK_MS = 400;
const TEST_PATIENCE_MS = 45_000;

/** Sends a test and waits until the server says what became of it. */
export function useTest(channel: string): { state: TestState; send: () => Promise<void> } {
  const client = useQueryClient();
  const [state, setState] = useState<TestState>({ step: 'none' });

  async function settled(delivery: string): Promise<TestState> {
    for (const end = Date.now() + TEST_PATIENCE_MS; Date.now() < end;) {
      const { deliveries } = await getJson<DeliveriesAnswer>(`/api/v1/channels/${channel}/history`);
      const found = deliveries.find(({ id }) => id === delivery);
      if (found?.state === 'sent') return { step: 'sent' };
      if (found?.state === 'dead') return { step: 'failed', why: found.why ?? 'no reason given' };
      await new Promise((resolve) => setTimeout(resolve, TEST_LOOK_MS));
    }
    return { step: 'unknown', why: 'It is still on its way; its history will say.' };
  }

  async function send() {
    if (state.step === 'sending') return;
    setState({ step: 'sending' });
    try {
      const { delivery } = await sendJson<QueuedBody>('POST', `/api/v1/channels/${channel}/test`);
      setState(await settled(delivery));
    } catch (error) {
      // A browser whose subscription has ended is removed with its history.
      const isGone = error instanceof RequestError && error.status === 404;
      setState({ step: 'failed', why: isGone ? 'the channel is there no more' : wordsOf(error) });
    }
    await lookAnew(client);
  }
  return { state, send };
}
