/** Watch lists as plain data: every change makes a new value, so undo is keeping the old place. */
import { asSymbol, parseSymbol, type MarketSymbol } from '../../domain/symbol';

declare const listBrand: unique symbol;
export type ListId = string & { readonly [listBrand]: true };

export type WatchList = { id: ListId; name: string; symbols: readonly MarketSymbol[] };

/** At least one list always exists, and `current` is the id of one of them. */
export type Lists = {
  lists: readonly WatchList[];
  current: ListId;
  /** True until the reader changes anything: the lists are still the ones we began with. */
  untouched: boolean;
};

export const SYMBOLS_MAX = 1000;
export const NAME_MAX = 64;

const defaultSymbols = [
  'AAPL', 'MSFT', 'NVDA', 'AMZN', 'GOOGL', 'META', 'TSLA', 'GM', 'F', 'JPM', 'XOM', 'BINANCE:BTCUSDT',
].map(asSymbol); // prettier-ignore

export const firstLists: Lists = {
  lists: [{ id: 'first' as ListId, name: 'Watch list', symbols: defaultSymbols }],
  current: 'first' as ListId,
  untouched: true,
};

export function currentList(state: Lists): WatchList {
  const found = state.lists.find((list) => list.id === state.current) ?? state.lists[0];
  if (!found) throw new Error('there is always a list');
  return found;
}

function change(state: Lists, id: ListId, edit: (list: WatchList) => WatchList): Lists {
  return {
    ...state,
    untouched: false,
    lists: state.lists.map((list) => (list.id === id ? edit(list) : list)),
  };
}

export function addSymbols(state: Lists, id: ListId, symbols: readonly MarketSymbol[]): Lists {
  return change(state, id, (list) => ({
    ...list,
    symbols: [...new Set([...list.symbols, ...symbols])].slice(0, SYMBOLS_MAX),
  }));
}

/** Puts a symbol back where it was; the list may have changed in between. */
export function insertSymbol(state: Lists, id: ListId, symbol: MarketSymbol, at: number): Lists {
  return change(state, id, (list) => {
    if (list.symbols.includes(symbol)) return list;
    const symbols = [...list.symbols];
    symbols.splice(Math.min(at, symbols.length), 0, symbol);
    return { ...list, symbols };
  });
}

export function removeSymbol(state: Lists, id: ListId, symbol: MarketSymbol): Lists {
  return change(state, id, (list) => ({
    ...list,
    symbols: list.symbols.filter((other) => other !== symbol),
  }));
}

/** Moves a symbol so that it ends up at index `to`. */
export function moveSymbol(state: Lists, id: ListId, symbol: MarketSymbol, to: number): Lists {
  return change(state, id, (list) => {
    const from = list.symbols.indexOf(symbol);
    const target = Math.max(0, Math.min(to, list.symbols.length - 1));
    if (from < 0 || from === target) return list;
    const symbols = list.symbols.filter((other) => other !== symbol);
    symbols.splice(target, 0, symbol);
    return { ...list, symbols };
  });
}

export function freeName(state: Lists): string {
  for (let n = state.lists.length + 1; ; n += 1) {
    const name = `List ${n}`;
    if (!state.lists.some((list) => list.name === name)) return name;
  }
}

export function createList(state: Lists, id: ListId): Lists {
  const list: WatchList = { id, name: freeName(state), symbols: [] };
  return { lists: [...state.lists, list], current: id, untouched: false };
}

export function renameList(state: Lists, id: ListId, name: string): Lists {
  const clean = name.trim().slice(0, NAME_MAX);
  return clean ? change(state, id, (list) => ({ ...list, name: clean })) : state;
}

/** The last list is not deleted but emptied, because there is always one to add to. */
export function deleteList(state: Lists, id: ListId): Lists {
  const at = state.lists.findIndex((list) => list.id === id);
  if (at < 0) return state;
  if (state.lists.length === 1)
    return change(state, id, (list) => ({ ...list, name: 'Watch list', symbols: [] }));
  const lists = state.lists.filter((list) => list.id !== id);
  const beside = lists[Math.min(at, lists.length - 1)];
  const current = state.current === id && beside ? beside.id : state.current;
  return { lists, current, untouched: false };
}

export function restoreList(state: Lists, list: WatchList, at: number): Lists {
  const others = state.lists.filter((other) => other.id !== list.id);
  others.splice(Math.min(at, others.length), 0, list);
  return { lists: others, current: list.id, untouched: false };
}

/** Puts a list before or behind its neighbour. */
export function moveList(state: Lists, id: ListId, by: -1 | 1): Lists {
  const from = state.lists.findIndex((list) => list.id === id);
  const to = from + by;
  const [list, other] = [state.lists[from], state.lists[to]];
  if (!list || !other) return state;
  const lists = [...state.lists];
  lists[to] = list;
  lists[from] = other;
  return { ...state, lists, untouched: false };
}

export function selectList(state: Lists, id: ListId): Lists {
  return state.lists.some((list) => list.id === id) ? { ...state, current: id } : state;
}

/** What was stored may be old, cut or edited by hand: whatever is sound in it is kept. */
export function parseLists(stored: unknown): Lists | null {
  if (typeof stored !== 'object' || stored === null) return null;
  const { lists, current, untouched } = stored as Record<string, unknown>;
  if (!Array.isArray(lists)) return null;
  const sound = (lists as unknown[]).map(parseList).filter((list) => list !== null);
  const first = sound[0];
  if (!first) return null;
  const chosen = sound.find((list) => list.id === current) ?? first;
  return { lists: sound, current: chosen.id, untouched: untouched === true };
}

function parseList(stored: unknown): WatchList | null {
  if (typeof stored !== 'object' || stored === null) return null;
  const { id, name, symbols } = stored as Record<string, unknown>;
  if (typeof id !== 'string' || typeof name !== 'string' || !Array.isArray(symbols)) return null;
  const parsed = (symbols as unknown[])
    .map((symbol) => (typeof symbol === 'string' ? parseSymbol(symbol) : null))
    .filter((symbol) => symbol !== null);
  return {
    id: id as ListId,
    name: name.slice(0, NAME_MAX),
    symbols: [...new Set(parsed)].slice(0, SYMBOLS_MAX),
  };
}
