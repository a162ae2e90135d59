/** Whose lists are shown: those of who is signed in, or the browser's. */
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { BoardView, MeBody } from '../../domain/api-types';
import { asSymbol } from '../../domain/symbol';
import { getJson } from '../../stream/request';
import { useToaster } from '../../ui/toast';
import { useStream } from '../live';
import { listsServer } from './lists-server';
import { listsStore, useLists, useListsPhase } from './lists-store';
import { ListsSync } from './lists-sync';

export function useOwnLists(me: MeBody | null | undefined): void {
  const { lists: channel } = useStream();
  const toaster = useToaster();
  // The local user of a new server has no other device: their lists stay in the browser until they sign in.
  const user = me?.shown_by === 'login' ? me.user : me === undefined ? undefined : null;

  useEffect(() => {
    if (user === undefined) return;
    if (user === null) {
      listsStore.useBrowser();
      return;
    }
    const sync = new ListsSync(
      listsServer,
      () => listsStore.synced(),
      (text) => toaster.show({ text }),
    );
    listsStore.useServer(sync);
    sync.start();
    const stop = channel.watch((heads) => sync.heard(heads));
    return () => {
      stop();
      sync.stop();
    };
  }, [user, channel, toaster]);
}

/** What an operator has chosen for visitors takes the place of the list the page begins with. */
export function useVisitorsList(): void {
  const { untouched } = useLists();
  const { phase } = useListsPhase();
  const { data } = useQuery({
    queryKey: ['visitors-list'],
    queryFn: ({ signal }) => getJson<BoardView>('/api/v1/watchlists/default', signal),
    enabled: untouched && (phase === 'browser' || phase === 'ready'),
    retry: false,
    staleTime: Infinity,
  });
  useEffect(() => {
    // Without a time nobody has chosen it.
    if (data?.updated_at) listsStore.beginWith(data.name, data.symbols.map(asSymbol));
  }, [data]);
}
