/** The account as it stands and as it changes, and the commands that change it. */
import type { ClientFrame } from '../domain/api-types';
import {
  accountHeard,
  connectionLost,
  deskRefused,
  goneTickets,
  nothingKnown,
  ticketAnswered,
  ticketDismissed,
  ticketEnded,
  transactionHeard,
  updateHeard,
  type DeskState,
} from '../domain/desk-state';
import type {
  AccountBody,
  AccountUpdate,
  DepositBody,
  DepositRequest,
  SideName,
  TicketBody,
  TicketRequest,
  TransactionBody,
  TransactionsAnswer,
  TriggerAnswer,
  TriggerRequest,
} from '../domain/api-types';
import { sendCommand, type Command } from './command';
import { getJson, RequestError } from './request';

/** Names the subscription, so that its refusal is told from those of symbols. */
export const ACCOUNT_ID = 'account';
const LOOK_BACK = 200;

const endedBy = { ticket_expired: 'expired', ticket_committed: 'committed', ticket_cancelled: 'cancelled' } as const; // prettier-ignore

export class Desk {
  private state: DeskState = nothingKnown;
  private wanted = 0;
  private readonly watchers = new Set<() => void>();
  private readonly newsWatchers = new Set<(news: TransactionBody) => void>();
  private lookingUp = false;

  constructor(
    private readonly sendFrame: (frame: ClientFrame) => boolean,
    private readonly send: <T>(command: Command) => Promise<T> = sendCommand,
    private readonly get: <T>(path: string) => Promise<T> = getJson,
  ) {}

  current = (): DeskState => this.state;

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** Told each thing that happens to the account, as it happens. */
  watchNews = (watcher: (news: TransactionBody) => void): (() => void) => {
    this.newsWatchers.add(watcher);
    return () => this.newsWatchers.delete(watcher);
  };

  /** The account is followed for as long as somebody wants it. */
  want = (): (() => void) => {
    this.wanted += 1;
    if (this.wanted === 1) this.subscribe();
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.wanted -= 1;
      if (this.wanted === 0) this.sendFrame({ type: 'unsubscribe', channel: 'account' });
    };
  };

  resubscribe(): void {
    if (this.wanted > 0) this.subscribe();
  }

  lost(): void {
    this.become(connectionLost(this.state));
  }

  accountArrived(account: AccountBody): void {
    this.become(accountHeard(this.state, account));
    if (goneTickets(this.state).length > 0) void this.lookUpGone();
  }

  updateArrived(update: AccountUpdate): void {
    this.become(updateHeard(this.state, update));
    for (const watcher of this.newsWatchers) watcher(update.transaction);
  }

  refused(message: string): void {
    this.become(deskRefused(this.state, message));
  }

  dismiss(id: string): void {
    this.become(ticketDismissed(this.state, id));
  }

  deposit(request: DepositRequest, key: string): Promise<DepositBody> {
    return this.send({ method: 'POST', path: '/api/v1/account/deposits', body: request, key });
  }

  async openTicket(request: TicketRequest, key: string): Promise<TicketBody> {
    const command: Command = { method: 'POST', path: '/api/v1/tickets', body: request, key };
    return this.ticketCame(await this.send<TicketBody>(command));
  }

  commit(id: string, key: string): Promise<TicketBody> {
    return this.endTicket(id, {
      method: 'POST',
      path: `/api/v1/tickets/${encodeURIComponent(id)}/commit`,
      key,
    });
  }

  cancel(id: string, key: string): Promise<TicketBody> {
    return this.endTicket(id, {
      method: 'DELETE',
      path: `/api/v1/tickets/${encodeURIComponent(id)}`,
      key,
    });
  }

  setTrigger(side: SideName, symbol: string, body: TriggerRequest, key: string) {
    const path = triggerPath(side, symbol);
    return this.send<TriggerAnswer>({ method: 'PUT', path, body, key });
  }

  removeTrigger(side: SideName, symbol: string, key: string): Promise<void> {
    return this.send({ method: 'DELETE', path: triggerPath(side, symbol), key });
  }

  private async endTicket(id: string, command: Command): Promise<TicketBody> {
    try {
      return this.ticketCame(await this.send<TicketBody>(command));
    } catch (error) {
      // Refused because it has ended already: then that is how it ended.
      const status = error instanceof RequestError && endedBy[error.code as keyof typeof endedBy];
      if (status) this.become(ticketEnded(this.state, id, status));
      throw error;
    }
  }

  private ticketCame(ticket: TicketBody): TicketBody {
    this.become(ticketAnswered(this.state, ticket));
    return ticket;
  }

  /** Tickets that ended while the connection was away: the list of transactions says how. */
  private async lookUpGone(): Promise<void> {
    if (this.lookingUp) return;
    this.lookingUp = true;
    try {
      const answer = await this.get<TransactionsAnswer>(`/api/v1/transactions?limit=${LOOK_BACK}`);
      this.become(answer.transactions.reduce(transactionHeard, this.state));
    } catch {
      // They stay marked as ended in an unknown way, which is the truth.
    } finally {
      this.lookingUp = false;
    }
  }

  private subscribe(): void {
    this.sendFrame({ type: 'subscribe', channel: 'account', id: ACCOUNT_ID });
  }

  private become(state: DeskState): void {
    if (state === this.state) return;
    this.state = state;
    for (const watcher of this.watchers) watcher();
  }
}

function triggerPath(side: SideName, symbol: string): string {
  return `/api/v1/triggers/${side}/${encodeURIComponent(symbol)}`;
}
