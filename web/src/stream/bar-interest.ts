/** Live bars of the charts on the page; after a reconnect each continues from where it was. */
import type { Bar, ClientFrame, Interval, RemovedBar, SessionFilter } from '../domain/api-types';
import type { MarketSymbol } from '../domain/symbol';
import { toRfc3339 } from '../domain/time';

export type BarWatch = {
  symbol: MarketSymbol;
  interval: Interval;
  session: SessionFilter;
  /** The start from which bars are wanted again; asked anew at every subscription. */
  since(): number | null;
  onBars(bars: readonly (Bar | RemovedBar)[]): void;
};

export class BarInterest {
  private readonly watches = new Set<BarWatch>();
  private nextId = 0;

  constructor(private readonly send: (frame: ClientFrame) => boolean) {}

  watch(watch: BarWatch): () => void {
    this.watches.add(watch);
    this.subscribe(watch);
    return () => {
      if (!this.watches.delete(watch)) return;
      if ([...this.watches].some((other) => keyOf(other) === keyOf(watch))) return;
      this.send({
        type: 'unsubscribe',
        channel: 'bars',
        symbols: [watch.symbol],
        interval: watch.interval,
        session: watch.session,
      });
    };
  }

  resubscribe(): void {
    for (const watch of this.watches) this.subscribe(watch);
  }

  apply(
    interval: Interval,
    session: SessionFilter,
    data: Record<string, (Bar | RemovedBar)[]>,
  ): void {
    for (const watch of this.watches) {
      if (watch.interval !== interval || watch.session !== session) continue;
      const bars = data[watch.symbol];
      if (bars) watch.onBars(bars);
    }
  }

  private subscribe(watch: BarWatch): void {
    const since = watch.since();
    this.send({
      type: 'subscribe',
      channel: 'bars',
      symbols: [watch.symbol],
      interval: watch.interval,
      session: watch.session,
      id: `bars-${(this.nextId += 1)}`,
      ...(since === null ? {} : { since: toRfc3339(since) }),
    });
  }
}

function keyOf(watch: BarWatch): string {
  return `${watch.symbol}/${watch.interval}/${watch.session}`;
}
