//! Lines of the complete list, from the journal's records.

use ledger::{Account, Action, Cents, Effect, Entry, Event, Fill, Outcome, Shares, Side, Ticket, Unit, Verb};
use market::{Price, Symbol};

use super::text::{money, place, price, time};
use super::{PriceSource, TransactionBody, TransactionKind};
use crate::journal::Record;

impl TransactionBody {
    /// A record of a shard as a line of its user's list; `None` for a price that was fetched for
    /// watching triggers, which is no transaction of anybody.
    pub fn from_record(record: &Record, shard: u16) -> Option<Self> {
        match record.entry.event {
            Event::Quoted { .. } => None,
            _ => Some(Self::of(record, shard)),
        }
    }

    /// A record of a shard as a line; a price that was fetched for watching triggers is a QUOTE.
    pub fn of(record: &Record, shard: u16) -> Self {
        let entry = &record.entry;
        let facts = Facts::of(entry);
        let (command, refusal) = match &entry.event {
            Event::Command { action, outcome: Outcome::Refused(refusal), .. } => {
                (action.name(), Some(*refusal))
            }
            Event::Command { action, .. } => (action.name(), None),
            Event::Expired(_) => ("EXPIRY", None),
            Event::Fired(_) => ("TRIGGER", None),
            Event::Quoted { .. } => (Verb::Quote.name(), None),
        };
        Self {
            id: place(shard, entry.seq),
            timestamp: time(entry.at),
            user: record.user.to_string(),
            n: entry.n,
            command: command.to_owned(),
            kind: facts.kind,
            side: facts.side.map(Into::into),
            symbol: facts.symbol.map(|symbol| symbol.to_string()),
            shares: facts.shares.map(|shares| shares.to_string()),
            price: facts.price.map(price),
            amount: facts.amount.map(|amount| amount.to_string()),
            profit: facts.profit.map(money),
            available_change: money(available_change(entry)),
            ticket: facts.ticket.map(|id| place(shard, id)),
            reason: refusal.map(|refusal| refusal.code().to_owned()),
            message: refusal.map(|refusal| refusal.to_string()),
            quote: entry.quote.as_ref().map(|quote| PriceSource::of(quote, entry.at)),
        }
    }
}

/// What the available cash changed by, in cents.
fn available_change(entry: &Entry) -> i128 {
    let postings = entry.postings();
    let cash = postings.iter().filter(|p| p.account == Account::Available && p.unit == Unit::Cash);
    cash.map(|posting| i128::from(posting.delta)).sum()
}

/// What a line says, before it is text.
struct Facts {
    kind: TransactionKind,
    side: Option<Side>,
    symbol: Option<Symbol>,
    shares: Option<Shares>,
    price: Option<Price>,
    amount: Option<Cents>,
    profit: Option<i128>,
    ticket: Option<u64>,
}

impl Facts {
    fn of(entry: &Entry) -> Self {
        let quoted = entry.quote.as_ref().map(|quote| quote.price);
        match &entry.event {
            Event::Command { action, outcome: Outcome::Refused(_), .. } => {
                let wanted = Self::wanted(action, TransactionKind::Refused);
                Self { price: wanted.price.or(quoted), ..wanted }
            }
            Event::Command { action, outcome: Outcome::Done(effect), .. } => {
                Self::done(action, effect, quoted)
            }
            Event::Expired(ticket) => Self::ticket(ticket, TransactionKind::TicketExpired),
            Event::Fired(fill) => Self::fired(fill, quoted),
            Event::Quoted { symbol } => {
                Self { symbol: Some(*symbol), price: quoted, ..Self::none(TransactionKind::Inquiry) }
            }
        }
    }

    fn none(kind: TransactionKind) -> Self {
        Self {
            kind,
            side: None,
            symbol: None,
            shares: None,
            price: None,
            amount: None,
            profit: None,
            ticket: None,
        }
    }

    /// What a command asks for.
    fn wanted(action: &Action, kind: TransactionKind) -> Self {
        let none = Self { side: side_of(action), symbol: action.symbol(), ..Self::none(kind) };
        match *action {
            Action::Add { amount }
            | Action::Buy { amount, .. }
            | Action::Sell { amount, .. }
            | Action::SetBuyAmount { amount, .. }
            | Action::SetSellAmount { amount, .. } => Self { amount: Some(amount), ..none },
            Action::SetBuyTrigger { price, .. } | Action::SetSellTrigger { price, .. } => {
                Self { price: Some(price), ..none }
            }
            Action::SetTrigger { amount, price, .. } => {
                Self { amount: Some(amount), price: Some(price), ..none }
            }
            Action::CommitTicket { id } | Action::CancelTicket { id } => Self { ticket: Some(id), ..none },
            Action::Malformed(ref malformed) => Self { amount: malformed.amount, ..none },
            _ => none,
        }
    }

    fn done(action: &Action, effect: &Effect, quoted: Option<Price>) -> Self {
        use TransactionKind::{Deposit, Inquiry, TriggerArmed, TriggerRemoved, TriggerSet};
        let about = |kind, side, symbol| Self { side: Some(side), symbol: Some(symbol), ..Self::none(kind) };
        match *effect {
            Effect::Noted => Self { price: quoted, ..Self::wanted(action, Inquiry) },
            Effect::Deposited { amount } => Self { amount: Some(amount), ..Self::none(Deposit) },
            Effect::Opened(ref ticket) => Self::ticket(ticket, TransactionKind::TicketOpened),
            Effect::Committed { ref ticket, basis } => {
                let profit = profit(ticket.side, ticket.total, basis);
                Self { profit, ..Self::ticket(ticket, TransactionKind::TicketCommitted) }
            }
            Effect::Cancelled(ref ticket) => Self::ticket(ticket, TransactionKind::TicketCancelled),
            Effect::BuySet { symbol, amount, price, .. } => {
                let kind = if price.is_some() { TriggerArmed } else { TriggerSet };
                Self { amount: Some(amount), price, ..about(kind, Side::Buy, symbol) }
            }
            Effect::BuyArmed { symbol, price } => {
                Self { price: Some(price), ..about(TriggerArmed, Side::Buy, symbol) }
            }
            Effect::BuyUnset { symbol, returned } => {
                Self { amount: Some(returned), ..about(TriggerRemoved, Side::Buy, symbol) }
            }
            Effect::SellSet { symbol, amount, .. } => {
                Self { amount: Some(amount), ..about(TriggerSet, Side::Sell, symbol) }
            }
            Effect::SellArmed { symbol, amount, price, shares, .. } => Self {
                amount: Some(amount),
                price: Some(price),
                shares: Some(shares),
                ..about(TriggerArmed, Side::Sell, symbol)
            },
            Effect::SellUnset { symbol, returned } => {
                Self { shares: Some(returned), ..about(TriggerRemoved, Side::Sell, symbol) }
            }
        }
    }

    fn ticket(ticket: &Ticket, kind: TransactionKind) -> Self {
        Self {
            side: Some(ticket.side),
            symbol: Some(ticket.symbol),
            shares: Some(ticket.shares),
            price: Some(ticket.price),
            amount: Some(ticket.total),
            ticket: Some(ticket.id),
            ..Self::none(kind)
        }
    }

    /// A trigger fires at the price that met it, not at its own.
    fn fired(fill: &Fill, quoted: Option<Price>) -> Self {
        Self {
            side: Some(fill.side),
            symbol: Some(fill.symbol),
            shares: Some(fill.shares),
            price: Some(quoted.unwrap_or(fill.trigger)),
            amount: Some(fill.total),
            profit: profit(fill.side, fill.total, fill.basis),
            ..Self::none(TransactionKind::TriggerFired)
        }
    }
}

/// In cents; only a sale has one.
fn profit(side: Side, total: Cents, basis: Cents) -> Option<i128> {
    match side {
        Side::Buy => None,
        Side::Sell => Some(i128::from(total.0) - i128::from(basis.0)),
    }
}

/// The side a command is about, if its name says one.
fn side_of(action: &Action) -> Option<Side> {
    if let Action::SetTrigger { side, .. } = action {
        return Some(*side);
    }
    match action.verb()? {
        Verb::Buy
        | Verb::CommitBuy
        | Verb::CancelBuy
        | Verb::SetBuyAmount
        | Verb::CancelSetBuy
        | Verb::SetBuyTrigger => Some(Side::Buy),
        Verb::Sell
        | Verb::CommitSell
        | Verb::CancelSell
        | Verb::SetSellAmount
        | Verb::SetSellTrigger
        | Verb::CancelSetSell => Some(Side::Sell),
        Verb::Add | Verb::Quote | Verb::DumpLog | Verb::DisplaySummary => None,
    }
}
