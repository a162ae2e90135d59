//! What a feed tells the rest of the system.

use crate::{Price, SymbolId, Timestamp, Trade, TradeRef, Volume};

/// One thing that happened, as a feed reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketEvent {
    /// A trade.
    Trade(Trade),
    /// A trade that never was: take it back out of every figure.
    Cancel {
        /// What traded.
        symbol: SymbolId,
        /// The trade that is taken back.
        original: TradeRef,
        /// When the cancellation reached us.
        ts_recv: Timestamp,
    },
    /// A trade that was reported wrongly: the original goes, the replacement, which has a key of its
    /// own, comes.
    Correction {
        /// The trade that is taken back; its symbol is the replacement's.
        original: TradeRef,
        /// What it should have been.
        replacement: Trade,
    },
    /// What the provider says of a symbol's day before our own trades say it. Apart, since it is rare and large: trades,
    /// which come by the thousand, stay small.
    Reference(Box<Reference>),
    /// Something may have been missed for these symbols between two times: a cut, a reconnect, an
    /// overflow. Downstream shows it rather than guesses.
    Gap {
        /// The symbols concerned; empty means all of this feed's.
        symbols: Vec<SymbolId>,
        /// Last moment known to be complete.
        from: Timestamp,
        /// First moment known to be complete again.
        to: Timestamp,
    },
}

/// A provider's own figures of a symbol, given when it is first asked for and at the start of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// What they are about.
    pub symbol: SymbolId,
    /// When the provider gave them out.
    pub ts_event: Timestamp,
    /// Official close of the day before.
    pub previous_close: Option<Price>,
    /// The day's official open.
    pub open: Option<Price>,
    /// The day's high so far.
    pub high: Option<Price>,
    /// The day's low so far.
    pub low: Option<Price>,
    /// Last price; shown until a trade of our own replaces it.
    pub last: Option<Price>,
    /// The day's volume so far.
    pub volume: Option<Volume>,
}

const _: () = assert!(size_of::<MarketEvent>() <= 80, "a trade and the one it corrects");

impl MarketEvent {
    /// The one symbol this is about; `None` for a gap, which may concern many.
    pub fn symbol(&self) -> Option<SymbolId> {
        match self {
            Self::Trade(trade) => Some(trade.symbol),
            Self::Cancel { symbol, .. } => Some(*symbol),
            Self::Correction { replacement, .. } => Some(replacement.symbol),
            Self::Reference(reference) => Some(reference.symbol),
            Self::Gap { .. } => None,
        }
    }
}
