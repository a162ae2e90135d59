/** Says what happens to the account wherever the reader is: clocks that run out, automatic trades. */
import { useEffect, useRef } from 'react';
import { callDue, countdown, type Call } from '../../domain/countdown';
import { openTickets, type KnownTicket } from '../../domain/desk-state';
import type { TransactionBody } from '../../domain/api-types';
import { centsOf, formatGain, formatMoney } from '../../domain/money';
import { lotText, sentenceOf } from '../../domain/transactions';
import { useStream } from '../live';
import { useToaster } from '../../ui/toast';
import { useDesk } from './hooks';

const LOOK_EVERY_MS = 250;

function spoken(call: Call, ticket: KnownTicket, seconds: number): string {
  const what = `${ticket.side} ${lotText(ticket)}`;
  switch (call) {
    case 'begun':
      return `Ticket to ${what}, ${formatMoney(centsOf(ticket.total))}. ${seconds} seconds to commit.`;
    case 'last':
      return `${seconds} seconds left to commit: ${what}.`;
    case 'over':
      return `Time is over for the ticket to ${what}.`;
  }
}

function gainOf({ profit }: TransactionBody): string {
  return profit === null ? '' : `, gain ${formatGain(centsOf(profit))}`;
}

export function DeskNews() {
  const stream = useStream();
  const toaster = useToaster();
  const { desk, state } = useDesk();
  const said = useRef(new Map<string, Call>());

  useEffect(() => {
    const open = openTickets(state);
    const known = new Set(open.map(({ id }) => id));
    for (const id of said.current.keys()) if (!known.has(id)) said.current.delete(id);
    if (open.length === 0) return;
    const look = () => {
      for (const ticket of open) {
        const left = countdown(ticket, stream.serverNow());
        const due = callDue(said.current.get(ticket.id) ?? null, left);
        if (!due) continue;
        said.current.set(ticket.id, due);
        toaster.announce(spoken(due, ticket, left.seconds));
      }
    };
    look();
    const timer = window.setInterval(look, LOOK_EVERY_MS);
    return () => window.clearInterval(timer);
  }, [state, stream, toaster]);

  useEffect(
    () =>
      desk.watchNews((news) => {
        const isSeen = news.ticket !== null && document.querySelector(`[data-ticket="${CSS.escape(news.ticket)}"]`); // prettier-ignore
        if (news.kind === 'trigger_fired')
          toaster.show({ text: `${sentenceOf(news)}${gainOf(news)}.` });
        else if (news.kind === 'ticket_expired' && !isSeen)
          toaster.show({ text: `${sentenceOf(news)}. Nothing was traded.` });
      }),
    [desk, toaster],
  );
  return null;
}
