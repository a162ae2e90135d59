//! Bodies of HTTP answers and requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use market::{Bar, FeedStatus, Instrument, Price, Timestamp, Volume};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::names::{FeedStateName, HoursName, IntervalName, KindName, MarketSession, SessionName};
use crate::number::{self, Micros};
use crate::quote::QuoteRow;
use crate::text::{self, SymbolName};
use crate::time;

/// What is known of an instrument before it trades.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstrumentBody {
    /// What people type.
    #[schema(value_type = String, example = "GM")]
    pub symbol: SymbolName,
    /// The company's or pair's name.
    #[schema(example = "General Motors Company")]
    pub name: String,
    /// Exchange or venue as people know it.
    #[schema(example = "NYSE")]
    pub exchange: String,
    /// What kind of thing it is.
    pub kind: KindName,
    /// ISO code of the currency of its prices.
    #[schema(example = "USD")]
    pub currency: String,
    /// Sector, where the provider tells.
    #[schema(required)]
    pub sector: Option<String>,
    /// Industry, where the provider tells.
    #[schema(required)]
    pub industry: Option<String>,
    /// When it trades.
    pub hours: HoursName,
}

impl From<&Instrument> for InstrumentBody {
    fn from(instrument: &Instrument) -> Self {
        Self {
            symbol: instrument.symbol.into(),
            name: instrument.name.clone(),
            exchange: instrument.exchange.clone(),
            kind: instrument.kind.into(),
            currency: instrument.currency.clone(),
            sector: instrument.sector.clone(),
            industry: instrument.industry.clone(),
            hours: instrument.hours.into(),
        }
    }
}

/// One page of a symbol search, best first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SymbolsPage {
    /// The instruments found.
    pub symbols: Vec<InstrumentBody>,
    /// Pass as `cursor` for the next page; `null` on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Key figures of a company, as its provider gives them. What it does not give is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// Highest price in 52 weeks.
    #[serde(with = "number::price_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub week_52_high: Option<Price>,
    /// Lowest price in 52 weeks.
    #[serde(with = "number::price_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub week_52_low: Option<Price>,
    /// Market value in the instrument's currency.
    #[serde(with = "number::volume_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub market_cap: Option<Volume>,
    /// Price by yearly earnings.
    #[serde(with = "number::price_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub pe_ratio: Option<Price>,
    /// Shares outstanding.
    #[serde(with = "number::volume_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub shares_outstanding: Option<Volume>,
    /// When the provider gave these figures.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub as_of: Option<Timestamp>,
    /// Who gave them.
    #[schema(required)]
    pub source: Option<String>,
}

/// One instrument with its key figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SymbolDetail {
    /// The instrument.
    #[serde(flatten)]
    pub instrument: InstrumentBody,
    /// Its key figures.
    pub card: Card,
}

/// Latest values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuotesAnswer {
    /// A row for each known symbol asked for, in the order asked, each once.
    pub quotes: Vec<QuoteRow>,
    /// The symbols asked for that do not exist.
    #[schema(example = json!(["XYZ"]))]
    pub unknown: Vec<String>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BarBody {
    /// Start of the window.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// First price.
    #[serde(with = "number::price")]
    #[schema(value_type = f64, format = "decimal")]
    pub open: Price,
    /// Highest price.
    #[serde(with = "number::price")]
    #[schema(value_type = f64, format = "decimal")]
    pub high: Price,
    /// Lowest price.
    #[serde(with = "number::price")]
    #[schema(value_type = f64, format = "decimal")]
    pub low: Price,
    /// Last price.
    #[serde(with = "number::price")]
    #[schema(value_type = f64, format = "decimal")]
    pub close: Price,
    /// Shares or coins.
    #[serde(with = "number::volume")]
    #[schema(value_type = f64, format = "decimal")]
    pub volume: Volume,
    /// Number of trades in `volume`.
    pub trades: u64,
    /// Volume-weighted average price, to six places, half to even.
    #[serde(with = "number::micros")]
    #[schema(value_type = f64, format = "decimal")]
    pub vwap: Micros,
}

impl From<Bar> for BarBody {
    fn from(bar: Bar) -> Self {
        let Bar { start, open, high, low, close, volume, trades, vwap_micros } = bar;
        Self { start, open, high, low, close, volume, trades, vwap: Micros(vwap_micros) }
    }
}

/// One page of bars, ascending by start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BarsAnswer {
    /// The symbol.
    #[schema(value_type = String, example = "AAPL")]
    pub symbol: SymbolName,
    /// Length of each window.
    pub interval: IntervalName,
    /// Which trades the bars are made of.
    pub session: SessionName,
    /// Where the trades come from; `null` where there are no bars.
    #[serde(with = "text::shared_option")]
    #[schema(value_type = Option<String>, required)]
    pub source: Option<Arc<str>>,
    /// The bars.
    pub bars: Vec<BarBody>,
    /// Pass as `cursor` for the next page: later bars when `from` was given, earlier ones otherwise;
    /// `null` on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A small line of closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sparkline {
    /// Time between two closes.
    pub interval: IntervalName,
    /// At most 80 closes, oldest first.
    #[serde(with = "number::prices")]
    #[schema(value_type = Vec<f64>, max_items = 80)]
    pub closes: Vec<Price>,
}

/// Small lines by symbol; a symbol that does not exist is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SparklinesAnswer {
    /// By symbol.
    #[schema(value_type = BTreeMap<String, Sparkline>)]
    pub sparklines: BTreeMap<SymbolName, Sparkline>,
}

/// The US equity market's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MarketBody {
    /// Where the day stands.
    pub session: MarketSession,
    /// Start of the running regular session, or of the next when none runs.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub opens_at: Option<Timestamp>,
    /// End of the same regular session.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub closes_at: Option<Timestamp>,
}

/// How a feed is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedBody {
    /// The feed's name in the configuration.
    pub name: String,
    /// What its prices are labelled with.
    pub source: String,
    /// Where its connection stands.
    pub state: FeedStateName,
    /// Why it is not up, in words.
    #[schema(required)]
    pub detail: Option<String>,
    /// Symbols its provider sends now.
    pub symbols_subscribed: u64,
    /// Symbols wanted but beyond the provider's limit.
    pub symbols_waiting: u64,
    /// The most symbols its provider streams at once; `null` is no limit.
    #[schema(required)]
    pub symbol_limit: Option<u32>,
    /// When anything was last heard.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_event_at: Option<Timestamp>,
    /// Recent delay from a trade's own time to its arrival, in milliseconds.
    #[schema(required)]
    pub delay_ms: Option<u32>,
    /// Connections made after the first.
    pub reconnects: u64,
    /// Times at which it may have missed something, since this server started.
    pub gaps: u64,
    /// The newest of them, at most 16, oldest first.
    pub recent_gaps: Vec<GapBody>,
}

/// A time in which a feed may have missed something: a cut, a silence, an overflow. Bars may lack trades.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GapBody {
    /// Last moment known to be complete.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// First moment known to be complete again.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// Number of symbols concerned; `null` is all of the feed's.
    #[schema(required)]
    pub symbols: Option<u64>,
}

/// A time in which trades of one symbol may be missing: the connection to its feed was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SymbolGapBody {
    /// The feed's name in the configuration.
    pub feed: String,
    /// Last moment known to be complete.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// First moment known to be complete again.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
}

/// The newest gaps of one symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GapsAnswer {
    /// The symbol.
    #[schema(value_type = String, example = "AAPL")]
    pub symbol: SymbolName,
    /// Oldest first, at most 16 of each feed, and only those since this server started.
    pub gaps: Vec<SymbolGapBody>,
}

impl From<&FeedStatus> for FeedBody {
    fn from(status: &FeedStatus) -> Self {
        Self {
            name: status.name.clone(),
            source: status.source.clone(),
            state: status.state.into(),
            detail: status.detail.clone(),
            symbols_subscribed: status.subscribed.len() as u64,
            symbols_waiting: status.waiting.len() as u64,
            symbol_limit: status.symbol_limit,
            last_event_at: status.last_event,
            delay_ms: status.delay_ms,
            reconnects: status.reconnects,
            gaps: 0,
            recent_gaps: Vec::new(),
        }
    }
}

/// Server clock, market session, feeds. Also the body of the `status` frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusAnswer {
    /// The server's clock.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub server_time: Timestamp,
    /// The server's version.
    #[schema(example = "0.1.0")]
    pub version: String,
    /// Names one life of the server's state: `seq` only grows while it stays the same.
    #[serde(with = "text::shared")]
    #[schema(value_type = String)]
    pub epoch: Arc<str>,
    /// The US equity market's day.
    pub market: MarketBody,
    /// The feeds.
    pub feeds: Vec<FeedBody>,
}

/// Addresses the data comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourcesAnswer {
    /// The addresses.
    #[schema(example = json!(["https://finnhub.io"]))]
    pub sources: Vec<String>,
}

/// Asks for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionRequest {
    /// The address that the client wants to connect to.
    #[schema(example = "ws://localhost:8080/ws")]
    pub websocket_url: String,
}

/// A session and the address to connect to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionAnswer {
    /// Random and unguessable.
    pub session_id: String,
    /// The address to connect to.
    #[schema(example = "ws://localhost:8080/ws")]
    pub websocket_url: String,
}
