//! Finnhub: trades over a WebSocket, symbols and figures over REST.
//!
//! Provider's pages: <https://finnhub.io/docs/api/websocket-trades>,
//! <https://finnhub.io/docs/api/rate-limit>.

/// Figures for the card: 52-week range, market value, earnings.
pub mod card;
mod message;
/// News of companies and sections.
pub mod news;
/// Frames to trades.
pub mod parse;
/// Symbol list, quotes and card figures, within the plan's budget.
pub mod rest;
mod scan;
#[cfg(test)]
mod tests;

use std::time::Duration;

use market::feed::Timeliness;
use market::{MarketEvent, Symbol, SymbolId, Timestamp};

use crate::adapter::{
    About, Adapter, Capabilities, Endpoint, Incoming, Limits, Opened, Outgoing, Secret, Signals, Skip,
};
use crate::{ErrorKind, FeedError, SymbolMap};
use message::subscription;
use parse::{FrameKind, Sink};

/// What a person sets for Finnhub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The key.
    pub key: Secret,
    /// Address of the stream.
    pub stream_url: String,
    /// Address of the REST interface.
    pub rest_url: String,
    /// The most symbols streamed at once.
    pub symbol_limit: u32,
    /// REST calls a minute.
    pub calls_per_minute: u32,
    /// REST calls a second.
    pub calls_per_second: u32,
    /// How prices are labelled; `Simulated` when the address is a look-alike's.
    pub timeliness: Timeliness,
}

impl Default for Settings {
    /// The free plan at Finnhub's own addresses, without a key.
    fn default() -> Self {
        Self {
            key: Secret::default(),
            stream_url: "wss://ws.finnhub.io".into(),
            rest_url: "https://finnhub.io/api/v1".into(),
            symbol_limit: 50,
            calls_per_minute: 60,
            calls_per_second: 30,
            timeliness: Timeliness::Live,
        }
    }
}

/// The stream's adapter.
#[derive(Debug)]
pub struct Finnhub {
    about: About,
    settings: Settings,
    subscribed: SymbolMap,
    /// The number the next trade gets. Finnhub numbers nothing, so we do: from the arrival time
    /// in 2⁻²⁰ ms, which leaves room for a million trades a millisecond before the numbers of
    /// one run could meet those of a later one.
    next_seq: u64,
}

impl Finnhub {
    /// An adapter with these settings.
    pub fn new(settings: Settings) -> Self {
        let about = About {
            id: "finnhub",
            capabilities: Capabilities { trades: true, ..Capabilities::default() },
            limits: Limits {
                symbols: Some(settings.symbol_limit),
                calls_per_minute: settings.calls_per_minute,
                calls_per_second: settings.calls_per_second,
                // A JSON ping about once a minute.
                heartbeat: Some(Duration::from_secs(60)),
            },
            timeliness: settings.timeliness,
        };
        Self { about, settings, subscribed: SymbolMap::default(), next_seq: 0 }
    }
}

impl Adapter for Finnhub {
    fn about(&self) -> &About {
        &self.about
    }

    fn endpoint(&self) -> Result<Endpoint, FeedError> {
        let base = self.settings.stream_url.trim_end_matches('/');
        let key = self.settings.key.expose();
        if key.is_empty() {
            return Err(FeedError::new(
                ErrorKind::Key,
                "no finnhub key is set: get one at https://finnhub.io/register and put it in the settings",
            ));
        }
        if !key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
            return Err(FeedError::new(
                ErrorKind::Key,
                "the finnhub key holds characters that keys do not have: look for blanks or quotes in the settings",
            ));
        }
        // The path keeps its slash: some servers refuse a query on an empty path.
        let url = Secret::new(format!("{base}/?token={key}"));
        Ok(Endpoint { shown: base.to_owned(), url, headers: Vec::new() })
    }

    fn on_open(&mut self, _: &mut Vec<Outgoing>) -> Opened {
        self.subscribed.clear();
        Opened::Ready
    }

    fn subscribe(&mut self, symbols: &[(SymbolId, Symbol)], out: &mut Vec<Outgoing>) {
        for (id, symbol) in symbols {
            self.subscribed.insert(symbol, *id);
            out.push(Outgoing::Text(subscription("subscribe", symbol.as_str())));
        }
    }

    fn unsubscribe(&mut self, symbols: &[(SymbolId, Symbol)], out: &mut Vec<Outgoing>) {
        for (_, symbol) in symbols {
            self.subscribed.remove(symbol);
            out.push(Outgoing::Text(subscription("unsubscribe", symbol.as_str())));
        }
    }

    fn on_frame(
        &mut self,
        frame: Incoming<'_>,
        ts_recv: Timestamp,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Signals, FeedError> {
        if self.next_seq == 0 {
            self.next_seq = u64::try_from(ts_recv.millis()).unwrap_or(0) << 20;
        }
        let mut sink = Sink::new(&self.subscribed, ts_recv, &mut self.next_seq, out);
        let kind = parse::frame(frame.bytes(), &mut sink)?;
        let mut signals = Signals {
            trades: sink.trades,
            skipped: sink.skipped,
            unknown_conditions: sink.unknown_conditions,
            ..Signals::default()
        };
        match kind {
            FrameKind::Trades => {}
            FrameKind::Ping => signals.heartbeat = true,
            FrameKind::Unused => signals.skipped.add(Skip::Unused),
            FrameKind::Unknown => signals.skipped.add(Skip::UnknownKind),
            // Texts of messages change; these two words have named this error for years.
            FrameKind::Error(text) if text.to_ascii_lowercase().contains("too many symbols") => {
                signals.too_many_symbols = true;
            }
            FrameKind::Error(text) => signals.complaint = Some(complaint(&text)),
        }
        Ok(signals)
    }
}

/// Finnhub's errors on the stream name neither symbol nor code, so they are shown, shortened and cleaned.
fn complaint(text: &str) -> FeedError {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(120).collect();
    FeedError::new(ErrorKind::Garbage, format!("finnhub says: \"{shown}\""))
}
