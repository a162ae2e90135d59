import { expect, test } from 'vitest';
import {
  basisPoints,
  centsOf,
  costOf,
  formatBasisPoints,
  formatGain,
  formatMoney,
  formatShares,
  formatUnits,
  parseAmount,
  parsePrice,
  proceedsOf,
  sharesOf,
  unitsOf,
  unitsOfNumber,
  wholeShares,
} from './money';

const at = (text: string) => unitsOf(text) ?? 0n;

test.each([
  ['276.83', '10.00', 27n, '$270.00'],
  ['500.00', '150.23', 3n, '$450.69'],
  ['1.00', '1.00', 1n, '$1.00'],
  ['0.99', '1.00', 0n, '$0.00'],
  ['0.01', '0.01', 1n, '$0.01'],
  ['10000000000.00', '0.00000001', 1_000_000_000_000_000_000n, '$10,000,000,000.00'],
])('%s buys at %s whole shares', (amount, price, shares, total) => {
  expect(wholeShares(centsOf(amount), at(price))).toBe(shares);
  expect(formatMoney(costOf(shares, at(price)))).toBe(total);
});

test('prices below a cent cost rounded up and bring rounded down', () => {
  expect(wholeShares(100n, at('0.3333'))).toBe(3n);
  expect(costOf(1n, at('0.3333'))).toBe(34n);
  expect(proceedsOf(1n, at('0.3333'))).toBe(33n);
  expect(wholeShares(100n, 0n)).toBe(0n);
});

test('live prices keep all their digits', () => {
  expect(unitsOfNumber(150.23)).toBe(15_023_000_000n);
  expect(unitsOfNumber(0.00001234)).toBe(1234n);
  expect(unitsOfNumber(113250.4)).toBe(11_325_040_000_000n);
  // The classic trap: 1.1 is not 1.1 in binary, and 0.1 + 0.2 is not 0.3.
  expect(costOf(3n, unitsOfNumber(1.1) ?? 0n)).toBe(330n);
  expect(unitsOfNumber(Number.NaN)).toBeNull();
  expect(unitsOfNumber(null)).toBeNull();
});

test.each([
  ['500', '500', 50_000n],
  ['500.', '500', 50_000n],
  [' $1,234.50 ', '1234.50', 123_450n],
  ['.5', '0.5', 50n],
  ['007', '7', 700n],
])('%j is understood', (typed, text, value) => {
  expect(parseAmount(typed)).toEqual({ ok: true, value, text });
});

test.each(['', '0', '0.00', '-5', '−5', '1.234', 'abc', '1e3', '1,00', '1.000,50', 'NaN', '١٢'])(
  '%j is refused with a reason',
  (typed) => {
    const read = parseAmount(typed);
    expect(read.ok).toBe(false);
    if (!read.ok) expect(read.fault).toMatch(/\.$|500\.25\.$/);
  },
);

test('prices may have eight decimals', () => {
  expect(parsePrice('149.5')).toMatchObject({ ok: true, value: 14_950_000_000n });
  expect(parsePrice('0.00001234')).toMatchObject({ ok: true, value: 1234n });
  expect(parsePrice('0.000000001').ok).toBe(false);
});

test('per cent to two decimals, half to even', () => {
  expect(formatBasisPoints(basisPoints(1n, 3n))).toBe('+33.33%');
  expect(formatBasisPoints(basisPoints(-2n, 3n))).toBe('−66.67%');
  expect(basisPoints(5n, 100_000n)).toBe(0n);
  expect(basisPoints(15n, 100_000n)).toBe(2n);
  expect(formatBasisPoints(basisPoints(0n, 100n))).toBe('0.00%');
  expect(basisPoints(5n, 0n)).toBeNull();
});

test('as text', () => {
  expect(formatMoney(123_456_789n)).toBe('$1,234,567.89');
  expect(formatMoney(-5n)).toBe('−$0.05');
  expect(formatGain(5n)).toBe('+$0.05');
  expect(formatGain(0n)).toBe('$0.00');
  expect(formatUnits(at('150.23'))).toBe('$150.23');
  expect(formatUnits(at('150'))).toBe('$150.00');
  expect(formatUnits(at('1150.2345'))).toBe('$1,150.2345');
  expect(formatUnits(at('0.00001234'))).toBe('$0.00001234');
  expect(formatUnits(null)).toBe('–');
  expect(formatShares(sharesOf('1234567'))).toBe('1,234,567');
});
