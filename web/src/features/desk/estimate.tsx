/** What an amount comes to at the live price, before anything is asked: an estimate, said to be one. */
import { freshnessLook } from '../../domain/freshness';
import {
  costOf,
  formatMoney,
  formatUnits,
  proceedsOf,
  sharesWord,
  unitsOfNumber,
  wholeShares,
  type Cents,
} from '../../domain/money';
import type { SideName } from '../../domain/api-types';
import type { MarketSymbol } from '../../domain/symbol';
import { formatDelay, parseTime } from '../../domain/time';
import { freshnessOf } from '../../stream/live-store';
import { useLiveRow } from '../live';
import { useServerNow } from './hooks';

type Props = {
  symbol: MarketSymbol;
  side: SideName;
  amount: Cents | null;
  /** Cash for a purchase. */
  available: Cents;
};

export function Estimate({ symbol, side, amount, available }: Props) {
  const row = useLiveRow(symbol);
  const price = unitsOfNumber(row.figures?.price);
  const shares = price !== null && amount !== null ? wholeShares(amount, price) : null;
  const total =
    price === null || shares === null
      ? null
      : side === 'buy'
        ? costOf(shares, price)
        : proceedsOf(shares, price);
  const isTooMuch = side === 'buy' && amount !== null && amount > available;
  return (
    <dl className="estimate">
      <div>
        <dt>Price</dt>
        <dd>
          {formatUnits(price)} <PriceAge symbol={symbol} />
        </dd>
      </div>
      <div>
        <dt>{side === 'buy' ? 'Buys' : 'Sells'}</dt>
        <dd data-testid="shares">
          {shares === null ? '–' : shares === 0n ? 'less than one share' : sharesWord(shares)}
        </dd>
      </div>
      <div>
        <dt>{side === 'buy' ? 'Costs' : 'Brings'} about</dt>
        <dd data-testid="total">{total === null || shares === 0n ? '–' : formatMoney(total)}</dd>
      </div>
      {isTooMuch && (
        <div className="estimate__warn">
          <dt>
            <span aria-hidden="true">!</span> More than is available
          </dt>
          <dd>{formatMoney(available)}</dd>
        </div>
      )}
    </dl>
  );
}

function PriceAge({ symbol }: { symbol: MarketSymbol }) {
  const row = useLiveRow(symbol);
  const now = useServerNow(500);
  const at = parseTime(row.figures?.timestamp);
  const freshness = freshnessOf(row);
  const look = freshnessLook[freshness];
  if (at === null) return <small>{look.label.toLowerCase()}</small>;
  const age = Math.max(0, now - at);
  const isDoubtful = freshness === 'stale' || freshness === 'delayed' || freshness === 'closed';
  return (
    <small className={isDoubtful ? 'is-doubtful' : ''} title={look.explanation}>
      {isDoubtful && <span aria-hidden="true">{look.glyph} </span>}
      {isDoubtful && `${look.label.toLowerCase()}, `}
      {age < 1000
        ? 'under 1 s old'
        : `${formatDelay(Math.floor(age / 1000) * 1000).replace('.0', '')} old`}
    </small>
  );
}
