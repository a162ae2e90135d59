import { describe, expect, test } from 'vitest';
import { decimalsOf, exactDigits, formatChange, formatCompact, formatPercent, formatPrice, formatSize } from './price'; // prettier-ignore

describe('prices keep their own digits', () => {
  test.each([
    [150.23, '150.23'],
    [150, '150.00'],
    [150.5, '150.50'],
    [0.1234, '0.1234'],
    [0.00001234, '0.00001234'],
    [1e-8, '0.00000001'],
    [113250.4, '113,250.40'],
    [1234567.891234, '1,234,567.891234'],
    [1.005, '1.005'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1e21, '1,000,000,000,000,000,000,000.00'],
    [-3.5, '\u22123.50'],
    [0, '0.00'],
    [null, '–'],
    [Number.NaN, '–'],
  ])('%s', (value, text) => {
    expect(formatPrice(value)).toBe(text);
  });

  test('decimals asked for only add zeros', () => {
    expect(formatPrice(1.5, 4)).toBe('1.5000');
    expect(formatPrice(1.23456, 2)).toBe('1.23456');
  });

  test('exponents are written out', () => {
    expect(exactDigits(1.25e-7)).toBe('0.000000125');
    expect(exactDigits(1.5e21)).toBe('1500000000000000000000');
    expect(decimalsOf(1e-8)).toBe(8);
    expect(decimalsOf(12)).toBe(0);
  });
});

describe('changes carry their sign', () => {
  test.each([
    [0.73, '+0.73'],
    [-0.5, '\u22120.50'],
    [0, '0.00'],
    [0.0001, '+0.0001'],
  ])('%s', (value, text) => expect(formatChange(value)).toBe(text));

  test.each([
    [0.488294, '+0.49%'],
    [-0.001, '\u22120.00%'],
    [0, '0.00%'],
    [1234.567, '+1,234.57%'],
    [null, '–'],
  ])('%s per cent', (value, text) => expect(formatPercent(value)).toBe(text));
});

describe('sizes', () => {
  test.each([
    [950, '950'],
    [12_345, '12.3K'],
    [999_996, '1.00M'],
    [4_560_000, '4.56M'],
    [45_600_000, '45.6M'],
    [2_930_000_000_000, '2.93T'],
    [0, '0'],
    [12.5, '12.50'],
  ])('%s', (value, text) => expect(formatCompact(value)).toBe(text));

  test('in full', () => {
    expect(formatSize(7868477)).toBe('7,868,477');
    expect(formatSize(0.25)).toBe('0.25');
  });
});
