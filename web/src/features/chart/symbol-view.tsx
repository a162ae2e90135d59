/** One symbol in full: its price, its chart and its key figures. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import { freshnessLook } from '../../domain/freshness';
import {
  directionGlyph,
  directionOf,
  directionWord,
  formatChange,
  formatPercent,
  formatPrice,
  decimalsOf,
} from '../../domain/price';
import { splitSymbol, type MarketSymbol } from '../../domain/symbol';
import { formatWhen, parseTime } from '../../domain/time';
import { tradingOf } from '../../domain/trading-hours';
import { freshnessOf } from '../../stream/live-store';
import { instrumentQuery, recall } from '../instruments';
import type { ChartLine, ChartMark, ChartMoment, LineMoved, PriceChosen } from '../chart-lines'; // prettier-ignore
import { useInterest, useLiveRow, useStream } from '../live';
import { Chart } from './chart';
import { KeyFigures } from './key-figures';
import './chart.css';

type Props = {
  symbol: MarketSymbol;
  actions: ReactNode;
  /** What stands beside the chart. */
  aside: ReactNode;
  lines: readonly ChartLine[];
  marks: readonly ChartMark[];
  moment: ChartMoment | null;
  /** Further buttons above the chart. */
  tools: ReactNode;
  /** What stands below everything. */
  below: ReactNode;
  onLineMoved: LineMoved;
  /** A price was chosen in the chart. */
  onPrice: PriceChosen;
  onTitle: (title: string) => void;
};

export function SymbolView({ symbol, actions, aside, below, onTitle, ...drawn }: Props) {
  const stream = useStream();
  useInterest(useMemo(() => [symbol], [symbol]));
  const row = useLiveRow(symbol);
  const { data: detail } = useQuery(instrumentQuery(symbol));
  const heading = useRef<HTMLHeadingElement>(null);
  const known = detail ?? recall(symbol);
  const trading = tradingOf(known, symbol);
  const { venue, local } = splitSymbol(symbol);
  const figures = row.figures;
  const price = figures?.price ?? null;
  const direction = price === null ? 'none' : directionOf(figures?.change);
  const decimals = price === null ? 2 : decimalsOf(price);
  const freshness = freshnessOf(row);
  const look = freshnessLook[freshness];
  const at = parseTime(figures?.timestamp);

  useEffect(() => heading.current?.focus({ preventScroll: true }), [symbol]);

  const title =
    price === null
      ? local
      : `${local} ${formatPrice(price, decimals)} ${directionGlyph[direction]} ${formatPercent(figures?.change_percent)}`;
  useEffect(() => onTitle(title), [title, onTitle]);

  return (
    <>
      <article className="symbol">
        <header className="symbol__head">
          <div className="symbol__who">
            <h1 tabIndex={-1} ref={heading}>
              {local} <span className="symbol__name">{known?.name ?? ''}</span>
            </h1>
            <p className="symbol__where">
              {[known?.exchange ?? venue, known?.kind].filter(Boolean).join(' · ') || '\u00a0'}
            </p>
          </div>
          <div className="symbol__price">
            <p className="symbol__last" data-testid="last">
              {price === null ? '–' : formatPrice(price, decimals)}
            </p>
            <p className={`symbol__change is-${direction}`}>
              <span className="unseen">{directionWord[direction]} </span>
              <span aria-hidden="true">{directionGlyph[direction]} </span>
              {formatChange(figures?.change, decimals)}{' '}
              <span>{formatPercent(figures?.change_percent)}</span>
            </p>
            <p className="symbol__fresh" data-state={freshness} title={look.explanation}>
              <span aria-hidden="true">{look.glyph}</span> {look.label}
              {at !== null && <span> · {formatWhen(at, stream.serverNow())}</span>}
            </p>
          </div>
          <div className="symbol__actions">{actions}</div>
        </header>
        <div className="symbol__work">
          <Chart key={symbol} symbol={symbol} trading={trading} {...drawn} />
          <div className="symbol__aside">{aside}</div>
        </div>
        <KeyFigures figures={figures} detail={detail} />
      </article>
      <div className="symbol__below">{below}</div>
    </>
  );
}
