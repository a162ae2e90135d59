//! The engine, and what is around it.
//!
//! It waits for nothing: what fires goes into a bounded queue, and is counted where that is full.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bus::LogPosition;
use market::calendar::new_york_date;
use market::time::NANOS_PER_SECOND;
use market::{Hours, MarketEvent, Size, SymbolId, Timestamp, TradeRef};
use signals::alert::{
    Alert, AlertId, AlertState, Alerts, Cause, Cross, Firing, FiringId, Leg, Mention, Rule, Snapshot, State,
    Status, UsualVolume,
};
use tokio::sync::mpsc;
use wire::alerts::RuleBody;
use wire::names::RuleType;

use super::message::{About, Occasion};
use super::{Counts, Shared};
use crate::live::Live;

/// What is known is stored every so many ticks, of a second each.
const TICKS_PER_SAVE: u32 = 10;
/// A log whose newest event came longer ago than this, while more come, is being caught up with.
const BEHIND_NANOS: i64 = 5 * NANOS_PER_SECOND;
/// For so many ticks after the start the log may be behind though nothing came yet.
const TICKS_OF_START: u32 = 10;
/// Resting alerts looked at in one tick.
const RESTING_AT_ONCE: usize = 4_096;
/// Changes taken at once.
const CHANGES_AT_ONCE: usize = 256;

/// An article as the runner is told of it.
#[derive(Debug, Clone)]
pub struct NewsItem {
    /// Names it, the same on every server.
    pub id: u64,
    /// What it is about.
    pub symbols: Vec<SymbolId>,
    /// Its title.
    pub title: String,
    /// Its summary.
    pub summary: String,
    /// When it was published.
    pub at: Timestamp,
}

/// What the runner is told.
#[derive(Debug)]
pub(super) enum Told {
    /// An alert is so from now on.
    Set(Box<Set>),
    /// An alert is no more, or waits.
    Gone(AlertId),
    /// A firing was recorded, here or by another server: the alert, its generation, the number and the name.
    Recorded(AlertId, u32, u32, String),
    /// The usual volume of a symbol.
    Usual(SymbolId, Box<UsualVolume>),
    /// An article.
    News(Box<NewsItem>),
}

/// An alert with what belongs to it.
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) alert: Alert,
    pub(super) hours: Hours,
    /// Where it stood when it last fired and was recorded, if it has, and when that was.
    pub(super) stand: Option<(AlertState, Timestamp)>,
    pub(super) about: Arc<About>,
}

impl Set {
    /// The alert as it goes on from where it last fired: what led there does not count again.
    pub(super) fn resumed(&self) -> Alert {
        let mut alert = self.alert.clone();
        if let Some((_, at)) = self.stand {
            alert.active_from = alert.active_from.max(at.saturating_add_nanos(1));
        }
        alert
    }
}

/// What the writer is told, in order.
#[derive(Debug)]
pub(super) enum Out {
    /// An alert has fired.
    Fired(Box<Fired>),
    /// Where alerts stand that have not fired.
    Stands(Vec<AlertState>),
    /// What is known, and up to where.
    Save(Option<LogPosition>, Box<Snapshot>),
}

/// A firing, with what makes it a record.
#[derive(Debug, Clone)]
pub(super) struct Fired {
    pub(super) firing: Firing,
    /// The how-manieth of the alert's life, from 1.
    pub(super) number: u32,
    /// Where the alert stands after it.
    pub(super) state: State,
    pub(super) occasion: Occasion,
    pub(super) about: Arc<About>,
}

#[derive(Debug)]
struct Known {
    generation: u32,
    symbol: SymbolId,
    expires_at: Option<Timestamp>,
    about: Arc<About>,
    /// Its symbol is to be subscribed to for its sake.
    holds: bool,
    /// Name and number of its last firing.
    last: Option<(FiringId, u32)>,
    /// The state it rests in, as the writer knows it; then it is in `resting`.
    rests: Option<State>,
}

/// The engine, and what is around it.
pub struct Runner {
    engine: Alerts,
    known: HashMap<AlertId, Known>,
    expiries: BTreeSet<(Timestamp, AlertId)>,
    /// Alerts that have fired and may be armed again: their states are looked at now and then, in turn.
    resting: VecDeque<AlertId>,
    firings: Vec<Firing>,
    told: mpsc::Receiver<Told>,
    out: mpsc::Sender<Out>,
    live: Arc<Live>,
    shared: Shared,
    /// Events up to here were decided by a process before.
    after: Option<LogPosition>,
    /// Alerts that have fired behind the stored snapshot, as they stood then: for a log that turns out to be gone.
    behind: Vec<Set>,
    /// Events up to here are decided. Stays `None` where the log ends with the process.
    position: Option<LogPosition>,
    keeps_position: bool,
    /// When the newest event reached us, and whether any came since the last tick.
    heard: Timestamp,
    has_heard: bool,
    ticks: u32,
    is_dirty: bool,
    has_saved: bool,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("alerts", &self.known.len()).finish_non_exhaustive()
    }
}

/// What a runner is made of.
pub(super) struct Made {
    pub(super) engine: Alerts,
    /// The alerts that are in the engine.
    pub(super) sets: Vec<Set>,
    pub(super) told: mpsc::Receiver<Told>,
    pub(super) out: mpsc::Sender<Out>,
    pub(super) live: Arc<Live>,
    pub(super) shared: Shared,
    pub(super) after: Option<LogPosition>,
    pub(super) keeps_position: bool,
}

impl Runner {
    pub(super) fn new(made: Made) -> Self {
        let Made { engine, sets, told, out, live, shared, after, keeps_position } = made;
        let mut runner = Self {
            engine,
            known: HashMap::new(),
            expiries: BTreeSet::new(),
            resting: VecDeque::new(),
            firings: Vec::new(),
            told,
            out,
            live,
            shared,
            behind: Vec::new(),
            after,
            position: after,
            keeps_position,
            heard: Timestamp::MIN,
            has_heard: false,
            ticks: 0,
            is_dirty: false,
            has_saved: false,
        };
        for set in sets {
            runner.note(&set);
            runner.bring_close(&set.alert);
            if after.is_some() && set.stand.is_some() {
                runner.behind.push(set);
            }
        }
        runner
    }

    /// Waits for the next thing it is told, and takes it.
    pub async fn hear(&mut self) {
        let told = self.told().await;
        self.take_told(told.0);
    }

    /// Waits for what it is told. Nothing is lost when the future is dropped.
    pub(crate) async fn told(&mut self) -> ToldOne {
        match self.told.recv().await {
            Some(told) => ToldOne(told),
            // The keeper has ended; so will everything.
            None => std::future::pending().await,
        }
    }

    /// Takes what it was told, and what waits behind it.
    pub(crate) fn on_told(&mut self, ToldOne(first): ToldOne) {
        let mut next = Some(first);
        let mut left = CHANGES_AT_ONCE;
        while let Some(told) = next {
            self.take_told(told);
            left -= 1;
            next = if left > 0 { self.told.try_recv().ok() } else { None };
        }
    }

    fn take_told(&mut self, told: Told) {
        self.is_dirty = true;
        match told {
            Told::Set(set) => self.set(*set),
            Told::Gone(id) => self.remove(id),
            Told::Recorded(id, generation, number, name) => self.compare(id, (generation, number), &name),
            Told::Usual(symbol, usual) => self.engine.usual_volume(symbol, *usual),
            Told::News(item) => {
                let NewsItem { id, symbols, title, summary, at } = &*item;
                let mention = Mention { headline: *id, symbols, title, summary, at: *at };
                self.engine.mention(&mention, &mut self.firings);
                self.tell(None, Some(title.as_str()));
            }
        }
    }

    fn set(&mut self, set: Set) {
        let id = set.alert.id;
        if let Some(known) = self.known.get_mut(&id)
            && known.generation == set.alert.generation
        {
            // The same life: it has another owner, say.
            known.about = set.about;
            return;
        }
        self.remove(id);
        let added = match set.stand {
            Some((stand, _)) => self.engine.resume(set.resumed(), set.hours, stand),
            None => self.engine.add(set.alert.clone(), set.hours),
        };
        if let Err(error) = added {
            // What is stored was checked when it was stored.
            tracing::warn!(alert = id.0, %error, "an alert cannot be decided");
            return;
        }
        self.note(&set);
        self.bring_close(&set.alert);
    }

    /// Another server may have counted further, where this one was told of an alert late: it counts on from there, so that
    /// what it decides is taken for new where the other is gone.
    fn compare(&mut self, id: AlertId, (generation, number): (u32, u32), name: &str) {
        let Some(known) = self.known.get_mut(&id).filter(|known| known.generation == generation) else {
            return;
        };
        if let Some((own, counted)) = &mut known.last
            && *counted < number
            && own.to_string() == name
            && let Some(status) = self.engine.status(id)
        {
            self.engine.count_from(id, status.fired + (number - *counted));
            *counted = number;
        }
    }

    /// Takes an alert that is in the engine into the tables.
    fn note(&mut self, set: &Set) {
        let alert = &set.alert;
        let known = Known {
            generation: alert.generation,
            symbol: alert.symbol,
            expires_at: alert.expires_at,
            about: Arc::clone(&set.about),
            holds: false,
            last: None,
            rests: None,
        };
        self.known.insert(alert.id, known);
        if let Some(end) = alert.expires_at {
            self.expiries.insert((end, alert.id));
        }
        let state = self.engine.status(alert.id).map(|status| status.state);
        self.hold(alert.id, state.is_some_and(|state| !state.is_over()));
        if let Some(state) = state {
            self.rest(alert.id, state);
        }
        self.shared.counts.alerts.store(self.known.len() as u64, Ordering::Relaxed);
    }

    /// What is measured from the close needs it, and the feed said it before this alert was made.
    fn bring_close(&mut self, alert: &Alert) {
        if let Rule::PercentFromClose { .. } = alert.rule {
            let quote = self.live.quote(alert.symbol);
            if let (Some(close), Some(time)) = (quote.previous_close, quote.timestamp) {
                self.engine.previous_close(alert.symbol, new_york_date(time), close);
            }
        }
    }

    fn hold(&mut self, id: AlertId, holds: bool) {
        let Some(known) = self.known.get_mut(&id) else { return };
        if known.holds != holds {
            known.holds = holds;
            self.live.viewers.hold(known.symbol, holds);
        }
    }

    fn remove(&mut self, id: AlertId) {
        self.hold(id, false);
        let Some(known) = self.known.remove(&id) else { return };
        if let Some(end) = known.expires_at {
            self.expiries.remove(&(end, id));
        }
        self.engine.remove(id);
        self.shared.counts.alerts.store(self.known.len() as u64, Ordering::Relaxed);
    }

    /// Decides the next events of the log.
    pub fn take(&mut self, position: LogPosition, events: &[MarketEvent]) {
        if self.after.is_some_and(|after| !position.is_after(after)) {
            return;
        }
        self.after = None;
        self.behind = Vec::new();
        if self.keeps_position {
            self.position = Some(position);
        }
        // The place alone is worth storing, so that nothing is read again for nothing.
        self.is_dirty |= self.keeps_position;
        self.decide(events);
    }

    /// The log is gone in part. What was to be read again at the start is not: alerts go on as they last fired and were
    /// recorded.
    pub fn lost(&mut self) {
        self.after = None;
        for set in std::mem::take(&mut self.behind) {
            self.remove(set.alert.id);
            self.set(set);
        }
    }

    fn decide(&mut self, events: &[MarketEvent]) {
        if self.known.is_empty() {
            return;
        }
        let mut left = events;
        while !left.is_empty() {
            let (taken, rest) = left.split_at(self.engine.advance(left, &mut self.firings));
            if !self.firings.is_empty() {
                self.tell(taken.last(), None);
            }
            left = rest;
        }
        if let Some(MarketEvent::Trade(trade)) = events.last() {
            self.heard = trade.ts_recv;
        }
        (self.has_heard, self.is_dirty) = (true, true);
    }

    /// Puts what has fired into the queue.
    fn tell(&mut self, event: Option<&MarketEvent>, title: Option<&str>) {
        let mut firings = std::mem::take(&mut self.firings);
        for at in 0..firings.len() {
            let firing = firings[at];
            let id = firing.id.alert;
            let (Some(known), Some(status)) = (self.known.get_mut(&id), self.engine.status(id)) else {
                continue;
            };
            // One event may have an alert fire in both directions: those behind have the later numbers.
            let behind = firings[at + 1..].iter().filter(|other| other.id.alert == id).count();
            let number = status.fired.saturating_sub(u32::try_from(behind).unwrap_or(u32::MAX));
            known.last = Some((firing.id, number));
            let occasion = Occasion {
                size: event.and_then(|event| size_of(event, &firing.cause)),
                title: title.map(str::to_owned),
                source: self.live.source(known.symbol),
            };
            let fired =
                Fired { firing, number, state: status.state, occasion, about: Arc::clone(&known.about) };
            if status.state.is_over() {
                self.hold(id, false);
            } else {
                self.rest(id, status.state);
            }
            Counts::add(&self.shared.counts.decided, 1);
            self.put(Out::Fired(Box::new(fired)));
        }
        firings.clear();
        self.firings = firings;
    }

    fn put(&mut self, out: Out) {
        if let Err(error) = self.out.try_send(out)
            && Counts::add(&self.shared.counts.dropped, 1) == 0
        {
            tracing::error!(%error, "alerts fire faster than they can be recorded; some are lost");
        }
    }

    /// Tells the time; to be called once a second.
    pub fn tick(&mut self) {
        self.ticks = self.ticks.saturating_add(1);
        let now = self.live.now();
        let lag = now.nanos().saturating_sub(self.heard.nanos());
        let is_fresh = lag < BEHIND_NANOS;
        // Somebody who catches up would take their own lag for silence.
        let is_behind = !is_fresh && (self.has_heard || self.ticks <= TICKS_OF_START);
        self.has_heard = false;
        if self.known.is_empty() && !self.is_dirty {
            return;
        }
        let time = if is_behind { self.heard } else { now };
        self.engine.tick(time, &mut self.firings);
        self.tell(None, None);
        while let Some((end, id)) = self.expiries.first().copied().filter(|(end, _)| *end <= now) {
            self.expiries.remove(&(end, id));
            self.hold(id, false);
        }
        self.look_at_resting();
        // And once at the beginning: from then on a crash goes on where the log was left.
        if self.ticks.is_multiple_of(TICKS_PER_SAVE) || (self.position.is_some() && !self.has_saved) {
            self.save();
        }
    }

    /// Notes the state of an alert that may be armed again, as it was told to the writer.
    fn rest(&mut self, id: AlertId, state: State) {
        let Some(known) = self.known.get_mut(&id) else { return };
        let is_there = known.rests.is_some();
        known.rests = Some(state).filter(|state| is_resting(*state));
        if !is_there && known.rests.is_some() {
            self.resting.push_back(id);
        }
    }

    /// Finds alerts that were armed again.
    fn look_at_resting(&mut self) {
        let mut stands = Vec::new();
        for _ in 0..self.resting.len().min(RESTING_AT_ONCE) {
            let Some(id) = self.resting.pop_front() else { break };
            let (Some(status), Some(known)) = (self.engine.status(id), self.known.get_mut(&id)) else {
                continue;
            };
            // One that was removed and made again is here twice; its place is the one it has now.
            let Some(was) = known.rests else { continue };
            if status.state != was {
                let Status { state, fired, last } = status;
                stands.push(AlertState { id, generation: known.generation, state, fired, last });
                known.rests = Some(state).filter(|state| is_resting(*state));
            }
            if known.rests.is_some() {
                self.resting.push_back(id);
            }
        }
        if !stands.is_empty() {
            self.put(Out::Stands(stands));
        }
    }

    /// Has what is known stored, if anything happened since.
    pub fn save(&mut self) {
        if std::mem::take(&mut self.is_dirty) {
            self.has_saved = true;
            let snapshot = Box::new(self.engine.snapshot());
            self.put(Out::Save(self.position, snapshot));
        }
    }
}

/// What a runner told that has no writer.
#[derive(Debug)]
pub struct Unrecorded(mpsc::Receiver<Out>);

impl Unrecorded {
    /// Waits for the next firing, and says when its cause was; `None` once the runner has ended.
    pub fn next_fired(&mut self) -> Option<Timestamp> {
        loop {
            if let Out::Fired(fired) = self.0.blocking_recv()? {
                return Some(fired.firing.cause.time());
            }
        }
    }
}

impl Runner {
    /// A runner whose firings nobody records: for measuring what deciding costs.
    pub fn unrecorded(live: Arc<Live>, alerts: Vec<(Alert, Hours)>) -> (Self, Unrecorded) {
        let (told, changes) = mpsc::channel(super::CHANGES);
        let (out, queue) = mpsc::channel(super::QUEUE);
        let about = Arc::new(About {
            symbol: "MEASURED".into(),
            rule: RuleBody::of(RuleType::PriceAbove),
            note: String::new(),
        });
        let mut engine = Alerts::new();
        let mut sets = Vec::with_capacity(alerts.len());
        for (alert, hours) in alerts {
            if engine.add(alert.clone(), hours).is_ok() {
                sets.push(Set { alert, hours, stand: None, about: Arc::clone(&about) });
            }
        }
        let counts = super::Counts::default();
        let shared =
            Arc::new(super::Alerting { changed: tokio::sync::Notify::new(), counts, told, lead_nanos: 0 });
        let made =
            Made { engine, sets, told: changes, out, live, shared, after: None, keeps_position: false };
        (Self::new(made), Unrecorded(queue))
    }
}

/// Something it was told, not yet taken.
pub(crate) struct ToldOne(Told);

/// It has fired, in one direction at least, and waits to be armed again.
fn is_resting(state: State) -> bool {
    match state {
        State::Legs { up, down } => up == Leg::Resting || down == Leg::Resting,
        State::Cross(side) => side == Cross::Resting,
        State::Single(leg) => leg == Leg::Resting,
        State::Done | State::Expired => false,
    }
}

/// Size of the trade that is the cause.
fn size_of(event: &MarketEvent, cause: &Cause) -> Option<Size> {
    let trade = match event {
        MarketEvent::Trade(trade) => trade,
        MarketEvent::Correction { replacement, .. } => replacement,
        MarketEvent::Cancel { .. } | MarketEvent::Reference(_) | MarketEvent::Gap { .. } => return None,
    };
    let key: TradeRef = trade.key();
    matches!(cause, Cause::Trade { key: theirs, .. } if *theirs == key).then_some(trade.size)
}
