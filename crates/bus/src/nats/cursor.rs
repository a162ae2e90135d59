//! Reading a stream from a place on, in order, across every absence of the server.
//!
//! The server forgets readers when it restarts, and the client may drop messages of a reader that
//! dawdles. So nothing is believed but the sequence: a message that does not follow the one before
//! makes the cursor open the stream anew where it stood.

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
        Ok(Self { link, which, state, epoch, next, messages: None, held: None, failures: 0 })
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

    async fn open(&mut self) -> Result<Option<Item>, Failure> {
        if !self.link.connected().await {
            return Ok(Some(Item::Closed));
        }
        let generation = self.state.borrow_and_update().generation;
        let info = stream_info(&self.link, self.which).await?;
        if let Some(hole) = self.reconcile(&info) {
            return Ok(Some(hole));
        }
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
        if self.next > info.end {
            // The machine of the server lost power before it had synced: we know events that the log
            // does not. Nothing is missing here, and what follows is new.
            tracing::warn!("the log of NATS ends before what was already read from it");
            self.next = info.end;
        }
        None
    }
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
