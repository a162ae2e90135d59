//! One connection: what it asked for, what it has still to be sent.

use std::collections::HashSet;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use market::Timestamp;
use mio::net::TcpStream;
use wire::encode::{DATA_END, QUOTE_UPDATE_HEAD};

use super::guest::Guest;
use super::topic::Topic;
use crate::ws::deflate;
use crate::ws::frame::{self, Close, Reader};

/// A frame of rows is complete at this size: one of 64 KiB and more would need a longer header.
const ROWS_BYTES_MAX: usize = 60_000;

/// A client that could not keep up: instead of a queue, the set of what has changed since.
#[derive(Debug)]
struct Behind {
    topics: HashSet<Topic>,
    since: Timestamp,
}

/// What a write achieved.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Everything is out.
    All,
    /// The socket took no more for now.
    Blocked,
    /// The connection is dead.
    Broken,
}

#[derive(Debug)]
pub(super) struct Client {
    pub(super) socket: TcpStream,
    pub(super) reader: Reader,
    /// Tells this client from an earlier one in the same place.
    pub(super) generation: u64,
    pub(super) topics: HashSet<Topic>,
    /// What it may watch.
    pub(super) guest: Guest,
    pub(super) coalesce: Duration,
    pub(super) last_flush: Instant,
    pub(super) last_heard: Instant,
    pub(super) last_progress: Instant,
    pub(super) ping_sent: bool,
    /// In the shard's list of clients with something to flush.
    pub(super) is_ready: bool,
    /// The last write found the socket full; the next waits for the poll.
    pub(super) is_blocked: bool,
    /// A close frame is queued; nothing follows it.
    pub(super) closing: Option<Close>,
    /// When that was.
    pub(super) closing_since: Option<Instant>,
    deflate: bool,
    out: Vec<u8>,
    sent: usize,
    /// Where in `out` a frame of rows begins that others may still join.
    joining: Option<usize>,
    behind: Option<Behind>,
}

impl Client {
    pub(super) fn new(
        socket: TcpStream,
        deflate: bool,
        generation: u64,
        coalesce: Duration,
        now: Instant,
    ) -> Self {
        Self {
            socket,
            reader: Reader::new(deflate),
            generation,
            topics: HashSet::new(),
            guest: Guest::default(),
            coalesce,
            last_flush: now.checked_sub(coalesce).unwrap_or(now),
            last_heard: now,
            last_progress: now,
            ping_sent: false,
            is_ready: false,
            is_blocked: false,
            closing: None,
            closing_since: None,
            deflate,
            out: Vec::new(),
            sent: 0,
            joining: None,
            behind: None,
        }
    }

    /// Bytes waiting for the socket.
    pub(super) fn pending_bytes(&self) -> usize {
        self.out.len() - self.sent
    }

    /// Hands over a shared frame. `false` when the client is behind and the topic was only noted.
    pub(super) fn deliver(
        &mut self,
        topic: Topic,
        frame: &[u8],
        limit: usize,
        now: impl FnOnce() -> Timestamp,
    ) -> bool {
        if !self.has_room(topic, frame.len(), limit, now) {
            return false;
        }
        self.seal();
        self.out.extend_from_slice(frame);
        true
    }

    /// Hands over the row of a symbol, which joins those before it in one frame until [`Self::seal`]. `false` when
    /// the client is behind and the topic was only noted.
    pub(super) fn deliver_row(
        &mut self,
        topic: Topic,
        row: &[u8],
        limit: usize,
        now: impl FnOnce() -> Timestamp,
    ) -> bool {
        if !self.has_room(topic, row.len() + QUOTE_UPDATE_HEAD.len() + DATA_END.len(), limit, now) {
            return false;
        }
        match self.joining {
            Some(begin) if self.out.len() - begin + row.len() < ROWS_BYTES_MAX => self.out.push(b','),
            _ => {
                self.seal();
                self.joining = Some(frame::begin_text(&mut self.out));
                self.out.extend_from_slice(QUOTE_UPDATE_HEAD);
            }
        }
        self.out.extend_from_slice(row);
        true
    }

    /// A frame of rows is being gathered.
    pub(super) fn is_joining(&self) -> bool {
        self.joining.is_some()
    }

    /// Completes the frame of rows that is being gathered, if there is one.
    pub(super) fn seal(&mut self) {
        if let Some(begin) = self.joining.take() {
            self.out.extend_from_slice(DATA_END);
            frame::end_text(&mut self.out, begin);
        }
    }

    /// Whether so many bytes may be queued; else the topic is noted as missed.
    fn has_room(
        &mut self,
        topic: Topic,
        bytes: usize,
        limit: usize,
        now: impl FnOnce() -> Timestamp,
    ) -> bool {
        if let Some(behind) = &mut self.behind {
            behind.topics.insert(topic);
            return false;
        }
        if self.out.len() - self.sent + bytes > limit {
            self.behind = Some(Behind { topics: HashSet::from([topic]), since: now() });
            return false;
        }
        true
    }

    /// Queues a message for this client alone, compressed where that was agreed and pays.
    pub(super) fn send(&mut self, payload: &[u8]) {
        if self.closing.is_some() {
            return;
        }
        self.seal();
        if self.deflate && payload.len() >= deflate::WORTHWHILE_BYTES {
            frame::write_compressed_text(&mut self.out, &deflate::compress(payload));
        } else {
            frame::write_text(&mut self.out, |out| out.extend_from_slice(payload));
        }
    }

    /// Queues a control frame.
    pub(super) fn control(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.closing.is_none() {
            self.seal();
            write(&mut self.out);
        }
    }

    /// Queues a close frame as the last thing said. What waits for a client that is behind is dropped.
    pub(super) fn close(&mut self, close: Close, now: Instant) {
        if self.closing.is_none() {
            self.behind = None;
            self.seal();
            frame::write_close(&mut self.out, close);
            self.closing = Some(close);
            self.closing_since = Some(now);
        }
    }

    /// Takes up to `most` topics to catch up on, once everything queued is out, and since when they
    /// were missed.
    pub(super) fn take_missed(&mut self, most: usize) -> Option<(Vec<Topic>, Timestamp)> {
        if self.pending_bytes() > 0 {
            return None;
        }
        let behind = self.behind.as_mut()?;
        let topics: Vec<Topic> = behind.topics.iter().take(most).copied().collect();
        for topic in &topics {
            behind.topics.remove(topic);
        }
        let since = behind.since;
        if behind.topics.is_empty() {
            self.behind = None;
        }
        Some((topics, since))
    }

    /// The client misses something that it will be sent later.
    pub(super) fn is_behind(&self) -> bool {
        self.behind.is_some()
    }

    /// Forgets a topic that is no longer wanted.
    pub(super) fn forget(&mut self, topic: Topic) {
        if let Some(behind) = &mut self.behind {
            behind.topics.remove(&topic);
        }
    }

    /// Writes what is queued, as far as the socket takes it.
    pub(super) fn flush(&mut self, now: Instant, bytes_written: &mut u64) -> Flushed {
        self.last_flush = now;
        self.seal();
        while self.sent < self.out.len() {
            match self.socket.write(&self.out[self.sent..]) {
                Ok(0) => return Flushed::Broken,
                Ok(n) => {
                    self.sent += n;
                    *bytes_written += n as u64;
                    self.last_progress = now;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.is_blocked = true;
                    return Flushed::Blocked;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Flushed::Broken,
            }
        }
        self.out.clear();
        self.sent = 0;
        self.last_progress = now;
        Flushed::All
    }

    /// Gives memory back that an idle connection does not need.
    pub(super) fn rest(&mut self) {
        if self.out.is_empty() && self.out.capacity() > 0 {
            self.out = Vec::new();
        }
    }
}
