//! The shape every provider's adapter has: a state machine without I/O.
//!
//! The supervisor owns the socket and the clock. It asks the adapter where to connect, hands
//! it frames with their arrival time, and sends what the adapter wants sent. So an adapter is
//! tested with bytes alone, and behaves the same live and in replay.

use std::fmt;
use std::time::Duration;

use market::feed::Timeliness;
use market::{MarketEvent, Symbol, SymbolId, Timestamp};

use crate::FeedError;

/// What a provider is and allows, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What its prices are labelled with: `finnhub`.
    pub id: &'static str,
    /// What its stream carries.
    pub capabilities: Capabilities,
    /// What it allows.
    pub limits: Limits,
    /// How honest its prices are about their age, by the plan in use.
    pub timeliness: Timeliness,
}

/// What a provider's stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Trades.
    pub trades: bool,
    /// Best bid and ask.
    pub quotes: bool,
    /// Cancels and corrections of trades.
    pub corrections: bool,
    /// Its trades carry sequence numbers of their own.
    pub numbered: bool,
}

/// What a provider allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most symbols streamed at once; `None` is no limit.
    pub symbols: Option<u32>,
    /// REST calls a minute.
    pub calls_per_minute: u32,
    /// REST calls a second.
    pub calls_per_second: u32,
    /// How often it sends something even when nothing trades; `None` when it promises nothing.
    pub heartbeat: Option<Duration>,
}

/// Text that must not be shown: a key, or an address with one in it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Nothing was configured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { "(secret)" })
    }
}

/// Where and how to connect. Address and header values are kept from `Debug`: they hold keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// What to call it in logs: scheme, host and path without the query.
    pub shown: String,
    /// The whole address, `ws://` or `wss://`.
    pub url: Secret,
    /// Headers of the handshake.
    pub headers: Vec<(&'static str, Secret)>,
}

/// A frame to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// A frame that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// Of a text frame; valid UTF-8.
    Text(&'a [u8]),
    /// Of a binary frame.
    Binary(&'a [u8]),
}

impl<'a> Incoming<'a> {
    /// The payload, whichever kind of frame it came in.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}

/// When symbols may be subscribed on a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// At once.
    Ready,
    /// After a frame whose [`Signals::ready`] is set: the venue answers a login first.
    AwaitsReply,
}

/// Why something that came was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Skip {
    /// A frame that is not of the provider's format.
    Garbage,
    /// A frame above the size limit.
    TooLarge,
    /// A frame of a kind we do not know.
    UnknownKind,
    /// News and other kinds we know and do not use.
    Unused,
    /// A record that is not of the documented shape.
    Malformed,
    /// A price that is absent, unreadable, not above zero or out of range.
    Price,
    /// A size that is absent, unreadable, negative or out of range.
    Size,
    /// A time that is absent, unreadable, before 1990 or more than a day ahead.
    Time,
    /// A symbol that is not subscribed.
    Symbol,
    /// A price update without a trade.
    NoTrade,
}

impl Skip {
    /// All reasons, in the order of [`SkipCounts`].
    pub const ALL: [Self; 10] = [
        Self::Garbage,
        Self::TooLarge,
        Self::UnknownKind,
        Self::Unused,
        Self::Malformed,
        Self::Price,
        Self::Size,
        Self::Time,
        Self::Symbol,
        Self::NoTrade,
    ];

    /// The metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Garbage => "garbage",
            Self::TooLarge => "too_large",
            Self::UnknownKind => "unknown_kind",
            Self::Unused => "unused",
            Self::Malformed => "malformed",
            Self::Price => "price",
            Self::Size => "size",
            Self::Time => "time",
            Self::Symbol => "symbol",
            Self::NoTrade => "no_trade",
        }
    }
}

/// How many were left out, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SkipCounts([u32; Skip::ALL.len()]);

impl SkipCounts {
    /// Counts one.
    pub fn add(&mut self, reason: Skip) {
        let count = &mut self.0[reason as usize];
        *count = count.saturating_add(1);
    }

    /// How many for this reason.
    pub fn get(&self, reason: Skip) -> u32 {
        self.0[reason as usize]
    }

    /// The reasons that occurred, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (Skip, u32)> {
        Skip::ALL.into_iter().zip(self.0).filter(|(_, n)| *n != 0)
    }

    /// All together.
    pub fn total(&self) -> u32 {
        self.0.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// What a frame meant beyond its events.
#[derive(Debug, Default)]
pub struct Signals {
    /// Trades appended to the events.
    pub trades: u32,
    /// What was left out, by reason.
    pub skipped: SkipCounts,
    /// Trades with a sale condition that is not in the table.
    pub unknown_conditions: u32,
    /// The frame was the provider's own heartbeat.
    pub heartbeat: bool,
    /// The provider is ready for subscriptions.
    pub ready: bool,
    /// The provider refused a subscription because there are too many; it does not say which.
    pub too_many_symbols: bool,
    /// The provider said something else is wrong; the connection stays.
    pub complaint: Option<FeedError>,
}

/// A provider's stream, as a state machine without I/O.
///
/// The caller's duties: `on_open` once for each new connection, before anything else; then
/// only frames of that connection. Subscriptions die with their connection, so after `on_open`
/// the adapter holds none.
pub trait Adapter: Send + 'static {
    /// What the provider is and allows.
    fn about(&self) -> &About;

    /// Where to connect, asked before each attempt.
    fn endpoint(&self) -> Result<Endpoint, FeedError>;

    /// A connection is open: forget the former one's subscriptions, append what to send first.
    fn on_open(&mut self, out: &mut Vec<Outgoing>) -> Opened;

    /// Starts these symbols. None of them is subscribed now.
    fn subscribe(&mut self, symbols: &[(SymbolId, Symbol)], out: &mut Vec<Outgoing>);

    /// Stops these symbols.
    fn unsubscribe(&mut self, symbols: &[(SymbolId, Symbol)], out: &mut Vec<Outgoing>);

    /// Takes in a frame and appends its events.
    ///
    /// An error is for a frame as a whole, and only an error with [`crate::Retry::Never`] ends the
    /// connection: a bad frame never costs more than itself. On an error nothing is appended.
    fn on_frame(
        &mut self,
        frame: Incoming<'_>,
        ts_recv: Timestamp,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Signals, FeedError>;
}
