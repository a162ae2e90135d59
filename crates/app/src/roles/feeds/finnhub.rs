//! Finnhub, or a look-alike of it.

use std::sync::Arc;
use std::time::Duration;

use ::feeds::ErrorKind;
use ::feeds::adapter::{Adapter, Secret};
use ::feeds::finnhub::rest::desk::{self, Cards, fetch_quotes};
use ::feeds::finnhub::rest::{Rest, with_extra};
use ::feeds::finnhub::{Finnhub, Settings};
use ::feeds::supervisor::{self, Supervisor, initial_status};
use bus::Refusal;
use market::calendar::{Session, new_york_date, session_at};
use market::feed::Timeliness;
use market::{Bar, Card, HistoryRequest, Hours, Instrument, Kind, Symbol, SymbolId, Universe};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Desk, Later, Links, Started};
use crate::config::{FinnhubConfig, HoursName};
use crate::roles::clock;
use crate::{Failure, usage};

/// The list of instruments is asked for again so often.
const LIST_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// After a failure, so soon at first.
const LIST_RETRY: Duration = Duration::from_secs(5);

struct FinnhubDesk {
    cards: Arc<Cards>,
}

impl Desk for FinnhubDesk {
    fn card(&self, id: SymbolId, universe: &Universe) -> Later<Card> {
        let (cards, symbol) = (Arc::clone(&self.cards), universe.symbol(id));
        Box::pin(async move {
            let symbol = symbol.ok_or(Refusal::NotAvailable)?;
            let card = cards.get(symbol).await.map_err(|error| match error.kind() {
                ErrorKind::Limit => Refusal::Busy { retry_after: Duration::from_secs(60) },
                ErrorKind::Plan => Refusal::NotAvailable,
                _ => Refusal::Failed(error.chain()),
            })?;
            Ok(Card {
                symbol,
                week_52_high: card.week_52_high,
                week_52_low: card.week_52_low,
                market_cap: card.market_cap.map(|whole| {
                    market::Volume::from_units(i128::from(whole) * i128::from(market::decimal::SCALE))
                }),
                pe_ratio: card.pe_ratio.map(|ratio| market::Price::from_units(ratio.units())),
                shares_outstanding: card.shares_outstanding,
                as_of: card.as_of,
                source: "finnhub".into(),
            })
        })
    }

    /// Candles are for paying plans; see `providers.md`.
    fn history(&self, _: SymbolId, _: HistoryRequest) -> Later<Vec<Bar>> {
        Box::pin(async { Err(Refusal::NotAvailable) })
    }
}

/// Starts the stream, the quotes and the list of instruments.
pub(super) fn start(
    config: &FinnhubConfig,
    links: Links,
    tasks: &mut JoinSet<()>,
) -> Result<Started, Failure> {
    let defaults = Settings::default();
    let settings = Settings {
        key: Secret::new(config.key.clone().unwrap_or_default()),
        stream_url: config.stream.clone().unwrap_or(defaults.stream_url),
        rest_url: config.rest.clone().unwrap_or(defaults.rest_url),
        symbol_limit: config.symbol_limit.unwrap_or(defaults.symbol_limit),
        calls_per_minute: config.calls_per_minute.unwrap_or(defaults.calls_per_minute),
        calls_per_second: defaults.calls_per_second,
        timeliness: if config.simulated { Timeliness::Simulated } else { Timeliness::Live },
    };
    let adapter = Finnhub::new(settings.clone());
    let limit = adapter.about().limits.symbols;
    let (status, told) = watch::channel(initial_status(&links.name, adapter.about()));
    let rest = Rest::new(settings, clock(), links.metrics.clone())
        .map_err(|error| usage(format!("feed {:?}: {}", links.name, error.chain())))?;
    let rest = Arc::new(rest);
    let stopped = |stop: &watch::Receiver<bool>| {
        let mut stop = stop.clone();
        async move { drop(stop.wait_for(|stop| *stop).await) }
    };
    let streaming = supervisor::Links {
        demand: links.demand.clone(),
        universe: links.universe.clone(),
        events: links.events.clone(),
        status,
    };
    let is_open: supervisor::IsOpen = Arc::new(|hours, time| session_at(time, hours) == Session::Regular);
    let stream = Supervisor::new(adapter, connection(config), streaming, clock(), is_open, links.metrics);
    tasks.spawn(stream.run(stopped(&links.stop)));
    let quoting = desk::Links { demand: links.demand, universe: links.universe, events: links.events };
    let day_of = |time| new_york_date(time).days();
    tasks.spawn(fetch_quotes(Arc::clone(&rest), quoting, clock(), day_of, stopped(&links.stop)));
    let hours = config.hours.unwrap_or(if config.simulated { HoursName::Open } else { HoursName::Us });
    tasks.spawn(keep_list(Arc::clone(&rest), links.name, hours, links.listing, links.stop));
    let cards = Arc::new(Cards::new(rest, clock()));
    Ok(Started { status: told, desk: Arc::new(FinnhubDesk { cards }), limit })
}

/// How its connection is kept up.
fn connection(config: &FinnhubConfig) -> supervisor::Settings {
    let mut settings = supervisor::Settings::default();
    if let Some(seconds) = config.quiet_seconds {
        settings.silence.quiet_max = Duration::from_secs(seconds.max(1));
    }
    if let Some(milliseconds) = config.reconnect_max_ms {
        settings.backoff.max = Duration::from_millis(milliseconds.max(1));
        settings.backoff.first = settings.backoff.first.min(settings.backoff.max);
    }
    settings
}

/// Pairs that trade at night and at weekends; Finnhub's list of US instruments has none.
const PAIRS: [(&str, &str); 6] = [
    ("BINANCE:BTCUSDT", "Bitcoin / Tether"),
    ("BINANCE:ETHUSDT", "Ethereum / Tether"),
    ("BINANCE:SOLUSDT", "Solana / Tether"),
    ("BINANCE:XRPUSDT", "XRP / Tether"),
    ("BINANCE:DOGEUSDT", "Dogecoin / Tether"),
    ("COINBASE:BTC-USD", "Bitcoin / US Dollar"),
];

fn pairs() -> impl Iterator<Item = Instrument> {
    PAIRS.iter().filter_map(|(symbol, name)| {
        Some(Instrument {
            symbol: Symbol::new(symbol).ok()?,
            name: (*name).into(),
            exchange: symbol.split(':').next()?.into(),
            kind: Kind::Crypto,
            currency: if symbol.ends_with("USDT") { "USDT" } else { "USD" }.into(),
            sector: None,
            industry: None,
            hours: Hours::Always,
            activity: 0,
        })
    })
}

/// Asks for the list of instruments at the start and once a day.
async fn keep_list(
    rest: Arc<Rest>,
    name: String,
    hours: HoursName,
    listing: watch::Sender<Option<Arc<Vec<Instrument>>>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut retry = LIST_RETRY;
    loop {
        let asked = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            asked = rest.symbols("US") => asked,
        };
        let wait = match asked {
            Ok(list) => {
                let mut list = with_extra(list, pairs());
                if hours == HoursName::Open {
                    list.iter_mut().for_each(|instrument| instrument.hours = Hours::Always);
                }
                tracing::info!(feed = name, instruments = list.len(), "the provider's list is here");
                listing.send_replace(Some(Arc::new(list)));
                retry = LIST_RETRY;
                LIST_EVERY
            }
            Err(error) if error.kind() == ErrorKind::Key => {
                tracing::error!(feed = name, error = error.chain(), "the list of instruments is refused");
                return;
            }
            Err(error) => {
                tracing::warn!(feed = name, error = error.chain(), "no list of instruments yet");
                retry = (retry * 2).min(Duration::from_secs(600));
                retry
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}
