import { expect, test } from 'vitest';
import { fieldFault, refusalFrom, withDollars } from './refusal';

test('the server’s words become a sentence, with what one can do', () => {
  const stale = refusalFrom('The last price of this symbol is too old to trade on', 'stale_price', false); // prettier-ignore
  expect(stale.message).toBe('The last price of this symbol is too old to trade on.');
  expect(stale.hint).toContain('fresh prices only');
  expect(refusalFrom('Busy!', 'never_heard_of', false)).toMatchObject({ message: 'Busy!', hint: '' }); // prettier-ignore
});

test('a cut says that the outcome is unknown, whatever else is known', () => {
  const cut = refusalFrom('The server cannot be reached.', null, true);
  expect(cut.isUnknown).toBe(true);
  expect(cut.hint).toContain('never done twice');
});

test('it stands beside the field it is about', () => {
  expect(refusalFrom('x', 'price_not_positive', false).field).toBe('price');
  expect(refusalFrom('x', 'insufficient_cash', false).field).toBe('amount');
  expect(fieldFault('It must be above zero.', 'price').field).toBe('price');
});

test('amounts in the words are written as money is', () => {
  expect(withDollars('it needs 9999999.00, 91665.10 is available')).toBe(
    'it needs $9,999,999.00, $91,665.10 is available',
  );
  expect(withDollars('at most 8 digits, 0.00001234 or 3.14159')).toBe(
    'at most 8 digits, 0.00001234 or 3.14159',
  );
  expect(withDollars('It is 5.00.')).toBe('It is $5.00.');
});
