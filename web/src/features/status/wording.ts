/** What the status strip says, from the figures the server gives: pure, and tested as text. */
import type { Feed, Market } from '../../domain/api-types';
import { formatDay, formatHourMinute, formatSpan, parseTime } from '../../domain/time';

const NEW_YORK = 'America/New_York';

export const sessionWord: Record<Market['session'], string> = {
  pre: 'Pre-market',
  regular: 'Market open',
  post: 'After hours',
  closed: 'Market closed',
};

export const sessionGlyph: Record<Market['session'], string> = {
  pre: '◐',
  regular: '●',
  post: '◑',
  closed: '○',
};

function at(ms: number, now: number): string {
  const clock = `${formatHourMinute(ms, NEW_YORK)} ET`;
  return ms - now < 18 * 3_600_000 ? clock : `${formatDay(ms, NEW_YORK)}, ${clock}`;
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
