/** What this browser kept before somebody signed in: theirs to take along, or to throw away. */
import { useState } from 'react';
import { CloseIcon } from '../../ui/icons';
import { readStored, writeStored } from '../../ui/stored';
import { useToaster } from '../../ui/toast';
import type { Lists } from './lists';
import { importLists } from './lists-server';
import { ADOPT_LATER, listsStore } from './lists-store';
import { listNames, takenWords } from './portable';
import './adopt-offer.css';

type Props = {
  waiting: Lists;
  /** In the dialog it cannot be put off: it is where one comes to decide it. */
  isFirm?: boolean;
};

export function AdoptOffer({ waiting, isFirm = false }: Props) {
  const toaster = useToaster();
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isLater, setLater] = useState(() => readStored(ADOPT_LATER) === true);
  const { lists } = waiting;

  async function adopt() {
    if (isBusy) return;
    setBusy(true);
    setRefusal(null);
    try {
      const done = await importLists(lists);
      listsStore.dropWaiting();
      listsStore.reload();
      toaster.show({ text: takenWords(done) });
    } catch (error) {
      setBusy(false);
      setRefusal(error instanceof Error ? error.message : 'The answer could not be read.');
    }
  }

  function discard() {
    const dropped = listsStore.dropWaiting();
    toaster.show({
      text: 'This browser’s own lists are discarded.',
      undo: () => listsStore.putBackWaiting(dropped),
    });
  }

  if (isLater && !isFirm) return null;
  return (
    <section className="offer" aria-label="Lists of this browser">
      <div className="offer__words">
        <strong>
          This browser kept {lists.length === 1 ? 'a list' : `${lists.length} lists`} before you
          signed in
        </strong>
        <span>
          {listNames(lists)}. Add {lists.length === 1 ? 'it' : 'them'} to yours, to have on every
          device? Lists of the same name are joined.
        </span>
        <span role="alert">
          {refusal !== null && (
            <span className="offer__refusal">
              <span aria-hidden="true">! </span>Nothing was added: {refusal}
            </span>
          )}
        </span>
      </div>
      <div className="offer__deeds">
        <button
          type="button"
          className="button button--main"
          aria-disabled={isBusy}
          onClick={() => void adopt()}
        >
          {isBusy ? 'Adding…' : 'Add to my lists'}
        </button>
        <button type="button" className="button" onClick={discard}>
          Discard
        </button>
        {!isFirm && (
          <button
            type="button"
            className="button button--bare"
            aria-label="Decide later"
            title="Decide later: it stays under “Share, import, export”"
            onClick={() => {
              writeStored(ADOPT_LATER, true);
              setLater(true);
              toaster.show({ text: 'Kept. You find them under “Share, import, export”.' });
            }}
          >
            <CloseIcon />
          </button>
        )}
      </div>
    </section>
  );
}
