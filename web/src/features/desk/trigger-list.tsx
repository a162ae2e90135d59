/** Automatic buys and sells that are set, each to be changed or removed. */
import { useCallback } from 'react';
import type { TriggerBody } from '../../domain/api-types';
import { centsOf, formatMoney, formatUnits, sharesOf, sharesWord, unitsOf } from '../../domain/money'; // prettier-ignore
import { symbolPath } from '../../domain/paths';
import { asSymbol } from '../../domain/symbol';
import { Link, navigate } from '../../ui/link';
import { useToaster } from '../../ui/toast';
import { askFor } from './draft';
import { useCommand, useDesk } from './hooks';
import { RefusalNote } from './refusal-note';

type Props = { triggers: readonly TriggerBody[]; withSymbol?: boolean };

export function TriggerList({ triggers, withSymbol = false }: Props) {
  return (
    <ul className="triggers" aria-label="Automatic trades">
      {triggers.map((trigger) => (
        <TriggerRow
          key={`${trigger.side} ${trigger.symbol}`}
          trigger={trigger}
          withSymbol={withSymbol}
        />
      ))}
    </ul>
  );
}

function TriggerRow({ trigger, withSymbol }: { trigger: TriggerBody; withSymbol: boolean }) {
  const { desk } = useDesk();
  const toaster = useToaster();
  const { side, symbol, amount, price, shares } = trigger;
  const path = symbolPath(asSymbol(symbol));
  const when = side === 'buy' ? 'at or below' : 'at or above';
  const name = `${side === 'buy' ? 'automatic purchase' : 'automatic sale'} of ${symbol}`;
  const removing = useCommand(
    useCallback(
      async (_wish: null, key: string) => {
        await desk.removeTrigger(side, symbol, key);
        return true;
      },
      [desk, side, symbol],
    ),
  );
  return (
    <li className="trigger" data-side={side}>
      <div className="trigger__what">
        <p>
          <strong>
            {side === 'buy' ? 'Buy' : 'Sell'}
            {withSymbol && (
              <>
                {' '}
                <Link href={path} className="slip__link">
                  {symbol}
                </Link>
              </>
            )}
            {price === null ? ', no price yet' : ` ${when} ${formatUnits(unitsOf(price))}`}
          </strong>
        </p>
        <p className="slip__more">
          {side === 'buy'
            ? `${formatMoney(centsOf(amount))} set aside`
            : `for ${formatMoney(centsOf(amount))}, ${sharesWord(sharesOf(shares))} set aside`}
        </p>
      </div>
      <div className="trigger__deeds">
        <button
          type="button"
          className="button"
          aria-label={`Change the ${name}`}
          onClick={() => {
            askFor(asSymbol(symbol), { side, mode: 'auto', amount, price: price ?? '' });
            navigate(path);
          }}
        >
          Change
        </button>
        <button
          type="button"
          className="button"
          aria-label={`Cancel the ${name}`}
          aria-disabled={removing.isBusy}
          onClick={() =>
            void removing.run(null).then((done) => {
              if (done) toaster.show({ text: `The ${name} is cancelled.` });
            })
          }
        >
          {removing.isBusy ? 'Cancelling…' : 'Cancel'}
        </button>
      </div>
      <RefusalNote refusal={removing.refusal} />
    </li>
  );
}
