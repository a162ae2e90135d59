/**
 * Paints changed rows a few in a frame, from the top down and round again, so that no frame is late
 * because hundreds of rows changed at once. A row that waits is painted once, with its newest
 * figures. Rows painted together lie together, because that is what browsers draw cheaply.
 */
import type { MarketSymbol } from '../../domain/symbol';

/** A gap between frames beyond this means that the last one had too much to do. */
const LATE_MS = 20;
const ROWS_FIRST = 40;
/** On the slowest machine a screen of rows is still gone through twice a second or so. */
const ROWS_MIN = 8;
const ROWS_MAX = 1000;
const ROWS_MORE = 2;
const ROWS_LESS = 0.8;

type Frames = {
  /** The time of the frame being drawn; the same for all that is drawn in it. */
  now(): number;
  request(run: () => void): void;
};

const browserFrames: Frames = {
  now: () => Number(document.timeline.currentTime ?? 0),
  request: (run) => void requestAnimationFrame(run),
};

export class RowSweep {
  private readonly painters = new Map<MarketSymbol, () => void>();
  private readonly dirty = new Set<MarketSymbol>();
  private order: readonly MarketSymbol[] = [];
  /** The place in the order where the sweep goes on. */
  private place = 0;
  private rowsPerFrame = ROWS_FIRST;
  private frame = -1;
  private paintedInFrame = 0;
  private goesOn = false;

  constructor(private readonly frames: Frames = browserFrames) {}

  setOrder(order: readonly MarketSymbol[]): void {
    this.order = order;
  }

  add(symbol: MarketSymbol, paint: () => void): () => void {
    this.painters.set(symbol, paint);
    return () => {
      this.painters.delete(symbol);
      this.dirty.delete(symbol);
    };
  }

  mark(symbol: MarketSymbol): void {
    if (this.painters.has(symbol)) this.dirty.add(symbol);
  }

  /** Called in a frame, after the changes of this frame were marked. */
  run(): void {
    if (!this.goesOn) this.paint(false);
  }

  private paint(continued: boolean): void {
    const now = this.frames.now();
    if (now !== this.frame) {
      if (continued) this.learn(now - this.frame);
      this.frame = now;
      this.paintedInFrame = 0;
    }
    for (let seen = 0; seen < this.order.length && this.dirty.size > 0; seen += 1) {
      if (this.paintedInFrame >= this.rowsPerFrame) break;
      if (this.place >= this.order.length) this.place = 0;
      const symbol = this.order[this.place];
      this.place += 1;
      if (symbol === undefined || !this.dirty.delete(symbol)) continue;
      this.paintedInFrame += 1;
      this.painters.get(symbol)?.();
    }
    if (this.dirty.size === 0) return;
    this.goesOn = true;
    this.frames.request(() => {
      this.goesOn = false;
      this.paint(true);
    });
  }

  /** More rows while frames are in time, fewer as soon as one is late. */
  private learn(gap: number): void {
    const rows = this.rowsPerFrame;
    const next = gap > LATE_MS ? Math.floor(rows * ROWS_LESS) : rows + ROWS_MORE;
    this.rowsPerFrame = Math.max(ROWS_MIN, Math.min(ROWS_MAX, next));
  }
}
