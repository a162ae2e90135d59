//! Writing the log: what waits is packed into one message while the message before is on its way.
//!
//! One message is in flight at a time, so the order holds whatever has to be sent again (see
//! [`Link::store`]), and its size adapts: an idle feed's trade travels alone and at once, a busy
//! feed's travel by the ten thousand. Policy when full: the publisher waits.
//!
//! NATS acknowledges before it has written: a server that is killed may forget the last messages it
//! acknowledged. So the newest are kept ([`Recent`]) and stored again when it is back; those it still has
//! it knows by their ids.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::link::{Link, MESSAGE_BYTES_MAX, State};
use crate::error::BusError;

/// Bodies waiting; their bytes are bounded too, by [`super::NatsConfig::buffer_bytes`].
const BODIES_MAX: usize = 16_384;
/// What a body takes in a message beside its own bytes.
const LENGTH_BYTES_MAX: usize = 5;
/// A running server writes what it acknowledged within milliseconds; a busy one is given more.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);
/// Acknowledged messages kept at most; the newest stays whatever its size.
const RECENT_BYTES_MAX: usize = 8 << 20;
const PAUSE_BEFORE_AGAIN: Duration = Duration::from_millis(100);

/// Where bodies go in.
#[derive(Debug)]
pub(super) struct Writer {
    bodies: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
    room_bytes: u32,
    accepted: AtomicU64,
    stored: watch::Receiver<u64>,
}

#[derive(Debug)]
struct Waiting {
    subject: Arc<str>,
    body: Bytes,
    _room: OwnedSemaphorePermit,
}

impl Writer {
    /// Starts the task that stores; it ends when the writer is dropped and everything is stored, or the
    /// link is closed.
    pub(super) fn start(link: &Link) -> Self {
        let room_bytes = u32::try_from(link.config.buffer_bytes).unwrap_or(u32::MAX).min(u32::MAX >> 3);
        let (bodies, waiting) = mpsc::channel(BODIES_MAX);
        let (progress, stored) = watch::channel(0);
        tokio::spawn(store_all(link.clone(), waiting, progress));
        Self {
            bodies,
            room: Arc::new(Semaphore::new(room_bytes as usize)),
            room_bytes,
            accepted: 0.into(),
            stored,
        }
    }

    pub(super) async fn accept(&self, link: &Link, subject: Arc<str>, body: Bytes) -> Result<(), BusError> {
        // A body larger than the whole buffer goes in when it is empty.
        let bytes = u32::try_from(body.len()).unwrap_or(u32::MAX).clamp(1, self.room_bytes);
        let room = self.room.clone().acquire_many_owned(bytes).await.map_err(|_| BusError::Closed)?;
        let length = body.len();
        let place = self.bodies.reserve().await.map_err(|_| BusError::Closed)?;
        // Counted before it can be stored, so that the two never cross.
        self.accepted.fetch_add(1, Ordering::SeqCst);
        link.counts.buffered(length);
        place.send(Waiting { subject, body, _room: room });
        Ok(())
    }

    pub(super) async fn flush(&self) -> Result<(), BusError> {
        let target = self.accepted.load(Ordering::SeqCst);
        let mut stored = self.stored.clone();
        stored.wait_for(|stored| *stored >= target).await.map(|_| ()).map_err(|_| BusError::Closed)
    }
}

/// A message that the server said it has.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) subject: Arc<str>,
    pub(super) id: String,
    pub(super) payload: Bytes,
}

/// The newest acknowledged messages, which a server that was killed may not have written yet.
#[derive(Debug)]
pub(super) struct Recent {
    /// The connection they are known to be stored over.
    pub(super) generation: u64,
    messages: VecDeque<(Instant, Acknowledged)>,
    bytes: usize,
}

impl Recent {
    fn new(generation: u64) -> Self {
        Self { generation, messages: VecDeque::new(), bytes: 0 }
    }

    fn keep(&mut self, message: Acknowledged) {
        self.bytes += message.payload.len();
        self.messages.push_back((Instant::now(), message));
        let is_old = |at: &Instant| at.elapsed() > WRITTEN_WITHIN;
        while let Some((at, oldest)) = self.messages.front()
            && (self.bytes > RECENT_BYTES_MAX || is_old(at))
        {
            self.bytes -= oldest.payload.len();
            self.messages.pop_front();
        }
    }

    /// Oldest first.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Acknowledged> {
        self.messages.iter().map(|(_, message)| message)
    }
}

async fn store_all(link: Link, mut waiting: mpsc::Receiver<Waiting>, progress: watch::Sender<u64>) {
    // Messages are named by instance, start and count: unlike those of any other process.
    let start = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let mut n_messages = 0u64;
    let mut left_over = None;
    let mut recent = Recent::new(link.generation());
    let mut state = link.state();
    loop {
        let first = match left_over.take() {
            Some(first) => first,
            None => {
                let generation = recent.generation;
                let is_back = async {
                    let is_new = |s: &State| s.connected && s.generation != generation && !s.closed;
                    state.wait_for(is_new).await.is_ok()
                };
                let next = tokio::select! {
                    next = waiting.recv() => Some(next),
                    true = is_back => None,
                    else => return,
                };
                match next {
                    Some(Some(first)) => first,
                    Some(None) => return,
                    None => {
                        if let Err(error) = link.store_again(&mut recent).await {
                            tracing::debug!(error = &*error, "storing the newest messages again failed");
                            tokio::time::sleep(PAUSE_BEFORE_AGAIN).await;
                        }
                        continue;
                    }
                }
            }
        };
        let mut together = vec![first];
        let mut bytes = 1 + together[0].body.len() + LENGTH_BYTES_MAX;
        while let Ok(next) = waiting.try_recv() {
            bytes += next.body.len() + LENGTH_BYTES_MAX;
            if next.subject != together[0].subject || bytes > MESSAGE_BYTES_MAX {
                left_over = Some(next);
                break;
            }
            together.push(next);
        }
        let payload = Bytes::from(wire::bus::pack(together.iter().map(|w| &w.body[..])));
        n_messages += 1;
        let id = format!("{}-{start:x}-{n_messages}", link.config.instance);
        let message = Acknowledged { subject: Arc::clone(&together[0].subject), id, payload };
        if link.store_in_log(&message, &mut recent).await.is_none() {
            return;
        }
        recent.keep(message);
        link.counts.logged();
        link.counts.unbuffered(together.iter().map(|w| w.body.len()).sum());
        progress.send_modify(|stored| *stored += together.len() as u64);
    }
}
