/** The page: search above, the list and the chart between, the status below. */
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { symbolPath, watchlistPath } from '../domain/paths';
import type { MarketSymbol } from '../domain/symbol';
import { Search } from '../features/search/search';
import { ConnectionBanner } from '../features/status/connection-banner';
import { StatusStrip } from '../features/status/status-strip';
import { useStream } from '../features/live';
import { currentList, removeSymbol } from '../features/watchlist/lists';
import { addToCurrentList, listsStore, useLists } from '../features/watchlist/lists-store';
import { Watchlist } from '../features/watchlist/watchlist';
import { BackIcon, CheckIcon, HelpIcon, Mark, PlusIcon } from '../ui/icons';
import { Link, navigate } from '../ui/link';
import { useToaster } from '../ui/toast';
import { HelpDialog } from './help-dialog';
import { NotFound } from './not-found';
import { useRoute, useTitle } from './route';
import { useGlobalKeys } from './global-keys';
import { ThemeButton } from './theme-button';
import './app.css';

/** The chart's code is as large as all the rest, and a first look at the list does not need it. */
const SymbolView = lazy(async () => ({
  default: (await import('../features/chart/symbol-view')).SymbolView,
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
      const what = symbols.length === 1 ? String(symbols[0]) : `${symbols.length} symbols`;
      toaster.show({
        text: added ? `Added ${what} to “${name}”.` : `${what} already in “${name}”.`,
      });
    },
    [toaster],
  );

  const stream = useStream();
  useEffect(
    () => stream.watchRefusals((message) => toaster.show({ text: `The server says: ${message}` })),
    [stream, toaster],
  );

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
          <button
            type="button"
            className="button button--bare top__help"
            aria-label="Keyboard help"
            title="Keyboard help (?)"
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
        <div className="pane pane--list">
          <Watchlist openSymbol={symbol} onSearch={focusSearch} />
        </div>
        {route.view !== 'watchlist' && (
          <div className="pane pane--detail">
            {symbol ? (
              <Suspense fallback={<p className="unseen">Loading the chart</p>}>
                <SymbolView
                  key={symbol}
                  symbol={symbol}
                  onTitle={setTitle}
                  actions={<SymbolActions symbol={symbol} onAdd={add} />}
                />
              </Suspense>
            ) : (
              <NotFound />
            )}
          </div>
        )}
      </main>
      <StatusStrip />
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </div>
  );
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
