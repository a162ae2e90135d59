//! Finds what has changed in the records, here or on another server, and tells the runner and whoever watches.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use market::time::NANOS_PER_SECOND;
use market::{SymbolId, Timestamp};
use signals::alert::{AlertId, AlertState, Rule};
use store::records::{RecordError, Records, alert, firing};
use tokio::sync::{Notify, mpsc, watch};
use wire::alerts::AlertsData;

use super::Shared;
use super::message::{About, firing_body};
use super::outbox::Outbox;
use super::rule::{engine_alert, read_rule};
use super::runner::{Set, Told};
use super::stand;
use super::writer::hand_on;
use crate::hub::Hub;
use crate::hub::topic::Owner;
use crate::live::Live;

/// Changes and firings read at once.
const PAGE: usize = 1_000;
/// What was not handed on for so long is handed on by whoever finds it.
const HANDED_ON_WITHIN: i64 = 30 * NANOS_PER_SECOND;
/// What was removed can be taken back for so long.
const REMOVED_FOR: i64 = 24 * 3_600 * NANOS_PER_SECOND;
/// A server that was not heard of for so long is forgotten.
const READERS_FOR: i64 = 7 * 24 * 3_600 * NANOS_PER_SECOND;
/// Housekeeping, in rounds.
const ROUNDS_PER_TIDYING: u32 = 60;

pub(super) struct Keeper {
    pub(super) records: Arc<Records>,
    pub(super) live: Arc<Live>,
    pub(super) hub: Arc<Hub>,
    pub(super) outbox: Arc<dyn Outbox>,
    pub(super) shared: Shared,
    pub(super) recorded: Arc<Notify>,
    pub(super) told: mpsc::Sender<Told>,
    /// The newest change taken.
    pub(super) revision: i64,
    /// The newest firing shown.
    pub(super) shown: i64,
    /// Told of symbols whose usual volume is wanted.
    pub(super) learn: mpsc::Sender<SymbolId>,
    /// Alerts on symbols that are not known yet.
    pub(super) unplaced: HashMap<i64, alert::Alert>,
    /// Other servers may write the same records.
    pub(super) is_shared: bool,
    /// How often to look without being told.
    pub(super) every: Duration,
}

/// Where an alert is to go.
pub(super) enum Placed {
    /// Into the engine.
    Set(Box<Set>),
    /// Nowhere: it waits, is removed, or cannot be read.
    Nowhere,
    /// Nobody knows its symbol yet.
    Unknown,
}

/// Where an alert is to go, by what this server knows of symbols.
pub(super) fn placed(live: &Live, alert: &alert::Alert) -> Placed {
    if alert.removed_at.is_some() || alert.content.is_paused {
        return Placed::Nowhere;
    }
    let universe = live.universe();
    let Ok(symbol) = alert.content.symbol.parse() else { return Placed::Nowhere };
    let Some((id, instrument)) = universe.id(&symbol).and_then(|id| Some((id, universe.get(id)?))) else {
        return Placed::Unknown;
    };
    let (Some(mut engine), Some(rule)) = (engine_alert(&alert.content, id), read_rule(&alert.content.rule))
    else {
        tracing::warn!(alert = alert.id, "an alert is stored in a form that is not known here");
        return Placed::Nowhere;
    };
    (engine.id, engine.owner) = (AlertId(alert.id.unsigned_abs()), alert.owner.unsigned_abs());
    // Numbers of changes of one alert stay far below this.
    engine.generation = u32::try_from(alert.generation).unwrap_or(u32::MAX);
    let about = About { symbol: alert.content.symbol.clone(), rule, note: alert.content.note.clone() };
    Placed::Set(Box::new(Set {
        stand: stand_of(alert, engine.generation),
        alert: engine,
        hours: instrument.hours,
        about: Arc::new(about),
    }))
}

/// Where an alert stood after its last recorded firing; `None` for one that has not fired in this life.
fn stand_of(alert: &alert::Alert, generation: u32) -> Option<(AlertState, Timestamp)> {
    let fired = u32::try_from(alert.fired).ok().filter(|fired| *fired > 0)?;
    let state = stand::read(&alert.content.state)?;
    let stand = AlertState { id: AlertId(alert.id.unsigned_abs()), generation, state, fired, last: None };
    Some((stand, alert.last_fired_at?))
}

fn recorded(firing: &firing::Firing) -> Told {
    let number = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    let id = AlertId(firing.alert.unsigned_abs());
    Told::Recorded(id, number(firing.generation), number(firing.number), firing.name.clone())
}

/// The symbol, where the alert needs its usual volume.
pub(super) fn wants_usual(set: &Set) -> Option<SymbolId> {
    matches!(set.alert.rule, Rule::VolumeAboveUsual { .. }).then_some(set.alert.symbol)
}

impl Keeper {
    /// Runs until `stop` turns true.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut rounds = 0u32;
        loop {
            tokio::select! {
                () = super::stopped(&mut stop) => return,
                _ = ticks.tick() => {
                    rounds = rounds.wrapping_add(1);
                    if rounds.is_multiple_of(ROUNDS_PER_TIDYING) {
                        self.tidy().await;
                    }
                    self.place_unplaced().await;
                }
                () = self.shared.changed.notified() => {}
                () = self.recorded.notified() => {}
            }
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "alerts could not be looked at; it is tried again");
            }
        }
    }

    /// Takes what has changed and shows what has fired.
    async fn look(&mut self) -> Result<(), RecordError> {
        loop {
            let after = self.revision;
            let changes = self.records.run(move |sql| alert::changes(sql, after, PAGE)).await?;
            let is_all = changes.len() < PAGE;
            for alert in changes {
                self.revision = alert.revision;
                self.take(alert).await;
            }
            if is_all {
                break;
            }
        }
        loop {
            let after = self.shown;
            let firings = self.records.run(move |sql| firing::after(sql, after, PAGE)).await?;
            let is_all = firings.len() < PAGE;
            for firing in firings {
                self.shown = firing.id;
                if self.is_shared {
                    self.tell(recorded(&firing)).await;
                }
                let owner = Owner(firing.owner);
                if let Some(body) = firing_body(firing) {
                    self.hub.publish(self.live.alert_fired_block(owner, body));
                }
            }
            if is_all {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, alert: alert::Alert) {
        self.unplaced.remove(&alert.id);
        let data = AlertsData { version: alert.revision };
        let owner = Owner(alert.owner);
        match placed(&self.live, &alert) {
            Placed::Set(set) => self.set(set).await,
            Placed::Nowhere => self.tell(Told::Gone(AlertId(alert.id.unsigned_abs()))).await,
            Placed::Unknown => {
                self.tell(Told::Gone(AlertId(alert.id.unsigned_abs()))).await;
                self.unplaced.insert(alert.id, alert);
            }
        }
        self.hub.publish(self.live.alerts_block(owner, data));
    }

    async fn set(&self, set: Box<Set>) {
        let of_volume = wants_usual(&set);
        self.tell(Told::Set(set)).await;
        if let Some(symbol) = of_volume {
            // Where too many wait, it stays as it was until tomorrow.
            let _ = self.learn.try_send(symbol);
        }
    }

    /// The runner takes changes whenever it is not taking events, so this waits for a moment at most.
    async fn tell(&self, told: Told) {
        // It has ended only where everything ends.
        let _ = self.told.send(told).await;
    }

    /// Looks whether symbols have become known.
    async fn place_unplaced(&mut self) {
        let found: Vec<(i64, Box<Set>)> = self
            .unplaced
            .values()
            .filter_map(|alert| match placed(&self.live, alert) {
                Placed::Set(set) => Some((alert.id, set)),
                Placed::Nowhere | Placed::Unknown => None,
            })
            .collect();
        for (id, set) in found {
            self.unplaced.remove(&id);
            self.set(set).await;
        }
    }

    /// Hands on what a crash has kept from it, and lets go of what is over.
    pub(super) async fn tidy(&self) {
        let now = self.live.now();
        let before = |nanos: i64| now.saturating_add_nanos(-nanos);
        if let Err(error) = hand_on_waiting(&self.records, &*self.outbox, now, before(HANDED_ON_WITHIN)).await
        {
            tracing::warn!(%error, "firings wait to be handed on; it is tried again");
        }
        let (removed, readers) = (before(REMOVED_FOR), before(READERS_FOR));
        let tidied = self.records.run(move |sql| {
            alert::forget_removed(sql, removed)?;
            alert::forget_readers(sql, readers)
        });
        if let Err(error) = tidied.await {
            tracing::warn!(%error, "alerts that were removed stay for now");
        }
    }
}

/// Hands on what was recorded before a time and waits.
async fn hand_on_waiting(
    records: &Records,
    outbox: &dyn Outbox,
    now: Timestamp,
    before: Timestamp,
) -> Result<(), RecordError> {
    loop {
        let waiting = records.run(move |sql| firing::waiting(sql, before, now, PAGE)).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let n_found = waiting.len();
        if !hand_on(records, outbox, now, waiting).await || n_found < PAGE {
            return Ok(());
        }
    }
}
