/** What is held, what it cost and what it is worth, live. What was sold off stands apart. */
import { memo, useState } from 'react';
import type { HoldingBody } from '../../domain/api-types';
import { freshnessLook } from '../../domain/freshness';
import { isHeld, worthOf } from '../../domain/holdings';
import { centsOf, formatMoney, formatShares, formatUnits, sharesOf, unitsOf, unitsOfNumber } from '../../domain/money'; // prettier-ignore
import { symbolPath, transactionsOfPath } from '../../domain/paths';
import { asSymbol } from '../../domain/symbol';
import { freshnessOf } from '../../stream/live-store';
import { useLiveRow } from '../live';
import { Link, navigate } from '../../ui/link';
import { askFor } from './draft';
import { Gain } from './gain';

const FIRST_SHOWN = 100;

export function Holdings({ holdings }: { holdings: readonly HoldingBody[] }) {
  const [showAll, setShowAll] = useState(false);
  const held = holdings.filter(isHeld);
  const sold = holdings.filter((one) => !isHeld(one) && centsOf(one.realised) !== 0n);
  const shown = showAll ? held : held.slice(0, FIRST_SHOWN);
  return (
    <section aria-labelledby="holdings">
      <h2 id="holdings">Holdings</h2>
      {held.length === 0 ? (
        <p className="account__none">
          Nothing is held. Open a symbol and press <kbd>B</kbd>, or its button, to buy.
        </p>
      ) : (
        <div className="sheet" role="table" aria-label="Holdings">
          <div className="sheet__row sheet__row--head" role="row">
            {['Symbol', 'Shares', 'Average cost', 'Last', 'Value', 'Gain', ''].map((label) => (
              <span key={label} role="columnheader">
                {label || <span className="unseen">Trade</span>}
              </span>
            ))}
          </div>
          {shown.map((holding) => (
            <HoldingRow key={holding.symbol} holding={holding} />
          ))}
        </div>
      )}
      {held.length > shown.length && (
        <button type="button" className="button" onClick={() => setShowAll(true)}>
          Show all {held.length}
        </button>
      )}
      {sold.length > 0 && (
        <details className="account__sold">
          <summary>Sold off ({sold.length})</summary>
          <ul>
            {sold.map((one) => (
              <li key={one.symbol}>
                <Link href={transactionsOfPath(one.symbol)}>{one.symbol}</Link>{' '}
                <Gain cents={centsOf(one.realised)} points={null} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

const HoldingRow = memo(function HoldingRow({ holding }: { holding: HoldingBody }) {
  const symbol = asSymbol(holding.symbol);
  const row = useLiveRow(symbol);
  const price = unitsOfNumber(row.figures?.price);
  const worth = price === null ? null : worthOf(holding, price);
  const look = freshnessLook[freshnessOf(row)];
  const reserved = sharesOf(holding.reserved);
  return (
    <div className="sheet__row" role="row" data-holding={symbol}>
      <span role="rowheader">
        <Link href={symbolPath(symbol)} className="slip__link">
          {symbol}
        </Link>
      </span>
      <span role="cell" data-label="Shares">
        {formatShares(sharesOf(holding.shares))}
        {reserved > 0n && <small> {formatShares(reserved)} set aside</small>}
      </span>
      <span role="cell" data-label="Average cost">
        {formatUnits(unitsOf(holding.average_cost))}
      </span>
      <span role="cell" data-label="Last" title={look.explanation}>
        {formatUnits(price)}{' '}
        <small>
          <span aria-hidden="true">{look.glyph}</span>
          <span className="unseen">{look.label}</span>
        </small>
      </span>
      <span role="cell" data-label="Value">
        {worth ? formatMoney(worth.value) : '–'}
      </span>
      <span role="cell" data-label="Gain">
        {worth ? <Gain cents={worth.gain} points={worth.gainPoints} /> : '–'}
      </span>
      <span role="cell" className="sheet__deeds">
        {(['buy', 'sell'] as const).map((side) => (
          <button
            key={side}
            type="button"
            className="button button--small"
            aria-label={`${side === 'buy' ? 'Buy' : 'Sell'} ${symbol}`}
            onClick={() => {
              askFor(symbol, { side, mode: 'now' });
              navigate(symbolPath(symbol));
            }}
          >
            {side === 'buy' ? 'Buy' : 'Sell'}
          </button>
        ))}
      </span>
    </div>
  );
});
