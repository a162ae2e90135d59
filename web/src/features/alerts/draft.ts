/** The alert being typed: shared by the form and by the lines and marks in the chart. */
import { useEffect, useSyncExternalStore, type RefObject } from 'react';
import { emptyDraft, type AlertDraft } from '../../domain/alerts';
import type { BacktestAnswer } from '../../domain/api-types';
import type { MarketSymbol } from '../../domain/symbol';

export type Typed = AlertDraft & {
  symbol: MarketSymbol | null;
  isOpen: boolean;
  /** The alert that is being changed, and its version. */
  changes: { id: string; version: number } | null;
  /** What it would have done, as it is typed now. */
  tried: BacktestAnswer | null;
  /** Grows each time somebody asks for the form, which then takes the focus. */
  asked: number;
};

const nothing: Typed = {
  ...emptyDraft,
  symbol: null,
  isOpen: false,
  changes: null,
  tried: null,
  asked: 0,
};
let typed = nothing;
let answered = 0;
const watchers = new Set<() => void>();

function become(next: Typed): void {
  typed = next;
  for (const watcher of watchers) watcher();
}

function of(symbol: MarketSymbol): Typed {
  return typed.symbol === symbol ? typed : { ...nothing, symbol, asked: typed.asked };
}

/** What was tried is no longer what is typed. */
export function changeTyped(symbol: MarketSymbol, part: Partial<AlertDraft>): void {
  become({ ...of(symbol), ...part, tried: null });
}

/** Opens the form with this in it and brings the reader to it. */
export function askForAlert(
  symbol: MarketSymbol,
  part: Partial<AlertDraft> & { changes?: Typed['changes'] } = {},
): void {
  become({ ...of(symbol), ...part, isOpen: true, tried: null, asked: typed.asked + 1 });
}

export function showTried(symbol: MarketSymbol, tried: BacktestAnswer | null): void {
  if (typed.symbol === symbol) become({ ...typed, tried });
}

export function closeForm(): void {
  become({ ...nothing, asked: typed.asked });
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function useTyped(symbol: MarketSymbol): Typed {
  const current = useSyncExternalStore(watch, () => typed);
  return current.symbol === symbol ? current : nothing;
}

/** The field takes the focus when somebody asks for the form, once. */
export function useAskedFocus(field: RefObject<HTMLElement | null>): void {
  const { asked } = useSyncExternalStore(watch, () => typed);
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
