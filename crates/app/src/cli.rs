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
        /// Which: feeds, server, desk; comma-separated. The desk runs with a server.
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<String>,
        #[command(flatten)]
        flags: ServeFlags,
    },
    /// Compute bars from a trade file, with the code of the live path, and print them as CSV.
    Bars(BarsFlags),
    /// Prove the ledger of the desk: its chain of hashes, every entry by the rules, all balances.
    Verify(ServeFlags),
    /// Make a link that makes whoever opens it a user or an operator, once.
    Invite(InviteFlags),
    /// Serve look-alikes of the providers, fed by a simulated market.
    Sim(SimFlags),
    /// Watch prices, charts and one's account in the terminal.
    Watch(WatchFlags),
    /// Play a day-trading workload against a server and report on it, or make one.
    Workload(WorkloadFlags),
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
    /// File of certificates (PEM) that may sign those of the NATS server, the database, the mail server and the OpenID Connect provider, for authorities of one's own.
    #[arg(long, env = "BELLWETHER_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Name of this process among those that share the NATS server [default: made from the host, the roles and the address].
    #[arg(long, env = "BELLWETHER_INSTANCE", value_name = "NAME")]
    pub(crate) instance: Option<String>,
    /// Key of Finnhub. Better given as a variable: other users of the machine see flags.
    #[arg(long, env = "BELLWETHER_FINNHUB_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) finnhub_key: Option<String>,
    /// Key of The Guardian, for news. Better given as a variable.
    #[arg(long, env = "BELLWETHER_GUARDIAN_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) guardian_key: Option<String>,
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
    /// Where the desk's prices come from: tape, or the legacy quote server as tcp://HOST:PORT [default: tape].
    #[arg(long, env = "BELLWETHER_DESK_QUOTES", value_name = "SOURCE")]
    pub(crate) desk_quotes: Option<String>,
    /// Seconds after which a price of the tape is too old to trade on [default: 60].
    #[arg(long, env = "BELLWETHER_DESK_PRICE_AGE", value_name = "S")]
    pub(crate) desk_price_age: Option<u64>,
    /// Threads over which a new desk spreads its users; one that exists keeps its number [default: 1].
    #[arg(long, env = "BELLWETHER_DESK_SHARDS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) desk_shards: Option<u16>,
    /// PostgreSQL database of the desk's journal, such as postgres://USER:PASSWORD@HOST/NAME [default: SQLite in the data folder].
    #[arg(long, env = "BELLWETHER_DESK_DATABASE", value_name = "URL", hide_env_values = true)]
    pub(crate) desk_database: Option<String>,
    /// The operator's key. Better given as a variable; without it one is made and kept in the data folder.
    #[arg(long, env = "BELLWETHER_OPERATOR_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) operator_key: Option<String>,
    /// Show prices only to those who signed in.
    #[arg(long, env = "BELLWETHER_REQUIRE_SIGN_IN")]
    pub(crate) require_sign_in: bool,
    /// Addresses and networks of proxies in front, whose word on where a request comes from is taken; with commas.
    #[arg(long, env = "BELLWETHER_PROXIES", value_name = "LIST", value_delimiter = ',')]
    pub(crate) proxies: Option<Vec<String>>,
    /// Address of the page as people have it, with https:// or http://; it stands in notices.
    #[arg(long, env = "BELLWETHER_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// OpenID Connect provider to sign in with besides a password, as it calls itself, an address with https://…
    #[arg(long, env = "BELLWETHER_OIDC_ISSUER", value_name = "URL")]
    pub(crate) oidc_issuer: Option<String>,
    /// What the provider knows this server by.
    #[arg(long, env = "BELLWETHER_OIDC_CLIENT_ID", value_name = "ID")]
    pub(crate) oidc_client_id: Option<String>,
    /// What this server shows the provider. Better given as a variable or in a file: other users of the machine see flags.
    #[arg(long, env = "BELLWETHER_OIDC_CLIENT_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub(crate) oidc_client_secret: Option<String>,
    /// File that holds it and nothing else.
    #[arg(long, env = "BELLWETHER_OIDC_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub(crate) oidc_client_secret_file: Option<PathBuf>,
    /// What the page calls the provider [default: its host].
    #[arg(long, env = "BELLWETHER_OIDC_NAME", value_name = "NAME")]
    pub(crate) oidc_name: Option<String>,
    /// Whoever the provider knows may come in; else only who linked it or has an invite.
    #[arg(long, env = "BELLWETHER_OIDC_AUTO_CREATE")]
    pub(crate) oidc_auto_create: bool,
    /// Mail server for notices: smtps://USER:PASSWORD@HOST, smtp://… (STARTTLS) or smtp+plain://HOST.
    #[arg(long, env = "BELLWETHER_SMTP", value_name = "URL", hide_env_values = true)]
    pub(crate) smtp: Option<String>,
    /// Sender of notices by e-mail, such as "Bellwether <bell@example.com>".
    #[arg(long, env = "BELLWETHER_SMTP_FROM", value_name = "ADDRESS")]
    pub(crate) smtp_from: Option<String>,
    /// Where push services find the operator: mailto:ADDRESS or https://… [default: the sender of e-mail, or the public address].
    #[arg(long, env = "BELLWETHER_PUSH_CONTACT", value_name = "URL")]
    pub(crate) push_contact: Option<String>,
    /// Webhooks and pushes may go to this machine and to private networks, and there without TLS.
    #[arg(long, env = "BELLWETHER_ALLOW_PRIVATE_TARGETS")]
    pub(crate) allow_private_targets: bool,
    /// Single private addresses and networks that notices may be sent to; with commas [default: none].
    #[arg(long, env = "BELLWETHER_NOTIFY_NETWORKS", value_name = "LIST", value_delimiter = ',')]
    pub(crate) notify_networks: Option<Vec<String>>,
    /// What to log: error, warn, info, debug, or filters such as feeds=debug [default: info].
    #[arg(long, env = "BELLWETHER_LOG", value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

/// What `watch` takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct WatchFlags {
    /// Symbols, or words to find them by; without any, those that trade most.
    pub(crate) symbols: Vec<String>,
    /// Address of the server.
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "BELLWETHER_URL", value_name = "URL")]
    pub(crate) url: String,
    /// An API key, for one's account or where prices need a sign-in. Better given as a variable.
    #[arg(long, env = "BELLWETHER_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    /// Draw without colours; so does the variable NO_COLOR.
    #[arg(long)]
    pub(crate) no_color: bool,
    /// Print the table once, as text, and end.
    #[arg(long)]
    pub(crate) once: bool,
}

/// What an invite makes of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InviteRole {
    /// Somebody with what is theirs.
    User,
    /// Also with what concerns everybody.
    Operator,
}

/// What `invite` takes.
#[derive(Debug, Args)]
pub(crate) struct InviteFlags {
    /// What it makes of whoever opens it.
    #[arg(long, value_enum, default_value = "operator")]
    pub(crate) role: InviteRole,
    #[command(flatten)]
    pub(crate) serve: ServeFlags,
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

/// How long the simulated quote server's answers take.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SimDelays {
    /// As measured on the real one: a third take one to four seconds.
    Real,
    /// No longer than they must.
    None,
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
    /// A port of its own for the legacy quote server, which is also on the common one.
    #[arg(long, value_name = "ADDR")]
    pub(crate) quote_server: Option<SocketAddr>,
    /// How long its answers take.
    #[arg(long, value_enum, default_value = "real")]
    pub(crate) quote_delays: SimDelays,
    /// Connections at a time above which its keys fail their check.
    #[arg(long, default_value_t = 32, value_name = "N")]
    pub(crate) quote_crowd: usize,
    /// What to log.
    #[arg(long, env = "BELLWETHER_LOG", default_value = "info", value_name = "LEVEL")]
    pub(crate) log: String,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// What `workload` takes.
#[derive(Debug, Args)]
pub(crate) struct WorkloadFlags {
    /// Workload file, plain or gzip: one command a line, such as `[1] ADD,oY01WVirLr,100.00`.
    #[arg(value_name = "FILE", required_unless_present = "generate", conflicts_with = "generate")]
    pub(crate) file: Option<PathBuf>,
    /// Address of the server.
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub(crate) url: String,
    /// Connections; the users are spread over them.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) connections: u16,
    /// Most requests in flight on a connection, each of other users.
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub(crate) pipeline: u16,
    /// Most commands of a request, each of another user.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) batch: u16,
    /// Seconds without an answer after which the commands of a connection are given up.
    #[arg(long, default_value_t = 60, value_name = "S", value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(crate) patience: u32,
    /// How the report is written.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) report: ReportForm,
    /// File that holds the operator key and nothing else; without it BELLWETHER_OPERATOR_KEY has the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Make a workload of so many users and lines instead, and print it.
    #[arg(long, num_args = 2, value_names = ["USERS", "COMMANDS"])]
    pub(crate) generate: Option<Vec<u64>>,
    /// Seed of the workload that is made: the same seed makes the same workload.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
}

fn interval(text: &str) -> Result<market::Interval, String> {
    market::Interval::from_name(text).ok_or_else(|| "it must be 1s, 1m, 5m, 15m, 1h or 1d".into())
}

fn session(text: &str) -> Result<market::SessionFilter, String> {
    market::SessionFilter::from_name(text).ok_or_else(|| "it must be regular, all or extended".into())
}
