//! Where articles come from.

use std::path::PathBuf;

use serde::Deserialize;

use super::{FeedConfig, FinnhubConfig, SimConfig, usage};
use crate::Failure;

/// One `[[news]]` of the settings file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum NewsConfig {
    /// The simulated market's, in process.
    Sim(SimNewsConfig),
    /// The Guardian, or a look-alike of it.
    Guardian(GuardianConfig),
    /// Finnhub, or a look-alike of it.
    Finnhub(FinnhubNewsConfig),
}

/// News of a simulated market.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SimNewsConfig {
    pub(crate) name: Option<String>,
    /// The market of the feed of this process, or the default one.
    #[serde(skip)]
    pub(crate) market: SimConfig,
}

/// The Guardian.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GuardianConfig {
    pub(crate) name: Option<String>,
    /// The key; or in a file of its own, or in `BELLWETHER_GUARDIAN_KEY`.
    pub(crate) key: Option<String>,
    pub(crate) key_file: Option<PathBuf>,
    /// Address of the interface.
    pub(crate) url: Option<String>,
    pub(crate) calls_per_day: Option<u32>,
    /// Seconds between two looks at a stream; longer where the day's calls would not last.
    pub(crate) every: Option<u64>,
}

/// Finnhub's news.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FinnhubNewsConfig {
    pub(crate) name: Option<String>,
    /// The key; or in a file of its own, or in `BELLWETHER_FINNHUB_KEY`, or that of the feed.
    pub(crate) key: Option<String>,
    pub(crate) key_file: Option<PathBuf>,
    /// Address of the REST interface; that of the feed without it.
    pub(crate) rest: Option<String>,
    /// Calls a minute, of those that the feed uses too.
    pub(crate) calls_per_minute: Option<u32>,
    /// Seconds between two looks at a stream.
    pub(crate) every: Option<u64>,
}

/// Without keys.
macro_rules! hide {
    ($type:ident { $($member:ident),+ }) => {
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($type));
                $(shown.field(stringify!($member), &self.$member);)+
                shown.finish_non_exhaustive()
            }
        }
    };
}

hide!(GuardianConfig { name, url });
hide!(FinnhubNewsConfig { name, rest });

impl NewsConfig {
    /// What the provider is called.
    pub(crate) fn name(&self) -> &str {
        let (given, kind) = match self {
            Self::Sim(c) => (&c.name, "sim-news"),
            Self::Guardian(c) => (&c.name, "guardian"),
            Self::Finnhub(c) => (&c.name, "finnhub-news"),
        };
        given.as_deref().unwrap_or(kind)
    }
}

/// Fills in what flags, variables and feeds say of news. Where nothing is said, each feed that has news brings them, and The
/// Guardian does where its key is given.
pub(super) fn complete(
    news: &mut Vec<NewsConfig>,
    feeds: &[FeedConfig],
    finnhub_key: Option<&String>,
    guardian_key: Option<&String>,
) -> Result<(), Failure> {
    if news.is_empty() {
        news.extend(feeds.iter().filter_map(of_feed));
        if guardian_key.is_some() {
            news.push(NewsConfig::Guardian(GuardianConfig::default()));
        }
    }
    for one in news.iter_mut() {
        let name = one.name().to_owned();
        match one {
            NewsConfig::Sim(sim) => {
                sim.market = feeds.iter().find_map(simulated).unwrap_or_default();
            }
            NewsConfig::Guardian(guardian) => {
                let file = guardian.key_file.as_ref();
                guardian.key =
                    key_of(&name, guardian_key, guardian.key.take(), file, "BELLWETHER_GUARDIAN_KEY")?;
            }
            NewsConfig::Finnhub(finnhub) => {
                let feed = feeds.iter().find_map(finnhub_feed);
                let given = finnhub.key.take().or_else(|| feed.and_then(|feed| feed.key.clone()));
                let file = finnhub.key_file.as_ref();
                finnhub.key = key_of(&name, finnhub_key, given, file, "BELLWETHER_FINNHUB_KEY")?;
                finnhub.rest = finnhub.rest.take().or_else(|| feed.and_then(|feed| feed.rest.clone()));
            }
        }
    }
    let mut names: Vec<&str> =
        feeds.iter().map(FeedConfig::name).chain(news.iter().map(NewsConfig::name)).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => {
            Err(usage(format!("two providers are called {:?}; give one of them another name", twice[0])))
        }
        None => Ok(()),
    }
}

fn key_of(
    name: &str,
    variable: Option<&String>,
    given: Option<String>,
    file: Option<&PathBuf>,
    variable_name: &str,
) -> Result<Option<String>, Failure> {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path);
        text.map_err(|e| usage(format!("cannot read key_file {}: {e}", path.display())))
    };
    let of_file = file.map(read).transpose()?.map(|text| text.trim().to_owned());
    let key = variable.cloned().or(of_file).or(given).filter(|key| !key.is_empty());
    match key {
        Some(key) => Ok(Some(key)),
        None => Err(usage(format!(
            "news {name:?} has no key; give it as key in the settings file or as {variable_name}"
        ))),
    }
}

fn of_feed(feed: &FeedConfig) -> Option<NewsConfig> {
    match feed {
        FeedConfig::Sim(_) => Some(NewsConfig::Sim(SimNewsConfig::default())),
        FeedConfig::Finnhub(_) => Some(NewsConfig::Finnhub(FinnhubNewsConfig::default())),
        FeedConfig::Replay(_) => None,
    }
}

fn simulated(feed: &FeedConfig) -> Option<SimConfig> {
    match feed {
        FeedConfig::Sim(sim) => Some(sim.clone()),
        _ => None,
    }
}

fn finnhub_feed(feed: &FeedConfig) -> Option<&FinnhubConfig> {
    match feed {
        FeedConfig::Finnhub(finnhub) => Some(finnhub),
        _ => None,
    }
}
