/** Lists out of a file: read here, shown, and only then taken in. */
import { useState } from 'react';
import { Refused, wordsOf } from '../../ui/refused';
import { useToaster } from '../../ui/toast';
import { listsStore, newListId } from './lists-store';
import { importLists } from './lists-server';
import {
  FILE_BYTES_MAX,
  listNames,
  readPortable,
  takeIn,
  takenWords,
  type PortableList,
} from './portable';

/** `isOwn`: the lists are somebody's, on the server. */
export function FilesIn({ isOwn }: { isOwn: boolean }) {
  const toaster = useToaster();
  const [found, setFound] = useState<readonly PortableList[] | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isOver, setOver] = useState(false);

  async function read(file: File | undefined) {
    setFound(null);
    setRefusal(null);
    if (!file) return;
    if (file.size > FILE_BYTES_MAX) {
      setRefusal('This file is larger than lists can be.');
      return;
    }
    try {
      const result = readPortable(await file.text());
      if ('fault' in result) setRefusal(result.fault);
      else setFound(result.lists);
    } catch {
      setRefusal('The browser could not read this file.');
    }
  }

  async function add(lists: readonly PortableList[]) {
    if (isBusy) return;
    setBusy(true);
    setRefusal(null);
    try {
      if (isOwn) {
        const done = await importLists(lists);
        listsStore.reload();
        toaster.show({ text: takenWords(done) });
      } else {
        const taken = takeIn(listsStore.get(), lists, newListId);
        if (!taken) throw new Error('With these there would be too many lists or symbols.');
        listsStore.update(() => taken.state);
        toaster.show({ text: takenWords(taken) });
      }
      setFound(null);
    } catch (error) {
      setRefusal(`Nothing was taken in. ${wordsOf(error)}`);
    } finally {
      setBusy(false);
    }
  }

  const count = found?.reduce((sum, { symbols }) => sum + symbols.length, 0) ?? 0;
  return (
    <div className="carry__in">
      <label
        className="carry__drop"
        data-over={isOver}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void read(event.dataTransfer.files[0]);
        }}
      >
        <span>CSV with the columns “list” and “symbol”, or JSON as exported here:</span>
        <input
          type="file"
          accept=".csv,.json,text/csv,application/json"
          onChange={(event) => {
            void read(event.target.files?.[0]);
            // The same file, mended, may be chosen again.
            event.target.value = '';
          }}
        />
      </label>
      <Refused words={refusal} />
      <div role="status">
        {found && (
          <div className="boards__new">
            <p>
              {found.length === 1 ? 'One list' : `${found.length} lists`} with {count} symbols:{' '}
              {listNames(found)}. Lists of a name you have get what they lack.
            </p>
            <button
              type="button"
              className="button button--main"
              aria-disabled={isBusy}
              onClick={() => void add(found)}
            >
              {isBusy ? 'Taking in…' : 'Take in'}
            </button>
          </div>
        )}
      </div>
    </div>
  );
}
