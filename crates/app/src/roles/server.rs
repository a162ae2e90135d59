//! The server role: the live view, its fan-out, HTTP and the page.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bus::{Bus, InterestReport};
use market::tape::Limits;
use prometheus_client::registry::Registry;
use server::http::channels::NotifyState;
use server::http::desk::DeskState;
use server::http::{self, ApiParts, HttpMetrics, ListenError, ListenOptions, Listener, MarketData};
use server::hub::{self, Hub};
use server::live::market_data::Reader;
use server::live::source::LiveSource;
use server::live::{self, Live};
use server::news::News;
use server::people::People;
use server::ws;
use store::records::Records;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::collect::{AlertsCollector, TapeCollector};
use super::{House, clock, desk, news, notify, people};
use crate::config::{Config, FeedConfig};
use crate::{Failure, usage};

/// What viewers watch is told to the feeds so often, as far as it changed.
const REPORT_EVERY: Duration = Duration::from_millis(100);
/// Everything is told again so often.
const REPORT_ALL_EVERY: Duration = Duration::from_secs(5);
/// And counts for so long.
const LEASE: Duration = Duration::from_secs(15);
/// Returning clients whose stored bars wait to be read.
const STORED_BARS_WAITING: usize = 1_024;
/// How long goodbyes to clients may take.
const GOODBYES: Duration = Duration::from_secs(3);

/// Takes the port, before anything else is started.
pub(super) async fn bind(config: &Config) -> Result<Listener, Failure> {
    Listener::bind(&config.listen).await.map_err(|error| match error {
        ListenError::Other { source, .. } => {
            usage(format!("cannot listen on {}: {source}; choose another with --listen", config.listen))
        }
        told => usage(told),
    })
}

/// The running role.
pub(super) struct ServerRole {
    hub: Arc<Hub>,
    live: JoinHandle<()>,
    tasks: JoinSet<()>,
    desk: Option<Arc<DeskState>>,
}

impl ServerRole {
    /// Says goodbye to clients, answers what is in flight, and stores what is unsaved.
    pub(super) async fn ended(mut self) {
        let hub = Arc::clone(&self.hub);
        let goodbyes = tokio::task::spawn_blocking(move || hub.stop(GOODBYES));
        while self.tasks.join_next().await.is_some() {}
        // After the last request was answered.
        if let Some(state) = self.desk
            && let Err(error) = tokio::task::spawn_blocking(move || state.desk.stop()).await
        {
            tracing::error!(%error, "the desk ended badly");
        }
        for part in [goodbyes, self.live] {
            if let Err(error) = part.await {
                tracing::error!(%error, "a part of the server ended badly");
            }
        }
    }
}

/// Names this life of the server's state.
fn epoch() -> String {
    format!("{:x}", clock()().nanos())
}

/// Starts everything that serves.
pub(super) async fn start(
    house: Arc<House>,
    door: Listener,
    log: live::run::Log,
    mut registry: Registry,
    feed_metrics: &::feeds::Metrics,
) -> Result<ServerRole, Failure> {
    let config = &house.config;
    let universe = house.bus.universe().borrow().clone();
    let live = Arc::new(Live::new(universe, Limits::default(), &epoch(), clock()));
    let (restoring, store) = (Arc::clone(&live), Arc::clone(&house.store));
    let restored = tokio::task::spawn_blocking(move || live::run::restore(&restoring, &store)).await;
    match restored {
        Ok(Ok(windows)) => tracing::info!(windows, "stored bars are back in memory"),
        Ok(Err(error)) => return Err(Failure::Failed(error.into())),
        Err(error) => return Err(Failure::Failed(error.into())),
    }
    let reader = Reader::new(Arc::clone(&live), Arc::clone(&house.store), house.bus.clone());
    let (stored, requests) = mpsc::channel(STORED_BARS_WAITING);
    let hub_config = hub::Config {
        shards: shards(),
        topics_per_client: config.symbols_per_connection,
        coalesce: config.coalesce,
        ..hub::Config::default()
    };
    let hub_metrics = hub::Metrics::register(&mut registry);
    let source = Arc::new(LiveSource::new(Arc::clone(&live), stored));
    let hub = Hub::start(&hub_config, source, &hub_metrics)
        .map_err(|e| anyhow::anyhow!("cannot start the hub: {e}"))?;
    let hub = Arc::new(hub);
    let http_metrics = HttpMetrics::register(&mut registry);
    registry.register_collector(Box::new(TapeCollector(Arc::clone(&live))));
    let mut tasks = JoinSet::new();
    let records = house.records.clone().context("a server has records")?;
    let notify_metrics = ::notify::Metrics::register(&mut registry);
    let outbox = ::notify::Outbox::new(Arc::clone(&records), clock(), notify_metrics.clone());
    let alerts = server::alerts::Parts {
        records: Arc::clone(&records),
        live: Arc::clone(&live),
        market: Arc::new(reader.clone()),
        hub: Arc::clone(&hub),
        outbox: Arc::new(notify::Alerts(outbox.clone())),
        reader: people::reader(config),
        is_log_kept: matches!(house.bus, Bus::Nats(_)),
        is_shared: config.desk_database.is_some(),
        stop: house.stop.clone(),
    };
    let alerts = server::alerts::start(alerts, &mut tasks).await.map_err(anyhow::Error::from)?;
    registry.register_collector(Box::new(AlertsCollector(Arc::clone(&alerts.alerting))));
    let running = tokio::spawn(live::run::run(
        Arc::clone(&live),
        Arc::clone(&hub),
        house.bus.clone(),
        log,
        Arc::clone(&house.store),
        alerts.runner,
        house.stop.clone(),
    ));
    // Ends with the hub, which holds the other end.
    tokio::spawn(reader.clone().serve_stored_bars(requests));
    let desk = match house.config.roles.desk {
        true => Some(trading(&house, &live, &hub, &mut registry).await?),
        false => None,
    };
    let market: Arc<dyn MarketData> = Arc::new(reader);
    let news = Arc::new(News::new(Arc::clone(&records), Arc::clone(&live), Arc::clone(&market)));
    tasks.spawn(report_interest(Arc::clone(&house), Arc::clone(&live), Arc::clone(&news)));
    tasks.spawn(Arc::clone(&news).apply_streams(house.stop.clone()));
    let is_shared = config.desk_database.is_some();
    let alerting = Arc::clone(&alerts.alerting);
    tasks.spawn(Arc::clone(&news).follow(Arc::clone(&hub), alerting, is_shared, house.stop.clone()));
    let readers =
        news::Readers::new(&house, Arc::clone(&news), Arc::clone(&live), Arc::clone(&records), feed_metrics);
    tasks.spawn(readers.await?.run());
    let mut state = ApiParts::new(market, Arc::new(registry), http_metrics.clone(), sources(&config.feeds));
    state.desk = desk.clone();
    state.alerts = Some(alerts.alerting);
    state.news = Some(Arc::clone(&news));
    let people = known(&house, records, door.address(), &live, &hub, &mut tasks).await?;
    state.notify =
        Some(reaching(&house, door.address(), &people, (outbox, notify_metrics), &mut tasks).await?);
    state.oidc = people::oidc(config, &people).await?;
    state.people = Some(people);
    let app = http::app(state, axum_ws(Arc::clone(&hub)));
    let options = ListenOptions {
        connections_max: config.connections,
        connections_per_address_max: config.connections_per_address,
        ..ListenOptions::default()
    };
    let mut stop = house.stop.clone();
    tasks.spawn(async move {
        let drained =
            door.serve(app, options, http_metrics, async move { drop(stop.wait_for(|s| *s).await) }).await;
        if drained.cut > 0 {
            tracing::warn!(requests = drained.cut, "requests were cut short");
        }
    });
    Ok(ServerRole { hub, live: running, tasks, desk })
}

/// Starts the desk on a thread that may block, since its journal may be long.
async fn trading(
    house: &Arc<House>,
    live: &Arc<Live>,
    hub: &Arc<Hub>,
    registry: &mut Registry,
) -> Result<Arc<DeskState>, Failure> {
    let (house, live, hub) = (Arc::clone(house), Arc::clone(live), Arc::clone(hub));
    let runtime = tokio::runtime::Handle::current();
    // The registry goes there and back, since what is started registers its counts.
    let mut own = std::mem::take(registry);
    let started = tokio::task::spawn_blocking(move || {
        let started = desk::start(&house, &live, &hub, &runtime, &mut own);
        (started, own)
    });
    let (started, back) = started.await.map_err(anyhow::Error::from)?;
    *registry = back;
    let state = started?;
    Ok(state)
}

/// Looks at the records of people on a thread that may block.
async fn known(
    house: &Arc<House>,
    records: Arc<Records>,
    address: std::net::SocketAddr,
    live: &Arc<Live>,
    hub: &Arc<Hub>,
    tasks: &mut JoinSet<()>,
) -> Result<Arc<People>, Failure> {
    let (of, live, hub) = (Arc::clone(house), Arc::clone(live), Arc::clone(hub));
    let started =
        tokio::task::spawn_blocking(move || people::start(&of, records, address, &live, &hub)).await;
    let people = started.map_err(anyhow::Error::from)??;
    tasks.spawn(people::keep_house(Arc::clone(&people), house.stop.clone()));
    Ok(people)
}

/// Opens the queue of notices on a thread that may block, and has it emptied.
async fn reaching(
    house: &Arc<House>,
    address: std::net::SocketAddr,
    people: &Arc<People>,
    queue: (::notify::Outbox, ::notify::Metrics),
    tasks: &mut JoinSet<()>,
) -> Result<Arc<NotifyState>, Failure> {
    let (of, people) = (Arc::clone(house), Arc::clone(people));
    let started = tokio::task::spawn_blocking(move || notify::start(&of, address, &people, queue)).await;
    let (state, courier) = started.map_err(anyhow::Error::from)??;
    tasks.spawn(courier.run(house.stop.clone()));
    Ok(state)
}

fn axum_ws(hub: Arc<Hub>) -> axum::Router {
    axum::Router::new().route("/ws", ws::upgrade::route(hub))
}

/// One shard on two cores and one more for each two beyond, since the feeds and the tape need theirs.
fn shards() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Where prices come from, for people who ask.
fn sources(feeds: &[FeedConfig]) -> Vec<String> {
    let source = |feed: &FeedConfig| match feed {
        FeedConfig::Sim(_) => "sim:simulated-market".to_owned(),
        FeedConfig::Finnhub(finnhub) => finnhub.rest.clone().unwrap_or_else(|| "https://finnhub.io".into()),
        FeedConfig::Replay(replay) => format!("file:{}", replay.file.display()),
    };
    feeds.iter().map(source).collect()
}

/// Tells the feeds what viewers watch: changes at once, everything now and then.
async fn report_interest(house: Arc<House>, live: Arc<Live>, news: Arc<News>) {
    let mut stop: watch::Receiver<bool> = house.stop.clone();
    let mut ticks = tokio::time::interval(REPORT_EVERY);
    let mut all_due = tokio::time::Instant::now();
    let mut told = Vec::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        let full = tokio::time::Instant::now() >= all_due;
        let changes = live.viewers.take_changes(live.now());
        let paused = news.paused();
        if !full && changes.is_empty() && paused == told {
            continue;
        }
        told.clone_from(&paused);
        let counts = if full { live.viewers.all() } else { changes };
        let universe = live.universe();
        let counts = counts.into_iter().filter_map(|(id, n)| Some((universe.symbol(id)?, n))).collect();
        let report =
            InterestReport { instance: house.config.instance.clone(), full, lease: LEASE, counts, paused };
        if let Err(error) = house.bus.report_interest(report).await {
            tracing::debug!(%error, "what viewers watch could not be told");
            // A change that was lost is made good by saying everything.
            all_due = tokio::time::Instant::now();
            continue;
        }
        if full {
            all_due = tokio::time::Instant::now() + REPORT_ALL_EVERY;
        }
    }
}
