//! What can be traded: name, venue, kind, trading hours.

use crate::Symbol;

/// What kind of thing an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A share, common or preferred, or a depositary receipt.
    Stock,
    /// An exchange-traded fund or product.
    Etf,
    /// A crypto pair.
    Crypto,
    /// A currency pair.
    Forex,
    /// Anything else a provider lists: warrants, units, rights.
    Other,
}

/// When an instrument trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hours {
    /// The US equity calendar: pre-market, regular, after-hours.
    UsEquity,
    /// Day and night, every day; all of it counts as the regular session. Days are those of New York.
    Always,
}

/// What is known of an instrument before it trades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// What people type.
    pub symbol: Symbol,
    /// The company's or pair's name.
    pub name: String,
    /// Exchange or venue as people know it: `NYSE`, `NASDAQ`, `BINANCE`.
    pub exchange: String,
    /// Stock, fund, pair.
    pub kind: Kind,
    /// ISO code of the currency of its prices.
    pub currency: String,
    /// Sector, where the provider tells.
    pub sector: Option<String>,
    /// Industry, where the provider tells.
    pub industry: Option<String>,
    /// When it trades.
    pub hours: Hours,
    /// How active it is beside the others, for ranking search results: larger is more. Market value in
    /// dollars, dollar volume or a provider's rank all serve; 0 is unknown.
    pub activity: u64,
}
