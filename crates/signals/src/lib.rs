//! What the market says to a person: alerts and their back-test, news tied to symbols, and what moved.
//!
//! Pure: no clock, no file, no thread, no random number, nothing serialisable. Time and identifiers are
//! arguments; the same input gives the same answer on any machine, so that a replay after a restart and
//! a second server decide alike.

/// Alerts: rules, and the engine that decides them on the log.
pub mod alert;
/// Alerts over the past, by the code that decides them live.
pub mod backtest;
/// Articles: one row each, taken exactly once.
pub mod headline;
/// What moved, and what followed an article.
pub mod impact;
/// Articles tied to symbols.
pub mod linking;
/// A language to choose articles by.
pub mod query;
/// The tone of a headline, by a lexicon.
pub mod sentiment;
