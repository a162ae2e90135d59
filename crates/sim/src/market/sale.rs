//! What the market prints: trades, and the mishaps that follow some of them.

use market::{Conditions, MarketEvent, Price, Size, SymbolId, Timestamp, Trade, TradeRef};

/// One trade, before anyone received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sale {
    /// When it happened; whole microseconds, as the consolidated tapes report.
    pub ts_event: Timestamp,
    /// Unique within its symbol and growing with its time: the second since the epoch times 2²¹,
    /// plus twice its place within the second; a correction's replacement is one more. Below 2⁵³.
    pub seq: u64,
    /// The price, on a tick and above zero.
    pub price: Price,
    /// Whole shares, or whole lots of a coin.
    pub size: Size,
    /// Sale conditions.
    pub conditions: Conditions,
}

impl Sale {
    /// What names this trade within its symbol.
    pub fn key(&self) -> TradeRef {
        TradeRef { ts_event: self.ts_event, seq: self.seq }
    }

    fn trade(&self, symbol: SymbolId, ts_recv: Timestamp) -> Trade {
        Trade {
            symbol,
            ts_event: self.ts_event,
            ts_recv,
            seq: self.seq,
            price: self.price,
            size: self.size,
            conditions: self.conditions,
        }
    }
}

/// What a print says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A trade; a second print of the same key is the same trade reported twice.
    Trade(Sale),
    /// An earlier trade never was.
    Cancel(TradeRef),
    /// An earlier trade was reported wrongly; this is what it should have been.
    Correction {
        /// The trade that is taken back.
        original: TradeRef,
        /// What it should have been; its key is its own.
        replacement: Sale,
    },
}

/// One line of the simulated tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print {
    /// Number of the listing.
    pub index: u32,
    /// When it reaches whoever listens; never before what it is about.
    pub arrives: Timestamp,
    /// What it says.
    pub what: What,
}

impl Print {
    /// As the rest of the product hears it, under its own number for the symbol.
    pub fn event(&self, symbol: SymbolId) -> MarketEvent {
        match self.what {
            What::Trade(sale) => MarketEvent::Trade(sale.trade(symbol, self.arrives)),
            What::Cancel(original) => MarketEvent::Cancel { symbol, original, ts_recv: self.arrives },
            What::Correction { original, replacement } => {
                MarketEvent::Correction { original, replacement: replacement.trade(symbol, self.arrives) }
            }
        }
    }

    /// The time of the trade it is about.
    pub fn ts_event(&self) -> Timestamp {
        match self.what {
            What::Trade(sale) => sale.ts_event,
            What::Cancel(original) | What::Correction { original, .. } => original.ts_event,
        }
    }
}

/// How often things go wrong, per million trades each. A trade has at most one mishap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mishaps {
    /// Arrives 1 to 10 s after its time.
    pub late: u32,
    /// Arrives after some that happened later, within a quarter of a second.
    pub out_of_order: u32,
    /// Is reported twice, alike to the last digit.
    pub duplicate: u32,
    /// Is reported off the market and cancelled within 5 s.
    pub cancel: u32,
    /// Is reported off the market and corrected within 5 s.
    pub correction: u32,
}

impl Mishaps {
    /// None at all.
    pub const NONE: Self = Self { late: 0, out_of_order: 0, duplicate: 0, cancel: 0, correction: 0 };

    /// As now and then on a real tape, a little more often so that a demonstration shows them.
    pub const USUAL: Self =
        Self { late: 1_000, out_of_order: 3_000, duplicate: 500, cancel: 20, correction: 20 };

    /// The same without cancels and corrections, for a provider whose wire has no words for them:
    /// their originals would stand for ever.
    #[must_use]
    pub const fn without_taking_back(self) -> Self {
        Self { cancel: 0, correction: 0, ..self }
    }

    /// The mishap of a trade with this random number, `0..1_000_000`.
    pub(super) fn of(&self, mut draw: u32) -> Option<Mishap> {
        for (share, mishap) in [
            (self.late, Mishap::Late),
            (self.out_of_order, Mishap::OutOfOrder),
            (self.duplicate, Mishap::Duplicate),
            (self.cancel, Mishap::Cancel),
            (self.correction, Mishap::Correction),
        ] {
            match draw.checked_sub(share) {
                Some(rest) => draw = rest,
                None => return Some(mishap),
            }
        }
        None
    }
}

/// What went wrong with one trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    Late,
    OutOfOrder,
    Duplicate,
    Cancel,
    Correction,
}
