/** Articles as they come in, for as long as somebody reads them. */
import type { ClientFrame } from '../domain/api-types';
import type { NewsFrame } from '../domain/api-types';

/** Names the subscription, so that its refusal is told from those of symbols. */
export const NEWS_ID = 'news';

type Watcher = (news: Pick<NewsFrame, 'change' | 'article'>) => void;

export class NewsChannel {
  private readonly watchers = new Set<Watcher>();

  constructor(private readonly send: (frame: ClientFrame) => boolean) {}

  watch(watcher: Watcher): () => void {
    this.watchers.add(watcher);
    if (this.watchers.size === 1) this.subscribe();
    return () => {
      if (!this.watchers.delete(watcher) || this.watchers.size > 0) return;
      this.send({ type: 'unsubscribe', channel: 'news' });
    };
  }

  resubscribe(): void {
    if (this.watchers.size > 0) this.subscribe();
  }

  arrived(news: NewsFrame): void {
    for (const watcher of this.watchers) watcher(news);
  }

  private subscribe(): void {
    this.send({ type: 'subscribe', channel: 'news', id: NEWS_ID });
  }
}
