/** The newest bars as a table: for screen readers, and for copying figures out. */
import { Fragment, useEffect, useState } from 'react';
import type { TimedBar } from '../../domain/bars';
import { gapText, type FeedGap } from '../../domain/feed-gaps';
import { formatPrice, formatSize } from '../../domain/price';
import type { Zone } from '../../domain/time';
import type { BarHistory } from './bar-history';
import { barTime } from './legend';

const ROWS = 200;
/** Figures being read should not run away: the table follows the market once a second. */
const REFRESH_MS = 1000;

function newest(history: BarHistory): TimedBar[] {
  return history.bars.slice(-ROWS).reverse();
}

type Props = { history: BarHistory; zone: Zone; gaps: readonly FeedGap[] };

export function BarsTable({ history, zone, gaps }: Props) {
  const [bars, setBars] = useState(() => newest(history));
  useEffect(() => {
    let timer: number | null = null;
    const stop = history.onChange(() => {
      timer ??= window.setTimeout(() => {
        timer = null;
        setBars(newest(history));
      }, REFRESH_MS);
    });
    return () => {
      stop();
      if (timer !== null) window.clearTimeout(timer);
    };
  }, [history]);

  return (
    // Scrolled by the keyboard, so it must take the focus.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="bars" tabIndex={0} role="region" aria-label="Newest bars first">
      <table>
        <thead>
          <tr>
            {['Start', 'Open', 'High', 'Low', 'Close', 'Volume', 'Trades'].map((label) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.map((bar, i) => (
            <Fragment key={bar.start}>
              {/* Above the bar in which they began, as later bars are. */}
              {gaps
                .filter(({ from }) => from >= bar.start && from < (bars[i - 1]?.start ?? Infinity))
                .reverse()
                .map((gap) => (
                  <tr key={gap.from} className="bars__gap">
                    <td colSpan={7}>{gapText(gap, zone)}</td>
                  </tr>
                ))}
              <tr>
                <th scope="row">{barTime(bar, history.wanted.interval, zone)}</th>
                <td>{formatPrice(bar.open)}</td>
                <td>{formatPrice(bar.high)}</td>
                <td>{formatPrice(bar.low)}</td>
                <td>{formatPrice(bar.close)}</td>
                <td>{formatSize(bar.volume)}</td>
                <td>{formatSize(bar.trades)}</td>
              </tr>
            </Fragment>
          ))}
        </tbody>
      </table>
      {bars.length === 0 && <p className="notice">No bars yet.</p>}
    </div>
  );
}
