//! Double entry: every effect as movements between named accounts.

use market::Symbol;

use crate::entry::{Effect, Entry, Event, Fill, Outcome, Ticket};
use crate::{Cents, Shares, Side};

/// Where cash or shares are. Each user has the first three, for cash and for every symbol; the
/// house is one for all users of a ledger and stands for the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// The user may use it.
    Available,
    /// Set aside by tickets that wait for their commit.
    InTickets,
    /// Reserved by triggers.
    InTriggers,
    /// On the other side. The only account that may be below zero.
    House,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Money, in cents.
    Cash,
    /// Whole shares of a symbol.
    Shares(Symbol),
}

/// A change of one account of the entry's user, or of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Which account.
    pub account: Account,
    /// What is counted.
    pub unit: Unit,
    /// Up or down, in cents or shares.
    pub delta: i64,
}

/// One movement: it takes from one account what it gives to another, so that whatever is made
/// of movements is balanced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    pub(crate) is_cash: bool,
    pub(crate) from: Account,
    pub(crate) to: Account,
    /// Cents or shares; not negative.
    pub(crate) amount: i64,
}

/// The postings of one entry: at most eight, in the order in which they are made.
#[derive(Debug, Clone, Copy)]
pub struct Postings {
    /// The symbol of all that is not cash.
    pub(crate) symbol: Option<Symbol>,
    moves: [Move; 4],
    len: u8,
}

impl Postings {
    const NONE: Move = Move { is_cash: true, from: Account::House, to: Account::House, amount: 0 };

    fn new(symbol: Option<Symbol>) -> Self {
        Self { symbol, moves: [Self::NONE; 4], len: 0 }
    }

    /// Adds a movement; one of nothing is left out.
    fn add(mut self, is_cash: bool, from: Account, to: Account, amount: i64) -> Self {
        if amount != 0 {
            self.moves[usize::from(self.len)] = Move { is_cash, from, to, amount };
            self.len += 1;
        }
        self
    }

    fn cash(self, from: Account, to: Account, amount: Cents) -> Self {
        self.add(true, from, to, amount.0)
    }

    fn shares(self, from: Account, to: Account, shares: Shares) -> Self {
        self.add(false, from, to, shares.0)
    }

    pub(crate) fn moves(&self) -> &[Move] {
        &self.moves[..usize::from(self.len)]
    }

    /// The postings, two a movement: first what is taken, then what is given.
    pub fn iter(&self) -> impl Iterator<Item = Posting> + '_ {
        self.moves().iter().flat_map(|m| {
            let unit = match self.symbol {
                Some(symbol) if !m.is_cash => Unit::Shares(symbol),
                _ => Unit::Cash,
            };
            [
                Posting { account: m.from, unit, delta: -m.amount },
                Posting { account: m.to, unit, delta: m.amount },
            ]
        })
    }

    /// Nothing moves.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Entry {
    /// The postings this entry stands for: balanced in each unit, none when nothing moved. The
    /// engine changes balances by exactly these.
    pub fn postings(&self) -> Postings {
        match &self.event {
            Event::Command { outcome: Outcome::Done(effect), .. } => effect.postings(),
            Event::Expired(ticket) => ticket.back(),
            Event::Fired(fill) => fill.postings(),
            Event::Command { outcome: Outcome::Refused(_), .. } | Event::Quoted { .. } => Postings::new(None),
        }
    }
}

impl Effect {
    /// The postings of this effect.
    pub fn postings(&self) -> Postings {
        use Account::{Available, House, InTriggers};
        match *self {
            Self::Noted | Self::BuyArmed { .. } => Postings::new(None),
            Self::Deposited { amount } => Postings::new(None).cash(House, Available, amount),
            Self::Opened(ticket) => ticket.aside(),
            Self::Committed { ticket, .. } => ticket.final_(),
            Self::Cancelled(ticket) => ticket.back(),
            Self::BuySet { symbol, amount, returned, .. } => Postings::new(Some(symbol))
                .cash(InTriggers, Available, returned)
                .cash(Available, InTriggers, amount),
            Self::BuyUnset { symbol, returned } => {
                Postings::new(Some(symbol)).cash(InTriggers, Available, returned)
            }
            Self::SellSet { symbol, returned, .. } | Self::SellUnset { symbol, returned } => {
                Postings::new(Some(symbol)).shares(InTriggers, Available, returned)
            }
            Self::SellArmed { symbol, shares, returned, .. } => Postings::new(Some(symbol))
                .shares(InTriggers, Available, returned)
                .shares(Available, InTriggers, shares),
        }
    }
}

impl Ticket {
    /// Set aside.
    fn aside(&self) -> Postings {
        let none = Postings::new(Some(self.symbol));
        match self.side {
            Side::Buy => none.cash(Account::Available, Account::InTickets, self.total),
            Side::Sell => none.shares(Account::Available, Account::InTickets, self.shares),
        }
    }

    /// Given back.
    pub(crate) fn back(&self) -> Postings {
        let none = Postings::new(Some(self.symbol));
        match self.side {
            Side::Buy => none.cash(Account::InTickets, Account::Available, self.total),
            Side::Sell => none.shares(Account::InTickets, Account::Available, self.shares),
        }
    }

    /// Exchanged with the house.
    fn final_(&self) -> Postings {
        use Account::{Available, House, InTickets};
        let none = Postings::new(Some(self.symbol));
        match self.side {
            Side::Buy => none.cash(InTickets, House, self.total).shares(House, Available, self.shares),
            Side::Sell => none.shares(InTickets, House, self.shares).cash(House, Available, self.total),
        }
    }
}

impl Fill {
    /// The postings of this fill.
    pub fn postings(&self) -> Postings {
        use Account::{Available, House, InTriggers};
        let none = Postings::new(Some(self.symbol));
        match self.side {
            Side::Buy => none
                .cash(InTriggers, House, self.total)
                // The engine never spends more than the reserve.
                .cash(InTriggers, Available, Cents(self.reserved.0.saturating_sub(self.total.0)))
                .shares(House, Available, self.shares),
            Side::Sell => none.shares(InTriggers, House, self.shares).cash(House, Available, self.total),
        }
    }
}
