//! The simulated market, in process.

use std::sync::{Arc, OnceLock};

use ::sim::feed::Ids;
use ::sim::market::{HoursMode, Market, MarketConfig};
use bus::Refusal;
use market::decimal::{SCALE, Volume};
use market::feed::Timeliness;
use market::{Bar, Card, FeedState, FeedStatus, HistoryRequest, SymbolId, Universe};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Desk, Later, Links, Started};
use crate::config::{HoursName, SIM_RATE, SimConfig};
use crate::roles::clock;
use crate::{Failure, usage};

struct SimDesk {
    market: Arc<Market>,
    universe: watch::Receiver<Arc<Universe>>,
}

impl SimDesk {
    fn index(&self, id: SymbolId) -> Option<u32> {
        let symbol = self.universe.borrow().symbol(id)?;
        self.market.universe().index(&symbol)
    }
}

impl Desk for SimDesk {
    fn card(&self, id: SymbolId, universe: &Universe) -> Later<Card> {
        let found = universe.symbol(id).and_then(|symbol| {
            let now = clock()();
            let figures = self.market.card(self.market.universe().index(&symbol)?, now)?;
            Some(Card {
                symbol,
                week_52_high: Some(figures.week_52_high.0),
                week_52_low: Some(figures.week_52_low.0),
                market_cap: figures.market_cap_dollars.map(whole),
                pe_ratio: figures.pe_ratio,
                shares_outstanding: figures.shares_outstanding.map(whole),
                as_of: now,
                source: ::sim::feed::NAME.into(),
            })
        });
        Box::pin(async move { found.ok_or(Refusal::NotAvailable) })
    }

    fn history(&self, id: SymbolId, request: HistoryRequest) -> Later<Vec<Bar>> {
        let (market, index) = (Arc::clone(&self.market), self.index(id));
        Box::pin(async move {
            let index = index.ok_or(Refusal::NotAvailable)?;
            let HistoryRequest { interval, from, to, .. } = request;
            // A long span takes milliseconds of arithmetic.
            let bars = tokio::task::spawn_blocking(move || market.bars(index, interval, from, to)).await;
            bars.map_err(|error| Refusal::Failed(error.to_string()))
        })
    }
}

fn whole(count: u64) -> Volume {
    Volume::from_units(i128::from(count) * i128::from(SCALE))
}

/// Makes the market and starts the feed.
pub(super) async fn start(
    config: &SimConfig,
    links: Links,
    tasks: &mut JoinSet<()>,
    simulated: &OnceLock<Arc<Market>>,
) -> Result<Started, Failure> {
    let market = make(config).await?;
    // The first one has the news.
    let _ = simulated.set(Arc::clone(&market));
    let is_open = market.config().hours == HoursMode::Open;
    let list = market.universe().instruments(is_open).collect();
    links.listing.send_replace(Some(Arc::new(list)));
    let (status, told) = watch::channel(initial_status(&links.name));
    let desk = Arc::new(SimDesk { market: Arc::clone(&market), universe: links.universe.clone() });
    tasks.spawn(run(market, links, status));
    Ok(Started { status: told, desk, limit: None })
}

/// Makes the market, which takes a while.
pub(in crate::roles) async fn make(config: &SimConfig) -> Result<Arc<Market>, Failure> {
    let rate = config.rate.unwrap_or(SIM_RATE);
    if rate == 0 || rate > ::sim::market::RATE_MAX {
        return Err(usage(format!("rate = {rate} cannot be; it may be 1 to {}", ::sim::market::RATE_MAX)));
    }
    let hours = match config.hours {
        Some(HoursName::Us) => HoursMode::Us,
        Some(HoursName::Open) | None => HoursMode::Open,
    };
    let settings = MarketConfig { seed: config.seed.unwrap_or(1), rate, hours, ..MarketConfig::default() };
    let market = tokio::task::spawn_blocking(move || Market::new(settings));
    Ok(Arc::new(market.await.map_err(|error| Failure::Failed(error.into()))?))
}

fn initial_status(name: &str) -> FeedStatus {
    FeedStatus {
        name: name.to_owned(),
        source: ::sim::feed::NAME.into(),
        state: FeedState::Connecting,
        timeliness: Timeliness::Simulated,
        detail: None,
        subscribed: Vec::new(),
        waiting: Vec::new(),
        symbol_limit: None,
        last_event: None,
        delay_ms: None,
        reconnects: 0,
    }
}

/// The feed takes a plain list of symbols and knows its instruments from the start, so it begins once
/// the universe has them.
async fn run(market: Arc<Market>, mut links: Links, status: watch::Sender<FeedStatus>) {
    let mut stop = links.stop.clone();
    let listed = market.universe().listings().first().map(|l| l.symbol);
    let universe = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => return,
        known = links.universe.wait_for(|u| listed.is_none_or(|symbol| u.id(&symbol).is_some())) => match known {
            Ok(universe) => Arc::clone(&universe),
            Err(_) => return,
        },
    };
    let ids = Arc::new(Ids::from_universe(&market, &universe));
    let (interest, wanted) = watch::channel(Arc::new(Vec::new()));
    let now = clock();
    let feed = ::sim::feed::run(market, ids, wanted, links.events, status, move || now());
    tokio::pin!(feed);
    loop {
        let wanted = Arc::new(links.demand.borrow_and_update().stream.clone());
        interest.send_replace(wanted);
        tokio::select! {
            () = &mut feed => return,
            _ = stop.wait_for(|stop| *stop) => return,
            changed = links.demand.changed() => if changed.is_err() { return },
        }
    }
}
