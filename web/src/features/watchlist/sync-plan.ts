/** What to ask of the server so that its lists become those on the screen: pure. */
import type { ListHead, WatchlistBody } from '../../domain/api-types';
import { asSymbol } from '../../domain/symbol';
import type { ListId, WatchList } from './lists';

/** A list as the server has it. `id` is the page's own name for it, which outlives its making. */
export type KeptList = WatchList & {
  serverId: string;
  version: number;
  isForVisitors: boolean;
};

export type Step =
  | { kind: 'remove'; list: KeptList }
  | { kind: 'replace'; list: KeptList; wanted: WatchList }
  | { kind: 'create'; wanted: WatchList }
  | { kind: 'order'; ids: readonly ListId[] };

export function keptFrom(body: WatchlistBody, id: ListId): KeptList {
  return {
    id,
    name: body.name,
    symbols: body.symbols.map(asSymbol),
    serverId: body.id,
    version: body.version,
    isForVisitors: body.is_for_visitors,
  };
}

function isSame(a: WatchList, b: WatchList): boolean {
  return (
    a.name === b.name &&
    a.symbols.length === b.symbols.length &&
    a.symbols.every((symbol, i) => symbol === b.symbols[i])
  );
}

/** The requests that lead from one to the other, in the order in which they are to be sent. */
export function plan(before: readonly KeptList[], after: readonly WatchList[]): Step[] {
  const steps: Step[] = [];
  const known = new Map(before.map((list) => [list.id, list]));
  const wanted = new Set(after.map(({ id }) => id));
  for (const list of before) if (!wanted.has(list.id)) steps.push({ kind: 'remove', list });
  const created: ListId[] = [];
  for (const one of after) {
    const list = known.get(one.id);
    if (!list) {
      steps.push({ kind: 'create', wanted: one });
      created.push(one.id);
    } else if (!isSame(list, one)) steps.push({ kind: 'replace', list, wanted: one });
  }
  // The server puts new lists behind the others.
  const come = [...before.filter(({ id }) => wanted.has(id)).map(({ id }) => id), ...created];
  const ids = after.map(({ id }) => id);
  if (ids.some((id, i) => id !== come[i])) steps.push({ kind: 'order', ids });
  return steps;
}

/** Whether what the channel tells is something that has not been seen yet. */
export function isNews(base: readonly KeptList[], heads: readonly ListHead[]): boolean {
  if (heads.length !== base.length) return true;
  return heads.some(({ id, version }, i) => {
    const list = base[i];
    return list?.serverId !== id || version > list.version;
  });
}

/** The one list that is newer than it is known here, when nothing else is new. */
export function onlyNewer(base: readonly KeptList[], heads: readonly ListHead[]): KeptList | null {
  if (heads.length !== base.length || heads.some(({ id }, i) => base[i]?.serverId !== id))
    return null;
  const newer = base.filter((list, i) => (heads[i]?.version ?? 0) > list.version);
  return newer.length === 1 ? (newer[0] ?? null) : null;
}
