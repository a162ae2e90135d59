/** What an automatic buy or sell would do, in a sentence, before it is set. */
import type { SideName } from '../../domain/api-types';
import {
  formatMoney,
  formatUnits,
  sharesWord,
  unitsOfNumber,
  wholeShares,
  type Cents,
  type Units,
} from '../../domain/money';
import type { MarketSymbol } from '../../domain/symbol';
import { useLiveRow } from '../live';

type Props = {
  symbol: MarketSymbol;
  side: SideName;
  amount: Cents | null;
  price: Units | null;
  isChange: boolean;
};

export function TriggerMeaning({ symbol, side, amount, price, isChange }: Props) {
  const live = unitsOfNumber(useLiveRow(symbol).figures?.price);
  const isThere = price !== null && live !== null && (side === 'buy' ? live <= price : live >= price); // prettier-ignore
  const shares = amount !== null && price !== null ? wholeShares(amount, price) : null;
  return (
    <div className="meaning">
      <p>
        Price now {formatUnits(live)}.{' '}
        {amount === null || price === null
          ? side === 'buy'
            ? 'Buys by itself when the price falls to yours.'
            : 'Sells by itself when the price rises to yours.'
          : shares === 0n
            ? `${formatMoney(amount)} is less than one share at ${formatUnits(price)}.`
            : side === 'buy'
              ? `At ${formatUnits(price)} or less it buys all the whole shares that ${formatMoney(amount)} pays for, at least ${sharesWord(shares ?? 0n)}. The amount is set aside until then.`
              : `At ${formatUnits(price)} or more it sells ${sharesWord(shares ?? 0n)}, which are set aside until then.`}
      </p>
      {isThere && (
        <p className="meaning__now">
          <span aria-hidden="true">!</span> The price is there already: it would trade at once.
        </p>
      )}
      {isChange && <p>The one that is set is replaced.</p>}
    </div>
  );
}
