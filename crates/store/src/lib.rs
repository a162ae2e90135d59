//! At rest: the universe, recent bars, last values, and where each reader of the log stood.
//!
//! One SQLite database (WAL) in the data folder, one process at a time: a lock file keeps others out.
//! One thread writes, fed by a bounded queue; a caller that finds it full waits. Reads go through a
//! small pool of connections beside it and never wait for a write.
//!
//! **Every method blocks.** Asynchronous code calls them through `tokio::task::spawn_blocking`.
//!
//! What was written has been handed to the operating system when the method returns: it survives the
//! death of this process. A power cut may take the last writes, never half of one: bars and the log
//! position they cover are written together, so the log's reader goes on from where the bars end.
//! Money does not rest here.

mod bar;
mod error;
mod open;
mod pool;
mod prune;
mod schema;
mod universe;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use market::{Interval, Price, SessionFilter, Symbol, Timestamp, Universe};

pub use bar::{BarWrite, SavedBar};
pub use error::StoreError;
pub use universe::SavedUniverse;

/// Where the store is and how it is bounded.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The data folder; made if it is missing.
    pub folder: PathBuf,
    /// Connections for reading; more readers than these wait for each other.
    pub n_readers: usize,
    /// The database grows to this many bytes and no further; then writes fail with
    /// [`StoreError::Full`].
    pub bytes_max: u64,
    /// How long bars are kept.
    pub retention: Retention,
}

impl StoreConfig {
    /// The defaults for a folder: 4 readers, 16 GB.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            n_readers: 4,
            bytes_max: 16 * 1024 * 1024 * 1024,
            retention: Retention::default(),
        }
    }
}

/// How long bars are kept, by interval; older ones go with [`Store::prune`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Bars of a second.
    pub s1: Duration,
    /// Bars of a minute.
    pub m1: Duration,
    /// Bars of five minutes.
    pub m5: Duration,
    /// Bars of a quarter of an hour.
    pub m15: Duration,
    /// Bars of an hour.
    pub h1: Duration,
    /// Bars of a day.
    pub d1: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |n: u64| Duration::from_secs(n * 86_400);
        Self {
            s1: days(1),
            m1: days(30),
            m5: days(90),
            m15: days(180),
            h1: days(2 * 366),
            d1: days(20 * 366),
        }
    }
}

impl Retention {
    /// Of an interval.
    pub fn of(&self, interval: Interval) -> Duration {
        match interval {
            Interval::S1 => self.s1,
            Interval::M1 => self.m1,
            Interval::M5 => self.m5,
            Interval::M15 => self.m15,
            Interval::H1 => self.h1,
            Interval::D1 => self.d1,
        }
    }
}

/// What is written together, in one transaction: all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Bars, each replacing the one of the same series and start. Of two alike, the later in the list
    /// stays.
    pub bars: Vec<BarWrite>,
    /// Last values, each replacing the symbol's.
    pub last: Vec<(Symbol, LastValue)>,
    /// Keys and their values, such as a log position; `None` removes the key.
    pub values: Vec<(String, Option<Vec<u8>>)>,
}

/// What a restart shows of a symbol before anything new is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastValue {
    /// The last price.
    pub price: Price,
    /// Its own time.
    pub ts_event: Timestamp,
    /// The day's figures, as the caller writes them.
    pub figures: Vec<u8>,
}

/// Bars of one series between two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarRange {
    /// Of what.
    pub symbol: Symbol,
    /// How long a bar is.
    pub interval: Interval,
    /// Which trades it is made of.
    pub session: SessionFilter,
    /// First start wanted.
    pub from: Timestamp,
    /// First start no longer wanted.
    pub to: Timestamp,
}

/// The open store. Clones are the same store; it closes with the last of them, after what was queued is
/// written.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

// The order of the fields is the order of closing: the writer after the readers, so that it can fold the
// write-ahead log into the database, and the lock last.
#[derive(Debug)]
struct Shared {
    readers: pool::Pool,
    writer: writer::Writer,
    retention: Retention,
    _lock: open::Lock,
}

impl Store {
    /// Opens or makes the store of a folder, and brings an older one up to date.
    pub fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let lock = open::Lock::take(&config.folder)?;
        let path = config.folder.join(open::DATABASE);
        let connection = open::writing(&path, config.bytes_max)?;
        let readers = pool::Pool::open(&path, config.n_readers)?;
        let writer = writer::Writer::start(connection, path)?;
        let retention = config.retention.clone();
        Ok(Self { shared: Arc::new(Shared { readers, writer, retention, _lock: lock }) })
    }

    /// The universe as it was saved last, its ids the same; empty when none was.
    pub fn load_universe(&self) -> Result<SavedUniverse, StoreError> {
        self.shared.readers.read(universe::load)
    }

    /// Saves what differs from what is there, and when the list was refreshed; the number of instruments
    /// written. Ids must be those that were loaded: [`StoreError::UniverseMoved`] otherwise, and nothing
    /// is changed.
    pub fn save_universe(
        &self,
        universe: Arc<Universe>,
        refreshed_at: Timestamp,
    ) -> Result<usize, StoreError> {
        self.shared.writer.save_universe(universe, refreshed_at)
    }

    /// Writes a batch; returns when it is in the database.
    pub fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.shared.writer.write(batch)
    }

    /// The first bars of a range, ascending by start, at most so many.
    pub fn bars(&self, range: &BarRange, limit: usize) -> Result<Vec<SavedBar>, StoreError> {
        self.shared.readers.read(|connection| bar::first(connection, range, limit))
    }

    /// The last bars of a range, ascending by start, at most so many.
    pub fn newest_bars(&self, range: &BarRange, limit: usize) -> Result<Vec<SavedBar>, StoreError> {
        self.shared.readers.read(|connection| bar::newest(connection, range, limit))
    }

    /// The last value of every symbol that has one, by symbol.
    pub fn last_values(&self) -> Result<Vec<(Symbol, LastValue)>, StoreError> {
        self.shared.readers.read(bar::last_values)
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.shared.readers.read(|connection| bar::value(connection, key))
    }

    /// Removes bars that are older than is to be kept; the number removed. Other writes get their turn in
    /// between. To be called now and then, such as every hour.
    pub fn prune(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.shared.writer.prune(&self.shared.retention, now)
    }
}
