//! Reading the log over NATS.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use wire::bus::{DecodeError, EventBatch};

use super::cursor::{Cursor, Item, Stored};
use super::directory::Directory;
use super::link::{Kept, Link};
use crate::error::BusError;
use crate::position::{LogError, LogPosition, LogStart};

/// A reader of the log over NATS.
#[derive(Debug)]
pub(crate) struct NatsEvents {
    cursor: Cursor,
    directory: Arc<Directory>,
    /// Where it was to start, until the first message.
    start: Option<LogPosition>,
    current: Option<Current>,
}

/// The message being read.
#[derive(Debug)]
struct Current {
    sequence: u64,
    n_read: u32,
    bodies: VecDeque<Bytes>,
}

impl NatsEvents {
    pub(super) async fn new(
        link: Link,
        directory: Arc<Directory>,
        start: LogStart,
    ) -> Result<Self, BusError> {
        let cursor = Cursor::new(link, Kept::Log, start).await?;
        let start = match start {
            LogStart::At(at) => Some(at),
            LogStart::New | LogStart::Oldest => None,
        };
        Ok(Self { cursor, directory, start, current: None })
    }

    pub(crate) async fn next(&mut self) -> Result<(LogPosition, Arc<EventBatch>), LogError> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(body) = current.bodies.front() {
                    // May wait for the universe; only then is the body taken.
                    let decoded = self.directory.decode(body).await;
                    current.bodies.pop_front();
                    current.n_read += 1;
                    let next = if current.bodies.is_empty() {
                        self.cursor.position(current.sequence + 1, 0)
                    } else {
                        self.cursor.position(current.sequence, current.n_read)
                    };
                    return match decoded {
                        Ok(batch) => Ok((next, Arc::new(batch))),
                        Err(source) => Err(LogError::Unreadable { next, source }),
                    };
                }
                self.current = None;
            }
            match self.cursor.next().await {
                Item::Message(message) => self.current = Some(self.begin(&message)?),
                Item::Hole { after, next } => {
                    self.start = None;
                    return Err(LogError::Lost { after, next });
                }
                Item::Closed => return Err(LogError::Closed),
            }
        }
    }

    fn begin(&mut self, message: &Stored) -> Result<Current, LogError> {
        let sequence = message.sequence;
        let bodies: VecDeque<Bytes> = match wire::bus::unpack(&message.payload) {
            Ok(bodies) => bodies.into_iter().map(|body| message.payload.slice_ref(body)).collect(),
            Err(source) => {
                self.directory.unreadable();
                return Err(LogError::Unreadable { next: self.cursor.position(sequence + 1, 0), source });
            }
        };
        let n_read = self.start.take().filter(|at| at.offset == sequence).map_or(0, |at| at.part);
        let bodies = bodies.into_iter().skip(n_read as usize).collect();
        Ok(Current { sequence, n_read, bodies })
    }
}

/// Reads every body of a live message with the symbols known now.
pub(super) fn decode_now(directory: &Directory, payload: &[u8]) -> Result<Vec<EventBatch>, DecodeError> {
    wire::bus::unpack(payload)?.into_iter().map(|body| directory.decode_now(body)).collect()
}
