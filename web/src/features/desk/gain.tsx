/** Profit or loss in dollars and per cent: by sign, triangle and colour. */
import { formatBasisPoints, formatGain, type Cents } from '../../domain/money';
import { directionGlyph } from '../../domain/price';

export function Gain({ cents, points }: { cents: Cents; points: bigint | null }) {
  const direction = cents > 0n ? 'up' : cents < 0n ? 'down' : 'flat';
  return (
    <span className={`gain is-${direction}`}>
      <span aria-hidden="true">{direction === 'flat' ? '' : `${directionGlyph[direction]} `}</span>
      <span>{formatGain(cents)}</span> {points !== null && <span>{formatBasisPoints(points)}</span>}
    </span>
  );
}
