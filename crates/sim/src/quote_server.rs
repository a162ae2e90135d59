//! A look-alike of the legacy quote server of the day-trading courses: plain TCP, one request a
//! connection, an answer with a key that proves it, and most of its habits.
//!
//! A request is `SYMBOL,USER` and a line feed; the symbol is cut to three characters and made capital.
//! The answer is one line, `PRICE,SYMBOL,USER,TIME,CRYPTOKEY`: dollars with one or two decimals, Unix
//! milliseconds. Then the server closes. A third of the answers take whole seconds, a price moves by a
//! tenth or a fifth from one request to the next, whoever asks, and while too many connections are open
//! at once the keys do not fit their lines. What cannot be read is closed without an answer.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

/// One connection: a request, a wait, an answer.
mod connection;
/// How long an answer takes.
mod delay;
/// The key at the end of an answer.
mod key;
/// The server on a port of its own.
mod port;
/// What a client asks.
mod request;
/// The price of a symbol.
mod walk;

pub(crate) use connection::serve;
pub use delay::Delays;
pub use port::Port;

use crate::finnhub::faults::BadQuote;
use crate::finnhub::{Clock, Faults};
use key::Cipher;
use request::Request;
use walk::Walk;

/// What a quote costs, in cents.
pub const QUOTE_CENTS: u64 = 5;

/// How the server behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The same seed gives the same walk of each symbol, and delays in the same order.
    pub seed: u64,
    /// How long answers take.
    pub delays: Delays,
    /// While more connections than this are open, keys fail their check.
    pub crowd: usize,
    /// Connections beyond this are dropped at once.
    pub connections_max: usize,
    /// How far the server's clock is ahead of ours, in milliseconds; the real one's was minutes off.
    pub clock_ahead_ms: i64,
    /// Connections that have not asked by then are dropped.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            delays: Delays::Measured { percent: 100 },
            crowd: 32,
            connections_max: 4_096,
            clock_ahead_ms: 0,
            patience: Duration::from_secs(5),
        }
    }
}

/// What has been served so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Quotes answered.
    pub count: u64,
    /// What they cost, in cents: 5 each.
    pub cost_cents: u64,
    /// Of them, those whose key fails the check.
    pub bad_keys: u64,
    /// Requests whose client was gone before its answer.
    pub given_up: u64,
    /// Connections closed because they said nothing, or nothing that can be read.
    pub unreadable: u64,
    /// Connections dropped because there were too many.
    pub refused: u64,
    /// Connections open now.
    pub open: usize,
    /// The most that were open at once.
    pub most_open: usize,
}

#[derive(Debug, Default)]
struct Tally {
    answered: AtomicU64,
    bad_keys: AtomicU64,
    given_up: AtomicU64,
    unreadable: AtomicU64,
    refused: AtomicU64,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

/// The server's state; its connections share it.
pub struct QuoteServer {
    settings: Settings,
    clock: Clock,
    faults: Arc<Faults>,
    cipher: Cipher,
    /// Three characters have some 300,000 forms; there are never more entries.
    walks: Mutex<HashMap<String, Walk>>,
    requests: AtomicU64,
    tally: Tally,
}

impl fmt::Debug for QuoteServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuoteServer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl QuoteServer {
    /// A server that has not been asked yet.
    pub fn new(settings: Settings, clock: Clock, faults: Arc<Faults>) -> Self {
        let cipher = Cipher::new(settings.seed);
        let (walks, requests, tally) = (Mutex::default(), AtomicU64::new(0), Tally::default());
        Self { settings, clock, faults, cipher, walks, requests, tally }
    }

    /// What it does wrong on demand.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What has been served so far.
    pub fn counts(&self) -> Counts {
        let t = &self.tally;
        let count = t.answered.load(Ordering::SeqCst);
        Counts {
            count,
            cost_cents: count * QUOTE_CENTS,
            bad_keys: t.bad_keys.load(Ordering::SeqCst),
            given_up: t.given_up.load(Ordering::SeqCst),
            unreadable: t.unreadable.load(Ordering::SeqCst),
            refused: t.refused.load(Ordering::SeqCst),
            open: t.open.load(Ordering::SeqCst),
            most_open: t.most_open.load(Ordering::SeqCst),
        }
    }

    /// A connection's place; `None` when there are too many.
    fn slot(&self) -> Option<Slot<'_>> {
        let before = self.tally.open.fetch_add(1, Ordering::SeqCst);
        let slot = Slot(self);
        if before >= self.settings.connections_max {
            self.tally.refused.fetch_add(1, Ordering::SeqCst);
            return None;
        }
        self.tally.most_open.fetch_max(before + 1, Ordering::SeqCst);
        Some(slot)
    }

    /// How long the next request waits.
    fn delay(&self) -> Duration {
        self.settings.delays.of(self.settings.seed, self.requests.fetch_add(1, Ordering::SeqCst))
    }

    /// The line for a request now, with its line end. The price moves.
    fn answer(&self, request: &Request, wrong: Option<BadQuote>) -> Answer {
        let mut price = dollars(self.step(&request.symbol));
        let (mut symbol, mut user) = (request.symbol.as_str(), request.user.as_str());
        match wrong {
            Some(BadQuote::OtherSymbol) => symbol = if symbol == "ZZZ" { "ZZY" } else { "ZZZ" },
            Some(BadQuote::OtherUser) => user = "nobody",
            Some(BadQuote::PriceZero) => "0.0".clone_into(&mut price),
            Some(BadQuote::PriceNan) => "NaN".clone_into(&mut price),
            _ => {}
        }
        let millis = (self.clock)().millis().saturating_add(self.settings.clock_ahead_ms);
        let text = format!("{price},{symbol},{user},{millis}");
        let crowded = self.tally.open.load(Ordering::SeqCst) > self.settings.crowd;
        let cipher = if crowded { self.cipher.spoilt() } else { self.cipher };
        let key = cipher.seal(&text);
        let good = format!("{text},{key}\n");
        let line = match wrong {
            Some(BadQuote::Garbage) => "\u{7}%%% <html>502 Bad Gateway</html> }{\n".to_owned(),
            Some(BadQuote::HalfLine) => good[..good.len() / 2].to_owned(),
            Some(BadQuote::NoKey) => format!("{text}\n"),
            Some(BadQuote::LongLine) => format!("{text},{}\n", "A".repeat(10_000)),
            Some(BadQuote::NoAnswer) => String::new(),
            _ => good,
        };
        let is_quote = matches!(wrong, None | Some(BadQuote::OtherSymbol | BadQuote::OtherUser));
        Answer { line, is_quote, crowded }
    }

    /// The symbol's next price, in cents.
    fn step(&self, symbol: &str) -> u32 {
        // Whoever panicked left plain values behind; they are still good.
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        match walks.get_mut(symbol) {
            Some(walk) => walk.next(),
            None => {
                let walk = Walk::new(self.settings.seed, symbol);
                walks.entry(symbol.to_owned()).or_insert(walk).next()
            }
        }
    }
}

/// What a connection is sent.
struct Answer {
    line: String,
    /// It costs what a quote costs.
    is_quote: bool,
    /// Its key fails the check.
    crowded: bool,
}

/// Counts a connection for as long as it lives.
struct Slot<'a>(&'a QuoteServer);

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.tally.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Dollars with one or two decimals.
fn dollars(cents: u32) -> String {
    let (whole, rest) = (cents / 100, cents % 100);
    if rest % 10 == 0 { format!("{whole}.{}", rest / 10) } else { format!("{whole}.{rest:02}") }
}

/// Whether the key of an answer was made from its other fields by a server of this seed: the check that
/// the course made of every log. The line may have its line end.
pub fn check_key(seed: u64, answer: &str) -> bool {
    let fields = answer.trim_end_matches(['\r', '\n']).rsplit_once(',');
    fields.is_some_and(|(text, key)| Cipher::new(seed).open(key).as_deref() == Some(text))
}

/// The path that tells what has been served.
pub(crate) fn routes(quotes: Arc<QuoteServer>) -> Router {
    Router::new().route("/sim/quotes", get(show)).with_state(quotes)
}

async fn show(State(quotes): State<Arc<QuoteServer>>) -> Json<Counts> {
    Json(quotes.counts())
}

#[cfg(test)]
mod tests {
    use market::Timestamp;

    use super::*;

    fn server(settings: Settings) -> QuoteServer {
        let clock: Clock = Arc::new(|| Timestamp::from_nanos(1_578_000_000_123_000_000));
        QuoteServer::new(settings, clock, Arc::default())
    }

    fn line(server: &QuoteServer, request: &str) -> String {
        server.answer(&Request::parse(request.as_bytes()).unwrap(), None).line
    }

    #[test]
    fn answers_with_a_key_that_fits_the_line() {
        let server = server(Settings { clock_ahead_ms: 120_000, ..Settings::default() });
        let answer = line(&server, "abcd,oY01WVirLr\n");
        let fields: Vec<&str> = answer.trim_end().split(',').collect();
        assert_eq!(fields[1..4], ["ABC", "oY01WVirLr", "1578000120123"]);
        assert_eq!(fields[4].len(), 56);
        assert!(check_key(1, &answer));
        assert!(!check_key(2, &answer));
        assert!(!check_key(1, &answer.replace("ABC", "ABD")));
        assert!(!check_key(1, "") && !check_key(1, "a,b") && !check_key(1, ",,,,"));
    }

    #[test]
    fn the_price_is_the_symbols_whoever_asks() {
        let price = |line: String| line.split(',').next().unwrap().to_owned();
        let (one, other) = (server(Settings::default()), server(Settings::default()));
        for _ in 0..20 {
            let _ = line(&other, "XYZ,someone\n");
            assert_eq!(price(line(&one, "ABC,one\n")), price(line(&other, "ABC,another\n")));
        }
    }

    #[test]
    fn a_crowd_gets_keys_that_fail() {
        let server = server(Settings { crowd: 1, connections_max: 2, ..Settings::default() });
        let first = server.slot();
        assert!(check_key(1, &line(&server, "ABC,u\n")));
        let second = server.slot();
        assert!(!check_key(1, &line(&server, "ABC,u\n")));
        assert!(server.slot().is_none());
        drop((first, second));
        assert!(check_key(1, &line(&server, "ABC,u\n")));
        let counts = server.counts();
        assert_eq!((counts.open, counts.most_open, counts.refused), (0, 2, 1));
    }

    #[test]
    fn dollars_have_one_or_two_decimals() {
        assert_eq!([100, 4_670, 4_671, 499_907].map(dollars), ["1.0", "46.7", "46.71", "4999.07"]);
    }
}
