import { expect, test } from 'vitest';
import { asSymbol } from '../../domain/symbol';
import { figures } from '../../testing/samples';
import { nextSort, columns, sortSymbols, type Sortable } from './columns';
import {
  addSymbols,
  createList,
  currentList,
  deleteList,
  type firstLists,
  insertSymbol,
  moveList,
  moveSymbol,
  NAME_MAX,
  parseLists,
  removeSymbol,
  renameList,
  restoreList,
  selectList,
  type ListId,
} from './lists';
import { CORNERS, sparkPath, trendOf } from './sparkline';

const [A, B, C, D] = ['A', 'B', 'C', 'D'].map(asSymbol) as [never, never, never, never];
const id = 'one' as ListId;
const start = { lists: [{ id, name: 'One', symbols: [A, B, C] }], current: id, untouched: true };
const symbols = (state: typeof firstLists) => currentList(state).symbols.join('');

test('adding keeps order and knows no doubles', () => {
  expect(symbols(addSymbols(start, id, [D, A, D]))).toBe('ABCD');
  expect(addSymbols(start, id, [D]).untouched).toBe(false);
});

test('removing and putting back restores the place', () => {
  const removed = removeSymbol(start, id, B);
  expect(symbols(removed)).toBe('AC');
  expect(symbols(insertSymbol(removed, id, B, 1))).toBe('ABC');
  // Undone twice, or after adding it again by hand: still only once.
  expect(symbols(insertSymbol(start, id, B, 0))).toBe('ABC');
  // The list has shrunk meanwhile.
  expect(symbols(insertSymbol(removeSymbol(removed, id, C), id, B, 9))).toBe('AB');
});

test('moving clamps to the ends', () => {
  expect(symbols(moveSymbol(start, id, A, 1))).toBe('BAC');
  expect(symbols(moveSymbol(start, id, C, 0))).toBe('CAB');
  expect(symbols(moveSymbol(start, id, A, 99))).toBe('BCA');
  expect(symbols(moveSymbol(start, id, A, -1))).toBe('ABC');
});

test('lists are made, named, chosen and deleted, and one always remains', () => {
  const two = createList(start, 'two' as ListId);
  expect(currentList(two)).toMatchObject({ name: 'List 2', symbols: [] });
  expect(currentList(selectList(two, id)).name).toBe('One');
  expect(selectList(two, 'gone' as ListId)).toBe(two);
  expect(currentList(renameList(two, two.current, '  Cars  ')).name).toBe('Cars');
  expect(renameList(two, two.current, '   ')).toBe(two);
  expect(currentList(renameList(two, two.current, 'x'.repeat(99))).name.length).toBe(NAME_MAX);
  const back = deleteList(two, two.current);
  expect(currentList(back).name).toBe('One');
  expect(symbols(deleteList(back, id))).toBe('');
  const list = currentList(two);
  expect(restoreList(back, list, 1).lists.map(({ name }) => name)).toEqual(['One', 'List 2']);
  // The last list, emptied by deleting, comes back whole.
  expect(symbols(restoreList(deleteList(start, id), start.lists[0] ?? list, 0))).toBe('ABC');
});

test('lists change places with their neighbours, and stop at the ends', () => {
  const three = createList(createList(start, 'two' as ListId), 'three' as ListId);
  const ids = (state: typeof three) => state.lists.map((list) => list.id).join(' ');
  expect(ids(moveList(three, 'three' as ListId, -1))).toBe('one three two');
  expect(ids(moveList(three, id, 1))).toBe('two one three');
  expect(moveList(three, id, -1)).toBe(three);
  expect(moveList(three, 'three' as ListId, 1)).toBe(three);
  expect(moveList(three, 'gone' as ListId, 1)).toBe(three);
  expect(moveList(three, id, 1).current).toBe('three');
});

test('what was stored is kept as far as it is sound', () => {
  expect(parseLists(JSON.parse(JSON.stringify(start)))).toEqual(start);
  for (const bad of [null, 1, {}, { lists: [] }, { lists: [{ id: 1 }] }])
    expect(parseLists(bad)).toBeNull();
  const mended = parseLists({ lists: [{ id: 'x', name: 'X', symbols: ['a', 'A', 5, '<'] }], current: 'y' }); // prettier-ignore
  expect(mended && currentList(mended)).toEqual({ id: 'x', name: 'X', symbols: ['A'] });
});

const row = (symbol: typeof A, price: number | null, change = 0): Sortable => ({
  symbol,
  name: '',
  trend: null,
  row: { figures: figures({ price, change: price === null ? null : change }), confirmed: true, unknown: false }, // prettier-ignore
});

test('sorting puts what has no value last, both ways', () => {
  const rows = [row(A, 2, 1), row(B, null), row(C, 3, -1), row(D, 1, 0)];
  expect(sortSymbols(rows, { column: 'last', descending: true }).join('')).toBe('CADB');
  expect(sortSymbols(rows, { column: 'last', descending: false }).join('')).toBe('DACB');
  expect(sortSymbols(rows, { column: 'change', descending: true }).join('')).toBe('ADCB');
  expect(sortSymbols(rows, { column: 'symbol', descending: false }).join('')).toBe('ABCD');
});

test('a heading sorts best first, then the other way, then not at all', () => {
  const last = columns.find(({ id: column }) => column === 'last') as (typeof columns)[number];
  const once = nextSort(null, last);
  expect(once).toEqual({ column: 'last', descending: true });
  expect(nextSort(once, last)).toEqual({ column: 'last', descending: false });
  expect(nextSort(nextSort(once, last), last)).toBeNull();
});

test('sparklines', () => {
  expect(sparkPath([1], null).path).toBe('');
  expect(sparkPath([1, 3], 2)).toEqual({ path: `${CORNERS}M0.0 24.0L100.0 2.0`, baseline: 13 });
  expect(sparkPath([1, 3], 9).baseline).toBeNull();
  expect(sparkPath([2, 2], null).path).toBe(`${CORNERS}M0.0 13.0L100.0 13.0`);
  expect(trendOf([100, 90], 110)).toBeCloseTo(0.1);
  expect(trendOf(undefined, 1)).toBeNull();
});
