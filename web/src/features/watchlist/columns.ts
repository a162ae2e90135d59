/** The columns of the watch list, and how each of them sorts. */
import { freshnessLook, type Freshness } from '../../domain/freshness';
import type { MarketSymbol } from '../../domain/symbol';
import { freshnessOf, type LiveRow } from '../../stream/live-store';

export type ColumnId =
  | 'symbol' | 'name' | 'last' | 'change' | 'percent' | 'range' | 'volume' | 'trend' | 'time' | 'state'; // prettier-ignore

export type Column = { id: ColumnId; label: string; hint?: string; numeric: boolean };

export const columns: Column[] = [
  { id: 'symbol', label: 'Symbol', numeric: false },
  { id: 'name', label: 'Name', numeric: false },
  { id: 'last', label: 'Last', numeric: true },
  { id: 'change', label: 'Change', hint: 'against the previous close', numeric: true },
  { id: 'percent', label: 'Chg %', hint: 'per cent against the previous close', numeric: true },
  { id: 'range', label: 'Day range', hint: 'where the last price is between the low and the high', numeric: true }, // prettier-ignore
  { id: 'volume', label: 'Volume', numeric: true },
  { id: 'trend', label: 'Trend', hint: 'change over the drawn history', numeric: true },
  { id: 'time', label: 'Time', hint: 'of the last trade, in your time zone', numeric: true },
  { id: 'state', label: 'Freshness', numeric: false },
];

export type Sort = { column: ColumnId; descending: boolean };

/** What sorting may look at for one symbol. */
export type Sortable = { symbol: MarketSymbol; name: string; row: LiveRow; trend: number | null };

const freshnessOrder = Object.keys(freshnessLook) as Freshness[];

function valueOf(column: ColumnId, { symbol, name, row, trend }: Sortable): string | number | null {
  const figures = row.figures;
  switch (column) {
    case 'symbol':
      return symbol;
    case 'name':
      return name || null;
    case 'last':
      return figures?.price ?? null;
    case 'change':
      return figures?.change ?? null;
    case 'percent':
      return figures?.change_percent ?? null;
    case 'range':
      return rangePosition(figures?.low, figures?.high, figures?.price);
    case 'volume':
      return figures?.volume ?? null;
    case 'trend':
      return trend;
    case 'time':
      return figures?.timestamp ? Date.parse(figures.timestamp) : null;
    case 'state':
      return freshnessOrder.indexOf(freshnessOf(row));
  }
}

/** 0 at the low, 1 at the high; null where there is no range to be in. */
export function rangePosition(
  low: number | null | undefined,
  high: number | null | undefined,
  price: number | null | undefined,
): number | null {
  if (low === null || low === undefined || high === null || high === undefined) return null;
  if (price === null || price === undefined || high <= low) return null;
  return Math.max(0, Math.min(1, (price - low) / (high - low)));
}

/** Sorted symbols; without a value they come last whichever way; equal ones keep their order. */
export function sortSymbols(rows: readonly Sortable[], sort: Sort): MarketSymbol[] {
  const keyed = rows.map((row) => ({ symbol: row.symbol, value: valueOf(sort.column, row) }));
  const way = sort.descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.value === null || b.value === null)
      return a.value === b.value ? 0 : a.value === null ? 1 : -1;
    if (typeof a.value === 'string' && typeof b.value === 'string')
      return way * a.value.localeCompare(b.value);
    return way * (Number(a.value) - Number(b.value));
  });
  return keyed.map(({ symbol }) => symbol);
}

/** A press on a heading: best first, then the other way, then back to the reader's own order. */
export function nextSort(sort: Sort | null, column: Column): Sort | null {
  const first = column.numeric;
  if (sort?.column !== column.id) return { column: column.id, descending: first };
  return sort.descending === first ? { column: column.id, descending: !first } : null;
}

export function parseSort(stored: unknown): Sort | null {
  if (typeof stored !== 'object' || stored === null) return null;
  const { column, descending } = stored as Record<string, unknown>;
  const known = columns.find(({ id }) => id === column);
  return known ? { column: known.id, descending: descending === true } : null;
}
