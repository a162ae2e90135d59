/** The watch list: lists above, a table of live rows below. */
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { MarketSymbol } from '../../domain/symbol';
import { useToaster } from '../../ui/toast';
import { readStored, writeStored } from '../../ui/stored';
import { useInterest } from '../live';
import { columns, nextSort, parseSort, type Column, type Sort } from './columns';
import { EmptyList, FirstVisitHint } from './hints';
import { ListTabs } from './list-tabs';
import { currentList, insertSymbol, moveSymbol, removeSymbol } from './lists';
import { listsStore, useLists } from './lists-store';
import { useOrder } from './order';
import { VisibleRows } from './visible-rows';
import { WatchRow, type RowActions } from './watch-row';
import './watchlist.css';

/** With more rows than this, what moves changes at once instead of fading. */
const MANY = 60;

type Props = { openSymbol: MarketSymbol | null; onSearch: () => void };

export function Watchlist({ openSymbol, onSearch }: Props) {
  const toaster = useToaster();
  const state = useLists();
  const list = currentList(state);
  const [sort, setSort] = useState<Sort | null>(() => parseSort(readStored('sort')));
  const [editing, setEditing] = useState(false);
  const [active, setActive] = useState<MarketSymbol | null>(null);
  const body = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => new VisibleRows(), []);
  const order = useOrder(list.symbols, sort, body);
  useInterest(list.symbols);
  useEffect(() => {
    listsStore.shown = order;
  }, [order]);

  const focusRow = useCallback((symbol: MarketSymbol | undefined) => {
    if (!symbol) return;
    setActive(symbol);
    const row = body.current?.querySelector(`[data-symbol="${CSS.escape(symbol)}"]`);
    row?.querySelector<HTMLElement>('.row__link')?.focus();
    row?.scrollIntoView({ block: 'nearest' });
  }, []);

  const actions = useMemo<RowActions>(
    () => ({
      remove(symbol) {
        const from = currentList(listsStore.get());
        const at = from.symbols.indexOf(symbol);
        const shown = listsStore.shown;
        const place = shown.indexOf(symbol);
        const hadFocus = body.current?.contains(document.activeElement) ?? false;
        listsStore.update((lists) => removeSymbol(lists, from.id, symbol));
        toaster.show({
          text: `Removed ${symbol} from “${from.name}”.`,
          undo: () => listsStore.update((lists) => insertSymbol(lists, from.id, symbol, at)),
        });
        if (hadFocus) focusRow(shown[place + 1] ?? shown[place - 1]);
      },
      moveTo(symbol, to) {
        const { id, symbols } = currentList(listsStore.get());
        listsStore.update((lists) => moveSymbol(lists, id, symbol, to));
        const place = Math.max(0, Math.min(to, symbols.length - 1)) + 1;
        toaster.announce(`${symbol} is now ${place} of ${symbols.length}.`);
        requestAnimationFrame(() => focusRow(symbol));
      },
      foundUnknown: (symbol) => listsStore.dropUnknown(symbol),
    }),
    [toaster, focusRow],
  );

  function choose(next: Sort | null) {
    setSort(next);
    writeStored('sort', next);
    const label = columns.find(({ id }) => id === next?.column)?.label;
    toaster.announce(
      next
        ? `Sorted by ${label}, ${next.descending ? 'descending' : 'ascending'}.`
        : 'In your own order.',
    );
  }

  function onKey(event: KeyboardEvent) {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-symbol]');
    const at = order.findIndex((symbol) => symbol === row?.dataset['symbol']);
    const symbol = order[at];
    if (!symbol || event.ctrlKey || event.metaKey) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && event.altKey) {
      if (sort) toaster.announce('Sorted rows cannot be moved. Go back to your own order first.');
      else actions.moveTo(symbol, at + step);
    } else if (event.altKey) return;
    else if (step !== 0) focusRow(order[at + step]);
    else if (event.key === 'Home') focusRow(order[0]);
    else if (event.key === 'End') focusRow(order[order.length - 1]);
    else if (event.key === 'Delete' || event.key === 'Backspace') actions.remove(symbol);
    else return;
    event.preventDefault();
  }

  const tabStop = active && order.includes(active) ? active : order[0];
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
      {state.untouched && <FirstVisitHint onSearch={onSearch} />}
      {order.length === 0 ? (
        <EmptyList name={list.name} onSearch={onSearch} />
      ) : (
        <div
          className="watchlist__table"
          role="table"
          aria-label={list.name}
          aria-rowcount={order.length + 1}
          data-editing={editing}
          data-many={order.length > MANY}
          data-scroller
        >
          <div role="rowgroup" className="watchlist__head">
            <div role="row" className="row row--head" aria-rowindex={1}>
              {columns.map((column) => (
                <Heading key={column.id} column={column} sort={sort} onChoose={choose} />
              ))}
              <div role="columnheader" className="cell cell--actions">
                {sort && (
                  <button
                    type="button"
                    className="heading"
                    title="Back to your own order"
                    onClick={() => choose(null)}
                  >
                    Own order
                  </button>
                )}
                {!sort && <span className="unseen">Remove</span>}
              </div>
            </div>
          </div>
          {/* Keys reach here from the links and buttons of the rows. */}
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
          <div
            role="rowgroup"
            className="watchlist__body"
            ref={body}
            onKeyDown={onKey}
            onFocus={(event) => {
              const row = (event.target as HTMLElement).closest<HTMLElement>('[data-symbol]');
              const symbol = order.find((one) => one === row?.dataset['symbol']);
              if (symbol) setActive(symbol);
            }}
          >
            {order.map((symbol, i) => (
              <WatchRow
                key={symbol}
                symbol={symbol}
                position={i + 1}
                tabStop={symbol === tabStop}
                open={symbol === openSymbol}
                movable={sort === null}
                rows={rows}
                actions={actions}
              />
            ))}
          </div>
        </div>
      )}
    </section>
  );
}

type HeadingProps = { column: Column; sort: Sort | null; onChoose: (sort: Sort | null) => void };

function Heading({ column, sort, onChoose }: HeadingProps) {
  const sorted = sort?.column === column.id;
  const way = !sorted ? undefined : sort.descending ? 'descending' : 'ascending';
  return (
    <div role="columnheader" className={`cell cell--${column.id}`} aria-sort={way}>
      <button
        type="button"
        className="heading"
        title={column.hint ? `${column.label} ${column.hint}` : undefined}
        onClick={() => onChoose(nextSort(sort, column))}
      >
        {column.label}
        <span aria-hidden="true">{way === 'descending' ? ' ↓' : way ? ' ↑' : ''}</span>
      </button>
    </div>
  );
}
