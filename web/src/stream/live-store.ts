/**
 * The live value of every symbol on the page, outside React. Frames mark symbols dirty; the
 * listeners of a dirty symbol are told once a frame, so a burst costs one drawing.
 */
import type { QuoteFigures } from '../domain/api-types';
import type { Freshness } from '../domain/freshness';
import type { MarketSymbol } from '../domain/symbol';

export type LiveRow = {
  figures: QuoteFigures | null;
  /** False from the moment the connection is lost until this symbol is heard of again. */
  confirmed: boolean;
  unknown: boolean;
};

type Listener = (row: LiveRow) => void;

const nothing: LiveRow = { figures: null, confirmed: true, unknown: false };

export function freshnessOf(row: LiveRow): Freshness {
  if (row.unknown) return 'unknown';
  if (!row.figures) return 'waiting';
  if (row.figures.price === null) return 'waiting';
  return row.confirmed ? row.figures.state : 'stale';
}

export class LiveStore {
  private readonly rows = new Map<MarketSymbol, LiveRow>();
  private readonly listeners = new Map<MarketSymbol, Set<Listener>>();
  private readonly dirty = new Set<MarketSymbol>();
  private readonly everyFrame = new Set<() => void>();
  private epoch: string | null = null;
  private scheduled = false;
  /** Updates taken and frames drawn since the start, for measuring. */
  readonly counts = { updates: 0, older: 0, frames: 0 };

  constructor(private readonly onFrame: (run: () => void) => void) {}

  get(symbol: MarketSymbol): LiveRow {
    return this.rows.get(symbol) ?? nothing;
  }

  /** A new epoch is a new life of the server: its sequence numbers start afresh. Answers whether it is one. */
  enterEpoch(epoch: string): boolean {
    const another = this.epoch !== null && this.epoch !== epoch;
    if (another)
      for (const [symbol, row] of this.rows)
        if (row.figures) this.rows.set(symbol, { ...row, figures: { ...row.figures, seq: -1 } });
    this.epoch = epoch;
    return another;
  }

  /** Newest wins: a row older than the one held is dropped. */
  apply(data: Record<string, QuoteFigures>): void {
    for (const name in data) {
      const figures = data[name];
      if (!figures) continue;
      const symbol = name as MarketSymbol;
      const held = this.rows.get(symbol);
      this.counts.updates += 1;
      if (held?.figures && figures.seq < held.figures.seq) {
        this.counts.older += 1;
        continue;
      }
      this.rows.set(symbol, { figures, confirmed: true, unknown: false });
      this.mark(symbol);
    }
  }

  markUnknown(symbol: MarketSymbol): void {
    this.rows.set(symbol, { figures: null, confirmed: true, unknown: true });
    this.mark(symbol);
  }

  /** The connection is gone: what is shown is no longer known to be the last price. */
  doubtAll(): void {
    for (const [symbol, row] of this.rows) {
      if (row.unknown) continue;
      this.rows.set(symbol, { ...row, confirmed: false });
      this.mark(symbol);
    }
  }

  /** What nobody looks at any more is not kept: it would only grow old. */
  forget(symbol: MarketSymbol): void {
    if (!this.listeners.has(symbol)) this.rows.delete(symbol);
  }

  /** Told once at most in a frame, and only when this symbol changed. */
  listen(symbol: MarketSymbol, listener: Listener): () => void {
    let set = this.listeners.get(symbol);
    if (!set) this.listeners.set(symbol, (set = new Set()));
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0) this.listeners.delete(symbol);
    };
  }

  /** Told after each drawing, whatever changed. */
  listenToFrames(listener: () => void): () => void {
    this.everyFrame.add(listener);
    return () => this.everyFrame.delete(listener);
  }

  private mark(symbol: MarketSymbol): void {
    this.dirty.add(symbol);
    if (this.scheduled) return;
    this.scheduled = true;
    this.onFrame(() => this.draw());
  }

  private draw(): void {
    this.scheduled = false;
    this.counts.frames += 1;
    const changed = [...this.dirty];
    this.dirty.clear();
    for (const symbol of changed) {
      const set = this.listeners.get(symbol);
      if (!set) continue;
      const row = this.get(symbol);
      for (const listener of set) listener(row);
    }
    for (const listener of this.everyFrame) listener();
  }
}
