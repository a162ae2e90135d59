/** Lines of prices across the chart; with a mouse they can be dragged to another price. */
import { LineStyle, type IChartApi, type IPriceLine, type ISeriesApi } from 'lightweight-charts';
import { tokenColour } from '../../ui/theme';
import type { ChartLine, LineMoved } from '../chart-lines';

const GRAB_PX = 6;
/** A line this many heights of the bars away still widens the scale to be seen. */
const REACH = 1;

type Drawn = { line: ChartLine; drawn: IPriceLine };

export class PriceLines {
  private readonly lines = new Map<string, Drawn>();
  private dragged: { held: Drawn; price: number } | null = null;

  constructor(
    private readonly box: HTMLElement,
    private readonly chart: IChartApi,
    private readonly series: ISeriesApi<'Candlestick'>,
    private readonly onMoved: LineMoved,
  ) {
    series.applyOptions({
      autoscaleInfoProvider: (original: () => Scale | null) => this.widen(original()),
    });
    // Before the chart's own handlers, which would begin to scroll.
    box.addEventListener('pointerdown', this.down, true);
    box.addEventListener('pointermove', this.move, true);
    box.addEventListener('pointerup', this.up, true);
    box.addEventListener('pointercancel', this.cancel, true);
  }

  set(lines: readonly ChartLine[]): void {
    this.cancel();
    for (const { drawn } of this.lines.values()) this.series.removePriceLine(drawn);
    this.lines.clear();
    for (const line of lines)
      this.lines.set(line.id, { line, drawn: this.series.createPriceLine(optionsOf(line)) });
  }

  retheme(): void {
    for (const { line, drawn } of this.lines.values()) drawn.applyOptions(optionsOf(line));
  }

  remove(): void {
    this.box.removeEventListener('pointerdown', this.down, true);
    this.box.removeEventListener('pointermove', this.move, true);
    this.box.removeEventListener('pointerup', this.up, true);
    this.box.removeEventListener('pointercancel', this.cancel, true);
  }

  private widen(scale: Scale | null): Scale | null {
    if (!scale?.priceRange) return scale;
    const { minValue, maxValue } = scale.priceRange;
    const reach = (maxValue - minValue) * REACH;
    const near = [...this.lines.values()]
      .map(({ line }) => line.price)
      .filter((price) => price > minValue - reach && price < maxValue + reach);
    const priceRange = {
      minValue: Math.min(minValue, ...near),
      maxValue: Math.max(maxValue, ...near),
    };
    return { ...scale, priceRange };
  }

  private at(event: PointerEvent): Drawn | null {
    if (event.pointerType === 'touch') return null;
    const { left, top } = this.box.getBoundingClientRect();
    if (event.clientX - left > this.chart.timeScale().width()) return null;
    const y = event.clientY - top;
    let best: Drawn | null = null;
    let distance = GRAB_PX;
    for (const one of this.lines.values()) {
      const place = this.series.priceToCoordinate(one.line.price);
      if (place === null || Math.abs(place - y) > distance) continue;
      distance = Math.abs(place - y);
      best = one;
    }
    return best;
  }

  private readonly down = (event: PointerEvent): void => {
    const held = event.button === 0 ? this.at(event) : null;
    if (!held) return;
    this.dragged = { held, price: held.line.price };
    this.chart.applyOptions({ handleScroll: false, handleScale: false });
    this.box.setPointerCapture(event.pointerId);
  };

  private readonly move = (event: PointerEvent): void => {
    if (!this.dragged) {
      this.box.classList.toggle('chart__canvas--grab', this.at(event) !== null);
      return;
    }
    const price = this.series.coordinateToPrice(event.clientY - this.box.getBoundingClientRect().top); // prettier-ignore
    if (price === null || price <= 0) return;
    this.dragged.price = price;
    this.dragged.held.drawn.applyOptions({ price });
  };

  private readonly up = (): void => {
    const { dragged } = this;
    if (!dragged) return;
    this.cancel();
    const text = this.series.priceFormatter().format(dragged.price).replaceAll(',', '');
    const { line } = dragged.held;
    // What the server has stays where it is until the server has another.
    if (Number(text) > 0 && Number(text) !== line.price) this.onMoved(line.id, text);
  };

  private readonly cancel = (): void => {
    if (!this.dragged) return;
    const { held } = this.dragged;
    this.dragged = null;
    held.drawn.applyOptions({ price: held.line.price });
    this.chart.applyOptions({ handleScroll: true, handleScale: true });
  };
}

type Scale = { priceRange: { minValue: number; maxValue: number } | null };

function optionsOf({ price, label, tone, isDraft }: ChartLine) {
  const color = tokenColour(tone);
  return {
    price,
    color,
    title: label,
    lineWidth: 1 as const,
    lineStyle: isDraft ? LineStyle.Dotted : LineStyle.LargeDashed,
    axisLabelVisible: true,
    axisLabelColor: color,
    axisLabelTextColor: tokenColour('surface'),
  };
}
