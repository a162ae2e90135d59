/** The page: search above, the list and the chart between, the status below. */
import { lazy, Suspense, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { symbolPath, watchlistPath } from '../domain/paths';
import type { MarketSymbol } from '../domain/symbol';
import { AlertNewsToasts } from '../features/alerts/alert-news';
import { AlertsLink } from '../features/alerts/alerts-link';
import { DeskLink } from '../features/desk/desk-link';
import { DeskNews } from '../features/desk/desk-news';
import { askFor } from '../features/desk/draft';
import { NewsLink } from '../features/news/news-link';
import { AskToSignIn, Person, SignInLink } from '../features/people/person';
import { useMe, useSignedOut } from '../features/people/use-me';
import { Search } from '../features/search/search';
import { ConnectionBanner } from '../features/status/connection-banner';
import { StatusStrip } from '../features/status/status-strip';
import { useStream } from '../features/live';
import { currentList, removeSymbol } from '../features/watchlist/lists';
import { addToCurrentList, listsStore, useLists } from '../features/watchlist/lists-store';
import { useOwnLists } from '../features/watchlist/use-own-lists';
import { Watchlist } from '../features/watchlist/watchlist';
import { BackIcon, CheckIcon, HelpIcon, Mark, PlusIcon } from '../ui/icons';
import { Link, navigate } from '../ui/link';
import { useToaster } from '../ui/toast';
import { HelpDialog } from './help-dialog';
import { NotFound } from './not-found';
import { useOpenedLinks, useRoute, useTitle } from './route';
import { useGlobalKeys } from './global-keys';
import { ThemeButton } from './theme-button';
import './app.css';

/** The chart's code is as large as all the rest, and a first look at the list does not need it. */
const SymbolPane = lazy(async () => ({
  default: (await import('./symbol-pane')).SymbolPane,
}));
const AccountPage = lazy(async () => ({
  default: (await import('../features/desk/account-page')).AccountPage,
}));
const AlertsPage = lazy(async () => ({
  default: (await import('../features/alerts/alerts-page')).AlertsPage,
}));
const NewsPage = lazy(async () => ({
  default: (await import('../features/news/news-page')).NewsPage,
}));
const StreamsPage = lazy(async () => ({
  default: (await import('../features/streams/streams-page')).StreamsPage,
}));
const DoorPage = lazy(async () => ({
  default: (await import('../features/people/door-page')).DoorPage,
}));
const NotificationsPane = lazy(async () => ({
  default: (await import('./notifications-pane')).NotificationsPane,
}));
const BoardPage = lazy(async () => ({
  default: (await import('../features/watchlist/board-page')).BoardPage,
}));
const SettingsPage = lazy(async () => ({
  default: (await import('../features/people/settings-page')).SettingsPage,
}));
const UsersPage = lazy(async () => ({
  default: (await import('../features/people/users-page')).UsersPage,
}));
const TransactionsPage = lazy(async () => ({
  default: (await import('../features/desk/transactions-page')).TransactionsPage,
}));

export function App() {
  const route = useRoute();
  const setTitle = useTitle();
  const toaster = useToaster();
  const lists = useLists();
  const list = currentList(lists);
  const field = useRef<HTMLInputElement>(null);
  const main = useRef<HTMLElement>(null);
  const [help, setHelp] = useState(false);
  const symbol = route.view === 'symbol' ? route.symbol : null;
  const lastSymbol = useRef<MarketSymbol | null>(null);

  const focusSearch = useCallback(() => {
    field.current?.focus();
    field.current?.select();
  }, []);

  const add = useCallback(
    (symbols: readonly MarketSymbol[]) => {
      const name = currentList(listsStore.get()).name;
      const added = addToCurrentList(symbols);
      if (added === null) {
        toaster.show({ text: 'Your lists are not here yet: nothing was added.' });
        return;
      }
      const what = symbols.length === 1 ? String(symbols[0]) : `${symbols.length} symbols`;
      toaster.show({
        text: added ? `Added ${what} to “${name}”.` : `${what} already in “${name}”.`,
      });
    },
    [toaster],
  );

  useOwnLists(useMe());

  const stream = useStream();
  useSignedOut();
  useEffect(
    () => stream.watchRefusals((message) => toaster.show({ text: `The server says: ${message}` })),
    [stream, toaster],
  );

  useOpenedLinks();
  useGlobalKeys({ focusSearch, showHelp: () => setHelp(true), symbol });

  useEffect(() => {
    if (route.view === 'watchlist') {
      setTitle(list.name);
      // Back from a chart, the reader goes on at the row they came from.
      const from = lastSymbol.current;
      if (from)
        document
          .querySelector<HTMLElement>(`[data-symbol="${CSS.escape(from)}"] .row__link`)
          ?.focus();
    } else if (route.view === 'missing') setTitle('Not found');
    lastSymbol.current = symbol;
  }, [route, list.name, symbol, setTitle]);

  return (
    <div className="page" data-view={route.view}>
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the prices
      </a>
      <header className="top">
        <Link href={watchlistPath} className="top__home" aria-label="Bellwether, watch list">
          <Mark />
          <span className="top__name">Bellwether</span>
        </Link>
        <Search
          field={field}
          prefer={symbol ? 'open' : 'add'}
          has={(one) => list.symbols.includes(one)}
          onAdd={add}
          onOpen={(one) => navigate(symbolPath(one))}
        />
        <div className="top__tools">
          <SignInLink isCurrent={['sign-in', 'settings', 'users'].includes(route.view)} />
          <NewsLink isCurrent={['news', 'streams'].includes(route.view)} />
          <AlertsLink isCurrent={route.view === 'alerts'} />
          <DeskLink isCurrent={['account', 'transactions', 'notifications'].includes(route.view)} />
          <button
            type="button"
            className="button button--bare top__help"
            aria-label="Help: keys and signs"
            title="Help: keys and signs (?)"
            onClick={() => setHelp(true)}
          >
            <HelpIcon />
          </button>
          <ThemeButton />
        </div>
      </header>
      <ConnectionBanner />
      <main className="panes" id="main" ref={main} tabIndex={-1}>
        {route.view === 'watchlist' && <h1 className="unseen">Watch list</h1>}
        {route.view !== 'board' && (
          <div className="pane pane--list">
            <Watchlist openSymbol={symbol} onSearch={focusSearch} />
          </div>
        )}
        {route.view !== 'watchlist' && (
          <div className="pane pane--detail">
            <Suspense fallback={<p className="unseen">Loading</p>}>
              {symbol && (
                <SymbolPane
                  key={symbol}
                  symbol={symbol}
                  onTitle={setTitle}
                  actions={<SymbolActions symbol={symbol} onAdd={add} />}
                />
              )}
              {route.view === 'settings' && (
                <Own what="your sign-in and keys">
                  <SettingsPage onTitle={setTitle} />
                </Own>
              )}
              {route.view === 'users' && (
                <Own what="who uses this server">
                  <UsersPage onTitle={setTitle} />
                </Own>
              )}
              {route.view === 'board' && <BoardPage onTitle={setTitle} />}
              {(route.view === 'sign-in' || route.view === 'welcome') && (
                <DoorPage key={route.view} kind={route.view} onTitle={setTitle} />
              )}
              {route.view === 'account' && (
                <Own what="the account">
                  <Person />
                  <AccountPage onTitle={setTitle} />
                </Own>
              )}
              {route.view === 'notifications' && (
                <Own what="notifications">
                  <NotificationsPane onTitle={setTitle} />
                </Own>
              )}
              {route.view === 'transactions' && (
                <Own what="transactions">
                  <TransactionsPage onTitle={setTitle} />
                </Own>
              )}
              {route.view === 'news' && <NewsPage onTitle={setTitle} />}
              {route.view === 'streams' && (
                <Own what="what is taken in">
                  <StreamsPage onTitle={setTitle} />
                </Own>
              )}
              {route.view === 'alerts' && (
                <Own what="alerts">
                  <AlertsPage onTitle={setTitle} />
                </Own>
              )}
            </Suspense>
            {route.view === 'missing' && <NotFound />}
          </div>
        )}
      </main>
      <StatusStrip />
      <DeskNews />
      <AlertNewsToasts />
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </div>
  );
}

/** What is shown to somebody only. */
function Own({ what, children }: { what: string; children: ReactNode }) {
  return useMe() === null ? <AskToSignIn what={what} /> : children;
}

type ActionsProps = { symbol: MarketSymbol; onAdd: (symbols: MarketSymbol[]) => void };

function SymbolActions({ symbol, onAdd }: ActionsProps) {
  const list = currentList(useLists());
  const listed = list.symbols.includes(symbol);
  return (
    <>
      <Link href={watchlistPath} className="button back">
        <BackIcon /> Watch list
      </Link>
      {(['buy', 'sell'] as const).map((side) => (
        <button
          key={side}
          type="button"
          className="button"
          data-side={side}
          title={side === 'buy' ? 'Buy (B)' : 'Sell (S)'}
          onClick={() => askFor(symbol, { side })}
        >
          {side === 'buy' ? 'Buy' : 'Sell'}
        </button>
      ))}
      <button
        type="button"
        className="button"
        aria-pressed={listed}
        title={listed ? `Remove from “${list.name}”` : `Add to “${list.name}”`}
        onClick={() => {
          if (listed) listsStore.update((lists) => removeSymbol(lists, list.id, symbol));
          else onAdd([symbol]);
        }}
      >
        {listed ? <CheckIcon /> : <PlusIcon />} {listed ? 'In list' : 'Add to list'}
      </button>
    </>
  );
}
