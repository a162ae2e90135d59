/** How fresh a price is, in words, a glyph and an explanation; never by colour alone. */
import type { FreshnessState } from './api-types';

export type Freshness = FreshnessState | 'unknown';

export type FreshnessLook = { label: string; glyph: string; explanation: string };

export const freshnessLook: Record<Freshness, FreshnessLook> = {
  live: { label: 'Live', glyph: '●', explanation: 'The feed is up and the market is open.' },
  delayed: { label: 'Delayed', glyph: '◔', explanation: 'The provider sends these prices late.' },
  stale: {
    label: 'Stale',
    glyph: '◌',
    explanation: 'No fresh prices arrive just now; this is the last one known.',
  },
  closed: {
    label: 'Closed',
    glyph: '■',
    explanation: 'The market is closed; this is the last price.',
  },
  simulated: {
    label: 'Simulated',
    glyph: '◇',
    explanation: 'This price is made up by the simulated market.',
  },
  waiting: { label: 'Waiting', glyph: '…', explanation: 'No trade has been seen yet.' },
  unknown: {
    label: 'Unknown',
    glyph: '?',
    explanation: 'The server does not know this symbol.',
  },
};
