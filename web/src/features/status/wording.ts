/** What the status strip says, from the figures the server gives: pure, and tested as text. */
import type { Feed, Market } from '../../domain/api-types';
import { formatDay, formatHourMinute, formatSpan, parseTime } from '../../domain/time';
import type { Known } from '../instruments';

const NEW_YORK = 'America/New_York';

export const sessionWord: Record<Market['session'], string> = {
  pre: 'US pre-market',
  regular: 'US market open',
  post: 'US after hours',
  closed: 'US market closed',
};

/** The same below a heading that names the market. */
export const sessionDetail: Record<Market['session'], string> = {
  pre: 'pre-market',
  regular: 'open',
  post: 'after hours',
  closed: 'closed',
};

export const sessionGlyph: Record<Market['session'], string> = {
  pre: '◐',
  regular: '●',
  post: '◑',
  closed: '○',
};

function at(ms: number, now: number): string {
  const clock = `${formatHourMinute(ms, NEW_YORK)} ET`;
  return Math.abs(ms - now) < 18 * 3_600_000 ? clock : `${formatDay(ms, NEW_YORK)}, ${clock}`;
}

/** `closes in 2 h 13 min (16:00 ET)`; null where the server names no next event. */
export function nextEvent(market: Market, now: number): string | null {
  const opens = parseTime(market.opens_at);
  const closes = parseTime(market.closes_at);
  const closing = market.session === 'regular';
  const event = closing ? closes : opens;
  if (event === null || event <= now) return null;
  return `${closing ? 'closes' : 'opens'} in ${formatSpan(event - now)} (${at(event, now)})`;
}

/** `unknown since 12:03 ET`, for what was last heard of at that time. */
export function unknownSince(silentSince: number, now: number): string {
  return `unknown since ${at(silentSince, now)}`;
}

/**
 * What trades while the US market does not, among the instruments that are shown: without it,
 * "US market closed" would stand above prices that move.
 */
export function openBesides(shown: Iterable<Known | undefined>, simulated: boolean): string | null {
  let pairs = false;
  for (const known of shown) {
    if (known?.hours !== 'always') continue;
    if (known.kind !== 'crypto') return simulated ? 'simulation running' : 'other markets open';
    pairs = true;
  }
  return pairs ? 'crypto open' : null;
}

export const feedGlyph: Record<Feed['state'], string> = {
  connecting: '◌',
  up: '●',
  silent: '◔',
  down: '✕',
};

export const feedWord: Record<Feed['state'], string> = {
  connecting: 'connecting',
  up: 'up',
  silent: 'silent',
  down: 'down',
};

/** Each reconnection leaves a time of which nothing is known; null where there was none. */
export function mayHaveMissed({ reconnects }: Feed): string | null {
  if (reconnects === 0) return null;
  const times = reconnects === 1 ? 'once' : `${reconnects} times`;
  return `Reconnected ${times} since the start: trades of those moments may be missing.`;
}

export function isSimulated(feeds: readonly Feed[]): boolean {
  return feeds.some(({ source }) => source === 'sim');
}

const names: Record<string, string> = {
  sim: 'Simulated market',
  finnhub: 'Finnhub',
  replay: 'Replay',
};

export function feedName(feed: Feed): string {
  return names[feed.name] ?? names[feed.source] ?? feed.name;
}
