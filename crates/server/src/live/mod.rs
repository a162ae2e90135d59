//! The live view: the tape, what the feeds say of themselves, and what viewers are sent of it.
//!
//! One task (`run`) writes; everyone else reads a moment under the same lock. Nothing waits for a
//! socket, a disk or a client while the lock is held.

pub mod freshness;
pub mod market_data;
pub mod publish;
pub mod run;
pub mod source;
mod viewers;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use market::calendar::{DayHours, Session, next_session};
use market::tape::{Counters, Last, Limits, Tape};
use market::{FeedStatus, Hours, Symbol, SymbolId, Timestamp, Universe};
use wire::frames::PriceValue;
use wire::http::{FeedBody, MarketBody, StatusAnswer};
use wire::names::MarketSession;
use wire::quote::Quote;
use wire::{Freshness, SymbolName};

use freshness::{Situation, freshness};
pub use viewers::Viewers;

/// Gives the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A feed as the live view knows it.
#[derive(Debug)]
struct Feed {
    status: FeedStatus,
    source: Arc<str>,
    subscribed: HashSet<SymbolId>,
    waiting: HashSet<SymbolId>,
}

/// No feed is known for a symbol.
const NO_FEED: u8 = u8::MAX;

#[derive(Debug)]
struct State {
    tape: Tape,
    feeds: Vec<Feed>,
    /// Which feed a symbol's events came from last, by symbol.
    feed_of: Vec<u8>,
}

/// What is true now, for those who watch.
pub struct Live {
    epoch: Arc<str>,
    clock: Clock,
    universe: RwLock<Arc<Universe>>,
    state: RwLock<State>,
    /// The last publication. Moves only while `state` is locked, so that a snapshot knows which
    /// publications it contains.
    position: AtomicU64,
    /// Who watches what.
    pub viewers: Viewers,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Live {
    /// A view of nothing yet. `epoch` names this life of the server's state.
    pub fn new(universe: Arc<Universe>, limits: Limits, epoch: &str, clock: Clock) -> Self {
        Self {
            epoch: epoch.into(),
            clock,
            state: RwLock::new(State {
                tape: Tape::new(Arc::clone(&universe), limits),
                feeds: Vec::new(),
                feed_of: Vec::new(),
            }),
            universe: RwLock::new(universe),
            position: AtomicU64::new(0),
            viewers: Viewers::default(),
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Every instrument.
    pub fn universe(&self) -> Arc<Universe> {
        Arc::clone(&self.universe.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a newer universe, whose ids are those of the old one and more.
    pub fn set_universe(&self, universe: Arc<Universe>) {
        self.write().tape.set_universe(Arc::clone(&universe));
        *self.universe.write().unwrap_or_else(PoisonError::into_inner) = universe;
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the tape met so far.
    pub fn counters(&self) -> Counters {
        self.read().tape.counters()
    }

    /// Takes what the feeds say of themselves.
    pub fn set_feeds(&self, statuses: Vec<FeedStatus>) {
        let mut state = self.write();
        for status in statuses {
            let subscribed = status.subscribed.iter().copied().collect();
            let waiting = status.waiting.iter().copied().collect();
            let feed = Feed { source: status.source.as_str().into(), subscribed, waiting, status };
            match state.feeds.iter().position(|f| f.status.name == feed.status.name) {
                Some(at) => state.feeds[at] = feed,
                None if state.feeds.len() < usize::from(NO_FEED) => state.feeds.push(feed),
                None => {}
            }
        }
    }

    /// Some feed has said that it is up.
    pub fn has_feed(&self) -> bool {
        self.read().feeds.iter().any(|f| f.status.state == market::FeedState::Up)
    }

    /// The row of a symbol, as it stands now.
    pub fn quote(&self, symbol: SymbolId) -> Quote {
        let now = self.now();
        self.read().quote(symbol, now, self.hours(symbol))
    }

    fn hours(&self, symbol: SymbolId) -> Hours {
        self.universe().get(symbol).map_or(Hours::UsEquity, |i| i.hours)
    }

    /// What to call a symbol.
    pub fn name(&self, symbol: SymbolId) -> Option<SymbolName> {
        self.universe().symbol(symbol).map(SymbolName)
    }

    /// The id of a symbol.
    pub fn resolve(&self, symbol: &Symbol) -> Option<SymbolId> {
        self.universe().id(symbol)
    }

    /// Feeds, market session and clock.
    pub fn status(&self) -> StatusAnswer {
        let now = self.now();
        let feeds = self.read().feeds.iter().map(|f| FeedBody::from(&f.status)).collect();
        StatusAnswer {
            server_time: now,
            version: env!("CARGO_PKG_VERSION").into(),
            epoch: Arc::clone(&self.epoch),
            market: market_body(now),
            feeds,
        }
    }

    /// The last publication.
    pub fn position(&self) -> u64 {
        let _state = self.read();
        self.position.load(Ordering::Relaxed)
    }

    /// The position after one more publication. Only to be called with `state` locked.
    fn next_position(&self) -> u64 {
        self.position.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// The US equity market's day, as it stands.
fn market_body(now: Timestamp) -> MarketBody {
    let session = match DayHours::at(now, Hours::UsEquity).session(now) {
        Session::Pre => MarketSession::Pre,
        Session::Regular => MarketSession::Regular,
        Session::Post => MarketSession::Post,
        Session::Closed => MarketSession::Closed,
    };
    let next = next_session(now, Hours::UsEquity);
    MarketBody { session, opens_at: Some(next.opens), closes_at: Some(next.closes) }
}

impl State {
    /// The feed whose prices of this symbol are shown.
    fn feed(&self, symbol: SymbolId) -> Option<&Feed> {
        match self.feed_of.get(symbol.index()) {
            Some(&at) if at != NO_FEED => self.feeds.get(usize::from(at)),
            // Nothing came yet: the feed that was asked for it, else the only one there is.
            _ => {
                let asked = |f: &&Feed| f.subscribed.contains(&symbol) || f.waiting.contains(&symbol);
                self.feeds.iter().find(asked).or(self.feeds.first().filter(|_| self.feeds.len() == 1))
            }
        }
    }

    fn freshness(&self, symbol: SymbolId, now: Timestamp, hours: Hours) -> Freshness {
        let feed = self.feed(symbol);
        let situation = Situation {
            has_price: self.tape.last(symbol).is_some(),
            hours,
            feed: feed.map(|f| (f.status.state, f.status.timeliness)),
            is_waiting: feed.is_some_and(|f| f.waiting.contains(&symbol)),
            is_subscribed: feed.is_some_and(|f| f.subscribed.contains(&symbol)),
        };
        freshness(situation, now)
    }

    fn source(&self, symbol: SymbolId) -> Option<Arc<str>> {
        self.feed(symbol).map(|f| Arc::clone(&f.source))
    }

    fn price(&self, symbol: SymbolId, last: &Last, state: Freshness) -> PriceValue {
        PriceValue {
            price: last.price,
            timestamp: last.key.ts_event,
            seq: last.seq,
            source: self.source(symbol).unwrap_or_else(|| Arc::from("")),
            state,
        }
    }

    fn quote(&self, symbol: SymbolId, now: Timestamp, hours: Hours) -> Quote {
        let state = self.freshness(symbol, now, hours);
        let Some(known) = self.tape.quote(symbol) else { return Quote { state, ..Quote::waiting() } };
        let quote = Quote {
            price: known.last.map(|l| l.price),
            timestamp: known.last.map(|l| l.key.ts_event),
            seq: known.last.map_or(0, |l| l.seq),
            source: self.source(symbol),
            age_ms: None,
            state,
            open: known.open,
            high: known.high,
            low: known.low,
            volume: Some(known.volume),
            previous_close: known.previous_close,
            change: None,
            change_percent: None,
        };
        quote.with_changes().at(now)
    }
}
