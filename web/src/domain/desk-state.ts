/**
 * What the page knows of the account and its tickets: pure steps from one state to the next. Answers
 * and frames may come in either order; a ticket that has ended never opens again.
 */
import type { AccountBody, AccountUpdate, TicketBody, TicketStatus, TransactionBody } from './api-types'; // prettier-ignore

export type KnownTicket = TicketBody & {
  /** The server no longer has it open, and how it ended was not heard. */
  isGone: boolean;
};

export type DeskState = {
  phase: 'waiting' | 'ready' | 'refused';
  /** Why there is no account to show. */
  refusal: string | null;
  account: AccountBody | null;
  /** False from the moment the connection is lost until the account is heard of again. */
  isCurrent: boolean;
  /** Open ones, and those that ended while this page was open; the newest first. */
  tickets: readonly KnownTicket[];
};

export const nothingKnown: DeskState = {
  phase: 'waiting',
  refusal: null,
  account: null,
  isCurrent: false,
  tickets: [],
};

/** Ended tickets that are remembered for asking again. */
const ENDED_KEPT = 20;

/** Ids are a shard and a number that grows; null where they say nothing about order. */
function orderOf(a: string, b: string): number | null {
  const [shardA, numberA] = a.split('-');
  const [shardB, numberB] = b.split('-');
  if (shardA !== shardB || !/^\d+$/.test(numberA ?? '') || !/^\d+$/.test(numberB ?? ''))
    return null;
  const difference = BigInt(numberA ?? 0) - BigInt(numberB ?? 0);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

const endings: Partial<Record<TransactionBody['kind'], TicketStatus>> = {
  ticket_committed: 'committed',
  ticket_cancelled: 'cancelled',
  ticket_expired: 'expired',
};

function isOpen(ticket: KnownTicket): boolean {
  return ticket.status === 'open' && !ticket.isGone;
}

/** Newest first, and no more ended ones than can be useful. */
function tidy(tickets: readonly KnownTicket[]): KnownTicket[] {
  let ended = 0;
  return [...tickets]
    .sort(
      (a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || (orderOf(b.id, a.id) ?? 0),
    ) // prettier-ignore
    .filter((ticket) => isOpen(ticket) || (ended += 1) <= ENDED_KEPT);
}

function upsert(tickets: readonly KnownTicket[], heard: TicketBody): KnownTicket[] {
  const known = tickets.find(({ id }) => id === heard.id);
  if (!known) return [...tickets, { ...heard, isGone: false }];
  if (known.status !== 'open') return [...tickets];
  return tickets.map((ticket) => (ticket === known ? { ...heard, isGone: false } : ticket));
}

/** The whole account, as the server has it now. */
export function accountHeard(state: DeskState, account: AccountBody): DeskState {
  const open = new Set(account.tickets.map(({ id }) => id));
  let tickets = state.tickets.map((ticket): KnownTicket => {
    if (!isOpen(ticket) || open.has(ticket.id)) return ticket;
    // A ticket newer than all that the account includes is not missing from it.
    const last = account.last_transaction;
    const isNewer = last === null || orderOf(ticket.id, last) === 1;
    return isNewer ? ticket : { ...ticket, isGone: true };
  });
  for (const ticket of account.tickets) tickets = upsert(tickets, ticket);
  return { phase: 'ready', refusal: null, account, isCurrent: true, tickets: tidy(tickets) };
}

/** One thing that happened to the account, and the account after it. */
export function updateHeard(state: DeskState, { transaction, account }: AccountUpdate): DeskState {
  return accountHeard(transactionHeard(state, transaction), account);
}

export function transactionHeard(state: DeskState, transaction: TransactionBody): DeskState {
  const status = endings[transaction.kind];
  if (!status || transaction.ticket === null) return state;
  const tickets = state.tickets.map((ticket) =>
    ticket.id === transaction.ticket && ticket.status === 'open'
      ? { ...ticket, status, isGone: false }
      : ticket,
  );
  return { ...state, tickets };
}

/** The answer to a command about a ticket. */
export function ticketAnswered(state: DeskState, ticket: TicketBody): DeskState {
  return { ...state, tickets: tidy(upsert(state.tickets, ticket)) };
}

/** A refusal that says how a ticket has ended. */
export function ticketEnded(state: DeskState, id: string, status: TicketStatus): DeskState {
  const tickets = state.tickets.map((ticket) =>
    ticket.id === id && ticket.status === 'open' ? { ...ticket, status, isGone: false } : ticket,
  );
  return { ...state, tickets };
}

/** The reader has seen how it ended. */
export function ticketDismissed(state: DeskState, id: string): DeskState {
  const tickets = state.tickets.filter((ticket) => ticket.id !== id || isOpen(ticket));
  return { ...state, tickets };
}

export function connectionLost(state: DeskState): DeskState {
  return state.isCurrent ? { ...state, isCurrent: false } : state;
}

export function deskRefused(state: DeskState, refusal: string): DeskState {
  return { ...state, phase: 'refused', refusal, isCurrent: false };
}

export function openTickets(state: DeskState): KnownTicket[] {
  return state.tickets.filter(isOpen);
}

/** Tickets whose end is to be looked up. */
export function goneTickets(state: DeskState): KnownTicket[] {
  return state.tickets.filter(({ isGone }) => isGone);
}
