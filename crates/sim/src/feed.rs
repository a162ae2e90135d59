//! The simulated market as a feed, in process: no provider, no key, no socket.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use market::calendar::DayHours;
use market::feed::Timeliness;
use market::{Date, FeedState, FeedStatus, Hours, MarketEvent, SymbolId, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::market::{Market, Print};
use crate::tap::Tap;

/// What the feed is called, and what its prices are labelled with.
pub const NAME: &str = "sim";

/// How often what has arrived is handed over.
const EVERY: Duration = Duration::from_millis(20);

/// How often the feed speaks of itself when nothing changes.
const STATUS_EVERY: Duration = Duration::from_secs(5);

/// After a stall, how far the feed goes back.
const CATCH_UP_SECONDS: u32 = 5;

/// Larger batches are cut, so that the queue's bound is a bound on memory too.
const BATCH_MAX: usize = 8_192;

/// Symbols looked at before others on the same thread get their turn.
const TURN: usize = 256;

/// The simulator's numbers and the rest of the product's, both ways.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    by_index: Vec<Option<SymbolId>>,
    by_id: HashMap<SymbolId, u32>,
}

impl Ids {
    /// For each listing of the market in order, the number it is known by elsewhere; `None` where it
    /// is not known.
    pub fn new(by_index: Vec<Option<SymbolId>>) -> Self {
        let by_id = by_index.iter().enumerate().filter_map(|(at, id)| Some(((*id)?, at as u32))).collect();
        Self { by_index, by_id }
    }

    /// By name, from a universe that has taken up [`Universe::instruments`](crate::universe::Universe::instruments).
    pub fn from_universe(market: &Market, universe: &market::Universe) -> Self {
        Self::new(market.universe().listings().iter().map(|l| universe.id(&l.symbol)).collect())
    }

    /// The product's number of a listing.
    pub fn id(&self, index: u32) -> Option<SymbolId> {
        self.by_index.get(index as usize).copied().flatten()
    }

    /// The listing of a product's number.
    pub fn index(&self, id: SymbolId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }
}

/// Runs the feed until `events` or `interest` closes.
///
/// Symbols of `interest` that the market does not list are left alone: the status says which are
/// subscribed. A newly wanted symbol first gets a [`MarketEvent::Reference`], as every wanted one
/// does at the start of a New York day. When `events` is full the feed waits; if that takes longer
/// than five seconds, what is older is skipped and a [`MarketEvent::Gap`] says so. `clock` is the
/// time of the market: trades have the times it shows.
pub async fn run(
    market: Arc<Market>,
    ids: Arc<Ids>,
    mut interest: watch::Receiver<Arc<Vec<SymbolId>>>,
    events: mpsc::Sender<Vec<MarketEvent>>,
    status: watch::Sender<FeedStatus>,
    clock: impl Fn() -> Timestamp + Send,
) {
    let now = clock();
    let mut feed = Feed {
        tap: Tap::new(Arc::clone(&market), now, CATCH_UP_SECONDS),
        market,
        ids,
        indices: Vec::new(),
        wanted: HashSet::new(),
        referred: HashSet::new(),
        date: new_york_date(now),
        last_event: None,
        delay_ms: None,
    };
    interest.mark_changed();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut status_due = Instant::now();
    loop {
        tokio::select! {
            () = events.closed() => return,
            changed = interest.changed() => {
                if changed.is_err() {
                    return;
                }
                let wanted = Arc::clone(&interest.borrow_and_update());
                feed.want(&wanted);
                status_due = Instant::now();
            }
            _ = ticks.tick() => {
                let batch = feed.advance(clock()).await;
                if hand_over(&events, batch).await.is_err() {
                    return;
                }
            }
        }
        if Instant::now() >= status_due {
            status.send_replace(feed.status());
            status_due = Instant::now() + STATUS_EVERY;
        }
    }
}

/// Sends a batch in pieces; an error says that no one listens any more.
async fn hand_over(
    events: &mpsc::Sender<Vec<MarketEvent>>,
    mut batch: Vec<MarketEvent>,
) -> Result<(), mpsc::error::SendError<Vec<MarketEvent>>> {
    while batch.len() > BATCH_MAX {
        let rest = batch.split_off(BATCH_MAX);
        events.send(std::mem::replace(&mut batch, rest)).await?;
    }
    if batch.is_empty() { Ok(()) } else { events.send(batch).await }
}

fn new_york_date(at: Timestamp) -> Date {
    DayHours::at(at, Hours::Always).date
}

/// What the feed knows between two ticks.
struct Feed {
    market: Arc<Market>,
    ids: Arc<Ids>,
    tap: Tap,
    /// What is wanted and listed, in ascending order.
    indices: Vec<u32>,
    wanted: HashSet<u32>,
    /// What has had its reference today.
    referred: HashSet<u32>,
    date: Date,
    last_event: Option<Timestamp>,
    /// From trade to hand-over, in the last batch, late trades left out.
    delay_ms: Option<u32>,
}

impl Feed {
    fn want(&mut self, symbols: &[SymbolId]) {
        self.wanted = symbols.iter().filter_map(|id| self.ids.index(*id)).collect();
        self.indices = self.wanted.iter().copied().collect();
        self.indices.sort_unstable();
        // Who comes back gets a new reference.
        self.referred.retain(|index| self.wanted.contains(index));
    }

    async fn advance(&mut self, now: Timestamp) -> Vec<MarketEvent> {
        let mut batch = Vec::new();
        if new_york_date(now) != self.date {
            self.date = new_york_date(now);
            self.referred.clear();
        }
        if self.referred.len() < self.indices.len() {
            self.refer(now, &mut batch).await;
        }
        let mut prints = Vec::new();
        let skipped = self.tap.advance(now, &self.indices, |index| self.wanted.contains(&index), &mut prints);
        if let Some(skipped) = skipped.filter(|_| !self.indices.is_empty()) {
            batch.push(MarketEvent::Gap { symbols: Vec::new(), from: skipped.from, to: skipped.to });
        }
        self.last_event = prints.last().map_or(self.last_event, |p: &Print| Some(p.arrives));
        let delays = prints.iter().map(|print| now.millis_since(print.ts_event()));
        self.delay_ms = delays.min().map_or(self.delay_ms, |ms| u32::try_from(ms).ok());
        let ids = &self.ids;
        batch.extend(prints.iter().filter_map(|print| Some(print.event(ids.id(print.index)?))));
        batch
    }

    async fn refer(&mut self, now: Timestamp, batch: &mut Vec<MarketEvent>) {
        let missing: Vec<u32> =
            self.indices.iter().copied().filter(|index| !self.referred.contains(index)).collect();
        for turn in missing.chunks(TURN) {
            for &index in turn {
                batch.extend(self.reference(index, now));
                self.referred.insert(index);
            }
            tokio::task::yield_now().await;
        }
    }

    fn reference(&self, index: u32, now: Timestamp) -> Option<MarketEvent> {
        let day = self.market.day(index, now)?;
        Some(MarketEvent::Reference(Box::new(market::event::Reference {
            symbol: self.ids.id(index)?,
            ts_event: now,
            previous_close: Some(day.previous_close),
            open: day.open,
            high: day.high,
            low: day.low,
            volume: day.volume,
            last: Some(day.last),
        })))
    }

    fn status(&self) -> FeedStatus {
        FeedStatus {
            name: NAME.to_owned(),
            source: NAME.to_owned(),
            state: FeedState::Up,
            timeliness: Timeliness::Simulated,
            detail: None,
            subscribed: self.indices.iter().filter_map(|index| self.ids.id(*index)).collect(),
            waiting: Vec::new(),
            symbol_limit: None,
            last_event: self.last_event,
            delay_ms: self.delay_ms,
            reconnects: 0,
        }
    }
}

#[cfg(test)]
mod tests;
