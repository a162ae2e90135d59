//! The settings file, and how it and the command line become one.

mod news;
mod oidc;

use std::path::{Path, PathBuf};
use std::time::Duration;

use feeds::legacy_quotes::Address;
use notify::email::SmtpConfig;
use notify::reach::Reach;
use serde::Deserialize;
use server::people::peer::Proxies;

pub(crate) use self::news::{FinnhubNewsConfig, GuardianConfig, NewsConfig, SimNewsConfig};
pub(crate) use self::oidc::OidcConfig;
use crate::cli::ServeFlags;
use crate::roles::Roles;
use crate::{Failure, usage};

/// The settings file as written. Every member may be left out; an unknown one is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<String>,
    data: Option<PathBuf>,
    nats: Option<String>,
    ca: Option<PathBuf>,
    instance: Option<String>,
    connections: Option<usize>,
    connections_per_address: Option<usize>,
    symbols_per_connection: Option<usize>,
    coalesce_ms: Option<u8>,
    grace: Option<u64>,
    desk_quotes: Option<String>,
    desk_price_age: Option<u64>,
    desk_shards: Option<u16>,
    desk_database: Option<String>,
    operator_key: Option<String>,
    require_sign_in: bool,
    proxies: Option<Vec<String>>,
    public_url: Option<String>,
    oidc_issuer: Option<String>,
    oidc_client_id: Option<String>,
    oidc_client_secret: Option<String>,
    oidc_client_secret_file: Option<PathBuf>,
    oidc_name: Option<String>,
    oidc_auto_create: bool,
    smtp: Option<String>,
    smtp_from: Option<String>,
    push_contact: Option<String>,
    allow_private_targets: bool,
    notify_networks: Option<Vec<String>>,
    log: Option<String>,
    feeds: Vec<FeedConfig>,
    news: Vec<NewsConfig>,
}

/// One `[[feeds]]` of the settings file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FeedConfig {
    /// The simulated market, in process.
    Sim(SimConfig),
    /// Finnhub, or a look-alike of it.
    Finnhub(FinnhubConfig),
    /// A past day, played again.
    Replay(ReplayConfig),
}

/// A simulated market.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SimConfig {
    pub(crate) name: Option<String>,
    pub(crate) seed: Option<u64>,
    /// Trades a second over the whole market.
    pub(crate) rate: Option<u64>,
    /// `open` (always) or `us`.
    pub(crate) hours: Option<HoursName>,
}

/// When a simulated session is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HoursName {
    Open,
    Us,
}

/// Finnhub.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FinnhubConfig {
    pub(crate) name: Option<String>,
    /// The key; or in a file of its own, or in `BELLWETHER_FINNHUB_KEY`.
    pub(crate) key: Option<String>,
    pub(crate) key_file: Option<PathBuf>,
    /// Address of the REST interface.
    pub(crate) rest: Option<String>,
    /// Address of the stream.
    pub(crate) stream: Option<String>,
    pub(crate) symbol_limit: Option<u32>,
    pub(crate) calls_per_minute: Option<u32>,
    /// The address is a look-alike's: prices are labelled as simulated.
    pub(crate) simulated: bool,
    /// `us`, or `open` for a look-alike whose session never closes, as which it is taken unless said.
    pub(crate) hours: Option<HoursName>,
    /// Seconds without any trade in an open market after which the connection is taken for dead.
    pub(crate) quiet_seconds: Option<u64>,
    /// Longest pause between two attempts to connect, in milliseconds.
    pub(crate) reconnect_max_ms: Option<u64>,
}

impl std::fmt::Debug for FinnhubConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FinnhubConfig")
            .field("name", &self.name)
            .field("key", &self.key.as_ref().map(|_| "***"))
            .field("rest", &self.rest)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// A trade file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayConfig {
    pub(crate) name: Option<String>,
    pub(crate) file: PathBuf,
    /// `1x`, `10x`, `max`.
    pub(crate) speed: Option<String>,
    /// Show the trades as if they happened now.
    #[serde(default)]
    pub(crate) now: bool,
    /// Begin again at the end.
    #[serde(default)]
    pub(crate) looping: bool,
}

impl FeedConfig {
    /// What the feed is called.
    pub(crate) fn name(&self) -> &str {
        let (given, kind) = match self {
            Self::Sim(c) => (&c.name, "sim"),
            Self::Finnhub(c) => (&c.name, "finnhub"),
            Self::Replay(c) => (&c.name, "replay"),
        };
        given.as_deref().unwrap_or(kind)
    }
}

/// Everything decided.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) roles: Roles,
    pub(crate) listen: String,
    /// It was said, and is not the default.
    pub(crate) is_listen_given: bool,
    pub(crate) data: PathBuf,
    pub(crate) nats: Option<String>,
    /// Authorities of one's own, for NATS and PostgreSQL.
    pub(crate) ca: Option<PathBuf>,
    pub(crate) instance: String,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) symbols_per_connection: usize,
    pub(crate) coalesce: Duration,
    pub(crate) grace: Duration,
    /// Where the desk's prices come from.
    pub(crate) desk_quotes: DeskQuotes,
    /// The oldest price of the tape that is traded on.
    pub(crate) desk_price_age: Duration,
    /// Shards of a new desk.
    pub(crate) desk_shards: u16,
    /// Where the desk's journal is kept, if not in the data folder.
    pub(crate) desk_database: Option<Secret>,
    pub(crate) operator_key: Option<Secret>,
    /// Prices are for those who signed in.
    pub(crate) require_sign_in: bool,
    /// Whose word on where a request comes from is taken.
    pub(crate) proxies: Proxies,
    /// The provider people may sign in with.
    pub(crate) oidc: Option<OidcConfig>,
    /// How people are reached.
    pub(crate) notify: NotifyConfig,
    pub(crate) log: String,
    pub(crate) feeds: Vec<FeedConfig>,
    /// Where articles come from.
    pub(crate) news: Vec<NewsConfig>,
}

/// The default rate of the simulated market: the well-known names trade several times a second.
pub(crate) const SIM_RATE: u64 = 5_000;

/// Reads the file, if one is named, and lets variables and flags override it.
pub(crate) fn load(flags: ServeFlags, roles: Roles) -> Result<Config, Failure> {
    let file = match &flags.config {
        Some(path) => read(path)?,
        None => File::default(),
    };
    let listen = flags.listen.or(file.listen);
    let is_listen_given = listen.is_some();
    let listen = listen.unwrap_or_else(|| "127.0.0.1:8080".into());
    let nats = flags.nats.or(file.nats);
    if !(roles.feeds && roles.server) && nats.is_none() {
        return Err(usage("roles that run apart need a NATS server; name it with --nats nats://HOST:PORT"));
    }
    let coalesce_ms = flags.coalesce_ms.or(file.coalesce_ms).unwrap_or(0);
    if coalesce_ms > 50 {
        return Err(usage(format!("coalesce_ms = {coalesce_ms} is too large; it may be 0 to 50")));
    }
    let oidc = OidcConfig::read(oidc::Given {
        issuer: flags.oidc_issuer.or(file.oidc_issuer),
        client_id: flags.oidc_client_id.or(file.oidc_client_id),
        secret: flags.oidc_client_secret.or(file.oidc_client_secret),
        secret_file: flags.oidc_client_secret_file.or(file.oidc_client_secret_file),
        name: flags.oidc_name.or(file.oidc_name),
        creates: flags.oidc_auto_create || file.oidc_auto_create,
    })?;
    let mut feeds = file.feeds;
    complete(&mut feeds, flags.finnhub_key.clone(), flags.seed, flags.rate)?;
    let mut news = file.news;
    news::complete(&mut news, &feeds, flags.finnhub_key.as_ref(), flags.guardian_key.as_ref())?;
    Ok(Config {
        roles,
        data: flags.data.or(file.data).unwrap_or_else(|| "./bellwether-data".into()),
        instance: flags.instance.or(file.instance).unwrap_or_else(|| instance(roles, &listen)),
        listen,
        is_listen_given,
        nats,
        ca: flags.ca.or(file.ca),
        connections: flags.connections.or(file.connections).unwrap_or(20_000),
        connections_per_address: flags
            .connections_per_address
            .or(file.connections_per_address)
            .unwrap_or(1_000),
        symbols_per_connection: flags.symbols_per_connection.or(file.symbols_per_connection).unwrap_or(5_000),
        coalesce: Duration::from_millis(u64::from(coalesce_ms)),
        desk_quotes: desk_quotes(flags.desk_quotes.or(file.desk_quotes))?,
        desk_price_age: Duration::from_secs(flags.desk_price_age.or(file.desk_price_age).unwrap_or(60)),
        desk_shards: flags.desk_shards.or(file.desk_shards).unwrap_or(1),
        desk_database: flags.desk_database.or(file.desk_database).map(Secret),
        operator_key: operator_key(flags.operator_key.or(file.operator_key))?,
        require_sign_in: flags.require_sign_in || file.require_sign_in,
        proxies: proxies(flags.proxies.or(file.proxies))?,
        oidc,
        grace: Duration::from_secs(flags.grace.or(file.grace).unwrap_or(30)),
        notify: NotifyConfig::read(
            flags.public_url.or(file.public_url),
            (flags.smtp.or(file.smtp), flags.smtp_from.or(file.smtp_from)),
            flags.push_contact.or(file.push_contact),
            (
                flags.allow_private_targets || file.allow_private_targets,
                flags.notify_networks.or(file.notify_networks).unwrap_or_default(),
            ),
        )?,
        log: flags.log.or(file.log).unwrap_or_else(|| "info".into()),
        feeds,
        news,
    })
}

/// How people are reached.
#[derive(Debug, Clone)]
pub(crate) struct NotifyConfig {
    /// The page as people have it, without a slash at its end.
    pub(crate) page: Option<String>,
    /// The mail server.
    pub(crate) smtp: Option<SmtpConfig>,
    /// Where push services find the operator.
    pub(crate) push_contact: String,
    /// Which private addresses are reached.
    pub(crate) reach: Reach,
}

impl NotifyConfig {
    fn read(
        page: Option<String>,
        (smtp, from): (Option<String>, Option<String>),
        contact: Option<String>,
        (allows_private, networks): (bool, Vec<String>),
    ) -> Result<Self, Failure> {
        let page = page.map(|page| page.trim_end_matches('/').to_owned());
        let is_address = |page: &String| {
            let host = page.strip_prefix("https://").or_else(|| page.strip_prefix("http://"));
            host.is_some_and(|host| !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic()))
        };
        if let Some(page) = page.as_ref().filter(|page| !is_address(page)) {
            return Err(usage(format!("public_url = {page:?} must be like https://bell.example.com")));
        }
        let smtp = match (smtp, &from) {
            (None, _) => None,
            (Some(_), None) => {
                return Err(usage("smtp needs smtp_from, the sender, such as Bellwether <bell@example.com>"));
            }
            (Some(server), Some(from)) => {
                Some(SmtpConfig::read(&server, from).map_err(|error| usage(format!("smtp: {error}")))?)
            }
        };
        let contact = contact
            .or_else(|| smtp.as_ref().map(|smtp| format!("mailto:{}", smtp.sender())))
            .or_else(|| page.clone().filter(|page| page.starts_with("https://")))
            .unwrap_or_else(|| "mailto:operator@localhost.localdomain".into());
        if !(contact.starts_with("mailto:") || contact.starts_with("https://")) {
            return Err(usage(format!("push_contact = {contact:?} must begin with mailto: or https://")));
        }
        let named = Reach::read(&networks).map_err(|error| usage(format!("notify_networks: {error}")))?;
        let reach = if allows_private { named.with_private() } else { named };
        Ok(Self { page, smtp, push_contact: contact, reach })
    }
}

/// Where the desk's prices come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeskQuotes {
    /// The live tape.
    Tape,
    /// The legacy quote server.
    Server(Address),
}

fn desk_quotes(text: Option<String>) -> Result<DeskQuotes, Failure> {
    match text.as_deref() {
        None | Some("tape") => Ok(DeskQuotes::Tape),
        Some(text) => match text.parse() {
            Ok(address) => Ok(DeskQuotes::Server(address)),
            Err(error) => {
                Err(usage(format!("desk_quotes = {text:?}: {error}; it may be tape or tcp://HOST:PORT")))
            }
        },
    }
}

fn proxies(texts: Option<Vec<String>>) -> Result<Proxies, Failure> {
    Proxies::read(&texts.unwrap_or_default()).map_err(|error| usage(format!("proxies: {error}")))
}

/// A key short enough to be guessed is refused.
fn operator_key(key: Option<String>) -> Result<Option<Secret>, Failure> {
    match key {
        Some(key) if key.len() < 6 || !key.bytes().all(|b| b.is_ascii_graphic()) => {
            Err(usage("the operator key must have at least 6 visible ASCII characters"))
        }
        key => Ok(key.map(Secret)),
    }
}

/// A text that logs do not show.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl std::ops::Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A name that no other process on this NATS server has.
fn instance(roles: Roles, listen: &str) -> String {
    let name = format!("{}-{roles}-{listen}", host());
    // Of those whose port the system chooses, a machine may have several.
    if listen.ends_with(":0") { format!("{name}-{}", std::process::id()) } else { name }
}

/// This machine's name, so that two machines with the same settings differ.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain: String = name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if plain.is_empty() { "host".into() } else { plain }
}

/// Fills in what flags and variables say of the feeds; without any feed there is Finnhub if its key is
/// given, else the simulated market.
fn complete(
    feeds: &mut Vec<FeedConfig>,
    key: Option<String>,
    seed: Option<u64>,
    rate: Option<u64>,
) -> Result<(), Failure> {
    if feeds.is_empty() {
        feeds.push(match &key {
            Some(_) => FeedConfig::Finnhub(FinnhubConfig::default()),
            None => FeedConfig::Sim(SimConfig::default()),
        });
    }
    for feed in feeds.iter_mut() {
        match feed {
            FeedConfig::Sim(sim) => {
                sim.seed = seed.or(sim.seed);
                sim.rate = rate.or(sim.rate);
            }
            FeedConfig::Finnhub(finnhub) => {
                if let Some(path) = &finnhub.key_file {
                    let text = std::fs::read_to_string(path)
                        .map_err(|e| usage(format!("cannot read key_file {}: {e}", path.display())))?;
                    finnhub.key = Some(text.trim().to_owned());
                }
                finnhub.key = key.clone().or(finnhub.key.take());
                if finnhub.key.as_deref().is_none_or(str::is_empty) {
                    return Err(usage(format!(
                        "feed {:?} has no key; give it as key in the settings file or as BELLWETHER_FINNHUB_KEY",
                        finnhub.name.as_deref().unwrap_or("finnhub")
                    )));
                }
            }
            FeedConfig::Replay(_) => {}
        }
    }
    let mut names: Vec<&str> = feeds.iter().map(FeedConfig::name).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => {
            Err(usage(format!("two feeds are called {:?}; give one of them another name", twice[0])))
        }
        None => Ok(()),
    }
}

fn read(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage(format!("cannot read the settings file {}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| {
        let before = |start: usize| text.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count();
        let line = 1 + error.span().map_or(0, |span| before(span.start));
        usage(format!("{}, line {line}: {}", path.display(), error.message().replace('\n', " ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str, flags: ServeFlags) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bellwether.toml");
        std::fs::write(&path, text).unwrap();
        load(ServeFlags { config: Some(path), ..flags }, Roles::ALL).map_err(|failure| match failure {
            Failure::Usage(message) => message,
            Failure::Failed(error) => panic!("{error}"),
        })
    }

    #[test]
    fn without_anything_there_is_a_simulated_market() {
        let config = load(ServeFlags::default(), Roles::ALL).unwrap_or_else(|_| panic!("defaults are good"));
        assert_eq!(
            (config.listen.as_str(), config.feeds),
            ("127.0.0.1:8080", vec![FeedConfig::Sim(SimConfig::default())])
        );
    }

    #[test]
    fn private_targets_are_closed_unless_they_are_allowed() {
        let here = "127.0.0.1".parse().unwrap();
        let allows = |text: &str, flags| with_file(text, flags).unwrap().notify.reach.allows(here);
        assert!(!allows("", ServeFlags::default()));
        assert!(allows("allow_private_targets = true", ServeFlags::default()));
        assert!(allows("", ServeFlags { allow_private_targets: true, ..ServeFlags::default() }));
        assert!(allows("notify_networks = [\"127.0.0.1\"]", ServeFlags::default()));
    }

    #[test]
    fn a_flag_beats_the_file() {
        let flags = ServeFlags { listen: Some("127.0.0.1:1".into()), ..ServeFlags::default() };
        let config = with_file("listen = \"127.0.0.1:2\"\ncoalesce_ms = 7", flags).unwrap();
        assert_eq!((config.listen.as_str(), config.coalesce), ("127.0.0.1:1", Duration::from_millis(7)));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let cases = [
            ("listen = \"x\"\nlisten_to = 1", "line 2: unknown field `listen_to`"),
            ("coalesce_ms = 99", "may be 0 to 50"),
            ("[[feeds]]\nkind = \"reuters\"", "unknown variant `reuters`"),
            ("[[feeds]]\nkind = \"finnhub\"", "has no key"),
            ("[[feeds]]\nkind = \"sim\"\n[[feeds]]\nkind = \"sim\"", "two feeds are called \"sim\""),
            ("listen = ", "line 1"),
            ("proxies = [\"10.0.0.0/99\"]", "no network"),
            ("notify_networks = [\"localhost\"]", "notify_networks: \"localhost\" is no address"),
            ("smtp = \"smtp://mail.example.com\"", "smtp needs smtp_from"),
            ("smtp = \"mail.example.com\"\nsmtp_from = \"a@example.com\"", "smtp: "),
            ("public_url = \"bell.example.com\"", "must be like https://bell.example.com"),
            ("oidc_client_id = \"us\"", "oidc_client_id is set without oidc_issuer"),
            ("oidc_issuer = \"https://login.example.com\"", "oidc_issuer needs oidc_client_id"),
            ("oidc_issuer = \"login.example.com\"\noidc_client_id = \"us\"", "must be like https://login"),
            ("push_contact = \"ada@example.com\"", "must begin with mailto:"),
        ];
        for (text, told) in cases {
            let message = with_file(text, ServeFlags::default()).unwrap_err();
            assert!(message.contains(told) && !message.contains('\n'), "{text}: {message}");
        }
    }

    #[test]
    fn keys_stay_out_of_logs() {
        let config =
            with_file("[[feeds]]\nkind = \"finnhub\"\nkey = \"geheim\"", ServeFlags::default()).unwrap();
        assert!(!format!("{config:?}").contains("geheim"));
    }
}
