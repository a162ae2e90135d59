/** A symbol with its chart, and the ticket, alerts and news around it, joined here since none knows the others. */
import { useCallback, useMemo, useState, type ReactNode } from 'react';
import type { MarketSymbol } from '../domain/symbol';
import { tradingOf } from '../domain/trading-hours';
import { isAlertLine, useAlertLines } from '../features/alerts/alert-lines';
import { AlertPanel } from '../features/alerts/alert-panel';
import type { ChartMoment, LineMoved } from '../features/chart-lines';
import { SymbolView } from '../features/chart/symbol-view';
import { TicketPanel } from '../features/desk/ticket-panel';
import { useTriggerLines } from '../features/desk/trigger-lines';
import { recall } from '../features/instruments';
import { MovesPanel } from '../features/news/moves-panel';
import { NewsTable } from '../features/news/news-table';
import { useMoves, useNewsMarks, useSymbolNews } from '../features/news/use-symbol-news';
import { RequestError } from '../stream/request';
import { readStored, writeStored } from '../ui/stored';
import '../features/news/symbol-news.css';

type Props = { symbol: MarketSymbol; actions: ReactNode; onTitle: (title: string) => void };

export function SymbolPane({ symbol, actions, onTitle }: Props) {
  const triggers = useTriggerLines(symbol);
  const alerts = useAlertLines(symbol);
  const news = useSymbolNews(symbol);
  const moves = useMoves(symbol);
  const isUnknown = moves.error instanceof RequestError && moves.error.status === 404;
  const [isMarked, setMarked] = useState(() => readStored('news-marks') !== 'off');
  const { zone } = tradingOf(recall(symbol), symbol);
  const newsMarks = useNewsMarks(news.articles, moves.data?.moves, zone, isMarked);
  const [moment, setMoment] = useState<ChartMoment | null>(null);
  const lines = useMemo(() => [...triggers.lines, ...alerts.lines], [triggers.lines, alerts.lines]);
  const marks = useMemo(() => [...alerts.marks, ...newsMarks], [alerts.marks, newsMarks]);
  const [moveTrigger, moveAlert] = [triggers.onLineMoved, alerts.onLineMoved];
  const onLineMoved = useCallback<LineMoved>(
    (id, price) => (isAlertLine(id) ? moveAlert : moveTrigger)(id, price),
    [moveAlert, moveTrigger],
  );
  const onShow = useCallback(
    (at: number) => setMoment((last) => ({ at, turn: (last?.turn ?? 0) + 1 })),
    [],
  );
  return (
    <SymbolView
      symbol={symbol}
      actions={actions}
      aside={
        <>
          <TicketPanel symbol={symbol} />
          <AlertPanel symbol={symbol} />
        </>
      }
      tools={
        <button
          type="button"
          className="button"
          aria-pressed={isMarked}
          title="Articles and unusual moves as marks in the chart"
          onClick={() => {
            setMarked(!isMarked);
            writeStored('news-marks', isMarked ? 'off' : 'on');
          }}
        >
          News
        </button>
      }
      below={
        // The chart says so of a symbol that is not known, and once is enough.
        !isUnknown && (
          <>
            <MovesPanel zone={zone} moves={moves} onShow={onShow} />
            <NewsTable symbol={symbol} zone={zone} news={news} onShow={onShow} />
          </>
        )
      }
      lines={lines}
      marks={marks}
      moment={moment}
      onLineMoved={onLineMoved}
      onPrice={alerts.onPrice}
      onTitle={onTitle}
    />
  );
}
