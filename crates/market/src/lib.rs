//! What trades and what happened: the vocabulary of the market, and the tape that turns
//! events into truth.
//!
//! Pure: nothing here reads a clock, opens a file, starts a thread or draws a random
//! number. Time and identifiers are arguments. Nothing here is serialisable either; the
//! crate that owns a protocol owns the mirror types (`wire`).

/// Bars: the exact rules of a window, and how a trade joins and leaves it.
pub mod bar;
/// The US equity calendar by rule: holidays, early closes, daylight saving.
pub mod calendar;
/// What a provider knows beside trades, and how its past is asked for.
pub mod card;
/// Sale conditions: which trades move which figures.
pub mod condition;
/// Exact decimal numbers: prices, sizes, and how they are read and shown.
pub mod decimal;
/// What a feed tells the rest of the system.
pub mod event;
/// How a feed is doing, and what viewers want of it.
pub mod feed;
/// What can be traded: name, venue, kind, trading hours.
pub mod instrument;
/// What people type, and the dense number it becomes inside.
pub mod symbol;
/// Events in, truth out: last prices, day figures, bars.
pub mod tape;
/// Points in time, with nanoseconds, and their calendar form.
pub mod time;
/// One trade and its identity.
pub mod trade;
/// Every instrument there is, and the dense numbers they are known by inside.
pub mod universe;

pub use bar::{Bar, Interval, SessionFilter};
pub use card::{Card, HistoryRequest};
pub use condition::Conditions;
pub use decimal::{Price, Size, Volume};
pub use event::MarketEvent;
pub use feed::{FeedState, FeedStatus};
pub use instrument::{Hours, Instrument, Kind};
pub use symbol::{Symbol, SymbolId};
pub use time::{Date, Timestamp};
pub use trade::{Trade, TradeRef};
pub use universe::Universe;
