/** Keys that work wherever the focus is, except while typing or in a dialog. */
import { useEffect } from 'react';
import { symbolPath, watchlistPath } from '../domain/paths';
import type { MarketSymbol } from '../domain/symbol';
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
      } else if (event.key === 'w') navigate(watchlistPath);
      else return;
      event.preventDefault();
    }
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [focusSearch, showHelp, symbol]);
}
