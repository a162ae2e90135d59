import { expect, test } from 'vitest';
import type { ProviderBody, StreamBody } from './api-types';
import { asksWords, callsSpent, callsWords, emptyDraft, faultFrom, listOf, requestOf } from './stream-words'; // prettier-ignore

const provider = (takes: Partial<ProviderBody['takes']>, kind: 'prices' | 'news' = 'news') =>
  ({
    name: 'p',
    kind,
    takes: { words: false, sections: [], symbols: false, ...takes },
  }) as unknown as ProviderBody;

test('calls in words, and how much of them is spent', () => {
  const calls = { used: 17, left: 483, limit: 500, resets_at: null };
  expect(callsWords(calls)).toBe('17 calls used, 483 of 500 left');
  expect(callsSpent(calls)).toBeCloseTo(0.034);
  expect(callsWords({ ...calls, used: 1, left: null })).toBe('1 call used of 500');
  expect(callsSpent({ ...calls, left: null })).toBeCloseTo(0.034);
  expect(callsWords({ ...calls, left: null, limit: null })).toBe('17 calls used');
  expect(callsWords({ ...calls, limit: null })).toBe('17 calls used, 483 left');
  expect(callsSpent({ ...calls, limit: null })).toBeNull();
  expect(callsSpent({ ...calls, left: 700 })).toBe(0);
});

test('a form sends what its provider can be asked for, and nothing else', () => {
  const draft = { ...emptyDraft('p'), name: ' Chips ', words: ' chips ', symbols: 'aapl, gm gm' };
  const guardian = provider({ words: true, sections: ['business'] });
  expect(requestOf({ ...draft, sections: 'business' }, guardian)).toEqual({
    ok: true,
    value: { name: 'Chips', words: 'chips', sections: ['business'] },
  });
  const prices = provider({ symbols: true }, 'prices');
  expect(requestOf(draft, prices)).toEqual({
    ok: true,
    value: { name: 'Chips', symbols: ['AAPL', 'GM'] },
  });
  // What only operators may have is said only where it is wanted, or was.
  const read = requestOf(draft, prices, true);
  expect(read.ok && read.value.follows_viewers).toBe(false);
});

test('what is missing is told at its field', () => {
  const fault = (draft: Partial<ReturnType<typeof emptyDraft>>, of: ProviderBody) => {
    const read = requestOf({ ...emptyDraft('p'), name: 'A', ...draft }, of);
    return read.ok ? null : read.fault.field;
  };
  expect(fault({ name: ' ' }, provider({ words: true }))).toBe('name');
  expect(fault({}, provider({ words: true }))).toBe('words');
  expect(fault({}, provider({ symbols: true }))).toBe('symbols');
  expect(fault({ symbols: 'AAPL, ?' }, provider({ symbols: true }))).toBe('symbols');
  expect(fault({ follows_viewers: true }, provider({ symbols: true }))).toBeNull();
  // A provider that takes nothing gives everything.
  expect(fault({}, provider({}))).toBeNull();
});

test('the server’s words lead to the field they are about', () => {
  expect(faultFrom('words: at character 7: a word is missing')).toEqual({
    field: 'words',
    words: 'at character 7: a word is missing',
  });
  expect(faultFrom('follows_viewers: only an operator may have it').field).toBe('follows_viewers');
  expect(faultFrom('something else')).toEqual({ field: 'name', words: 'something else' });
});

test('what a stream asks for, in a line', () => {
  const stream = { kind: 'news', words: '', sections: [], symbols: [], follows_viewers: false } as unknown as StreamBody; // prettier-ignore
  expect(asksWords(stream)).toBe('everything');
  expect(asksWords({ ...stream, words: 'chips', sections: ['a', 'b'] })).toBe('chips · in a, b');
  expect(asksWords({ ...stream, symbols: ['AAPL', 'GM'] })).toBe('about AAPL, GM');
  expect(listOf(' a, ,b; a')).toEqual(['a', 'b']);
});
