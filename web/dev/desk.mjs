/**
 * A look-alike of the desk for developing the page: one account in memory, the rules in brief, and
 * integers for money. What is refused, and why, is worded as the real one does.
 */

const UNITS_PER_CENT = 1_000_000n;
const AMOUNT_MAX = 1_000_000_000_000n;

class Refusal extends Error {
  constructor(code, detail, status = 409) {
    super(detail);
    this.code = code;
    this.status = status;
  }
}

function decimal(text, decimals, code, words) {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(typeof text === 'string' ? text : '');
  if (!found) throw new Refusal(code, words, 400);
  const fraction = found[3] ?? '';
  if (fraction.length > decimals)
    throw new Refusal('too_many_decimals', 'An amount has at most two decimals', 400);
  const value = BigInt(found[2] + fraction.padEnd(decimals, '0'));
  return found[1] ? -value : value;
}

function amountOf(text) {
  const cents = decimal(text, 2, 'bad_amount', 'An amount is digits, and a point with cents if need be'); // prettier-ignore
  if (cents <= 0n) throw new Refusal('amount_not_positive', 'The amount must be above zero', 400);
  if (cents > AMOUNT_MAX)
    throw new Refusal('amount_too_large', 'The amount is too large: at most 10000000000.00 at once', 400); // prettier-ignore
  return cents;
}

function triggerPriceOf(text) {
  const units = decimal(text, 8, 'bad_amount', 'A price is digits, and a point with decimals if need be'); // prettier-ignore
  if (units <= 0n) throw new Refusal('price_not_positive', 'The price must be above zero', 400);
  return units;
}

const money = (cents) => {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};
const priceText = (units) => {
  const digits = String(units).padStart(9, '0');
  return `${digits.slice(0, -8)}.${digits.slice(-8).replace(/0{1,6}$/, '')}`;
};
const cost = (shares, units) => (shares * units + UNITS_PER_CENT - 1n) / UNITS_PER_CENT;
const proceeds = (shares, units) => (shares * units) / UNITS_PER_CENT;
const rfc = (ms) => new Date(ms).toISOString();

export class Desk {
  /** `quoteOf` answers `{ price, at }` of a symbol, null without a trade, undefined when unknown. */
  constructor({ quoteOf, onUpdate, clockMs = 60_000, staleMs = 60_000 }) {
    Object.assign(this, { quoteOf, onUpdate, clockMs, staleMs });
    this.seq = 0;
    this.isOpen = false;
    this.available = 0n;
    this.deposited = 0n;
    this.tickets = new Map();
    this.triggers = new Map();
    this.holdings = new Map();
    this.log = [];
    this.answers = new Map();
    this.proof = null;
  }

  /** Runs a command once for each key; a repeat is given the first answer. */
  once(key, run) {
    if (key && this.answers.has(key)) return this.answers.get(key);
    let answer;
    try {
      answer = run();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message, status } = error;
      this.note({ kind: 'refused', command: 'REQUEST', reason: code, message });
      answer = [status, { type: 'about:blank', title: 'Refused', status, detail: message, code }];
    }
    if (key) this.answers.set(key, answer);
    return answer;
  }

  note(part) {
    this.seq += 1;
    const transaction = {
      id: `0-${this.seq}`,
      timestamp: rfc(Date.now()),
      user: 'me',
      n: this.seq,
      command: '',
      kind: 'inquiry',
      side: null,
      symbol: null,
      shares: null,
      price: null,
      amount: null,
      profit: null,
      available_change: '0.00',
      ticket: null,
      reason: null,
      message: null,
      quote: null,
      ...part,
    };
    this.log.unshift(transaction);
    this.onUpdate({ transaction, account: this.account() });
    return transaction;
  }

  quote(symbol) {
    const quote = this.quoteOf(symbol);
    if (quote === undefined)
      throw new Refusal('unknown_symbol', 'No such symbol is traded here', 404);
    if (quote === null) throw new Refusal('no_price', 'There is no price of this symbol now');
    const age = Date.now() - quote.at;
    if (age > this.staleMs)
      throw new Refusal('stale_price', 'The last price of this symbol is too old to trade on');
    const units = BigInt(Math.round(quote.price * 1e8));
    const source = { source: 'sim', timestamp: rfc(quote.at), arrived_at: rfc(quote.at), age_ms: age }; // prettier-ignore
    return { units, source };
  }

  needAccount() {
    if (!this.isOpen) throw new Refusal('no_account', 'There is no account yet: add money first');
  }

  needCash(needed, returned = 0n) {
    const available = this.available + returned;
    if (available < needed)
      throw new Refusal('insufficient_cash', `There is not enough available cash: the purchase needs ${money(needed)}, ${money(available)} is available`); // prettier-ignore
  }

  holding(symbol) {
    let held = this.holdings.get(symbol);
    if (!held) {
      held = { symbol, available: 0n, reserved: 0n, cost: 0n, realised: 0n };
      this.holdings.set(symbol, held);
    }
    return held;
  }

  deposit({ amount }) {
    const cents = amountOf(amount);
    this.isOpen = true;
    this.available += cents;
    this.deposited += cents;
    const { id } = this.note({ kind: 'deposit', command: 'ADD', amount: money(cents), available_change: money(cents) }); // prettier-ignore
    return [201, { id, amount: money(cents), available: money(this.available) }];
  }

  openTicket({ side, symbol, amount }) {
    const cents = amountOf(amount);
    this.needAccount();
    const held = this.holdings.get(symbol);
    if (side === 'sell' && !(held?.available > 0n))
      throw new Refusal('no_shares', 'There are no shares of this symbol available');
    if (side === 'buy') this.needCash(cents);
    const { units, source } = this.quote(symbol);
    if (side === 'sell' && held.available * units < cents * UNITS_PER_CENT)
      throw new Refusal('insufficient_value', `The available shares are not worth enough: the sale needs ${money(cents)}, they are worth ${money(proceeds(held.available, units))}`); // prettier-ignore
    const shares = (cents * UNITS_PER_CENT) / units;
    if (shares === 0n)
      throw new Refusal('below_one_share', 'The amount does not come to one whole share');
    const total = side === 'buy' ? cost(shares, units) : proceeds(shares, units);
    const now = Date.now();
    const id = `0-${this.seq + 1}`;
    const body = {
      id,
      side,
      symbol,
      price: priceText(units),
      shares: String(shares),
      total: money(total),
      status: 'open',
      created_at: rfc(now),
      expires_at: rfc(now + this.clockMs),
      quote: source,
    };
    const timer = setTimeout(() => this.endTicket(id, 'expired', 'EXPIRY'), this.clockMs + 1);
    this.tickets.set(id, { body, shares, units, total, timer });
    if (side === 'buy') this.available -= total;
    else {
      held.available -= shares;
      held.reserved += shares;
    }
    this.note({ ...this.lot(body), kind: 'ticket_opened', command: side.toUpperCase(), ticket: id, available_change: side === 'buy' ? money(-total) : '0.00' }); // prettier-ignore
    return [201, body];
  }

  lot({ side, symbol, shares, price, total, quote }) {
    return { side, symbol, shares, price, amount: total, quote };
  }

  open(id) {
    const ticket = this.tickets.get(id);
    if (!ticket) throw new Refusal('no_such_ticket', 'There is no such ticket', 404);
    const { status } = ticket.body;
    if (status === 'expired')
      throw new Refusal(
        'ticket_expired',
        'The 60 seconds to confirm are over; ask for a new price',
      );
    if (status !== 'open')
      throw new Refusal(`ticket_${status}`, `This ticket is already ${status === 'committed' ? 'confirmed' : 'cancelled'}`); // prettier-ignore
    return ticket;
  }

  commit(id) {
    const { body, shares, total, timer } = this.open(id);
    clearTimeout(timer);
    body.status = 'committed';
    const { side, symbol } = body;
    const profit = side === 'buy' ? this.bought(symbol, shares, total) : this.sold(symbol, shares, total); // prettier-ignore
    this.note({ ...this.lot(body), kind: 'ticket_committed', command: `COMMIT_${side.toUpperCase()}`, ticket: id, profit, available_change: side === 'buy' ? '0.00' : money(total) }); // prettier-ignore
    return [200, body];
  }

  bought(symbol, shares, total) {
    const held = this.holding(symbol);
    held.available += shares;
    held.cost += total;
    return null;
  }

  sold(symbol, shares, total) {
    const held = this.holding(symbol);
    const all = held.available + held.reserved;
    const basis = all === shares ? held.cost : (held.cost * shares) / all;
    held.reserved -= shares;
    held.cost -= basis;
    held.realised += total - basis;
    this.available += total;
    return money(total - basis);
  }

  cancel(id) {
    this.open(id);
    return [200, this.endTicket(id, 'cancelled', 'CANCEL')];
  }

  endTicket(id, status, command) {
    const { body, shares, total, timer } = this.tickets.get(id);
    clearTimeout(timer);
    if (body.status !== 'open') return body;
    body.status = status;
    if (body.side === 'buy') this.available += total;
    else {
      const held = this.holding(body.symbol);
      held.available += shares;
      held.reserved -= shares;
    }
    this.note({ ...this.lot(body), kind: `ticket_${status}`, command: command === 'CANCEL' ? `CANCEL_${body.side.toUpperCase()}` : command, ticket: id, available_change: body.side === 'buy' ? money(total) : '0.00' }); // prettier-ignore
    return body;
  }

  setTrigger(side, symbol, request) {
    const amount = amountOf(request.amount);
    const price = triggerPriceOf(request.price);
    this.needAccount();
    const old = this.triggers.get(`${side} ${symbol}`);
    if (side === 'buy') this.needCash(amount, old?.amount ?? 0n);
    let shares = 0n;
    if (side === 'sell') {
      const held = this.holdings.get(symbol);
      const usable = (held?.available ?? 0n) + (old?.shares ?? 0n);
      if (usable === 0n)
        throw new Refusal('no_shares', 'There are no shares of this symbol available');
      shares = (amount * UNITS_PER_CENT) / price;
      if (shares === 0n)
        throw new Refusal('below_one_share', 'The amount does not come to one whole share');
      if (shares > usable)
        throw new Refusal('insufficient_shares', `There are not enough available shares: the trigger stands for ${shares}, ${usable} are available`); // prettier-ignore
      const { units } = this.quote(symbol);
      if (usable * units < amount * UNITS_PER_CENT)
        throw new Refusal('insufficient_value', `The available shares are not worth enough: the sale needs ${money(amount)}, they are worth ${money(proceeds(usable, units))}`); // prettier-ignore
    }
    this.quote(symbol);
    if (old) this.release(old);
    const trigger = { side, symbol, amount, price, shares };
    this.triggers.set(`${side} ${symbol}`, trigger);
    if (side === 'buy') this.available -= amount;
    else {
      const held = this.holding(symbol);
      held.available -= shares;
      held.reserved += shares;
    }
    const change = side === 'buy' ? money((old?.amount ?? 0n) - amount) : '0.00';
    this.note({ kind: 'trigger_armed', command: `SET_${side.toUpperCase()}_TRIGGER`, side, symbol, amount: money(amount), price: priceText(price), shares: side === 'sell' ? String(shares) : null, available_change: change }); // prettier-ignore
    const fired = this.fire(trigger);
    return [200, { trigger: fired ? null : this.triggerBody(trigger), fired }];
  }

  release({ side, symbol, amount, shares }) {
    if (side === 'buy') this.available += amount;
    else {
      const held = this.holding(symbol);
      held.available += shares;
      held.reserved -= shares;
    }
    this.triggers.delete(`${side} ${symbol}`);
  }

  removeTrigger(side, symbol) {
    const trigger = this.triggers.get(`${side} ${symbol}`);
    if (!trigger)
      throw new Refusal(`no_${side}_amount`, `No automatic ${side === 'buy' ? 'purchase' : 'sale'} of this symbol is set`, 404); // prettier-ignore
    this.release(trigger);
    this.note({ kind: 'trigger_removed', command: `CANCEL_SET_${side.toUpperCase()}`, side, symbol, amount: money(trigger.amount), available_change: side === 'buy' ? money(trigger.amount) : '0.00' }); // prettier-ignore
    return [204, null];
  }

  /** The trade, when the price is there. */
  fire({ side, symbol, amount, price, shares }) {
    const { units, source } = this.quote(symbol);
    const count = side === 'buy' ? (amount * UNITS_PER_CENT) / units : shares;
    if (count === 0n || (side === 'buy' ? units > price : units < price)) return null;
    this.triggers.delete(`${side} ${symbol}`);
    const total = side === 'buy' ? cost(count, units) : proceeds(count, units);
    const profit = side === 'buy' ? this.bought(symbol, count, total) : this.sold(symbol, count, total); // prettier-ignore
    if (side === 'buy') this.available += amount - total;
    return this.note({ kind: 'trigger_fired', command: 'TRIGGER', side, symbol, shares: String(count), price: priceText(units), amount: money(total), profit, quote: source, available_change: money(side === 'buy' ? amount - total : total) }); // prettier-ignore
  }

  /** A new price of a symbol. */
  priceMoved(symbol) {
    for (const side of ['buy', 'sell']) {
      const trigger = this.triggers.get(`${side} ${symbol}`);
      if (trigger) this.fire(trigger);
    }
  }

  triggerBody({ side, symbol, amount, price, shares }) {
    return { side, symbol, amount: money(amount), price: priceText(price), shares: String(shares) };
  }

  account() {
    const open = [...this.tickets.values()].filter(({ body }) => body.status === 'open');
    const sum = (all) => all.reduce((total, one) => total + one, 0n);
    const inTickets = sum(open.filter(({ body }) => body.side === 'buy').map(({ total }) => total));
    const triggers = [...this.triggers.values()];
    const inTriggers = sum(triggers.filter(({ side }) => side === 'buy').map(({ amount }) => amount)); // prettier-ignore
    const reserved = inTickets + inTriggers;
    return {
      user: 'me',
      is_open: this.isOpen,
      cash: {
        balance: money(this.available + reserved),
        available: money(this.available),
        reserved: money(reserved),
        in_tickets: money(inTickets),
        in_triggers: money(inTriggers),
      },
      deposited: money(this.deposited),
      holdings: [...this.holdings.values()]
        .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
        .map(({ symbol, available, reserved: kept, cost: paid, realised }) => {
          const all = available + kept;
          return {
            symbol,
            shares: String(all),
            available: String(available),
            reserved: String(kept),
            cost: money(paid),
            average_cost: all === 0n ? null : priceText(((paid * 100n) / all) * 10_000n),
            realised: money(realised),
          };
        }),
      tickets: open.map(({ body }) => ({ ...body })),
      triggers: triggers.map((one) => this.triggerBody(one)),
      last_transaction: this.seq === 0 ? null : `0-${this.seq}`,
    };
  }

  transactions(query) {
    const from = Date.parse(query.get('from') ?? '') || -Infinity;
    const to = Date.parse(query.get('to') ?? '') || Infinity;
    const before = Number(query.get('cursor') ?? Infinity);
    return this.log.filter((one) => {
      const at = Date.parse(one.timestamp);
      return (
        one.n < before &&
        at >= from &&
        at < to &&
        (!query.get('kind') || one.kind === query.get('kind')) &&
        (!query.get('symbol') || one.symbol === query.get('symbol'))
      );
    });
  }

  page(query) {
    const all = this.transactions(query);
    const transactions = all.slice(0, Number(query.get('limit') ?? 100));
    const last = transactions.at(-1);
    return { transactions, next_cursor: all.length > transactions.length ? String(last.n) : null };
  }

  csv(query) {
    const names = ['id', 'timestamp', 'user', 'n', 'command', 'kind', 'side', 'symbol', 'shares', 'price', 'amount', 'profit', 'available_change', 'ticket', 'reason', 'message']; // prettier-ignore
    const cell = (value) => (/[",\n]/.test(String(value ?? '')) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? '')); // prettier-ignore
    const lines = this.transactions(query).map((one) => names.map((name) => cell(one[name])));
    return [names, ...lines].map((line) => `${line.join(',')}\r\n`).join('');
  }

  audit() {
    const commands = this.log.map((one) => `  <userCommand><timestamp>${Date.parse(one.timestamp)}</timestamp><server>desk</server><transactionNum>${one.n}</transactionNum><command>${one.command}</command><username>me</username></userCommand>`); // prettier-ignore
    return `<?xml version="1.0"?>\n<log>\n${commands.join('\n')}\n</log>\n`;
  }

  prove() {
    this.proof = { verified_at: rfc(Date.now()), verified_entries: this.seq, is_sound: true };
  }

  ledger() {
    const never = { verified_at: null, verified_entries: 0, is_sound: null };
    return { entries: this.seq, ...(this.proof ?? never), damage: null };
  }
}
