//! Finnhub's words: <https://finnhub.io/docs/api/websocket-trades>.
//!
//! ```json
//! {"data":[{"c":["1","12"],"p":190.12,"s":"AAPL","t":1700000000123,"v":40}],"type":"trade"}
//! {"type":"ping"}
//! {"type":"error","msg":"Subscribing to too many symbols"}
//! ```
//!
//! Numbers stay text until they become fixed-point: no float ever holds a price.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A frame's outer shape.
#[derive(Debug, Deserialize)]
pub(super) struct Frame<'a> {
    /// `trade`, `ping`, `error`, `news`, …
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    /// Trades or headlines, each kept raw so that one bad record costs only itself.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
    /// Of an error.
    #[serde(borrow, default)]
    pub msg: Option<Cow<'a, str>>,
}

/// One record of a `trade` frame.
#[derive(Debug, Deserialize)]
pub(super) struct Record<'a> {
    /// Symbol.
    #[serde(borrow)]
    pub s: Cow<'a, str>,
    /// Last price.
    #[serde(borrow, default)]
    pub p: Option<&'a RawValue>,
    /// UNIX time in milliseconds.
    #[serde(borrow, default)]
    pub t: Option<&'a RawValue>,
    /// Volume; 0 is a price update without a trade.
    #[serde(borrow, default)]
    pub v: Option<&'a RawValue>,
    /// Sale conditions: numeric ids as strings; may be null or absent.
    #[serde(borrow, default)]
    pub c: Option<&'a RawValue>,
}

/// Text to subscribe or unsubscribe a symbol. The grammar of symbols has nothing to escape.
pub(super) fn subscription(verb: &str, symbol: &str) -> String {
    format!(r#"{{"type":"{verb}","symbol":"{symbol}"}}"#)
}
