/** Keys that work wherever the focus is, except while typing or in a dialog. */
import { useEffect } from 'react';
import {
  accountPath,
  alertsPath,
  newsPath,
  symbolPath,
  transactionsPath,
  watchlistPath,
} from '../domain/paths';
import { parseSymbol, type MarketSymbol } from '../domain/symbol';
import { askFor } from '../features/desk/draft';
import { listsStore } from '../features/watchlist/lists-store';
import { isDialogOpen, isTyping, singleKeysOn } from '../ui/keys';
import { navigate } from '../ui/link';

type Deeds = { focusSearch: () => void; showHelp: () => void; symbol: MarketSymbol | null };

/** The symbol before or after this one, as the list shows them now. */
function beside(symbol: MarketSymbol | null, step: number): MarketSymbol | undefined {
  const shown = listsStore.shown;
  const at = symbol ? shown.indexOf(symbol) : -1;
  return at < 0 ? shown[0] : shown[at + step];
}

/** The symbol that is open, or the row that has the focus. */
function symbolAtHand(open: MarketSymbol | null): MarketSymbol | null {
  if (open) return open;
  const row = document.activeElement?.closest<HTMLElement>('[data-symbol]');
  return parseSymbol(row?.dataset['symbol'] ?? '');
}

export function useGlobalKeys({ focusSearch, showHelp, symbol }: Deeds): void {
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.defaultPrevented || isDialogOpen()) return;
      const command = event.ctrlKey || event.metaKey;
      if (!command && !singleKeysOn()) return;
      const search = command ? event.key.toLowerCase() === 'k' : event.key === '/';
      if (search && (command || !isTyping(event))) {
        event.preventDefault();
        focusSearch();
        return;
      }
      if (command || event.altKey || isTyping(event)) return;
      if (event.key === '?') showHelp();
      else if (event.key === 'j' || event.key === 'k') {
        const next = beside(symbol, event.key === 'j' ? 1 : -1);
        if (next) navigate(symbolPath(next));
      } else if (event.key === 'b' || event.key === 's') {
        const wanted = symbolAtHand(symbol);
        if (!wanted) return;
        askFor(wanted, { side: event.key === 'b' ? 'buy' : 'sell' });
        navigate(symbolPath(wanted));
      } else if (event.key === 'w') navigate(watchlistPath);
      else if (event.key === 'a') navigate(accountPath);
      else if (event.key === 't') navigate(transactionsPath);
      else if (event.key === 'l') navigate(alertsPath);
      else if (event.key === 'n') navigate(newsPath);
      else return;
      event.preventDefault();
    }
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [focusSearch, showHelp, symbol]);
}
