/**
 * The bars behind one chart: what is stored, older pages on demand, and the live end. The live
 * subscription begins some bars before the newest, so late trades of a while ago are not missed.
 */
import { mergeBars, type BarChange, type TimedBar } from '../../domain/bars';
import type { Bar, RemovedBar } from '../../domain/api-types';
import { RequestError, worthRetrying } from '../../stream/request';
import type { Stream } from '../../stream/stream';
import { BARS_PER_PAGE, getBars, type BarsWanted } from './get-bars';

const OVERLAP_BARS = 30;
const RETRY_MS = 3000;

export type HistoryState =
  | { phase: 'loading' }
  | { phase: 'ready' }
  | { phase: 'failed'; message: string; unknown: boolean };

export class BarHistory {
  bars: TimedBar[] = [];
  private state: HistoryState = { phase: 'loading' };
  private aborter = new AbortController();
  private readonly watchers = new Set<() => void>();
  private readonly drawers = new Set<(change: BarChange) => void>();
  private unwatch: (() => void)[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private loadingOlder = false;
  private reachedOldest = false;
  private following = false;
  /** Bars that came live while an answer was on its way; they are newer than what it holds. */
  private meanwhile: (Bar | RemovedBar)[] = [];
  private loads = 0;
  private answered = 0;

  constructor(
    private readonly stream: Stream,
    readonly wanted: BarsWanted,
    private readonly get: typeof getBars = getBars,
  ) {}

  /** May be started again after it was stopped. */
  start(): () => void {
    this.aborter = new AbortController();
    void this.load();
    this.unwatch.push(this.stream.watchEpoch(() => void this.load()));
    return () => this.stop();
  }

  current = (): HistoryState => this.state;

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  onChange(drawer: (change: BarChange) => void): () => void {
    this.drawers.add(drawer);
    return () => this.drawers.delete(drawer);
  }

  async load(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const mine = (this.loads += 1);
    this.meanwhile = [];
    try {
      const answer = await this.get(this.wanted, null, this.aborter.signal);
      if (this.aborter.signal.aborted || mine !== this.loads) return;
      const bars: TimedBar[] = [];
      mergeBars(bars, answer.bars);
      mergeBars(bars, this.meanwhile);
      this.meanwhile = [];
      this.answered = mine;
      this.bars = bars;
      this.reachedOldest = false;
      this.become({ phase: 'ready' });
      this.draw('history');
      this.follow();
    } catch (error) {
      if (this.aborter.signal.aborted || mine !== this.loads) return;
      this.answered = mine;
      this.meanwhile = [];
      const message = error instanceof Error ? error.message : 'The bars could not be loaded.';
      const unknown = error instanceof RequestError && error.status === 404;
      // Bars already shown stay: they are better than none, and the page says what is stale.
      if (this.bars.length === 0) this.become({ phase: 'failed', message, unknown });
      if (worthRetrying(error)) this.timer = setTimeout(() => void this.load(), RETRY_MS);
    }
  }

  async loadOlder(): Promise<void> {
    const oldest = this.bars[0];
    if (!oldest || this.loadingOlder || this.reachedOldest) return;
    this.loadingOlder = true;
    try {
      const answer = await this.get(this.wanted, oldest.start, this.aborter.signal);
      const before = this.bars.length;
      const change = mergeBars(this.bars, answer.bars);
      if (this.bars.length === before || answer.bars.length < BARS_PER_PAGE / 2)
        this.reachedOldest = true;
      if (change !== 'none') this.draw('history');
    } catch {
      // Scrolling further asks again; nothing that is shown is wrong.
    } finally {
      this.loadingOlder = false;
    }
  }

  private follow(): void {
    if (this.following) return;
    this.following = true;
    this.unwatch.push(
      this.stream.bars.watch({
        ...this.wanted,
        since: () => this.bars[Math.max(0, this.bars.length - OVERLAP_BARS)]?.start ?? null,
        onBars: (news) => {
          if (this.answered < this.loads) this.meanwhile.push(...news);
          const change = mergeBars(this.bars, news);
          if (change !== 'none') this.draw(change);
        },
      }),
    );
  }

  private stop(): void {
    this.aborter.abort();
    if (this.timer !== null) clearTimeout(this.timer);
    for (const unwatch of this.unwatch) unwatch();
    this.unwatch = [];
    this.following = false;
    this.loads += 1;
  }

  private draw(change: BarChange): void {
    for (const drawer of this.drawers) drawer(change);
  }

  private become(state: HistoryState): void {
    this.state = state;
    for (const watcher of this.watchers) watcher();
  }
}
