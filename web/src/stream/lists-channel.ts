/** Which watch lists somebody has, told whenever that changes on any of their devices. */
import type { ClientFrame, ListHead } from '../domain/api-types';

/** Names the subscription, so that its refusal is told from those of symbols. */
export const LISTS_ID = 'lists';

export class ListsChannel {
  private readonly watchers = new Set<(heads: readonly ListHead[]) => void>();

  constructor(private readonly send: (frame: ClientFrame) => boolean) {}

  /** The lists are followed for as long as somebody watches; all of them are told at once. */
  watch(watcher: (heads: readonly ListHead[]) => void): () => void {
    this.watchers.add(watcher);
    if (this.watchers.size === 1) this.subscribe();
    return () => {
      if (!this.watchers.delete(watcher) || this.watchers.size > 0) return;
      this.send({ type: 'unsubscribe', channel: 'lists' });
    };
  }

  resubscribe(): void {
    if (this.watchers.size > 0) this.subscribe();
  }

  arrived(heads: readonly ListHead[]): void {
    for (const watcher of this.watchers) watcher(heads);
  }

  private subscribe(): void {
    this.send({ type: 'subscribe', channel: 'lists', id: LISTS_ID });
  }
}
