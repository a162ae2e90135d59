/** Small sound values for tests to vary. */
import type { Bar, QuoteFigures } from '../domain/api-types';

export function figures(part: Partial<QuoteFigures> = {}): QuoteFigures {
  return {
    price: 150.23,
    timestamp: '2026-01-05T15:00:00Z',
    seq: 1,
    source: 'sim',
    age_ms: 0,
    state: 'live',
    open: 149.8,
    high: 151,
    low: 149.2,
    volume: 120332,
    previous_close: 149.5,
    change: 0.73,
    change_percent: 0.488294,
    ...part,
  };
}

export function bar(start: string, close = 1, part: Partial<Bar> = {}): Bar {
  return {
    start,
    open: close,
    high: close,
    low: close,
    close,
    volume: 100,
    trades: 1,
    vwap: close,
    ...part,
  };
}
