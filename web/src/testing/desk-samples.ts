/** Small sound values of the desk for tests to vary. */
import type { AccountBody, HoldingBody, TicketBody, TransactionBody } from '../domain/api-types';

export function account(part: Partial<AccountBody> = {}): AccountBody {
  return {
    user: 'me',
    is_open: true,
    cash: {
      balance: '1000.00',
      available: '1000.00',
      reserved: '0.00',
      in_tickets: '0.00',
      in_triggers: '0.00',
    },
    deposited: '1000.00',
    holdings: [],
    tickets: [],
    triggers: [],
    last_transaction: '0-1',
    ...part,
  };
}

export function ticket(part: Partial<TicketBody> = {}): TicketBody {
  return {
    id: '0-17',
    side: 'buy',
    symbol: 'AAPL',
    price: '150.23',
    shares: '3',
    total: '450.69',
    status: 'open',
    created_at: '2026-01-05T15:00:00Z',
    expires_at: '2026-01-05T15:01:00Z',
    quote: null,
    ...part,
  };
}

export function holding(part: Partial<HoldingBody> = {}): HoldingBody {
  return {
    symbol: 'AAPL',
    shares: '3',
    available: '3',
    reserved: '0',
    cost: '450.69',
    average_cost: '150.23',
    realised: '0.00',
    ...part,
  };
}

export function transaction(part: Partial<TransactionBody> = {}): TransactionBody {
  return {
    id: '0-18',
    timestamp: '2026-01-05T15:00:05Z',
    user: 'me',
    n: 1,
    command: 'COMMIT_BUY',
    kind: 'ticket_committed',
    side: 'buy',
    symbol: 'AAPL',
    shares: '3',
    price: '150.23',
    amount: '450.69',
    profit: null,
    available_change: '0.00',
    ticket: '0-17',
    reason: null,
    message: null,
    quote: null,
    ...part,
  };
}
