/** Every link of the page is built here, and read back here. */
import { parseSymbol, type MarketSymbol } from './symbol';

export type Route =
  { view: 'watchlist' } | { view: 'symbol'; symbol: MarketSymbol } | { view: 'missing' };

export const watchlistPath = '/';

export function symbolPath(symbol: MarketSymbol): string {
  return `/symbol/${encodeURIComponent(symbol)}`;
}

export function parsePath(pathname: string): Route {
  if (pathname === '/' || pathname === '/index.html') return { view: 'watchlist' };
  const found = /^\/symbol\/([^/]+)\/?$/.exec(pathname);
  if (found?.[1]) {
    let text: string;
    try {
      text = decodeURIComponent(found[1]);
    } catch {
      return { view: 'missing' };
    }
    const symbol = parseSymbol(text);
    if (symbol) return { view: 'symbol', symbol };
  }
  return { view: 'missing' };
}
