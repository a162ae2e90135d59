//! Serves the look-alikes on one port: what `bellwether sim` does.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use market::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::door;
use crate::finnhub::{self, Clock, Faults, Look};
use crate::guardian;
use crate::market::{HoursMode, Market, MarketConfig, Mishaps};
use crate::quote_server::{self, Port, QuoteServer};

/// Connections that are busy when the server stops get so long to finish.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// How to serve the look-alikes.
#[derive(Clone)]
pub struct Options {
    /// Address and port; port 0 is any free one.
    pub listen: SocketAddr,
    /// Seed of the market.
    pub seed: u64,
    /// Trades a second over all instruments.
    pub rate: u64,
    /// The key that clients must have.
    pub key: String,
    /// The secret that goes with the key, for providers that have one.
    pub secret: String,
    /// When the session is open.
    pub hours: HoursMode,
    /// How often trades are late, out of order or doubled; cancels and corrections are left out, since
    /// the providers' wires have no words for them.
    pub mishaps: Mishaps,
    /// The plan that the Finnhub look-alike grants.
    pub finnhub: finnhub::Settings,
    /// The plan that the Guardian look-alike grants.
    pub guardian: guardian::Settings,
    /// How the quote server behaves. It has the market's seed.
    pub quotes: quote_server::Settings,
    /// A port on which only quotes are asked, besides the common one.
    pub quote_listen: Option<SocketAddr>,
    /// The market's time; the wall clock unless a test says otherwise.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        let market = MarketConfig::default();
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8090)),
            seed: market.seed,
            rate: market.rate,
            key: "simkey".to_owned(),
            secret: "simsecret".to_owned(),
            hours: market.hours,
            mishaps: market.mishaps,
            finnhub: finnhub::Settings::default(),
            guardian: guardian::Settings::default(),
            quotes: quote_server::Settings::default(),
            quote_listen: None,
            clock: Arc::new(wall_clock),
        }
    }
}

/// Why the look-alikes cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken, or the address is not this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// An empty key would let everyone in, or no one.
    #[error("the key must not be empty")]
    EmptyKey,
    /// The thread that made the market died.
    #[error("cannot make the market")]
    Market(#[source] tokio::task::JoinError),
}

/// The look-alikes, being served. Dropping it ends them without waiting.
#[derive(Debug)]
pub struct Server {
    local_addr: SocketAddr,
    faults: Arc<Faults>,
    market: Arc<Market>,
    quotes: Arc<QuoteServer>,
    quote_port: Option<Port>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Serves the look-alikes. Returns when the port is open.
pub async fn serve(options: Options) -> Result<Server, ServeError> {
    if options.key.is_empty() {
        return Err(ServeError::EmptyKey);
    }
    let failed = |address| move |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(options.listen).await.map_err(failed(options.listen))?;
    let local_addr = listener.local_addr().map_err(failed(options.listen))?;
    let faults = Arc::new(Faults::default());
    let settings = quote_server::Settings { seed: options.seed, ..options.quotes };
    let quotes = Arc::new(QuoteServer::new(settings, Arc::clone(&options.clock), Arc::clone(&faults)));
    let quote_port = match options.quote_listen {
        Some(address) => Some(Arc::clone(&quotes).listen(address).await.map_err(failed(address))?),
        None => None,
    };
    let config = MarketConfig {
        seed: options.seed,
        rate: options.rate,
        hours: options.hours,
        mishaps: options.mishaps.without_taking_back(),
    };
    // Making 26,000 companies takes a moment.
    let market =
        tokio::task::spawn_blocking(move || Market::new(config)).await.map_err(ServeError::Market)?;
    let market = Arc::new(market);
    let (stop, stopping) = watch::channel(false);
    let paper = guardian::Look::new(
        Arc::clone(&market),
        Arc::clone(&options.clock),
        options.key.clone(),
        options.guardian,
        Arc::clone(&faults),
    );
    let look = Look::new(
        Arc::clone(&market),
        options.clock,
        options.key,
        options.finnhub,
        Arc::clone(&faults),
        stopping.clone(),
    );
    let http = door::open(listener, local_addr, Arc::clone(&faults), Arc::clone(&quotes), stopping.clone());
    let routes = finnhub::routes(Arc::new(look))
        .merge(quote_server::routes(Arc::clone(&quotes)))
        .merge(guardian::routes(Arc::new(paper)));
    let service = axum::serve(http, routes).with_graceful_shutdown(ended(stopping));
    let task = tokio::spawn(async move {
        if let Err(error) = service.await {
            tracing::error!(%error, "the look-alikes stopped");
        }
    });
    tracing::info!(%local_addr, seed = options.seed, rate = options.rate, "serving the simulated providers");
    Ok(Server { local_addr, faults, market, quotes, quote_port, stop, task })
}

async fn ended(mut stopping: watch::Receiver<bool>) {
    // An error says that the server is gone, which is an end too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

impl Server {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The base address of the Finnhub look-alike's REST paths.
    pub fn finnhub_url(&self) -> String {
        format!("http://{}{}", self.local_addr, finnhub::API_PREFIX)
    }

    /// The address of its stream, without the token.
    pub fn finnhub_stream_url(&self) -> String {
        format!("ws://{}{}", self.local_addr, finnhub::STREAM_PATH)
    }

    /// The base address of the Guardian look-alike.
    pub fn guardian_url(&self) -> String {
        format!("http://{}{}", self.local_addr, guardian::API_PREFIX)
    }

    /// The quote server's address on the common port.
    pub fn quote_url(&self) -> String {
        format!("tcp://{}", self.local_addr)
    }

    /// The quote server's own port, if it has one.
    pub fn quote_port(&self) -> Option<&Port> {
        self.quote_port.as_ref()
    }

    /// The quote server.
    pub fn quotes(&self) -> &QuoteServer {
        &self.quotes
    }

    /// What it does wrong on demand.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The market it shows.
    pub fn market(&self) -> &Arc<Market> {
        &self.market
    }

    /// Closes streams as the protocol wants it, lets calls finish, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if timeout(STOP_PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
