/** A table of live rows: moved about in with the keys, sorted by its headings. */
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import type { MarketSymbol } from '../../domain/symbol';
import { useToaster } from '../../ui/toast';
import { useInterest, useStream } from '../live';
import { columns, nextSort, type Column, type Sort } from './columns';
import { listsStore } from './lists-store';
import { useOrder } from './order';
import { RowSweep } from './row-sweep';
import { VisibleRows } from './visible-rows';
import { WatchRow, type RowActions } from './watch-row';
import './watchlist.css';

/** With more rows than this, what moves changes at once instead of fading. */
const MANY = 60;

type Props = {
  name: string;
  symbols: readonly MarketSymbol[];
  openSymbol: MarketSymbol | null;
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
  editing: boolean;
  /** What changes the list; null where it is only looked at. */
  deeds: RowActions | null;
  /** In place of a table without rows. */
  empty: ReactNode;
};

export function ListTable(props: Props) {
  const { name, symbols, openSymbol, sort, onSort, editing, deeds, empty } = props;
  const toaster = useToaster();
  const [active, setActive] = useState<MarketSymbol | null>(null);
  const body = useRef<HTMLDivElement>(null);
  const { live } = useStream();
  const rows = useMemo(() => new VisibleRows(), []);
  const sweep = useMemo(() => new RowSweep(), []);
  const order = useOrder(symbols, sort, body);
  useInterest(symbols);
  useEffect(() => {
    listsStore.shown = order;
    sweep.setOrder(order);
    return body.current ? rows.follow(body.current, order) : undefined;
  }, [order, rows, sweep]);
  useEffect(() => live.listenToFrames(() => sweep.run()), [live, sweep]);

  const focusRow = useCallback((symbol: MarketSymbol | undefined) => {
    if (!symbol) return;
    setActive(symbol);
    const row = body.current?.querySelector(`[data-symbol="${CSS.escape(symbol)}"]`);
    row?.querySelector<HTMLElement>('.row__link')?.focus();
    row?.scrollIntoView({ block: 'nearest' });
  }, []);

  const actions = useMemo<RowActions | null>(
    () =>
      deeds && {
        remove(symbol) {
          const shown = listsStore.shown;
          const place = shown.indexOf(symbol);
          const hadFocus = body.current?.contains(document.activeElement) ?? false;
          deeds.remove(symbol);
          if (hadFocus) focusRow(shown[place + 1] ?? shown[place - 1]);
        },
        moveTo(symbol, to) {
          deeds.moveTo(symbol, to);
          requestAnimationFrame(() => focusRow(symbol));
        },
        foundUnknown: (symbol) => deeds.foundUnknown(symbol),
      },
    [deeds, focusRow],
  );

  function onKey(event: KeyboardEvent) {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-symbol]');
    const at = order.findIndex((symbol) => symbol === row?.dataset['symbol']);
    const symbol = order[at];
    if (!symbol || event.ctrlKey || event.metaKey) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && event.altKey) {
      if (sort) toaster.announce('Sorted rows cannot be moved. Go back to your own order first.');
      else actions?.moveTo(symbol, at + step);
    } else if (event.altKey) return;
    else if (step !== 0) focusRow(order[at + step]);
    else if (event.key === 'Home') focusRow(order[0]);
    else if (event.key === 'End') focusRow(order[order.length - 1]);
    else if (event.key === 'Delete' || event.key === 'Backspace') actions?.remove(symbol);
    else return;
    event.preventDefault();
  }

  const tabStop = active && order.includes(active) ? active : order[0];
  if (order.length === 0) return empty;
  return (
    <div
      className="watchlist__table"
      role="table"
      aria-label={name}
      aria-rowcount={order.length + 1}
      data-editing={editing}
      data-many={order.length > MANY}
      data-scroller
    >
      <div role="rowgroup" className="watchlist__head">
        <div role="row" className="row row--head" aria-rowindex={1}>
          {columns.map((column) => (
            <Heading key={column.id} column={column} sort={sort} onChoose={onSort} />
          ))}
          <div role="columnheader" className="cell cell--actions">
            {sort && (
              <button
                type="button"
                className="heading"
                title="Back to your own order"
                onClick={() => onSort(null)}
              >
                Own order
              </button>
            )}
            {!sort && <span className="unseen">{deeds ? 'Remove' : 'Actions'}</span>}
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
            sweep={sweep}
            actions={actions}
          />
        ))}
      </div>
    </div>
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
