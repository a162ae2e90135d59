/**
 * Draws bars with lightweight-charts. Changes gather into one invalidation (tail or history) and
 * are drawn once a frame with the least work that shows them.
 */
import {
  CandlestickSeries,
  ColorType,
  createChart,
  CrosshairMode,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type MouseEventParams,
  type UTCTimestamp,
} from 'lightweight-charts';
import { axisSeconds, intervalMs, withGaps, type BarChange, type Slot, type TimedBar } from '../../domain/bars'; // prettier-ignore
import { decimalsOf } from '../../domain/price';
import { formatClock, formatDate, formatDay, formatHourMinute, type Zone } from '../../domain/time';
import { tokenColour } from '../../ui/theme';
import type { BarHistory } from './bar-history';
import { SessionShade, shadedSpans } from './session-shade';

/** At first a bar is this wide, so that a phone shows fewer of them than a desk. */
const FIRST_BAR_PX = 7;
const ROOM_RIGHT = 4;
/** Scrolled this close to the oldest bar, older ones are fetched. */
const NEAR_OLDEST = 40;
const DECIMALS_MAX = 8;

export class Drawing {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<'Candlestick'>;
  private readonly volume: ISeriesApi<'Histogram'>;
  private readonly shade = new SessionShade();
  private slots: Slot[] = [];
  private byTime = new Map<number, number>();
  private lastTime = -Infinity;
  private level: BarChange = 'none';
  private frame = 0;
  private fitted = false;
  private cursor: number | null = null;
  private colours = { up: '', down: '', shade: '', upBar: '', downBar: '' };
  private readonly stopListening: () => void;

  constructor(
    box: HTMLElement,
    private readonly history: BarHistory,
    private readonly zone: Zone,
    private readonly onCursor: (bar: TimedBar | null, previous: TimedBar | null) => void,
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
    this.retheme();
    this.chart.subscribeCrosshairMove((event) => this.moved(event));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < NEAR_OLDEST && this.slots.length > 0) void history.loadOlder();
    });
    this.stopListening = history.onChange((change) => this.invalidate(change));
    if (history.bars.length > 0) this.invalidate('history');
  }

  remove(): void {
    cancelAnimationFrame(this.frame);
    this.stopListening();
    this.chart.remove();
  }

  retheme(): void {
    const text = tokenColour('muted');
    const line = tokenColour('line');
    const soft = tokenColour('line-soft');
    this.colours = {
      up: tokenColour('up'),
      down: tokenColour('down'),
      shade: tokenColour('shade'),
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
    if (this.slots.length > 0) this.invalidate('history');
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
    this.cursor = null;
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
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (range && (index < range.from || index > range.to))
      this.pan(index < range.from ? index - range.from - 10 : index - range.to + 10);
    this.chart.setCrosshairPosition(slot.bar.close, this.time(slot), this.candles);
    this.tellCursor();
    return slot.bar;
  }

  private moved(event: MouseEventParams): void {
    // Moves made by the keyboard come back without a point; they are already known.
    if (!event.point && event.time !== undefined) return;
    const index = event.time === undefined ? undefined : this.byTime.get(event.time as number);
    this.cursor = index ?? null;
    this.tellCursor();
  }

  private tellCursor(): void {
    const { bars } = this.history;
    const bar = this.cursor === null ? bars[bars.length - 1] : this.slots[this.cursor]?.bar;
    if (!bar) {
      this.onCursor(null, null);
      return;
    }
    let before = (this.cursor ?? this.slots.length - 1) - 1;
    while (before >= 0 && !this.slots[before]?.bar) before -= 1;
    this.onCursor(bar, this.slots[before]?.bar ?? null);
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
    for (const slot of withGaps(bars, interval, session, this.zone)) {
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
    if (!this.fitted && ascending.length > 0) {
      this.fitted = true;
      this.chart.timeScale().setVisibleLogicalRange({
        from: Math.max(-ROOM_RIGHT, ascending.length - this.firstBars()),
        to: ascending.length + ROOM_RIGHT,
      });
    }
  }

  private firstBars(): number {
    return Math.max(40, Math.round(this.chart.timeScale().width() / FIRST_BAR_PX));
  }

  private reshade(): void {
    const daily = this.history.wanted.interval === '1d';
    this.shade.set(daily ? [] : shadedSpans(this.slots, this.zone), this.colours.shade);
  }

  private time(slot: Slot): UTCTimestamp {
    return axisSeconds(slot.start, this.history.wanted.interval, this.zone) as UTCTimestamp;
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
