/** One ticket: while it is open, commit or cancel with the clock running; then how it ended. */
import { useCallback, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { countdown } from '../../domain/countdown';
import type { KnownTicket } from '../../domain/desk-state';
import {
  centsOf,
  formatMoney,
  formatShares,
  formatUnits,
  sharesOf,
  unitsOf,
} from '../../domain/money';
import { symbolPath } from '../../domain/paths';
import { asSymbol } from '../../domain/symbol';
import { formatDelay } from '../../domain/time';
import { lotText } from '../../domain/transactions';
import { CloseIcon } from '../../ui/icons';
import { Link } from '../../ui/link';
import { askedAmount, rememberAsked } from './asked';
import { ClockRing } from './clock-ring';
import { useCommand, useDesk, useServerNow } from './hooks';
import { RefusalNote } from './refusal-note';

type Props = {
  ticket: KnownTicket;
  /** Its symbol leads to the chart, where it is not the one beside it. */
  withLink?: boolean;
  /** It takes the focus as it appears, since the reader has just asked for it. */
  takesFocus?: boolean;
  /** The reader is done with it; without it the card keeps the focus. */
  onDone?: (() => void) | undefined;
  /** A new ticket was asked for in its place. */
  onAgain?: ((id: string) => void) | undefined;
};

/** A key held down from the form before must not commit. */
const SETTLE_MS = 350;

export function TicketCard({
  ticket,
  withLink = false,
  takesFocus = false,
  onDone,
  onAgain,
}: Props) {
  const card = useRef<HTMLElement>(null);
  const isOpen = ticket.status === 'open' && !ticket.isGone;
  const wasOpen = useRef(isOpen);

  // A button that goes away loses the focus without a word, so it is noted where it came to last.
  const hadFocus = useRef(false);
  useEffect(() => {
    const note = (event: FocusEvent) => {
      hadFocus.current = card.current?.contains(event.target as Node) ?? false;
    };
    document.addEventListener('focusin', note);
    return () => document.removeEventListener('focusin', note);
  }, []);
  useEffect(() => {
    const isLeft = document.activeElement === document.body || card.current?.contains(document.activeElement); // prettier-ignore
    if (wasOpen.current && !isOpen && hadFocus.current && isLeft) {
      const again = card.current?.querySelector<HTMLElement>('[data-again]');
      if (again) again.focus();
      else if (onDone) onDone();
      else card.current?.focus();
    }
    wasOpen.current = isOpen;
  }, [isOpen, onDone]);

  return (
    <article
      ref={card}
      tabIndex={-1}
      className="slip"
      data-ticket={ticket.id}
      data-side={ticket.side}
      data-status={ticket.isGone ? 'gone' : ticket.status}
      aria-label={`Ticket to ${ticket.side} ${ticket.symbol}`}
    >
      {isOpen ? (
        <OpenTicket {...{ ticket, withLink, takesFocus, onAgain }} />
      ) : (
        <EndedTicket ticket={ticket} onDone={onDone} onAgain={onAgain} />
      )}
    </article>
  );
}

type PartProps = Pick<Props, 'onDone' | 'onAgain'> & { ticket: KnownTicket };

function OpenTicket({
  ticket,
  withLink,
  takesFocus,
  onAgain,
}: PartProps & { withLink: boolean; takesFocus: boolean }) {
  const { desk } = useDesk();
  const commitButton = useRef<HTMLButtonElement>(null);
  const shownAt = useRef(0);
  const { id, side, quote } = ticket;
  const { isOver } = countdown(ticket, useServerNow(250));
  const commit = useCommand(
    useCallback((wish: string, key: string) => desk.commit(wish, key), [desk]),
  );
  const cancel = useCommand(
    useCallback((wish: string, key: string) => desk.cancel(wish, key), [desk]),
  );
  const isBusy = commit.isBusy || cancel.isBusy;

  useEffect(() => {
    shownAt.current = performance.now();
    if (takesFocus) commitButton.current?.focus({ preventScroll: false });
  }, [takesFocus]);

  function onCommit() {
    if (isBusy || performance.now() - shownAt.current < SETTLE_MS) return;
    cancel.refuse(null);
    void commit.run(id);
  }

  function onCancel() {
    if (isBusy) return;
    commit.refuse(null);
    void cancel.run(id);
  }

  function onKey(event: KeyboardEvent) {
    if (event.key === 'Escape') onCancel();
    // Held down, it would press the button again and again.
    else if (!(event.key === 'Enter' && event.repeat)) return;
    event.preventDefault();
  }

  return (
    <>
      <div className="slip__head">
        <div className="slip__what">
          <p className="slip__lot">
            {side === 'buy' ? 'Buy' : 'Sell'} {formatShares(sharesOf(ticket.shares))}{' '}
            {withLink ? (
              <Link href={symbolPath(asSymbol(ticket.symbol))}>{ticket.symbol}</Link>
            ) : (
              ticket.symbol
            )}
          </p>
          <p className="slip__total">{formatMoney(centsOf(ticket.total))}</p>
          <p className="slip__more">
            {formatUnits(unitsOf(ticket.price))} a share
            {quote && (
              <>
                {' '}
                · {formatDelay(quote.age_ms)} old when asked, from {quote.source}
              </>
            )}
          </p>
        </div>
        <ClockRing ticket={ticket} />
      </div>
      {isOver ? (
        <>
          <p className="slip__more">Its time is over; the server has not said so yet.</p>
          <AskAgain ticket={ticket} onAgain={onAgain} />
        </>
      ) : (
        // Its buttons hear Enter and Escape, wherever of them the focus is.
        // eslint-disable-next-line jsx-a11y/no-static-element-interactions
        <div className="slip__deeds" onKeyDown={onKey}>
          <button
            ref={commitButton}
            type="button"
            className="button button--main"
            data-side={side}
            aria-disabled={isBusy}
            onClick={onCommit}
          >
            {commit.isBusy ? 'Committing…' : 'Commit'} <kbd aria-hidden="true">Enter</kbd>
          </button>
          <button type="button" className="button" aria-disabled={isBusy} onClick={onCancel}>
            {cancel.isBusy ? 'Cancelling…' : 'Cancel'} <kbd aria-hidden="true">Esc</kbd>
          </button>
        </div>
      )}
      <RefusalNote refusal={commit.refusal ?? cancel.refusal} />
    </>
  );
}

const endings = { committed: '✓', cancelled: '✕', expired: '◌', open: '?' };

function EndedTicket({ ticket, onDone, onAgain }: PartProps) {
  const { desk } = useDesk();
  const { side, status } = ticket;
  const lot = lotText(ticket);
  const total = formatMoney(centsOf(ticket.total));
  const words = {
    committed: `${side === 'buy' ? 'Bought' : 'Sold'} ${lot} for ${total}.`,
    cancelled: `Cancelled: ${side} ${lot}. Nothing was traded.`,
    expired: `Time ran out to ${side} ${lot}. Nothing was traded.`,
    open: `The ticket to ${side} ${lot} has ended; the transactions say how.`,
  }[status];
  return (
    <>
      <div className="slip__end">
        <span aria-hidden="true">{endings[status]}</span>
        <p>{words}</p>
        <button
          type="button"
          className="button button--bare"
          aria-label={`Put away: ${words}`}
          title="Put away"
          onClick={() => {
            desk.dismiss(ticket.id);
            onDone?.();
          }}
        >
          <CloseIcon size={14} />
        </button>
      </div>
      {status === 'expired' && <AskAgain ticket={ticket} onAgain={onAgain} />}
    </>
  );
}

/** Another ticket for the same amount, at the price as it is now. */
function AskAgain({ ticket, onAgain }: Pick<PartProps, 'ticket' | 'onAgain'>) {
  const { desk } = useDesk();
  const [amount] = useState(() => askedAmount(ticket));
  const again = useCommand(
    useCallback(
      async (wish: { symbol: string; amount: string }, key: string) => {
        const made = await desk.openTicket({ side: ticket.side, ...wish }, key);
        rememberAsked(made.id, wish.amount);
        onAgain?.(made.id);
        desk.dismiss(ticket.id);
        return made;
      },
      [desk, ticket.id, ticket.side, onAgain],
    ),
  );
  return (
    <>
      <div className="slip__deeds">
        <button
          type="button"
          className="button button--main"
          data-again
          data-side={ticket.side}
          aria-disabled={again.isBusy}
          onClick={() => void again.run({ symbol: ticket.symbol, amount })}
        >
          {again.isBusy ? 'Asking…' : `Ask again for ${formatMoney(centsOf(amount))}`}
        </button>
      </div>
      <RefusalNote refusal={again.refusal} />
    </>
  );
}
