//! The live view: the tape, what the feeds say of themselves, and what viewers are sent of it.
//!
//! One task (`run`) writes; everyone else reads a moment under the same lock. Nothing waits for a
//! socket, a disk or a client while the lock is held.

pub mod accounts;
pub mod freshness;
mod gaps;
mod lists;
pub mod market_data;
pub mod publish;
mod rate;
pub mod run;
pub mod source;
mod viewers;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use market::calendar::{DayHours, Session, next_session};
use market::tape::{Counters, Last, Limits, Tape};
use market::{FeedStatus, Hours, Symbol, SymbolId, Timestamp, Universe};
use wire::frames::PriceValue;
use wire::http::{FeedBody, MarketBody, StatusAnswer, SymbolGapBody};
use wire::names::MarketSession;
use wire::quote::Quote;
use wire::{Freshness, SymbolName};

pub use accounts::{AccountWatch, Accounts};
use freshness::{Situation, freshness};
use gaps::Gaps;
pub use lists::{Lists, ListsWatch};
use rate::Rate;
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

/// A price as the tape has it.
#[derive(Debug, Clone)]
pub struct Priced {
    /// Dollars, or the quote currency of a pair.
    pub price: market::Price,
    /// The trade's own time.
    pub time: Timestamp,
    /// When this server learnt of it.
    pub arrived: Timestamp,
    /// Where it comes from.
    pub source: Arc<str>,
}

/// A last price that changed.
#[derive(Debug, Clone)]
pub struct Moved {
    /// Of what.
    pub symbol: Symbol,
    /// To what.
    pub priced: Priced,
}

/// Somebody who is shown every last price as it changes, in order. Called by the task that writes the live
/// view: it must not wait.
pub trait PriceWatch: Send + Sync {
    /// It wants none now, so that none need be gathered.
    fn is_idle(&self) -> bool;

    /// Last prices that changed.
    fn moved(&self, prices: &[Moved]);
}

#[derive(Debug)]
struct State {
    tape: Tape,
    feeds: Vec<Feed>,
    /// Which feed a symbol's events came from last, by symbol.
    feed_of: Vec<u8>,
    /// When the last price of a symbol was learnt, by symbol.
    arrived: Vec<Timestamp>,
    /// What each feed may have missed, by its name.
    gaps: HashMap<String, Gaps>,
    /// What comes of each feed, by its name.
    rates: HashMap<String, Rate>,
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
    /// What those whose accounts are watched have.
    pub accounts: Accounts,
    /// Which watch lists those who watch have.
    pub lists: Lists,
    /// Shown every last price.
    watch: OnceLock<Arc<dyn PriceWatch>>,
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
                arrived: Vec::new(),
                gaps: HashMap::new(),
                rates: HashMap::new(),
            }),
            universe: RwLock::new(universe),
            position: AtomicU64::new(0),
            viewers: Viewers::default(),
            accounts: Accounts::default(),
            lists: Lists::default(),
            watch: OnceLock::new(),
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

    /// Events of a feed in the last full minute; nothing where none was counted yet.
    pub fn per_minute(&self, feed: &str) -> Option<u64> {
        let now = self.now();
        self.read().rates.get(feed)?.per_minute(now)
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

    /// Where prices of a symbol come from.
    pub fn source(&self, symbol: SymbolId) -> Option<Arc<str>> {
        self.read().source(symbol)
    }

    fn hours(&self, symbol: SymbolId) -> Hours {
        self.universe().get(symbol).map_or(Hours::UsEquity, |i| i.hours)
    }

    /// The last price of a symbol, if there is one.
    pub fn priced(&self, symbol: SymbolId) -> Option<Priced> {
        let state = self.read();
        let last = state.tape.last(symbol)?;
        Some(state.priced(symbol, &last))
    }

    /// Shows every last price to somebody from now on. Only the first call counts.
    pub fn set_watch(&self, watch: Arc<dyn PriceWatch>) {
        let _ = self.watch.set(watch);
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
        let feeds = self.read().feed_bodies();
        StatusAnswer {
            server_time: now,
            version: env!("CARGO_PKG_VERSION").into(),
            epoch: Arc::clone(&self.epoch),
            market: market_body(now),
            feeds,
        }
    }

    /// The newest times in which feeds may have missed trades of a symbol, oldest first.
    pub fn gaps(&self, symbol: SymbolId) -> Vec<SymbolGapBody> {
        let state = self.read();
        let own = state.feed(symbol).map(|feed| feed.status.name.as_str());
        let told = state.gaps.iter().flat_map(|(feed, gaps)| {
            let body = move |(from, to)| SymbolGapBody { feed: feed.clone(), from, to };
            gaps.of(symbol, own == Some(feed.as_str())).map(body)
        });
        let mut told: Vec<_> = told.collect();
        told.sort_by(|a, b| (a.from, a.to, &a.feed).cmp(&(b.from, b.to, &b.feed)));
        told
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
    fn note_arrival(&mut self, symbol: SymbolId, now: Timestamp) {
        if self.arrived.len() <= symbol.index() {
            self.arrived.resize(symbol.index() + 1, Timestamp::EPOCH);
        }
        self.arrived[symbol.index()] = now;
    }

    fn priced(&self, symbol: SymbolId, last: &Last) -> Priced {
        // What was stored before the start arrived then, about when it happened.
        let arrived = self.arrived.get(symbol.index()).copied().unwrap_or(Timestamp::EPOCH);
        Priced {
            price: last.price,
            time: last.key.ts_event,
            arrived: arrived.max(last.key.ts_event),
            source: self.source(symbol).unwrap_or_else(|| Arc::from("tape")),
        }
    }

    fn feed_bodies(&self) -> Vec<FeedBody> {
        let body = |feed: &Feed| {
            let gaps = self.gaps.get(&feed.status.name);
            FeedBody {
                gaps: gaps.map_or(0, Gaps::count),
                recent_gaps: gaps.map(Gaps::bodies).unwrap_or_default(),
                ..FeedBody::from(&feed.status)
            }
        };
        self.feeds.iter().map(body).collect()
    }

    /// Notes that a feed may have missed something.
    fn note_gap(&mut self, feed: &str, symbols: &[SymbolId], from: Timestamp, to: Timestamp) {
        if !self.gaps.contains_key(feed) {
            if self.gaps.len() >= usize::from(NO_FEED) {
                return;
            }
            self.gaps.insert(feed.to_owned(), Gaps::default());
        }
        if let Some(gaps) = self.gaps.get_mut(feed) {
            gaps.note(symbols, from, to);
        }
    }

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
