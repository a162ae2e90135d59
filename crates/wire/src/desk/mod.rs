//! Bodies of the day-trading API: tickets, triggers, the account, transactions.
//!
//! Money, prices and shares are decimal strings: money has both digits of the cents (`"500.00"`),
//! prices as many digits as they have and at least two, shares none.

mod account;
mod csv;
mod text;
mod transaction;

#[cfg(test)]
mod tests;

use market::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::csv::CSV_HEADER;

use crate::time;

/// Buying or selling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideName {
    /// Cash for shares.
    Buy,
    /// Shares for cash.
    Sell,
}

/// `POST /api/v1/account/deposits`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepositRequest {
    /// Dollars, with at most two decimals.
    #[schema(example = "100.00")]
    pub amount: String,
}

/// Money that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DepositBody {
    /// The transaction.
    pub id: String,
    /// How much.
    #[schema(example = "100.00")]
    pub amount: String,
    /// Cash available afterwards.
    pub available: String,
}

/// `POST /api/v1/tickets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketRequest {
    /// Buy or sell.
    pub side: SideName,
    /// What.
    #[schema(example = "AAPL")]
    pub symbol: String,
    /// Dollars, with at most two decimals: whole shares for at most so much.
    #[schema(example = "500.00")]
    pub amount: String,
}

/// Where a price came from, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PriceSource {
    /// Who said it: `sim`, `finnhub`, `replay`, `legacy`.
    pub source: String,
    /// When it was so, by the provider's clock.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// When it reached the desk.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub arrived_at: Timestamp,
    /// How old it was when it was used, in milliseconds.
    pub age_ms: i64,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// Waits for its commit.
    Open,
    /// Final.
    Committed,
    /// Given up; what it set aside went back.
    Cancelled,
    /// Not committed within 60 seconds; what it set aside went back.
    Expired,
}

/// A buy or sell that waits, or waited, for its commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketBody {
    /// Names it in `/api/v1/tickets/{id}`.
    #[schema(example = "0-17")]
    pub id: String,
    /// Buy or sell.
    pub side: SideName,
    /// What.
    pub symbol: String,
    /// Dollars a share.
    #[schema(example = "150.23")]
    pub price: String,
    /// Whole shares.
    #[schema(example = "3")]
    pub shares: String,
    /// What they cost or bring.
    #[schema(example = "450.69")]
    pub total: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// When it was accepted.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The last moment at which it can be committed.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Where its price came from; `null` where that is not told.
    #[schema(required)]
    pub quote: Option<PriceSource>,
}

/// `PUT /api/v1/triggers/{side}/{symbol}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerRequest {
    /// Dollars, with at most two decimals.
    #[schema(example = "500.00")]
    pub amount: String,
    /// Dollars a share: buy at or below, sell at or above.
    #[schema(example = "149.50")]
    pub price: String,
}

/// An automatic buy or sell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TriggerBody {
    /// Buy or sell.
    pub side: SideName,
    /// Of what.
    pub symbol: String,
    /// How much it is for; for a buy the cash reserved.
    pub amount: String,
    /// Its price; `null` until it is set, and nothing fires before.
    #[schema(required)]
    pub price: Option<String>,
    /// The shares reserved by a sell, `"0"` for a buy.
    pub shares: String,
}

/// What became of a trigger that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TriggerAnswer {
    /// The trigger as it stands; `null` when it fired at once.
    #[schema(required)]
    pub trigger: Option<TriggerBody>,
    /// The trade, when it fired at once.
    #[schema(required)]
    pub fired: Option<TransactionBody>,
}

/// Cash, in dollars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CashBody {
    /// Everything: available and reserved.
    pub balance: String,
    /// What may be used.
    pub available: String,
    /// What open tickets and buy triggers hold.
    pub reserved: String,
    /// The part that open tickets hold.
    pub in_tickets: String,
    /// The part that buy triggers hold.
    pub in_triggers: String,
}

/// What is held of one symbol. One that was sold off stays, for its profit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldingBody {
    /// Of what.
    pub symbol: String,
    /// All shares.
    pub shares: String,
    /// Shares that may be sold.
    pub available: String,
    /// Shares that open tickets and sell triggers hold.
    pub reserved: String,
    /// What all these shares cost.
    pub cost: String,
    /// Cost by share, to a hundredth of a cent, rounded half to even; `null` without shares.
    #[schema(required)]
    pub average_cost: Option<String>,
    /// Proceeds less cost of all that was sold.
    pub realised: String,
}

/// `GET /api/v1/account`. Also the body of the first frame of the channel `account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountBody {
    /// Whose.
    pub user: String,
    /// Money was added once; everything else is empty before.
    pub is_open: bool,
    /// Cash.
    pub cash: CashBody,
    /// All money that was ever added.
    pub deposited: String,
    /// Holdings by symbol.
    pub holdings: Vec<HoldingBody>,
    /// Open tickets, oldest first.
    pub tickets: Vec<TicketBody>,
    /// Automatic buys and sells by symbol.
    pub triggers: Vec<TriggerBody>,
    /// The newest transaction this includes; `null` before the first.
    #[schema(required)]
    pub last_transaction: Option<String>,
}

/// What a transaction was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// Money came in.
    Deposit,
    /// A ticket was opened; cash or shares are set aside.
    TicketOpened,
    /// A ticket became final.
    TicketCommitted,
    /// A ticket was given up.
    TicketCancelled,
    /// A ticket was not committed in time.
    TicketExpired,
    /// The amount of an automatic buy or sell was set.
    TriggerSet,
    /// The price of an automatic buy or sell was set.
    TriggerArmed,
    /// An automatic buy or sell was removed.
    TriggerRemoved,
    /// An automatic buy or sell met its price.
    TriggerFired,
    /// A price, the summary or the log was asked for; nothing moved.
    Inquiry,
    /// A command was refused; nothing moved.
    Refused,
}

/// One line of the complete list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionBody {
    /// Names it; the newest is the largest of its shard.
    #[schema(example = "0-17")]
    pub id: String,
    /// When.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Whose.
    pub user: String,
    /// The number of the command that caused it.
    pub n: u64,
    /// The command: a classic name such as `BUY`, or `EXPIRY` and `TRIGGER`.
    pub command: String,
    /// What it was.
    pub kind: TransactionKind,
    /// Buy or sell; `null` where it is neither.
    #[schema(required)]
    pub side: Option<SideName>,
    /// Of what; `null` where there is none.
    #[schema(required)]
    pub symbol: Option<String>,
    /// Whole shares.
    #[schema(required)]
    pub shares: Option<String>,
    /// Dollars a share.
    #[schema(required)]
    pub price: Option<String>,
    /// The amount it is about: deposited, set aside, paid or received, reserved, asked for.
    #[schema(required)]
    pub amount: Option<String>,
    /// Profit or loss of a sale.
    #[schema(required)]
    pub profit: Option<String>,
    /// What the available cash changed by.
    pub available_change: String,
    /// The ticket concerned.
    #[schema(required)]
    pub ticket: Option<String>,
    /// Why it was refused: a code for programs.
    #[schema(required)]
    pub reason: Option<String>,
    /// Why it was refused, in words.
    #[schema(required)]
    pub message: Option<String>,
    /// Where the price came from.
    #[schema(required)]
    pub quote: Option<PriceSource>,
}

/// `GET /api/v1/transactions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionsAnswer {
    /// Newest first.
    pub transactions: Vec<TransactionBody>,
    /// Pass as `cursor` for earlier ones; `null` on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// What happened to an account: one frame of the channel `account` after the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountUpdate {
    /// What happened.
    pub transaction: TransactionBody,
    /// Everything the user has after it.
    pub account: AccountBody,
}

/// The last proof of the ledger, `GET /api/v1/ledger`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerBody {
    /// Entries written so far, over all shards.
    pub entries: u64,
    /// When the ledger was last proved; `null` before the first time.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub verified_at: Option<Timestamp>,
    /// Entries that were proved then.
    pub verified_entries: u64,
    /// Nothing was wrong; `null` before the first time.
    #[schema(required)]
    pub is_sound: Option<bool>,
    /// The first thing wrong, in words.
    #[schema(required)]
    pub damage: Option<String>,
}
