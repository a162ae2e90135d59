/** A short price history as an SVG path: pure, so that it can be drawn from anywhere. */

export const SPARK_WIDTH = 100;
export const SPARK_HEIGHT = 26;
const MARGIN = 2;
/** Two dots of no size in the corners: a path whose box changed would cost new layers. */
export const CORNERS = `M0 0ZM${SPARK_WIDTH} ${SPARK_HEIGHT}Z`;

export type Spark = { path: string; baseline: number | null };

/** `level` is a price to draw a line at, if it lies within the picture: the previous close. */
export function sparkPath(closes: readonly number[], level: number | null): Spark {
  if (closes.length < 2) return { path: '', baseline: null };
  let low = Infinity;
  let high = -Infinity;
  for (const close of closes) {
    if (close < low) low = close;
    if (close > high) high = close;
  }
  const span = high - low;
  const inner = SPARK_HEIGHT - 2 * MARGIN;
  const y = (price: number) =>
    span === 0 ? SPARK_HEIGHT / 2 : MARGIN + inner * (1 - (price - low) / span);
  const step = SPARK_WIDTH / (closes.length - 1);
  let path = CORNERS;
  closes.forEach((close, i) => {
    path += `${i === 0 ? 'M' : 'L'}${(i * step).toFixed(1)} ${y(close).toFixed(1)}`;
  });
  const inside = level !== null && level >= low && level <= high;
  return { path, baseline: inside ? Number(y(level).toFixed(1)) : null };
}

export function trendOf(closes: readonly number[] | undefined, last: number | null): number | null {
  const first = closes?.[0];
  const end = last ?? closes?.[closes.length - 1];
  return first && end ? (end - first) / first : null;
}
