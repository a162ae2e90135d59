/** The trading ticket beside a chart: the form, what waits for its commit, and what is set. */
import { useCallback, useMemo, useRef, useState } from 'react';
import { centsOf, formatMoney, sharesOf, sharesWord } from '../../domain/money';
import { accountPath, signInPath } from '../../domain/paths';
import type { MarketSymbol } from '../../domain/symbol';
import { useInterest } from '../live';
import { Link } from '../../ui/link';
import { DepositForm } from './deposit-form';
import { askFor } from './draft';
import { useDesk } from './hooks';
import { TicketCard } from './ticket-card';
import { TradeForm } from './trade-form';
import { TriggerList } from './trigger-list';
import './desk.css';

const SHOWN_MAX = 30;

export function TicketPanel({ symbol }: { symbol: MarketSymbol }) {
  const { state } = useDesk();
  const { account } = state;
  useInterest(useMemo(() => [symbol], [symbol]));

  return (
    <section className="desk" aria-label="Trading ticket">
      <header className="desk__head">
        <h2>Trade</h2>
        {account?.is_open && (
          <Link href={accountPath} className="desk__cash" title="Account">
            {formatMoney(centsOf(account.cash.available))} <small>available</small>
          </Link>
        )}
      </header>
      {state.phase === 'waiting' && <Waiting />}
      {state.phase === 'refused' && <Refused why={state.refusal} />}
      {state.phase === 'ready' && !state.isCurrent && (
        <p className="desk__note desk__note--warn" role="status">
          The connection is lost: the account is as it was last heard of.
        </p>
      )}
      {account && !account.is_open && (
        <div className="desk__empty">
          <p>
            <strong>Add paper money to begin.</strong> You buy and sell at the prices you see, as if
            it were real. Nothing costs anything, and every cent is accounted for.
          </p>
          <DepositForm isFirst />
        </div>
      )}
      {account?.is_open && <Trading symbol={symbol} />}
    </section>
  );
}

function Waiting() {
  return (
    <div className="desk__waiting" role="status">
      <span className="unseen">Loading the account</span>
      {[70, 100, 100, 50].map((width, i) => (
        <span key={i} className="skeleton" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

function Trading({ symbol }: { symbol: MarketSymbol }) {
  const { state } = useDesk();
  const panel = useRef<HTMLDivElement>(null);
  const [fresh, setFresh] = useState<string | null>(null);
  const { account, tickets } = state;

  const toForm = useCallback(() => askFor(symbol), [symbol]);
  /** The focus follows what was asked for, unless the reader has gone elsewhere meanwhile. */
  const follow = useCallback((id: string) => {
    const { activeElement } = document;
    const isHere = activeElement === document.body || panel.current?.contains(activeElement);
    setFresh(isHere ? id : null);
  }, []);

  if (!account) return null;
  const held = account.holdings.find((one) => one.symbol === symbol);
  const here = tickets.filter((one) => one.symbol === symbol);
  const elsewhere = tickets.filter((one) => one.symbol !== symbol && (one.status === 'open' || one.status === 'expired')); // prettier-ignore
  const triggers = account.triggers.filter((one) => one.symbol === symbol);
  const shown = [...here, ...elsewhere].slice(0, SHOWN_MAX);

  return (
    <div className="desk__body" ref={panel}>
      {shown.length > 0 && (
        <section className="slips" aria-label="Tickets">
          {shown.map((ticket) => (
            <TicketCard
              key={ticket.id}
              ticket={ticket}
              withLink={ticket.symbol !== symbol}
              takesFocus={ticket.id === fresh}
              onDone={toForm}
              onAgain={follow}
            />
          ))}
          {tickets.length > SHOWN_MAX && <Link href={accountPath}>All open tickets</Link>}
        </section>
      )}
      <TradeForm key={symbol} symbol={symbol} account={account} onTicket={({ id }) => follow(id)} />
      {held && sharesOf(held.shares) > 0n && (
        <p className="desk__held">
          You hold {sharesWord(sharesOf(held.shares))}
          {sharesOf(held.reserved) > 0n && `, ${sharesWord(sharesOf(held.reserved))} set aside`}.
        </p>
      )}
      {triggers.length > 0 && <TriggerList triggers={triggers} />}
    </div>
  );
}

/** The channel says in words why it stays shut: to somebody unknown, or because there is no desk. */
function Refused({ why }: { why: string | null }) {
  if (why?.startsWith('sign in'))
    return (
      <p className="desk__note">
        <Link href={signInPath}>Sign in</Link> to trade with paper money.
      </p>
    );
  return <p className="desk__note">This server has no trading desk. {why}</p>;
}
