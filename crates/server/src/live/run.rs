//! The one task that writes the live view: events in, frames and stored bars out.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, EventReader, LogError, LogPosition, LogStart};
use market::{SymbolId, Timestamp};
use store::{Kept, Saved, Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use wire::Freshness;

use super::Live;
use super::publish::{Changes, Way};
use crate::hub::Hub;
use crate::hub::block::Block;

/// Rows of one symbol are sent no oftener.
const ROWS_EVERY: Duration = Duration::from_millis(100);
/// Growing bars are sent no oftener.
const BARS_EVERY: Duration = Duration::from_millis(250);
/// Windows that changed are stored so often; a crash loses no more, unless the log has it.
const SAVE_EVERY: Duration = Duration::from_secs(5);
/// The status goes out so often, and freshness is looked at.
const STATUS_EVERY: Duration = Duration::from_secs(5);
/// Old bars leave the disk so often.
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// A window of the last so many seconds stays in memory whatever its length.
const RECENT_SECONDS: i64 = market::tape::series::windows_kept(market::Interval::S1);
/// Old windows leave the memory after so many rounds of storing.
const ROUNDS_IN_MEMORY: u32 = 6;
/// Frames the hub may be behind before prices are held back to the newest of each symbol.
const BACKLOG_MAX: usize = 65_536;
/// How far back a start reads stored windows.
const RESTORE_DAYS: i64 = 7;

/// Under which name the reader's place in the log is stored.
const CHECKPOINT: &str = "log";

/// Runs until the log is closed or `stop` turns true; then stores what is unsaved.
pub async fn run(
    live: Arc<Live>,
    hub: Arc<Hub>,
    bus: Bus,
    events: EventReader,
    store: Arc<Store>,
    mut stop: watch::Receiver<bool>,
) {
    let mut writer = Writer {
        events,
        statuses: bus.statuses(),
        universe: bus.universe(),
        follows: matches!(bus, Bus::Nats(_)),
        unsaved_universe: None,
        live,
        hub,
        store,
        changes: Changes::default(),
        states: HashMap::new(),
        position: None,
        saving: None,
        rounds: 0,
        tidying: None,
    };
    writer.take_universe();
    tokio::select! {
        () = writer.work(bus.live()) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    writer.finish().await;
}

/// Opens the log for [`run`] where the stored windows end; without any, where it is now. To be called
/// before any feed of this process starts, so that its first events are read.
///
/// # Errors
/// As [`Bus::events`].
pub async fn open_log(bus: &Bus, store: &Arc<Store>) -> Result<EventReader, BusError> {
    let start = match bus {
        // Begins and ends with the process: a place in an earlier one's says nothing.
        Bus::Local(_) => LogStart::Oldest,
        Bus::Nats(_) => log_start(store).await,
    };
    bus.events(start).await
}

async fn log_start(store: &Arc<Store>) -> LogStart {
    let store = Arc::clone(store);
    let read = tokio::task::spawn_blocking(move || store.checkpoint(CHECKPOINT)).await;
    match read {
        Ok(Ok(Some(bytes))) => LogPosition::from_bytes(&bytes).map_or(LogStart::New, LogStart::At),
        Ok(Ok(None)) => LogStart::New,
        Ok(Err(error)) => {
            tracing::warn!(%error, "cannot read where the log was left; going on with new events");
            LogStart::New
        }
        Err(_) => LogStart::New,
    }
}

/// Puts stored windows back into the tape, before [`run`].
///
/// # Errors
/// The store cannot be read.
pub fn restore(live: &Live, store: &Store) -> Result<usize, StoreError> {
    let since = live.now().saturating_add_nanos(-RESTORE_DAYS * 86_400 * 1_000_000_000);
    let recent = store.recent(since)?;
    let mut state = live.write();
    for Saved { symbol, span, class, window } in &recent {
        state.tape.restore(*symbol, *span, *class, *window);
    }
    Ok(recent.len())
}

struct Writer {
    events: EventReader,
    statuses: watch::Receiver<bus::Statuses>,
    universe: watch::Receiver<Arc<market::Universe>>,
    /// The universe comes from another process, so nobody else stores it here.
    follows: bool,
    /// What windows are stored by are ids of this universe, so it is stored before them.
    unsaved_universe: Option<Arc<market::Universe>>,
    live: Arc<Live>,
    hub: Arc<Hub>,
    store: Arc<Store>,
    changes: Changes,
    /// The word last shown beside each watched row.
    states: HashMap<SymbolId, Freshness>,
    position: Option<LogPosition>,
    saving: Option<JoinHandle<Result<(), StoreError>>>,
    /// Rounds of storing begun since old windows left the memory.
    rounds: u32,
    tidying: Option<JoinHandle<Result<usize, StoreError>>>,
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

impl Writer {
    async fn work(&mut self, mut fast: bus::LiveReader) {
        let mut rows = every(ROWS_EVERY);
        let mut bars = every(BARS_EVERY);
        let mut save = every(SAVE_EVERY);
        let mut status = every(STATUS_EVERY);
        let mut tidy = every(TIDY_EVERY);
        let mut watched = BTreeSet::new();
        loop {
            tokio::select! {
                next = self.events.next() => {
                    let is_first = self.position.is_none();
                    if !self.on_log(next) {
                        return;
                    }
                    if is_first {
                        // From here on a crash goes on where the log was left, not where it then is.
                        self.save().await;
                    }
                }
                batch = fast.next() => self.apply(&batch.feed, &batch.events, Way::Live),
                changed = self.statuses.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.on_statuses();
                }
                changed = self.universe.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.take_universe();
                }
                _ = rows.tick() => {
                    let block = self.live.rows(&mut self.changes);
                    self.hub.publish(block);
                    self.watch_fast(&mut fast, &mut watched).await;
                }
                _ = bars.tick() => {
                    let block = self.live.bars(&mut self.changes);
                    self.hub.publish(block);
                }
                _ = save.tick() => self.save().await,
                _ = status.tick() => self.look_at_freshness(),
                _ = tidy.tick() => self.tidy(),
            }
            if self.changes.has_held() && self.hub.backlog() < BACKLOG_MAX / 2 {
                let block = self.live.held_prices(&mut self.changes);
                self.hub.publish(block);
            }
        }
    }

    /// Takes the next of the log in; `false` at its end.
    fn on_log(&mut self, next: Result<(LogPosition, Arc<bus::EventBatch>), LogError>) -> bool {
        match next {
            Ok((position, batch)) => {
                self.apply(&batch.feed, &batch.events, Way::Log);
                self.position = Some(position);
                true
            }
            Err(LogError::Closed) => false,
            Err(error) => {
                tracing::warn!(%error, "bars may lack trades");
                true
            }
        }
    }

    fn apply(&mut self, feed: &str, events: &[market::MarketEvent], way: Way) {
        let hold = self.hub.backlog() > BACKLOG_MAX;
        let hub = &self.hub;
        self.live.apply(feed, events, way, hold, &mut self.changes, |block| hub.publish(block));
    }

    fn take_universe(&mut self) {
        let universe = Arc::clone(&self.universe.borrow_and_update());
        if self.follows && !universe.is_empty() {
            self.unsaved_universe = Some(Arc::clone(&universe));
        }
        self.live.set_universe(universe);
    }

    fn on_statuses(&mut self) {
        let statuses = Arc::clone(&self.statuses.borrow_and_update());
        self.live.set_feeds(statuses.values().cloned().collect());
        self.look_at_freshness();
    }

    /// Sends the rows whose word changed though their price did not, and the status.
    fn look_at_freshness(&mut self) {
        let watched = self.live.viewers.quotes();
        let mut states = HashMap::with_capacity(watched.len());
        let mut changed = Vec::new();
        for symbol in watched {
            let state = self.live.quote(symbol).state;
            if self.states.get(&symbol) != Some(&state) {
                changed.push(symbol);
            }
            states.insert(symbol, state);
        }
        self.states = states;
        self.hub.publish(self.live.row_block(&changed));
        if self.live.viewers.wants_status() {
            self.hub.publish(self.live.status_block());
        }
    }

    /// Follows what viewers watch on the fast way.
    async fn watch_fast(&mut self, fast: &mut bus::LiveReader, watched: &mut BTreeSet<SymbolId>) {
        let wanted: BTreeSet<SymbolId> =
            self.live.viewers.all().into_iter().map(|(symbol, _)| symbol).collect();
        let universe = self.live.universe();
        let names =
            |ids: Vec<&SymbolId>| ids.into_iter().filter_map(|id| universe.symbol(*id)).collect::<Vec<_>>();
        let more = names(wanted.difference(watched).collect());
        let fewer = names(watched.difference(&wanted).collect());
        if !more.is_empty()
            && let Err(error) = fast.watch(&more).await
        {
            // The log brings the same values, a little later.
            tracing::debug!(%error, "cannot watch the fast way");
            return;
        }
        fast.unwatch(&fewer);
        *watched = wanted;
    }

    /// Begins to store what changed; waits for the round before, so that rounds never pile up.
    async fn save(&mut self) {
        self.saved().await;
        let mut seen = BTreeSet::new();
        let mut windows = Vec::new();
        let mut is_all_recent = true;
        {
            let state = self.live.read();
            for (symbol, seconds) in self.changes.take_unsaved() {
                let newest = state.tape.last(symbol).map_or(i64::MIN, |last| last.key.ts_event.seconds());
                is_all_recent &= seconds.iter().all(|s| *s >= newest.saturating_sub(RECENT_SECONDS));
                for time in seconds.iter().filter_map(|s| Timestamp::from_seconds(*s)) {
                    for (span, class, window) in state.tape.windows_at(symbol, time) {
                        if seen.insert((symbol, span, class, window.start)) {
                            windows.push(Saved { symbol, span, class, window });
                        }
                    }
                }
            }
        }
        self.rounds += 1;
        if self.rounds >= ROUNDS_IN_MEMORY && is_all_recent {
            // Only here, where every change has just been taken down and none can come between; and not
            // what is being stored just now, which a reader would find nowhere until it is.
            self.live.write().tape.let_go_of_windows();
            self.rounds = 0;
        }
        let position = self.position.map(LogPosition::to_bytes);
        let universe = self.unsaved_universe.take();
        if windows.is_empty() && universe.is_none() {
            return;
        }
        let store = Arc::clone(&self.store);
        self.saving = Some(tokio::task::spawn_blocking(move || {
            if let Some(universe) = universe {
                store.save_whole_universe(&universe)?;
            }
            store.save_windows(&windows, position.as_ref().map(|p| (CHECKPOINT, &p[..])))
        }));
    }

    async fn saved(&mut self) {
        if let Some(saving) = self.saving.take() {
            match saving.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "cannot store bars"),
                Err(error) => tracing::error!(%error, "storing bars failed"),
            }
        }
    }

    /// Lets old bars off the disk.
    fn tidy(&mut self) {
        if self.tidying.as_ref().is_some_and(|t| !t.is_finished()) {
            return;
        }
        let store = Arc::clone(&self.store);
        self.tidying = Some(tokio::task::spawn_blocking(move || store.prune(Kept::default())));
    }

    async fn finish(&mut self) {
        self.hub.publish(Block::default());
        self.save().await;
        self.saved().await;
    }
}
