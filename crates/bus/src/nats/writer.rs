//! Writing the log: what waits is packed into one message while the message before is on its way.
//!
//! One message is in flight at a time, so the order holds whatever has to be sent again (see
//! [`Link::store`]), and its size adapts: an idle feed's trade travels alone and at once, a busy
//! feed's travel by the ten thousand. Policy when full: the publisher waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::link::{Kept, Link, MESSAGE_BYTES_MAX};
use crate::error::BusError;

/// Bodies waiting; their bytes are bounded too, by [`super::NatsConfig::buffer_bytes`].
const BODIES_MAX: usize = 16_384;
/// What a body takes in a message beside its own bytes.
const LENGTH_BYTES_MAX: usize = 5;

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

async fn store_all(link: Link, mut waiting: mpsc::Receiver<Waiting>, progress: watch::Sender<u64>) {
    // Messages are named by instance, start and count: unlike those of any other process.
    let start = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let mut n_messages = 0u64;
    let mut left_over = None;
    loop {
        let first = match left_over.take() {
            Some(first) => first,
            None => match waiting.recv().await {
                Some(first) => first,
                None => return,
            },
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
        if link.store(Kept::Log, &together[0].subject, &id, payload).await.is_none() {
            return;
        }
        link.counts.logged();
        link.counts.unbuffered(together.iter().map(|w| w.body.len()).sum());
        progress.send_modify(|stored| *stored += together.len() as u64);
    }
}
