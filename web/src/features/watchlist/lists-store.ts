/** The lists of this browser: kept in its storage, shared between its tabs. */
import { useSyncExternalStore } from 'react';
import type { MarketSymbol } from '../../domain/symbol';
import { readStored, watchStored, writeStored } from '../../ui/stored';
import {
  addSymbols,
  currentList,
  firstLists,
  parseLists,
  removeSymbol,
  type ListId,
  type Lists,
} from './lists';

const KEY = 'lists';

class ListsStore {
  private state: Lists;
  private readonly watchers = new Set<() => void>();
  /** The order now on the screen, for stepping through the list from a chart. */
  shown: readonly MarketSymbol[] = [];

  constructor() {
    this.state = parseLists(readStored(KEY)) ?? firstLists;
    watchStored(KEY, (stored) => {
      this.state = parseLists(stored) ?? this.state;
      this.tell();
    });
  }

  get = (): Lists => this.state;

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  update(edit: (state: Lists) => Lists): void {
    const next = edit(this.state);
    if (next === this.state) return;
    this.state = next;
    writeStored(KEY, next);
    this.tell();
  }

  /** The list we begin with is a guess; what this server does not know is left out of it. */
  dropUnknown(symbol: MarketSymbol): void {
    if (!this.state.untouched) return;
    this.update((state) => ({
      ...removeSymbol(state, currentList(state).id, symbol),
      untouched: true,
    }));
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher();
  }
}

export const listsStore = new ListsStore();

export function useLists(): Lists {
  return useSyncExternalStore(listsStore.watch, listsStore.get);
}

export function newListId(): ListId {
  return `list-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 6)}` as ListId;
}

/** Adds to the current list; answers whether anything was new. */
export function addToCurrentList(symbols: readonly MarketSymbol[]): boolean {
  const list = currentList(listsStore.get());
  const fresh = symbols.filter((symbol) => !list.symbols.includes(symbol));
  if (fresh.length > 0) listsStore.update((state) => addSymbols(state, list.id, fresh));
  return fresh.length > 0;
}
