import { expect, test } from 'vitest';
import { account, ticket, transaction } from '../testing/desk-samples';
import {
  accountHeard,
  connectionLost,
  deskRefused,
  goneTickets,
  nothingKnown,
  openTickets,
  ticketAnswered,
  ticketDismissed,
  ticketEnded,
  transactionHeard,
  updateHeard,
  type DeskState,
} from './desk-state';

const ids = (state: DeskState) => openTickets(state).map(({ id }) => id);
const statusOf = (state: DeskState, id = '0-17') => state.tickets.find((one) => one.id === id)?.status; // prettier-ignore
const opened = accountHeard(nothingKnown, account({ tickets: [ticket()], last_transaction: '0-17' })); // prettier-ignore

test('a ticket is open when the answer says so, before or after the frame', () => {
  const begin = accountHeard(nothingKnown, account());
  const answer = ticketAnswered(begin, ticket());
  expect(ids(answer)).toEqual(['0-17']);
  expect(ids(accountHeard(answer, account({ tickets: [ticket()] })))).toEqual(['0-17']);
  expect(ids(ticketAnswered(opened, ticket()))).toEqual(['0-17']);
});

test('an account that is older than a ticket does not end it', () => {
  const answer = ticketAnswered(nothingKnown, ticket());
  expect(ids(accountHeard(answer, account({ last_transaction: '0-9' })))).toEqual(['0-17']);
  expect(ids(accountHeard(answer, account({ last_transaction: null })))).toEqual(['0-17']);
});

test('how a ticket ended is told by the transaction', () => {
  for (const [kind, status] of [
    ['ticket_committed', 'committed'],
    ['ticket_cancelled', 'cancelled'],
    ['ticket_expired', 'expired'],
  ] as const) {
    const after = account({ last_transaction: '0-18' });
    const state = updateHeard(opened, { transaction: transaction({ kind }), account: after });
    expect(ids(state)).toEqual([]);
    expect(statusOf(state)).toBe(status);
    // An answer that comes late does not open it again.
    expect(statusOf(ticketAnswered(state, ticket()))).toBe(status);
  }
});

test('what ended unheard is gone until its end is looked up', () => {
  const state = accountHeard(connectionLost(opened), account({ last_transaction: '0-30' }));
  expect(ids(state)).toEqual([]);
  expect(goneTickets(state).map(({ id }) => id)).toEqual(['0-17']);
  const known = transactionHeard(state, transaction({ kind: 'ticket_expired' }));
  expect(goneTickets(known)).toEqual([]);
  expect(statusOf(known)).toBe('expired');
});

test('several tickets stand newest first; other transactions end none', () => {
  const second = ticket({ id: '0-20', created_at: '2026-01-05T15:00:20Z' });
  const state = ticketAnswered(opened, second);
  expect(ids(state)).toEqual(['0-20', '0-17']);
  const deposit = transaction({ kind: 'deposit', ticket: null });
  expect(transactionHeard(state, deposit)).toBe(state);
});

test('a refused commit may say how it ended', () => {
  expect(statusOf(ticketEnded(opened, '0-17', 'expired'))).toBe('expired');
});

test('only what has ended can be put away', () => {
  expect(ids(ticketDismissed(opened, '0-17'))).toEqual(['0-17']);
  expect(ticketDismissed(ticketEnded(opened, '0-17', 'expired'), '0-17').tickets).toEqual([]);
});

test('ended tickets do not pile up, open ones are all kept', () => {
  let state = opened;
  for (let n = 100; n < 160; n += 1) {
    const id = `0-${n}`;
    state = ticketAnswered(state, ticket({ id, created_at: new Date(n * 1000).toISOString() }));
    if (n < 150) state = ticketEnded(state, id, 'cancelled');
  }
  state = accountHeard(state, account({ tickets: openTickets(state), last_transaction: '0-200' }));
  expect(openTickets(state).length).toBe(11);
  expect(state.tickets.length).toBe(31);
});

test('a lost connection makes it doubtful, a server without a desk says so', () => {
  expect(connectionLost(opened)).toMatchObject({ isCurrent: false, phase: 'ready' });
  expect(deskRefused(nothingKnown, 'No desk').phase).toBe('refused');
});
