//! The log in memory: a window of batches with a cursor for each reader.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use market::MarketEvent;
use tokio::sync::Notify;
use wire::bus::EventBatch;

use crate::position::{LogError, LogPosition, LogStart};

/// Policy when full: the publisher waits. The window is bounded by events, not batches, because a
/// batch may hold one or ten thousand.
#[derive(Debug)]
pub(crate) struct LocalLog {
    epoch: u64,
    /// Most events that the slowest reader may be behind.
    unread_events_max: u64,
    /// Events kept after all have read them, for readers that start at an earlier position.
    kept_events: u64,
    window: Mutex<Window>,
    grown: Notify,
    room: Notify,
}

#[derive(Debug, Default)]
struct Window {
    /// Offset of the first batch held.
    first: u64,
    batches: VecDeque<Held>,
    /// Events published since the start.
    n_events: u64,
    /// Next offset of each reader.
    readers: HashMap<u64, u64>,
    next_reader: u64,
    closed: bool,
}

#[derive(Debug)]
struct Held {
    batch: Arc<EventBatch>,
    /// Events published before this batch.
    events_before: u64,
}

impl Window {
    fn end(&self) -> u64 {
        self.first + self.batches.len() as u64
    }

    fn slowest(&self) -> u64 {
        self.readers.values().copied().min().unwrap_or_else(|| self.end())
    }

    fn events_before(&self, offset: u64) -> u64 {
        let at = usize::try_from(offset - self.first).unwrap_or(usize::MAX);
        self.batches.get(at).map_or(self.n_events, |held| held.events_before)
    }

    fn unread_events(&self) -> u64 {
        self.n_events - self.events_before(self.slowest())
    }

    fn trim(&mut self, kept_events: u64) {
        while self.first < self.slowest() && self.n_events - self.events_before(self.first + 1) >= kept_events
        {
            self.batches.pop_front();
            self.first += 1;
        }
    }
}

/// What a batch weighs: its events, and the symbols its gaps list.
fn weight(batch: &EventBatch) -> u64 {
    let of = |event: &MarketEvent| match event {
        MarketEvent::Gap { symbols, .. } => 1 + symbols.len() as u64 / 16,
        _ => 1,
    };
    batch.events.iter().map(of).sum::<u64>().max(1)
}

impl LocalLog {
    pub(crate) fn new(epoch: u64, unread_events_max: u64, kept_events: u64) -> Arc<Self> {
        Arc::new(Self {
            epoch,
            unread_events_max,
            kept_events,
            window: Mutex::default(),
            grown: Notify::new(),
            room: Notify::new(),
        })
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        // Nothing panics while it is held; if it did, the window is still whole between statements.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends, waiting while the slowest reader is too far behind. A batch larger than the whole
    /// bound goes in when everything before it was read. `false` when closed.
    pub(crate) async fn publish(&self, batch: EventBatch) -> bool {
        let weight = weight(&batch);
        let mut batch = Some(Arc::new(batch));
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            // Before looking, so that room made in between wakes us.
            room.as_mut().enable();
            {
                let mut window = self.window();
                if window.closed {
                    return false;
                }
                let unread = window.unread_events();
                if (unread == 0 || unread + weight <= self.unread_events_max)
                    && let Some(batch) = batch.take()
                {
                    let events_before = window.n_events;
                    window.batches.push_back(Held { batch, events_before });
                    window.n_events += weight;
                    window.trim(self.kept_events);
                    drop(window);
                    self.grown.notify_waiters();
                    return true;
                }
            }
            room.await;
        }
    }

    pub(crate) fn reader(self: &Arc<Self>, start: LogStart) -> LocalEvents {
        let mut window = self.window();
        let (next, lost) = match start {
            LogStart::New => (window.end(), None),
            LogStart::Oldest => (window.first, None),
            // A position of an earlier process, or of events no longer held.
            LogStart::At(at) if at.epoch != self.epoch || at.offset < window.first => {
                (window.first, Some((at, self.position(window.first))))
            }
            LogStart::At(at) => (at.offset.min(window.end()), None),
        };
        let id = window.next_reader;
        window.next_reader += 1;
        window.readers.insert(id, next);
        drop(window);
        LocalEvents { log: self.clone(), id, lost }
    }

    pub(crate) fn close(&self) {
        self.window().closed = true;
        self.grown.notify_waiters();
        self.room.notify_waiters();
    }

    fn position(&self, offset: u64) -> LogPosition {
        LogPosition { epoch: self.epoch, offset, part: 0 }
    }
}

/// One reader of the log in memory. As long as it lives, publishers wait for it.
#[derive(Debug)]
pub(crate) struct LocalEvents {
    log: Arc<LocalLog>,
    id: u64,
    lost: Option<(LogPosition, LogPosition)>,
}

impl LocalEvents {
    pub(crate) async fn next(&mut self) -> Result<(LogPosition, Arc<EventBatch>), LogError> {
        if let Some((after, next)) = self.lost.take() {
            return Err(LogError::Lost { after, next });
        }
        loop {
            let grown = self.log.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            if let Some(found) = self.take()? {
                return Ok(found);
            }
            grown.await;
        }
    }

    fn take(&self) -> Result<Option<(LogPosition, Arc<EventBatch>)>, LogError> {
        let mut window = self.log.window();
        let at = window.readers.get(&self.id).copied().unwrap_or_default();
        let held = usize::try_from(at - window.first).ok().and_then(|n| window.batches.get(n));
        let Some(batch) = held.map(|held| held.batch.clone()) else {
            return if window.closed { Err(LogError::Closed) } else { Ok(None) };
        };
        window.readers.insert(self.id, at + 1);
        window.trim(self.log.kept_events);
        drop(window);
        self.log.room.notify_waiters();
        Ok(Some((self.log.position(at + 1), batch)))
    }
}

impl Drop for LocalEvents {
    fn drop(&mut self) {
        self.log.window().readers.remove(&self.id);
        self.log.room.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::Timestamp;

    fn batch(n: usize) -> EventBatch {
        let gap = MarketEvent::Gap { symbols: vec![], from: Timestamp::EPOCH, to: Timestamp::EPOCH };
        EventBatch { feed: "f".into(), events: vec![gap; n] }
    }

    #[tokio::test]
    async fn holds_what_the_slowest_needs_and_what_is_kept_and_no_more() {
        let log = LocalLog::new(1, 100, 10);
        for _ in 0..50 {
            assert!(log.publish(batch(4)).await);
        }
        assert_eq!(log.window().batches.len(), 3, "10 events kept are 3 batches of 4");
        let mut slow = log.reader(LogStart::New);
        for _ in 0..25 {
            log.publish(batch(4)).await;
        }
        assert_eq!(log.window().batches.len(), 25);
        let waits = tokio::spawn({
            let log = log.clone();
            async move { log.publish(batch(4)).await }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        slow.next().await.unwrap();
        assert!(waits.await.unwrap());
        drop(slow);
        log.publish(batch(4)).await;
        assert_eq!(log.window().batches.len(), 3);
    }

    #[tokio::test]
    async fn a_batch_beyond_the_bound_goes_in_alone() {
        let log = LocalLog::new(1, 10, 0);
        let mut reader = log.reader(LogStart::New);
        assert!(log.publish(batch(1_000)).await);
        assert_eq!(reader.next().await.unwrap().1.events.len(), 1_000);
        log.close();
        assert!(!log.publish(batch(1)).await);
        assert!(matches!(reader.next().await, Err(LogError::Closed)));
    }

    #[tokio::test]
    async fn a_position_of_another_process_is_told() {
        let log = LocalLog::new(2, 10, 10);
        log.publish(batch(1)).await;
        let mut reader = log.reader(LogStart::At(LogPosition { epoch: 1, offset: 0, part: 0 }));
        assert!(matches!(reader.next().await, Err(LogError::Lost { .. })));
        assert!(reader.next().await.is_ok());
    }
}
