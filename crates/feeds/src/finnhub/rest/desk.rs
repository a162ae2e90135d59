//! Figures kept at hand: quotes fetched ahead, the most watched first; cards fetched on demand.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use market::{MarketEvent, Symbol, SymbolId, Timestamp, Universe};
use tokio::sync::{OnceCell, mpsc, watch};

use super::{Card, Rest, Urgency};
use crate::interest::Demand;
use crate::{Clock, ErrorKind, FeedError, Retry};

/// A card is asked for again after so long: its figures change daily at most.
const CARD_MILLIS: i64 = 12 * 3_600_000;
/// The most cards kept; the oldest give way.
const CARDS_MAX: usize = 4_096;
/// The most symbols whose quotes are kept count of.
const QUOTED_MAX: usize = 100_000;

/// One card, fetched by whoever asks first; the others wait for the same answer.
type Slot = Arc<OnceCell<Card>>;

/// Cards by symbol, fetched once for all who ask.
pub struct Cards {
    rest: Arc<Rest>,
    clock: Clock,
    // Held for a look-up, never across an await.
    slots: Mutex<HashMap<Symbol, (Timestamp, Slot)>>,
}

impl Cards {
    /// No cards yet.
    pub fn new(rest: Arc<Rest>, clock: Clock) -> Self {
        Self { rest, clock, slots: Mutex::default() }
    }

    /// A symbol's card, at most half a day old. Its own time is in it.
    ///
    /// # Errors
    /// As [`Rest::card`]; a failure is not kept, the next one to ask tries again.
    pub async fn get(&self, symbol: Symbol) -> Result<Card, FeedError> {
        let slot = self.slot(symbol);
        slot.get_or_try_init(|| self.rest.card(symbol)).await.cloned()
    }

    fn slot(&self, symbol: Symbol) -> Slot {
        let now = (self.clock)();
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, slot)) = slots.get(&symbol)
            && now.millis_since(*since) < CARD_MILLIS
        {
            return slot.clone();
        }
        if slots.len() >= CARDS_MAX {
            let oldest = slots.iter().min_by_key(|(_, (since, _))| *since).map(|(symbol, _)| *symbol);
            oldest.and_then(|symbol| slots.remove(&symbol));
        }
        let slot = Slot::default();
        slots.insert(symbol, (now, slot.clone()));
        slot
    }
}

/// Which symbols still want a quote: each once when first wanted, and once more each day. Pure.
#[derive(Debug, Default)]
pub struct Quoted {
    /// The day of the last quote, and for failures how often they failed in a row.
    done: HashMap<SymbolId, (i64, u32)>,
}

/// A symbol that failed so often today is left alone until tomorrow.
const FAILURES_MAX: u32 = 3;

impl Quoted {
    /// The best-ranked symbol without a quote of `day`.
    pub fn next(&self, demand: &Demand, day: i64) -> Option<SymbolId> {
        demand.stream.iter().chain(&demand.waiting).copied().find(|id| match self.done.get(id) {
            Some((at, failures)) => *at != day || (1..FAILURES_MAX).contains(failures),
            None => true,
        })
    }

    /// It was answered, be it with nothing.
    pub fn answered(&mut self, id: SymbolId, day: i64) {
        self.note(id, day, 0);
    }

    /// It failed for a reason of its own.
    pub fn failed(&mut self, id: SymbolId, day: i64) {
        let failures = self.done.get(&id).filter(|(at, _)| *at == day).map_or(0, |(_, n)| *n);
        self.note(id, day, failures + 1);
    }

    fn note(&mut self, id: SymbolId, day: i64, failures: u32) {
        if self.done.len() >= QUOTED_MAX {
            // Yesterday's first; if all are of today, all are asked for once more.
            self.done.retain(|_, (at, _)| *at == day);
            if self.done.len() >= QUOTED_MAX {
                self.done.clear();
            }
        }
        self.done.insert(id, (day, failures));
    }
}

/// What the fetching of quotes is told and tells.
#[derive(Debug)]
pub struct Links {
    /// What is wanted, ranked; symbols that wait for a place in the stream get quotes too.
    pub demand: watch::Receiver<Arc<Demand>>,
    /// The instruments.
    pub universe: watch::Receiver<Arc<Universe>>,
    /// Where [`MarketEvent::Reference`] goes: the feed's own channel.
    pub events: mpsc::Sender<Vec<MarketEvent>>,
}

/// Fetches quotes of what is wanted, the most watched first, once when first wanted and once a day
/// of `day_of` (the trading day), until `shutdown`, until no one listens, or until the key proves wrong.
pub async fn fetch_quotes(
    rest: Arc<Rest>,
    mut links: Links,
    clock: Clock,
    day_of: impl Fn(Timestamp) -> i64 + Send,
    shutdown: impl Future<Output = ()>,
) {
    let fetching = async {
        let mut quoted = Quoted::default();
        let mut pause = Duration::from_secs(1);
        loop {
            let day = day_of(clock());
            let demand = links.demand.borrow_and_update().clone();
            let universe = links.universe.borrow_and_update().clone();
            let Some(id) = quoted.next(&demand, day) else {
                // A new day begins without an event.
                tokio::select! {
                    changed = links.demand.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep(Duration::from_secs(30)) => {}
                }
                continue;
            };
            let Some(symbol) = universe.symbol(id) else {
                quoted.answered(id, day);
                continue;
            };
            match rest.quote(id, symbol, Urgency::Ahead).await {
                Ok(reference) => {
                    quoted.answered(id, day);
                    pause = Duration::from_secs(1);
                    if let Some(reference) = reference
                        && links.events.send(vec![MarketEvent::Reference(Box::new(reference))]).await.is_err()
                    {
                        return;
                    }
                }
                Err(error) => {
                    match (error.kind(), error.retry()) {
                        (ErrorKind::Key | ErrorKind::Settings, _) => {
                            tracing::error!(error = error.chain(), "quotes are not fetched any more");
                            return;
                        }
                        // The call as such is refused, or the answer is nonsense: on to the next symbol.
                        (ErrorKind::Plan | ErrorKind::Garbage | ErrorKind::TooLarge, _) => {
                            quoted.failed(id, day);
                            continue;
                        }
                        (_, Retry::After(wait)) => {
                            tokio::time::sleep(wait.min(Duration::from_secs(60))).await
                        }
                        _ => {
                            tracing::debug!(symbol = %symbol, error = error.chain(), "no quote");
                            tokio::time::sleep(pause).await;
                            pause = (pause * 2).min(Duration::from_secs(60));
                        }
                    }
                }
            }
        }
    };
    tokio::select! {
        () = shutdown => {}
        () = fetching => {}
    }
}
