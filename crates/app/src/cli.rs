//! The command line. Every flag of `up` and `serve` can also be a variable or a line of the settings
//! file; a flag beats the variable, the variable the file.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Self-hosted real-time stock platform.
#[derive(Debug, Parser)]
#[command(name = "bellwether", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process. Without settings: a simulated market, no key, no other server.
    Up(ServeFlags),
    /// Run some of the roles, joined to the others by NATS.
    Serve {
        /// Which: feeds, server; comma-separated.
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<String>,
        #[command(flatten)]
        flags: ServeFlags,
    },
    /// Compute bars from a trade file, with the code of the live path, and print them as CSV.
    Bars(BarsFlags),
    /// Serve look-alikes of the providers, fed by a simulated market.
    Sim(SimFlags),
    /// Print the OpenAPI document.
    #[command(hide = true)]
    Openapi,
}

/// What `up` and `serve` take.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeFlags {
    /// Settings file (TOML).
    #[arg(long, env = "BELLWETHER_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address of the page and the API [default: 127.0.0.1:8080].
    #[arg(long, env = "BELLWETHER_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Folder for everything that is kept [default: ./bellwether-data].
    #[arg(long, env = "BELLWETHER_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// NATS server that joins the roles, such as nats://127.0.0.1:4222.
    #[arg(long, env = "BELLWETHER_NATS", value_name = "URL")]
    pub(crate) nats: Option<String>,
    /// Name of this process among those that share the NATS server [default: made from the host, the roles and the address].
    #[arg(long, env = "BELLWETHER_INSTANCE", value_name = "NAME")]
    pub(crate) instance: Option<String>,
    /// Key of Finnhub. Better given as a variable: other users of the machine see flags.
    #[arg(long, env = "BELLWETHER_FINNHUB_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) finnhub_key: Option<String>,
    /// Seed of the simulated market [default: 1].
    #[arg(long, env = "BELLWETHER_SEED", value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Trades a second of the whole simulated market [default: 5000].
    #[arg(long, env = "BELLWETHER_RATE", value_name = "R")]
    pub(crate) rate: Option<u64>,
    /// Most connections at a time [default: 20000].
    #[arg(long, env = "BELLWETHER_CONNECTIONS", value_name = "N")]
    pub(crate) connections: Option<usize>,
    /// Most connections at a time from one address [default: 1000].
    #[arg(long, env = "BELLWETHER_CONNECTIONS_PER_ADDRESS", value_name = "N")]
    pub(crate) connections_per_address: Option<usize>,
    /// Most symbols of one WebSocket connection, over all channels [default: 5000].
    #[arg(long, env = "BELLWETHER_SYMBOLS_PER_CONNECTION", value_name = "N")]
    pub(crate) symbols_per_connection: Option<usize>,
    /// Milliseconds over which updates may be gathered into one write, 0 to 50 [default: 0].
    #[arg(long, env = "BELLWETHER_COALESCE_MS", value_name = "MS", value_parser = clap::value_parser!(u8).range(0..=50))]
    pub(crate) coalesce_ms: Option<u8>,
    /// Seconds after which a symbol that no one watches is let go [default: 30].
    #[arg(long, env = "BELLWETHER_GRACE", value_name = "S")]
    pub(crate) grace: Option<u64>,
    /// What to log: error, warn, info, debug, or filters such as feeds=debug [default: info].
    #[arg(long, env = "BELLWETHER_LOG", value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

/// What `bars` takes.
#[derive(Debug, Args)]
pub(crate) struct BarsFlags {
    /// Trade file: CSV or CSV.gz with the columns time, symbol, conditions, size, price, correction.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Length of the bars: 1s, 1m, 5m, 15m, 1h or 1d.
    #[arg(long, default_value = "1m", value_parser = interval)]
    pub(crate) interval: market::Interval,
    /// Which trades count: regular, all or extended.
    #[arg(long, default_value = "all", value_parser = session)]
    pub(crate) session: market::SessionFilter,
}

/// When a simulated session is open.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SimHours {
    /// Always.
    Open,
    /// As the US exchanges.
    Us,
}

/// What `sim` takes.
#[derive(Debug, Args)]
pub(crate) struct SimFlags {
    /// Address of the look-alikes.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Seed of the market: the same seed makes the same market.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Trades a second over all instruments.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) rate: u64,
    /// When the session is open.
    #[arg(long, value_enum, default_value = "open")]
    pub(crate) hours: SimHours,
    /// The key clients must have.
    #[arg(long, default_value = "simkey")]
    pub(crate) key: String,
    /// The secret that goes with it, for providers that have one.
    #[arg(long, default_value = "simsecret")]
    pub(crate) secret: String,
    /// Symbols one stream may have.
    #[arg(long, default_value_t = 50)]
    pub(crate) symbol_limit: usize,
    /// REST calls a minute.
    #[arg(long, default_value_t = 60)]
    pub(crate) calls_per_minute: u32,
    /// What to log.
    #[arg(long, env = "BELLWETHER_LOG", default_value = "info", value_name = "LEVEL")]
    pub(crate) log: String,
}

fn interval(text: &str) -> Result<market::Interval, String> {
    market::Interval::from_name(text).ok_or_else(|| "it must be 1s, 1m, 5m, 15m, 1h or 1d".into())
}

fn session(text: &str) -> Result<market::SessionFilter, String> {
    market::SessionFilter::from_name(text).ok_or_else(|| "it must be regular, all or extended".into())
}
