//! Providers of news, each from its settings.

use std::sync::Arc;
use std::time::Duration;

use ::feeds::adapter::Secret;
use ::feeds::finnhub::news::FinnhubNews;
use ::feeds::finnhub::{self, rest::Rest};
use ::feeds::guardian::{self, Guardian};
use ::feeds::news::Provider;
use ::feeds::{FeedMetrics, Metrics};
use server::news::StreamQuery;

use super::Named;
use crate::config::{FinnhubNewsConfig, GuardianConfig, NewsConfig};
use crate::roles::{House, clock};
use crate::{Failure, usage};

/// Calls a minute that news of Finnhub take of the plan's 60, which its prices and cards need too.
const FINNHUB_CALLS: u32 = 15;
/// Finnhub's streams are asked so often: a company is a call.
const FINNHUB_PACE: Duration = Duration::from_secs(60);

/// Makes a provider. Asks nothing of it yet.
pub(super) async fn start(config: &NewsConfig, house: &House, metrics: &Metrics) -> Result<Named, Failure> {
    let name = config.name().to_owned();
    let counts = metrics.feed(&name);
    let (source, provider, defaults): (_, Arc<dyn Provider>, _) = match config {
        NewsConfig::Sim(config) => {
            let news = super::sim::start(config, house).await?;
            (::sim::feed::NAME, Arc::new(news), vec![("All simulated news", StreamQuery::default())])
        }
        NewsConfig::Guardian(config) => {
            let business = StreamQuery { sections: vec!["business".into()], ..StreamQuery::default() };
            ("guardian", Arc::new(guardian(&name, config, counts)?), vec![("Business", business)])
        }
        NewsConfig::Finnhub(config) => {
            let general = StreamQuery { sections: vec!["general".into()], ..StreamQuery::default() };
            let watched = StreamQuery { follows_viewers: true, ..StreamQuery::default() };
            let defaults = vec![("Market news", general), ("Watched companies", watched)];
            ("finnhub", Arc::new(finnhub(&name, config, counts)?), defaults)
        }
    };
    Ok(Named { name, source, provider, defaults })
}

fn guardian(name: &str, config: &GuardianConfig, counts: FeedMetrics) -> Result<Guardian, Failure> {
    let defaults = guardian::Settings::default();
    let settings = guardian::Settings {
        key: Secret::new(config.key.clone().unwrap_or_default()),
        url: config.url.clone().unwrap_or(defaults.url),
        calls_per_day: config.calls_per_day.unwrap_or(defaults.calls_per_day),
        calls_per_second: defaults.calls_per_second,
        pace: config.every.map_or(defaults.pace, |seconds| Duration::from_secs(seconds.max(1))),
    };
    Guardian::new(settings, clock(), counts)
        .map_err(|error| usage(format!("news {name:?}: {}", error.chain())))
}

fn finnhub(name: &str, config: &FinnhubNewsConfig, counts: FeedMetrics) -> Result<FinnhubNews, Failure> {
    let defaults = finnhub::Settings::default();
    let settings = finnhub::Settings {
        key: Secret::new(config.key.clone().unwrap_or_default()),
        rest_url: config.rest.clone().unwrap_or_else(|| defaults.rest_url.clone()),
        calls_per_minute: config.calls_per_minute.unwrap_or(FINNHUB_CALLS),
        ..defaults
    };
    let rest = Rest::new(settings, clock(), counts)
        .map_err(|error| usage(format!("news {name:?}: {}", error.chain())))?;
    let pace = config.every.map_or(FINNHUB_PACE, |seconds| Duration::from_secs(seconds.max(1)));
    Ok(FinnhubNews::new(Arc::new(rest), pace))
}
