/**
 * Lists as files. CSV has the columns `list` and `symbol`, one symbol a row, a list without symbols as a
 * row without one; JSON is as the server gives it. What is written here can be read here and there.
 */
import { parseSymbol } from '../../domain/symbol';
import { NAME_MAX, SYMBOLS_MAX, type ListId, type Lists } from './lists';

export type PortableList = { name: string; symbols: readonly string[] };

export const LISTS_MAX = 50;
/** As much as the server takes in at once, about. */
export const FILE_BYTES_MAX = 1_000_000;

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toCsv(lists: readonly PortableList[]): string {
  const rows = lists.flatMap(({ name, symbols }) =>
    symbols.length === 0 ? [[name, '']] : symbols.map((symbol) => [name, symbol]),
  );
  return [['list', 'symbol'], ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

export function toJson(lists: readonly PortableList[]): string {
  const watchlists = lists.map(({ name, symbols }) => ({ name, symbols }));
  return `${JSON.stringify({ watchlists }, null, 2)}\n`;
}

/** Rows of CSV by RFC 4180; null where a quotation mark is never closed. */
export function csvRows(text: string): string[][] | null {
  const rows: string[][] = [];
  let row: string[] = [];
  let value = '';
  let quoted = false;
  const endRow = () => {
    row.push(value);
    value = '';
    if (row.length > 1 || row[0]?.trim()) rows.push(row);
    row = [];
  };
  for (let i = 0; i < text.length; i += 1) {
    const sign = text[i] ?? '';
    if (quoted) {
      if (sign !== '"') value += sign;
      else if (text[i + 1] === '"') {
        value += '"';
        i += 1;
      } else quoted = false;
    } else if (sign === '"' && value.trim() === '') {
      value = '';
      quoted = true;
    } else if (sign === ',') {
      row.push(value);
      value = '';
    } else if (sign === '\n') endRow();
    else if (sign !== '\r') value += sign;
  }
  if (quoted) return null;
  endRow();
  return rows;
}

export type Read = { lists: PortableList[] } | { fault: string };

export function readPortable(text: string): Read {
  const plain = text.replace(/^\uFEFF/, '');
  const read = plain.trimStart().startsWith('{') ? readJson(plain) : readCsv(plain);
  if ('fault' in read) return read;
  const { lists } = read;
  if (lists.length === 0) return { fault: 'There is no list in this file.' };
  if (lists.length > LISTS_MAX)
    return { fault: `These are ${lists.length} lists; there can be ${LISTS_MAX}.` };
  for (const { name, symbols } of lists) {
    if (name === '') return { fault: 'A list in this file has no name.' };
    if ([...name].length > NAME_MAX)
      return { fault: `A name is longer than ${NAME_MAX} characters: ${name.slice(0, 20)}…` };
    if (symbols.length > SYMBOLS_MAX)
      return { fault: `“${name}” has more than ${SYMBOLS_MAX} symbols.` };
  }
  return read;
}

function readJson(text: string): Read {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return { fault: 'This is not whole JSON.' };
  }
  const watchlists = (found as { watchlists?: unknown }).watchlists;
  if (!Array.isArray(watchlists)) return { fault: 'The JSON has no member “watchlists”.' };
  const lists: PortableList[] = [];
  for (const one of watchlists as unknown[]) {
    const { name, symbols } = (one ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || !Array.isArray(symbols))
      return { fault: 'A list in this file lacks its name or its symbols.' };
    const words = (symbols as unknown[]).filter((symbol) => typeof symbol === 'string');
    lists.push({ name: name.trim(), symbols: [...new Set(words)] });
  }
  return { lists };
}

function readCsv(text: string): Read {
  const rows = csvRows(text);
  if (!rows) return { fault: 'A quotation mark in this file is never closed.' };
  const heads = (rows[0] ?? []).map((head) => head.trim().toLowerCase());
  const [list, symbol] = [heads.indexOf('list'), heads.indexOf('symbol')];
  if (list < 0 || symbol < 0)
    return { fault: 'The first line must name the columns “list” and “symbol”.' };
  const lists = new Map<string, Set<string>>();
  for (const row of rows.slice(1)) {
    const name = row[list]?.trim() ?? '';
    const symbols = lists.get(name) ?? new Set();
    lists.set(name, symbols);
    const found = row[symbol]?.trim() ?? '';
    if (found !== '') symbols.add(found);
  }
  return { lists: [...lists].map(([name, symbols]) => ({ name, symbols: [...symbols] })) };
}

export type Taken = { state: Lists; created: string[]; extended: string[]; unknown: string[] };

/** As the server does it, for lists that the browser keeps: known names get what they lack. */
export function takeIn(
  state: Lists,
  lists: readonly PortableList[],
  newId: () => ListId,
): Taken | null {
  const all = [...state.lists];
  const taken: Taken = { state, created: [], extended: [], unknown: [] };
  for (const { name, symbols } of lists) {
    const known = symbols.map((symbol) => parseSymbol(symbol));
    taken.unknown.push(...symbols.filter((_, i) => !known[i]));
    const good = known.filter((symbol) => symbol !== null);
    const at = all.findIndex((list) => list.name === name);
    const old = all[at];
    if (!old) {
      all.push({ id: newId(), name, symbols: [...new Set(good)] });
      taken.created.push(name);
      continue;
    }
    const together = [...new Set([...old.symbols, ...good])];
    if (together.length > SYMBOLS_MAX) return null;
    if (together.length > old.symbols.length) taken.extended.push(name);
    all[at] = { ...old, symbols: together };
  }
  if (all.length > LISTS_MAX) return null;
  taken.state = { ...state, lists: all, untouched: false };
  return taken;
}

/** What was done, in a sentence. */
export function takenWords(taken: Omit<Taken, 'state'>): string {
  const names = (all: readonly string[]) => all.map((name) => `“${name}”`).join(', ');
  const said = [
    taken.created.length > 0 && `Added ${names(taken.created)}.`,
    taken.extended.length > 0 && `Added what was missing to ${names(taken.extended)}.`,
    taken.unknown.length > 0 && `Not known to this server: ${taken.unknown.slice(0, 8).join(', ')}${taken.unknown.length > 8 ? '…' : ''}.`, // prettier-ignore
  ].filter((words) => words !== false);
  return said.length > 0 ? said.join(' ') : 'All of it was in your lists already.';
}

/** “Cars” (2), “Banks” (11): what is in lists that are not on the screen. */
export function listNames(lists: readonly PortableList[]): string {
  const shown = lists.slice(0, 4).map(({ name, symbols }) => `“${name}” (${symbols.length})`);
  return shown.join(', ') + (lists.length > 4 ? ` and ${lists.length - 4} more` : '');
}
