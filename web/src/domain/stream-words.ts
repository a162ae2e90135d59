/** Streams and their providers as words, and what a form about one says. */
import type {
  CallsBody,
  ProviderBody,
  ProviderKind,
  ProviderState,
  StreamBody,
  StreamRequest,
  StreamState,
} from './api-types';
import { formatSize } from './price';
import { parseSymbol } from './symbol';

export const providerLooks: Record<ProviderState, { glyph: string; label: string }> = {
  up: { glyph: '●', label: 'Up' },
  connecting: { glyph: '◌', label: 'Connecting' },
  silent: { glyph: '◔', label: 'Silent' },
  down: { glyph: '✕', label: 'Down' },
  paused: { glyph: '‖', label: 'Paused' },
};

export const streamLooks: Record<StreamState, { glyph: string; label: string; meaning: string }> = {
  running: { glyph: '●', label: 'Running', meaning: 'Asked regularly' },
  waiting: { glyph: '◌', label: 'Waiting', meaning: 'Its turn has not come yet' },
  paused: { glyph: '‖', label: 'Paused', meaning: 'Nothing is taken in until it goes on' },
  failing: { glyph: '!', label: 'Failing', meaning: 'Refused or unreachable; it is tried again' },
};

export const kindWords: Record<ProviderKind, string> = { prices: 'Prices', news: 'News' };

const providers: Record<string, string> = {
  sim: 'Simulated market',
  'sim-news': 'Simulated news',
  finnhub: 'Finnhub',
  'finnhub-news': 'Finnhub news',
  guardian: 'The Guardian',
  replay: 'Replay',
};

export function providerName({ name, source }: Pick<ProviderBody, 'name' | 'source'>): string {
  return providers[name] ?? (name === source ? name : `${name} (${providers[source] ?? source})`);
}

/** `17 calls used, 483 of 500 left`. */
export function callsWords({ used, left, limit }: CallsBody): string {
  const spent = `${formatSize(used)} ${used === 1 ? 'call' : 'calls'} used`;
  if (left === null) return limit === null ? spent : `${spent} of ${formatSize(limit)}`;
  return limit === null
    ? `${spent}, ${formatSize(left)} left`
    : `${spent}, ${formatSize(left)} of ${formatSize(limit)} left`;
}

/** How much of the allowance is spent, from 0 to 1; null where there is none to speak of. */
export function callsSpent({ used, left, limit }: CallsBody): number | null {
  if (limit === null || limit <= 0) return null;
  return Math.max(0, Math.min(1, (left === null ? used : limit - left) / limit));
}

/** What a stream asks for, in one line. */
export function asksWords({ kind, words, sections, symbols, follows_viewers }: StreamBody): string {
  const parts = [
    words,
    sections.length > 0 ? `in ${sections.join(', ')}` : '',
    symbols.length > 0 ? `${kind === 'news' ? 'about ' : ''}${symbols.join(', ')}` : '',
    follows_viewers
      ? kind === 'news'
        ? 'about what is being looked at'
        : 'what is being looked at'
      : '',
  ];
  return parts.filter(Boolean).join(' · ') || 'everything';
}

/** As typed. */
export type StreamDraft = {
  provider: string;
  name: string;
  words: string;
  /** Separated by commas, and so are symbols. */
  sections: string;
  symbols: string;
  follows_viewers: boolean;
};

const streamFields = ['provider', 'name', 'words', 'sections', 'symbols', 'follows_viewers'] as const; // prettier-ignore
export type StreamField = (typeof streamFields)[number];
export type StreamFault = { field: StreamField; words: string };

export function draftOf(stream: StreamBody): StreamDraft {
  const { provider, name, words, sections, symbols, follows_viewers } = stream;
  return {
    provider,
    name,
    words,
    sections: sections.join(', '),
    symbols: symbols.join(', '),
    follows_viewers,
  };
}

export function emptyDraft(provider: string): StreamDraft {
  return { provider, name: '', words: '', sections: '', symbols: '', follows_viewers: false };
}

export function listOf(typed: string): string[] {
  return [...new Set(typed.split(/[,;]+/).map((part) => part.trim()))].filter(Boolean);
}

/** What is asked of the server, or which field is at fault. */
export function requestOf(
  draft: StreamDraft,
  provider: ProviderBody,
  /** The stream that is changed followed viewers; else nothing is said of it, since only operators may. */
  wasFollowing = false,
): { ok: true; value: Omit<StreamRequest, 'provider'> } | { ok: false; fault: StreamFault } {
  const fault = (field: StreamField, words: string) => ({
    ok: false as const,
    fault: { field, words },
  });
  const { takes, kind } = provider;
  const name = draft.name.trim();
  if (name === '') return fault('name', 'Give it a name, such as what it is about.');
  const typed = listOf(draft.symbols.replaceAll(/\s+/g, ','));
  const sections = listOf(draft.sections);
  const wrong = typed.find((part) => parseSymbol(part) === null);
  if (takes.symbols && wrong !== undefined) return fault('symbols', `“${wrong}” is no symbol.`);
  const symbols = [...new Set(typed.map((part) => part.toUpperCase()))];
  const words = draft.words.trim();
  const asksNothing = words === '' && sections.length === 0 && symbols.length === 0;
  if (asksNothing && !draft.follows_viewers) {
    if (kind === 'prices') return fault('symbols', 'Name at least one symbol.');
    if (takes.words) return fault('words', 'Say what to look for.');
    if (takes.symbols) return fault('symbols', 'Name at least one symbol.');
  }
  return {
    ok: true,
    value: {
      name,
      ...(takes.words ? { words } : {}),
      ...(takes.sections.length > 0 ? { sections } : {}),
      ...(takes.symbols ? { symbols } : {}),
      ...(draft.follows_viewers || wasFollowing ? { follows_viewers: draft.follows_viewers } : {}),
    },
  };
}

/** Which field the server means: its words begin with the name. */
export function faultFrom(message: string): StreamFault {
  const [, named, words] = /^(name|words|sections|symbols|provider|follows_viewers): (.+)$/is.exec(message) ?? []; // prettier-ignore
  const known = streamFields.find((one) => one === named?.toLowerCase());
  return { field: known ?? 'name', words: words ?? message };
}
