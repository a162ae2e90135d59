/**
 * Writes one row's live values straight into its cells. React builds the row once and never
 * touches these cells again, so an update costs only the texts that differ.
 */
import { freshnessLook } from '../../domain/freshness';
import {
  directionGlyph,
  directionOf,
  directionWord,
  formatChange,
  formatCompact,
  formatPercent,
  formatPrice,
  decimalsOf,
  NO_VALUE,
} from '../../domain/price';
import { formatWhen } from '../../domain/time';
import { freshnessOf, type LiveRow } from '../../stream/live-store';
import { rangePosition } from './columns';
import { sparkPath } from './sparkline';

/** A row flashes at most this often, and only so many rows at once: a calm page stays readable. */
const FLASH_EVERY_MS = 1200;
const FLASHES_MAX = 30;
const FLASH_MS = 350;
const SPARK_EVERY_MS = 2000;
let flashing = 0;

const stillness =
  typeof window === 'undefined' ? null : window.matchMedia('(prefers-reduced-motion: reduce)');

type Cell = HTMLElement | SVGElement;

export class RowPainter {
  private readonly cells = new Map<string, Cell>();
  private readonly texts = new Map<string, string>();
  private closes: readonly number[] = [];
  private price: number | null = null;
  private flashedAt = 0;
  private sparkAt = 0;
  private decimals = 2;

  constructor(private readonly root: HTMLElement) {
    for (const cell of root.querySelectorAll<Cell>('[data-cell]'))
      this.cells.set(cell.dataset['cell'] ?? '', cell);
  }

  paint(row: LiveRow, now: number): void {
    const figures = row.figures;
    const freshness = freshnessOf(row);
    const price = figures?.price ?? null;
    const direction = price === null ? 'none' : directionOf(figures?.change);
    this.mark('state', freshness);
    this.mark('direction', direction);

    // A column that flickers between 1.5 and 1.55 is hard to read: decimals seen once are kept.
    if (price !== null) this.decimals = Math.max(this.decimals, decimalsOf(price));
    this.text('last', price === null ? NO_VALUE : formatPrice(price, this.decimals));
    this.text('arrow', directionGlyph[direction]);
    this.text('word', directionWord[direction]);
    this.text('change', formatChange(figures?.change, this.decimals));
    this.text('percent', formatPercent(figures?.change_percent));
    this.text('volume', formatCompact(figures?.volume));
    const at = figures?.timestamp ? Date.parse(figures.timestamp) : NaN;
    this.text('time', Number.isNaN(at) ? NO_VALUE : formatWhen(at, now));
    const look = freshnessLook[freshness];
    this.text('glyph', look.glyph);
    this.text('state', look.label);
    this.range(figures?.low ?? null, figures?.high ?? null, price);

    if (price !== this.price) {
      if (this.price !== null && price !== null) this.flash(price > this.price, now);
      this.price = price;
      if (now - this.sparkAt > SPARK_EVERY_MS) this.spark(figures?.previous_close ?? null, now);
    }
  }

  setCloses(closes: readonly number[], previousClose: number | null, now: number): void {
    this.closes = closes;
    this.spark(previousClose, now);
  }

  private spark(previousClose: number | null, now: number): void {
    this.sparkAt = now;
    const closes =
      this.price !== null && this.closes.length > 0 ? [...this.closes, this.price] : this.closes;
    const { path, baseline } = sparkPath(closes, previousClose);
    this.attribute('spark', 'd', path);
    this.attribute('baseline', 'd', baseline === null ? '' : `M0 ${baseline}H100`);
  }

  private range(low: number | null, high: number | null, price: number | null): void {
    const position = rangePosition(low, high, price);
    const cell = this.cells.get('range');
    if (!cell) return;
    // A background that moves is only painted; a part that moves would be laid out or layered.
    const place = position === null ? '' : `${(position * 100).toFixed(1)}% 50%, 0 50%`;
    if (this.texts.get('range-place') !== place) {
      this.texts.set('range-place', place);
      cell.style.backgroundPosition = place;
      cell.dataset['known'] = String(place !== '');
    }
    this.text('low', low === null ? NO_VALUE : formatPrice(low, this.decimals));
    this.text('high', high === null ? NO_VALUE : formatPrice(high, this.decimals));
  }

  private flash(up: boolean, now: number): void {
    const cell = this.cells.get('flash');
    if (!cell || stillness?.matches || flashing >= FLASHES_MAX) return;
    if (now - this.flashedAt < FLASH_EVERY_MS) return;
    this.flashedAt = now;
    flashing += 1;
    // The style sheet lets it fade; an animation each would give each row a layer of its own.
    cell.dataset['flash'] = up ? 'up' : 'down';
    window.setTimeout(() => {
      flashing -= 1;
      delete cell.dataset['flash'];
    }, FLASH_MS);
  }

  private mark(name: string, value: string): void {
    if (this.texts.get(`mark-${name}`) === value) return;
    this.texts.set(`mark-${name}`, value);
    this.root.dataset[name] = value;
  }

  private text(name: string, value: string): void {
    if (this.texts.get(name) === value) return;
    this.texts.set(name, value);
    const cell = this.cells.get(name);
    if (!cell) return;
    const node = cell.firstChild;
    // Writing into the text node that is there is cheaper than replacing it.
    if (node instanceof Text) node.data = value;
    else cell.textContent = value;
  }

  private attribute(name: string, attribute: string, value: string): void {
    if (this.texts.get(`${name}-${attribute}`) === value) return;
    this.texts.set(`${name}-${attribute}`, value);
    this.cells.get(name)?.setAttribute(attribute, value);
  }
}
