/** Who the server takes us for. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { MeBody } from '../../domain/api-types';
import { getJson, RequestError } from '../../stream/request';
import { useToaster } from '../../ui/toast';
import { useStream } from '../live';

async function ask(signal: AbortSignal): Promise<MeBody | null> {
  try {
    return await getJson<MeBody>('/api/v1/me', signal);
  } catch (error) {
    // Nobody is an answer, too. A server without people does not know the question.
    if (error instanceof RequestError && error.status === 401) return null;
    throw error;
  }
}

/** Undefined until it is known, null for nobody. */
export function useMe(): MeBody | null | undefined {
  return useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => ask(signal),
    staleTime: 60_000,
  }).data;
}

/** When the login is ended from elsewhere, the page says so and goes on as nobody's. */
export function useSignedOut(): void {
  const stream = useStream();
  const toaster = useToaster();
  const client = useQueryClient();
  useEffect(
    () =>
      stream.watchSignedOut(() => {
        toaster.show({ text: 'You are signed out: this login was ended.' });
        void client.invalidateQueries({ queryKey: ['me'] });
      }),
    [stream, toaster, client],
  );
}
