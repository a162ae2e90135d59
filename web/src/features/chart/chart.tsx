/** The chart of one symbol: intervals, sessions, candles, a legend, and a table of the same bars. */
import {
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import type { Interval, SessionFilter } from '../../domain/api-types';
import { intervals, sessionFilters, type Slot, type TimedBar } from '../../domain/bars';
import { gapText, type FeedGap } from '../../domain/feed-gaps';
import type { MarketSymbol } from '../../domain/symbol';
import { zoneLabel } from '../../domain/time';
import type { Trading } from '../../domain/trading-hours';
import { Choice } from '../../ui/choice';
import { readStored, writeStored } from '../../ui/stored';
import { useShownTheme } from '../../ui/theme';
import { useToaster } from '../../ui/toast';
import type { ChartLine, ChartMark, ChartMoment, LineMoved, PriceChosen } from '../chart-lines'; // prettier-ignore
import { useStream } from '../live';
import { BarHistory } from './bar-history';
import { BarsTable } from './bars-table';
import { Drawing } from './drawing';
import { emptyLegend, legendOf, spoken, type Legend } from './legend';
import { useFeedGaps } from './use-feed-gaps';

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

type Props = {
  symbol: MarketSymbol;
  trading: Trading;
  lines: readonly ChartLine[];
  marks: readonly ChartMark[];
  /** The moment that was last asked for. */
  moment: ChartMoment | null;
  /** Further buttons of the bar above. */
  tools: ReactNode;
  onLineMoved: LineMoved;
  onPrice: PriceChosen;
};

export function Chart({ symbol, trading, tools, ...drawn }: Props) {
  const [interval, setInterval] = useState(() => stored('interval', intervals, '1m'));
  const [chosenSession, setSession] = useState(() => stored('session', sessionFilters, 'extended'));
  const [asTable, setAsTable] = useState(false);
  const [sought, setSought] = useState(drawn.moment);
  if (sought !== drawn.moment) {
    setSought(drawn.moment);
    setAsTable(false);
  }
  const hasSessions = trading.hours !== 'always';
  const session = hasSessions ? chosenSession : 'extended';
  const gaps = useFeedGaps(symbol);
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
        {hasSessions && (
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
          {gaps.length > 0 && (
            <span>
              <span className="chart__swatch chart__swatch--lost" aria-hidden="true" /> data lost
            </span>
          )}
          {hasSessions && interval !== '1d' && session !== 'regular' && (
            <span>
              <span className="chart__swatch" aria-hidden="true" /> extended hours
            </span>
          )}
          <span>times in {zoneLabel[trading.zone]}</span>
        </span>
        <div className="chart__tools">
          {tools}
          <button
            type="button"
            className="button"
            aria-pressed={asTable}
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? 'Chart' : 'Table'}
          </button>
        </div>
      </div>
      <Bars
        key={`${symbol}/${interval}/${session}`}
        symbol={symbol}
        interval={interval}
        session={session}
        trading={trading}
        asTable={asTable}
        gaps={gaps}
        {...drawn}
      />
    </section>
  );
}

type BarsProps = Omit<Props, 'tools'> & {
  interval: Interval;
  session: SessionFilter;
  asTable: boolean;
  gaps: readonly FeedGap[];
};

function Bars({ symbol, interval, session, trading, asTable, ...drawn }: BarsProps) {
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
    <BarsTable history={history} zone={trading.zone} gaps={drawn.gaps} />
  ) : (
    <Stage history={history} trading={trading} {...drawn} />
  );
}

type StageProps = Omit<BarsProps, 'symbol' | 'interval' | 'session' | 'asTable'> & {
  history: BarHistory;
};

/** As many gaps as one would listen to. */
const GAPS_DESCRIBED = 5;
/** As many headlines as leave room for the bars. */
const MARKS_TOLD = 3;
/** As far back as a moment is looked for. */
const PAGES_BACK = 12;

/** Fetches older bars until they reach back to a moment, or there are none. */
async function reachBack(history: BarHistory, at: number): Promise<void> {
  for (let page = 0; page < PAGES_BACK; page += 1) {
    const oldest = history.bars[0]?.start;
    if (oldest === undefined || oldest <= at) return;
    await history.loadOlder();
    if (history.bars[0]?.start === oldest) return;
  }
}

const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

function open(marks: readonly ChartMark[]): void {
  const [only] = marks;
  if (marks.length === 1 && only?.href) window.open(only.href, '_blank', 'noopener,noreferrer');
  else if (only?.id) {
    const row = document.querySelector<HTMLElement>(`tr[data-article="${CSS.escape(only.id)}"]`);
    row?.scrollIntoView({ block: 'center' });
    row?.querySelector<HTMLElement>('a')?.focus({ preventScroll: true });
  }
}

function Stage(props: StageProps) {
  const { history, trading, lines, marks, moment, onLineMoved, onPrice, gaps } = props;
  const toaster = useToaster();
  const [told, setTold] = useState<readonly ChartMark[]>([]);
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(null);
  const [legend, setLegend] = useState<Legend | null>(null);
  const [gap, setGap] = useState<FeedGap | null>(null);
  const [said, setSaid] = useState('');
  const description = useId();
  const theme = useShownTheme();
  const { symbol, interval } = history.wanted;

  const read = useCallback(
    (slot: Slot | null, previous: TimedBar | null) =>
      setLegend(
        slot && (slot.bar ? legendOf(slot.bar, previous, interval, trading) : emptyLegend(slot, interval, trading)), // prettier-ignore
      ),
    [interval, trading],
  );

  useEffect(() => {
    if (!box.current) return;
    const on = { cursor: read, gap: setGap, marks: setTold, markChosen: open, lineMoved: onLineMoved, priceChosen: onPrice }; // prettier-ignore
    const made = new Drawing(box.current, history, trading, on);
    drawing.current = made;
    return () => {
      drawing.current = null;
      made.remove();
    };
  }, [history, trading, read, onLineMoved, onPrice]);

  // After the drawing is made, and whenever it is made anew.
  useEffect(
    () => drawing.current?.setLines(lines),
    [lines, history, trading, read, onLineMoved, onPrice],
  );
  useEffect(
    () => drawing.current?.setMarks(marks),
    [marks, history, trading, read, onLineMoved, onPrice],
  );
  useEffect(
    () => drawing.current?.setGaps(gaps),
    [gaps, history, trading, read, onLineMoved, onPrice],
  );

  useEffect(() => drawing.current?.retheme(), [theme]);

  useEffect(() => {
    if (!moment) return;
    let isOver = false;
    box.current?.closest('.chart')?.scrollIntoView({ block: 'nearest' });
    void reachBack(history, moment.at)
      .then(drawn)
      .then(() => {
        if (isOver || drawing.current?.show(moment.at)) return;
        toaster.show({ text: 'These bars do not reach back to that time; longer ones do.' });
      });
    return () => {
      isOver = true;
    };
  }, [moment, history, toaster]);

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
      case 'Enter': {
        const price = chart.pointedPrice();
        if (price) onPrice(price);
        break;
      }
      case 'Escape':
        chart.clearCursor();
        break;
      default:
        return;
    }
    event.preventDefault();
    const lost = bar && chart.pointedGap();
    if (bar)
      setSaid(
        [
          spoken(legendOf(bar, null, interval, trading)),
          lost && gapText(lost, trading.zone),
          ...chart.pointedMarks().map((mark) => mark.told),
        ]
          .filter(Boolean)
          .join('. '),
      );
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
        aria-label={`${symbol}, ${interval} bars. Left and right walk along the bars, plus and minus zoom, Enter begins an alert at the price of the bar.`}
        aria-describedby={gaps.length > 0 ? description : undefined}
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onKeyDown={onKey}
      >
        <div className="chart__canvas" ref={box} />
        <div className="chart__notes">
          {gap && <p className="chart__gap">{gapText(gap, trading.zone)}</p>}
          {told.slice(0, MARKS_TOLD).map((mark) => (
            <p key={mark.id ?? mark.at} className="chart__told">
              {mark.told}
            </p>
          ))}
          {told.length > MARKS_TOLD && (
            <p className="chart__told">and {told.length - MARKS_TOLD} more, in the table below</p>
          )}
        </div>
        {!legend && (
          <div className="chart__none notice" role="status">
            <h2>No bars yet</h2>
            <p>They appear here with the first trade of this session.</p>
          </div>
        )}
      </div>
      <p className="unseen" id={description}>
        {gaps
          .slice(-GAPS_DESCRIBED)
          .map((one) => gapText(one, trading.zone))
          .join('. ')}
      </p>
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
