/** The watch list: lists above, a table of live rows below. */
import { lazy, Suspense, useMemo, useState } from 'react';
import type { MarketSymbol } from '../../domain/symbol';
import { useToaster } from '../../ui/toast';
import { columns, parseSort } from './columns';
import { EmptyList, FirstVisitHint, ListsAway, ListsLoading } from './hints';
import { ListTable } from './list-table';
import { ListTabs } from './list-tabs';
import { currentList, insertSymbol, moveSymbol, removeSymbol } from './lists';
import { listsStore, useLists, useListsPhase, useWaiting } from './lists-store';
import { useVisitorsList } from './use-own-lists';
import { useSort } from './use-sort';
import type { RowActions } from './watch-row';
import './watchlist.css';

/** Most visits have nothing to adopt. */
const AdoptOffer = lazy(async () => ({ default: (await import('./adopt-offer')).AdoptOffer }));

type Props = { openSymbol: MarketSymbol | null; onSearch: () => void };

export function Watchlist({ openSymbol, onSearch }: Props) {
  const toaster = useToaster();
  const state = useLists();
  const status = useListsPhase();
  const waiting = useWaiting();
  const list = currentList(state);
  const [sort, choose] = useSort();
  const [editing, setEditing] = useState(false);
  useVisitorsList();

  const deeds = useMemo<RowActions>(
    () => ({
      remove(symbol) {
        const from = currentList(listsStore.get());
        const at = from.symbols.indexOf(symbol);
        listsStore.update((lists) => removeSymbol(lists, from.id, symbol));
        toaster.show({
          text: `Removed ${symbol} from “${from.name}”.`,
          undo: () => listsStore.update((lists) => insertSymbol(lists, from.id, symbol, at)),
        });
      },
      moveTo(symbol, to) {
        const { id, symbols } = currentList(listsStore.get());
        listsStore.update((lists) => moveSymbol(lists, id, symbol, to));
        const place = Math.max(0, Math.min(to, symbols.length - 1)) + 1;
        toaster.announce(`${symbol} is now ${place} of ${symbols.length}.`);
      },
      foundUnknown: (symbol) => listsStore.dropUnknown(symbol),
    }),
    [toaster],
  );

  if (status.phase === 'loading') return <ListsLoading />;
  if (status.phase === 'failed')
    return <ListsAway message={status.message} onRetry={() => listsStore.reload()} />;
  return (
    <section className="watchlist" aria-label={`Watch list ${list.name}`}>
      <div className="watchlist__bar" data-editing={editing}>
        <ListTabs state={state} />
        <label className="watchlist__sort">
          <span className="unseen">Order</span>
          <select
            className="field"
            value={sort ? `${sort.column}/${sort.descending ? 'd' : 'a'}` : ''}
            onChange={(event) => {
              const [column, way] = event.target.value.split('/');
              choose(parseSort({ column, descending: way === 'd' }));
            }}
          >
            <option value="">Own order</option>
            {columns.flatMap(({ id, label }) => [
              <option key={`${id}a`} value={`${id}/a`}>{`${label} ↑`}</option>,
              <option key={`${id}d`} value={`${id}/d`}>{`${label} ↓`}</option>,
            ])}
          </select>
        </label>
        <button
          type="button"
          className="button watchlist__edit"
          aria-pressed={editing}
          onClick={() => setEditing(!editing)}
        >
          {editing ? 'Done' : 'Edit'}
        </button>
      </div>
      {waiting && (
        <Suspense fallback={null}>
          <AdoptOffer waiting={waiting} />
        </Suspense>
      )}
      {state.untouched && !waiting && <FirstVisitHint onSearch={onSearch} />}
      <ListTable
        name={list.name}
        symbols={list.symbols}
        openSymbol={openSymbol}
        sort={sort}
        onSort={choose}
        editing={editing}
        deeds={deeds}
        empty={<EmptyList name={list.name} onSearch={onSearch} />}
      />
    </section>
  );
}
