/**
 * Somebody's lists between the server and this screen. A change is shown at once and sent after; it is
 * kept as what was meant ("add GM"), so that it is done again on a list that another device changed
 * meanwhile. What the server refuses is taken back, and said. One request at a time.
 */
import type { ListHead, WatchlistBody } from '../../domain/api-types';
import { RequestError } from '../../stream/request';
import type { ListsServer } from './lists-server';
import type { ListId, WatchList } from './lists';
import { isNews, keptFrom, onlyNewer, plan, type KeptList, type Step } from './sync-plan';

export type Edit = (lists: readonly WatchList[]) => readonly WatchList[];

export type SyncState =
  | { phase: 'loading' }
  | { phase: 'failed'; message: string }
  | { phase: 'ready'; lists: readonly WatchList[] };

/** How often a change is tried again on lists that change faster than it comes to them. */
const TRIES_MAX = 4;

export class ListsSync {
  private base: readonly KeptList[] | null = null;
  private edits: Edit[] = [];
  private heads: readonly ListHead[] | null = null;
  private shown: SyncState = { phase: 'loading' };
  private running = false;
  private stopped = false;
  private isBehind = true;
  private readonly names = new Map<string, ListId>();

  constructor(
    private readonly server: ListsServer,
    private readonly changed: () => void,
    private readonly tell: (message: string) => void,
  ) {}

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopped = true;
  }

  state(): SyncState {
    return this.shown;
  }

  /** The list as the server has it; none while it is only here. */
  kept(id: ListId): KeptList | undefined {
    return this.base?.find((list) => list.id === id);
  }

  /** The page's name for a list of the server's. */
  idOf(serverId: string): ListId {
    return this.names.get(serverId) ?? (serverId as ListId);
  }

  /** What the channel tells; also after each reconnection. */
  heard(heads: readonly ListHead[]): void {
    this.heads = heads;
    void this.run();
  }

  edit(edit: Edit): void {
    this.edits.push(edit);
    this.show();
    void this.run();
  }

  /** Asks for everything anew. */
  reload(): void {
    this.isBehind = true;
    if (this.shown.phase === 'failed') this.become({ phase: 'loading' });
    void this.run();
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      while (!this.stopped) {
        if (!this.base || this.isBehind) {
          if (!(await this.load())) return;
        } else if (this.heads) {
          const heads = this.heads;
          this.heads = null;
          if (isNews(this.base, heads)) await this.follow(this.base, heads);
        } else {
          const [edit] = this.edits;
          if (!edit) return;
          await this.send(edit);
          this.edits.shift();
          this.show();
        }
      }
    } finally {
      this.running = false;
    }
  }

  /** One list or all of them, whatever is less. */
  private async follow(base: readonly KeptList[], heads: readonly ListHead[]): Promise<void> {
    const newer = onlyNewer(base, heads);
    if (!newer) {
      this.isBehind = true;
      return;
    }
    try {
      this.replaced(await this.server.one(newer.serverId));
      this.show();
    } catch {
      this.isBehind = true;
    }
  }

  private async load(): Promise<boolean> {
    try {
      const lists = await this.server.all();
      this.base = lists.map((body) => keptFrom(body, this.idOf(body.id)));
      this.isBehind = false;
      this.show();
      return true;
    } catch (error) {
      // What is shown stays shown; the next word of the channel brings another attempt.
      if (!this.base) this.become({ phase: 'failed', message: wordsOf(error) });
      else this.giveUp('The server could not be reached');
      return false;
    }
  }

  private async send(edit: Edit): Promise<void> {
    for (let tries = 1; this.base && !this.stopped; tries += 1) {
      const steps = plan(this.base, edit(this.base));
      try {
        for (const step of steps) await this.perform(step);
        return;
      } catch (error) {
        const status = error instanceof RequestError ? error.status : 0;
        if (status === 0 || status >= 500) {
          // Whether it was done is not known; what is so is asked for when the server is back.
          this.isBehind = true;
          this.edits.length = 1;
          this.tell(
            'The server could not be reached: your last change of the lists is taken back.',
          );
          return;
        }
        const isOutdated = status === 412 || (error as RequestError).code === 'changed';
        const removes = steps.some(({ kind }) => kind === 'remove');
        if (isOutdated || status === 404) {
          if (!(await this.load())) return;
          if (isOutdated && !removes && tries < TRIES_MAX) continue;
          this.tell(
            removes && isOutdated
              ? 'Not deleted: the list was just changed on another device. Look at it first.'
              : 'Another device changed this list meanwhile; your change is taken back.',
          );
          return;
        }
        this.tell(`Your change is taken back: ${wordsOf(error)}`);
        return;
      }
    }
  }

  private async perform(step: Step): Promise<void> {
    const base = this.base ?? [];
    switch (step.kind) {
      case 'remove': {
        const { serverId, version, id } = step.list;
        await this.server.remove(serverId, version);
        this.base = base.filter((list) => list.id !== id);
        return;
      }
      case 'replace': {
        const { name, symbols } = step.wanted;
        const { serverId, version } = step.list;
        this.replaced(await this.server.replace(serverId, version, { name, symbols }));
        return;
      }
      case 'create': {
        const { id, name, symbols } = step.wanted;
        const body = await this.server.create({ name, symbols });
        this.names.set(body.id, id);
        this.base = [...base, keptFrom(body, id)];
        return;
      }
      case 'order': {
        const known = new Map(base.map((list) => [list.id, list]));
        const lists = step.ids.map((id) => known.get(id)).filter((list) => list !== undefined);
        await this.server.order(lists.map(({ serverId }) => serverId));
        this.base = lists;
      }
    }
  }

  private replaced(body: WatchlistBody): void {
    const fresh = keptFrom(body, this.idOf(body.id));
    this.base = (this.base ?? []).map((list) => (list.id === fresh.id ? fresh : list));
  }

  private giveUp(why: string): void {
    if (this.edits.length === 0) return;
    this.edits = [];
    this.tell(`${why}: your last changes of the lists are taken back.`);
    this.show();
  }

  private show(): void {
    if (!this.base) return;
    const lists = this.edits.reduce<readonly WatchList[]>((all, edit) => edit(all), this.base);
    this.become({ phase: 'ready', lists });
  }

  private become(state: SyncState): void {
    this.shown = state;
    if (!this.stopped) this.changed();
  }
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : 'The answer could not be read.';
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
