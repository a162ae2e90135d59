/**
 * Tells each row when it comes into view and when it leaves: rows out of sight draw nothing. Rows are
 * all of one height, so that a look at the scroller says which; watching each would cost every frame.
 */
import type { MarketSymbol } from '../../domain/symbol';

/** Rows this far outside are drawn too, so that scrolling does not come upon empty ones. */
const MARGIN_PX = 150;

export class VisibleRows {
  private readonly callbacks = new Map<MarketSymbol, (visible: boolean) => void>();
  private order: readonly MarketSymbol[] = [];
  private shown = new Set<MarketSymbol>();
  private frame = 0;

  add(symbol: MarketSymbol, callback: (visible: boolean) => void): () => void {
    this.callbacks.set(symbol, callback);
    return () => {
      this.callbacks.delete(symbol);
      this.shown.delete(symbol);
    };
  }

  /** Follows this body of rows as it is scrolled and resized, until told to stop. */
  follow(body: HTMLElement, order: readonly MarketSymbol[]): () => void {
    this.order = order;
    const scroller = body.closest<HTMLElement>('[data-scroller]') ?? body;
    const look = () => {
      this.frame ||= requestAnimationFrame(() => {
        this.frame = 0;
        this.look(body, scroller);
      });
    };
    const resized = new ResizeObserver(look);
    resized.observe(scroller);
    resized.observe(body);
    scroller.addEventListener('scroll', look, { passive: true });
    this.look(body, scroller);
    return () => {
      resized.disconnect();
      scroller.removeEventListener('scroll', look);
      cancelAnimationFrame(this.frame);
      this.frame = 0;
    };
  }

  private look(body: HTMLElement, scroller: HTMLElement): void {
    const rows = body.getBoundingClientRect();
    const window = scroller.getBoundingClientRect();
    const height = rows.height / this.order.length;
    // A list that is not displayed at all has no height.
    const from = height > 0 ? Math.floor((window.top - MARGIN_PX - rows.top) / height) : 0;
    const to = height > 0 ? Math.ceil((window.bottom + MARGIN_PX - rows.top) / height) : 0;
    const visible = new Set(this.order.slice(Math.max(0, from), Math.max(0, to)));
    for (const symbol of this.shown) if (!visible.has(symbol)) this.callbacks.get(symbol)?.(false);
    for (const symbol of visible) if (!this.shown.has(symbol)) this.callbacks.get(symbol)?.(true);
    this.shown = visible;
  }
}
