import { expect, test } from 'vitest';
import { currentList, firstLists, type ListId } from './lists';
import { csvRows, readPortable, takeIn, takenWords, toCsv, toJson } from './portable';

const lists = [
  { name: 'Cars, "fast"', symbols: ['GM', 'F'] },
  { name: 'empty', symbols: [] },
  { name: 'é\nü', symbols: ['BRK.B'] },
];

test('what is written can be read', () => {
  expect(readPortable(toCsv(lists))).toEqual({ lists });
  expect(readPortable(toJson(lists))).toEqual({ lists });
  expect(toCsv(lists).split('\r\n')[1]).toBe('"Cars, ""fast""",GM');
});

test('columns are found by name, and what is wrong is said', () => {
  const read = readPortable(
    '\uFEFFSymbol, note ,LIST\nGM,x,Cars\n\nAAPL,,Fruit\nF,y,Cars\nGM,,Cars',
  );
  expect(read).toEqual({
    lists: [
      { name: 'Cars', symbols: ['GM', 'F'] },
      { name: 'Fruit', symbols: ['AAPL'] },
    ],
  });
  for (const [text, word] of [
    ['', 'columns'],
    ['symbol\nGM\n', 'columns'],
    ['list,symbol\n', 'no list'],
    ['list,symbol\n"Cars,GM\nF', 'quotation'],
    ['list,symbol\n,GM', 'no name'],
    [`list,symbol\n${'x'.repeat(65)},GM`, 'longer'],
    ['{"watchlists":', 'JSON'],
    ['{}', 'watchlists'],
    ['{"watchlists":[{"name":1}]}', 'lacks'],
    [toCsv(Array.from({ length: 51 }, (_, i) => ({ name: `L${i}`, symbols: [] }))), '51'],
    [toCsv([{ name: 'Long', symbols: Array.from({ length: 1001 }, (_, i) => `S${i}`) }]), '1000'],
  ] as const)
    expect((readPortable(text) as { fault: string }).fault, text).toContain(word);
});

test('rows of CSV', () => {
  expect(csvRows('a,"b ""c"",\nd"\r\n,\r\n')).toEqual([['a', 'b "c",\nd'], ['', '']]); // prettier-ignore
  expect(csvRows('a,"b')).toBeNull();
});

test('the browser takes lists in as the server does', () => {
  const [first] = firstLists.lists;
  let made = 0;
  const newId = () => `n${(made += 1)}` as ListId;
  const taken = takeIn(
    firstLists,
    [
      { name: 'Watch list', symbols: ['AAPL', 'zm'] },
      { name: 'Cars', symbols: ['GM', '<'] },
    ],
    newId,
  );
  expect(taken).toMatchObject({ created: ['Cars'], extended: ['Watch list'], unknown: ['<'] });
  expect(taken?.state.untouched).toBe(false);
  expect(taken && currentList(taken.state).symbols).toEqual([...(first?.symbols ?? []), 'ZM']);
  expect(taken && takenWords(taken)).toBe(
    'Added “Cars”. Added what was missing to “Watch list”. Not known to this server: <.',
  );
  const full = Array.from({ length: 50 }, (_, i) => ({ name: `L${i}`, symbols: [] }));
  expect(takeIn(firstLists, full, newId)).toBeNull();
  expect(takenWords({ created: [], extended: [], unknown: [] })).toContain('already');
});
