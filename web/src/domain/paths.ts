/** Every link of the page is built here, and read back here. */
import { parseSymbol, type MarketSymbol } from './symbol';

export type Route =
  | { view: 'watchlist' }
  | { view: 'symbol'; symbol: MarketSymbol }
  | { view: 'account' }
  | { view: 'transactions' }
  | { view: 'alerts' }
  | { view: 'notifications' }
  | { view: 'news' }
  | { view: 'streams' }
  | { view: 'board' }
  | { view: 'settings' }
  | { view: 'users' }
  | { view: 'sign-in' }
  | { view: 'welcome' }
  | { view: 'missing' };

export const watchlistPath = '/';
export const accountPath = '/account';
export const transactionsPath = '/transactions';
export const alertsPath = '/alerts';
export const notificationsPath = '/notifications';
export const newsPath = '/news';
/** What is taken in, of prices and of news. */
export const streamsPath = '/streams';
/** One's own: password, logins, keys. */
export const settingsPath = '/settings';
/** Everybody, for operators. */
export const usersPath = '/users';
/** A list that somebody shares; what stands behind `#` says which. */
const boardPath = '/board';
export const signInPath = '/sign-in';
/** What the server prints at its first start leads here. */
const welcomePath = '/welcome';

export function transactionsOfPath(symbol: string): string {
  return `${transactionsPath}?symbol=${encodeURIComponent(symbol)}`;
}

export function symbolPath(symbol: MarketSymbol): string {
  return `/symbol/${encodeURIComponent(symbol)}`;
}

export function parsePath(pathname: string): Route {
  if (pathname === '/' || pathname === '/index.html') return { view: 'watchlist' };
  const plain = pathname.replace(/\/$/, '');
  if (plain === accountPath) return { view: 'account' };
  if (plain === transactionsPath) return { view: 'transactions' };
  if (plain === alertsPath) return { view: 'alerts' };
  if (plain === notificationsPath) return { view: 'notifications' };
  if (plain === newsPath) return { view: 'news' };
  if (plain === streamsPath) return { view: 'streams' };
  if (plain === settingsPath) return { view: 'settings' };
  if (plain === usersPath) return { view: 'users' };
  if (plain === boardPath) return { view: 'board' };
  if (plain === signInPath) return { view: 'sign-in' };
  if (plain === welcomePath) return { view: 'welcome' };
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
