//! The legacy quote server of the day-trading courses as a price source: one TCP connection a quote,
//! every quote costs money, and a third of them take whole seconds.
//!
//! So quotes are kept for the 60 seconds they may be used, whoever asks; those who miss the same symbol
//! at the same time share one request; few connections are open at once, since the server's keys fail
//! under many; and an answer that is slow is not waited for, since the next one probably is not.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use market::{Symbol, Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// Where the server is.
mod address;
/// What the server says.
mod answer;
/// The quotes that may still be used.
mod cache;
/// Why there is no quote.
mod error;
/// One quote, with all the attempts it takes.
mod fetch;
/// One connection.
mod line;
/// What is counted.
mod metrics;

pub use address::{Address, AddressError};
pub use answer::{ANSWER_BYTES_MAX, Answer, AnswerError};
pub use error::{QuoteError, Trouble};
pub use metrics::QuoteMetrics;

use crate::Clock;
use address::Lookup;
use cache::{Cache, Fetched, Life};
use fetch::Fetcher;

/// What a quote costs, in cents.
pub const QUOTE_CENTS: u64 = 5;

/// How long a quote may be used: the course's rule. At exactly so old it is still good.
pub const QUOTE_LIFE: Duration = Duration::from_secs(60);

/// The longest symbol that the server does not cut, in characters.
const SYMBOL_CHARACTERS_MAX: usize = 3;

/// The longest user's name that the server is asked in, in bytes.
const USER_BYTES_MAX: usize = 64;

/// How to deal with the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Connections at a time; the real server's keys fail under many.
    pub connections: usize,
    /// An answer that takes longer is given up for a new connection: the real server's quick answers
    /// took 7 to 26 ms, all others a second and more. Grows after some attempts.
    pub patience: Duration,
    /// Attempts for one quote; the last waits as long as there is time. After a request that found no
    /// server it is one, until the server answers.
    pub attempts: u32,
    /// All attempts for one quote end by then.
    pub deadline: Duration,
    /// How long one attempt waits for a connection.
    pub connect: Duration,
    /// How long a request waits for its turn, before its attempts begin.
    pub turn: Duration,
    /// Requests made or waiting for their turn; more misses are refused as busy.
    pub requests_max: usize,
    /// How long a quote may be used.
    pub life: Duration,
    /// So far apart the clocks may be and still agree; then a quote's life begins at the server's stamp.
    pub tolerance: Duration,
    /// Symbols whose quotes are kept; the oldest goes first.
    pub symbols_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: 8,
            patience: Duration::from_millis(30),
            attempts: 12,
            deadline: Duration::from_secs(5),
            connect: Duration::from_secs(1),
            turn: Duration::from_secs(30),
            requests_max: 4_096,
            life: QUOTE_LIFE,
            tolerance: Duration::from_secs(1),
            symbols_max: 100_000,
        }
    }
}

/// A quote for one user of it. Also reads as its [`Answer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyQuote {
    /// What the server said. Its user is the one in whose name it was fetched, maybe another's.
    pub answer: Answer,
    /// When it was asked for, by our clock.
    pub asked_at: Timestamp,
    /// When it was here, by our clock.
    pub arrived_at: Timestamp,
    /// From when its life is counted: the server's stamp where the clocks agree, else its arrival.
    pub born_at: Timestamp,
    /// It was fetched for this use: the first after it came. A log has one entry for each of these.
    pub fresh: bool,
}

impl Deref for LegacyQuote {
    type Target = Answer;

    fn deref(&self) -> &Answer {
        &self.answer
    }
}

/// Whether the server can be asked for a symbol: one to three capitals or digits. It would take any other
/// for one of these.
pub fn supports(symbol: &Symbol) -> bool {
    let fits = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    symbol.as_bytes().len() <= SYMBOL_CHARACTERS_MAX && symbol.as_bytes().iter().all(fits)
}

/// Whether a request in this name reads as one: a comma or a line end would make it another's.
fn is_user(user: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b',';
    (1..=USER_BYTES_MAX).contains(&user.len()) && user.bytes().all(fits)
}

/// What those who wait for a request are told.
type Outcome = Option<Result<Arc<Fetched>, QuoteError>>;

/// The client; clones share its cache, its connections and its counts.
#[derive(Clone)]
pub struct QuoteServer {
    shared: Arc<Shared>,
}

struct Shared {
    lookup: Lookup,
    settings: Settings,
    clock: Clock,
    metrics: QuoteMetrics,
    connections: Semaphore,
    away: AtomicBool,
    // Held for a few lines at a time, never across an await.
    state: Mutex<State>,
}

struct State {
    cache: Cache,
    /// The requests being made, by symbol; at most `requests_max`.
    flights: HashMap<Symbol, watch::Receiver<Outcome>>,
}

/// What a caller finds.
enum Found {
    Hit(Arc<Fetched>),
    Flight(watch::Receiver<Outcome>),
}

impl fmt::Debug for QuoteServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.shared;
        f.debug_struct("QuoteServer")
            .field("address", &shared.lookup.address().to_string())
            .finish_non_exhaustive()
    }
}

impl QuoteServer {
    /// A client of the server at an address. Nothing is connected before the first quote.
    pub fn new(address: Address, settings: Settings, clock: Clock, metrics: QuoteMetrics) -> Self {
        let life = Life { span: settings.life, tolerance: settings.tolerance };
        let cache = Cache::new(life, settings.symbols_max);
        let shared = Shared {
            lookup: Lookup::new(address),
            connections: Semaphore::new(settings.connections.clamp(1, Semaphore::MAX_PERMITS)),
            away: AtomicBool::new(false),
            state: Mutex::new(State { cache, flights: HashMap::new() }),
            settings,
            clock,
            metrics,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Where the server is.
    pub fn address(&self) -> &Address {
        self.shared.lookup.address()
    }

    /// What has been counted.
    pub fn metrics(&self) -> &QuoteMetrics {
        &self.shared.metrics
    }

    /// A symbol's quote if it is here and still good at `now`; never waits.
    pub fn peek(&self, symbol: &Symbol, now: Timestamp) -> Option<LegacyQuote> {
        let quote = self.shared.lock().cache.get(symbol, now).map(Arc::clone)?;
        self.shared.metrics.hits.inc();
        Some(quote.hand_out())
    }

    /// A symbol's quote: from the cache if one there is good by the clock, else from a request already
    /// being made, else fetched in this user's name.
    ///
    /// A request once begun is finished even if its callers go away, since it may be paid already. Must be
    /// called within a Tokio runtime.
    pub async fn quote(&self, symbol: &Symbol, user: &str) -> Result<LegacyQuote, QuoteError> {
        let found = self.shared.find(symbol, user).inspect_err(|error| self.shared.metrics.failure(error))?;
        let mut flight = match found {
            Found::Hit(quote) => return Ok(quote.hand_out()),
            Found::Flight(flight) => flight,
        };
        let landed = flight.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        let ended = QuoteError::Unavailable { attempts: 0, last: Trouble::Ended };
        landed.unwrap_or(Err(ended)).map(|quote| quote.hand_out())
    }
}

impl Shared {
    fn find(self: &Arc<Self>, symbol: &Symbol, user: &str) -> Result<Found, QuoteError> {
        if !supports(symbol) {
            return Err(QuoteError::Unsupported(*symbol));
        }
        if !is_user(user) {
            return Err(QuoteError::User);
        }
        let now = (self.clock)();
        let mut state = self.lock();
        if let Some(quote) = state.cache.get(symbol, now) {
            self.metrics.hits.inc();
            return Ok(Found::Hit(Arc::clone(quote)));
        }
        if let Some(flight) = state.flights.get(symbol) {
            self.metrics.collapsed.inc();
            return Ok(Found::Flight(flight.clone()));
        }
        if state.flights.len() >= self.settings.requests_max {
            return Err(QuoteError::Busy);
        }
        let (landing, flight) = watch::channel(None);
        state.flights.insert(*symbol, flight.clone());
        let request = Request { shared: Arc::clone(self), symbol: *symbol, landing };
        tokio::spawn(request.fly(user.to_owned()));
        Ok(Found::Flight(flight))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panicked left a whole state behind: each change is one call.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request being made. However it ends, the next miss makes a new one.
struct Request {
    shared: Arc<Shared>,
    symbol: Symbol,
    landing: watch::Sender<Outcome>,
}

impl Request {
    async fn fly(self, user: String) {
        let shared = &self.shared;
        let started = Instant::now();
        let fetcher = Fetcher {
            lookup: &shared.lookup,
            settings: &shared.settings,
            connections: &shared.connections,
            away: &shared.away,
            metrics: &shared.metrics,
        };
        let outcome = fetcher.fetch(self.symbol, &user, &shared.clock).await.map(Arc::new);
        match &outcome {
            Ok(quote) => {
                shared.metrics.seconds.observe(started.elapsed().as_secs_f64());
                let now = (shared.clock)();
                let mut state = shared.lock();
                state.cache.insert(self.symbol, Arc::clone(quote), now);
                // In the same breath, so that nobody finds neither.
                state.flights.remove(&self.symbol);
            }
            Err(error) => {
                shared.metrics.failure(error);
                shared.lock().flights.remove(&self.symbol);
            }
        }
        self.landing.send_replace(Some(outcome));
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        // Only where it was ended from outside; a later request of the symbol is not this one's to remove.
        if self.landing.borrow().is_none() {
            self.shared.lock().flights.remove(&self.symbol);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_it_can_ask() {
        let supported = |text: &str| supports(&Symbol::new(text).unwrap());
        for good in ["S", "AB", "ABC", "3M", "X1Y"] {
            assert!(supported(good), "{good}");
        }
        for bad in ["AAPL", "abc", "AbC", "A.B", "A B", "BINANCE:BTCUSDT"] {
            assert!(!supported(bad), "{bad}");
        }
        assert!(is_user("oY01WVirLr") && is_user("a"));
        for bad in ["", "a,b", "a\nb", "a b", "Ä", "\0"] {
            assert!(!is_user(bad), "{bad:?}");
        }
        assert!(is_user(&"u".repeat(64)) && !is_user(&"u".repeat(65)));
    }
}
