/**
 * Prices, changes and sizes as text. A price keeps its own decimals: JSON numbers of up to 15
 * significant digits come back from a double unchanged, so nothing here rounds a price.
 */

export const NO_VALUE = '–';
const MINUS = '\u2212';

/** The exact decimal digits of a number, without an exponent. */
export function exactDigits(value: number): string {
  const text = String(Math.abs(value));
  const e = text.indexOf('e');
  if (e < 0) return text;
  const exponent = Number(text.slice(e + 1));
  const [whole = '0', fraction = ''] = text.slice(0, e).split('.');
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return digits + '0'.repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

export function decimalsOf(value: number): number {
  const digits = exactDigits(value);
  const point = digits.indexOf('.');
  return point < 0 ? 0 : digits.length - point - 1;
}

function group(whole: string): string {
  return whole.length <= 3 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ',');
}

function padded(value: number, decimals: number): string {
  const [whole = '0', fraction = ''] = exactDigits(value).split('.');
  return `${group(whole)}.${fraction.padEnd(Math.max(2, decimals), '0')}`;
}

/** At least two decimals, more where the price has them; `decimals` only ever adds zeros. */
export function formatPrice(value: number | null | undefined, decimals = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  return (value < 0 ? MINUS : '') + padded(value, decimals);
}

function sign(value: number): string {
  return value > 0 ? '+' : value < 0 ? MINUS : '';
}

export function formatChange(value: number | null | undefined, decimals = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  return sign(value) + padded(value, decimals);
}

/** Per cent to two decimals; the sign says up or down even where the digits round to zero. */
export function formatPercent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  const [whole = '0', fraction = '00'] = Math.abs(value).toFixed(2).split('.');
  return `${sign(value)}${group(whole)}.${fraction}%`;
}

const steps: [number, string][] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
];

/** Sizes in the few digits a column has room for: 950, 12.3K, 4.56M. */
export function formatCompact(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  for (const [unit, letter] of steps) {
    // Rounding may carry into the next unit: 999,996 is 1.00M, never 1000K.
    if (Math.abs(value) >= unit * 0.99995) {
      const scaled = value / unit;
      const size = Math.abs(scaled);
      return `${scaled.toFixed(size >= 99.995 ? 0 : size >= 9.9995 ? 1 : 2)}${letter}`;
    }
  }
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1 ? value.toFixed(2) : exactDigits(value).slice(0, 8);
}

/** Whole sizes with their digits grouped, for tool tips and the figures card. */
export function formatSize(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  const [whole = '0', fraction] = exactDigits(value).split('.');
  return group(whole) + (fraction ? `.${fraction}` : '');
}

export type Direction = 'up' | 'down' | 'flat' | 'none';

/** Up, down or unchanged against the previous close; `none` until there is something to say. */
export function directionOf(change: number | null | undefined): Direction {
  if (change === null || change === undefined) return 'none';
  return change > 0 ? 'up' : change < 0 ? 'down' : 'flat';
}

export const directionGlyph: Record<Direction, string> = {
  up: '▲',
  down: '▼',
  flat: '=',
  none: '',
};

export const directionWord: Record<Direction, string> = {
  up: 'up',
  down: 'down',
  flat: 'unchanged',
  none: '',
};
