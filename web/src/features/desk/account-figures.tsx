/** Cash and worth in a row of figures, live. */
import { useEffect, useState } from 'react';
import type { AccountBody } from '../../domain/api-types';
import { isHeld, totalsOf } from '../../domain/holdings';
import { centsOf, formatMoney, unitsOfNumber } from '../../domain/money';
import { asSymbol } from '../../domain/symbol';
import { useStream } from '../live';
import { Gain } from './gain';

/** Sums of many prices would flicker: they follow the market a few times a second. */
const REFRESH_MS = 300;

/** Grows when a price of these holdings moved, at most so often. */
function usePulse(account: AccountBody): void {
  const { live } = useStream();
  const [, setPulse] = useState(0);
  useEffect(() => {
    let timer: number | null = null;
    const moved = () => {
      timer ??= window.setTimeout(() => {
        timer = null;
        setPulse((pulse) => pulse + 1);
      }, REFRESH_MS);
    };
    const stops = account.holdings
      .filter(isHeld)
      .map(({ symbol }) => live.listen(asSymbol(symbol), moved));
    return () => {
      for (const stop of stops) stop();
      if (timer !== null) window.clearTimeout(timer);
    };
  }, [account.holdings, live]);
}

export function AccountFigures({ account }: { account: AccountBody }) {
  const { live } = useStream();
  usePulse(account);
  const { cash } = account;
  const totals = totalsOf(account.holdings, (symbol) =>
    unitsOfNumber(live.get(asSymbol(symbol)).figures?.price),
  );
  const balance = centsOf(cash.balance);
  const money = (text: string) => formatMoney(centsOf(text));
  return (
    <section aria-label="Balances">
      <dl className="figures balances">
        <div className="figure">
          <dt>Worth in all</dt>
          <dd data-testid="worth">{formatMoney(balance + totals.value)}</dd>
          <dd className="figure__more">
            {totals.unpriced > 0
              ? `without ${totals.unpriced} that have no price yet`
              : 'cash and holdings'}
          </dd>
        </div>
        <div className="figure">
          <dt>Balance</dt>
          <dd data-testid="balance">{money(cash.balance)}</dd>
          <dd className="figure__more">of {money(account.deposited)} added</dd>
        </div>
        <div className="figure">
          <dt>Available</dt>
          <dd data-testid="available">{money(cash.available)}</dd>
          <dd className="figure__more">to spend now</dd>
        </div>
        <div className="figure">
          <dt>Reserved</dt>
          <dd data-testid="reserved">{money(cash.reserved)}</dd>
          <dd className="figure__more">
            tickets {money(cash.in_tickets)}, automatic {money(cash.in_triggers)}
          </dd>
        </div>
        <div className="figure">
          <dt>Gain on holdings</dt>
          <dd>
            <Gain cents={totals.gain} points={totals.gainPoints} />
          </dd>
        </div>
        <div className="figure">
          <dt>Gain on sales</dt>
          <dd>
            <Gain cents={totals.realised} points={null} />
          </dd>
        </div>
      </dl>
    </section>
  );
}
