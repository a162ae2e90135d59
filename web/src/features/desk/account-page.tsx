/** The account: cash, what is held and what it is worth now, what waits, and adding money. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { AccountBody } from '../../domain/api-types';
import { isHeld } from '../../domain/holdings';
import { asSymbol } from '../../domain/symbol';
import { useInterest } from '../live';
import { AccountFigures } from './account-figures';
import { DepositForm } from './deposit-form';
import { DeskTabs } from './desk-tabs';
import { Holdings } from './holdings';
import { useDesk } from './hooks';
import { LedgerLine } from './ledger-line';
import { TicketCard } from './ticket-card';
import { TriggerList } from './trigger-list';
import './desk.css';
import './account.css';

export function AccountPage({ onTitle }: { onTitle: (title: string) => void }) {
  const { state } = useDesk();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => onTitle('Account'), [onTitle]);
  const { account } = state;
  return (
    <article className="account">
      <header className="account__head">
        <h1 tabIndex={-1} ref={heading}>
          Account
        </h1>
        <DeskTabs current="account" />
      </header>
      {state.phase === 'waiting' && (
        <p className="notice" role="status">
          Loading the account…
        </p>
      )}
      {state.phase === 'refused' && (
        <div className="notice">
          <h2>This server has no trading desk</h2>
          <p>{state.refusal}</p>
        </div>
      )}
      {state.phase === 'ready' && !state.isCurrent && (
        <p className="desk__note desk__note--warn" role="status">
          The connection is lost: the account is as it was last heard of.
        </p>
      )}
      {account && (account.is_open ? <Open account={account} /> : <Begin />)}
      {state.phase === 'ready' && <LedgerLine />}
    </article>
  );
}

function Begin() {
  return (
    <div className="notice account__begin">
      <h2>Add paper money to begin</h2>
      <p>
        With it you buy and sell at the prices you see, as if it were real. Nothing here costs
        anything, and every cent is accounted for.
      </p>
      <DepositForm isFirst />
    </div>
  );
}

function Open({ account }: { account: AccountBody }) {
  const { state } = useDesk();
  const [fresh, setFresh] = useState<string | null>(null);
  const held = useMemo(
    () => account.holdings.filter(isHeld).map(({ symbol }) => asSymbol(symbol)),
    [account.holdings],
  );
  useInterest(held);
  return (
    <>
      <AccountFigures account={account} />
      <div className="account__columns">
        <div className="account__main">
          <Holdings holdings={account.holdings} />
        </div>
        <div className="account__side">
          {state.tickets.length > 0 && (
            <section aria-labelledby="tickets">
              <h2 id="tickets">Tickets</h2>
              <div className="slips">
                {state.tickets.map((ticket) => (
                  <TicketCard
                    key={ticket.id}
                    ticket={ticket}
                    withLink
                    takesFocus={ticket.id === fresh}
                    onAgain={setFresh}
                  />
                ))}
              </div>
            </section>
          )}
          {account.triggers.length > 0 && (
            <section aria-labelledby="automatic">
              <h2 id="automatic">Automatic</h2>
              <TriggerList triggers={account.triggers} withSymbol />
            </section>
          )}
          <section aria-labelledby="add">
            <h2 id="add">Add paper money</h2>
            <DepositForm />
          </section>
        </div>
      </div>
    </>
  );
}
