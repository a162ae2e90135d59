//! Entries to bytes. Nothing is allocated but what `out` grows by.

use ledger::{
    Action, Cents, Effect, Entry, Event, Fill, Malformed, Millis, Outcome, Quote, Refusal, Ticket, UserName,
};
use market::{Price, Symbol};

use super::BLOCK_VERSION;
use super::code::{self, flag};
use crate::varint::{write_i64, write_u64};

/// Room for nearly every record, asked for at once.
const USUAL_BYTES: usize = 160;

/// Begins the bytes of a block; records follow.
pub fn begin_block(out: &mut Vec<u8>) {
    out.push(BLOCK_VERSION);
}

/// Appends one entry as a record, under the user's name; the entry's `user` is not looked at.
pub fn write_entry(entry: &Entry, user: &UserName, out: &mut Vec<u8>) {
    out.reserve(USUAL_BYTES);
    let start = out.len();
    out.push(0);
    write_body(entry, user, out);
    write_length(start, out);
}

/// Puts the length of all after `start` there, where one byte is left for it.
fn write_length(start: usize, out: &mut Vec<u8>) {
    let end = out.len();
    let mut length = end - start - 1;
    if length < 0x80 {
        out[start] = length as u8;
        return;
    }
    // It takes more than that byte: what follows moves back.
    let more = (usize::BITS - length.leading_zeros()).div_ceil(7) as usize - 1;
    out.resize(end + more, 0);
    out.copy_within(start + 1..end, start + 1 + more);
    for byte in &mut out[start..start + more] {
        *byte = length as u8 | 0x80;
        length >>= 7;
    }
    out[start + more] = length as u8;
}

fn write_body(entry: &Entry, user: &UserName, out: &mut Vec<u8>) {
    let (mut flags, what) = match &entry.event {
        Event::Command { action, key, outcome } => {
            let key = if key.is_some() { flag::KEY } else { 0 };
            let refused = if matches!(outcome, Outcome::Refused(_)) { flag::REFUSED } else { 0 };
            (code::COMMAND | key | refused, code::of_action(action))
        }
        Event::Expired(ticket) => (code::EXPIRED, code::of_side(ticket.side)),
        Event::Fired(fill) => (code::FIRED, code::of_side(fill.side)),
        Event::Quoted { .. } => (code::QUOTED, 0),
    };
    if let Some(quote) = &entry.quote {
        flags |= flag::QUOTE;
        flags |= if quote.fresh { flag::FRESH } else { 0 };
        flags |= if quote.answer.is_some() { flag::ANSWER } else { 0 };
    }
    out.extend_from_slice(&[flags, what]);
    write_text(user.as_bytes(), out);
    write_u64(entry.seq.wrapping_sub(entry.previous), out);
    write_i64(entry.at.0, out);
    write_u64(entry.n, out);
    if let Event::Command { key: Some(key), .. } = &entry.event {
        out.extend_from_slice(&key.0.to_le_bytes());
    }
    if let Some(quote) = &entry.quote {
        write_quote(quote, entry.at, out);
    }
    let said = Said::by(entry);
    match &entry.event {
        Event::Command { action, outcome, .. } => {
            write_action(action, out);
            match outcome {
                Outcome::Done(effect) => write_effect(effect, &said, out),
                Outcome::Refused(refusal) => write_refusal(*refusal, &said, out),
            }
        }
        Event::Expired(ticket) => write_ticket(ticket, &said, out),
        Event::Fired(fill) => write_fill(fill, &said, out),
        Event::Quoted { symbol } => write_text(symbol.as_bytes(), out),
    }
}

/// What an entry has said already when its effect is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) seq: u64,
    pub(super) at: Millis,
    pub(super) n: u64,
    /// The symbol of the command.
    pub(super) symbol: Option<Symbol>,
    /// The amount of the command.
    pub(super) amount: Cents,
    /// The trigger price of the command.
    pub(super) trigger: Price,
    /// The price of the quote.
    pub(super) price: Price,
}

impl Said {
    fn by(entry: &Entry) -> Self {
        let said = Self {
            seq: entry.seq,
            at: entry.at,
            n: entry.n,
            symbol: None,
            amount: Cents::ZERO,
            trigger: Price::from_units(0),
            price: entry.quote.as_ref().map_or(Price::from_units(0), |quote| quote.price),
        };
        match &entry.event {
            Event::Command { action, .. } => said.and_by(action),
            _ => said,
        }
    }

    /// With what a command says.
    pub(super) fn and_by(mut self, action: &Action) -> Self {
        self.symbol = action.symbol();
        match *action {
            Action::Add { amount }
            | Action::Buy { amount, .. }
            | Action::Sell { amount, .. }
            | Action::SetBuyAmount { amount, .. }
            | Action::SetSellAmount { amount, .. } => self.amount = amount,
            Action::SetBuyTrigger { price, .. } | Action::SetSellTrigger { price, .. } => {
                self.trigger = price;
            }
            Action::SetTrigger { amount, price, .. } => (self.amount, self.trigger) = (amount, price),
            _ => {}
        }
        self
    }
}

fn write_text(text: &[u8], out: &mut Vec<u8>) {
    write_u64(text.len() as u64, out);
    out.extend_from_slice(text);
}

/// The difference, around the end of the range if need be.
fn write_difference(value: i64, from: i64, out: &mut Vec<u8>) {
    write_i64(value.wrapping_sub(from), out);
}

fn write_quote(quote: &Quote, at: Millis, out: &mut Vec<u8>) {
    write_i64(quote.price.units(), out);
    write_text(quote.source.as_str().as_bytes(), out);
    write_difference(quote.arrived.0, at.0, out);
    write_difference(quote.provider_time.0, quote.arrived.0, out);
    if let Some(answer) = &quote.answer {
        write_text(answer.as_bytes(), out);
    }
}

fn write_action(action: &Action, out: &mut Vec<u8>) {
    match *action {
        Action::Add { amount } => write_i64(amount.0, out),
        Action::Buy { symbol, amount }
        | Action::Sell { symbol, amount }
        | Action::SetBuyAmount { symbol, amount }
        | Action::SetSellAmount { symbol, amount } => {
            write_text(symbol.as_bytes(), out);
            write_i64(amount.0, out);
        }
        Action::SetBuyTrigger { symbol, price } | Action::SetSellTrigger { symbol, price } => {
            write_text(symbol.as_bytes(), out);
            write_i64(price.units(), out);
        }
        Action::Quote { symbol } | Action::CancelSetBuy { symbol } | Action::CancelSetSell { symbol } => {
            write_text(symbol.as_bytes(), out);
        }
        Action::DumpLog { ref file } => write_text(file.as_str().as_bytes(), out),
        Action::CommitTicket { id } | Action::CancelTicket { id } => write_u64(id, out),
        Action::SetTrigger { side, symbol, amount, price } => {
            out.push(code::of_side(side));
            write_text(symbol.as_bytes(), out);
            write_i64(amount.0, out);
            write_i64(price.units(), out);
        }
        Action::Malformed(ref malformed) => write_malformed(malformed, out),
        Action::CommitBuy
        | Action::CancelBuy
        | Action::CommitSell
        | Action::CancelSell
        | Action::DisplaySummary => {}
    }
}

fn write_malformed(malformed: &Malformed, out: &mut Vec<u8>) {
    out.push(code::of_fault(malformed.fault));
    out.push(malformed.verb.map_or(0, code::of_verb));
    // No symbol is empty.
    write_text(malformed.symbol.as_ref().map_or(&[], |symbol| symbol.as_bytes()), out);
    out.push(u8::from(malformed.amount.is_some()));
    if let Some(amount) = malformed.amount {
        write_i64(amount.0, out);
    }
}

/// A symbol; nothing when it is the command's.
fn write_symbol(symbol: &Symbol, said: &Said, out: &mut Vec<u8>) {
    if said.symbol.as_ref() == Some(symbol) {
        out.push(0);
    } else {
        write_text(symbol.as_bytes(), out);
    }
}

fn write_effect(effect: &Effect, said: &Said, out: &mut Vec<u8>) {
    out.push(code::of_effect(effect));
    match effect {
        Effect::Noted => {}
        Effect::Deposited { amount } => write_difference(amount.0, said.amount.0, out),
        Effect::Opened(ticket) | Effect::Cancelled(ticket) => {
            out.push(code::of_side(ticket.side));
            write_ticket(ticket, said, out);
        }
        Effect::Committed { ticket, basis } => {
            out.push(code::of_side(ticket.side));
            write_ticket(ticket, said, out);
            write_i64(basis.0, out);
        }
        Effect::BuySet { symbol, amount, returned, price } => {
            write_symbol(symbol, said, out);
            write_difference(amount.0, said.amount.0, out);
            write_i64(returned.0, out);
            out.push(u8::from(price.is_some()));
            if let Some(price) = price {
                write_difference(price.units(), said.trigger.units(), out);
            }
        }
        Effect::BuyArmed { symbol, price } => {
            write_symbol(symbol, said, out);
            write_difference(price.units(), said.trigger.units(), out);
        }
        Effect::BuyUnset { symbol, returned } => {
            write_symbol(symbol, said, out);
            write_i64(returned.0, out);
        }
        Effect::SellSet { symbol, amount, returned } => {
            write_symbol(symbol, said, out);
            write_difference(amount.0, said.amount.0, out);
            write_i64(returned.0, out);
        }
        Effect::SellArmed { symbol, amount, price, shares, returned } => {
            write_symbol(symbol, said, out);
            write_difference(amount.0, said.amount.0, out);
            write_difference(price.units(), said.trigger.units(), out);
            write_i64(shares.0, out);
            write_i64(returned.0, out);
        }
        Effect::SellUnset { symbol, returned } => {
            write_symbol(symbol, said, out);
            write_i64(returned.0, out);
        }
    }
}

/// Everything but its side.
fn write_ticket(ticket: &Ticket, said: &Said, out: &mut Vec<u8>) {
    write_u64(said.seq.wrapping_sub(ticket.id), out);
    write_symbol(&ticket.symbol, said, out);
    write_i64(ticket.shares.0, out);
    write_difference(ticket.price.units(), said.price.units(), out);
    write_i64(ticket.total.0, out);
    write_u64(said.n.wrapping_sub(ticket.n), out);
    write_difference(said.at.0, ticket.opened.0, out);
}

/// Everything but its side.
fn write_fill(fill: &Fill, said: &Said, out: &mut Vec<u8>) {
    write_symbol(&fill.symbol, said, out);
    write_i64(fill.shares.0, out);
    write_i64(fill.total.0, out);
    write_i64(fill.reserved.0, out);
    write_i64(fill.basis.0, out);
    write_difference(fill.trigger.units(), said.price.units(), out);
    write_u64(said.seq.wrapping_sub(fill.armed), out);
}

fn write_refusal(refusal: Refusal, said: &Said, out: &mut Vec<u8>) {
    out.push(code::of_refusal(refusal));
    match refusal {
        Refusal::Malformed(fault) => out.push(code::of_fault(fault)),
        Refusal::InsufficientCash { needed, available }
        | Refusal::InsufficientValue { needed, available } => {
            write_difference(needed.0, said.amount.0, out);
            write_i64(available.0, out);
        }
        Refusal::InsufficientShares { needed, available } => {
            write_i64(needed.0, out);
            write_i64(available.0, out);
        }
        _ => {}
    }
}
