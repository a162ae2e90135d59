//! Fan-out: one update to everyone who asked for it.
//!
//! An update is framed once (`block::Block`) and its bytes are copied into the buffers of the
//! clients that want it; each client then gets one write for all that is ready. Clients are spread
//! over shards, a thread each, so that no lock is taken between an update and a socket.
//!
//! What bounds it: a client's buffer holds `Config::client_buffer_bytes`; beyond that the client
//! is behind, and only the set of topics that changed is kept, no larger than its subscriptions.
//! Once its socket takes bytes again it is sent the newest value of each. A client whose socket
//! takes nothing for a minute is let go.

pub mod block;
mod client;
pub mod guest;
mod shard;
mod talk;
pub mod topic;

use std::io;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use market::{Interval, SessionFilter, Symbol, SymbolId, Timestamp};
use mio::Waker;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use block::Block;
use guest::{Guest, Tie};
use topic::Topic;

/// Limits and habits of the hub.
#[derive(Debug, Clone)]
pub struct Config {
    /// Threads that serve clients.
    pub shards: usize,
    /// What may wait for one client before its updates are replaced by newer ones.
    pub client_buffer_bytes: usize,
    /// Symbols one connection may subscribe to, over all channels.
    pub topics_per_client: usize,
    /// How long updates may be gathered into one write, unless the client says otherwise.
    pub coalesce: Duration,
    /// Silence after which a client is pinged.
    pub ping_after: Duration,
    /// Silence, or lack of progress in writing, after which it is let go.
    pub hopeless_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            shards: 1,
            client_buffer_bytes: 512 * 1024,
            topics_per_client: 5_000,
            coalesce: Duration::ZERO,
            ping_after: Duration::from_secs(25),
            hopeless_after: Duration::from_secs(60),
        }
    }
}

/// What the hub asks of the live view. Called from the shards' threads, so nothing here may wait for
/// long.
pub trait Source: Send + Sync + 'static {
    /// The id of a symbol, if there is such an instrument.
    fn resolve(&self, symbol: &Symbol) -> Option<SymbolId>;

    /// One viewer more (`true`) or fewer of a topic.
    fn watch(&self, topic: Topic, more: bool);

    /// Appends messages with the current value of each topic that has one, and returns the position
    /// up to which publications are contained in them. For bars: from the window that holds `since`.
    fn snapshot(&self, topics: &[Topic], since: Option<Timestamp>, messages: &mut Vec<Vec<u8>>) -> u64;

    /// Fetches stored bars and answers through `reply`, now or later.
    fn stored_bars(&self, request: BarsRequest, reply: Reply);

    /// Names this life of the server's state.
    fn epoch(&self) -> &Arc<str>;

    /// The time.
    fn now(&self) -> Timestamp;
}

/// Bars a returning client wants.
#[derive(Debug, Clone, Copy)]
pub struct BarsRequest {
    /// Of which symbol.
    pub symbol: SymbolId,
    /// How long.
    pub interval: Interval,
    /// Of which trades.
    pub session: SessionFilter,
    /// From the bar that starts then.
    pub since: Timestamp,
}

/// A way back to one client.
#[derive(Debug)]
pub struct Reply {
    shard: Arc<Inbox>,
    client: u32,
    generation: u64,
    topic: Topic,
}

impl Reply {
    /// Sends messages to the client, which from then on gets what is published after `position`.
    pub fn send(self, messages: Vec<Vec<u8>>, position: u64) {
        let direct = Direct {
            client: self.client,
            generation: self.generation,
            topic: self.topic,
            messages,
            position,
        };
        self.shard.put(|letters| letters.direct.push(direct));
    }
}

/// Messages for one client.
#[derive(Debug)]
struct Direct {
    client: u32,
    generation: u64,
    topic: Topic,
    messages: Vec<Vec<u8>>,
    position: u64,
}

/// A connection after its handshake.
#[derive(Debug)]
struct Arrival {
    socket: TcpStream,
    /// Bytes the client sent right after its handshake.
    early: Vec<u8>,
    deflate: bool,
    guest: Guest,
    guard: Box<dyn Send + Sync + std::fmt::Debug>,
}

#[derive(Debug, Default)]
struct Letters {
    blocks: Vec<Arc<Block>>,
    arrivals: Vec<Arrival>,
    direct: Vec<Direct>,
    /// Connections that end.
    ended: Vec<Tie>,
    stop: Option<Duration>,
}

/// What waits for a shard.
#[derive(Debug)]
struct Inbox {
    letters: Mutex<Letters>,
    waker: Waker,
    is_awake: AtomicBool,
    /// Frames in blocks that the shard has not taken yet.
    backlog: AtomicUsize,
}

impl Inbox {
    fn put(&self, put: impl FnOnce(&mut Letters)) {
        put(&mut self.letters.lock().unwrap_or_else(PoisonError::into_inner));
        if !self.is_awake.swap(true, Ordering::AcqRel) {
            // The poll exists as long as the shard's thread; waking one that ended does nothing.
            let _ = self.waker.wake();
        }
    }

    fn take(&self) -> Letters {
        self.is_awake.store(false, Ordering::Release);
        std::mem::take(&mut *self.letters.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CloseLabels {
    reason: String,
}

/// What the hub counts.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    connections: Gauge,
    subscriptions: Gauge,
    delivered: Counter,
    bytes: Counter,
    conflated: Counter,
    client_errors: Counter,
    closed: Family<CloseLabels, Counter>,
}

impl Metrics {
    /// Registers the hub's metrics.
    pub fn register(registry: &mut Registry) -> Self {
        let m = Self::default();
        registry.register("ws_connections", "Open WebSocket connections", m.connections.clone());
        registry.register("ws_subscriptions", "Subscriptions of all connections", m.subscriptions.clone());
        registry.register("ws_delivered", "Updates handed to connections", m.delivered.clone());
        registry.register("ws_sent_bytes", "Bytes written to connections", m.bytes.clone());
        registry.register(
            "ws_conflated",
            "Updates replaced by newer ones for slow connections",
            m.conflated.clone(),
        );
        registry.register(
            "ws_client_errors",
            "Client messages answered with an error",
            m.client_errors.clone(),
        );
        registry.register("ws_closed", "Connections ended, by reason", m.closed.clone());
        m
    }

    /// Open connections.
    pub fn connections(&self) -> i64 {
        self.connections.get()
    }
}

/// The running hub.
#[derive(Debug)]
pub struct Hub {
    inboxes: Vec<Arc<Inbox>>,
    next: AtomicUsize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Hub {
    /// Starts the shards' threads. Fails if the system gives no poll or thread.
    pub fn start(config: &Config, source: Arc<dyn Source>, metrics: &Metrics) -> io::Result<Self> {
        let mut inboxes = Vec::new();
        let mut threads = Vec::new();
        for number in 0..config.shards.max(1) {
            let poll = mio::Poll::new()?;
            let inbox = Arc::new(Inbox {
                letters: Mutex::default(),
                waker: Waker::new(poll.registry(), shard::WAKE)?,
                is_awake: AtomicBool::new(false),
                backlog: AtomicUsize::new(0),
            });
            let shard = shard::Shard::new(
                poll,
                Arc::clone(&inbox),
                config.clone(),
                Arc::clone(&source),
                metrics.clone(),
            );
            threads
                .push(std::thread::Builder::new().name(format!("hub-{number}")).spawn(move || shard.run())?);
            inboxes.push(inbox);
        }
        Ok(Self { inboxes, next: AtomicUsize::new(0), threads: Mutex::new(threads) })
    }

    /// Sends frames to whoever wants them.
    pub fn publish(&self, block: Block) {
        if block.is_empty() {
            return;
        }
        let block = Arc::new(block);
        for inbox in &self.inboxes {
            inbox.backlog.fetch_add(block.items().len(), Ordering::Relaxed);
            inbox.put(|letters| letters.blocks.push(Arc::clone(&block)));
        }
    }

    /// Frames that the slowest shard has not taken yet. A publisher that sees too many keeps only the
    /// newest of each symbol until it falls.
    pub fn backlog(&self) -> usize {
        self.inboxes.iter().map(|i| i.backlog.load(Ordering::Relaxed)).max().unwrap_or(0)
    }

    /// Takes a connection over after its handshake. `guest` is what it may watch; `guard` is dropped when the
    /// connection ends.
    pub fn adopt(
        &self,
        socket: TcpStream,
        early: Vec<u8>,
        deflate: bool,
        guest: Guest,
        guard: Box<dyn Send + Sync + std::fmt::Debug>,
    ) {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.inboxes.len();
        self.inboxes[at]
            .put(|letters| letters.arrivals.push(Arrival { socket, early, deflate, guest, guard }));
    }

    /// Says goodbye to every connection with one of these ties.
    pub fn end(&self, ties: &[Tie]) {
        if ties.is_empty() {
            return;
        }
        for inbox in &self.inboxes {
            inbox.put(|letters| letters.ended.extend_from_slice(ties));
        }
    }

    /// Says goodbye to every client, writes what is queued, and ends the threads; at most `patience` for all
    /// of it. Blocks.
    pub fn stop(&self, patience: Duration) {
        for inbox in &self.inboxes {
            inbox.put(|letters| letters.stop = Some(patience));
        }
        for thread in std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner)) {
            // A shard that panicked has said so on stderr already.
            let _ = thread.join();
        }
    }
}
