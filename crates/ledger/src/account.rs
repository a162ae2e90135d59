//! An account as it is shown.

use market::{Price, Symbol};

use crate::{Cents, Shares, Side, Ticket};

/// Everything a user has, in an order that is always the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountView {
    /// There is an account: an ADD was accepted (rule A8). Else everything is zero and empty.
    pub is_open: bool,
    /// Cash the user may use.
    pub available: Cents,
    /// Cash set aside by pending buys.
    pub in_tickets: Cents,
    /// Cash reserved by automatic buys.
    pub in_triggers: Cents,
    /// All that was ever added, in cents.
    pub deposited: i128,
    /// What is or was held, by symbol.
    pub holdings: Vec<Holding>,
    /// Pending buys and sells that can still be committed, oldest first.
    pub tickets: Vec<Ticket>,
    /// Automatic buys and sells, by symbol, the buy first.
    pub triggers: Vec<TriggerView>,
    /// The place of the user's last entry; 0 when there is none.
    pub last: u64,
}

/// What is held of one symbol. A symbol sold off stays, for its profit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Of what.
    pub symbol: Symbol,
    /// Shares the user may sell.
    pub available: Shares,
    /// Shares set aside by pending sells.
    pub in_tickets: Shares,
    /// Shares reserved by an automatic sell.
    pub in_triggers: Shares,
    /// What all these shares cost. A sale takes its share of it, rounded down; the last share
    /// takes what is left. The average cost is this by the number of shares.
    pub cost: Cents,
    /// Proceeds less cost of all that was sold; below zero is a loss.
    pub realised: i128,
}

/// An automatic buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriggerView {
    /// Buy or sell.
    pub side: Side,
    /// Of what.
    pub symbol: Symbol,
    /// How much it is for; for a buy the cash reserved.
    pub amount: Cents,
    /// The trigger price; `None` until it is set, and nothing fires before.
    pub price: Option<Price>,
    /// The shares reserved by a sell; zero for a buy.
    pub shares: Shares,
    /// The place of the entry that set the trigger price.
    pub armed: Option<u64>,
}
