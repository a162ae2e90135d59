//! A look-alike of Finnhub: its REST paths and its trade stream, its errors and limits, so that
//! clients written for it work here by address alone.
//!
//! What Finnhub answers is described at <https://finnhub.io/docs/api>. The prices are the simulated
//! market's; nothing is asked of the real service.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::any;
use bytes::Bytes;
use market::Timestamp;
use tokio::sync::watch;

/// What each path answers.
mod answer;
/// Faults on demand.
pub mod faults;
/// How many calls a key may make.
pub(crate) mod limit;
/// The simulated market's news.
mod news;
/// Calls in, answers out.
mod rest;
/// Answers over REST gone wrong.
pub(crate) mod spoil;
/// The trade stream.
mod stream;

pub use faults::Faults;

use crate::market::Market;
use limit::Limiter;

/// Where the REST paths begin.
pub const API_PREFIX: &str = "/finnhub/api/v1";

/// Where the stream is.
pub const STREAM_PATH: &str = "/finnhub/ws";

/// The time of the simulated market.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a plan allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// REST calls in a minute.
    pub calls_per_minute: u32,
    /// REST calls in a second.
    pub calls_per_second: u32,
    /// Symbols a connection may stream.
    pub symbols: usize,
    /// What a second connection with the key meets.
    pub second_connection: SecondConnection,
    /// `/stock/candle` answers; on the free plan it is refused with 403.
    pub candles: bool,
    /// Seconds between the stream's JSON pings.
    pub ping_seconds: u32,
}

impl Default for Settings {
    /// The free plan.
    fn default() -> Self {
        Self {
            calls_per_minute: 60,
            calls_per_second: 30,
            symbols: 50,
            second_connection: SecondConnection::Refuse,
            candles: false,
            ping_seconds: 60,
        }
    }
}

/// What a second connection with the same key meets; third parties report both of the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondConnection {
    /// It is refused with 429.
    Refuse,
    /// Both drop.
    DropBoth,
    /// It is served like the first.
    Allow,
}

/// All that the look-alike shares between calls and connections.
pub(crate) struct Look {
    market: Arc<Market>,
    clock: Clock,
    key: String,
    settings: Settings,
    limiter: Mutex<Limiter>,
    faults: Arc<Faults>,
    streams: AtomicUsize,
    /// How often there were more streams than the plan allows, where then all drop.
    crowds: AtomicU64,
    stopping: watch::Receiver<bool>,
    /// The long lists never change; they are written once.
    symbol_list: OnceLock<Bytes>,
}

impl Look {
    pub(crate) fn new(
        market: Arc<Market>,
        clock: Clock,
        key: String,
        settings: Settings,
        faults: Arc<Faults>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let limiter = Mutex::new(Limiter::new(settings.calls_per_minute, settings.calls_per_second));
        let (streams, crowds, symbol_list) = (AtomicUsize::new(0), AtomicU64::new(0), OnceLock::new());
        Self { market, clock, key, settings, limiter, faults, streams, crowds, stopping, symbol_list }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// What the token of a call is worth.
    fn token(&self, query: &HashMap<String, String>, headers: &HeaderMap) -> Token {
        let header = headers.get("x-finnhub-token").and_then(|value| value.to_str().ok());
        match header.or_else(|| query.get("token").map(String::as_str)) {
            Some("") => Token::Empty,
            Some(token) if token == self.key => Token::Good,
            _ => Token::Bad,
        }
    }
}

/// What the token of a call is worth.
enum Token {
    Good,
    /// Missing or wrong.
    Bad,
    /// Given, but empty; Finnhub counts these as one key that is over its limit.
    Empty,
}

/// The routes, with the control path for faults.
pub(crate) fn routes(look: Arc<Look>) -> Router {
    Router::new()
        .route(STREAM_PATH, any(stream::connect))
        // Clients keep a slash before their query, as Finnhub's own address has one.
        .route(&format!("{STREAM_PATH}/"), any(stream::connect))
        // Whatever follows, also the second slash that the official Python client puts there.
        .route("/finnhub/api/v1/{*path}", any(rest::call))
        .with_state(Arc::clone(&look))
        .nest("/sim", faults::routes(Arc::clone(&look.faults)))
}

/// The members of a query, the first of each name; none when they cannot be read.
pub(crate) fn members(uri: &Uri) -> HashMap<String, String> {
    Query::<HashMap<String, String>>::try_from_uri(uri).map(|Query(members)| members).unwrap_or_default()
}

type Shared = State<Arc<Look>>;

/// Counts a stream for as long as it lives.
struct Slot(Arc<Look>);

impl Slot {
    /// Takes a place; tells how many there were before.
    fn take(look: &Arc<Look>) -> (Self, usize) {
        let before = look.streams.fetch_add(1, Ordering::SeqCst);
        (Self(Arc::clone(look)), before)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::SeqCst);
    }
}
