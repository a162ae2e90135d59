/** Automatic trades as lines in the chart; a dragged line goes into the form, not to the server. */
import { useCallback, useMemo } from 'react';
import type { SideName } from '../../domain/api-types';
import { centsOf, formatMoney, parsePrice, unitsOf, unitsToNumber } from '../../domain/money';
import type { MarketSymbol } from '../../domain/symbol';
import type { ChartLine, LineMoved } from '../chart-lines';
import { askFor, useDraft } from './draft';
import { useDesk } from './hooks';

export function useTriggerLines(symbol: MarketSymbol): {
  lines: ChartLine[];
  onLineMoved: LineMoved;
} {
  const { state } = useDesk();
  const { side, mode, price } = useDraft(symbol);
  const triggers = state.account?.triggers;

  const lines = useMemo(() => {
    const made: ChartLine[] = [];
    for (const one of triggers ?? []) {
      const at = unitsOf(one.price);
      if (one.symbol !== symbol || at === null) continue;
      made.push({
        id: one.side,
        price: unitsToNumber(at),
        label: `Auto ${one.side} ${formatMoney(centsOf(one.amount))}`,
        tone: one.side,
        isDraft: false,
      });
    }
    const typed = mode === 'auto' ? parsePrice(price) : null;
    if (
      typed?.ok &&
      !made.some((line) => line.id === side && line.price === unitsToNumber(typed.value))
    )
      // prettier-ignore
      made.push({
        id: `draft ${side}`,
        price: unitsToNumber(typed.value),
        label: `Auto ${side}, not set`,
        tone: side,
        isDraft: true,
      });
    return made;
  }, [triggers, symbol, side, mode, price]);

  const onLineMoved = useCallback<LineMoved>(
    (id, moved) => {
      const which: SideName = id.endsWith('sell') ? 'sell' : 'buy';
      const set = triggers?.find((one) => one.symbol === symbol && one.side === which);
      const kept = id === which && set ? { amount: set.amount } : {};
      askFor(symbol, { side: which, mode: 'auto', price: moved, ...kept });
    },
    [triggers, symbol],
  );
  return { lines, onLineMoved };
}
