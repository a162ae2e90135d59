//! How a feed is doing, and what viewers want of it.

use crate::{SymbolId, Timestamp};

/// Where a feed's connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedState {
    /// Not yet connected, or connecting again.
    Connecting,
    /// Connected and heard from.
    Up,
    /// Connected, but silent for longer than an open market explains.
    Silent,
    /// Cut or refused; the next attempt waits.
    Down,
}

/// How honest a feed's prices are about their age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timeliness {
    /// As they happen.
    Live,
    /// Late by the provider's own statement.
    Delayed,
    /// Made up by the simulated market.
    Simulated,
}

/// What a feed says of itself: at its start, on every change, and every few seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedStatus {
    /// The feed's name in the configuration.
    pub name: String,
    /// What its prices are labelled with: `finnhub`, `sim`, `replay`.
    pub source: String,
    /// Where the connection stands.
    pub state: FeedState,
    /// Live, delayed or simulated.
    pub timeliness: Timeliness,
    /// Why it is not up, in words a person can act on.
    pub detail: Option<String>,
    /// Symbols the provider sends us now.
    pub subscribed: Vec<SymbolId>,
    /// Symbols wanted but beyond the provider's limit.
    pub waiting: Vec<SymbolId>,
    /// The most symbols this provider streams at once; `None` is no limit.
    pub symbol_limit: Option<u32>,
    /// When anything was last heard.
    pub last_event: Option<Timestamp>,
    /// Recent delay from a trade's own time to its arrival, in milliseconds.
    pub delay_ms: Option<u32>,
    /// Connections made after the first.
    pub reconnects: u64,
}
