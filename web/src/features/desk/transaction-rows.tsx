/** Transactions as a table; on a phone each is a card. */
import { memo } from 'react';
import type { TransactionBody } from '../../domain/api-types';
import { centsOf, formatGain, formatMoney } from '../../domain/money';
import { symbolPath } from '../../domain/paths';
import { asSymbol } from '../../domain/symbol';
import { formatClock, formatDate, formatDelay, parseTime } from '../../domain/time';
import { kinds, sentenceOf } from '../../domain/transactions';
import { Link } from '../../ui/link';
import { Gain } from './gain';

const columns = ['Time', 'Kind', 'Symbol', 'What happened', 'Amount', 'Gain', 'Available', 'No.'];

export function TransactionRows({ transactions }: { transactions: readonly TransactionBody[] }) {
  return (
    <div className="sheet sheet--log" role="table" aria-label="Transactions">
      <div className="sheet__row sheet__row--head" role="row">
        {columns.map((label) => (
          <span key={label} role="columnheader">
            {label}
          </span>
        ))}
      </div>
      {transactions.map((one) => (
        <Row key={one.id} one={one} />
      ))}
    </div>
  );
}

const Row = memo(function Row({ one }: { one: TransactionBody }) {
  const at = parseTime(one.timestamp) ?? 0;
  const { label, glyph } = kinds[one.kind];
  const change = centsOf(one.available_change);
  return (
    <div className="sheet__row" role="row" data-kind={one.kind} data-transaction={one.id}>
      <span role="cell" data-label="Time">
        <time dateTime={one.timestamp} title={one.timestamp}>
          {formatClock(at)} <small>{formatDate(at)}</small>
        </time>
      </span>
      <span role="rowheader" className="sheet__kind">
        <span aria-hidden="true">{glyph}</span> {label}
      </span>
      <span role="cell" data-label="Symbol">
        {one.symbol ? (
          <Link href={symbolPath(asSymbol(one.symbol))} className="slip__link">
            {one.symbol}
          </Link>
        ) : (
          '–'
        )}
      </span>
      <span role="cell" className="sheet__words">
        {sentenceOf(one)}
        {one.quote && (
          <small className="sheet__source">
            price {formatDelay(one.quote.age_ms)} old, from {one.quote.source}
          </small>
        )}
      </span>
      <span role="cell" data-label="Amount" data-empty={one.amount === null}>
        {one.amount === null ? '–' : formatMoney(centsOf(one.amount))}
      </span>
      <span role="cell" data-label="Gain" data-empty={one.profit === null}>
        {one.profit === null ? '–' : <Gain cents={centsOf(one.profit)} points={null} />}
      </span>
      <span role="cell" data-label="Available" data-empty={change === 0n}>
        {change === 0n ? '–' : formatGain(change)}
      </span>
      <span role="cell" data-label="No." className="sheet__id">
        {one.id}
      </span>
    </div>
  );
});
