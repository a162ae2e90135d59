//! Makes what the runner tells durable, in its order, and hands on what is new.

use std::sync::Arc;
use std::time::Duration;

use bus::LogPosition;
use market::Timestamp;
use store::records::alert::{self, Progress, Stand};
use store::records::firing::{self, NewFiring};
use store::records::{RecordError, Records, Sql};
use tokio::sync::{Notify, mpsc};

use super::message::{firing_body, stored};
use super::outbox::{Firing, Outbox};
use super::runner::{Fired, Out};
use super::{Counts, Shared, saved, stand};
use crate::live::Live;

/// Firings recorded in one transaction.
const FIRINGS_AT_ONCE: usize = 256;
/// The pause after the records refused, doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

pub(super) struct Writer {
    pub(super) records: Arc<Records>,
    pub(super) live: Arc<Live>,
    pub(super) outbox: Arc<dyn Outbox>,
    pub(super) shared: Shared,
    /// Told when there is something new to be shown.
    pub(super) recorded: Arc<Notify>,
    /// Whose progress it is.
    pub(super) reader: String,
}

impl Writer {
    /// Runs until the runner is gone and all it told is durable.
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Out>) {
        let mut waiting = Vec::with_capacity(FIRINGS_AT_ONCE);
        while queue.recv_many(&mut waiting, FIRINGS_AT_ONCE).await > 0 {
            let mut firings = Vec::new();
            for out in waiting.drain(..) {
                match out {
                    Out::Fired(fired) => firings.push(record_of(&fired)),
                    Out::Stands(stands) => {
                        self.record(std::mem::take(&mut firings)).await;
                        let stands: Vec<Stand> = stands.iter().map(stand_of).collect();
                        self.insist(move |sql| alert::set_states(sql, &stands)).await;
                    }
                    Out::Save(position, snapshot) => {
                        self.record(std::mem::take(&mut firings)).await;
                        self.save(position, *snapshot).await;
                    }
                }
            }
            self.record(firings).await;
        }
    }

    /// Does something until it is done. What comes meanwhile waits in the queue.
    async fn insist<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Sql) -> Result<T, RecordError> + Send + Sync + 'static,
    ) -> Option<T> {
        let work = Arc::new(work);
        let mut pause = PAUSE;
        loop {
            let once = Arc::clone(&work);
            match self.records.run(move |sql| once(sql)).await {
                Ok(done) => return Some(done),
                Err(error @ (RecordError::Closed | RecordError::Damaged { .. })) => {
                    tracing::error!(%error, "what alerts have decided cannot be stored");
                    return None;
                }
                Err(error) => tracing::warn!(%error, "what alerts have decided waits to be stored"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn record(&self, firings: Vec<NewFiring>) {
        if firings.is_empty() {
            return;
        }
        let now = self.live.now();
        let recorded = self.insist(move |sql| firing::record(sql, &firings, now)).await.unwrap_or_default();
        if recorded.is_empty() {
            return;
        }
        Counts::add(&self.shared.counts.recorded, recorded.len());
        self.recorded.notify_one();
        hand_on(&self.records, &*self.outbox, now, recorded).await;
    }

    async fn save(&self, position: Option<LogPosition>, snapshot: signals::alert::Snapshot) {
        let universe = self.live.universe();
        // Long for a hundred thousand alerts, so not on a thread that others wait for.
        let written = tokio::task::spawn_blocking(move || saved::write(&snapshot, &universe)).await;
        let Ok(state) = written else { return };
        let progress = Progress { position: position.map(|at| at.to_bytes().to_vec()), state };
        let (reader, now) = (self.reader.clone(), self.live.now());
        self.insist(move |sql| alert::save_progress(sql, &reader, &progress, now)).await;
    }
}

/// Hands recorded firings on, and notes that; after a crash in between they are handed on again. What its owner's quiet
/// hours hold back stays, to be found when they are over. Whether all went well.
pub(super) async fn hand_on(
    records: &Records,
    outbox: &dyn Outbox,
    now: Timestamp,
    recorded: Vec<firing::Firing>,
) -> bool {
    let (mut ids, mut firings) = (Vec::new(), Vec::new());
    for firing in recorded.into_iter().filter(|firing| firing.not_before.is_none_or(|until| until <= now)) {
        ids.push(firing.id);
        let (owner, channels) = (firing.owner, firing.channels.clone());
        firings.extend(firing_body(firing).map(|body| Firing { owner, body, channels }));
    }
    if ids.is_empty() {
        return true;
    }
    if let Err(error) = outbox.put(firings).await {
        tracing::warn!(error, "firings wait to be handed on; it is tried again");
        return false;
    }
    match records.run(move |sql| firing::handed_on(sql, &ids)).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "firings were handed on, and will be again");
            false
        }
    }
}

fn record_of(fired: &Fired) -> NewFiring {
    let Fired { firing, number, state, occasion, about } = fired;
    NewFiring {
        alert: firing.id.alert.0.cast_signed(),
        generation: i64::from(firing.id.generation),
        number: i64::from(*number),
        name: firing.id.to_string(),
        symbol: about.symbol.clone(),
        at: firing.cause.time(),
        not_before: firing.not_before,
        body: stored(firing, about, occasion),
        state: stand::write(*state),
    }
}

fn stand_of(state: &signals::alert::AlertState) -> Stand {
    Stand {
        alert: state.id.0.cast_signed(),
        generation: i64::from(state.generation),
        fired: i64::from(state.fired),
        state: stand::write(state.state),
    }
}
