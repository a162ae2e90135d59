//! What a provider knows of an instrument beside its trades, and how its past is asked for.

use crate::{Interval, Price, SessionFilter, Symbol, Timestamp, Volume};

/// Slow figures of an instrument, as its provider gives them; `None` where it gives none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What it is about.
    pub symbol: Symbol,
    /// Highest price of 52 weeks.
    pub week_52_high: Option<Price>,
    /// Lowest price of 52 weeks.
    pub week_52_low: Option<Price>,
    /// Market value in the instrument's currency. Wider than a price, because companies are worth
    /// more than the 92 billion a price can say.
    pub market_cap: Option<Volume>,
    /// Price over a year's earnings.
    pub pe_ratio: Option<Price>,
    /// Shares or coins in existence.
    pub shares_outstanding: Option<Volume>,
    /// When the provider gave them out.
    pub as_of: Timestamp,
    /// Whose figures they are: `finnhub`, `sim`.
    pub source: String,
}

/// Asks a provider for bars of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HistoryRequest {
    /// Of what.
    pub symbol: Symbol,
    /// How long a bar is.
    pub interval: Interval,
    /// Which trades it is made of.
    pub session: SessionFilter,
    /// First moment a bar may start.
    pub from: Timestamp,
    /// First moment a bar may no longer start.
    pub to: Timestamp,
}
