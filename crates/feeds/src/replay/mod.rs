//! A past day as a feed: a trade file at any speed, with the outputs of a live one.

/// Trade files.
pub mod file;
/// When each row is due.
pub mod pace;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use market::feed::{FeedStatus, Timeliness};
use market::{FeedState, MarketEvent, Symbol, SymbolId, Timestamp, Universe};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::adapter::Skip;
use crate::metrics::FeedMetrics;
use crate::{Clock, ErrorKind, FeedError};
pub use file::{Row, RowError, TradeFile};
use pace::Pace;
pub use pace::{Speed, Times};

/// Rows read ahead at a time, and the most in one batch downstream.
const ROWS: usize = 1_024;
/// Symbols a file may name before [`symbols`] gives up.
const SYMBOLS_MAX: usize = 100_000;

/// What to replay and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The file.
    pub path: PathBuf,
    /// How fast.
    pub speed: Speed,
    /// Which times the trades carry.
    pub times: Times,
    /// Begin again at the end. With kept times each pass lies a whole number of days after the
    /// one before, so that its trades are not taken for the same ones.
    pub looping: bool,
}

/// What a replay is told and tells.
#[derive(Debug)]
pub struct Links {
    /// The instruments; rows of symbols it does not have are left out and counted.
    pub universe: watch::Receiver<Arc<Universe>>,
    /// Events in the file's order. When full, the replay waits.
    pub events: mpsc::Sender<Vec<MarketEvent>>,
    /// How it is doing. [`initial_status`] makes the first value.
    pub status: watch::Sender<FeedStatus>,
}

/// A status for a replay that has not begun.
pub fn initial_status(name: &str) -> FeedStatus {
    FeedStatus {
        name: name.to_owned(),
        source: "replay".into(),
        state: FeedState::Connecting,
        timeliness: Timeliness::Delayed,
        detail: None,
        subscribed: Vec::new(),
        waiting: Vec::new(),
        symbol_limit: None,
        last_event: None,
        delay_ms: None,
        reconnects: 0,
    }
}

/// The symbols a file names, sorted; to give a universe what a replay needs. Reads the whole file.
///
/// # Errors
/// The file cannot be opened or read on. Bad rows are passed over.
pub fn symbols(path: impl AsRef<std::path::Path>) -> Result<Vec<Symbol>, RowError> {
    let mut seen = std::collections::BTreeSet::new();
    for row in TradeFile::open(path)? {
        match row {
            Ok(row) if seen.len() < SYMBOLS_MAX => drop(seen.insert(row.symbol)),
            Err(error) if error.fatal => return Err(error),
            _ => {}
        }
    }
    Ok(seen.into_iter().collect())
}

/// One file, played.
pub struct Replay {
    settings: Settings,
    links: Links,
    clock: Clock,
    metrics: FeedMetrics,
    seen: Vec<SymbolId>,
    /// Sequence numbers of a later pass follow those of the one before.
    seq_base: u64,
    offset_nanos: i64,
}

/// What a pass found.
#[derive(Debug, Clone, Copy, Default)]
struct Pass {
    rows: u64,
    last_seq: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Replay {
    /// A replay that has not begun.
    pub fn new(settings: Settings, links: Links, clock: Clock, metrics: FeedMetrics) -> Self {
        Self { settings, links, clock, metrics, seen: Vec::new(), seq_base: 0, offset_nanos: 0 }
    }

    /// Plays until the end, until `shutdown` is ready, or until no one takes the events any more.
    /// The last status says why it ended.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let ended = tokio::select! {
            () = shutdown => Ok("stopped"),
            ended = self.play() => ended,
        };
        let detail = match ended {
            Ok(why) => why.to_owned(),
            Err(error) => {
                tracing::error!(error = error.chain(), "replay ended");
                error.chain()
            }
        };
        self.publish(FeedState::Down, Some(detail));
    }

    async fn play(&mut self) -> Result<&'static str, FeedError> {
        loop {
            let Some(pass) = self.pass().await? else { return Ok("no one listens") };
            if !self.settings.looping {
                return Ok("the file has ended");
            }
            if pass.rows == 0 {
                // Without this an empty file would be read again without a pause.
                return Err(FeedError::new(ErrorKind::Settings, "the file to replay has no good trade"));
            }
            self.seq_base += pass.last_seq;
            if let (Some(first), Some(last)) = (pass.first, pass.last) {
                let day = market::time::SECONDS_PER_DAY * market::time::NANOS_PER_SECOND;
                let span = last.nanos().saturating_sub(first.nanos());
                self.offset_nanos = self.offset_nanos.saturating_add((span / day + 1).saturating_mul(day));
            }
        }
    }

    /// Plays the file once; `None` when no one listens.
    async fn pass(&mut self) -> Result<Option<Pass>, FeedError> {
        let (chunks, mut read) = mpsc::channel(4);
        let path = self.settings.path.clone();
        let reader = tokio::task::spawn_blocking(move || read_chunks(path, &chunks));
        let (began, began_at) = ((self.clock)(), Instant::now());
        let mut pace: Option<Pace> = None;
        let mut pass = Pass::default();
        let mut batch = Vec::new();
        while let Some((rows, bad)) = read.recv().await {
            for _ in 0..bad {
                self.metrics.skip(Skip::Malformed);
            }
            for row in rows {
                pass.first.get_or_insert(row.time);
                pass.last = pass.last.max(Some(row.time));
                let Settings { speed, times, .. } = self.settings;
                let pace =
                    pace.get_or_insert_with(|| Pace::new(speed, times, row.time, began, self.offset_nanos));
                let due = began_at + pace.due(row.time);
                let pace = *pace;
                if due > Instant::now() {
                    if !self.deliver(&mut batch).await {
                        return Ok(None);
                    }
                    // In steps, so that the status stays fresh over a quiet hour.
                    while due > Instant::now() {
                        tokio::time::sleep_until(due.min(Instant::now() + Duration::from_secs(2))).await;
                        self.publish(FeedState::Up, None);
                    }
                }
                pass.rows += u64::from(self.push(&row, &pace, &mut batch));
                pass.last_seq = row.number;
                if batch.len() >= ROWS && !self.deliver(&mut batch).await {
                    return Ok(None);
                }
            }
        }
        if !self.deliver(&mut batch).await {
            return Ok(None);
        }
        match reader.await {
            Ok(Ok(())) => Ok(Some(pass)),
            Ok(Err(error)) => {
                let what = format!("replaying {}", self.settings.path.display());
                Err(FeedError::new(ErrorKind::Settings, what).caused_by(error))
            }
            Err(error) => {
                Err(FeedError::new(ErrorKind::Settings, "reading the file to replay").caused_by(error))
            }
        }
    }

    /// Appends a row's trade; false when it is left out.
    fn push(&mut self, row: &Row, pace: &Pace, batch: &mut Vec<MarketEvent>) -> bool {
        let id = self.links.universe.borrow().id(&row.symbol);
        let Some(id) = id else {
            self.metrics.skip(Skip::Symbol);
            return false;
        };
        if let Err(at) = self.seen.binary_search(&id) {
            self.seen.insert(at, id);
        }
        let mut trade = row.trade(id);
        trade.ts_event = pace.time(row.time);
        // A replay in its own time has the file's delay, which is none.
        trade.ts_recv = match self.settings.times {
            Times::Kept => trade.ts_event,
            Times::Now => (self.clock)(),
        };
        trade.seq += self.seq_base;
        batch.push(MarketEvent::Trade(trade));
        true
    }

    async fn deliver(&mut self, batch: &mut Vec<MarketEvent>) -> bool {
        if batch.is_empty() {
            return true;
        }
        self.metrics.trades.inc_by(batch.len() as u64);
        let now = (self.clock)();
        let begins = self.links.status.borrow().state != FeedState::Up;
        self.links.status.send_modify(|status| status.last_event = Some(now));
        if begins {
            self.publish(FeedState::Up, None);
        }
        self.links.events.send(std::mem::take(batch)).await.is_ok()
    }

    fn publish(&mut self, state: FeedState, detail: Option<String>) {
        let subscribed = self.seen.clone();
        self.metrics.subscribed.set(subscribed.len() as i64);
        self.links.status.send_modify(|status| {
            status.state = state;
            status.detail = detail;
            status.subscribed = subscribed;
        });
    }
}

/// Good rows of a chunk, and how many could not be read.
type Chunk = (Vec<Row>, u64);

fn read_chunks(path: PathBuf, out: &mpsc::Sender<Chunk>) -> Result<(), RowError> {
    let (mut rows, mut bad) = (Vec::with_capacity(ROWS), 0);
    for row in TradeFile::open(path)? {
        match row {
            Ok(row) if row.counts() => rows.push(row),
            Ok(_) => {}
            Err(error) if error.fatal => {
                // The good rows before the break are still good.
                let _ = out.blocking_send((rows, bad));
                return Err(error);
            }
            Err(_) => bad += 1,
        }
        if rows.len() >= ROWS || bad >= ROWS as u64 {
            let chunk = (std::mem::replace(&mut rows, Vec::with_capacity(ROWS)), std::mem::take(&mut bad));
            if out.blocking_send(chunk).is_err() {
                return Ok(());
            }
        }
    }
    let _ = out.blocking_send((rows, bad));
    Ok(())
}
