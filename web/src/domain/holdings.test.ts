import { expect, test } from 'vitest';
import { holding } from '../testing/desk-samples';
import { totalsOf, worthOf } from './holdings';
import { formatBasisPoints, formatGain, formatMoney, unitsOf } from './money';

const at = (price: string) => unitsOf(price) ?? 0n;

test('value, gain and per cent at a price', () => {
  const { value, gain, gainPoints } = worthOf(holding(), at('151.00'));
  expect(formatMoney(value)).toBe('$453.00');
  expect(formatGain(gain)).toBe('+$2.31');
  expect(formatBasisPoints(gainPoints)).toBe('+0.51%');
  expect(formatGain(worthOf(holding(), at('149.00')).gain)).toBe('−$3.69');
});

test('sums leave out what has no price, and say how many; what was sold off counts as realised', () => {
  const all = [
    holding(),
    holding({ symbol: 'F', shares: '10', cost: '100.00' }),
    holding({ symbol: 'NEW', shares: '1', cost: '5.00' }),
    holding({ symbol: 'OLD', shares: '0', cost: '0.00', average_cost: null, realised: '-7.50' }),
  ];
  const price = (symbol: string) =>
    symbol === 'NEW' ? null : at(symbol === 'F' ? '11.00' : '150.23');
  expect(totalsOf(all, price)).toEqual({
    value: 45_069n + 11_000n,
    cost: 45_069n + 10_000n,
    gain: 1000n,
    gainPoints: 182n,
    realised: -750n,
    unpriced: 1,
  });
});
