//! Why a command changed nothing.

use std::fmt;

use crate::line::Fault;
use crate::{AMOUNT_MAX, Cents, Shares, Side, TICKETS_PER_USER_MAX};

/// Why a command changed nothing.
///
/// The variants stand in their order of precedence: a command with several things wrong is
/// refused for the one that stands first here. What can be said without a price is said without
/// asking for one, so that a refused command costs no quote (section 3.2 of the rules).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The line or request could not be read.
    Malformed(Fault),
    /// The idempotency key was used for another command before.
    KeyReused,
    /// No such symbol is traded here. Said from outside, see
    /// [`Ledger::refuse`](crate::Ledger::refuse).
    UnknownSymbol,
    /// The desk is not taking commands now. Said from outside.
    Closed,
    /// The last price is too old to trade on. Said from outside.
    StalePrice,
    /// The amount is zero or less (rule A9).
    AmountNotPositive,
    /// The price of a trigger is zero or less (rule A9).
    PriceNotPositive,
    /// The amount is above [`AMOUNT_MAX`].
    AmountTooLarge,
    /// The price of a trigger is above [`TRIGGER_MAX`](crate::TRIGGER_MAX).
    PriceTooLarge,
    /// No ADD of this user was accepted yet (rule A8).
    NoAccount,
    /// There are as many users as one ledger holds.
    TooManyUsers,
    /// No buy, or no sell, waits for a commit: none was made, or it was committed, cancelled or
    /// has expired (rules A4, A5).
    NothingPending(Side),
    /// The ticket's 60 seconds are over (rule A5).
    TicketExpired,
    /// The ticket was committed already.
    TicketCommitted,
    /// The ticket was cancelled already.
    TicketCancelled,
    /// The ticket is another user's.
    NotYours,
    /// There is no ticket of this id, or it ended long ago.
    NoSuchTicket,
    /// No amount is set for an automatic buy, or sell, of this symbol.
    NothingSet(Side),
    /// No share of the symbol is available.
    NoShares,
    /// The available cash is less than the amount (rule A2).
    InsufficientCash {
        /// What the command needs.
        needed: Cents,
        /// What it may use.
        available: Cents,
    },
    /// The user, or the ledger, has as many pending tickets as it may.
    TooManyTickets,
    /// The user has traded or set as many symbols as one user may.
    TooManySymbols,
    /// The amount does not come to one whole share, at the price or at the trigger (rule A1).
    BelowOneShare,
    /// The trigger stands for more shares than are available.
    InsufficientShares {
        /// What the trigger would reserve.
        needed: Shares,
        /// What it may use.
        available: Shares,
    },
    /// A price is needed and there is none.
    NoPrice,
    /// The available shares are worth less than the amount (rules A2, A14).
    InsufficientValue {
        /// The amount of the command.
        needed: Cents,
        /// What the shares are worth, rounded down.
        available: Cents,
    },
    /// The shares of the amount do not bring one whole cent.
    BelowOneCent,
    /// A balance would pass what it can hold, about 92 quadrillion dollars or 9 × 10¹⁸ shares.
    BalanceTooLarge,
    /// A balance would fall below zero. The checks before it exclude this; it stands here so
    /// that a mistake in them is a refusal and not a loss.
    Overdraft,
}

impl Refusal {
    /// A name for programs. It never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed(fault) => fault.code(),
            Self::KeyReused => "key_reused",
            Self::UnknownSymbol => "unknown_symbol",
            Self::Closed => "closed",
            Self::StalePrice => "stale_price",
            Self::AmountNotPositive => "amount_not_positive",
            Self::PriceNotPositive => "price_not_positive",
            Self::AmountTooLarge => "amount_too_large",
            Self::PriceTooLarge => "price_too_large",
            Self::NoAccount => "no_account",
            Self::TooManyUsers => "too_many_users",
            Self::NothingPending(Side::Buy) => "no_pending_buy",
            Self::NothingPending(Side::Sell) => "no_pending_sell",
            Self::TicketExpired => "ticket_expired",
            Self::TicketCommitted => "ticket_committed",
            Self::TicketCancelled => "ticket_cancelled",
            Self::NotYours => "not_yours",
            Self::NoSuchTicket => "no_such_ticket",
            Self::NothingSet(Side::Buy) => "no_buy_amount",
            Self::NothingSet(Side::Sell) => "no_sell_amount",
            Self::NoShares => "no_shares",
            Self::InsufficientCash { .. } => "insufficient_cash",
            Self::TooManyTickets => "too_many_tickets",
            Self::TooManySymbols => "too_many_symbols",
            Self::NoPrice => "no_price",
            Self::InsufficientValue { .. } => "insufficient_value",
            Self::BelowOneShare => "below_one_share",
            Self::BelowOneCent => "below_one_cent",
            Self::InsufficientShares { .. } => "insufficient_shares",
            Self::BalanceTooLarge => "balance_too_large",
            Self::Overdraft => "overdraft",
        }
    }

    /// Its place in the order of precedence: the lower one is given.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Malformed(_) => 0,
            Self::KeyReused => 1,
            Self::UnknownSymbol => 2,
            Self::Closed => 3,
            Self::StalePrice => 4,
            Self::AmountNotPositive => 5,
            Self::PriceNotPositive => 6,
            Self::AmountTooLarge => 7,
            Self::PriceTooLarge => 8,
            Self::NoAccount => 9,
            Self::TooManyUsers => 10,
            Self::NothingPending(_) => 11,
            Self::TicketExpired => 12,
            Self::TicketCommitted => 13,
            Self::TicketCancelled => 14,
            Self::NotYours => 15,
            Self::NoSuchTicket => 16,
            Self::NothingSet(_) => 17,
            Self::NoShares => 18,
            Self::InsufficientCash { .. } => 19,
            Self::TooManyTickets => 20,
            Self::TooManySymbols => 21,
            Self::NoPrice => 24,
            Self::InsufficientValue { .. } => 25,
            Self::BelowOneShare => 22,
            Self::BelowOneCent => 26,
            Self::InsufficientShares { .. } => 23,
            Self::BalanceTooLarge => 27,
            Self::Overdraft => 28,
        }
    }

    /// The engine cannot find this by itself: whoever feeds it says so.
    pub const fn is_from_outside(self) -> bool {
        matches!(self, Self::UnknownSymbol | Self::Closed | Self::StalePrice | Self::NoPrice)
    }
}

impl fmt::Display for Refusal {
    /// A sentence for the page.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Malformed(fault) => fmt::Display::fmt(&fault, f),
            Self::KeyReused => f.write_str("This idempotency key was used for another command"),
            Self::UnknownSymbol => f.write_str("No such symbol is traded here"),
            Self::Closed => f.write_str("The desk is not taking commands now; try again later"),
            Self::StalePrice => f.write_str("The last price of this symbol is too old to trade on"),
            Self::AmountNotPositive => f.write_str("The amount must be above zero"),
            Self::PriceNotPositive => f.write_str("The price must be above zero"),
            Self::AmountTooLarge => write!(f, "The amount is too large: at most {AMOUNT_MAX} at once"),
            Self::PriceTooLarge => write!(f, "The price is too high: at most {AMOUNT_MAX} a share"),
            Self::NoAccount => f.write_str("There is no account yet: add money first"),
            Self::TooManyUsers => f.write_str("This desk has as many users as it can hold"),
            Self::NothingPending(Side::Buy) => f.write_str("No purchase is waiting to be confirmed"),
            Self::NothingPending(Side::Sell) => f.write_str("No sale is waiting to be confirmed"),
            Self::TicketExpired => f.write_str("The 60 seconds to confirm are over; ask for a new price"),
            Self::TicketCommitted => f.write_str("This ticket is already confirmed"),
            Self::TicketCancelled => f.write_str("This ticket is already cancelled"),
            Self::NotYours => f.write_str("This ticket belongs to somebody else"),
            Self::NoSuchTicket => f.write_str("There is no such ticket"),
            Self::NothingSet(Side::Buy) => f.write_str("No automatic purchase of this symbol is set"),
            Self::NothingSet(Side::Sell) => f.write_str("No automatic sale of this symbol is set"),
            Self::NoShares => f.write_str("There are no shares of this symbol available"),
            Self::InsufficientCash { needed, available } => write!(
                f,
                "There is not enough available cash: the purchase needs {needed}, {available} is available"
            ),
            Self::TooManyTickets => write!(
                f,
                "Too many tickets are waiting to be confirmed (at most {TICKETS_PER_USER_MAX}); confirm or cancel some"
            ),
            Self::TooManySymbols => f.write_str("The account holds as many symbols as it can"),
            Self::NoPrice => f.write_str("There is no price of this symbol now"),
            Self::InsufficientValue { needed, available } => write!(
                f,
                "The available shares are not worth enough: the sale needs {needed}, they are worth {available}"
            ),
            Self::BelowOneShare => f.write_str("The amount does not come to one whole share"),
            Self::BelowOneCent => f.write_str("The shares would not bring one whole cent"),
            Self::InsufficientShares { needed, available } => write!(
                f,
                "There are not enough available shares: the trigger stands for {needed}, {available} are available"
            ),
            Self::BalanceTooLarge => f.write_str("The balance would become larger than an account can hold"),
            Self::Overdraft => f.write_str("The balance would fall below zero"),
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_it_in_plain_words() {
        let refusal = Refusal::InsufficientCash { needed: Cents(50_000), available: Cents(12_000) };
        assert_eq!(
            refusal.to_string(),
            "There is not enough available cash: the purchase needs 500.00, 120.00 is available"
        );
        assert_eq!(refusal.code(), "insufficient_cash");
        assert_eq!(
            Refusal::AmountTooLarge.to_string(),
            "The amount is too large: at most 10000000000.00 at once"
        );
    }

    #[test]
    fn stays_small() {
        assert!(size_of::<Refusal>() <= 24);
    }
}
