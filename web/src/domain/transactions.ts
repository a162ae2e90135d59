/** Transactions in words, and the filters that find them. */
import { withDollars } from './refusal';
import type { SideName, TransactionBody, TransactionKind } from './api-types';
import { centsOf, formatMoney, formatShares, formatUnits, sharesOf, unitsOf } from './money'; // prettier-ignore

export const kinds: Record<TransactionKind, { label: string; glyph: string }> = {
  deposit: { label: 'Deposit', glyph: '+' },
  ticket_opened: { label: 'Ticket', glyph: '◷' },
  ticket_committed: { label: 'Committed', glyph: '✓' },
  ticket_cancelled: { label: 'Cancelled', glyph: '✕' },
  ticket_expired: { label: 'Expired', glyph: '◌' },
  trigger_set: { label: 'Amount set', glyph: '◇' },
  trigger_armed: { label: 'Automatic set', glyph: '◆' },
  trigger_removed: { label: 'Automatic removed', glyph: '✕' },
  trigger_fired: { label: 'Automatic trade', glyph: '⚡\ufe0e' },
  inquiry: { label: 'Inquiry', glyph: '?' },
  refused: { label: 'Refused', glyph: '!' },
};

export const kindNames = Object.keys(kinds) as TransactionKind[];

export const sideWord: Record<SideName, string> = { buy: 'buy', sell: 'sell' };
const doing: Record<SideName, string> = { buy: 'buying', sell: 'selling' };
const past: Record<SideName, string> = { buy: 'Bought', sell: 'Sold' };
const noun: Record<SideName, string> = { buy: 'purchase', sell: 'sale' };

type Lot = { side: SideName | null; symbol: string | null; shares: string | null; price: string | null }; // prettier-ignore

/** `3 AAPL at $150.23`. */
export function lotText({ symbol, shares, price }: Lot): string {
  const count = shares === null ? '' : `${formatShares(sharesOf(shares))} `;
  const at = price === null ? '' : ` at ${formatUnits(unitsOf(price))}`;
  return `${count}${symbol ?? ''}${at}`;
}

function tradeText(one: TransactionBody, how = ''): string {
  const amount = one.amount === null ? '' : ` for ${formatMoney(centsOf(one.amount))}`;
  return `${past[one.side ?? 'buy']}${how} ${lotText(one)}${amount}`;
}

/** What happened, as one would say it. */
export function sentenceOf(one: TransactionBody): string {
  const side = one.side ?? 'buy';
  const money = one.amount === null ? '' : formatMoney(centsOf(one.amount));
  const trigger = `${side === 'buy' ? 'at or below' : 'at or above'} ${formatUnits(unitsOf(one.price))}`; // prettier-ignore
  switch (one.kind) {
    case 'deposit':
      return `Added ${money}`;
    case 'ticket_opened':
      return `Ticket to ${sideWord[side]} ${lotText(one)}`;
    case 'ticket_committed':
      return tradeText(one);
    case 'ticket_cancelled':
      return `Gave up ${doing[side]} ${lotText(one)}`;
    case 'ticket_expired':
      return `Time ran out to ${sideWord[side]} ${lotText(one)}`;
    case 'trigger_set':
      return `Automatic ${noun[side]} of ${one.symbol}: ${money} set, no price yet`;
    case 'trigger_armed':
      return `Automatic ${noun[side]} of ${one.symbol} ${trigger}${money && `, for ${money}`}`;
    case 'trigger_removed':
      return `Automatic ${noun[side]} of ${one.symbol} removed`;
    case 'trigger_fired':
      return tradeText(one, ' automatically');
    case 'inquiry':
      return one.command === 'QUOTE' ? `Asked for the price of ${one.symbol}` : `Asked for ${one.command === 'DUMPLOG' ? 'the log' : 'the summary'}`; // prettier-ignore
    case 'refused':
      return withDollars(one.message ?? one.reason ?? 'Refused');
  }
}

export type Filter = {
  kind: TransactionKind | '';
  symbol: string;
  /** As a form field of date and time gives them, in the reader's own time zone. */
  from: string;
  to: string;
};

export const everything: Filter = { kind: '', symbol: '', from: '', to: '' };

function instant(local: string): string | null {
  const ms = local === '' ? Number.NaN : new Date(local).getTime();
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

export function isFiltered(filter: Filter): boolean {
  return Object.values(filter).some((value) => value !== '');
}

/** As the server takes it; what is not filled in is left out. */
export function filterQuery(filter: Filter): URLSearchParams {
  const query = new URLSearchParams();
  if (filter.kind) query.set('kind', filter.kind);
  const symbol = filter.symbol.trim().toUpperCase();
  if (symbol) query.set('symbol', symbol);
  const from = instant(filter.from);
  if (from) query.set('from', from);
  const to = instant(filter.to);
  if (to) query.set('to', to);
  return query;
}

/** Whether something that just happened belongs into the list that is shown. */
export function matches(filter: Filter, one: TransactionBody): boolean {
  const query = filterQuery(filter);
  const at = Date.parse(one.timestamp);
  const from = query.get('from');
  const to = query.get('to');
  return (
    (!filter.kind || one.kind === filter.kind) &&
    (!query.has('symbol') || one.symbol === query.get('symbol')) &&
    (from === null || at >= Date.parse(from)) &&
    (to === null || at < Date.parse(to))
  );
}

/** All words of a search, in any order, anywhere in what a line shows. */
export function found(words: string, one: TransactionBody): boolean {
  const text =
    [one.id, kinds[one.kind].label, one.command, one.side, sentenceOf(one), one.reason, one.message, one.amount, one.price, one.ticket] // prettier-ignore
      .join(' ')
      .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
