/**
 * Which symbols the page shows: counted, so two views may want the same one, and told to the
 * server in batches, so that switching a list costs two frames and not a thousand.
 */
import type { ClientFrame } from '../domain/api-types';
import type { MarketSymbol } from '../domain/symbol';
import type { Environment } from './environment';

/** A frame may hold 64 KiB; 500 symbols of 32 characters are a quarter of that. */
export const SYMBOLS_PER_FRAME = 500;
/** Released symbols are kept this long: leaving a view and coming back costs nothing. */
export const RELEASE_AFTER_MS = 400;

export class QuoteInterest {
  private readonly wanted = new Map<MarketSymbol, number>();
  private readonly sent = new Set<MarketSymbol>();
  private timer: number | null = null;
  private nextId = 0;

  constructor(
    private readonly env: Pick<Environment, 'setTimer' | 'clearTimer'>,
    private readonly send: (frame: ClientFrame) => boolean,
    private readonly onReleased: (symbol: MarketSymbol) => void,
  ) {}

  want(symbols: readonly MarketSymbol[]): () => void {
    for (const symbol of symbols) this.wanted.set(symbol, (this.wanted.get(symbol) ?? 0) + 1);
    this.schedule(0);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      for (const symbol of symbols) {
        const left = (this.wanted.get(symbol) ?? 1) - 1;
        if (left > 0) this.wanted.set(symbol, left);
        else this.wanted.delete(symbol);
      }
      this.schedule(RELEASE_AFTER_MS);
    };
  }

  /** What is watched now. */
  symbols(): Iterable<MarketSymbol> {
    return this.wanted.keys();
  }

  /** A new connection knows nothing of the old one: everything is asked for again. */
  resubscribe(): void {
    this.sent.clear();
    this.flush();
  }

  lost(): void {
    this.sent.clear();
  }

  private schedule(ms: number): void {
    if (this.timer !== null) {
      if (ms > 0) return;
      this.env.clearTimer(this.timer);
    }
    this.timer = this.env.setTimer(() => this.flush(), ms);
  }

  private flush(): void {
    if (this.timer !== null) this.env.clearTimer(this.timer);
    this.timer = null;
    const add = [...this.wanted.keys()].filter((symbol) => !this.sent.has(symbol));
    const drop = [...this.sent].filter((symbol) => !this.wanted.has(symbol));
    for (const symbols of inBatches(drop))
      this.send({ type: 'unsubscribe', channel: 'quotes', symbols });
    for (const symbol of drop) {
      this.sent.delete(symbol);
      this.onReleased(symbol);
    }
    for (const symbols of inBatches(add)) {
      const id = `quotes-${(this.nextId += 1)}`;
      if (!this.send({ type: 'subscribe', channel: 'quotes', symbols, id })) return;
      for (const symbol of symbols) this.sent.add(symbol);
    }
  }
}

function inBatches<T>(all: readonly T[]): T[][] {
  const batches: T[][] = [];
  for (let i = 0; i < all.length; i += SYMBOLS_PER_FRAME)
    batches.push(all.slice(i, i + SYMBOLS_PER_FRAME));
  return batches;
}
