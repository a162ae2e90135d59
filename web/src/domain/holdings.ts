/** What holdings are worth at a price, and what was gained or lost on them. */
import type { HoldingBody } from './api-types';
import { basisPoints, centsOf, proceedsOf, sharesOf, type Cents, type Units } from './money';

export type Worth = {
  /** What selling all of it would bring at the price. */
  value: Cents;
  gain: Cents;
  /** Of the cost, in hundredths of a per cent. */
  gainPoints: bigint | null;
};

export function isHeld(holding: HoldingBody): boolean {
  return sharesOf(holding.shares) > 0n;
}

export function worthOf(holding: HoldingBody, price: Units): Worth {
  const cost = centsOf(holding.cost);
  const value = proceedsOf(sharesOf(holding.shares), price);
  return { value, gain: value - cost, gainPoints: basisPoints(value - cost, cost) };
}

export type Totals = {
  value: Cents;
  cost: Cents;
  gain: Cents;
  gainPoints: bigint | null;
  realised: Cents;
  /** Holdings without a price yet, which the sums leave out. */
  unpriced: number;
};

export function totalsOf(
  holdings: readonly HoldingBody[],
  priceOf: (symbol: string) => Units | null,
): Totals {
  const totals: Totals = { value: 0n, cost: 0n, gain: 0n, gainPoints: null, realised: 0n, unpriced: 0 }; // prettier-ignore
  for (const holding of holdings) {
    totals.realised += centsOf(holding.realised);
    if (!isHeld(holding)) continue;
    const price = priceOf(holding.symbol);
    if (price === null) {
      totals.unpriced += 1;
      continue;
    }
    const { value, gain } = worthOf(holding, price);
    totals.value += value;
    totals.gain += gain;
    totals.cost += centsOf(holding.cost);
  }
  totals.gainPoints = basisPoints(totals.gain, totals.cost);
  return totals;
}
