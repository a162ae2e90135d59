/** The links that show a list to others: made, copied, taken back. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { BoardsAnswer, MeBody, NewBoardBody } from '../../domain/api-types';
import { formatWhen, parseTime } from '../../domain/time';
import { getJson, sendJson } from '../../stream/request';
import { Refused, wordsOf } from '../../ui/refused';
import { SecretOnce } from '../../ui/secret-once';
import { SureButton } from '../../ui/sure-button';
import { useToaster } from '../../ui/toast';
import { useStream } from '../live';
import type { WatchList } from './lists';
import { listsServer } from './lists-server';
import { listsStore } from './lists-store';
import type { KeptList } from './sync-plan';

type Props = { list: WatchList; kept: KeptList | undefined };

export function BoardLinks({ list, kept }: Props) {
  const toaster = useToaster();
  const client = useQueryClient();
  const stream = useStream();
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [made, setMade] = useState<NewBoardBody | null>(null);
  /** What was just chosen for visitors; the list says so too once it is asked for again. */
  const [chosen, setChosen] = useState<boolean | null>(null);
  const boards = useQuery({
    queryKey: ['boards'],
    queryFn: ({ signal }) => getJson<BoardsAnswer>('/api/v1/boards', signal),
  });
  const me = client.getQueryData<MeBody | null>(['me']);
  const shown = boards.data?.boards.filter(({ watchlist }) => watchlist === kept?.serverId) ?? [];

  async function attempt(deed: () => Promise<void>) {
    if (isBusy) return;
    setBusy(true);
    setRefusal(null);
    try {
      await deed();
    } catch (error) {
      setRefusal(wordsOf(error));
    } finally {
      setBusy(false);
      void client.invalidateQueries({ queryKey: ['boards'] });
    }
  }

  const make = () =>
    attempt(async () => {
      setMade(null);
      const { serverId } = await listsStore.settled(list.id);
      setMade(await sendJson<NewBoardBody>('POST', '/api/v1/boards', { watchlist: serverId }));
    });

  const takeBack = (id: string) =>
    attempt(async () => {
      await sendJson('DELETE', `/api/v1/boards/${encodeURIComponent(id)}`);
      if (made?.id === id) setMade(null);
      toaster.show({ text: 'The link is taken back: it shows nothing any more.' });
    });

  const showVisitors = (isShown: boolean) =>
    attempt(async () => {
      const before = chosen;
      setChosen(isShown);
      try {
        const { serverId, version, name, symbols } = await listsStore.settled(list.id);
        const content = { name, symbols, is_for_visitors: isShown };
        await listsServer.replace(serverId, version, content);
      } catch (error) {
        setChosen(before);
        throw error;
      }
      listsStore.reload();
    });

  const now = stream.serverNow();
  return (
    <>
      <p>
        Whoever has the link sees this list as it is from time to time, with live prices, without
        signing in and without being able to change it. Deleting the list ends its links.
      </p>
      {boards.isPending && <p role="status">Looking for links…</p>}
      {boards.isError && (
        <div className="boards__new">
          <Refused words={`The links could not be loaded. ${wordsOf(boards.error)}`} />
          <button type="button" className="button" onClick={() => void boards.refetch()}>
            Try again
          </button>
        </div>
      )}
      {boards.isSuccess && shown.length === 0 && <p>There is no link to it now.</p>}
      {shown.length > 0 && (
        <ul className="boards" aria-label="Links to this list">
          {shown.map(({ id, created_at }, i) => (
            <li key={id}>
              <span>
                Link {i + 1}, made {formatWhen(parseTime(created_at) ?? now, now)}
                {id === made?.id && ' (the one below)'}
              </span>
              <SureButton
                label="Take back"
                of={`link ${i + 1}`}
                question="Whoever has it sees nothing any more."
                isBusy={isBusy}
                onSure={() => void takeBack(id)}
              />
            </li>
          ))}
        </ul>
      )}
      <div className="boards__new">
        {made && (
          <SecretOnce
            key={made.id}
            label="Link to the board"
            value={window.location.origin + made.link}
            hint="Copy it now: only its hash is kept, so it cannot be shown again."
          />
        )}
        <Refused words={refusal} />
        <button type="button" className="button" aria-disabled={isBusy} onClick={() => void make()}>
          {made || shown.length > 0 ? 'Make another link' : 'Make a link'}
        </button>
      </div>
      {me?.role === 'operator' && (
        <label className="boards__visitors">
          <input
            type="checkbox"
            checked={chosen ?? kept?.isForVisitors ?? false}
            aria-disabled={isBusy}
            onChange={(event) => void showVisitors(event.target.checked)}
          />
          Show this list to visitors, in place of the well-known names
        </label>
      )}
    </>
  );
}
