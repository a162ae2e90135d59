//! The one task that writes the live view: events in, frames and stored bars out.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, EventReader, LogError, LogPosition, LogStart};
use market::tape::{Class, Span};
use market::{SymbolId, Timestamp};
use store::{Kept, Saved, Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use wire::Freshness;

use super::Live;
use super::publish::{Changes, Way};
use crate::alerts::{AlertTask, Runner};
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
/// Old windows leave the memory in so many shares of the symbols, one after each round of storing.
const PARTS_IN_MEMORY: usize = 6;
/// Frames the hub may be behind before prices are held back to the newest of each symbol.
const BACKLOG_MAX: usize = 65_536;
/// Rounds of storing that may be left out while the one before lasts.
const SKIPPED_MAX: u32 = 12;
/// Windows that wait for a store that refuses; about 200 bytes each.
const UNSAVED_MAX: usize = 500_000;
/// How far back a start reads stored windows.
const RESTORE_DAYS: i64 = 7;

/// Under which name the reader's place in the log is stored.
const CHECKPOINT: &str = "log";

/// The log, opened where the first of its readers here goes on.
#[derive(Debug)]
pub struct Log {
    /// What is read.
    events: EventReader,
    /// The tape has all up to here.
    taped: Option<LogPosition>,
}

/// Runs until the log is closed or `stop` turns true; then stores what is unsaved. Alerts are decided on
/// the same batches, in a task beside.
pub async fn run(
    live: Arc<Live>,
    hub: Arc<Hub>,
    bus: Bus,
    log: Log,
    store: Arc<Store>,
    alerts: Runner,
    mut stop: watch::Receiver<bool>,
) {
    let mut writer = Writer {
        events: log.events,
        taped: log.taped,
        alerts: AlertTask::start(alerts),
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
        skipped: 0,
        unsaved: HashMap::new(),
        part: 0,
        tidying: None,
    };
    writer.take_universe();
    tokio::select! {
        () = writer.work(bus.live()) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    writer.finish().await;
}

/// Opens the log for [`run`] where the stored windows end, or where alerts were decided up to, if that is earlier; without
/// either, where it is now. To be called before any feed of this process starts, so that its first events are read.
///
/// # Errors
/// As [`Bus::events`].
pub async fn open_log(bus: &Bus, store: &Arc<Store>, decided: Option<LogPosition>) -> Result<Log, BusError> {
    let (start, taped) = match bus {
        // Begins and ends with the process: a place in an earlier one's says nothing.
        Bus::Local(_) => (LogStart::Oldest, None),
        Bus::Nats(_) => {
            let taped = taped(store).await;
            let start = match (taped, decided) {
                (Some(taped), Some(decided)) => LogStart::At(taped.earlier(decided)),
                (Some(only), None) | (None, Some(only)) => LogStart::At(only),
                (None, None) => LogStart::New,
            };
            (start, taped)
        }
    };
    Ok(Log { events: bus.events(start).await?, taped })
}

/// Where the stored windows end.
async fn taped(store: &Arc<Store>) -> Option<LogPosition> {
    let store = Arc::clone(store);
    let read = tokio::task::spawn_blocking(move || store.checkpoint(CHECKPOINT)).await;
    match read {
        Ok(Ok(bytes)) => LogPosition::from_bytes(&bytes?),
        Ok(Err(error)) => {
            tracing::warn!(%error, "cannot read where the log was left; going on with new events");
            None
        }
        Err(_) => None,
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

/// Names a stored window.
type WindowKey = (SymbolId, Span, Class, Timestamp);

fn key_of(saved: &Saved) -> WindowKey {
    (saved.symbol, saved.span, saved.class, saved.window.start)
}

/// What could not be stored, and why.
struct Unsaved {
    windows: Vec<Saved>,
    universe: Option<Arc<market::Universe>>,
    error: StoreError,
}

/// What the store refused before is older than what changed since.
fn with_refused(mut windows: Vec<Saved>, refused: HashMap<WindowKey, Saved>) -> Vec<Saved> {
    if !refused.is_empty() {
        let newer: HashSet<WindowKey> = windows.iter().map(key_of).collect();
        windows.extend(refused.into_iter().filter(|(key, _)| !newer.contains(key)).map(|(_, old)| old));
    }
    windows
}

struct Writer {
    events: EventReader,
    /// The stored windows have what is in the log up to here, though it is read again for alerts.
    taped: Option<LogPosition>,
    alerts: AlertTask,
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
    saving: Option<JoinHandle<Result<(), Unsaved>>>,
    /// Rounds of storing left out since the last, because it still lasts.
    skipped: u32,
    /// What the store did not take, to be tried again.
    unsaved: HashMap<WindowKey, Saved>,
    /// The share of the symbols whose old windows leave the memory next.
    part: usize,
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
                    if !self.on_log(next).await {
                        return;
                    }
                    if is_first && self.position.is_some() {
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
    async fn on_log(&mut self, next: Result<(LogPosition, Arc<bus::EventBatch>), LogError>) -> bool {
        match next {
            Ok((position, batch)) => {
                if self.taped.is_none_or(|taped| position.is_after(taped)) {
                    self.apply(&batch.feed, &batch.events, Way::Log);
                    self.taped = None;
                    self.position = Some(position);
                }
                self.alerts.read(position, batch).await;
                true
            }
            Err(LogError::Closed) => false,
            Err(error) => {
                tracing::warn!(%error, "bars may lack trades, and alerts crossings");
                if let LogError::Lost { .. } = error {
                    self.alerts.lost().await;
                }
                true
            }
        }
    }

    fn apply(&mut self, feed: &str, events: &[market::MarketEvent], way: Way) {
        // Whoever decoded these may know instruments that have not been taken here yet.
        if self.universe.has_changed().unwrap_or(false) {
            self.take_universe();
        }
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
        let wanted = self.live.viewers.looked_at();
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

    /// Begins to store what changed, unless the round before still lasts: prices must not wait for the disk, and
    /// the next round stores all the same. For a store that hangs it is waited in the end, since what it has not taken
    /// stays in memory.
    async fn save(&mut self) {
        let still_lasts = self.saving.as_ref().is_some_and(|saving| !saving.is_finished());
        if still_lasts && self.skipped < SKIPPED_MAX {
            self.skipped += 1;
            return;
        }
        self.skipped = 0;
        self.saved().await;
        let (windows, is_all_recent) = self.changed_windows();
        // A store that refuses for hours must not fill the memory either.
        let is_refused = !self.unsaved.is_empty() && self.unsaved.len() < UNSAVED_MAX / 2;
        if is_all_recent && !is_refused {
            // Only here, where every change has just been taken down and none can come between; and not
            // what is being stored just now, which a reader would find nowhere until it is. A share of the
            // symbols each time, so that nothing else waits long.
            self.live.write().tape.let_go_of_windows_in(self.part, PARTS_IN_MEMORY);
            self.part = (self.part + 1) % PARTS_IN_MEMORY;
        }
        let position = self.position.map(LogPosition::to_bytes);
        let universe = self.unsaved_universe.take();
        let refused = std::mem::take(&mut self.unsaved);
        if windows.is_empty() && universe.is_none() && refused.is_empty() {
            return;
        }
        let store = Arc::clone(&self.store);
        self.saving = Some(tokio::task::spawn_blocking(move || {
            let windows = with_refused(windows, refused);
            let saved = universe
                .as_ref()
                .map_or(Ok(()), |universe| store.save_whole_universe(universe))
                .and_then(|()| store.save_windows(&windows, position.as_ref().map(|p| (CHECKPOINT, &p[..]))));
            saved.map_err(|error| Unsaved { windows, universe, error })
        }));
    }

    /// Takes down the windows that changed since the last time, as they are now; whether all of them are so new
    /// that no reader needs the store for them.
    fn changed_windows(&mut self) -> (Vec<Saved>, bool) {
        let mut windows = Vec::new();
        let mut is_all_recent = true;
        let mut state = self.live.write();
        for (symbol, seconds) in self.changes.take_unsaved() {
            let newest = state.tape.last(symbol).map_or(i64::MIN, |last| last.key.ts_event.seconds());
            is_all_recent &= seconds.iter().all(|s| *s >= newest.saturating_sub(RECENT_SECONDS));
            state.tape.settle(symbol);
            let found = state.tape.windows_at(symbol, &seconds);
            windows.extend(found.into_iter().map(|(span, class, window)| Saved {
                symbol,
                span,
                class,
                window,
            }));
        }
        (windows, is_all_recent)
    }

    async fn saved(&mut self) {
        if let Some(saving) = self.saving.take() {
            match saving.await {
                Ok(Ok(())) => {}
                Ok(Err(Unsaved { windows, universe, error })) => {
                    tracing::error!(%error, windows = windows.len(), "cannot store bars; trying again");
                    let room = UNSAVED_MAX.min(windows.len());
                    let lost = windows.len() - room;
                    if lost > 0 {
                        tracing::error!(windows = lost, "too many bars wait to be stored; some are given up");
                    }
                    self.unsaved = windows.into_iter().take(room).map(|w| (key_of(&w), w)).collect();
                    self.unsaved_universe = self.unsaved_universe.take().or(universe);
                }
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

    async fn finish(mut self) {
        self.hub.publish(Block::default());
        self.saved().await;
        self.save().await;
        self.saved().await;
        self.alerts.finish().await;
    }
}
