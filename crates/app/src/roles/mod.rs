//! What runs: the roles of this process, joined by a bus.

/// Counts of others, as metrics.
mod collect;
/// Day trading.
pub(crate) mod desk;
/// Market events in.
mod feeds;
/// Articles in.
mod news;
/// Notices to people.
mod notify;
/// How a process without pages is doing.
mod operations;
/// Who signs in, and where they are kept.
pub(crate) mod people;
/// Pages, prices and answers out.
mod server;

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::server::live;
use bus::{Bus, BusError, LocalBus, LocalConfig, NatsBus, NatsConfig};
use market::{Timestamp, Universe};
use prometheus_client::registry::Registry;
use store::records::Records;
use store::{Store, StoreError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::{Failure, usage};

/// How long an orderly end may take before it is cut short.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// The roles of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    /// Connections to providers.
    pub(crate) feeds: bool,
    /// The tape, its fan-out, HTTP and the page.
    pub(crate) server: bool,
    /// Day trading. It is reached through the server of its own process.
    pub(crate) desk: bool,
}

impl Roles {
    /// Everything.
    pub(crate) const ALL: Self = Self { feeds: true, server: true, desk: true };

    /// Reads names of roles.
    pub(crate) fn of(names: &[String]) -> Result<Self, Failure> {
        let mut roles = Self { feeds: false, server: false, desk: false };
        for name in names {
            match name.as_str() {
                "feeds" => roles.feeds = true,
                "server" => roles.server = true,
                "desk" => roles.desk = true,
                other => {
                    return Err(usage(format!("unknown role {other:?}; roles are feeds, server and desk")));
                }
            }
        }
        if roles.desk && !roles.server {
            return Err(usage("the desk is reached through a server: run --roles server,desk"));
        }
        Ok(roles)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(self.feeds, "feeds"), (self.server, "server"), (self.desk, "desk")];
        let names: Vec<&str> = names.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect();
        f.write_str(&names.join("-"))
    }
}

/// The machine's clock.
pub(crate) fn clock() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    ::feeds::clock::system()
}

/// Logs to stderr. Fails for a filter that cannot be read.
pub(crate) fn init_log(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        usage(format!("log = {filter:?} is no filter ({error}); try info, or feeds=debug"))
    })?;
    // A second start within one process, in tests, keeps the first one's log.
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = subscriber.with_ansi(std::io::stderr().is_terminal()).try_init();
    Ok(())
}

/// The threads everything asynchronous runs on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // Fails only if it was done before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::Failed(anyhow::anyhow!("cannot start threads: {error}")))
}

/// Ctrl-C and SIGTERM, caught from when this is made: before anybody is told that there is something to stop.
pub(crate) struct Signals([Option<Signal>; 2]);

impl Signals {
    /// Catches them. On the runtime.
    pub(crate) fn catch() -> Self {
        Self([SignalKind::interrupt(), SignalKind::terminate()].map(|kind| match signal(kind) {
            Ok(signal) => Some(signal),
            Err(error) => {
                tracing::warn!(%error, ?kind, "cannot catch a signal; it ends the process at once");
                None
            }
        }))
    }

    /// Ready when one of them has come.
    pub(crate) async fn one(self) {
        let [interrupt, terminate] = self.0.map(|signal| async {
            match signal {
                Some(mut signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        });
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
}

/// What every role is given.
pub(crate) struct House {
    pub(crate) config: Config,
    pub(crate) bus: Bus,
    pub(crate) store: Arc<Store>,
    /// Where people are kept, where there is a server.
    pub(crate) records: Option<Arc<Records>>,
    /// Turns true when the end begins.
    pub(crate) stop: watch::Receiver<bool>,
    /// The simulated market, where this process plays one.
    pub(crate) simulated: OnceLock<Arc<::sim::market::Market>>,
    /// What is said once all is ready, after the address: who waits for the address reads the first line.
    pub(crate) greeting: OnceLock<String>,
}

/// Has memory counted in small pages. In huge ones what the start has used and let go stays with the process: 125 MiB
/// with the defaults in place of 67.
fn spare_memory() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "the system's huge pages stay on");
    }
}

/// Runs until it is told to stop.
pub(crate) fn start(config: Config) -> Result<(), Failure> {
    init_log(&config.log)?;
    spare_memory();
    let store = Store::open(&config.data).map_err(|error| match error {
        StoreError::Database(error) => {
            Failure::Failed(anyhow::anyhow!("cannot open the database in {}: {error}", config.data.display()))
        }
        other => usage(other),
    })?;
    let runtime = runtime()?;
    let ran = runtime.block_on(run(config, Arc::new(store)));
    // What still blocks, a look-up of a name say, is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ran
}

async fn run(config: Config, store: Arc<Store>) -> Result<(), Failure> {
    // Feeds alone need no port; where one is named, they show how they are.
    let door = match config.roles.server || config.is_listen_given {
        true => Some(server::bind(&config).await?),
        false => None,
    };
    let universe = Arc::new(store.load_universe().map_err(anyhow::Error::from)?);
    let bus = join(&config, universe).await?;
    let mut registry = Registry::with_prefix("bellwether");
    let feed_metrics = ::feeds::Metrics::register(&mut registry);
    registry.register_collector(Box::new(collect::TasksCollector(tokio::runtime::Handle::current())));
    if let Bus::Nats(nats) = &bus {
        registry.register_collector(Box::new(collect::NatsCollector(nats.clone())));
    }
    let (stop, stopping) = watch::channel(false);
    let records = match config.roles.server {
        true => Some(people::open(&config).await?),
        false => None,
    };
    let house = Arc::new(House {
        config,
        bus,
        store,
        records,
        stop: stopping,
        simulated: OnceLock::new(),
        greeting: OnceLock::new(),
    });
    // The log is read from before the first event on.
    let log = match &house.records {
        Some(records) => {
            let decided = people::decided(&house.config, records).await?;
            let log = live::run::open_log(&house.bus, &house.store, decided).await;
            Some(log.map_err(anyhow::Error::from)?)
        }
        None => None,
    };
    let feeds = match house.config.roles.feeds {
        true => Some(feeds::start(Arc::clone(&house), feed_metrics.clone()).await?),
        false => None,
    };
    let address = door.as_ref().map(|door| door.address());
    let mut server = None;
    let mut operations = None;
    match (door, log) {
        (Some(door), Some(log)) => {
            server = Some(server::start(Arc::clone(&house), door, log, registry, &feed_metrics).await?);
        }
        (Some(door), None) => operations = Some(operations::start(&house, door, registry)),
        (None, _) => {}
    }
    let signals = Signals::catch();
    let greeting = house.greeting.get().map(|said| format!("\n{said}")).unwrap_or_default();
    match address {
        Some(address) => println!("bellwether is ready at http://{address}{greeting}"),
        None => println!("bellwether is ready: {}", house.config.roles),
    }
    signals.one().await;
    tracing::info!("stopping");
    stop.send_replace(true);
    let ended = tokio::time::timeout(STOP_PATIENCE, async {
        // Feeds first, so that the last events still reach the tape and the store.
        if let Some(feeds) = feeds {
            feeds.ended().await;
        }
        if let Some(server) = server {
            server.ended().await;
        }
        if let Some(operations) = operations {
            let _ = operations.await;
        }
        if let Err(error) = house.bus.close().await {
            tracing::warn!(%error, "the bus did not close in order");
        }
    });
    if ended.await.is_err() {
        tracing::warn!("the end took too long and was cut short");
    }
    Ok(())
}

/// Joins the roles: within the process, or through the NATS server.
async fn join(config: &Config, universe: Arc<Universe>) -> Result<Bus, Failure> {
    let Some(url) = &config.nats else {
        let bus = Bus::Local(LocalBus::new(LocalConfig::default()));
        bus.publish_universe(universe).await.map_err(anyhow::Error::from)?;
        return Ok(bus);
    };
    let nats = NatsConfig {
        ca: config.ca.clone(),
        owns_universe: config.roles.feeds,
        universe,
        ..NatsConfig::new(url, &config.instance)
    };
    match NatsBus::connect(nats).await {
        Ok(bus) => Ok(Bus::Nats(bus)),
        // Nothing has been started yet, and only a setting or a package mends it.
        Err(error @ BusError::Connect { .. }) => Err(usage(format!(
            "{:#}; start a NATS server there (in Debian the package nats-server: nats-server -js -sd FOLDER), \
             or name another with --nats",
            anyhow::Error::from(error)
        ))),
        Err(error @ BusError::JetStream { .. }) => Err(usage(format!("{:#}", anyhow::Error::from(error)))),
        Err(error) => Err(Failure::Failed(anyhow::Error::from(error).context("cannot join the other roles"))),
    }
}
