//! How all feeds are doing, as far as was heard.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use market::{FeedState, FeedStatus};
use tokio::sync::watch;
use tokio::time::Instant;

/// The latest status of every feed, by name.
pub type Statuses = Arc<BTreeMap<String, FeedStatus>>;

/// More feeds than this are not taken note of: a configuration has a few, and a stranger who invents
/// names must not grow us.
const FEEDS_MAX: usize = 1_024;
/// A feed not heard from for this many leases was renamed or removed; it is forgotten.
const FORGET_AFTER_LEASES: u32 = 240;

/// Holds the latest and marks as down what is no longer heard from.
#[derive(Debug)]
pub(crate) struct Board {
    lease: Duration,
    heard: Mutex<BTreeMap<String, Instant>>,
    latest: watch::Sender<Statuses>,
}

impl Board {
    pub(crate) fn new(lease: Duration) -> Self {
        Self { lease, heard: Mutex::default(), latest: watch::channel(Statuses::default()).0 }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Statuses> {
        self.latest.subscribe()
    }

    #[cfg(test)]
    fn latest(&self) -> Statuses {
        self.latest.borrow().clone()
    }

    /// Takes note of a status just heard.
    pub(crate) fn put(&self, status: FeedStatus) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() >= FEEDS_MAX && !heard.contains_key(&status.name) {
            return;
        }
        heard.insert(status.name.clone(), Instant::now());
        self.latest.send_modify(|latest| {
            Arc::make_mut(latest).insert(status.name.clone(), status);
        });
    }

    /// Marks and forgets what was not heard from, now and then, for ever.
    pub(crate) async fn expire(self: Arc<Self>) {
        let mut ticks = tokio::time::interval((self.lease / 4).max(Duration::from_millis(1)));
        loop {
            ticks.tick().await;
            self.expire_once(Instant::now());
        }
    }

    fn expire_once(&self, now: Instant) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let silence = |at: Instant| now.saturating_duration_since(at);
        let late: Vec<String> =
            heard.iter().filter(|(_, at)| silence(**at) > self.lease).map(|(name, _)| name.clone()).collect();
        if late.is_empty() {
            return;
        }
        heard.retain(|_, at| silence(*at) <= self.lease * FORGET_AFTER_LEASES);
        self.latest.send_if_modified(|latest| {
            let mut changed = false;
            for name in late {
                let forget = !heard.contains_key(&name);
                let down = latest.get(&name).is_some_and(|s| s.state == FeedState::Down);
                if !forget && down {
                    continue;
                }
                changed = true;
                let feeds = Arc::make_mut(latest);
                if forget {
                    feeds.remove(&name);
                } else if let Some(status) = feeds.get_mut(&name) {
                    status.state = FeedState::Down;
                    status.detail = Some("its process is no longer heard from".into());
                }
            }
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::feed::Timeliness;

    fn status(name: &str) -> FeedStatus {
        FeedStatus {
            name: name.into(),
            source: "sim".into(),
            state: FeedState::Up,
            timeliness: Timeliness::Simulated,
            detail: None,
            subscribed: vec![],
            waiting: vec![],
            symbol_limit: None,
            last_event: None,
            delay_ms: None,
            reconnects: 0,
        }
    }

    #[test]
    fn the_silent_go_down_and_are_forgotten_in_the_end() {
        let lease = Duration::from_secs(15);
        let board = Board::new(lease);
        board.put(status("a"));
        board.expire_once(Instant::now());
        assert_eq!(board.latest()["a"].state, FeedState::Up);
        board.expire_once(Instant::now() + lease * 2);
        assert_eq!(board.latest()["a"].state, FeedState::Down);
        assert!(board.latest()["a"].detail.is_some());
        board.expire_once(Instant::now() + lease * (FORGET_AFTER_LEASES + 1));
        assert!(board.latest().is_empty());
    }

    #[test]
    fn strangers_do_not_grow_it() {
        let board = Board::new(Duration::from_secs(1));
        for n in 0..FEEDS_MAX + 10 {
            board.put(status(&n.to_string()));
        }
        assert_eq!(board.latest().len(), FEEDS_MAX);
    }
}
