import { expect, test } from 'vitest';
import { parsePath, symbolPath } from './paths';
import { asSymbol, parseSymbol, parseSymbols, splitSymbol } from './symbol';

test('symbols of every shape survive, others are refused', () => {
  for (const symbol of ['AAPL', 'BRK.B', 'BINANCE:BTCUSDT'])
    expect(parseSymbol(symbol)).toBe(symbol);
  expect(parseSymbol(' aapl ')).toBe('AAPL');
  for (const text of ['', '  ', 'A B', '<b>', 'X'.repeat(33), '.A'])
    expect(parseSymbol(text)).toBeNull();
});

test('several at once, each only once', () => {
  expect(parseSymbols('aapl, MSFT;tsla,\nAAPL, ')).toEqual(['AAPL', 'MSFT', 'TSLA']);
});

test('addresses lead back to the same symbol', () => {
  for (const text of ['AAPL', 'BRK.B', 'BINANCE:BTCUSDT', 'BF/B']) {
    const symbol = asSymbol(text);
    expect(parsePath(symbolPath(symbol))).toEqual({ view: 'symbol', symbol });
  }
  expect(parsePath('/')).toEqual({ view: 'watchlist' });
  expect(parsePath('/symbol/%')).toEqual({ view: 'missing' });
  expect(parsePath('/nowhere')).toEqual({ view: 'missing' });
  expect(splitSymbol(asSymbol('BINANCE:BTCUSDT'))).toEqual({ venue: 'BINANCE', local: 'BTCUSDT' });
});
