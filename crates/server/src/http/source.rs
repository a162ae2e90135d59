//! What the routes need of the live side.

use std::pin::Pin;
use std::sync::Arc;

use market::{Bar, Interval, SessionFilter, SymbolId, Timestamp, Universe};
use wire::http::{Card, Sparkline, StatusAnswer, SymbolGapBody};
use wire::quote::QuoteRow;

/// An answer that may take a while.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A question for bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarsQuery {
    /// What traded.
    pub symbol: SymbolId,
    /// Length of the windows.
    pub interval: Interval,
    /// Which trades count.
    pub session: SessionFilter,
    /// Bars that start here or later, the earliest first kept; `None` asks for the latest.
    pub from: Option<Timestamp>,
    /// Bars that start before this; `None` is no end.
    pub to: Option<Timestamp>,
    /// At most so many, counted from `from`, or back from `to` when there is no `from`.
    pub limit: usize,
}

/// Bars, ascending by start whatever end they were counted from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BarsPage {
    /// Where the trades come from; `None` where there are no bars.
    pub source: Option<Arc<str>>,
    /// The bars.
    pub bars: Vec<Bar>,
}

/// Why there are no bars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BarsError {
    /// They cannot be read now. The reason is for the log; clients are told to try again.
    #[error("bars cannot be read: {0}")]
    Unavailable(String),
}

/// The live side, as HTTP sees it. Nothing here blocks: what is not at hand is a future.
pub trait MarketData: Send + Sync + 'static {
    /// Every instrument there is. The same `Arc` for as long as nothing changed.
    fn universe(&self) -> Arc<Universe>;

    /// Rows of known symbols, one for each id in the order given; one without a price is waiting.
    fn quotes(&self, ids: &[SymbolId]) -> Vec<QuoteRow>;

    /// Bars of a known symbol.
    fn bars(&self, query: BarsQuery) -> Answer<'_, Result<BarsPage, BarsError>>;

    /// Small lines of known symbols, one for each id in the order given.
    fn sparklines(&self, ids: &[SymbolId]) -> Answer<'_, Vec<Sparkline>>;

    /// The newest times in which trades of a known symbol may be missing, oldest first.
    fn gaps(&self, id: SymbolId) -> Vec<SymbolGapBody>;

    /// Server clock, market session, feeds.
    fn status(&self) -> StatusAnswer;

    /// Key figures of a known symbol; empty where the provider has none or cannot be asked now.
    fn card(&self, id: SymbolId) -> Answer<'_, Card>;

    /// Whether feed and store are up; otherwise why not, in words an operator can act on.
    fn is_ready(&self) -> Result<(), String>;
}
