import { expect, test } from 'vitest';
import type { ImpactBody, StudyBody } from './api-types';
import {
  ageWords,
  chanceWords,
  evidenceWords,
  impactWords,
  lagWords,
  pooledWords,
  searchFault,
  toneWords,
  updatesWords,
  webLink,
} from './news-words';

test('only the web is linked to', () => {
  expect(webLink('https://news.example/a?b=c')).toBe('https://news.example/a?b=c');
  expect(webLink('http://news.example')).toBe('http://news.example/');
  for (const url of [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    '/a',
    '',
    'news.example',
  ])
    // prettier-ignore
    expect(webLink(url)).toBeNull();
});

test('why an article is tied to a symbol', () => {
  const at = 3;
  expect(evidenceWords({ matched: 'Apple shares', field: 'title', at, rule: 'name_in_context' })).toBe('“Apple shares”, in the title, by name in context'); // prettier-ignore
  expect(evidenceWords({ matched: 'AAPL', field: 'provider', at, rule: 'provider' })).toBe('“AAPL”, named by the provider'); // prettier-ignore
});

test('a tone tells its weightiest words first', () => {
  const words = [
    { text: 'worried', weight: 0.28, is_negated: true },
    { text: 'plunge', weight: -0.6, is_negated: false },
  ];
  expect(toneWords({ score: -0.3, tone: 'negative', words })).toEqual([
    '“plunge” −0.60',
    '“worried” +0.28, turned by a negation',
  ]);
});

test.each([
  [-45, '45 s before'],
  [130, '2 min after'],
  [-7500, '2 h 05 min before'],
  [0, 'at the same moment'],
])('a lag of %i s', (seconds, words) => expect(lagWords(seconds)).toBe(words));

test('ages and updates', () => {
  expect(ageWords(-400)).toBe('just now');
  expect(ageWords(45_000)).toBe('45 s ago');
  expect([0, 1, 3].map(updatesWords)).toEqual(['', 'updated once', 'updated 3×']);
});

test('what the price did, or why it is not known', () => {
  const study = { change_percent: 0.734, abnormal_percent: -0.61 } as StudyBody;
  const impact: ImpactBody = { symbol: 'AAPL', minutes: 30, study, why_not: null };
  expect(impactWords(impact)).toBe('+0.73% in 30 min, −0.61% beyond the usual');
  const unknown = 'no price shortly before the article';
  expect(impactWords({ ...impact, study: null, why_not: unknown })).toBe(unknown);
  expect(impactWords({ ...impact, study: null })).toBe('not measured yet');
});

test('many articles together, in plain words', () => {
  expect(pooledWords(null, 30)).toBeNull();
  expect(pooledWords({ n: 12, mean_abnormal_percent: 0.31, t: 1.9 }, 30)).toBe(
    'After 12 articles with figures the price went +0.31% beyond the usual on average within 30 minutes (t +1.90): chance alone often makes as much.',
  );
  expect(chanceWords(-2.5)).toContain('seldom');
  expect(chanceWords(4)).toContain('hardly ever');
});

test('what is wrong with a search, and where', () => {
  expect(searchFault('q: at character 7: a phrase is not closed')).toEqual({
    words: 'at character 7: a phrase is not closed',
    at: 6,
  });
  expect(searchFault('there is no symbol X')).toEqual({ words: 'there is no symbol X', at: null });
});
