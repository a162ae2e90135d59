/**
 * Money, prices and shares as whole numbers. Cents are dollars × 10², units are dollars × 10⁸, and
 * the three places where a price meets money round as the server does: what is bought costs the
 * cents rounded up, what is sold brings the cents rounded down. No float takes part.
 */
import { exactDigits } from './price';

export type Cents = bigint;
/** A price, exact to 10⁻⁸ dollars. */
export type Units = bigint;

const UNITS_PER_CENT = 1_000_000n;
const PRICE_DECIMALS = 8;
const MINUS = '\u2212';

/** Reads decimal text of the server; null where it is no number of at most that many decimals. */
function parseDecimal(text: string, decimals: number): bigint | null {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!found) return null;
  const [, sign, whole = '', fraction = ''] = found;
  if (fraction.length > decimals) return null;
  const value = BigInt(whole + fraction.padEnd(decimals, '0'));
  return sign ? -value : value;
}

/** Cents of the server's money; what is no money counts as none. */
export function centsOf(text: string | null | undefined): Cents {
  return parseDecimal(text ?? '', 2) ?? 0n;
}

export function unitsOf(text: string | null | undefined): Units | null {
  return parseDecimal(text ?? '', PRICE_DECIMALS);
}

export function sharesOf(text: string | null | undefined): bigint {
  return parseDecimal(text ?? '', 0) ?? 0n;
}

/** A live price, which is a JSON number with exact digits. */
export function unitsOfNumber(price: number | null | undefined): Units | null {
  if (price === null || price === undefined || !Number.isFinite(price) || price < 0) return null;
  return parseDecimal(exactDigits(price), PRICE_DECIMALS);
}

export type Typed = { ok: true; value: bigint; text: string } | { ok: false; fault: string };

/** What a person typed: a dollar sign and commas between thousands are read, nothing is guessed. */
function parseTyped(typed: string, decimals: number, what: string): Typed {
  const plain = typed.trim().replace(/^\$\s*/, '');
  if (plain === '') return { ok: false, fault: `Type ${what} in dollars.` };
  if (/^-|^\u2212/.test(plain)) return { ok: false, fault: 'It must be above zero.' };
  const grouped = /^\d{1,3}(,\d{3})+(\.\d*)?$/.test(plain);
  const digits = (grouped ? plain.replaceAll(',', '') : plain).replace(/\.$/, '');
  if (!/^(\d+(\.\d+)?|\.\d+)$/.test(digits))
    return { ok: false, fault: 'Only digits, and a point before the cents: 500 or 500.25.' };
  const [whole = '', fraction = ''] = digits.split('.');
  if (fraction.length > decimals)
    return {
      ok: false,
      fault:
        decimals === 2
          ? 'Cents are the smallest: at most two digits after the point.'
          : `At most ${decimals} digits after the point.`,
    };
  const text = `${whole.replace(/^0+(?=\d)/, '') || '0'}${fraction ? `.${fraction}` : ''}`;
  const value = parseDecimal(text, decimals) ?? 0n;
  if (value === 0n) return { ok: false, fault: 'It must be above zero.' };
  return { ok: true, value, text };
}

export const parseAmount = (typed: string): Typed => parseTyped(typed, 2, 'an amount');
export const parsePrice = (typed: string): Typed => parseTyped(typed, PRICE_DECIMALS, 'a price');

/** The whole shares an amount buys at a price. */
export function wholeShares(amount: Cents, price: Units): bigint {
  return price > 0n && amount > 0n ? (amount * UNITS_PER_CENT) / price : 0n;
}

/** What so many shares cost, in cents rounded up. */
export function costOf(shares: bigint, price: Units): Cents {
  return (shares * price + UNITS_PER_CENT - 1n) / UNITS_PER_CENT;
}

/** What so many shares bring, in cents rounded down. */
export function proceedsOf(shares: bigint, price: Units): Cents {
  return (shares * price) / UNITS_PER_CENT;
}

/** `part` of `whole` in hundredths of a per cent, rounded half to even; null of nothing. */
export function basisPoints(part: Cents, whole: Cents): bigint | null {
  if (whole <= 0n) return null;
  const negative = part < 0n;
  const scaled = (negative ? -part : part) * 10_000n;
  let points = scaled / whole;
  const twice = (scaled % whole) * 2n;
  if (twice > whole || (twice === whole && points % 2n === 1n)) points += 1n;
  return negative ? -points : points;
}

function grouped(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+$)/g, ',');
}

function dollars(cents: Cents): string {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `$${grouped(digits.slice(0, -2))}.${digits.slice(-2)}`;
}

export function formatMoney(cents: Cents): string {
  return (cents < 0n ? MINUS : '') + dollars(cents);
}

/** With a sign in front, for what came in, went out, was gained or lost. */
export function formatGain(cents: Cents): string {
  return (cents > 0n ? '+' : cents < 0n ? MINUS : '') + dollars(cents);
}

export function formatBasisPoints(points: bigint | null): string {
  if (points === null) return '';
  const digits = String(points < 0n ? -points : points).padStart(3, '0');
  const sign = points > 0n ? '+' : points < 0n ? MINUS : '';
  return `${sign}${grouped(digits.slice(0, -2))}.${digits.slice(-2)}%`;
}

/** At least two decimals, and all that the price has. */
export function formatUnits(units: Units | null): string {
  if (units === null) return '–';
  const digits = String(units).padStart(PRICE_DECIMALS + 1, '0');
  const fraction = digits.slice(-PRICE_DECIMALS).replace(/0{1,6}$/, '');
  return `$${grouped(digits.slice(0, -PRICE_DECIMALS))}.${fraction}`;
}

export function formatShares(shares: bigint): string {
  return grouped(String(shares));
}

export function sharesWord(shares: bigint): string {
  return `${formatShares(shares)} ${shares === 1n ? 'share' : 'shares'}`;
}

/** For a canvas, which draws with floats anyway. */
export function unitsToNumber(units: Units): number {
  return Number(units) / 1e8;
}
