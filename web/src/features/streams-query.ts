/** What is taken in, as the server tells it: for the page about it, and for what filters by it. */
import { queryOptions } from '@tanstack/react-query';
import type { StreamsAnswer } from '../domain/api-types';
import { getJson, RequestError } from '../stream/request';

export const streamsKey = ['streams'];

/** Null for who is nobody to the server: what is taken in is told to those who are signed in. */
export const streamsQuery = queryOptions({
  queryKey: streamsKey,
  queryFn: async ({ signal }) => {
    try {
      return await getJson<StreamsAnswer>('/api/v1/streams', signal);
    } catch (error) {
      if (error instanceof RequestError && (error.status === 401 || error.status === 403))
        return null;
      throw error;
    }
  },
});
