//! The numbers that stand for words. They never change; a new word gets a new one.

use ledger::{Action, Effect, Fault, Refusal, Side, Verb};

/// What is in the first byte of a record.
pub(super) mod flag {
    /// The lowest two bits: command, expired, fired, quoted.
    pub(crate) const KIND: u8 = 0b11;
    pub(crate) const KEY: u8 = 1 << 2;
    pub(crate) const QUOTE: u8 = 1 << 3;
    /// The quote was fetched for this.
    pub(crate) const FRESH: u8 = 1 << 4;
    /// The quote has the server's answer with it.
    pub(crate) const ANSWER: u8 = 1 << 5;
    /// The command was refused.
    pub(crate) const REFUSED: u8 = 1 << 6;
    /// Of nobody yet.
    pub(crate) const UNKNOWN: u8 = 1 << 7;
}

pub(super) const COMMAND: u8 = 0;
pub(super) const EXPIRED: u8 = 1;
pub(super) const FIRED: u8 = 2;
pub(super) const QUOTED: u8 = 3;

pub(super) const COMMIT_TICKET: u8 = 17;
pub(super) const CANCEL_TICKET: u8 = 18;
pub(super) const SET_TRIGGER: u8 = 19;
pub(super) const MALFORMED: u8 = 20;

/// Of an action: the classic ones have their verb's.
pub(super) fn of_action(action: &Action) -> u8 {
    match action {
        Action::CommitTicket { .. } => COMMIT_TICKET,
        Action::CancelTicket { .. } => CANCEL_TICKET,
        Action::SetTrigger { .. } => SET_TRIGGER,
        Action::Malformed(_) => MALFORMED,
        // Every other action has one.
        classic => classic.verb().map_or(0, of_verb),
    }
}

/// Of a classic command: 1 to 16.
pub(super) fn of_verb(verb: Verb) -> u8 {
    match verb {
        Verb::Add => 1,
        Verb::Quote => 2,
        Verb::Buy => 3,
        Verb::CommitBuy => 4,
        Verb::CancelBuy => 5,
        Verb::Sell => 6,
        Verb::CommitSell => 7,
        Verb::CancelSell => 8,
        Verb::SetBuyAmount => 9,
        Verb::CancelSetBuy => 10,
        Verb::SetBuyTrigger => 11,
        Verb::SetSellAmount => 12,
        Verb::SetSellTrigger => 13,
        Verb::CancelSetSell => 14,
        Verb::DumpLog => 15,
        Verb::DisplaySummary => 16,
    }
}

/// The classic command of a code.
pub(super) fn verb(code: u8) -> Option<Verb> {
    Verb::ALL.into_iter().find(|verb| of_verb(*verb) == code)
}

/// Of a fault: 1 to 11.
pub(super) fn of_fault(fault: Fault) -> u8 {
    match fault {
        Fault::Empty => 1,
        Fault::Number => 2,
        Fault::Command => 3,
        Fault::Arguments => 4,
        Fault::EmptyArgument => 5,
        Fault::User => 6,
        Fault::Symbol => 7,
        Fault::Amount => 8,
        Fault::Decimals => 9,
        Fault::File => 10,
        Fault::Request => 11,
    }
}

/// The fault of a code.
pub(super) fn fault(code: u8) -> Option<Fault> {
    Some(match code {
        1 => Fault::Empty,
        2 => Fault::Number,
        3 => Fault::Command,
        4 => Fault::Arguments,
        5 => Fault::EmptyArgument,
        6 => Fault::User,
        7 => Fault::Symbol,
        8 => Fault::Amount,
        9 => Fault::Decimals,
        10 => Fault::File,
        11 => Fault::Request,
        _ => return None,
    })
}

pub(super) fn of_side(side: Side) -> u8 {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

pub(super) fn side(code: u8) -> Option<Side> {
    match code {
        0 => Some(Side::Buy),
        1 => Some(Side::Sell),
        _ => None,
    }
}

pub(super) fn of_effect(effect: &Effect) -> u8 {
    match effect {
        Effect::Noted => 0,
        Effect::Deposited { .. } => 1,
        Effect::Opened(_) => 2,
        Effect::Committed { .. } => 3,
        Effect::Cancelled(_) => 4,
        Effect::BuySet { .. } => 5,
        Effect::BuyArmed { .. } => 6,
        Effect::BuyUnset { .. } => 7,
        Effect::SellSet { .. } => 8,
        Effect::SellArmed { .. } => 9,
        Effect::SellUnset { .. } => 10,
    }
}

pub(super) const R_MALFORMED: u8 = 0;
pub(super) const R_INSUFFICIENT_CASH: u8 = 19;
pub(super) const R_INSUFFICIENT_SHARES: u8 = 23;
pub(super) const R_INSUFFICIENT_VALUE: u8 = 25;

/// Of a refusal. Not its rank, which may change.
pub(super) fn of_refusal(refusal: Refusal) -> u8 {
    match refusal {
        Refusal::Malformed(_) => R_MALFORMED,
        Refusal::KeyReused => 1,
        Refusal::UnknownSymbol => 2,
        Refusal::Closed => 3,
        Refusal::StalePrice => 4,
        Refusal::AmountNotPositive => 5,
        Refusal::PriceNotPositive => 6,
        Refusal::AmountTooLarge => 7,
        Refusal::PriceTooLarge => 8,
        Refusal::NoAccount => 9,
        Refusal::TooManyUsers => 10,
        Refusal::NothingPending(Side::Buy) => 11,
        Refusal::TicketExpired => 12,
        Refusal::TicketCommitted => 13,
        Refusal::TicketCancelled => 14,
        Refusal::NotYours => 15,
        Refusal::NoSuchTicket => 16,
        Refusal::NothingSet(Side::Buy) => 17,
        Refusal::NoShares => 18,
        Refusal::InsufficientCash { .. } => R_INSUFFICIENT_CASH,
        Refusal::TooManyTickets => 20,
        Refusal::TooManySymbols => 21,
        Refusal::BelowOneShare => 22,
        Refusal::InsufficientShares { .. } => R_INSUFFICIENT_SHARES,
        Refusal::NoPrice => 24,
        Refusal::InsufficientValue { .. } => R_INSUFFICIENT_VALUE,
        Refusal::BelowOneCent => 26,
        Refusal::BalanceTooLarge => 27,
        Refusal::Overdraft => 28,
        Refusal::NothingPending(Side::Sell) => 29,
        Refusal::NothingSet(Side::Sell) => 30,
    }
}

/// The refusal of a code, of those that say nothing more.
pub(super) fn refusal(code: u8) -> Option<Refusal> {
    Some(match code {
        1 => Refusal::KeyReused,
        2 => Refusal::UnknownSymbol,
        3 => Refusal::Closed,
        4 => Refusal::StalePrice,
        5 => Refusal::AmountNotPositive,
        6 => Refusal::PriceNotPositive,
        7 => Refusal::AmountTooLarge,
        8 => Refusal::PriceTooLarge,
        9 => Refusal::NoAccount,
        10 => Refusal::TooManyUsers,
        11 => Refusal::NothingPending(Side::Buy),
        12 => Refusal::TicketExpired,
        13 => Refusal::TicketCommitted,
        14 => Refusal::TicketCancelled,
        15 => Refusal::NotYours,
        16 => Refusal::NoSuchTicket,
        17 => Refusal::NothingSet(Side::Buy),
        18 => Refusal::NoShares,
        20 => Refusal::TooManyTickets,
        21 => Refusal::TooManySymbols,
        22 => Refusal::BelowOneShare,
        24 => Refusal::NoPrice,
        26 => Refusal::BelowOneCent,
        27 => Refusal::BalanceTooLarge,
        28 => Refusal::Overdraft,
        29 => Refusal::NothingPending(Side::Sell),
        30 => Refusal::NothingSet(Side::Sell),
        _ => return None,
    })
}
