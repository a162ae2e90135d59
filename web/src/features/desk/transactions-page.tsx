/** Everything that ever happened to the account: filtered, searched, exported. */
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { everything, found, isFiltered, type Filter } from '../../domain/transactions';
import { DeskTabs } from './desk-tabs';
import { ExportLinks } from './export-links';
import { useDesk } from './hooks';
import { LedgerLine } from './ledger-line';
import { TransactionRows } from './transaction-rows';
import { TransactionsFilter } from './transactions-filter';
import { useTransactions } from './use-transactions';
import './desk.css';
import './account.css';

const TYPING_MS = 300;

/** The list follows a filter that is being typed when it rests. */
function useRested<T>(value: T, ms: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(value), ms);
    return () => window.clearTimeout(timer);
  }, [value, ms]);
  return rested;
}

function fromAddress(): Filter {
  return { ...everything, symbol: new URLSearchParams(window.location.search).get('symbol') ?? '' };
}

export function TransactionsPage({ onTitle }: { onTitle: (title: string) => void }) {
  useDesk();
  const heading = useRef<HTMLHeadingElement>(null);
  const [filter, setFilter] = useState(fromAddress);
  const [words, setWords] = useState('');
  const asked = useRested(filter, TYPING_MS);
  const list = useTransactions(asked);
  const wanted = useDeferredValue(words.trim());
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => onTitle('Transactions'), [onTitle]);

  const shown = useMemo(
    () => (wanted ? list.transactions.filter((one) => found(wanted, one)) : list.transactions),
    [list.transactions, wanted],
  );
  const narrowed = wanted !== '' || isFiltered(asked);
  return (
    <article className="account">
      <header className="account__head">
        <h1 tabIndex={-1} ref={heading}>
          Transactions
        </h1>
        <DeskTabs current="transactions" />
        <ExportLinks filter={asked} />
      </header>
      <TransactionsFilter {...{ filter, words }} onFilter={setFilter} onWords={setWords} />
      <p className="account__count" role="status">
        {list.isPending
          ? 'Loading…'
          : `${shown.length} ${shown.length === 1 ? 'transaction' : 'transactions'} shown${list.hasNextPage ? ', there are earlier ones' : ''}`}
      </p>
      {list.isError && (
        <div className="notice" role="alert">
          <h2>The transactions could not be loaded</h2>
          <p>{list.error.message}</p>
          <button type="button" className="button" onClick={() => void list.refetch()}>
            Try again
          </button>
        </div>
      )}
      {shown.length > 0 && <TransactionRows transactions={shown} />}
      {list.isSuccess && shown.length === 0 && (
        <div className="notice">
          <h2>{narrowed ? 'Nothing matches' : 'Nothing has happened yet'}</h2>
          <p>
            {narrowed
              ? list.hasNextPage
                ? 'Earlier ones may: show more of them, or filter less.'
                : 'Filter less, or search for something else.'
              : 'Every deposit, ticket, trade and refusal will stand here.'}
          </p>
        </div>
      )}
      {list.hasNextPage && (
        <button
          type="button"
          className="button account__more"
          aria-disabled={list.isFetchingNextPage}
          onClick={() => {
            if (!list.isFetchingNextPage) void list.fetchNextPage();
          }}
        >
          {list.isFetchingNextPage ? 'Loading…' : 'Show earlier'}
        </button>
      )}
      <LedgerLine />
    </article>
  );
}
