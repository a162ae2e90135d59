//! The desk's engine: commands, prices and time in; refusals or balanced entries out.
//!
//! A [`Ledger`] is the accounts of one shard, a deterministic state machine after the classic
//! Day Trading rules ("rule A12" and "section 3.4" in the comments are theirs). The way of a
//! command:
//!
//! 1. [`Ledger::intern`] turns the user's name into a [`UserId`];
//! 2. [`Ledger::check`] says whether a price is needed, so that a refused command costs none;
//! 3. [`Ledger::apply`] carries it out or refuses it, and appends what happened to a list of
//!    [`Entry`]s;
//! 4. whoever runs the ledger makes the entries durable, and only then answers.
//!
//! Beside commands, time passes ([`Ledger::expire`]) and prices move ([`Ledger::on_price`]).
//! [`Ledger::replay`] makes the state again from entries, by the very same code.
//!
//! Pure: no clock, no file, no thread, no float. The random seed of a hash table changes no
//! outcome, since nothing is ever done in the order of one.

/// An account as it is shown.
pub mod account;
mod apply;
mod audit;
mod balance;
/// What reaches the engine: who wants what.
pub mod command;
mod decide;
/// What happened, as the journal keeps it.
pub mod entry;
mod expiry;
mod fire;
/// The accounts of one shard.
pub mod ledger;
/// What is bounded, and by how much.
pub mod limits;
/// The classic line protocol.
pub mod line;
mod memory;
/// Whole cents, whole shares, and where a price meets them.
pub mod money;
/// Names that come from outside.
pub mod name;
mod pending;
mod position;
/// Double entry: every effect as movements between named accounts.
pub mod posting;
/// The price a command met, and where it came from.
pub mod quote;
/// Why a command changed nothing.
pub mod refusal;
mod replay;
/// The whole state as plain data.
pub mod snapshot;
/// Time as the rules count it.
pub mod time;
mod trigger;
mod user;
mod view;

pub use account::{AccountView, Holding, TriggerView};
pub use command::{Action, Command, Key, Malformed, Side};
pub use entry::{Effect, Entry, Event, Fill, Outcome, Ticket};
pub use ledger::{Applied, Armed, Broken, Divergence, Ledger, Need};
pub use limits::{
    BATCH_MAX, ENDED_PER_USER_MAX, KEYS_PER_USER_MAX, SYMBOLS_PER_USER_MAX, TICKETS_MAX,
    TICKETS_PER_USER_MAX, USERS_MAX,
};
pub use line::{BadLine, Dialect, Fault, Line, Verb, parse_amount, parse_line};
pub use money::{AMOUNT_MAX, Cents, Dollars, Shares, TRIGGER_MAX};
pub use name::{FileName, FileNameError, UserId, UserName, UserNameError};
pub use posting::{Account, Posting, Postings, Unit};
pub use quote::{Quote, Source, SourceError};
pub use refusal::Refusal;
pub use snapshot::{
    ArmedState, KeyState, PositionState, SettingState, Snapshot, SnapshotError, TicketEnd, UserState,
};
pub use time::{CONFIRM_MS, Millis};
