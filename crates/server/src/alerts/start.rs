//! Makes the parts, and goes on where a process before has ended.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bus::LogPosition;
use signals::alert::{Alerts, Snapshot};
use store::records::alert::Progress;
use store::records::{RecordError, Records, Sql, alert, firing};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::keeper::{Keeper, Placed, placed, wants_usual};
use super::learner::{Learner, SYMBOLS_WAITING};
use super::outbox::Outbox;
use super::runner::{Made, Runner, Set};
use super::writer::Writer;
use super::{Alerting, CHANGES, Counts, QUEUE, saved};
use crate::http::MarketData;
use crate::hub::Hub;
use crate::live::Live;

/// Alerts read at once.
const PAGE: usize = 5_000;
/// How often the records are looked at where another server may write them.
const SHARED_EVERY: Duration = Duration::from_millis(500);
/// By when every server that shares the records has been told of a new alert.
const SHARED_LEAD_NANOS: i64 = 1_000_000_000;
/// And where it is only us.
const OWN_EVERY: Duration = Duration::from_secs(5);

/// What alerts need.
pub struct Parts {
    /// Where alerts are kept.
    pub records: Arc<Records>,
    /// What symbols there are, and the time.
    pub live: Arc<Live>,
    /// What bars there are.
    pub market: Arc<dyn MarketData>,
    /// Tells those who watch.
    pub hub: Arc<Hub>,
    /// Where recorded firings go.
    pub outbox: Arc<dyn Outbox>,
    /// Names this server among those that share the records.
    pub reader: String,
    /// The log outlives the process, so a place in it says something after a restart.
    pub is_log_kept: bool,
    /// Other servers may write the same records.
    pub is_shared: bool,
    /// Turns true when the end begins.
    pub stop: watch::Receiver<bool>,
}

/// Alerts, ready to be fed.
pub struct Started {
    /// For the task that folds the log.
    pub runner: Runner,
    /// For HTTP.
    pub alerting: Arc<Alerting>,
}

/// Up to where alerts were decided by this server; `None` where that is not known. Blocks.
///
/// # Errors
/// What the records say.
pub fn position(records: &Records, reader: &str) -> Result<Option<LogPosition>, RecordError> {
    let reader = reader.to_owned();
    let progress = records.run_blocking(move |sql| alert::progress(sql, &reader))?;
    Ok(progress.and_then(|progress| LogPosition::from_bytes(&progress.position?)))
}

/// What the records have.
struct Loaded {
    alerts: Vec<alert::Alert>,
    progress: Option<Progress>,
    shown: i64,
}

fn load(sql: &mut dyn Sql, reader: &str) -> Result<Loaded, RecordError> {
    let mut alerts: Vec<alert::Alert> = Vec::new();
    loop {
        let after = alerts.last().map_or(0, |alert| alert.revision);
        let page = alert::changes(sql, after, PAGE)?;
        let is_last = page.len() < PAGE;
        alerts.extend(page);
        if is_last {
            break;
        }
    }
    Ok(Loaded { alerts, progress: alert::progress(sql, reader)?, shown: firing::newest(sql)? })
}

/// Reads what there is, and starts the tasks beside the log: they end once the runner is gone and `stop` is true.
///
/// # Errors
/// What the records say.
pub async fn start(parts: Parts, tasks: &mut JoinSet<()>) -> Result<Started, RecordError> {
    let Parts { records, live, market, hub, outbox, reader, is_log_kept, is_shared, stop } = parts;
    let of = reader.clone();
    let loaded = records.run(move |sql| load(sql, &of)).await?;
    let (told, changes) = mpsc::channel(CHANGES);
    let (out, queue) = mpsc::channel(QUEUE);
    let (learn, symbols) = mpsc::channel(SYMBOLS_WAITING);
    let recorded = Arc::new(Notify::new());
    let lead_nanos = if is_shared { SHARED_LEAD_NANOS } else { 0 };
    let alerting = Arc::new(Alerting {
        changed: Notify::new(),
        counts: Counts::default(),
        told: told.clone(),
        lead_nanos,
    });
    let revision = loaded.alerts.last().map_or(0, |alert| alert.revision);
    let shown = loaded.shown;
    let placing = Arc::clone(&live);
    // Seconds, where there are very many.
    let made = tokio::task::spawn_blocking(move || restored(&placing, loaded, is_log_kept)).await;
    let (engine, sets, unplaced, after) =
        made.map_err(|_| RecordError::Damaged { what: "alerts could not be put together".into() })?;
    tracing::info!(alerts = sets.len(), "alerts are decided");
    for symbol in sets.iter().filter_map(wants_usual).collect::<BTreeSet<_>>() {
        // More than fit have what the snapshot knew.
        let _ = learn.try_send(symbol);
    }
    let runner = Runner::new(Made {
        engine,
        sets,
        told: changes,
        out,
        live: Arc::clone(&live),
        shared: Arc::clone(&alerting),
        after,
        keeps_position: is_log_kept,
    });
    let writer = Writer {
        records: Arc::clone(&records),
        live: Arc::clone(&live),
        outbox: Arc::clone(&outbox),
        shared: Arc::clone(&alerting),
        recorded: Arc::clone(&recorded),
        reader,
    };
    let learner = Learner { live: Arc::clone(&live), market, told: told.clone() };
    let keeper = Keeper {
        records,
        live,
        hub,
        outbox,
        shared: Arc::clone(&alerting),
        recorded,
        told,
        learn,
        revision,
        shown,
        unplaced,
        is_shared,
        every: if is_shared { SHARED_EVERY } else { OWN_EVERY },
    };
    tasks.spawn(writer.run(queue));
    tasks.spawn(learner.run(symbols, stop.clone()));
    tasks.spawn(async move {
        // What a crash has kept from being handed on.
        keeper.tidy().await;
        keeper.run(stop).await;
    });
    Ok(Started { runner, alerting })
}

type Restored = (Alerts, Vec<Set>, HashMap<i64, alert::Alert>, Option<LogPosition>);

/// The engine as it was, with the alerts as they are now.
fn restored(live: &Live, loaded: Loaded, is_log_kept: bool) -> Restored {
    let universe = live.universe();
    let progress = loaded.progress;
    let mut snapshot =
        progress.as_ref().and_then(|progress| saved::read(&progress.state, &universe)).unwrap_or_default();
    let position = progress.and_then(|progress| LogPosition::from_bytes(&progress.position?));
    let after = position.filter(|_| is_log_kept);
    let mut sets = Vec::new();
    let mut unplaced = HashMap::new();
    for alert in loaded.alerts {
        match placed(live, &alert) {
            Placed::Set(set) => sets.push(*set),
            Placed::Unknown => drop(unplaced.insert(alert.id, alert)),
            Placed::Nowhere => {}
        }
    }
    // Where the log is read again from the snapshot on, it makes the same of the alerts as before, at the same places.
    if after.is_none() {
        bring_up(&mut snapshot, &mut sets);
    }
    // Nothing is refused: rules were checked when they were placed, and ids are given once.
    let engine = Alerts::restore(sets.iter().map(|set| (set.alert.clone(), set.hours)), &snapshot);
    let engine = engine.unwrap_or_default();
    sets.retain(|set| engine.status(set.alert.id).is_some());
    (engine, sets, unplaced, after)
}

/// Brings a snapshot up to what was recorded after it.
fn bring_up(snapshot: &mut Snapshot, sets: &mut [Set]) {
    let mut known: HashMap<_, usize> =
        snapshot.alerts.iter().enumerate().map(|(at, state)| (state.id, at)).collect();
    for set in sets {
        let Some((stand, _)) = set.stand else { continue };
        set.alert = set.resumed();
        match known.get(&stand.id).map(|at| &mut snapshot.alerts[*at]) {
            Some(state) if state.generation == stand.generation => {
                if state.fired < stand.fired {
                    *state = stand;
                }
            }
            Some(state) => *state = stand,
            None => {
                known.insert(stand.id, snapshot.alerts.len());
                snapshot.alerts.push(stand);
            }
        }
    }
    snapshot.alerts.sort_by_key(|state| state.id);
}
