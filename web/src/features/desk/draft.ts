/** What is being typed into the ticket: shared by the form, the keys and the lines in the chart. */
import { useEffect, useSyncExternalStore, type RefObject } from 'react';
import type { SideName } from '../../domain/api-types';
import type { MarketSymbol } from '../../domain/symbol';

export type Draft = {
  symbol: MarketSymbol | null;
  side: SideName;
  /** Now, or automatically at a price. */
  mode: 'now' | 'auto';
  amount: string;
  price: string;
  /** Grows each time somebody asks for the form, which then takes the focus. */
  asked: number;
};

let draft: Draft = { symbol: null, side: 'buy', mode: 'now', amount: '', price: '', asked: 0 };
let answered = 0;
const watchers = new Set<() => void>();

function become(next: Draft): void {
  draft = next;
  for (const watcher of watchers) watcher();
}

/** The amount stays from symbol to symbol; a price belongs to one. */
function of(symbol: MarketSymbol): Draft {
  return draft.symbol === symbol ? draft : { ...draft, symbol, mode: 'now', price: '' };
}

export function changeDraft(symbol: MarketSymbol, part: Partial<Omit<Draft, 'symbol' | 'asked'>>) {
  become({ ...of(symbol), ...part });
}

/** Fills in the form and brings the reader to it. */
export function askFor(
  symbol: MarketSymbol,
  part: Partial<Omit<Draft, 'symbol' | 'asked'>> = {},
): void {
  become({ ...of(symbol), ...part, asked: draft.asked + 1 });
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** The field takes the focus when somebody asks for the form, once. */
export function useAskedFocus(field: RefObject<HTMLInputElement | null>): void {
  const { asked } = useSyncExternalStore(watch, () => draft);
  useEffect(() => {
    if (asked <= answered) return;
    // After the heading of a page that was just opened, which takes the focus too.
    const frame = requestAnimationFrame(() => {
      answered = asked;
      field.current?.scrollIntoView({ block: 'center' });
      field.current?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [asked, field]);
}

export function useDraft(symbol: MarketSymbol): Draft {
  const current = useSyncExternalStore(watch, () => draft);
  return current.symbol === symbol ? current : { ...current, symbol, mode: 'now', price: '' };
}
