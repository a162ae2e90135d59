// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from 'vitest';
import type { ListsSync as Sync } from './lists-sync';
import type { ListsServer } from './lists-server';
import type { WatchlistBody } from '../../domain/api-types';
import { addSymbols, createList, currentList, type ListId } from './lists';
import { asSymbol } from '../../domain/symbol';

const settle = () => new Promise<void>((done) => setImmediate(done));
const kept = (lists: unknown) => localStorage.setItem('bellwether.lists', JSON.stringify(lists));
const mine = {
  lists: [{ id: 'a', name: 'Cars', symbols: ['GM'] }],
  current: 'a',
  untouched: false,
};

/** A server with these lists, which takes in what it is given. */
function serverOf(...lists: WatchlistBody[]): ListsServer {
  let next = 10;
  const body = (id: string, name: string, symbols: readonly string[]): WatchlistBody => ({
    id, name, symbols: [...symbols], version: 1, is_for_visitors: false, updated_at: '2026-01-05T14:30:00Z' }); // prettier-ignore
  return {
    all: () => Promise.resolve(lists),
    one: () => Promise.reject(new Error('not asked for')),
    create: ({ name, symbols }) => {
      const made = body(String((next += 1)), name, symbols);
      lists.push(made);
      return Promise.resolve(made);
    },
    replace: (id, _version, { name, symbols }) => Promise.resolve(body(id, name, symbols)),
    remove: () => Promise.resolve(),
    order: () => Promise.resolve(),
  };
}

/** The store as a page finds it that is just loaded. */
async function load() {
  vi.resetModules();
  const { listsStore } = await import('./lists-store');
  const { ListsSync } = await import('./lists-sync');
  function signIn(server: ListsServer): Sync {
    const sync = new ListsSync(server, () => listsStore.synced(), () => undefined); // prettier-ignore
    listsStore.useServer(sync);
    sync.start();
    return sync;
  }
  return { listsStore, signIn };
}

beforeEach(() => localStorage.clear());

test('for nobody the lists are kept by the browser', async () => {
  const { listsStore } = await load();
  expect(listsStore.phase().phase).toBe('browser');
  listsStore.update((state) => addSymbols(state, state.current, [asSymbol('ZM')]));
  const again = (await load()).listsStore;
  expect(currentList(again.get()).symbols).toContain('ZM');
  expect(again.waiting()).toBeNull();
});

test('what the browser kept waits until it is dropped, and can be put back', async () => {
  kept(mine);
  const { listsStore, signIn } = await load();
  expect(currentList(listsStore.get()).name).toBe('Cars');
  signIn(serverOf());
  expect(listsStore.phase().phase).toBe('loading');
  // While nothing is here nothing can be changed, and that is said.
  expect(listsStore.update((state) => createList(state, 'x' as ListId))).toBe(false);
  await settle();
  expect(listsStore.phase().phase).toBe('ready');
  expect(listsStore.get().untouched).toBe(true);
  expect(listsStore.waiting()?.lists[0]?.name).toBe('Cars');
  const dropped = listsStore.dropWaiting();
  expect(listsStore.waiting()).toBeNull();
  expect(localStorage.getItem('bellwether.lists')).toBeNull();
  listsStore.putBackWaiting(dropped);
  expect(listsStore.waiting()?.lists[0]?.name).toBe('Cars');
  // Signed out again, they are the lists.
  listsStore.useBrowser();
  expect(currentList(listsStore.get()).name).toBe('Cars');
});

test('the list one begins with is made on the server by the first change of it', async () => {
  const { listsStore, signIn } = await load();
  signIn(serverOf());
  await settle();
  const first = currentList(listsStore.get());
  expect(listsStore.kept(first.id)).toBeUndefined();
  listsStore.update((state) => addSymbols(state, first.id, [asSymbol('ZM')]));
  expect(currentList(listsStore.get()).symbols.at(-1)).toBe('ZM');
  await settle();
  expect(listsStore.kept(first.id)?.serverId).toBe('11');
  expect(await listsStore.settled(first.id)).toMatchObject({ version: 1 });
  // The browser keeps none of it for the next visitor.
  expect(localStorage.getItem('bellwether.lists')).toBeNull();
});

test('a visit after a sign-in waits for who it is instead of showing the browser’s lists', async () => {
  kept(mine);
  const first = await load();
  first.signIn(serverOf());
  await settle();
  const { listsStore } = await load();
  expect(listsStore.phase().phase).toBe('loading');
  listsStore.useBrowser();
  expect(currentList(listsStore.get()).name).toBe('Cars');
});
