//! One thread with some of the clients: reads what they ask, gathers what they are sent, writes.

use std::io::{self, Read};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Interest, Poll, Token};

use super::block::{Block, Piece};
use super::client::{Client, Flushed};
use super::topic::{Subscriber, Subscribers, Topic};
use super::{Arrival, CloseLabels, Config, Direct, Inbox, Metrics, Reply, Source};
use crate::ws::deflate;
use crate::ws::frame::{self, Close, Incoming};

pub(super) const WAKE: Token = Token(usize::MAX);

/// How often idle, dead and hopeless clients are looked for.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// Topics a client that was behind is caught up on in one message.
const CATCH_UP: usize = 500;
/// How long a client may take to close after our goodbye.
const GOODBYE: Duration = Duration::from_secs(5);
/// Bytes read from one client before the others have their turn.
const READ_AT_ONCE: usize = 256 * 1024;

pub(super) struct Shard {
    poll: Poll,
    inbox: Arc<Inbox>,
    pub(super) config: Config,
    pub(super) source: Arc<dyn Source>,
    pub(super) metrics: Metrics,
    pub(super) clients: Vec<Option<Seat>>,
    free: Vec<u32>,
    pub(super) subscribers: Subscribers,
    /// Clients with something to write.
    ready: Vec<u32>,
    /// Clients with perhaps more to read than one turn allows.
    unread: Vec<u32>,
    generation: u64,
    /// When the goodbyes must be over.
    stop_at: Option<Instant>,
    scratch: Vec<u8>,
}

/// A client and what counts it.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) client: Client,
    _guard: Box<dyn Send + Sync + std::fmt::Debug>,
}

impl Shard {
    pub(super) fn new(
        poll: Poll,
        inbox: Arc<Inbox>,
        config: Config,
        source: Arc<dyn Source>,
        metrics: Metrics,
    ) -> Self {
        Self {
            poll,
            inbox,
            config,
            source,
            metrics,
            clients: Vec::new(),
            free: Vec::new(),
            subscribers: Subscribers::default(),
            ready: Vec::new(),
            unread: Vec::new(),
            generation: 0,
            stop_at: None,
            scratch: vec![0; 64 * 1024],
        }
    }

    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(1_024);
        let mut next_housekeeping = Instant::now() + HOUSEKEEPING;
        let mut flush_due: Option<Instant> = None;
        loop {
            let now = Instant::now();
            let wait = if !self.unread.is_empty() {
                Duration::ZERO
            } else {
                let until = flush_due.map_or(next_housekeeping, |due| due.min(next_housekeeping));
                until.saturating_duration_since(now)
            };
            if let Err(error) = self.poll.poll(&mut events, Some(wait))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "cannot wait for clients; this part of the hub ends");
                return;
            }
            self.take_letters();
            for event in events.iter().filter(|e| e.token() != WAKE) {
                self.on_event(event);
            }
            for client in std::mem::take(&mut self.unread) {
                self.read(client);
            }
            let now = Instant::now();
            flush_due = self.flush_ready(now);
            if now >= next_housekeeping {
                self.keep_house(now);
                next_housekeeping = now + HOUSEKEEPING;
            }
            if let Some(stop_at) = self.stop_at
                && (now >= stop_at || self.clients.iter().all(Option::is_none))
            {
                return;
            }
        }
    }

    fn take_letters(&mut self) {
        let letters = self.inbox.take();
        for arrival in letters.arrivals {
            self.arrive(arrival);
        }
        for direct in letters.direct {
            self.direct(direct);
        }
        for block in &letters.blocks {
            self.deliver(block);
            self.inbox.backlog.fetch_sub(block.items().len(), Ordering::Relaxed);
        }
        if !letters.ended.is_empty() {
            for index in 0..self.clients.len() as u32 {
                let tie = self.client(index).and_then(|client| client.guest.tie);
                if tie.is_some_and(|tie| letters.ended.contains(&tie)) {
                    self.close(index, Close::SignedOut);
                }
            }
        }
        if let Some(patience) = letters.stop
            && self.stop_at.is_none()
        {
            self.stop_at = Some(Instant::now() + patience);
            for index in 0..self.clients.len() as u32 {
                self.close(index, Close::GoingAway);
            }
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        if self.stop_at.is_some() || arrival.socket.set_nonblocking(true).is_err() {
            return;
        }
        let mut socket = mio::net::TcpStream::from_std(arrival.socket);
        let index = self.free.pop().unwrap_or(self.clients.len() as u32);
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut socket, Token(index as usize), interest) {
            tracing::warn!(%error, "cannot take a connection");
            self.free.push(index);
            return;
        }
        self.generation += 1;
        let mut client =
            Client::new(socket, arrival.deflate, self.generation, self.config.coalesce, Instant::now());
        client.guest = arrival.guest;
        let seat = Some(Seat { client, _guard: arrival.guard });
        match self.clients.get_mut(index as usize) {
            Some(place) => *place = seat,
            None => self.clients.push(seat),
        }
        self.metrics.connections.inc();
        if !arrival.early.is_empty() {
            self.on_bytes(index, &arrival.early);
        }
    }

    pub(super) fn client(&mut self, index: u32) -> Option<&mut Client> {
        self.clients.get_mut(index as usize)?.as_mut().map(|seat| &mut seat.client)
    }

    fn direct(&mut self, direct: Direct) {
        let Some(client) = self.client(direct.client).filter(|c| c.generation == direct.generation) else {
            return;
        };
        if !client.topics.contains(&direct.topic) {
            return;
        }
        for message in &direct.messages {
            client.send(message);
        }
        self.subscribers.set_since(direct.topic, direct.client, direct.position);
        self.mark_ready(direct.client);
    }

    fn deliver(&mut self, block: &Block) {
        let (mut delivered, mut conflated) = (0, 0);
        let limit = self.config.client_buffer_bytes;
        let mut joining = Vec::new();
        for item in block.items() {
            let piece = block.piece(item);
            for subscriber in self.subscribers.of(item.topic) {
                if item.position <= subscriber.since {
                    continue;
                }
                let Some(Some(seat)) = self.clients.get_mut(subscriber.client as usize) else { continue };
                let client = &mut seat.client;
                if client.closing.is_some() {
                    continue;
                }
                let now = || self.source.now();
                let is_queued = match piece {
                    Piece::Frame(frame) => client.deliver(item.topic, frame, limit, now),
                    Piece::Row(row) => {
                        if !client.is_joining() {
                            joining.push(subscriber.client);
                        }
                        client.deliver_row(item.topic, row, limit, now)
                    }
                };
                if is_queued {
                    delivered += 1;
                } else {
                    conflated += 1;
                }
                if !client.is_ready {
                    client.is_ready = true;
                    self.ready.push(subscriber.client);
                }
            }
        }
        // A frame has no symbol twice: what the next block has goes into another.
        for index in joining {
            if let Some(client) = self.client(index) {
                client.seal();
            }
        }
        self.metrics.delivered.inc_by(delivered);
        self.metrics.conflated.inc_by(conflated);
    }

    pub(super) fn mark_ready(&mut self, index: u32) {
        if let Some(client) = self.client(index)
            && !client.is_ready
        {
            client.is_ready = true;
            self.ready.push(index);
        }
    }

    fn on_event(&mut self, event: &Event) {
        let index = event.token().0 as u32;
        if event.is_writable()
            && let Some(client) = self.client(index)
            && client.is_blocked
        {
            client.is_blocked = false;
            self.mark_ready(index);
        }
        if event.is_readable() || event.is_read_closed() {
            self.read(index);
        }
    }

    fn read(&mut self, index: u32) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut total = 0;
        while let Some(client) = self.client(index) {
            match client.socket.read(&mut scratch) {
                Ok(0) => {
                    self.drop_client(index, Close::Normal);
                    break;
                }
                Ok(n) => {
                    self.on_bytes(index, &scratch[..n]);
                    total += n;
                    if total >= READ_AT_ONCE {
                        self.unread.push(index);
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.drop_client(index, Close::Normal);
                    break;
                }
            }
        }
        self.scratch = scratch;
    }

    fn on_bytes(&mut self, index: u32, bytes: &[u8]) {
        let Some(client) = self.client(index) else { return };
        if client.closing.is_some() {
            return;
        }
        client.last_heard = Instant::now();
        client.ping_sent = false;
        let mut incoming = Vec::new();
        let mut reader = std::mem::take(&mut client.reader);
        let read = reader.read(bytes, |one| incoming.push(one));
        if let Some(client) = self.client(index) {
            client.reader = reader;
        }
        for one in incoming {
            if let Err(close) = self.on_incoming(index, one) {
                self.close(index, close);
                return;
            }
        }
        if let Err(close) = read {
            self.close(index, close);
        }
    }

    fn on_incoming(&mut self, index: u32, incoming: Incoming) -> Result<(), Close> {
        match incoming {
            Incoming::Text { payload, compressed } => {
                let payload = if compressed { deflate::inflate(&payload)? } else { payload };
                let text = String::from_utf8(payload).map_err(|_| Close::InvalidData)?;
                self.on_text(index, &text);
            }
            Incoming::Ping(payload) => {
                if let Some(client) = self.client(index) {
                    client.control(|out| frame::write_pong(out, &payload));
                }
            }
            Incoming::Pong => {}
            Incoming::Close => return Err(Close::Normal),
        }
        self.mark_ready(index);
        // Answers nobody reads must not pile up.
        let limit = self.config.client_buffer_bytes.saturating_mul(2);
        match self.client(index) {
            Some(client) if client.pending_bytes() > limit => {
                self.drop_client(index, Close::TooSlow);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Starts or changes a subscription; what it was before is forgotten.
    pub(super) fn subscribe(&mut self, index: u32, topic: Topic, since: u64) {
        let Some(client) = self.client(index) else { return };
        if client.topics.insert(topic) {
            self.subscribers.add(topic, Subscriber { client: index, since });
            self.source.watch(topic, true);
            self.metrics.subscriptions.inc();
        } else {
            self.subscribers.set_since(topic, index, since);
        }
    }

    /// Ends a subscription.
    pub(super) fn end(&mut self, index: u32, topic: Topic) {
        let Some(client) = self.client(index) else { return };
        if client.topics.remove(&topic) {
            client.forget(topic);
            self.end_subscription(index, topic);
        }
    }

    fn end_subscription(&mut self, index: u32, topic: Topic) {
        self.subscribers.remove(topic, index);
        self.source.watch(topic, false);
        self.metrics.subscriptions.dec();
    }

    /// A way for a later answer to reach this client.
    pub(super) fn reply_to(&mut self, index: u32, topic: Topic) -> Option<Reply> {
        let generation = self.client(index)?.generation;
        Some(Reply { shard: Arc::clone(&self.inbox), client: index, generation, topic })
    }

    /// Writes for every client whose time has come, and tells when the next is due.
    fn flush_ready(&mut self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        for index in std::mem::take(&mut self.ready) {
            let Some(client) = self.client(index) else { continue };
            let due = client.last_flush + client.coalesce;
            if client.closing.is_none() && due > now {
                next = Some(next.map_or(due, |n| n.min(due)));
                self.ready.push(index);
                continue;
            }
            client.is_ready = false;
            if !client.is_blocked {
                self.flush(index, now);
            }
        }
        next
    }

    fn flush(&mut self, index: u32, now: Instant) {
        let mut bytes = 0;
        while let Some(client) = self.client(index) {
            match client.flush(now, &mut bytes) {
                Flushed::Blocked => break,
                Flushed::Broken => {
                    self.drop_client(index, Close::Normal);
                    break;
                }
                Flushed::All => {}
            }
            if client.closing.is_some() {
                // The goodbye is out. What the client still sends is read and dropped until it closes
                // too: closing with bytes unread would reset the connection and lose the goodbye.
                let _ = client.socket.shutdown(Shutdown::Write);
                break;
            }
            let Some((topics, since)) = client.take_missed(CATCH_UP) else { break };
            self.catch_up(index, &topics, since);
        }
        self.metrics.bytes.inc_by(bytes);
    }

    /// Sends the newest value of topics that changed while the client was behind.
    fn catch_up(&mut self, index: u32, topics: &[Topic], since: market::Timestamp) {
        let mut messages = Vec::new();
        let position = self.source.snapshot(topics, Some(since), &mut messages);
        if let Some(client) = self.client(index) {
            for message in &messages {
                client.send(message);
            }
        }
        for topic in topics {
            self.subscribers.set_since(*topic, index, position);
        }
    }

    fn keep_house(&mut self, now: Instant) {
        for index in 0..self.clients.len() as u32 {
            let (ping_after, hopeless_after) = (self.config.ping_after, self.config.hopeless_after);
            let Some(client) = self.client(index) else { continue };
            let silent = now.saturating_duration_since(client.last_heard);
            let waits = client.pending_bytes() > 0 || client.is_behind();
            if client.closing_since.is_some_and(|since| now.saturating_duration_since(since) >= GOODBYE) {
                self.drop_client(index, Close::Normal);
            } else if waits && now.saturating_duration_since(client.last_progress) >= hopeless_after {
                self.drop_client(index, Close::TooSlow);
            } else if client.ping_sent && silent >= ping_after + hopeless_after {
                self.close(index, Close::NoPong);
            } else if silent >= ping_after && !client.ping_sent {
                client.ping_sent = true;
                client.control(frame::write_ping);
                self.mark_ready(index);
            } else {
                client.rest();
            }
        }
    }

    /// Queues a close frame; the connection ends once it is written, or with housekeeping.
    fn close(&mut self, index: u32, close: Close) {
        if let Some(client) = self.client(index) {
            client.close(close, Instant::now());
            self.mark_ready(index);
        }
    }

    fn drop_client(&mut self, index: u32, close: Close) {
        let Some(mut seat) = self.clients.get_mut(index as usize).and_then(Option::take) else { return };
        if close == Close::TooSlow && seat.client.closing.is_none() {
            // Most likely in vain, but a client that reads again should learn why.
            seat.client.close(close, Instant::now());
            let _ = seat.client.flush(Instant::now(), &mut 0);
        }
        // The socket closes with the seat; deregistering fails only if it is gone already.
        let _ = self.poll.registry().deregister(&mut seat.client.socket);
        for topic in &seat.client.topics {
            self.end_subscription(index, *topic);
        }
        self.free.push(index);
        self.metrics.connections.dec();
        let reason = seat.client.closing.unwrap_or(close).name().to_owned();
        self.metrics.closed.get_or_create(&CloseLabels { reason }).inc();
    }
}
