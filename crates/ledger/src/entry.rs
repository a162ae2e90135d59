//! What happened, as the journal keeps it.

use market::{Price, Symbol};

use crate::{Action, CONFIRM_MS, Cents, Key, Millis, Quote, Refusal, Shares, Side, UserId};

/// One thing that happened, in its place in the order of a ledger.
///
/// Entries alone are enough to make the ledger's state again, see
/// [`Ledger::replay`](crate::Ledger::replay).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in this ledger: 1, 2, 3 and so on, without a gap.
    pub seq: u64,
    /// The place of the same user's entry before this one; 0 when there is none. Along it a
    /// user's history is walked backwards without an index.
    pub previous: u64,
    /// When. Never earlier than the entry before, even when the clock was set back.
    pub at: Millis,
    /// Whose.
    pub user: UserId,
    /// The transaction number of the command that caused it. An expiry has that of the BUY or
    /// SELL, a fired trigger that of the command that armed it.
    pub n: u64,
    /// The price that was at hand, if one was.
    pub quote: Option<Quote>,
    /// What.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A command was carried out or refused.
    Command {
        /// What was wanted.
        action: Action,
        /// Its idempotency key.
        key: Option<Key>,
        /// What came of it.
        outcome: Outcome,
    },
    /// A ticket was not committed in time; what it set aside went back (rule A5).
    Expired(Ticket),
    /// A trigger met its price (rules A11 to A13).
    Fired(Fill),
    /// A price was fetched that no command used, for watching triggers. Only the log needs it.
    Quoted {
        /// Of what.
        symbol: Symbol,
    },
}

/// What came of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out, with this effect.
    Done(Effect),
    /// It changed nothing, for this reason.
    Refused(Refusal),
}

/// What a command changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: QUOTE, DUMPLOG, DISPLAY_SUMMARY.
    Noted,
    /// Money came in; the first time, the account came into being (rule A8).
    Deposited {
        /// How much.
        amount: Cents,
    },
    /// A BUY or SELL was accepted and waits; its cash or shares are set aside (rule A3).
    Opened(Ticket),
    /// A ticket became final.
    Committed {
        /// Which.
        ticket: Ticket,
        /// What the shares sold had cost; zero for a purchase. The profit is the ticket's
        /// total less this.
        basis: Cents,
    },
    /// A ticket was given up; what it set aside went back.
    Cancelled(Ticket),
    /// Cash was reserved for an automatic buy (SET_BUY_AMOUNT, or amount and trigger at once).
    BuySet {
        /// Of what.
        symbol: Symbol,
        /// The new reserve.
        amount: Cents,
        /// The reserve of the earlier setting, which went back first (rule A10).
        returned: Cents,
        /// The trigger, when it was set in the same step.
        price: Option<Price>,
    },
    /// An automatic buy was given its trigger price; no money moved.
    BuyArmed {
        /// Of what.
        symbol: Symbol,
        /// Dollars a share.
        price: Price,
    },
    /// An automatic buy was removed.
    BuyUnset {
        /// Of what.
        symbol: Symbol,
        /// The reserve, which went back.
        returned: Cents,
    },
    /// The amount of an automatic sell was noted; no share is reserved yet.
    SellSet {
        /// Of what.
        symbol: Symbol,
        /// How much.
        amount: Cents,
        /// The shares reserved by the earlier setting, which went back (rule A10).
        returned: Shares,
    },
    /// Shares were reserved for an automatic sell at its trigger price (SET_SELL_TRIGGER, or
    /// amount and trigger at once).
    SellArmed {
        /// Of what.
        symbol: Symbol,
        /// How much it is for.
        amount: Cents,
        /// Dollars a share.
        price: Price,
        /// The new reserve.
        shares: Shares,
        /// The shares reserved by the earlier setting, which went back first.
        returned: Shares,
    },
    /// An automatic sell was removed.
    SellUnset {
        /// Of what.
        symbol: Symbol,
        /// The shares reserved, which went back.
        returned: Shares,
    },
}

/// A buy or sell that waits for its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// Unique in its ledger: the place of the entry that opened it.
    pub id: u64,
    /// Buy or sell.
    pub side: Side,
    /// Of what.
    pub symbol: Symbol,
    /// How many shares.
    pub shares: Shares,
    /// The price quoted, which stays until the commit (rule A6).
    pub price: Price,
    /// Shares times price: the cash set aside by a buy, rounded up, or what a sell will bring,
    /// rounded down.
    pub total: Cents,
    /// The transaction number of its BUY or SELL.
    pub n: u64,
    /// When it was accepted.
    pub opened: Millis,
}

impl Ticket {
    /// The last millisecond at which it can be committed (rule A5).
    pub const fn expires_at(&self) -> Millis {
        self.opened.plus(CONFIRM_MS)
    }

    /// Its time is over.
    pub const fn is_expired(&self, now: Millis) -> bool {
        now.0 > self.expires_at().0
    }
}

/// What a trigger bought or sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// Bought or sold.
    pub side: Side,
    /// Of what.
    pub symbol: Symbol,
    /// How many shares; for a sale all that were reserved (rule A13).
    pub shares: Shares,
    /// Shares times the price of the entry's quote: the cost rounded up, or the proceeds
    /// rounded down.
    pub total: Cents,
    /// The cash that was reserved for a purchase; what is above `total` went back. Zero for a sale.
    pub reserved: Cents,
    /// What the shares sold had cost; zero for a purchase.
    pub basis: Cents,
    /// The trigger price.
    pub trigger: Price,
    /// The place of the entry that armed it.
    pub armed: u64,
}
