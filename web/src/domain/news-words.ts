/** News as one would say it: why an article is tied to a symbol, its tone, and what the price did after it. */
import type {
  ArticleBody,
  EvidenceBody,
  ImpactBody,
  EvidenceRule,
  PooledBody,
  SentimentBody,
  ToneName,
} from './api-types';
import { formatPercent } from './price';
import { formatSpan } from './time';

/** Where an article may lead: only to the web, whatever a provider has sent. */
export function webLink(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}

const sources: Record<string, string> = {
  guardian: 'The Guardian',
  finnhub: 'Finnhub',
  sim: 'Simulated news',
};

export function sourceName(source: string): string {
  return sources[source] ?? source;
}

/** Times of things that have happened; the clock of what told them may be a little ahead. */
export function ageWords(ms: number): string {
  return ms < 1000 ? 'just now' : `${formatSpan(ms)} ago`;
}

export function updatesWords(updates: number): string {
  if (updates <= 0) return '';
  return updates === 1 ? 'updated once' : `updated ${updates}×`;
}

/** What is wrong with a search: the server's words, and the character that is meant, from zero. */
export function searchFault(message: string): { words: string; at: number | null } {
  const place = /\bat character (\d+)/.exec(message);
  return { words: message.replace(/^q: /, ''), at: place ? Number(place[1]) - 1 : null };
}

const rules: Record<EvidenceRule, string> = {
  exchange_ticker: 'by ticker and exchange',
  cashtag: 'by cashtag',
  full_name: 'by full name',
  provider: 'named by the provider',
  long_name: 'by name of several words',
  name: 'by name',
  name_in_context: 'by name in context',
};
const fields = { title: 'in the title', summary: 'in the summary', provider: '' } as const;

/** `“Apple shares”, in the title, by name in context`. */
export function evidenceWords({ matched, field, rule }: EvidenceBody): string {
  return [`“${matched}”`, fields[field], rules[rule]].filter(Boolean).join(', ');
}

export const toneLooks: Record<ToneName, { glyph: string; label: string }> = {
  positive: { glyph: '+', label: 'positive' },
  neutral: { glyph: '○', label: 'neutral' },
  negative: { glyph: '−', label: 'negative' },
};

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

/** The words that made a tone, the weightiest first. */
export function toneWords({ words }: SentimentBody): string[] {
  return [...words]
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .map(
      ({ text, weight, is_negated }) =>
        `“${text}” ${signed(weight)}${is_negated ? ', turned by a negation' : ''}`,
    );
}

/** `45 s before`, `2 min after`: when an article came, seen from a move's begin. */
export function lagWords(seconds: number): string {
  if (Math.abs(seconds) < 1) return 'at the same moment';
  return `${formatSpan(Math.abs(seconds) * 1000)} ${seconds < 0 ? 'before' : 'after'}`;
}

/** How readily chance alone makes a figure of this t; said of one article and of many alike. */
export function chanceWords(t: number): string {
  const size = Math.abs(t);
  if (size < 2) return 'chance alone often makes as much';
  if (size < 3) return 'chance alone seldom makes as much';
  return 'chance alone hardly ever makes as much';
}

/** `+0.73% in 30 min, +0.61% beyond the usual`, or why there is no figure. */
export function impactWords({ minutes, study, why_not }: ImpactBody): string {
  if (!study) return why_not ?? 'not measured yet';
  return `${formatPercent(study.change_percent)} in ${minutes} min, ${formatPercent(study.abnormal_percent)} beyond the usual`;
}

export const referenceWords = {
  same_hour: 'the same time of the day on earlier days',
  earlier: 'spans of the same length just before',
} as const;

/** What the articles of a symbol have in common; null for too few of them. */
export function pooledWords(pooled: PooledBody | null, minutes: number): string | null {
  if (!pooled) return null;
  const { n, mean_abnormal_percent: mean, t } = pooled;
  return `After ${n} articles with figures the price went ${formatPercent(mean)} beyond the usual on average within ${minutes} minutes (t ${signed(t)}): ${chanceWords(t)}.`;
}

/** How unusual a move is, for who knows no deviations. */
export function deviationWords(deviations: number): string {
  return `${Math.abs(deviations).toFixed(1)} times the usual swing`;
}

/** One article as a line of text, for a mark in a chart. */
export function headline(article: ArticleBody): string {
  const { title, source, impact } = article;
  const measured = impact ? ` · ${impactWords(impact)}` : '';
  return `${title} (${sourceName(source)})${measured}`;
}
