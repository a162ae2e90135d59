/**
 * Draws bars with lightweight-charts. Changes gather into one invalidation (tail or history) and
 * are drawn once a frame with the least work that shows them.
 */
import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type MouseEventParams,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { axisSeconds, intervalMs, slotAt, withGaps, type BarChange, type Slot, type TimedBar } from '../../domain/bars'; // prettier-ignore
import { gapSpans, gapsWithin, type FeedGap } from '../../domain/feed-gaps';
import { decimalsOf } from '../../domain/price';
import { formatClock, formatDate, formatDay, formatHourMinute } from '../../domain/time';
import type { Trading } from '../../domain/trading-hours';
import { tokenColour } from '../../ui/theme';
import type { ChartLine, ChartMark, LineMoved, PriceChosen } from '../chart-lines';
import type { BarHistory } from './bar-history';
import { GapShade } from './gap-shade';
import { groupId, markColours, markerOf, marksBySlot, type MarkGroup } from './marks';
import { PriceLines } from './price-lines';
import { SessionShade, shadedSpans } from './session-shade';

/** At first a bar is this wide, so that a phone shows fewer of them than a desk. */
const FIRST_BAR_PX = 7;
/** At first, where there are few, at most so many times as wide. */
const FIRST_WIDER = 2.5;
const ROOM_RIGHT = 4;
/** Scrolled this close to the oldest bar, older ones are fetched. */
const NEAR_OLDEST = 40;
const DECIMALS_MAX = 8;

/** Who hears what the chart points at, and what is dragged in it. */
export type Listeners = {
  /** A bar, or a time without one; neither while there are no bars. */
  cursor: (slot: Slot | null, previous: TimedBar | null) => void;
  /** The time of lost data that is pointed at. */
  gap: (gap: FeedGap | null) => void;
  /** What is marked at the bar that is pointed at. */
  marks: (marks: readonly ChartMark[]) => void;
  /** A mark was pressed: those of one bar that look alike. */
  markChosen: (marks: readonly ChartMark[]) => void;
  lineMoved: LineMoved;
  priceChosen: PriceChosen;
};

export class Drawing {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<'Candlestick'>;
  private readonly volume: ISeriesApi<'Histogram'>;
  private readonly shade = new SessionShade();
  private readonly gapShade = new GapShade();
  private gaps: readonly FeedGap[] = [];
  private toldGap: FeedGap | null = null;
  private readonly lines: PriceLines;
  private readonly markers: ISeriesMarkersPluginApi<Time>;
  private marks: readonly ChartMark[] = [];
  private marked: MarkGroup[] = [];
  private toldMarks = '';
  private markColours = markColours();
  private slots: Slot[] = [];
  private byTime = new Map<number, number>();
  private lastTime = -Infinity;
  private level: BarChange = 'none';
  private frame = 0;
  private fitted = false;
  private cursor: number | null = null;
  /** Where the mouse is, in pixels from the left. */
  private pointerX: number | null = null;
  /** The keyboard points at a bar, and stays on it while the chart moves on. */
  private byKeyboard = false;
  private lineColour = '';
  private colours = { up: '', down: '', shade: '', lost: '', upBar: '', downBar: '' };
  private readonly stopListening: () => void;

  constructor(
    private readonly box: HTMLElement,
    private readonly history: BarHistory,
    private readonly trading: Trading,
    private readonly on: Listeners,
  ) {
    this.chart = createChart(box, {
      autoSize: true,
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: {
        timeVisible: history.wanted.interval !== '1d',
        secondsVisible: history.wanted.interval === '1s',
        rightOffset: ROOM_RIGHT,
        minBarSpacing: 0.6,
      },
      localization: { timeFormatter: (time: number) => this.timeLabel(time) },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, {});
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      priceFormat: { type: 'volume' },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.candles.attachPrimitive(this.shade);
    this.candles.attachPrimitive(this.gapShade);
    this.lines = new PriceLines(box, this.chart, this.candles, on.lineMoved);
    this.markers = createSeriesMarkers(this.candles, []);
    box.addEventListener('dblclick', this.chosen);
    box.addEventListener('pointermove', this.pointerCame, true);
    box.addEventListener('pointerdown', this.pointerCame, true);
    this.retheme();
    this.chart.subscribeCrosshairMove((event) => this.moved(event));
    this.chart.subscribeClick((event) => this.pressed(event));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < NEAR_OLDEST && this.slots.length > 0) void history.loadOlder();
    });
    this.stopListening = history.onChange((change) => this.invalidate(change));
    if (history.bars.length > 0) this.invalidate('history');
  }

  remove(): void {
    cancelAnimationFrame(this.frame);
    this.stopListening();
    this.lines.remove();
    this.box.removeEventListener('dblclick', this.chosen);
    this.box.removeEventListener('pointermove', this.pointerCame, true);
    this.box.removeEventListener('pointerdown', this.pointerCame, true);
    this.chart.remove();
  }

  setLines(lines: readonly ChartLine[]): void {
    this.lines.set(lines);
  }

  /** Times in which data was lost. */
  setGaps(gaps: readonly FeedGap[]): void {
    this.gaps = gaps;
    this.reshade();
    this.tellGap();
  }

  setMarks(marks: readonly ChartMark[]): void {
    this.marks = marks;
    this.drawMarks();
  }

  /** The price of the bar that is pointed at, or of the newest. */
  pointedPrice(): string | null {
    const bar = this.slots[this.cursor ?? this.slots.length - 1]?.bar ?? this.history.bars.at(-1);
    return bar ? this.priceText(bar.close) : null;
  }

  private priceText(price: number): string {
    return this.candles.priceFormatter().format(price).replaceAll(',', '');
  }

  private readonly chosen = (event: MouseEvent): void => {
    const { left, top } = this.box.getBoundingClientRect();
    if (event.clientX - left > this.chart.timeScale().width()) return;
    const price = this.candles.coordinateToPrice(event.clientY - top);
    if (price !== null && price > 0) this.on.priceChosen(this.priceText(price));
  };

  private drawMarks(): void {
    const step = intervalMs[this.history.wanted.interval];
    this.marked = marksBySlot(this.marks, this.slots, step);
    this.markers.setMarkers(
      this.marked.flatMap((group) => {
        const slot = this.slots[group.slot];
        return slot ? [markerOf(group, this.time(slot), this.markColours)] : [];
      }),
    );
    this.tellMarks();
  }

  private tellMarks(): void {
    const told = this.marked.filter(({ slot }) => slot === this.cursor);
    const marks = told.flatMap((group) => group.marks).filter((mark) => mark.told !== undefined);
    const key = marks.map(({ id, told }) => `${id} ${told}`).join();
    if (key === this.toldMarks) return;
    this.toldMarks = key;
    this.on.marks(marks);
  }

  pointedMarks(): readonly ChartMark[] {
    return this.marked
      .filter(({ slot }) => slot === this.cursor)
      .flatMap(({ marks }) => marks.filter((mark) => mark.told !== undefined));
  }

  private pressed({ hoveredInfo }: MouseEventParams): void {
    const group = this.marked.find((one) => groupId(one) === hoveredInfo?.objectId);
    if (group) this.on.markChosen(group.marks);
  }

  /** Brings a moment into the middle and points at it; false where the bars do not reach back to it. */
  show(at: number): boolean {
    const index = slotAt(this.slots, at, intervalMs[this.history.wanted.interval]);
    if (index === null) return false;
    const scale = this.chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    const half = range ? (range.to - range.from) / 2 : 60;
    const to = Math.min(index + half, this.slots.length + ROOM_RIGHT);
    scale.setVisibleLogicalRange({ from: to - 2 * half, to });
    return this.pointAt(index) !== null;
  }

  retheme(): void {
    const text = tokenColour('muted');
    const line = tokenColour('line');
    const soft = tokenColour('line-soft');
    this.colours = {
      up: tokenColour('up'),
      down: tokenColour('down'),
      shade: tokenColour('shade'),
      lost: tokenColour('warn'),
      upBar: tokenColour('up-bar'),
      downBar: tokenColour('down-bar'),
    };
    const { up, down } = this.colours;
    this.chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: tokenColour('surface') },
        textColor: text,
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: 12,
      },
      grid: { vertLines: { color: soft }, horzLines: { color: soft } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
      crosshair: {
        vertLine: { color: text, labelBackgroundColor: text },
        horzLine: { color: text, labelBackgroundColor: text },
      },
    });
    // Rising candles are hollow and falling ones filled, so colour is not the only telling.
    this.candles.applyOptions({
      upColor: tokenColour('surface'),
      downColor: down,
      borderUpColor: up,
      borderDownColor: down,
      wickUpColor: up,
      wickDownColor: down,
    });
    this.colourLine();
    this.lines.retheme();
    this.markColours = markColours();
    if (this.slots.length > 0) this.invalidate('history');
    this.drawMarks();
  }

  /** The line and label of the last price would else take the hollow candle's, and not be seen. */
  private colourLine(): void {
    const { bars } = this.history;
    const bar = bars[bars.length - 1];
    const colour = bar && bar.close < bar.open ? this.colours.down : this.colours.up;
    if (colour === this.lineColour) return;
    this.lineColour = colour;
    this.candles.applyOptions({ priceLineColor: colour });
  }

  /** Moves the crosshair by bars; from nowhere it begins at the newest. */
  step(by: number): TimedBar | null {
    const from = this.cursor ?? this.slots.length - (by < 0 ? 0 : 1);
    let to = from + by;
    while (this.slots[to] && !this.slots[to]?.bar) to += Math.sign(by);
    return this.pointAt(Math.max(0, Math.min(this.slots.length - 1, to)));
  }

  toEnd(newest: boolean): TimedBar | null {
    if (newest) this.chart.timeScale().scrollToRealTime();
    return this.pointAt(newest ? this.slots.length - 1 : 0);
  }

  clearCursor(): void {
    this.cursor = this.pointerX = null;
    this.byKeyboard = false;
    this.chart.clearCrosshairPosition();
    this.tellCursor();
  }

  pan(bars: number): void {
    const scale = this.chart.timeScale();
    scale.scrollToPosition(scale.scrollPosition() + bars, false);
  }

  zoom(factor: number): void {
    const scale = this.chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (!range) return;
    const width = (range.to - range.from) * factor;
    if (width < 8 || width > 5000) return;
    scale.setVisibleLogicalRange({ from: range.to - width, to: range.to });
  }

  private pointAt(index: number): TimedBar | null {
    const slot = this.slots[index];
    if (!slot?.bar) return null;
    this.cursor = index;
    this.pointerX = null;
    this.byKeyboard = true;
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (range && (index < range.from || index > range.to))
      this.pan(index < range.from ? index - range.from - 10 : index - range.to + 10);
    this.crossAt(slot);
    this.tellCursor();
    return slot.bar;
  }

  private crossAt(slot: Slot): void {
    if (slot.bar) this.chart.setCrosshairPosition(slot.bar.close, this.time(slot), this.candles);
  }

  private readonly pointerCame = (event: PointerEvent): void => {
    // Browsers also tell of a mouse at rest under which the page has changed.
    if (event.type === 'pointerdown' || event.movementX !== 0 || event.movementY !== 0)
      this.byKeyboard = false;
  };

  private moved(event: MouseEventParams): void {
    // What the keyboard did comes back, and again at the same place whenever the bars move on below it.
    if (this.byKeyboard) return;
    const index = event.time === undefined ? undefined : this.byTime.get(event.time as number);
    this.cursor = index ?? null;
    this.pointerX = event.point?.x ?? null;
    this.tellCursor();
  }

  private tellCursor(): void {
    const slot = this.slots[this.cursor ?? this.slots.length - 1];
    this.on.cursor(slot ?? null, this.barBefore(this.cursor ?? this.slots.length - 1));
    this.tellGap();
    this.tellMarks();
  }

  private barBefore(index: number): TimedBar | null {
    let before = index - 1;
    while (before >= 0 && !this.slots[before]?.bar) before -= 1;
    return this.slots[before]?.bar ?? null;
  }

  pointedGap(): FeedGap | null {
    return this.toldGap;
  }

  private tellGap(): void {
    const gap = this.pointerX === null ? this.gapAtCursor() : this.gapShade.at(this.pointerX);
    if (gap === this.toldGap) return;
    this.toldGap = gap;
    this.on.gap(gap);
  }

  /** The newest gap of the bar that the keyboard is on, or of the time since the bar before. */
  private gapAtCursor(): FeedGap | null {
    const slot = this.cursor === null ? undefined : this.slots[this.cursor];
    if (this.cursor === null || !slot) return null;
    const step = intervalMs[this.history.wanted.interval];
    const before = this.barBefore(this.cursor);
    const since = Math.min(slot.start, before ? before.start + step : slot.start);
    return gapsWithin(this.gaps, since, slot.start + step).at(-1) ?? null;
  }

  private invalidate(change: BarChange): void {
    if (change === 'history' || this.level === 'none') this.level = change;
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const level = this.level;
    this.level = 'none';
    if (level !== 'tail' || !this.drawTail()) this.drawAll();
    this.colourLine();
    const pointed = this.byKeyboard && this.cursor !== null ? this.slots[this.cursor] : undefined;
    if (pointed) this.crossAt(pointed);
    this.tellCursor();
  }

  /** Draws the newest bar, or the one right after it; anything else is for `drawAll`. */
  private drawTail(): boolean {
    const { bars } = this.history;
    const { interval } = this.history.wanted;
    const bar = bars[bars.length - 1];
    const last = this.slots[this.slots.length - 1];
    if (!bar || !last) return false;
    if (bar.start !== last.start) {
      const next = interval !== '1d' && bar.start - last.start === intervalMs[interval];
      if (!next || bars[bars.length - 2]?.start !== last.start) return false;
      // The bar that just closed may have changed in the same frame.
      last.bar = bars[bars.length - 2] ?? last.bar;
      this.update(last);
      this.slots.push({ start: bar.start, bar });
      this.byTime.set(this.time({ start: bar.start, bar }), this.slots.length - 1);
      this.reshade();
      // What happened since the bar before waited for this one.
      if (this.marks.some(({ at }) => at >= bar.start)) this.drawMarks();
    }
    const slot = this.slots[this.slots.length - 1];
    if (!slot) return false;
    slot.bar = bar;
    this.update(slot);
    return true;
  }

  private update(slot: Slot): void {
    if (!slot.bar || this.time(slot) < this.lastTime) return;
    this.lastTime = this.time(slot);
    this.candles.update(this.candle(slot));
    this.volume.update(this.column(slot));
  }

  private drawAll(): void {
    const { interval, session } = this.history.wanted;
    const { bars } = this.history;
    const ascending: Slot[] = [];
    const pointed = this.cursor === null ? undefined : this.slots[this.cursor];
    let newest = -Infinity;
    for (const slot of withGaps(bars, interval, session, this.trading.hours)) {
      // The hour that a clock change repeats would break the axis's order.
      const time = this.time(slot);
      if (time > newest) ascending.push(slot);
      newest = Math.max(newest, time);
    }
    this.slots = ascending;
    this.lastTime = newest;
    this.byTime = new Map(ascending.map((slot, i) => [this.time(slot), i]));
    // Older bars came in front: the crosshair stays on its bar, not on its place.
    if (pointed) this.cursor = this.byTime.get(this.time(pointed)) ?? null;
    const precision = Math.min(
      DECIMALS_MAX,
      bars.slice(-200).reduce((most, { close }) => Math.max(most, decimalsOf(close)), 2),
    );
    this.candles.applyOptions({
      priceFormat: { type: 'price', precision, minMove: 1 / 10 ** precision },
    });
    this.candles.setData(ascending.map((slot) => this.candle(slot)));
    this.volume.setData(ascending.map((slot) => this.column(slot)));
    this.reshade();
    this.drawMarks();
    if (!this.fitted && ascending.length > 0) {
      this.fitted = true;
      const to = ascending.length + ROOM_RIGHT;
      const wanted = Math.max(-ROOM_RIGHT, ascending.length - this.firstBars());
      // A few bars are drawn wide, but a single one does not fill the chart.
      const from = Math.min(wanted, to - this.firstBars() / FIRST_WIDER);
      this.chart.timeScale().setVisibleLogicalRange({ from, to });
    }
  }

  private firstBars(): number {
    return Math.max(40, Math.round(this.chart.timeScale().width() / FIRST_BAR_PX));
  }

  private reshade(): void {
    const daily = this.history.wanted.interval === '1d';
    this.shade.set(daily ? [] : shadedSpans(this.slots, this.trading.hours), this.colours.shade);
    const step = intervalMs[this.history.wanted.interval];
    this.gapShade.set(gapSpans(this.slots, step, this.gaps, ROOM_RIGHT), this.colours.lost);
  }

  private time(slot: Slot): UTCTimestamp {
    const { interval } = this.history.wanted;
    return axisSeconds(slot.start, interval, this.trading.zone) as UTCTimestamp;
  }

  private candle(slot: Slot) {
    const time = this.time(slot);
    if (!slot.bar) return { time };
    const { open, high, low, close } = slot.bar;
    return { time, open, high, low, close };
  }

  private column(slot: Slot) {
    const time = this.time(slot);
    if (!slot.bar) return { time };
    const rising = slot.bar.close >= slot.bar.open;
    const color = rising ? this.colours.upBar : this.colours.downBar;
    return { time, value: slot.bar.volume, color };
  }

  /** The axis holds wall-clock times, which are to be read as they stand. */
  private timeLabel(time: number): string {
    const ms = time * 1000;
    const { interval } = this.history.wanted;
    if (interval === '1d') return formatDate(ms, 'UTC');
    const clock = interval === '1s' ? formatClock(ms, 'UTC') : formatHourMinute(ms, 'UTC');
    return `${formatDay(ms, 'UTC')} ${clock}`;
  }
}
