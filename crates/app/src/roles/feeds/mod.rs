//! The feeds role: providers' connections, driven by what viewers watch.

/// Finnhub.
mod finnhub;
/// A past day, played again.
mod replay;
/// The simulated market, in process.
pub(super) mod sim;

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::feeds::{Demand, Interest, Metrics};
use bus::{Answer, Bus, EventBatch, InterestTable, Question, Refusal};
use market::{Card, FeedStatus, HistoryRequest, Instrument, MarketEvent, SymbolId, Universe};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::House;
use crate::Failure;
use crate::config::FeedConfig;

/// Batches between a feed and the bus.
const BATCHES_MAX: usize = 64;
/// A feed's status is repeated so often.
const STATUS_EVERY: Duration = Duration::from_secs(3);
/// How often grace times and leases are looked at.
const DEMAND_EVERY: Duration = Duration::from_millis(500);
/// How often new lists of instruments are looked for.
const LISTS_EVERY: Duration = Duration::from_millis(500);
/// What viewers watch is told to a feed's ranking much oftener than this, so it never runs out.
const LEASE: Duration = Duration::from_secs(20);
/// Questions answered at once.
const QUESTIONS_AT_ONCE: usize = 16;

/// An answer in the making.
type Later<T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send>>;

/// What a feed can be asked beside its events.
trait Desk: Send + Sync {
    /// The card of an instrument it lists.
    fn card(&self, id: SymbolId, universe: &Universe) -> Later<Card>;

    /// Bars of the past of an instrument it lists.
    fn history(&self, id: SymbolId, request: HistoryRequest) -> Later<Vec<market::Bar>>;
}

/// What a kind of feed is given to start with.
struct Links {
    name: String,
    demand: watch::Receiver<Arc<Demand>>,
    universe: watch::Receiver<Arc<Universe>>,
    events: mpsc::Sender<Vec<MarketEvent>>,
    /// What it lists; sent whenever it is known anew.
    listing: watch::Sender<List>,
    stop: watch::Receiver<bool>,
    metrics: ::feeds::FeedMetrics,
}

/// What a kind of feed gives back.
struct Started {
    status: watch::Receiver<FeedStatus>,
    desk: Arc<dyn Desk>,
    limit: Option<u32>,
}

/// A feed as this role keeps it.
struct Feed {
    name: String,
    demand: watch::Sender<Arc<Demand>>,
    listing: watch::Receiver<List>,
    status: watch::Receiver<FeedStatus>,
    desk: Arc<dyn Desk>,
    interest: Interest,
    /// An operator has paused it.
    paused: watch::Sender<bool>,
}

/// Which feed an instrument is taken from, by symbol id.
type Owners = Arc<Mutex<Vec<Option<u8>>>>;

/// The running role.
pub(super) struct FeedsRole {
    tasks: JoinSet<()>,
}

impl FeedsRole {
    /// Waits until every feed has ended, which they do by themselves once told to stop.
    pub(super) async fn ended(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts every feed of the configuration.
pub(super) async fn start(house: Arc<House>, metrics: Metrics) -> Result<FeedsRole, Failure> {
    let mut tasks = JoinSet::new();
    let mut feeds = Vec::new();
    for config in &house.config.feeds {
        let name = config.name().to_owned();
        let (demand, demanded) = watch::channel(Arc::new(Demand::default()));
        let (listing, listed) = watch::channel(None);
        let (events, queue) = mpsc::channel(BATCHES_MAX);
        let links = Links {
            name: name.clone(),
            demand: demanded,
            universe: house.bus.universe(),
            events,
            listing,
            stop: house.stop.clone(),
            metrics: metrics.feed(&name),
        };
        let started = match config {
            FeedConfig::Sim(config) => sim::start(config, links, &mut tasks, &house.simulated).await?,
            FeedConfig::Finnhub(config) => finnhub::start(config, links, &mut tasks)?,
            FeedConfig::Replay(config) => replay::start(config, links, &mut tasks)?,
        };
        let (paused, pausing) = watch::channel(false);
        tasks.spawn(pump_events(house.bus.clone(), name.as_str().into(), queue, pausing));
        tasks.spawn(pump_status(house.bus.clone(), started.status.clone(), house.stop.clone()));
        feeds.push(Feed {
            name,
            demand,
            listing: listed,
            status: started.status,
            desk: started.desk,
            interest: Interest::new(started.limit, house.config.grace),
            paused,
        });
    }
    let owners = Owners::default();
    let desks = feeds.iter().map(|f| Arc::clone(&f.desk)).collect();
    // Instruments first: nobody can watch what nobody has heard of.
    let lists: Vec<_> = feeds.iter().map(|f| (f.name.clone(), f.listing.clone())).collect();
    take_lists(&house, &lists, &owners).await;
    tasks.spawn(follow_lists(Arc::clone(&house), lists, Arc::clone(&owners)));
    tasks.spawn(follow_interest(Arc::clone(&house), feeds, Arc::clone(&owners)));
    tasks.spawn(answer_questions(house, desks, owners));
    Ok(FeedsRole { tasks })
}

/// Events of a feed, to the bus; ends with the feed. While it is paused they are dropped, and what may have been missed is
/// told once it goes on.
async fn pump_events(
    bus: Bus,
    feed: Arc<str>,
    mut queue: mpsc::Receiver<Vec<MarketEvent>>,
    mut paused: watch::Receiver<bool>,
) {
    let clock = super::clock();
    let mut paused_at = None;
    loop {
        let events = tokio::select! {
            biased;
            Ok(()) = paused.changed() => match (*paused.borrow_and_update(), paused_at.take()) {
                (true, since) => {
                    paused_at = since.or_else(|| Some(clock()));
                    continue;
                }
                (false, Some(from)) => vec![MarketEvent::Gap { symbols: Vec::new(), from, to: clock() }],
                (false, None) => continue,
            },
            events = queue.recv() => match events {
                Some(_) if paused_at.is_some() => continue,
                Some(events) => events,
                None => return,
            },
        };
        let batch = EventBatch { feed: Arc::clone(&feed), events };
        if let Err(error) = bus.publish_events(batch).await {
            tracing::error!(feed = &*feed, %error, "events cannot be passed on");
            return;
        }
    }
}

/// A feed's status, to the bus: on change, and now and then.
async fn pump_status(bus: Bus, mut status: watch::Receiver<FeedStatus>, mut stop: watch::Receiver<bool>) {
    loop {
        let now = status.borrow_and_update().clone();
        if let Err(error) = bus.publish_status(now).await {
            tracing::debug!(%error, "a status cannot be passed on");
        }
        tokio::select! {
            changed = status.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(STATUS_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// What a feed lists, once it is known.
type List = Option<Arc<Vec<Instrument>>>;

/// Lists by the names of their feeds.
type Lists = [(String, watch::Receiver<List>)];

/// Makes one universe of all feeds' lists and hands it out. What no feed lists any more leaves it, once
/// every feed has given its list.
async fn take_lists(house: &House, lists: &Lists, owners: &Owners) {
    let known: Vec<_> = lists.iter().map(|(_, list)| list.borrow().clone()).collect();
    let is_whole = known.iter().all(Option::is_some);
    let mut universe = Universe::clone(&house.bus.universe().borrow());
    // The first feed of the configuration that lists a symbol describes it and is asked for it.
    let difference = universe.refresh(known.iter().rev().flatten().flat_map(|list| list.iter().cloned()));
    if is_whole {
        universe.retire(&difference.missing);
    }
    let mut owned = vec![None; universe.ids_given()];
    for (feed, list) in known.iter().enumerate().rev() {
        for instrument in list.iter().flat_map(|list| list.iter()) {
            if let Some(id) = universe.id(&instrument.symbol) {
                owned[id.index()] = u8::try_from(feed).ok();
            }
        }
    }
    *owners.lock().unwrap_or_else(PoisonError::into_inner) = owned;
    tracing::info!(
        instruments = universe.len(),
        added = difference.added.len(),
        changed = difference.changed.len(),
        "the list of instruments is taken"
    );
    let universe = Arc::new(universe);
    let (store, saved) = (Arc::clone(&house.store), Arc::clone(&universe));
    let saving = tokio::task::spawn_blocking(move || store.save_universe(&saved, &difference)).await;
    if let Ok(Err(error)) = saving {
        tracing::warn!(%error, "cannot store the instruments");
    }
    if let Err(error) = house.bus.publish_universe(universe).await {
        tracing::error!(%error, "cannot hand out the instruments");
    }
}

async fn follow_lists(house: Arc<House>, mut lists: Vec<(String, watch::Receiver<List>)>, owners: Owners) {
    let mut stop = house.stop.clone();
    let mut ticks = tokio::time::interval(LISTS_EVERY);
    for (_, list) in &mut lists {
        list.mark_unchanged();
    }
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        // A feed that has ended brings no more lists, and keeps the last.
        let is_new = lists.iter().any(|(_, list)| list.has_changed().unwrap_or(false));
        if is_new {
            for (_, list) in &mut lists {
                list.mark_unchanged();
            }
            take_lists(&house, &lists, &owners).await;
        }
    }
}

/// Tells each feed what of its instruments is watched.
async fn follow_interest(house: Arc<House>, mut feeds: Vec<Feed>, owners: Owners) {
    let mut stop = house.stop.clone();
    let mut reports = match house.bus.interest_reports().await {
        Ok(reports) => reports,
        Err(error) => {
            tracing::error!(%error, "cannot learn what viewers watch; no feed will be asked for anything");
            return;
        }
    };
    let mut table = InterestTable::default();
    let mut ticks = tokio::time::interval(DEMAND_EVERY);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            report = reports.next() => {
                let Some(report) = report else { return };
                table.apply(&report);
            }
            _ = ticks.tick() => {}
        }
        let universe = house.bus.universe().borrow().clone();
        let now = Instant::now();
        let mut counts: Vec<Vec<(SymbolId, u32)>> = vec![Vec::new(); feeds.len()];
        {
            let owners = owners.lock().unwrap_or_else(PoisonError::into_inner);
            for (symbol, viewers) in table.totals() {
                let Some(id) = universe.id(symbol) else { continue };
                let Some(Some(feed)) = owners.get(id.index()).copied() else { continue };
                if let Some(counts) = counts.get_mut(usize::from(feed)) {
                    counts.push((id, u32::try_from(viewers).unwrap_or(u32::MAX)));
                }
            }
        }
        for (feed, counts) in feeds.iter_mut().zip(counts) {
            let is_paused = table.is_paused(&feed.name);
            feed.paused.send_if_modified(|known| std::mem::replace(known, is_paused) != is_paused);
            let counts = if is_paused { Vec::new() } else { counts };
            // The bus has summed up all servers and forgotten the dead ones.
            if let Err(error) = feed.interest.report("viewers", counts, LEASE, now) {
                tracing::warn!(feed = feed.name, %error, "what viewers watch is left out");
            }
            feed.interest.set_limit(feed.status.borrow().symbol_limit);
            let demand = feed.interest.demand(now);
            feed.demand.send_if_modified(|known| {
                let differs = **known != demand;
                if differs {
                    *known = Arc::new(demand);
                }
                differs
            });
        }
    }
}

/// Answers servers' questions, a few at a time.
async fn answer_questions(house: Arc<House>, desks: Vec<Arc<dyn Desk>>, owners: Owners) {
    let mut stop = house.stop.clone();
    let mut questions = match house.bus.questions().await {
        Ok(questions) => questions,
        Err(error) => {
            return tracing::error!(%error, "cannot hear questions; there will be no cards and no history");
        }
    };
    let places = Arc::new(Semaphore::new(QUESTIONS_AT_ONCE));
    loop {
        let asked = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            asked = questions.next() => match asked {
                Some(asked) => asked,
                None => return,
            },
        };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let universe = house.bus.universe().borrow().clone();
        let symbol = match &asked.question {
            Question::Card(symbol) => *symbol,
            Question::History(request) => request.symbol,
        };
        let owner = universe.id(&symbol).and_then(|id| {
            let owners = owners.lock().unwrap_or_else(PoisonError::into_inner);
            Some((id, (*owners.get(id.index())?)?))
        });
        let desk = owner.and_then(|(id, feed)| Some((id, Arc::clone(desks.get(usize::from(feed))?))));
        tokio::spawn(async move {
            let answer = match (desk, asked.question) {
                (None, _) => Answer::Refused(Refusal::NotAvailable),
                (Some((id, desk)), Question::Card(_)) => match desk.card(id, &universe).await {
                    Ok(card) => Answer::Card(Box::new(card)),
                    Err(refusal) => Answer::Refused(refusal),
                },
                (Some((id, desk)), Question::History(request)) => match desk.history(id, request).await {
                    Ok(bars) => Answer::Bars(bars),
                    Err(refusal) => Answer::Refused(refusal),
                },
            };
            asked.answer(answer).await;
            drop(place);
        });
    }
}
