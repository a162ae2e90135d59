/** Alerts on a price as lines in the chart, and what the one being typed would have done as marks. */
import { useCallback, useMemo } from 'react';
import { draftOf, isOnPrice, typeTowards, ruleOf } from '../../domain/alerts';
import type { MarketSymbol } from '../../domain/symbol';
import type { ChartLine, ChartMark, LineMoved, PriceChosen } from '../chart-lines';
import { useStream } from '../live';
import { askForAlert, changeTyped, useTyped } from './draft';
import { useAlerts } from './use-alerts';

const prefix = 'alert ';
const draftId = `${prefix}draft`;
const labels = { price_above: 'above', price_below: 'below', price_crosses: 'crosses' } as const;

/** Whether a line in the chart is one of these. */
export function isAlertLine(id: string): boolean {
  return id.startsWith(prefix);
}

const noMarks: readonly ChartMark[] = [];

export function useAlertLines(symbol: MarketSymbol): {
  lines: ChartLine[];
  marks: readonly ChartMark[];
  onLineMoved: LineMoved;
  onPrice: PriceChosen;
} {
  const { live } = useStream();
  const { list } = useAlerts();
  const typed = useTyped(symbol);

  const lines = useMemo(() => {
    const made: ChartLine[] = [];
    for (const { id, symbol: of, rule, state } of list ?? []) {
      const waits = state === 'armed' || state === 'resting';
      if (of !== symbol || !waits || rule.price === undefined || id === typed.changes?.id) continue;
      made.push({
        id: prefix + id,
        price: Number(rule.price),
        label: `Alert ${labels[rule.type as keyof typeof labels]}`,
        tone: 'accent',
        isDraft: false,
      });
    }
    const rule = typed.isOpen && isOnPrice(typed.type) ? ruleOf(typed) : null;
    if (rule?.ok && rule.value.price !== undefined)
      made.push({
        id: draftId,
        price: Number(rule.value.price),
        label: `Alert ${labels[typed.type as keyof typeof labels]}, not set`,
        tone: 'accent',
        isDraft: true,
      });
    return made;
  }, [list, symbol, typed]);

  const marks = useMemo(
    () =>
      typed.tried
        ? typed.tried.fired.map(({ timestamp }) => ({ at: Date.parse(timestamp), text: 'alert' }))
        : noMarks,
    [typed.tried],
  );

  const onLineMoved = useCallback<LineMoved>(
    (id, price) => {
      if (id === draftId) return changeTyped(symbol, { price });
      const alert = list?.find((one) => prefix + one.id === id);
      if (alert)
        askForAlert(symbol, {
          ...draftOf(alert),
          price,
          changes: { id: alert.id, version: alert.version },
        });
    },
    [list, symbol],
  );

  const onPrice = useCallback<PriceChosen>(
    (price) => {
      const last = live.get(symbol).figures?.price ?? null;
      askForAlert(symbol, { price, type: typeTowards(Number(price), last) });
    },
    [live, symbol],
  );
  return { lines, marks, onLineMoved, onPrice };
}
