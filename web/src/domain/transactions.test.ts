import { expect, test } from 'vitest';
import { transaction } from '../testing/desk-samples';
import { everything, filterQuery, found, isFiltered, kindNames, matches, sentenceOf } from './transactions'; // prettier-ignore

test.each([
  [{}, 'Bought 3 AAPL at $150.23 for $450.69'],
  [{ side: 'sell', profit: '-1.50', amount: '449.19' }, 'Sold 3 AAPL at $150.23 for $449.19'],
  [{ kind: 'deposit', amount: '1000.00' }, 'Added $1,000.00'],
  [{ kind: 'ticket_opened' }, 'Ticket to buy 3 AAPL at $150.23'],
  [{ kind: 'ticket_expired', side: 'sell' }, 'Time ran out to sell 3 AAPL at $150.23'],
  [
    { kind: 'trigger_armed', amount: '500.00', price: '149.50' },
    'Automatic purchase of AAPL at or below $149.50, for $500.00',
  ],
  [{ kind: 'trigger_fired' }, 'Bought automatically 3 AAPL at $150.23 for $450.69'],
  [{ kind: 'inquiry', command: 'QUOTE' }, 'Asked for the price of AAPL'],
  [{ kind: 'refused', message: 'The amount must be above zero' }, 'The amount must be above zero'],
] as const)('%j reads %s', (part, text) => {
  expect(sentenceOf(transaction(part))).toBe(text);
});

test('every kind has a sentence', () => {
  for (const kind of kindNames) expect(sentenceOf(transaction({ kind })).length).toBeGreaterThan(4);
});

test('only what is filled in is asked for', () => {
  expect(filterQuery(everything).toString()).toBe('');
  expect(isFiltered(everything)).toBe(false);
  const filter = { kind: 'deposit', symbol: ' aapl ', from: '', to: 'nonsense' } as const;
  expect(filterQuery(filter).toString()).toBe('kind=deposit&symbol=AAPL');
  const from = '2026-01-05T15:00';
  expect(filterQuery({ ...everything, from }).get('from')).toBe(new Date(from).toISOString());
});

test('what just happened is listed only where it belongs', () => {
  const one = transaction();
  expect(matches(everything, one)).toBe(true);
  expect(matches({ ...everything, symbol: 'aapl' }, one)).toBe(true);
  expect(matches({ ...everything, symbol: 'F' }, one)).toBe(false);
  expect(matches({ ...everything, kind: 'deposit' }, one)).toBe(false);
  expect(matches({ ...everything, to: '2020-01-01T00:00' }, one)).toBe(false);
});

test('a search takes words in any order', () => {
  expect(found('', transaction())).toBe(true);
  expect(found('aapl bought', transaction())).toBe(true);
  expect(found('450.69', transaction())).toBe(true);
  expect(found('aapl sold', transaction())).toBe(false);
});
