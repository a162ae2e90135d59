/** Shades the hours outside the regular session behind the candles. */
import type {
  IChartApi,
  ISeriesPrimitive,
  PrimitivePaneViewZOrder,
  SeriesAttachedParameter,
  Time,
} from 'lightweight-charts';
import type { Slot } from '../../domain/bars';
import type { Hours } from '../../domain/api-types';
import { dayPart } from '../../domain/trading-hours';

type Span = { from: number; to: number };

/** Runs of slots outside the regular session, by their index. */
export function shadedSpans(slots: readonly Slot[], hours: Hours): Span[] {
  const spans: Span[] = [];
  let open: Span | null = null;
  slots.forEach((slot, i) => {
    if (dayPart(slot.start, hours) === 'regular') open = null;
    else if (open) open.to = i;
    else spans.push((open = { from: i, to: i }));
  });
  return spans;
}

export class SessionShade implements ISeriesPrimitive<Time> {
  private chart: IChartApi | null = null;
  private redraw: (() => void) | null = null;
  private spans: Span[] = [];
  private colour = 'transparent';

  attached({ chart, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.chart = chart;
    this.redraw = requestUpdate;
  }

  detached(): void {
    this.chart = null;
    this.redraw = null;
  }

  set(spans: Span[], colour: string): void {
    this.spans = spans;
    this.colour = colour;
    this.redraw?.();
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

  private draw(target: Parameters<PaneRenderer['draw']>[0]): void {
    const scale = this.chart?.timeScale();
    const range = scale?.getVisibleLogicalRange();
    if (!scale || !range) return;
    const half = scale.options().barSpacing / 2;
    target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio }) => {
      context.fillStyle = this.colour;
      for (const { from, to } of this.spans) {
        if (to < range.from - 1 || from > range.to + 1) continue;
        const left = scale.logicalToCoordinate(from as never);
        const right = scale.logicalToCoordinate(to as never);
        if (left === null || right === null) continue;
        const x = Math.round((left - half) * horizontalPixelRatio);
        const end = Math.round((right + half) * horizontalPixelRatio);
        context.fillRect(x, 0, end - x, bitmapSize.height);
      }
    });
  }
}

export type PaneRenderer = NonNullable<
  ReturnType<ReturnType<NonNullable<ISeriesPrimitive<Time>['paneViews']>>[number]['renderer']>
>;
