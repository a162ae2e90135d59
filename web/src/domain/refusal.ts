/** Why a command was not done, in words a person can act on. */

import { centsOf, formatMoney } from './money';

export type Refusal = {
  code: string | null;
  /** The server's own words. */
  message: string;
  /** What one can do about it; empty where the words say all. */
  hint: string;
  /** It may have been done: the connection was cut before the answer came. */
  isUnknown: boolean;
  /** Which field it is about. */
  field: 'amount' | 'price';
};

const hints: Record<string, string> = {
  stale_price:
    'The desk trades on fresh prices only, so that nobody trades on one that is long gone. Nothing was set aside. Ask again once the price moves.',
  no_price: 'Nobody has traded it yet today. Ask again once there is a price.',
  insufficient_cash:
    'Lower the amount, cancel an open ticket or an automatic purchase, or add money.',
  below_one_share: 'Only whole shares are traded: the amount must be at least the price of one.',
  no_shares: 'Shares in open tickets and automatic sales are not available until those end.',
  insufficient_value: 'Lower the amount to what the available shares are worth.',
  insufficient_shares:
    'Lower the amount or raise the price: amount ÷ price is the shares it needs.',
  no_account: 'Add paper money to begin.',
  ticket_expired: 'Nothing was traded, and what was set aside is available again.',
  ticket_committed: 'It was done before, perhaps in another window.',
  ticket_cancelled: 'Nothing was traded, and what was set aside is available again.',
  too_many_tickets: '',
  closed: 'Nothing was changed.',
};

const priceCodes = new Set(['price_not_positive', 'price_too_large', 'bad_price']);

/** Money in the server's words, as money is written everywhere else on the page. */
export function withDollars(text: string): string {
  return text.replace(/(?<![\d.$])\d+\.\d{2}(?![\d.]*\d)/g, (money) => formatMoney(centsOf(money)));
}

function sentence(text: string): string {
  return withDollars(/[.!?…]$/.test(text) ? text : `${text}.`);
}

export function refusalFrom(message: string, code: string | null, isUnknown: boolean): Refusal {
  if (isUnknown)
    return {
      code,
      message: 'The connection was cut before the answer came.',
      hint: 'It is not known whether it was done. Press again: it is never done twice.',
      isUnknown,
      field: 'amount',
    };
  return {
    code,
    message: sentence(message),
    hint: (code && hints[code]) ?? '',
    isUnknown,
    field: code && priceCodes.has(code) ? 'price' : 'amount',
  };
}

/** What the page itself can see is wrong with a field. */
export function fieldFault(message: string, field: Refusal['field']): Refusal {
  return { code: 'typed', message, hint: '', isUnknown: false, field };
}
