import { expect, test } from 'vitest';
import type { WatchlistBody } from '../../domain/api-types';
import { asSymbol } from '../../domain/symbol';
import { RequestError } from '../../stream/request';
import type { ListContent, ListsServer } from './lists-server';
import { ListsSync } from './lists-sync';
import type { ListId, WatchList } from './lists';
import { isNews, keptFrom, onlyNewer, plan } from './sync-plan';

const id = (text: string) => text as ListId;
const settle = () => new Promise<void>((done) => setImmediate(done));

function body(name: string, symbols: string[], one = '1', version = 1): WatchlistBody {
  return { id: one, name, symbols, version, is_for_visitors: false, updated_at: '2026-01-05T14:30:00Z' }; // prettier-ignore
}

/** A server in memory that can be told to refuse, and that other devices change. */
class FakeServer implements ListsServer {
  lists: WatchlistBody[];
  asked: string[] = [];
  refuse: RequestError | null = null;
  private next = 50;

  constructor(...lists: WatchlistBody[]) {
    this.lists = lists;
  }

  heads() {
    return this.lists.map(({ id, name, version }) => ({ id, name, version }));
  }

  /** As another device does it. */
  change(one: string, symbols: string[]) {
    const list = this.find(one);
    list.symbols = symbols;
    list.version += 1;
  }

  all = async () => this.answer('all', () => structuredClone(this.lists));
  one = async (one: string) => this.answer(`one ${one}`, () => structuredClone(this.find(one)));
  create = async (content: ListContent) =>
    this.answer(`create ${content.name}`, () => {
      if (this.lists.some(({ name }) => name === content.name))
        throw new RequestError(409, 'there is a list of this name already', 'taken');
      this.next += 1;
      const made = body(content.name, [...content.symbols], String(this.next));
      this.lists.push(made);
      return structuredClone(made);
    });
  replace = async (one: string, version: number, content: ListContent) =>
    this.answer(`replace ${one} ${version} ${content.symbols.join('')}`, () => {
      const list = this.find(one, version);
      Object.assign(list, { ...content, version: version + 1 });
      return structuredClone(list);
    });
  remove = async (one: string, version: number) =>
    this.answer(`remove ${one}`, () => {
      const list = this.find(one, version);
      this.lists = this.lists.filter((other) => other !== list);
    });
  order = async (ids: readonly string[]) =>
    this.answer(`order ${ids.join()}`, () => {
      this.lists = ids.map((one) => this.find(one));
    });

  private find(one: string, version?: number): WatchlistBody {
    const list = this.lists.find((other) => other.id === one);
    if (!list) throw new RequestError(404, `there is no watch list ${one}`);
    if (version !== undefined && list.version !== version)
      throw new RequestError(412, 'the list was changed elsewhere', 'changed');
    return list;
  }

  private async answer<T>(what: string, deed: () => T): Promise<T> {
    this.asked.push(what);
    await Promise.resolve();
    if (this.refuse) throw this.refuse;
    return deed();
  }
}

async function begin(server: FakeServer) {
  const told: string[] = [];
  const sync = new ListsSync(server, () => undefined, (text) => told.push(text)); // prettier-ignore
  sync.start();
  await settle();
  server.asked = [];
  const shown = () => {
    const state = sync.state();
    return state.phase === 'ready'
      ? state.lists.map(({ name, symbols }) => `${name}:${symbols.join('')}`).join(' ')
      : state.phase;
  };
  return { sync, told, shown };
}

const add =
  (symbol: string, to = '1') =>
  (lists: readonly WatchList[]) =>
    lists.map((list) =>
      list.id === to && !list.symbols.includes(asSymbol(symbol))
        ? { ...list, symbols: [...list.symbols, asSymbol(symbol)] }
        : list,
    );

test('a plan names what differs, in an order the server can follow', () => {
  const [one, two] = [body('One', ['A']), body('Two', ['B'], '2')].map((b) =>
    keptFrom(b, id(b.id)),
  );
  if (!one || !two) throw new Error('there are two');
  expect(plan([one, two], [one, two])).toEqual([]);
  expect(plan([one, two], [{ ...one, name: 'Uno' }, two]).map(({ kind }) => kind)).toEqual([
    'replace',
  ]);
  expect(plan([one, two], [two])).toEqual([{ kind: 'remove', list: one }]);
  expect(plan([one, two], [two, one])).toEqual([{ kind: 'order', ids: ['2', '1'] }]);
  const fresh = { id: id('new'), name: 'New', symbols: [] };
  expect(plan([one, two], [one, two, fresh]).map(({ kind }) => kind)).toEqual(['create']);
  expect(plan([one, two], [fresh, one]).map(({ kind }) => kind)).toEqual([
    'remove',
    'create',
    'order',
  ]);
});

test('what the channel tells is news only where it is newer', () => {
  const base = [
    keptFrom(body('One', [], '1', 3), id('1')),
    keptFrom(body('Two', [], '2'), id('2')),
  ];
  const heads = (versions: [string, number][]) =>
    versions.map(([one, version]) => ({ id: one, name: '', version }));
  expect(isNews(base, heads([['1', 3], ['2', 1]]))).toBe(false); // prettier-ignore
  expect(isNews(base, heads([['1', 2], ['2', 1]]))).toBe(false); // prettier-ignore
  expect(isNews(base, heads([['1', 4], ['2', 1]]))).toBe(true); // prettier-ignore
  expect(isNews(base, heads([['2', 1], ['1', 3]]))).toBe(true); // prettier-ignore
  expect(isNews(base, heads([['1', 3]]))).toBe(true);
  expect(onlyNewer(base, heads([['1', 4], ['2', 1]]))?.serverId).toBe('1'); // prettier-ignore
  expect(onlyNewer(base, heads([['1', 4], ['2', 9]]))).toBeNull(); // prettier-ignore
  expect(onlyNewer(base, heads([['1', 4]]))).toBeNull();
});

test('a change is shown at once and sent with the version it was made for', async () => {
  const server = new FakeServer(body('Cars', ['GM']));
  const { sync, shown, told } = await begin(server);
  expect(shown()).toBe('Cars:GM');
  sync.edit(add('F'));
  sync.edit(add('T'));
  expect(shown()).toBe('Cars:GMFT');
  await settle();
  expect(server.asked).toEqual(['replace 1 1 GMF', 'replace 1 2 GMFT']);
  expect(server.lists[0]?.symbols.join('')).toBe('GMFT');
  // The channel tells of it, too; that is no news.
  sync.heard(server.heads());
  await settle();
  expect(server.asked).toHaveLength(2);
  expect(told).toEqual([]);
});

test('on a list that another device changed meanwhile the change is done again', async () => {
  const server = new FakeServer(body('Cars', ['GM']));
  const { sync, shown, told } = await begin(server);
  server.change('1', ['GM', 'X']);
  sync.edit(add('F'));
  await settle();
  expect(server.lists[0]?.symbols).toEqual(['GM', 'X', 'F']);
  expect(shown()).toBe('Cars:GMXF');
  expect(told).toEqual([]);
});

test('a list that another device changed is not deleted unseen', async () => {
  const server = new FakeServer(body('Cars', ['GM']), body('Banks', ['C'], '2'));
  const { sync, shown, told } = await begin(server);
  server.change('1', ['GM', 'X']);
  sync.edit((lists) => lists.slice(1));
  expect(shown()).toBe('Banks:C');
  await settle();
  expect(shown()).toBe('Cars:GMX Banks:C');
  expect(told[0]).toMatch(/^Not deleted/);
});

test('a change of a list that is gone is taken back, and said', async () => {
  const server = new FakeServer(body('Cars', ['GM']), body('Banks', ['C'], '2'));
  const { sync, shown, told } = await begin(server);
  server.lists = server.lists.slice(1);
  sync.edit(add('F'));
  await settle();
  expect(shown()).toBe('Banks:C');
  expect(told[0]).toMatch(/another device/i);
});

test('what the server refuses is taken back in its words', async () => {
  const server = new FakeServer(body('Cars', ['GM']));
  const { sync, shown, told } = await begin(server);
  sync.edit((lists) => [...lists, { id: id('x'), name: 'Cars', symbols: [] }]);
  await settle();
  expect(shown()).toBe('Cars:GM');
  expect(told).toEqual(['Your change is taken back: there is a list of this name already.']);
});

test('without the server changes are taken back once, and what is so is asked for later', async () => {
  const server = new FakeServer(body('Cars', ['GM']));
  const { sync, shown, told } = await begin(server);
  server.refuse = new RequestError(0, 'The server cannot be reached.');
  sync.edit(add('F'));
  sync.edit(add('T'));
  await settle();
  expect(shown()).toBe('Cars:GM');
  expect(told).toHaveLength(1);
  server.refuse = null;
  server.change('1', ['GM', 'Z']);
  sync.heard(server.heads());
  await settle();
  expect(shown()).toBe('Cars:GMZ');
});

test('changes of other devices come by the channel, one list alone where it is one', async () => {
  const server = new FakeServer(body('Cars', ['GM']), body('Banks', ['C'], '2'));
  const { sync, shown } = await begin(server);
  server.change('2', ['C', 'JPM']);
  sync.heard(server.heads());
  await settle();
  expect(shown()).toBe('Cars:GM Banks:CJPM');
  expect(server.asked).toEqual(['one 2']);
  server.lists = [body('Fruit', ['AAPL'], '9'), ...server.lists.slice(1)];
  sync.heard(server.heads());
  await settle();
  expect(shown()).toBe('Fruit:AAPL Banks:CJPM');
});

test('a list made here keeps the name the page gave it', async () => {
  const server = new FakeServer();
  const { sync, shown } = await begin(server);
  sync.edit((lists) => [...lists, { id: id('mine'), name: 'Cars', symbols: [asSymbol('GM')] }]);
  sync.edit(add('F', 'mine'));
  await settle();
  expect(shown()).toBe('Cars:GMF');
  expect(sync.kept(id('mine'))?.serverId).toBe('51');
  expect(sync.idOf('51')).toBe('mine');
  // Deleted and brought back it is another one to the server, and the same here.
  const [list] = server.lists.map((one) => keptFrom(one, id('mine')));
  sync.edit(() => []);
  sync.edit(() => (list ? [list] : []));
  await settle();
  expect(sync.kept(id('mine'))?.serverId).toBe('52');
});

test('lists that cannot be loaded say so, and come when asked again', async () => {
  const server = new FakeServer(body('Cars', ['GM']));
  server.refuse = new RequestError(503, 'the records cannot be used now');
  const { sync, shown } = await begin(server);
  expect(sync.state()).toEqual({ phase: 'failed', message: 'the records cannot be used now.' });
  server.refuse = null;
  sync.reload();
  await settle();
  expect(shown()).toBe('Cars:GM');
});
