//! Reading a stream from a place on, in order, across every absence of the server.
//!
//! The server forgets readers when it restarts, and the client may drop messages of a reader that
//! dawdles. So nothing is believed but the sequence: a message that does not follow the one before
//! makes the cursor open the stream anew where it stood.
//!
//! Nor is the sequence believed after an absence: a server that was killed may have forgotten its newest
//! messages, and given their numbers to others since. So the cursor remembers the ids of the newest it
//! read, goes back to the last one that still stands, and leaves out what it reads again.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::GetStreamErrorKind;
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::watch;

use super::link::{Failure, Kept, Link, State, pause};
use crate::error::BusError;
use crate::position::{LogPosition, LogStart};

/// Messages asked for at once. With those already here this bounds what a slow reader holds: 128
/// messages of half a megabyte at the very worst.
const MESSAGES_PER_PULL: usize = 64;
/// Messages whose ids are remembered; a server that dies forgets fewer.
const READ_REMEMBERED: usize = 256;
/// The server shows this often that it still knows us.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// The server forgets a reader it has not heard from for this long.
const INACTIVE_THRESHOLD: Duration = Duration::from_secs(60);

/// A reader of one stream.
#[derive(Debug)]
pub(super) struct Cursor {
    link: Link,
    which: Kept,
    state: watch::Receiver<State>,
    epoch: u64,
    /// Sequence of the next message.
    next: u64,
    messages: Option<Messages>,
    /// The newest messages read, by number and id, oldest first.
    read: VecDeque<(u64, Arc<str>)>,
    /// Ids of messages read before the log was cut back.
    known: HashSet<Arc<str>>,
    /// A message that came after a hole, told after the hole.
    held: Option<Stored>,
    failures: u32,
}

struct Messages {
    stream: pull::Stream,
    /// Nothing was read from it yet.
    is_fresh: bool,
    generation: u64,
}

impl std::fmt::Debug for Messages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messages").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// A message of a stream.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) sequence: u64,
    pub(super) subject: String,
    pub(super) payload: Bytes,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Item {
    Message(Stored),
    /// Messages between are gone from the stream.
    Hole {
        after: LogPosition,
        next: LogPosition,
    },
    Closed,
}

impl Cursor {
    /// Finds the place; does not read yet.
    pub(super) async fn new(link: Link, which: Kept, start: LogStart) -> Result<Self, BusError> {
        let no_answer =
            |source| BusError::NoAnswer { what: "finding a place in the log", source: Some(source) };
        let info = stream_info(&link, which).await.map_err(no_answer)?;
        let (epoch, next) = match start {
            LogStart::New => (info.epoch, info.end),
            LogStart::Oldest => (info.epoch, info.first),
            // Whether it still stands is seen when it is opened.
            LogStart::At(at) => (at.epoch, at.offset),
        };
        let state = link.state();
        Ok(Self {
            link,
            which,
            state,
            epoch,
            next,
            read: VecDeque::new(),
            known: HashSet::new(),
            messages: None,
            held: None,
            failures: 0,
        })
    }

    /// The position of a message, with so many of its parts read.
    pub(super) fn position(&self, offset: u64, part: u32) -> LogPosition {
        LogPosition { epoch: self.epoch, offset, part }
    }

    /// The next item; nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Item {
        if let Some(held) = self.held.take() {
            return Item::Message(held);
        }
        loop {
            let Some(messages) = &mut self.messages else {
                if self.state.borrow().closed {
                    return Item::Closed;
                }
                match self.open().await {
                    Ok(None) => {}
                    Ok(Some(hole)) => return hole,
                    Err(error) => {
                        tracing::debug!(error = &*error, "opening a stream of NATS failed, trying again");
                        self.failures = self.failures.saturating_add(1);
                        tokio::time::sleep(pause(self.failures)).await;
                    }
                }
                continue;
            };
            let generation = messages.generation;
            let received = tokio::select! {
                received = messages.stream.next() => received,
                _ = self.state.wait_for(|s| s.generation != generation || s.closed) => None,
            };
            match received {
                Some(Ok(message)) => {
                    if let Some(item) = self.take(&message) {
                        return item;
                    }
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "reading a stream of NATS failed, opening it again");
                    self.messages = None;
                }
                None => self.messages = None,
            }
        }
    }

    fn take(&mut self, message: &async_nats::jetstream::Message) -> Option<Item> {
        let Ok(info) = message.info() else {
            self.messages = None;
            return None;
        };
        let sequence = info.stream_sequence;
        if sequence < self.next {
            return None;
        }
        let is_fresh = self.messages.as_mut().is_some_and(|m| std::mem::replace(&mut m.is_fresh, false));
        if sequence > self.next && !is_fresh {
            // The client may have dropped what lies between.
            self.messages = None;
            return None;
        }
        self.failures = 0;
        if let Some(id) = id_of(message.headers.as_ref()) {
            if self.known.remove(id) && sequence == self.next {
                self.next = sequence + 1;
                self.remember(sequence, id);
                return None;
            }
            self.remember(sequence, id);
        }
        let stored =
            Stored { sequence, subject: message.subject.to_string(), payload: message.payload.clone() };
        let after = self.position(self.next, 0);
        self.next = sequence + 1;
        if sequence == after.offset {
            return Some(Item::Message(stored));
        }
        self.held = Some(stored);
        Some(Item::Hole { after, next: self.position(sequence, 0) })
    }

    fn remember(&mut self, sequence: u64, id: &str) {
        if self.read.len() == READ_REMEMBERED {
            self.read.pop_front();
        }
        self.read.push_back((sequence, id.into()));
    }

    /// Goes back to behind the last message read that the log still has under its number.
    async fn go_back(&mut self, info: &StreamInfo) -> Result<(), Failure> {
        use async_nats::jetstream::stream::RawMessageErrorKind as Kind;
        let mut is_cut = false;
        while let Some((sequence, id)) = self.read.back() {
            if *sequence < info.first {
                break;
            }
            if *sequence < info.end {
                match info.stream.get_raw_message(*sequence).await {
                    Ok(found) if id_of(Some(&found.headers)) == Some(&**id) => break,
                    Ok(_) => {}
                    Err(error) if error.kind() == Kind::NoMessageFound => {}
                    Err(error) => return Err(error.into()),
                }
            }
            is_cut = true;
            self.next = *sequence;
            self.known.insert(Arc::clone(id));
            self.read.pop_back();
        }
        if is_cut {
            tracing::warn!(
                from = self.next,
                "the log of NATS lost its newest messages; reading again from the last that stands"
            );
        }
        // Of what was read before, only what may come again is worth knowing.
        if self.known.len() > 2 * READ_REMEMBERED {
            self.known.clear();
        }
        Ok(())
    }

    async fn open(&mut self) -> Result<Option<Item>, Failure> {
        if !self.link.connected().await {
            return Ok(Some(Item::Closed));
        }
        let generation = self.state.borrow_and_update().generation;
        let info = stream_info(&self.link, self.which).await?;
        if let Some(hole) = self.reconcile(&info) {
            self.read.clear();
            return Ok(Some(hole));
        }
        self.go_back(&info).await?;
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.next },
            ack_policy: AckPolicy::None,
            inactive_threshold: INACTIVE_THRESHOLD,
            memory_storage: true,
            ..pull::Config::default()
        };
        let consumer = info.stream.create_consumer(config).await?;
        let stream = consumer
            .stream()
            .max_messages_per_batch(MESSAGES_PER_PULL)
            .heartbeat(HEARTBEAT)
            .messages()
            .await?;
        self.messages = Some(Messages { stream, is_fresh: true, generation });
        Ok(None)
    }

    /// Compares where we stand with what the server has.
    fn reconcile(&mut self, info: &StreamInfo) -> Option<Item> {
        let after = self.position(self.next, 0);
        if info.epoch != self.epoch || self.next < info.first {
            self.epoch = info.epoch;
            self.next = info.first;
            return Some(Item::Hole { after, next: self.position(self.next, 0) });
        }
        // The server died before it had written: we know events that the log does not.
        self.next = self.next.min(info.end);
        None
    }
}

/// What its writer named a message by.
fn id_of(headers: Option<&async_nats::HeaderMap>) -> Option<&str> {
    headers?.get(async_nats::header::NATS_MESSAGE_ID).map(|id| id.as_str())
}

struct StreamInfo {
    stream: async_nats::jetstream::stream::Stream,
    epoch: u64,
    first: u64,
    /// One past the last.
    end: u64,
}

async fn stream_info(link: &Link, which: Kept) -> Result<StreamInfo, Failure> {
    let stream = match link.jetstream.get_stream(link.stream_name(which)).await {
        Ok(stream) => stream,
        Err(error) => {
            if let GetStreamErrorKind::JetStream(inner) = error.kind()
                && inner.error_code() == async_nats::jetstream::ErrorCode::STREAM_NOT_FOUND
            {
                link.ensure_streams().await?;
            }
            return Err(error.into());
        }
    };
    let info = stream.cached_info();
    let epoch = u64::try_from(info.created.unix_timestamp_nanos()).unwrap_or_default();
    let (first, end) = (info.state.first_sequence.max(1), info.state.last_sequence + 1);
    Ok(StreamInfo { epoch, first, end, stream })
}
