//! News at work: articles kept, tied to symbols, shown, told to alerts, and set beside what the price did.
//!
//! | part | what it does |
//! | --- | --- |
//! | `shelf` | takes versions of articles from whoever reads streams: collapses them, ties them to symbols, weighs their tone, and stores them together with the stream's watermark |
//! | `follower` | finds what is new in the records, from here or from another server, shows it to those who watch and tells it to the alerts |
//! | `studies` | what followed an article, and what moved and which articles were near, from stored minute bars |
//! | `article` | articles between their stored, pure and told forms |
//! | `streams` | what streams ask for, as it is stored; what is said of providers; symbols that streams pin |
//!
//! Whoever has a provider's key reads its streams (`app/src/roles/news.rs`); every server shows what is in the records.

mod article;
mod follower;
mod shelf;
mod streams;
mod studies;

use std::sync::{Arc, Mutex, PoisonError};

use market::Universe;
use signals::linking::Linker;
use store::records::Records;
use tokio::sync::{Notify, watch};

use crate::http::MarketData;
use crate::live::Live;

pub use article::article_body;
pub use shelf::PutError;
pub use streams::{BadQuery, ProviderReport, StreamQuery};
pub use studies::{Around, MOVES_NOTE, Studied};

use self::studies::Minutes;

/// News of a server.
pub struct News {
    records: Arc<Records>,
    live: Arc<Live>,
    minutes: Minutes,
    /// Names of companies, as of a universe.
    linker: Mutex<Option<(Arc<Universe>, Arc<Linker>)>>,
    /// Articles were stored here.
    stored: Notify,
    /// Counts changes of streams and providers made here.
    changes: watch::Sender<u64>,
    /// Feeds that an operator has paused.
    paused: watch::Sender<Vec<String>>,
}

impl std::fmt::Debug for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("News").field("records", &self.records).finish_non_exhaustive()
    }
}

impl News {
    /// News kept in these records, of these symbols, beside these bars.
    pub fn new(records: Arc<Records>, live: Arc<Live>, market: Arc<dyn MarketData>) -> Self {
        Self {
            records,
            live,
            minutes: Minutes::new(market),
            linker: Mutex::default(),
            stored: Notify::new(),
            changes: watch::Sender::new(0),
            paused: watch::Sender::default(),
        }
    }

    /// Where articles and streams are kept.
    pub fn records(&self) -> &Arc<Records> {
        &self.records
    }

    /// Streams or providers were changed: whoever reads them looks again.
    pub fn streams_changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Tells when streams or providers are changed here. Changes of other servers are found by looking now and then.
    pub fn watch_streams(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Feeds that an operator has paused.
    pub fn paused(&self) -> Vec<String> {
        self.paused.borrow().clone()
    }

    /// Events of a feed in the last full minute; nothing where none was counted yet.
    pub fn per_minute(&self, feed: &str) -> Option<u64> {
        self.live.per_minute(feed)
    }

    /// The linker of the present universe. Blocks while it learns the names, which takes long for a large one.
    fn linker(&self) -> Arc<Linker> {
        let universe = self.live.universe();
        let mut known = self.linker.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, linker)) if Arc::ptr_eq(of, &universe) => Arc::clone(linker),
            _ => {
                let linker = Arc::new(Linker::new(&universe));
                *known = Some((universe, Arc::clone(&linker)));
                linker
            }
        }
    }
}
