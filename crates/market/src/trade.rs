//! One trade and its identity.

use crate::{Conditions, Price, Size, SymbolId, Timestamp};

/// A trade as a venue or vendor reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// What traded.
    pub symbol: SymbolId,
    /// When it happened, by the participant's or the SIP's clock.
    pub ts_event: Timestamp,
    /// When it reached us.
    pub ts_recv: Timestamp,
    /// Orders trades of one symbol and one instant, and with `ts_event` tells them apart: two
    /// reports of one symbol with the same time and sequence are one trade reported twice. An
    /// adapter whose provider numbers nothing gives out growing numbers itself.
    pub seq: u64,
    /// The price, above zero.
    pub price: Price,
    /// Shares or coins, above zero.
    pub size: Size,
    /// Sale conditions.
    pub conditions: Conditions,
}

/// Names a trade of a symbol: its time and sequence, which also order it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeRef {
    /// The trade's own time.
    pub ts_event: Timestamp,
    /// Its sequence.
    pub seq: u64,
}

impl Trade {
    /// What names and orders this trade within its symbol.
    pub fn key(&self) -> TradeRef {
        TradeRef { ts_event: self.ts_event, seq: self.seq }
    }
}
