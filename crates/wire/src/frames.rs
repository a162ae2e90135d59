//! What the server sends over the WebSocket.
//!
//! These typed forms are the definition, and what the document at `/openapi.json` describes. The
//! hot kinds are sent through the encoders of [`crate::encode`], which give the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use market::{Price, Symbol, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::alerts::{AlertsData, FiringBody};
use crate::client::{IdSchema, RequestId};
use crate::desk::{AccountBody, AccountUpdate};
use crate::http::{BarBody, StatusAnswer};
use crate::lists::ListsData;
use crate::names::{Channel, Freshness, IntervalName, SessionName};
use crate::news::{ArticleBody, ArticleChange};
use crate::number;
use crate::quote::Quote;
use crate::text::{self, SymbolName, excerpt};
use crate::time;

/// One frame of the server.
#[allow(clippy::large_enum_variant, reason = "a frame is written as soon as it is made, and never kept")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// Last prices.
    PriceUpdate(PriceUpdate),
    /// Rows of day figures.
    QuoteUpdate(QuoteUpdate),
    /// Bars.
    BarUpdate(BarUpdate),
    /// Feeds, market session and server clock.
    Status(StatusAnswer),
    /// What somebody has: at once after subscribing to `account`.
    Account(AccountFrame),
    /// What happened to somebody's account.
    AccountUpdate(AccountUpdateFrame),
    /// Which watch lists somebody has: at once after subscribing to `lists`, and whenever that changes.
    Lists(ListsFrame),
    /// In which version somebody's alerts are: at once after subscribing to `alerts`, and whenever they change.
    Alerts(AlertsFrame),
    /// One of somebody's alerts has fired.
    AlertFired(AlertFiredFrame),
    /// An article came in or changed.
    News(NewsFrame),
    /// A refusal. It changes nothing else on the connection.
    Error(ErrorFrame),
    /// Answers a `subscribe` that has an `id`.
    Subscribed(Subscribed),
    /// Answers a `ping`.
    Pong(Pong),
}

impl ServerFrame {
    /// The JSON text. For the cold kinds; the hot ones have encoders.
    pub fn to_json(&self) -> Vec<u8> {
        // Writing to memory cannot fail, and every type here serialises; an empty object is no frame
        // a client acts on, should that ever change.
        serde_json::to_vec(self).unwrap_or_else(|_| b"{}".to_vec())
    }
}

/// What somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountFrame {
    /// All of it.
    pub data: AccountBody,
}

/// What happened to somebody's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountUpdateFrame {
    /// What, and what there is after it.
    pub data: AccountUpdate,
}

/// Which watch lists somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListsFrame {
    /// All of them, in order.
    pub data: ListsData,
}

/// In which version somebody's alerts are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertsFrame {
    /// Of all of them.
    pub data: AlertsData,
}

/// One of somebody's alerts has fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertFiredFrame {
    /// What happened.
    pub data: FiringBody,
}

/// An article came in or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NewsFrame {
    /// Which of the two.
    pub change: ArticleChange,
    /// The article as it is now.
    pub article: ArticleBody,
}

/// A symbol's last price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceValue {
    /// The last trade's price.
    #[serde(with = "number::price")]
    #[schema(value_type = f64, format = "decimal", example = 150.23)]
    pub price: Price,
    /// The last trade's own time.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Grows by at least one with every change of this symbol within one epoch.
    pub seq: u64,
    /// Where the price comes from: `sim`, `finnhub`, `replay`.
    #[serde(with = "text::shared")]
    #[schema(value_type = String, example = "sim")]
    pub source: Arc<str>,
    /// How far the price can be trusted to be the present one.
    pub state: Freshness,
}

/// Last prices by symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceUpdate {
    /// By symbol.
    #[schema(value_type = BTreeMap<String, PriceValue>)]
    pub data: BTreeMap<SymbolName, PriceValue>,
}

/// Rows of day figures by symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuoteUpdate {
    /// By symbol.
    #[schema(value_type = BTreeMap<String, Quote>)]
    pub data: BTreeMap<SymbolName, Quote>,
}

/// A bar, or that there is none any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BarChange {
    /// The bar of its start, which replaces one of the same start seen before.
    Bar(BarBody),
    /// The bar of this start ceased to exist.
    Removed(RemovedBar),
}

/// A bar whose only trade was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct RemovedBar {
    /// Start of its window.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// Always `true`.
    removed: bool,
}

impl RemovedBar {
    /// The bar of this start is no more.
    pub const fn new(start: Timestamp) -> Self {
        Self { start, removed: true }
    }
}

/// Bars by symbol, ascending by start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BarUpdate {
    /// Length of the windows.
    pub interval: IntervalName,
    /// Which trades the bars are made of.
    pub session: SessionName,
    /// By symbol.
    #[schema(value_type = BTreeMap<String, Vec<BarChange>>)]
    pub data: BTreeMap<SymbolName, Vec<BarChange>>,
}

/// What kind of refusal an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// No instrument has this symbol.
    UnknownSymbol,
    /// The frame is not one the protocol knows.
    BadRequest,
    /// More symbols than one connection may have.
    TooManySymbols,
    /// This connection may not.
    NotAllowed,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorFrame {
    /// What was wrong, for a person.
    #[schema(example = "Invalid stock symbol: XYZ")]
    pub message: String,
    /// What was wrong, for a program.
    pub code: ErrorCode,
    /// The symbol concerned, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub symbol: Option<String>,
    /// The `id` of the frame refused, where it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<IdSchema>, nullable = false)]
    pub id: Option<RequestId>,
}

impl ErrorFrame {
    /// The refusal of a text that is no instrument's symbol.
    pub fn unknown_symbol(symbol: &str, id: Option<RequestId>) -> Self {
        let symbol = excerpt(symbol);
        Self {
            message: format!("Invalid stock symbol: {symbol}"),
            code: ErrorCode::UnknownSymbol,
            symbol: Some(symbol.to_owned()),
            id,
        }
    }

    /// The channel is somebody's own, and this connection is nobody's, or its key does not allow it.
    pub fn not_allowed(id: Option<RequestId>) -> Self {
        let message = "sign in first: this channel is not for everybody".into();
        Self { message, code: ErrorCode::NotAllowed, symbol: None, id }
    }

    /// The refusal of symbols beyond what one connection may have.
    pub fn too_many_symbols(limit: usize, id: Option<RequestId>) -> Self {
        Self {
            message: format!("Too many symbols: a connection may have at most {limit}"),
            code: ErrorCode::TooManySymbols,
            symbol: None,
            id,
        }
    }
}

/// Answers a `subscribe` that has an `id`: after the errors, before the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Subscribed {
    /// The `id` of the `subscribe`.
    #[schema(value_type = IdSchema)]
    pub id: RequestId,
    /// What was subscribed to.
    pub channel: Channel,
    /// The symbols that were good, in the order given.
    #[schema(value_type = Vec<String>)]
    pub symbols: Vec<SymbolName>,
    /// Names one life of the server's state: `seq` only grows while it stays the same.
    #[serde(with = "text::shared")]
    #[schema(value_type = String)]
    pub epoch: Arc<str>,
}

/// Answers a `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pong {
    /// The `id` of the `ping`; `null` where it had none.
    #[schema(value_type = Option<IdSchema>, required)]
    pub id: Option<RequestId>,
    /// The server's clock.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
}

impl ErrorFrame {
    /// Whether `text` is a symbol by the grammar, or the refusal that a client gets.
    pub fn check_symbol(text: &str, id: Option<&RequestId>) -> Result<Symbol, Self> {
        Symbol::new(text).map_err(|_| Self::unknown_symbol(text, id.cloned()))
    }
}
