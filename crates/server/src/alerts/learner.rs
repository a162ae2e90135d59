//! Learns what volume is usual, from stored bars of hours, for alerts on it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use market::time::NANOS_PER_SECOND;
use market::{Interval, SessionFilter, SymbolId, Timestamp};
use signals::alert::usual_volume;
use tokio::sync::{mpsc, watch};

use super::runner::Told;
use crate::http::{BarsQuery, MarketData};
use crate::live::Live;

/// Symbols that wait to be learnt.
pub(super) const SYMBOLS_WAITING: usize = 4_096;
/// Usual is the mean over so long.
const REACH: i64 = 30 * 24 * 3_600 * NANOS_PER_SECOND;
/// And is learnt again so often.
const AGAIN: i64 = 24 * 3_600 * NANOS_PER_SECOND;
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Bars of hours in that reach.
const HOURS_MAX: usize = 31 * 24;

pub(super) struct Learner {
    pub(super) live: Arc<Live>,
    pub(super) market: Arc<dyn MarketData>,
    pub(super) told: mpsc::Sender<Told>,
}

impl Learner {
    /// Runs until `stop` turns true, one symbol at a time.
    pub(super) async fn run(self, mut wanted: mpsc::Receiver<SymbolId>, mut stop: watch::Receiver<bool>) {
        let mut due: HashMap<SymbolId, Timestamp> = HashMap::new();
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = super::stopped(&mut stop) => return,
                symbol = wanted.recv() => match symbol {
                    // One more alert on a symbol needs it told again: the engine forgets it with the last one.
                    Some(symbol) => self.learn(symbol, &mut due).await,
                    None => return,
                },
                _ = ticks.tick() => {
                    let now = self.live.now();
                    let over: HashSet<SymbolId> =
                        due.iter().filter(|(_, due)| **due <= now).map(|(symbol, _)| *symbol).collect();
                    for symbol in over {
                        self.learn(symbol, &mut due).await;
                    }
                }
            }
        }
    }

    async fn learn(&self, symbol: SymbolId, due: &mut HashMap<SymbolId, Timestamp>) {
        let now = self.live.now();
        due.insert(symbol, now.saturating_add_nanos(AGAIN));
        let query = BarsQuery {
            symbol,
            interval: Interval::H1,
            session: SessionFilter::Extended,
            from: Some(now.saturating_add_nanos(-REACH)),
            to: None,
            limit: HOURS_MAX,
        };
        match self.market.bars(query).await {
            Ok(page) => {
                let usual = Box::new(usual_volume(&page.bars));
                // It has ended only where everything ends.
                let _ = self.told.send(Told::Usual(symbol, usual)).await;
            }
            Err(error) => tracing::warn!(%error, "the usual volume of a symbol is not known; tomorrow again"),
        }
    }
}
