//! The server role: the live view, its fan-out, HTTP and the page.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bus::{EventReader, InterestReport};
use market::tape::{Counters, Limits};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use server::http::{ApiState, HttpMetrics, ListenError, ListenOptions, Listener, MarketData, router};
use server::hub::{self, Hub};
use server::live::market_data::Reader;
use server::live::source::LiveSource;
use server::live::{self, Live};
use server::ws;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::{House, clock};
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
    address: SocketAddr,
    hub: Arc<Hub>,
    live: JoinHandle<()>,
    tasks: JoinSet<()>,
}

impl ServerRole {
    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says goodbye to clients, answers what is in flight, and stores what is unsaved.
    pub(super) async fn ended(mut self) {
        let hub = Arc::clone(&self.hub);
        let goodbyes = tokio::task::spawn_blocking(move || hub.stop(GOODBYES));
        while self.tasks.join_next().await.is_some() {}
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
    log: EventReader,
    mut registry: Registry,
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
    let running = tokio::spawn(live::run::run(
        Arc::clone(&live),
        Arc::clone(&hub),
        house.bus.clone(),
        log,
        Arc::clone(&house.store),
        house.stop.clone(),
    ));
    // Ends with the hub, which holds the other end.
    tokio::spawn(reader.clone().serve_stored_bars(requests));
    tasks.spawn(report_interest(Arc::clone(&house), live));
    let market: Arc<dyn MarketData> = Arc::new(reader);
    let state = ApiState::new(market, Arc::new(registry), http_metrics.clone(), sources(&config.feeds));
    let app = router(state, axum_ws(Arc::clone(&hub)));
    let options = ListenOptions {
        connections_max: config.connections,
        connections_per_address_max: config.connections_per_address,
        ..ListenOptions::default()
    };
    let address = door.address();
    let mut stop = house.stop.clone();
    tasks.spawn(async move {
        let drained =
            door.serve(app, options, http_metrics, async move { drop(stop.wait_for(|s| *s).await) }).await;
        if drained.cut > 0 {
            tracing::warn!(requests = drained.cut, "requests were cut short");
        }
    });
    Ok(ServerRole { address, hub, live: running, tasks })
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
async fn report_interest(house: Arc<House>, live: Arc<Live>) {
    let mut stop: watch::Receiver<bool> = house.stop.clone();
    let mut ticks = tokio::time::interval(REPORT_EVERY);
    let mut all_due = tokio::time::Instant::now();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        let full = tokio::time::Instant::now() >= all_due;
        let changes = live.viewers.take_changes(live.now());
        if !full && changes.is_empty() {
            continue;
        }
        let counts = if full { live.viewers.all() } else { changes };
        let universe = live.universe();
        let counts = counts.into_iter().filter_map(|(id, n)| Some((universe.symbol(id)?, n))).collect();
        let report = InterestReport { instance: house.config.instance.clone(), full, lease: LEASE, counts };
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

/// Shows the tape's counts with the other metrics.
#[derive(Debug)]
struct TapeCollector(Arc<Live>);

impl prometheus_client::collector::Collector for TapeCollector {
    fn encode(
        &self,
        mut encoder: prometheus_client::encoding::DescriptorEncoder<'_>,
    ) -> Result<(), std::fmt::Error> {
        use prometheus_client::encoding::EncodeMetric;
        let Counters {
            trades,
            duplicates,
            refused,
            unknown_conditions,
            late,
            beyond_reach,
            cancelled,
            cancels_pending,
            uncertain,
            gaps,
        } = self.0.counters();
        let shown = [
            ("tape_trades", "Trades that entered the tape", trades),
            ("tape_duplicates", "Trades reported twice", duplicates),
            ("tape_refused", "Trades without a positive price and size, or of an unknown symbol", refused),
            ("tape_unknown_conditions", "Trades with a sale condition outside the table", unknown_conditions),
            ("tape_late", "Trades that came after a later one of their symbol", late),
            ("tape_beyond_reach", "Windows a trade or cancellation came too late for", beyond_reach),
            ("tape_cancelled", "Trades cancelled or corrected", cancelled),
            ("tape_cancels_pending", "Cancellations that came before their trade", cancels_pending),
            ("tape_gaps", "Times at which a feed said that it may have missed trades", gaps),
            ("tape_uncertain", "Windows whose extremes may include a cancelled trade", uncertain),
        ];
        for (name, help, value) in shown {
            let counter = prometheus_client::metrics::counter::ConstCounter::new(value);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        let instruments = ConstGauge::new(self.0.universe().len() as i64);
        let metric =
            encoder.encode_descriptor("instruments", "Instruments known", None, instruments.metric_type())?;
        instruments.encode(metric)
    }
}
