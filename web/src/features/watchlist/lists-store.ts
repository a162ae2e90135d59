/**
 * The lists on the screen. For nobody signed in they are this browser's: kept in its storage, shared
 * between its tabs. For somebody they are the server's, and what the browser kept waits to be adopted.
 */
import { useSyncExternalStore } from 'react';
import type { MarketSymbol } from '../../domain/symbol';
import { readStored, removeStored, watchStored, writeStored } from '../../ui/stored';
import {
  addSymbols,
  currentList,
  firstLists,
  parseLists,
  removeSymbol,
  type ListId,
  type Lists,
} from './lists';
import type { ListsSync } from './lists-sync';
import type { KeptList } from './sync-plan';

const KEY = 'lists';
/** Which of the server's lists this browser shows. */
const CURRENT = 'current-list';
/** Somebody was signed in when this browser was last here: their lists come, not the browser's. */
const EXPECTED = 'lists-of-somebody';

/** Whether who is signed in put off what to do with the browser's own lists. */
export const ADOPT_LATER = 'adopt-later';

export type ListsPhase =
  | { phase: 'browser' }
  | { phase: 'loading' }
  | { phase: 'failed'; message: string }
  | { phase: 'ready' };

/** Longer than a healthy server takes to make a list. */
const SETTLED_MS = 10_000;

const nothing: Lists = { ...firstLists, lists: [{ ...currentList(firstLists), symbols: [] }] };

class ListsStore {
  private browser: Lists;
  private state: Lists;
  private status: ListsPhase;
  private sync: ListsSync | null = null;
  private current: ListId | null = null;
  private readonly watchers = new Set<() => void>();
  /** The order now on the screen, for stepping through the list from a chart. */
  shown: readonly MarketSymbol[] = [];

  constructor() {
    this.browser = parseLists(readStored(KEY)) ?? firstLists;
    const isExpected = readStored(EXPECTED) === true;
    this.status = { phase: isExpected ? 'loading' : 'browser' };
    this.state = isExpected ? nothing : this.browser;
    watchStored(KEY, (stored) => {
      // Adopted or discarded in another tab: then there is nothing left to keep.
      this.keep(parseLists(stored) ?? (stored === null ? firstLists : this.browser));
    });
  }

  get = (): Lists => this.state;

  phase = (): ListsPhase => this.status;

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** Nobody is signed in: the lists are the browser's. */
  useBrowser(): void {
    this.sync = null;
    removeStored(EXPECTED);
    removeStored(CURRENT);
    removeStored(ADOPT_LATER);
    this.become({ phase: 'browser' }, this.browser);
  }

  /** Somebody is signed in: the lists are theirs, on the server. */
  useServer(sync: ListsSync): void {
    this.sync = sync;
    writeStored(EXPECTED, true);
    const stored = readStored(CURRENT);
    this.current = typeof stored === 'string' ? sync.idOf(stored) : null;
    this.synced();
  }

  /** The server's lists, or what is known of them, have changed. */
  synced(): void {
    const known = this.sync?.state();
    if (!known) return;
    if (known.phase !== 'ready') {
      this.become(known, nothing);
      return;
    }
    this.become({ phase: 'ready' }, this.over(known.lists));
  }

  /** What the browser kept before somebody signed in, unless it is only what it began with. */
  waiting = (): Lists | null =>
    this.sync !== null && !this.browser.untouched ? this.browser : null;

  /** They were adopted or discarded. Answers what was there, to be put back. */
  dropWaiting(): Lists {
    const dropped = this.browser;
    removeStored(KEY);
    this.keep(firstLists);
    return dropped;
  }

  putBackWaiting(lists: Lists): void {
    writeStored(KEY, lists);
    this.keep(lists);
  }

  /** The list as the server has it; none where it is the browser's, or was never changed. */
  kept(id: ListId): KeptList | undefined {
    return this.sync?.kept(id);
  }

  /** Waits until the server has the list, making it there if it was only a beginning. */
  async settled(id: ListId): Promise<KeptList> {
    const known = this.kept(id);
    if (known) return known;
    this.update((state) => ({ ...state, lists: [...state.lists], untouched: false }));
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => end(null), SETTLED_MS);
      const end = (list: KeptList | null) => {
        window.clearTimeout(timer);
        stop();
        if (list) resolve(list);
        else reject(new Error('The server does not have this list yet. Try again.'));
      };
      const stop = this.watch(() => {
        const list = this.kept(id);
        if (list) end(list);
      });
    });
  }

  /** Asks the server for its lists again. */
  reload(): void {
    this.sync?.reload();
  }

  /** False while the lists are not here yet: then nothing was done. */
  update(edit: (state: Lists) => Lists): boolean {
    if (this.status.phase === 'loading' || this.status.phase === 'failed') return false;
    const before = this.state;
    const next = edit(before);
    if (next === before) return true;
    const { sync } = this;
    if (!sync) {
      writeStored(KEY, next);
      this.keep(next);
      return true;
    }
    this.current = next.current;
    writeStored(CURRENT, sync.kept(next.current)?.serverId ?? next.current);
    if (next.lists === before.lists) this.become({ phase: 'ready' }, next);
    else sync.edit((lists) => edit(this.over(lists)).lists);
    return true;
  }

  /** What this server's visitors are shown, in place of the page's own guess. */
  beginWith(name: string, symbols: readonly MarketSymbol[]): void {
    const first = currentList(firstLists);
    if (!this.browser.untouched || symbols.length === 0) return;
    this.keep({ ...firstLists, lists: [{ ...first, name, symbols }] });
  }

  /** The list we begin with is a guess; what this server does not know is left out of it. */
  dropUnknown(symbol: MarketSymbol): void {
    if (!this.browser.untouched || !this.state.untouched) return;
    const next = removeSymbol(this.browser, currentList(this.browser).id, symbol);
    if (!this.sync) writeStored(KEY, { ...next, untouched: true });
    this.keep({ ...next, untouched: true });
  }

  /** The server's lists as the page works with them; for who has none yet, those one begins with. */
  private over(lists: Lists['lists']): Lists {
    const [first] = lists;
    if (!first) return { ...(this.browser.untouched ? this.browser : firstLists), untouched: true };
    const current = lists.some(({ id }) => id === this.current) ? this.current : null;
    return { lists, current: current ?? first.id, untouched: false };
  }

  private keep(browser: Lists): void {
    this.browser = browser;
    if (this.sync) this.synced();
    else if (this.status.phase === 'browser') this.become(this.status, browser);
  }

  private become(status: ListsPhase, state: Lists): void {
    this.status = status;
    this.state = state;
    for (const watcher of this.watchers) watcher();
  }
}

export const listsStore = new ListsStore();

export function useLists(): Lists {
  return useSyncExternalStore(listsStore.watch, listsStore.get);
}

export function useListsPhase(): ListsPhase {
  return useSyncExternalStore(listsStore.watch, listsStore.phase);
}

/** What waits to be adopted by who is signed in. */
export function useWaiting(): Lists | null {
  return useSyncExternalStore(listsStore.watch, listsStore.waiting);
}

export function newListId(): ListId {
  return `list-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 6)}` as ListId;
}

/** Adds to the current list; answers whether anything was new, or null while no list is here. */
export function addToCurrentList(symbols: readonly MarketSymbol[]): boolean | null {
  const list = currentList(listsStore.get());
  const fresh = symbols.filter((symbol) => !list.symbols.includes(symbol));
  if (fresh.length === 0) return false;
  return listsStore.update((state) => addSymbols(state, list.id, fresh)) ? true : null;
}
