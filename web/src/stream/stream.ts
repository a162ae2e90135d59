/** The page's one stream: a connection, what is wanted of it, and the stores it fills. */
import type { ServerFrame, Status } from '../domain/api-types';
import { asSymbol, parseSymbol } from '../domain/symbol';
import { ALERTS_ID, AlertNews } from './alerts';
import { BarInterest } from './bar-interest';
import { Connection } from './connection';
import { ACCOUNT_ID, Desk } from './desk';
import { browserEnvironment, socketUrl, type Environment } from './environment';
import { ListsChannel, LISTS_ID } from './lists-channel';
import { LiveStore } from './live-store';
import { NEWS_ID, NewsChannel } from './news-channel';
import { QuoteInterest } from './quote-interest';

export type StatusHeard = {
  status: Status;
  /** What to add to this machine's clock to get the server's. */
  clockOffsetMs: number;
  /** Since when nothing was heard, by the server's clock; null while the connection is there. */
  silentSince: number | null;
};

export class Stream {
  readonly live: LiveStore;
  readonly quotes: QuoteInterest;
  readonly bars: BarInterest;
  readonly desk: Desk;
  readonly alerts: AlertNews;
  readonly lists: ListsChannel;
  readonly news: NewsChannel;
  readonly connection: Connection;
  private heard: StatusHeard | null = null;
  private readonly statusWatchers = new Set<() => void>();
  private readonly refusalWatchers = new Set<(message: string) => void>();
  private readonly epochWatchers = new Set<() => void>();
  private readonly signedOutWatchers = new Set<() => void>();

  constructor(
    url: string,
    private readonly env: Environment,
  ) {
    this.live = new LiveStore((run) => env.onFrame(run));
    this.connection = new Connection(url, env, {
      onOpen: () => this.opened(),
      onFrame: (frame) => this.frame(frame),
      onLost: () => {
        this.quotes.lost();
        this.live.doubtAll();
        this.desk.lost();
        this.doubtStatus();
      },
      onSignedOut: () => {
        for (const watcher of this.signedOutWatchers) watcher();
      },
    });
    const send = this.connection.send.bind(this.connection);
    this.quotes = new QuoteInterest(env, send, (symbol) => this.live.forget(symbol));
    this.bars = new BarInterest(send);
    this.desk = new Desk(send);
    this.alerts = new AlertNews(send);
    this.lists = new ListsChannel(send);
    this.news = new NewsChannel(send);
  }

  status = (): StatusHeard | null => this.heard;

  watchStatus = (watcher: () => void): (() => void) => {
    this.statusWatchers.add(watcher);
    return () => this.statusWatchers.delete(watcher);
  };

  /** The server's clock, as far as it is known. */
  serverNow(): number {
    return this.env.now() + (this.heard?.clockOffsetMs ?? 0);
  }

  /** Told when the server began a new life: what was learnt from the old one may be gone. */
  watchEpoch(watcher: () => void): () => void {
    this.epochWatchers.add(watcher);
    return () => this.epochWatchers.delete(watcher);
  }

  /** Told in the server's words when it refused something that is not one symbol's fault. */
  watchRefusals(watcher: (message: string) => void): () => void {
    this.refusalWatchers.add(watcher);
    return () => this.refusalWatchers.delete(watcher);
  }

  /** Told when the login this page came with was ended, here or from elsewhere. */
  watchSignedOut(watcher: () => void): () => void {
    this.signedOutWatchers.add(watcher);
    return () => this.signedOutWatchers.delete(watcher);
  }

  private enterEpoch(epoch: string): void {
    if (!this.live.enterEpoch(epoch)) return;
    for (const watcher of this.epochWatchers) watcher();
  }

  private opened(): void {
    this.connection.send({ type: 'subscribe', channel: 'status', id: 'status' });
    this.quotes.resubscribe();
    this.bars.resubscribe();
    this.desk.resubscribe();
    this.alerts.resubscribe();
    this.lists.resubscribe();
    this.news.resubscribe();
  }

  private frame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'quote_update':
        this.live.apply(frame.data);
        return;
      case 'bar_update':
        this.bars.apply(frame.interval, frame.session, frame.data);
        return;
      case 'subscribed':
        this.enterEpoch(frame.epoch);
        return;
      case 'status':
        this.statusArrived(frame);
        return;
      case 'account':
        this.desk.accountArrived(frame.data);
        return;
      case 'account_update':
        this.desk.updateArrived(frame.data);
        return;
      case 'alerts':
        this.alerts.changed();
        return;
      case 'alert_fired':
        this.alerts.fired(frame.data);
        return;
      case 'lists':
        this.lists.arrived(frame.data.watchlists);
        return;
      case 'news':
        this.news.arrived(frame);
        return;
      case 'error':
        // Nobody has no alerts; the page asks to sign in where it shows them. Who is signed in no more is told so by
        // the closing of the connection. News refused live is told by the list itself.
        if ([ALERTS_ID, LISTS_ID, NEWS_ID].some((id) => id === frame.id)) return;
        if (frame.id === ACCOUNT_ID) this.desk.refused(frame.message);
        else if (frame.code === 'unknown_symbol' && frame.symbol)
          this.live.markUnknown(parseSymbol(frame.symbol) ?? asSymbol(frame.symbol));
        else for (const watcher of this.refusalWatchers) watcher(frame.message);
        return;
      default:
        this.connection.unknownFrames += 1;
    }
  }

  private statusArrived(status: Status): void {
    const halfTrip = (this.connection.link().roundTripMs ?? 0) / 2;
    const offset = Date.parse(status.server_time) + halfTrip - this.env.now();
    this.enterEpoch(status.epoch);
    const clockOffsetMs = Number.isFinite(offset) ? offset : 0;
    this.tellStatus({ status, clockOffsetMs, silentSince: null });
  }

  /** Feeds and market may change unheard: what was said of them is not known to be so any more. */
  private doubtStatus(): void {
    // Each failed attempt to connect is a loss too; what counts is the first.
    if (!this.heard || this.heard.silentSince !== null) return;
    const lastHeardAt = this.connection.link().lastHeardAt ?? this.env.now();
    this.tellStatus({ ...this.heard, silentSince: lastHeardAt + this.heard.clockOffsetMs });
  }

  private tellStatus(heard: StatusHeard): void {
    this.heard = heard;
    for (const watcher of this.statusWatchers) watcher();
  }
}

export function openStream(): Stream {
  const stream = new Stream(socketUrl(window.location), browserEnvironment());
  const { connection } = stream;
  window.addEventListener('online', () => connection.retryNow());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) connection.retryNow();
  });
  connection.start();
  return stream;
}
