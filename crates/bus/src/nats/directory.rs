//! What symbols are called in this process, and how the list of instruments is handed over.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use market::{Hours, Instrument, Kind, Symbol, SymbolId, Universe};
use tokio::sync::watch;
use tokio::time::Instant;
use wire::bus::{BatchView, DecodeError, EventBatch, Part};

use super::counters::Counts;
use super::cursor::{Cursor, Item, Stored};
use super::link::{Kept, Link, MESSAGE_BYTES_MAX, pause};
use crate::error::BusError;
use crate::position::LogStart;
use crate::zip::{unzip, zip};

/// How long an event waits for the list that names its symbol, and how long after a vain wait the next
/// may be.
const UNIVERSE_WAIT: Duration = Duration::from_secs(3);
const UNIVERSE_WAIT_AGAIN: Duration = Duration::from_secs(30);
/// Parts of one list: 128 MB compressed, some hundred times today's market.
const PARTS_MAX: u16 = 256;
/// Publishers of lists that are followed.
const PUBLISHERS_MAX: usize = 64;

/// The universe of this process. It has one writer: either this process owns it and publishes it, or it
/// follows what others publish. Ids only grow in both.
#[derive(Debug)]
pub(super) struct Directory {
    is_owner: bool,
    universe: watch::Sender<Arc<Universe>>,
    waited_in_vain: Mutex<Option<Instant>>,
    counts: Arc<Counts>,
}

impl Directory {
    pub(super) fn new(universe: Arc<Universe>, is_owner: bool, counts: Arc<Counts>) -> Self {
        Self { is_owner, universe: watch::channel(universe).0, waited_in_vain: Mutex::default(), counts }
    }

    pub(super) fn current(&self) -> Arc<Universe> {
        self.universe.borrow().clone()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<Universe>> {
        self.universe.subscribe()
    }

    pub(super) fn unreadable(&self) {
        self.counts.unreadable();
    }

    /// Takes the owner's next universe.
    pub(super) fn replace(&self, universe: Arc<Universe>) -> Result<(), BusError> {
        if !self.is_owner {
            return Err(BusError::NotTheOwner);
        }
        if self.current().iter().any(|(id, known)| universe.symbol(id) != Some(known.symbol)) {
            return Err(BusError::UniverseMoved);
        }
        self.universe.send_replace(universe);
        Ok(())
    }

    /// Takes instruments that somebody listed, and retires those that nobody lists any more; ids stay.
    fn merge(&self, list: Vec<Instrument>, gone: &[Symbol]) {
        self.universe.send_if_modified(|known| {
            let mut merged = Universe::clone(known);
            let difference = merged.refresh(list);
            let gone: Vec<SymbolId> = gone.iter().filter_map(|symbol| merged.id(symbol)).collect();
            merged.retire(&gone);
            let changed = !(difference.added.is_empty() && difference.changed.is_empty() && gone.is_empty());
            if changed {
                *known = Arc::new(merged);
            }
            changed
        });
    }

    /// Reads a body, waiting a little for a list that names its symbols.
    pub(super) async fn decode(&self, body: &[u8]) -> Result<EventBatch, DecodeError> {
        let view = BatchView::new(body).inspect_err(|_| self.counts.unreadable())?;
        let universe = self.knowing(&view.symbols).await;
        self.events(&view, &universe)
    }

    /// Reads a body with the symbols known now.
    pub(super) fn decode_now(&self, body: &[u8]) -> Result<EventBatch, DecodeError> {
        self.events(&BatchView::new(body)?, &self.current())
    }

    fn events(&self, view: &BatchView<'_>, universe: &Universe) -> Result<EventBatch, DecodeError> {
        let ids: Vec<Option<SymbolId>> = view.symbols.iter().map(|s| universe.id(s)).collect();
        let (events, n_left_out) = view.events(&ids)?;
        if n_left_out > 0 {
            self.counts.unknown_symbols(n_left_out);
        }
        Ok(EventBatch { feed: view.feed.into(), events })
    }

    /// A universe that knows all these symbols, if there is a way.
    async fn knowing(&self, symbols: &[Symbol]) -> Arc<Universe> {
        let knows = |universe: &Arc<Universe>| symbols.iter().all(|s| universe.id(s).is_some());
        let current = self.current();
        // An owner's list does not grow by waiting: the events are another owner's.
        if knows(&current) || self.is_owner {
            return current;
        }
        if self.may_wait() {
            let mut universe = self.subscribe();
            match tokio::time::timeout(UNIVERSE_WAIT, universe.wait_for(knows)).await {
                Ok(Ok(universe)) => return universe.clone(),
                Ok(Err(_)) | Err(_) => {
                    *self.waited_in_vain.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some(Instant::now());
                }
            }
        }
        // The log loses nothing: what is not described yet gets a bare entry, which a later list fills in.
        // One that was retired and trades all the same is as it was.
        let current = self.current();
        let described = |s: &Symbol| current.id_ever(s).and_then(|id| current.get(id)).cloned();
        let unknown = symbols.iter().filter(|s| current.id(s).is_none());
        self.merge(unknown.map(|s| described(s).unwrap_or_else(|| bare(*s))).collect(), &[]);
        self.current()
    }

    fn may_wait(&self) -> bool {
        let waited = *self.waited_in_vain.lock().unwrap_or_else(PoisonError::into_inner);
        waited.is_none_or(|at| at.elapsed() > UNIVERSE_WAIT_AGAIN)
    }
}

fn bare(symbol: Symbol) -> Instrument {
    Instrument {
        symbol,
        name: symbol.to_string(),
        exchange: String::new(),
        kind: Kind::Other,
        currency: String::new(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity: 0,
    }
}

/// Stores a list; returns when all its parts are.
pub(super) async fn publish(link: &Link, universe: Arc<Universe>) -> Result<(), BusError> {
    let zipped = tokio::task::spawn_blocking(move || {
        let listed: Vec<_> = universe.iter().map(|(_, instrument)| instrument).collect();
        wire::bus::encode_instruments(listed.into_iter()).map(zip)
    })
    .await
    .map_err(|_| BusError::Closed)??;
    let set = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64);
    let pieces: Vec<&[u8]> = zipped.chunks(MESSAGE_BYTES_MAX).collect();
    let n_parts = u16::try_from(pieces.len()).ok().filter(|n| *n <= PARTS_MAX);
    let n_parts = n_parts.ok_or(BusError::TooLarge { bytes: zipped.len() })?;
    let subject = link.subjects.universe(&link.config.instance);
    let mut first = None;
    for (index, bytes) in (0..n_parts).zip(pieces) {
        let payload = Bytes::from(Part { set, index, n_parts, bytes }.encode());
        let id = format!("{}-{set:x}-{index}", link.config.instance);
        let sequence = link.store(Kept::Universe, &subject, &id, payload).await.ok_or(BusError::Closed)?;
        first.get_or_insert(sequence);
    }
    if let Some(first) = first
        && let Err(error) = forget_older(link, &subject, first).await
    {
        // They only take room, which is bounded.
        tracing::debug!(error = &*error, "removing older lists of instruments failed");
    }
    Ok(())
}

async fn forget_older(link: &Link, subject: &str, first: u64) -> Result<(), super::link::Failure> {
    // Nothing is older than the first message, and the server takes "before 1" for "all".
    if first <= 1 {
        return Ok(());
    }
    let stream = link.jetstream.get_stream_no_info(link.stream_name(Kept::Universe)).await?;
    stream.purge().filter(subject).sequence(first).await?;
    Ok(())
}

/// Follows the lists of others, for ever.
pub(super) async fn follow(link: Link, directory: Arc<Directory>) {
    let mut failures = 0;
    let mut cursor = loop {
        match Cursor::new(link.clone(), Kept::Universe, LogStart::Oldest).await {
            Ok(cursor) => break cursor,
            Err(error) => {
                tracing::debug!(%error, "finding the list of instruments failed, trying again");
                tokio::time::sleep(pause(failures)).await;
                failures += 1;
            }
        }
    };
    let mut lists: HashMap<String, Assembly> = HashMap::new();
    let mut listed = Listed::default();
    loop {
        match cursor.next().await {
            Item::Message(message) => {
                if let Some(zipped) = assemble(&mut lists, &message, &directory) {
                    take_list(&directory, &mut listed, message.subject.clone(), zipped).await;
                }
            }
            // Older lists were removed.
            Item::Hole { .. } => {}
            Item::Closed => return,
        }
    }
}

/// What each publisher listed last.
#[derive(Debug, Default)]
struct Listed(HashMap<String, HashSet<Symbol>>);

impl Listed {
    /// Takes a publisher's next list; what it listed before and now nobody lists.
    fn next(&mut self, publisher: String, list: &[Instrument]) -> Vec<Symbol> {
        if !self.0.contains_key(&publisher) && self.0.len() >= PUBLISHERS_MAX {
            return Vec::new();
        }
        let now = list.iter().map(|instrument| instrument.symbol).collect();
        let before = self.0.insert(publisher, now).unwrap_or_default();
        before.into_iter().filter(|symbol| !self.0.values().any(|list| list.contains(symbol))).collect()
    }
}

/// Parts of a list that is not complete yet.
#[derive(Debug)]
struct Assembly {
    set: u64,
    parts: Vec<Option<Bytes>>,
}

fn assemble(
    lists: &mut HashMap<String, Assembly>,
    message: &Stored,
    directory: &Directory,
) -> Option<Vec<u8>> {
    let part = match Part::decode(&message.payload) {
        Ok(part) if part.n_parts <= PARTS_MAX => part,
        Ok(_) | Err(_) => {
            directory.unreadable();
            return None;
        }
    };
    if !lists.contains_key(&message.subject) && lists.len() >= PUBLISHERS_MAX {
        return None;
    }
    let n_parts = usize::from(part.n_parts);
    let fresh = || Assembly { set: part.set, parts: vec![None; n_parts] };
    let assembly = lists.entry(message.subject.clone()).or_insert_with(fresh);
    if assembly.set != part.set || assembly.parts.len() != n_parts {
        *assembly = fresh();
    }
    *assembly.parts.get_mut(usize::from(part.index))? = Some(message.payload.slice_ref(part.bytes));
    if assembly.parts.iter().any(Option::is_none) {
        return None;
    }
    let complete = lists.remove(&message.subject)?;
    Some(complete.parts.into_iter().flatten().flatten().collect())
}

async fn take_list(directory: &Directory, listed: &mut Listed, publisher: String, zipped: Vec<u8>) {
    let read = tokio::task::spawn_blocking(move || wire::bus::decode_instruments(&unzip(&zipped)?)).await;
    match read {
        Ok(Ok(list)) => {
            let gone = listed.next(publisher, &list);
            directory.merge(list, &gone);
        }
        Ok(Err(error)) => {
            directory.unreadable();
            tracing::warn!(%error, "a list of instruments cannot be read");
        }
        Err(_) => directory.unreadable(),
    }
}
