/** Everything the views find in context. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { StreamProvider } from '../features/live';
import { worthRetrying } from '../stream/request';
import type { Stream } from '../stream/stream';
import { ToastProvider } from '../ui/toast';

export function Providers({ stream, children }: { stream: Stream; children: ReactNode }) {
  const [client] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            retry: (times, error) => times < 4 && worthRetrying(error),
            refetchOnWindowFocus: false,
            // The server may be this very machine, reachable without any network.
            networkMode: 'always',
          },
        },
      }),
  );
  useEffect(() => {
    const { connection } = stream;
    let open = false;
    return connection.watch(() => {
      const before = open;
      open = connection.link().phase === 'open';
      // What failed while the server was away is worth asking for again now.
      if (open && !before)
        void client.refetchQueries({
          predicate: (query) => query.state.status === 'error' && worthRetrying(query.state.error),
        });
    });
  }, [stream, client]);

  return (
    <QueryClientProvider client={client}>
      <StreamProvider stream={stream}>
        <ToastProvider>{children}</ToastProvider>
      </StreamProvider>
    </QueryClientProvider>
  );
}
