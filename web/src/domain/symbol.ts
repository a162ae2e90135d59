/** A symbol is what people type: `AAPL`, `BRK.B`, `BINANCE:BTCUSDT`. */

declare const symbolBrand: unique symbol;
/** A symbol in the wide form, upper case, at most 32 characters. */
export type MarketSymbol = string & { readonly [symbolBrand]: true };

const grammar = /^[A-Z0-9][A-Z0-9.:_/\-^=]{0,31}$/;

export function parseSymbol(text: string): MarketSymbol | null {
  const upper = text.trim().toUpperCase();
  return grammar.test(upper) ? (upper as MarketSymbol) : null;
}

/** For symbols that come from the server and are known to be well formed. */
export function asSymbol(text: string): MarketSymbol {
  return text as MarketSymbol;
}

/** Several symbols typed or pasted with commas, semicolons or line ends between them. */
export function parseSymbols(text: string): MarketSymbol[] {
  const parts = text.split(/[,;\n\t]+/).filter((part) => part.trim() !== '');
  const found = parts.map(parseSymbol).filter((symbol) => symbol !== null);
  return [...new Set(found)];
}

/** The short name people use: `BTCUSDT` of `BINANCE:BTCUSDT`, with the venue beside it. */
export function splitSymbol(symbol: MarketSymbol): { venue: string | null; local: string } {
  const colon = symbol.indexOf(':');
  return colon < 0
    ? { venue: null, local: symbol }
    : { venue: symbol.slice(0, colon), local: symbol.slice(colon + 1) };
}
