/** Everything the views find in context. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
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
          },
        },
      }),
  );
  return (
    <QueryClientProvider client={client}>
      <StreamProvider stream={stream}>
        <ToastProvider>{children}</ToastProvider>
      </StreamProvider>
    </QueryClientProvider>
  );
}
