//! Alerts at work: decided on the log, made durable, shown, and handed on.
//!
//! | part | what it does |
//! | --- | --- |
//! | `task` | reads the log's batches beside the task that folds them into the tape, and tells the runner of them, of changes and of the time |
//! | `runner` | gives each event to the engine (`signals::alert::Alerts`), and puts what fires into a bounded queue. It never waits |
//! | `writer` | takes that queue and makes it durable, in order: firings, where alerts stand, and now and then how far the log was decided and what was known there |
//! | `keeper` | finds what people have changed, here or on another server, and tells the runner; shows new firings to whoever watches |
//! | `learner` | reads stored bars for what volume is usual, and tells the runner |
//! | `outbox` | where a recorded firing is handed on, for whoever delivers |
//! | `rule`, `message`, `stand`, `saved` | rules, words, states and snapshots as they are stored and told |
//!
//! # One crossing, one firing
//!
//! Every server that shares the records decides every alert, from the same log by the same fold. What makes it one
//! firing is the record: each has the number it has in its alert's life and the name of its crossing
//! (`signals::alert::FiringId`), and is written only where the alert's row has fired less often and no other has that
//! name. The row is locked meanwhile, so that of two servers the second finds what the first has written. Where records are
//! shared an alert begins to count a second after the trade that was newest when it was made, by when every server has been
//! told of it. Should one be told later still and name another trade, the number holds; where a
//! replay counts otherwise, the name does. Only the server whose record was written hands it on.
//!
//! # A restart
//!
//! With a log that outlives the process (NATS) the engine goes on from its stored snapshot, at the very event behind it:
//! what fires again is passed over by the record. In process the log ends with the process: the engine goes on with what
//! it knew of symbols, and with alerts as they stood after their last recorded firing, so nothing fires twice; that an
//! alert was armed again within the last second before a crash may be forgotten.

mod keeper;
mod learner;
mod message;
mod outbox;
mod rule;
mod runner;
mod saved;
mod stand;
mod start;
mod task;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Notify, mpsc, watch};

use self::runner::Told;

pub use message::{alert_body, firing_body, rule_type};
pub use outbox::{Firing, Outbox};
pub use rule::{BadRule, Terms, completed, quiet_of, rule_of};
pub use runner::{NewsItem, Runner, Unrecorded};
pub use stand::state_at_beginning;
pub use start::{Parts, Started, position, start};
pub use task::AlertTask;

/// Firings, states and snapshots that wait for the writer. One firing of every alert there may be fits in.
const QUEUE: usize = 131_072;
/// Changes that wait for the runner.
const CHANGES: usize = 4_096;

/// What HTTP has of alerts.
#[derive(Debug)]
pub struct Alerting {
    changed: Notify,
    counts: Counts,
    told: mpsc::Sender<Told>,
    lead_nanos: i64,
}

impl Alerting {
    /// Somebody's alerts have changed in the records.
    pub fn changed(&self) {
        self.changed.notify_one();
    }

    /// Takes an article, which every server is to be told once. For feeds of news.
    pub async fn mention(&self, item: NewsItem) {
        // The runner has ended only where everything ends.
        let _ = self.told.send(Told::News(Box::new(item))).await;
    }

    /// How long after the newest trade an alert begins to count, in nanoseconds: long enough for every server that shares
    /// the records to have been told of it, so that all of them name the same trade.
    pub fn lead_nanos(&self) -> i64 {
        self.lead_nanos
    }

    /// What was counted.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}

/// What is counted of alerts.
#[derive(Debug, Default)]
pub struct Counts {
    /// Alerts being decided.
    pub alerts: AtomicU64,
    /// Firings decided, those among them that were there already.
    pub decided: AtomicU64,
    /// Firings recorded here.
    pub recorded: AtomicU64,
    /// Firings let go because the writer was too far behind.
    pub dropped: AtomicU64,
}

impl Counts {
    /// Counts, and returns what it was before.
    fn add(count: &AtomicU64, n: usize) -> u64 {
        count.fetch_add(n as u64, Ordering::Relaxed)
    }
}

/// Waits until it turns true, or whoever would tell is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// Shared by the parts.
type Shared = Arc<Alerting>;
