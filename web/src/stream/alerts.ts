/** What becomes of one's alerts, as it happens: that they changed, and each that fires. */
import type { ClientFrame, FiringBody } from '../domain/api-types';

/** Names the subscription, so that its refusal is told from those of symbols. */
export const ALERTS_ID = 'alerts';

export class AlertNews {
  private wanted = 0;
  private readonly changeWatchers = new Set<() => void>();
  private readonly firingWatchers = new Set<(firing: FiringBody) => void>();

  constructor(private readonly sendFrame: (frame: ClientFrame) => boolean) {}

  /** Alerts are followed for as long as somebody wants it. */
  want = (): (() => void) => {
    this.wanted += 1;
    if (this.wanted === 1) this.subscribe();
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.wanted -= 1;
      if (this.wanted === 0) this.sendFrame({ type: 'unsubscribe', channel: 'alerts' });
    };
  };

  /** Told that there is something to ask for. */
  watchChanges = (watcher: () => void): (() => void) => {
    this.changeWatchers.add(watcher);
    return () => this.changeWatchers.delete(watcher);
  };

  watchFirings = (watcher: (firing: FiringBody) => void): (() => void) => {
    this.firingWatchers.add(watcher);
    return () => this.firingWatchers.delete(watcher);
  };

  resubscribe(): void {
    if (this.wanted > 0) this.subscribe();
  }

  changed(): void {
    for (const watcher of this.changeWatchers) watcher();
  }

  fired(firing: FiringBody): void {
    for (const watcher of this.firingWatchers) watcher(firing);
    this.changed();
  }

  private subscribe(): void {
    this.sendFrame({ type: 'subscribe', channel: 'alerts', id: ALERTS_ID });
  }
}
