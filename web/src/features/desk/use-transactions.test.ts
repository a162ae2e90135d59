import { expect, test } from 'vitest';
import { everything } from '../../domain/transactions';
import { transaction } from '../../testing/desk-samples';
import { transactionsPathOf, withNewest } from './use-transactions';

const page = (...ids: string[]) => ({
  transactions: ids.map((id) => transaction({ id })),
  next_cursor: null,
});
const idsOf = (pages: { pages: { transactions: { id: string }[] }[] }) =>
  pages.pages.map((one) => one.transactions.map(({ id }) => id));

test('what happens comes in front, once', () => {
  const pages = { pages: [page('0-3', '0-2'), page('0-1')], pageParams: [null, '0-2'] };
  expect(idsOf(withNewest(pages, transaction({ id: '0-4' })))).toEqual([
    ['0-4', '0-3', '0-2'],
    ['0-1'],
  ]);
  expect(withNewest(pages, transaction({ id: '0-1' }))).toBe(pages);
});

test('the address of a list', () => {
  expect(transactionsPathOf(everything)).toBe('/api/v1/transactions');
  expect(transactionsPathOf({ ...everything, symbol: 'BRK.B' }, { limit: '5' })).toBe(
    '/api/v1/transactions?symbol=BRK.B&limit=5',
  );
});
