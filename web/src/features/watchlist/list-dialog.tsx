/** What a list has to do with the world outside: links that show it, and files of lists. */
import { useState } from 'react';
import { Dialog } from '../../ui/dialog';
import { signInPath } from '../../domain/paths';
import { Link } from '../../ui/link';
import { AdoptOffer } from './adopt-offer';
import { BoardLinks } from './board-links';
import { FilesIn } from './files-in';
import { ListOrder } from './list-order';
import type { WatchList } from './lists';
import { listsStore, useLists, useListsPhase, useWaiting } from './lists-store';
import { toCsv, toJson, type PortableList } from './portable';
import './list-dialog.css';

type Props = { list: WatchList; onClose: () => void };

export function ListDialog({ list: opened, onClose }: Props) {
  const { lists } = useLists();
  const { phase } = useListsPhase();
  const waiting = useWaiting();
  // The list it was opened for, as it is by now; it may have been deleted elsewhere.
  const [id] = useState(opened.id);
  const list = lists.find((one) => one.id === id) ?? opened;
  const isOwn = phase !== 'browser';
  return (
    <Dialog title={`“${list.name}”: share, import, export`} onClose={onClose}>
      <div className="carry">
        {waiting && <AdoptOffer waiting={waiting} isFirm />}
        <section aria-labelledby="carry-share">
          <h3 id="carry-share">Share as a board</h3>
          {isOwn ? (
            <BoardLinks list={list} kept={listsStore.kept(list.id)} />
          ) : (
            <p>
              A board shows this list, live and without a sign-in, to whoever has its link.{' '}
              <Link href={signInPath} onClick={onClose}>
                Sign in
              </Link>{' '}
              to make one: your lists are then kept on the server.
            </p>
          )}
        </section>
        <section aria-labelledby="carry-out">
          <h3 id="carry-out">Export</h3>
          <div className="carry__out">
            <Exports what="This list" lists={[list]} file={list.name} />
            {lists.length > 1 && (
              <Exports what={`All ${lists.length} lists`} lists={lists} file="watchlists" />
            )}
          </div>
        </section>
        {lists.length > 1 && (
          <section aria-labelledby="carry-order">
            <h3 id="carry-order">Order of your lists</h3>
            <ListOrder lists={lists} />
          </section>
        )}
        <section aria-labelledby="carry-in">
          <h3 id="carry-in">Import</h3>
          <FilesIn isOwn={isOwn} />
        </section>
      </div>
    </Dialog>
  );
}

type ExportsProps = { what: string; lists: readonly PortableList[]; file: string };

function Exports({ what, lists, file }: ExportsProps) {
  return (
    <div role="group" aria-label={`Export: ${what}`}>
      <span>{what}</span>
      <button
        type="button"
        className="button"
        onClick={() => save(toCsv(lists), `${safe(file)}.csv`, 'text/csv')}
      >
        CSV
      </button>
      <button
        type="button"
        className="button"
        onClick={() => save(toJson(lists), `${safe(file)}.json`, 'application/json')}
      >
        JSON
      </button>
    </div>
  );
}

/** A name that every system takes for a file. */
function safe(name: string): string {
  return name.replace(/[^\p{L}\p{N} ._-]+/gu, '-').replace(/^[ .]+/, '') || 'watchlist';
}

function save(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it over by then.
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
