/** Moments marked at bars: those of one bar that look alike are one mark, which says how many. */
import type { SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts';
import { slotAt, type Slot } from '../../domain/bars';
import { tokenColour } from '../../ui/theme';
import type { ChartMark } from '../chart-lines';

type Look = NonNullable<ChartMark['look']>;
export type MarkGroup = { slot: number; look: Look; marks: ChartMark[] };

/** Ascending, as the chart wants them. */
export function marksBySlot(
  marks: readonly ChartMark[],
  slots: readonly Slot[],
  step: number,
): MarkGroup[] {
  const found = new Map<string, MarkGroup>();
  for (const mark of marks) {
    const look = mark.look ?? 'alert';
    const slot = slotAt(slots, mark.at, step);
    if (slot === null) continue;
    const key = `${look} ${slot}`;
    const group = found.get(key);
    if (group) group.marks.push(mark);
    else found.set(key, { slot, look, marks: [mark] });
  }
  return [...found.values()].sort((a, b) => a.slot - b.slot);
}

export function groupId({ look, slot }: MarkGroup): string {
  return `${look} ${slot}`;
}

const shapes = {
  alert: { position: 'aboveBar', shape: 'arrowDown', colour: 'accent' },
  news: { position: 'belowBar', shape: 'circle', colour: 'focus' },
  move: { position: 'aboveBar', shape: 'square', colour: 'warn' },
} as const;

export type MarkColours = Record<Look, string>;

export function markColours(): MarkColours {
  const colour = (look: Look) => tokenColour(shapes[look].colour);
  return { alert: colour('alert'), news: colour('news'), move: colour('move') };
}

export function markerOf(
  group: MarkGroup,
  time: UTCTimestamp,
  colours: MarkColours,
): SeriesMarker<Time> {
  const { position, shape } = shapes[group.look];
  const [first] = group.marks;
  return {
    time,
    id: groupId(group),
    position,
    shape,
    color: colours[group.look],
    text: group.marks.length > 1 ? `${group.marks.length}` : (first?.text ?? ''),
  };
}
