//! The live way: a subject a symbol, so that a server receives only what its viewers watch.
//!
//! Policy under pressure: drop. The sender drops whole batches when the server is away or slow; the
//! server drops for a connection that does not drain; the client drops for a symbol whose values are not
//! taken. What is dropped is in the log.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{AbortHandle, Abortable, SelectAll};
use market::{MarketEvent, Symbol, SymbolId, Universe};
use tokio::sync::mpsc;
use wire::bus::{BatchEncoder, EventBatch};

use super::directory::Directory;
use super::events::decode_now;
use super::link::Link;
use crate::error::BusError;

/// Batches waiting to be sent.
const BATCHES_MAX: usize = 512;

/// Where batches go out.
#[derive(Debug)]
pub(super) struct LiveWriter {
    batches: mpsc::Sender<Vec<(String, Bytes)>>,
}

impl LiveWriter {
    pub(super) fn start(link: &Link) -> Self {
        let (batches, waiting) = mpsc::channel(BATCHES_MAX);
        tokio::spawn(send_all(link.clone(), waiting));
        Self { batches }
    }

    /// Sends a batch if that can be done at once.
    pub(super) fn offer(&self, link: &Link, batch: &EventBatch, universe: &Universe) {
        if !link.is_connected() {
            link.counts.live_dropped();
            return;
        }
        match self.batches.try_reserve() {
            Ok(place) => place.send(by_symbol(link, batch, universe)),
            Err(_) => link.counts.live_dropped(),
        }
    }
}

fn by_symbol(link: &Link, batch: &EventBatch, universe: &Universe) -> Vec<(String, Bytes)> {
    let mut bodies: HashMap<SymbolId, BatchEncoder> = HashMap::new();
    for event in &batch.events {
        // A gap concerns many symbols at once and travels by the log.
        let Some(id) = event.symbol() else { continue };
        push(&mut bodies, &batch.feed, id, event, universe);
    }
    let payload = |(id, encoder): (SymbolId, BatchEncoder)| {
        let symbol = universe.symbol(id)?;
        let payload = wire::bus::pack([encoder.finish().as_slice()]);
        // Thousands of events of one symbol in one batch are a replay; the log has them.
        let fits = payload.len() <= super::link::MESSAGE_BYTES_MAX;
        fits.then(|| (link.subjects.live(&symbol), Bytes::from(payload)))
    };
    bodies.into_iter().filter_map(payload).collect()
}

fn push(
    bodies: &mut HashMap<SymbolId, BatchEncoder>,
    feed: &str,
    id: SymbolId,
    event: &MarketEvent,
    universe: &Universe,
) {
    use std::collections::hash_map::Entry;
    let encoder = match bodies.entry(id) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => match BatchEncoder::new(feed) {
            Ok(encoder) => place.insert(encoder),
            Err(_) => return,
        },
    };
    // The log's encoder has just accepted the same event.
    let _ = encoder.push(event, |id| universe.symbol(id));
}

async fn send_all(link: Link, mut waiting: mpsc::Receiver<Vec<(String, Bytes)>>) {
    while let Some(messages) = waiting.recv().await {
        if !link.is_connected() {
            link.counts.live_dropped();
            continue;
        }
        let n = messages.len();
        for (subject, payload) in messages {
            if let Err(error) = link.client.publish(subject, payload).await {
                tracing::debug!(%error, "sending live values failed");
            }
        }
        link.counts.live(n);
    }
}

/// A set of watched symbols and their values.
pub(crate) struct NatsLive {
    link: Link,
    directory: Arc<Directory>,
    watched: HashMap<Symbol, AbortHandle>,
    messages: SelectAll<Abortable<Subscriber>>,
    read: VecDeque<Arc<EventBatch>>,
}

impl std::fmt::Debug for NatsLive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsLive").field("n_watched", &self.watched.len()).finish_non_exhaustive()
    }
}

impl NatsLive {
    pub(super) fn new(link: Link, directory: Arc<Directory>) -> Self {
        Self { link, directory, watched: HashMap::new(), messages: SelectAll::new(), read: VecDeque::new() }
    }

    pub(crate) async fn watch(&mut self, symbols: &[Symbol]) -> Result<(), BusError> {
        for symbol in symbols {
            if self.watched.contains_key(symbol) {
                continue;
            }
            let subscriber = self.link.client.subscribe(self.link.subjects.live(symbol)).await;
            let subscriber = subscriber.map_err(|source| BusError::NoAnswer {
                what: "watching a symbol",
                source: Some(source.into()),
            })?;
            let (handle, registration) = AbortHandle::new_pair();
            self.messages.push(Abortable::new(subscriber, registration));
            self.watched.insert(*symbol, handle);
        }
        Ok(())
    }

    pub(crate) fn unwatch(&mut self, symbols: &[Symbol]) {
        for symbol in symbols {
            if let Some(handle) = self.watched.remove(symbol) {
                // The subscription ends when the set next looks at it.
                handle.abort();
            }
        }
    }

    pub(crate) async fn next(&mut self) -> Arc<EventBatch> {
        loop {
            if let Some(batch) = self.read.pop_front() {
                return batch;
            }
            match self.messages.next().await {
                Some(message) => self.take(&message),
                // Nothing is watched; the caller changes that between two calls.
                None => std::future::pending().await,
            }
        }
    }

    fn take(&mut self, message: &Message) {
        match decode_now(&self.directory, &message.payload) {
            Ok(batches) => {
                self.read.extend(batches.into_iter().filter(|b| !b.events.is_empty()).map(Arc::new))
            }
            Err(_) => self.directory.unreadable(),
        }
    }
}
