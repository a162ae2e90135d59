/** One symbol of the list: built once by React, then drawn by its painter while in sight. */
import { useQuery } from '@tanstack/react-query';
import { memo, useEffect, useRef, useState } from 'react';
import { symbolPath } from '../../domain/paths';
import { splitSymbol, type MarketSymbol } from '../../domain/symbol';
import { freshnessOf } from '../../stream/live-store';
import { CloseIcon, GripIcon } from '../../ui/icons';
import { Link } from '../../ui/link';
import { useKnown } from '../instruments';
import { useStream } from '../live';
import { startDrag } from './drag';
import { sparklineQuery } from './get-sparklines';
import { RowPainter } from './row-painter';
import { SPARK_HEIGHT, SPARK_WIDTH } from './sparkline';
import type { RowSweep } from './row-sweep';
import type { VisibleRows } from './visible-rows';

export type RowActions = {
  remove(symbol: MarketSymbol): void;
  moveTo(symbol: MarketSymbol, to: number): void;
  foundUnknown(symbol: MarketSymbol): void;
};

type Props = {
  symbol: MarketSymbol;
  /** Position counted from 1, for assistive technology. */
  position: number;
  /** The one row the Tab key stops at. */
  tabStop: boolean;
  /** Shown in the chart beside the list. */
  open: boolean;
  movable: boolean;
  rows: VisibleRows;
  sweep: RowSweep;
  /** Null where the list is only looked at. */
  actions: RowActions | null;
};

export const WatchRow = memo(function WatchRow(props: Props) {
  const { symbol, position, tabStop, open, movable, rows, sweep, actions } = props;
  const stream = useStream();
  const ref = useRef<HTMLDivElement>(null);
  const painter = useRef<RowPainter>(null);
  const [visible, setVisible] = useState(false);
  const known = useKnown(symbol, visible);
  const { data: closes } = useQuery({ ...sparklineQuery(symbol), enabled: visible });
  const { venue, local } = splitSymbol(symbol);

  useEffect(() => rows.add(symbol, setVisible), [rows, symbol]);

  useEffect(() => {
    if (ref.current) painter.current ??= new RowPainter(ref.current);
    const { current } = painter;
    if (!visible || !current) return;
    const paint = () => current.paint(stream.live.get(symbol), stream.serverNow());
    paint();
    const remove = sweep.add(symbol, paint);
    const stop = stream.live.listen(symbol, () => sweep.mark(symbol));
    return () => {
      stop();
      remove();
    };
  }, [visible, symbol, stream, sweep]);

  // A symbol the server does not know is noticed wherever its row is.
  useEffect(
    () =>
      stream.live.listen(symbol, (row) => {
        if (freshnessOf(row) === 'unknown') actions?.foundUnknown(symbol);
      }),
    [symbol, stream, actions],
  );

  useEffect(() => {
    if (!closes || !painter.current) return;
    const previous = stream.live.get(symbol).figures?.previous_close ?? null;
    painter.current.setCloses(closes, previous, stream.serverNow());
  }, [closes, symbol, stream]);

  const tabIndex = tabStop ? 0 : -1;
  return (
    <div
      ref={ref}
      role="row"
      aria-rowindex={position + 1}
      className="row"
      data-symbol={symbol}
      data-state="waiting"
      data-direction="none"
      data-open={open}
    >
      <div role="rowheader" className="cell cell--symbol">
        {movable && actions && (
          <span
            className="row__grip"
            aria-hidden="true"
            title="Drag to reorder (Alt+↑ and Alt+↓ do the same)"
            onPointerDown={(event) => startDrag(event, (to) => actions.moveTo(symbol, to))}
          >
            <GripIcon />
          </span>
        )}
        <Link
          className="row__link"
          href={symbolPath(symbol)}
          tabIndex={tabIndex}
          title={known?.name}
          aria-current={open ? 'page' : undefined}
        >
          {local}
        </Link>
        {venue && <small className="row__venue">{venue}</small>}
      </div>
      <div role="cell" className="cell cell--name">
        <span className="row__name">{known?.name ?? ''}</span>
        <span className="row__unknown">Not known to this server</span>
      </div>
      <div role="cell" className="cell cell--last">
        <span className="row__last" data-cell="last" />
      </div>
      <div role="cell" className="cell cell--change">
        <span className="unseen" data-cell="word" />
        <span className="row__arrow" data-cell="arrow" aria-hidden="true" />
        <span data-cell="change" />
      </div>
      <div role="cell" className="cell cell--percent" data-cell="percent" />
      <div role="cell" className="cell cell--range">
        <span className="row__track" data-cell="range" aria-hidden="true" />
        <span className="row__ends">
          <span className="unseen">low </span>
          <span data-cell="low" />
          <span className="unseen">, high </span>
          <span data-cell="high" />
        </span>
      </div>
      <div role="cell" className="cell cell--volume" data-cell="volume" />
      <div role="cell" className="cell cell--trend">
        <svg
          viewBox={`0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          <path className="row__baseline" data-cell="baseline" />
          <path className="row__spark" data-cell="spark" />
        </svg>
      </div>
      <div role="cell" className="cell cell--time" data-cell="time" />
      <div role="cell" className="cell cell--state">
        <span className="row__glyph" data-cell="glyph" aria-hidden="true" />
        <span className="row__state" data-cell="state" />
      </div>
      <div role="cell" className="cell cell--actions">
        {actions && (
          <button
            type="button"
            className="button button--bare row__remove"
            tabIndex={tabIndex}
            aria-label={`Remove ${symbol}`}
            title="Remove (Delete)"
            onClick={() => actions.remove(symbol)}
          >
            <CloseIcon size={14} />
          </button>
        )}
      </div>
    </div>
  );
});
