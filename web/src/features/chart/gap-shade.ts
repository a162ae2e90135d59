/** Hatches the times in which the feed lost data, behind the candles. */
import type {
  IChartApi,
  ISeriesPrimitive,
  PrimitivePaneViewZOrder,
  SeriesAttachedParameter,
  Time,
} from 'lightweight-charts';
import type { FeedGap, GapSpan } from '../../domain/feed-gaps';
import type { PaneRenderer } from './session-shade';

/** However short a gap, it can be seen and pointed at. */
const WIDTH_MIN_PX = 4;
const HATCH_PX = 6;
const TINT = 0.14;
const STROKE = 0.6;

export class GapShade implements ISeriesPrimitive<Time> {
  private chart: IChartApi | null = null;
  private redraw: (() => void) | null = null;
  private spans: GapSpan[] = [];
  private colour = 'transparent';

  attached({ chart, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.chart = chart;
    this.redraw = requestUpdate;
  }

  detached(): void {
    this.chart = null;
    this.redraw = null;
  }

  set(spans: GapSpan[], colour: string): void {
    this.spans = spans;
    this.colour = colour;
    this.redraw?.();
  }

  /** The gap drawn at this many pixels from the left. */
  at(x: number): FeedGap | null {
    const place = this.places().find(({ left, right }) => x >= left && x <= right);
    return place?.gap ?? null;
  }

  paneViews() {
    return [
      {
        zOrder: (): PrimitivePaneViewZOrder => 'bottom',
        renderer: () => ({
          draw: () => undefined,
          drawBackground: (target: Parameters<PaneRenderer['draw']>[0]) => this.draw(target),
        }),
      },
    ];
  }

  private places(): { left: number; right: number; gap: FeedGap }[] {
    const scale = this.chart?.timeScale();
    const range = scale?.getVisibleLogicalRange();
    if (!scale || !range) return [];
    const spacing = scale.options().barSpacing;
    const place = (edge: number) => {
      const slot = Math.floor(edge);
      const middle = scale.logicalToCoordinate(slot as never);
      return middle === null ? null : middle + (edge - slot - 0.5) * spacing;
    };
    return this.spans.flatMap(({ from, to, gap }) => {
      if (to < range.from - 1 || from > range.to + 2) return [];
      const [left, right] = [place(from), place(to)];
      if (left === null || right === null) return [];
      const more = Math.max(0, WIDTH_MIN_PX - (right - left)) / 2;
      return [{ left: left - more, right: right + more, gap }];
    });
  }

  private draw(target: Parameters<PaneRenderer['draw']>[0]): void {
    const places = this.places();
    if (places.length === 0) return;
    target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio: ratio }) => {
      const { height } = bitmapSize;
      for (const { left, right } of places) {
        const x = Math.round(left * ratio);
        const width = Math.round(right * ratio) - x;
        context.save();
        context.beginPath();
        context.rect(x, 0, width, height);
        context.clip();
        context.fillStyle = context.strokeStyle = this.colour;
        context.globalAlpha = TINT;
        context.fillRect(x, 0, width, height);
        context.globalAlpha = STROKE;
        context.lineWidth = Math.max(1, Math.floor(ratio));
        context.beginPath();
        // Lines of one lattice, so that gaps side by side look like one kind of thing.
        const step = HATCH_PX * ratio;
        for (let at = Math.floor((x - height) / step) * step; at < x + width; at += step) {
          context.moveTo(at, height);
          context.lineTo(at + height, 0);
        }
        context.stroke();
        context.restore();
      }
    });
  }
}
