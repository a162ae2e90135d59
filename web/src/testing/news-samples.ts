/** An article, with what a test cares about. */
import type { ArticleBody } from '../domain/api-types';

export function articleSample(more: Partial<ArticleBody> & { symbol?: string } = {}): ArticleBody {
  const { symbol, ...rest } = more;
  return {
    id: 'a',
    source: 'guardian',
    title: 'A title',
    summary: '',
    url: 'https://news.example/a',
    published_at: '2026-11-20T10:00:00Z',
    updated_at: '2026-11-20T10:00:00Z',
    updates: 0,
    symbols: symbol === undefined ? [] : [{ symbol, confidence: 0.9, evidence: [] }],
    sentiment: { score: 0, tone: 'neutral', words: [] },
    streams: [],
    impact: null,
    ...rest,
  };
}
