/** The chart of one symbol: intervals, sessions, candles, a legend, and a table of the same bars. */
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
} from 'react';
import type { Interval, SessionFilter } from '../../domain/api-types';
import { intervals, sessionFilters, type TimedBar } from '../../domain/bars';
import type { MarketSymbol } from '../../domain/symbol';
import { zoneLabel, type Zone } from '../../domain/time';
import { readStored, writeStored } from '../../ui/stored';
import { useShownTheme } from '../../ui/theme';
import { useStream } from '../live';
import { BarHistory } from './bar-history';
import { BarsTable } from './bars-table';
import { Choice } from './choice';
import { Drawing } from './drawing';
import { legendOf, spoken, type Legend } from './legend';

const sessionLabel: Record<SessionFilter, string> = {
  regular: 'Regular',
  extended: 'Extended',
  all: 'All',
};
const sessionHint: Record<SessionFilter, string> = {
  regular: 'Trades of the regular session, 9:30 to 16:00 New York',
  extended: 'Pre-market and after hours too',
  all: 'Every trade, whatever its time',
};
const intervalLabel: Record<Interval, string> = {
  '1s': '1 second',
  '1m': '1 minute',
  '5m': '5 minutes',
  '15m': '15 minutes',
  '1h': '1 hour',
  '1d': '1 day',
};

function stored<T extends string>(key: string, all: readonly T[], fallback: T): T {
  const value = readStored(key);
  return all.find((one) => one === value) ?? fallback;
}

export function Chart({ symbol, zone }: { symbol: MarketSymbol; zone: Zone }) {
  const [interval, setInterval] = useState(() => stored('interval', intervals, '1m'));
  const [session, setSession] = useState(() => stored('session', sessionFilters, 'extended'));
  const [asTable, setAsTable] = useState(false);
  const choose = (next: Interval) => {
    setInterval(next);
    writeStored('interval', next);
  };
  return (
    <section className="chart" aria-label={`Chart of ${symbol}`}>
      <div className="chart__bar">
        <Choice
          label="Interval"
          options={intervals.map((value) => ({ value, label: value, hint: intervalLabel[value] }))}
          value={interval}
          onChoose={choose}
        />
        {zone !== 'UTC' && (
          <Choice
            label="Trading session"
            options={sessionFilters.map((value) => ({
              value,
              label: sessionLabel[value],
              hint: sessionHint[value],
            }))}
            value={session}
            onChoose={(next) => {
              setSession(next);
              writeStored('session', next);
            }}
          />
        )}
        <span className="chart__zone">
          {zone !== 'UTC' && interval !== '1d' && session !== 'regular' && (
            <span>
              <span className="chart__swatch" aria-hidden="true" /> extended hours
            </span>
          )}
          <span>times in {zoneLabel[zone]}</span>
        </span>
        <button
          type="button"
          className="button"
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? 'Chart' : 'Table'}
        </button>
      </div>
      <Bars
        key={`${symbol}/${interval}/${session}`}
        symbol={symbol}
        interval={interval}
        session={zone === 'UTC' ? 'all' : session}
        zone={zone}
        asTable={asTable}
      />
    </section>
  );
}

type BarsProps = {
  symbol: MarketSymbol;
  interval: Interval;
  session: SessionFilter;
  zone: Zone;
  asTable: boolean;
};

function Bars({ symbol, interval, session, zone, asTable }: BarsProps) {
  const stream = useStream();
  const history = useMemo(
    () => new BarHistory(stream, { symbol, interval, session }),
    [stream, symbol, interval, session],
  );
  useEffect(() => history.start(), [history]);
  const state = useSyncExternalStore(history.watch, history.current);

  if (state.phase === 'loading')
    return (
      <div className="chart__stage chart__stage--loading" role="status">
        <span className="unseen">Loading bars</span>
        {Array.from({ length: 24 }, (_, i) => (
          <span key={i} className="skeleton" style={{ height: `${25 + ((i * 37) % 50)}%` }} />
        ))}
      </div>
    );
  if (state.phase === 'failed')
    return (
      <div className="chart__stage">
        <div className="notice" role="alert">
          <h2>{state.unknown ? `${symbol} is not known here` : 'The chart could not be loaded'}</h2>
          <p>{state.message}</p>
          {!state.unknown && (
            <button type="button" className="button" onClick={() => void history.load()}>
              Try again
            </button>
          )}
        </div>
      </div>
    );
  return asTable ? (
    <BarsTable history={history} zone={zone} />
  ) : (
    <Stage history={history} zone={zone} />
  );
}

function Stage({ history, zone }: { history: BarHistory; zone: Zone }) {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(null);
  const [legend, setLegend] = useState<Legend | null>(null);
  const [said, setSaid] = useState('');
  const theme = useShownTheme();
  const { symbol, interval } = history.wanted;

  const read = useCallback(
    (bar: TimedBar | null, previous: TimedBar | null) =>
      setLegend(bar && legendOf(bar, previous, interval, zone)),
    [interval, zone],
  );

  useEffect(() => {
    if (!box.current) return;
    const made = new Drawing(box.current, history, zone, read);
    drawing.current = made;
    return () => {
      drawing.current = null;
      made.remove();
    };
  }, [history, zone, read]);

  useEffect(() => drawing.current?.retheme(), [theme]);

  function onKey(event: KeyboardEvent) {
    const chart = drawing.current;
    if (!chart || event.ctrlKey || event.metaKey || event.altKey) return;
    let bar: TimedBar | null = null;
    switch (event.key) {
      case 'ArrowLeft':
      case 'ArrowRight': {
        const way = event.key === 'ArrowLeft' ? -1 : 1;
        if (event.shiftKey) chart.pan(way * 20);
        else bar = chart.step(way);
        break;
      }
      case 'Home':
      case 'End':
        bar = chart.toEnd(event.key === 'End');
        break;
      case '+':
      case '=':
        chart.zoom(0.75);
        break;
      case '-':
        chart.zoom(1.35);
        break;
      case 'Escape':
        chart.clearCursor();
        break;
      default:
        return;
    }
    event.preventDefault();
    if (bar) setSaid(spoken(legendOf(bar, null, interval, zone)));
  }

  return (
    <>
      <LegendLine legend={legend} />
      {/* An application: its arrows walk along the bars, as the description says. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        className="chart__stage"
        role="application"
        aria-roledescription="price chart"
        aria-label={`${symbol}, ${interval} bars. Left and right walk along the bars, plus and minus zoom.`}
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onKeyDown={onKey}
      >
        <div className="chart__canvas" ref={box} />
        {!legend && (
          <div className="chart__none notice" role="status">
            <h2>No bars yet</h2>
            <p>They appear here with the first trade of this session.</p>
          </div>
        )}
      </div>
      <span className="unseen" aria-live="polite">
        {said}
      </span>
    </>
  );
}

function LegendLine({ legend }: { legend: Legend | null }) {
  return (
    <p className="legend">
      {legend && (
        <>
          <span className="legend__when">
            {legend.when}
            {legend.part && ` · ${legend.part}`}
          </span>
          {legend.figures.map(([label, value]) => (
            <span key={label}>
              <span className="legend__label">{label}</span> {value}
            </span>
          ))}
          <span className={`is-${legend.direction}`}>{legend.change}</span>
        </>
      )}
    </p>
  );
}
