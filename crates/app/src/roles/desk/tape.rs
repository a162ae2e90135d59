//! Prices of the live tape.

use std::sync::Arc;
use std::time::Duration;

use desk::{Asked, Desk, Prices};
use ledger::{Millis, Quote, Refusal, Source, UserName};
use market::{Symbol, SymbolId};
use server::live::{Live, Moved, PriceWatch, Priced};

/// How long a price is waited for that nobody has watched so far.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is looked for meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// A symbol that was traded counts as watched for so long, so that its next price is at hand.
const LEASE: Duration = Duration::from_secs(120);

/// The last price of the tape, if it is young enough.
pub(super) struct TapePrices {
    live: Arc<Live>,
    age_max: Duration,
}

impl TapePrices {
    pub(super) fn new(live: Arc<Live>, age_max: Duration) -> Self {
        Self { live, age_max }
    }
}

/// The price of a symbol, if there is one that is young enough; else why not.
fn look(live: &Live, id: SymbolId, age_max: Duration) -> Result<Quote, Refusal> {
    let priced = live.priced(id).ok_or(Refusal::NoPrice)?;
    let age = live.now().nanos().saturating_sub(priced.time.nanos());
    if u128::try_from(age).is_ok_and(|age| age > age_max.as_nanos()) {
        return Err(Refusal::StalePrice);
    }
    Ok(quote(&priced))
}

fn quote(priced: &Priced) -> Quote {
    // A feed's name may be longer than the journal takes.
    let short: String = priced.source.chars().filter(char::is_ascii_graphic).take(15).collect();
    Quote {
        price: priced.price,
        source: Source::new(&short).unwrap_or(Source::TAPE),
        provider_time: Millis::from(priced.time),
        arrived: Millis::from(priced.arrived),
        fresh: false,
        answer: None,
    }
}

impl Prices for TapePrices {
    fn price(&self, symbol: &Symbol, _: &UserName) -> Asked {
        let Some(id) = self.live.resolve(symbol) else { return Asked::Refused(Refusal::UnknownSymbol) };
        match look(&self.live, id, self.age_max) {
            Ok(quote) => Asked::Now(quote),
            // Nobody may have watched it: now somebody does.
            Err(_) => {
                let (live, age_max) = (Arc::clone(&self.live), self.age_max);
                let nanos = i64::try_from(LEASE.as_nanos()).unwrap_or(i64::MAX);
                live.viewers.lease(&[id], live.now().saturating_add_nanos(nanos));
                Asked::Later(Box::pin(async move {
                    let until = tokio::time::Instant::now() + PATIENCE;
                    loop {
                        tokio::time::sleep(LOOK_EVERY).await;
                        match look(&live, id, age_max) {
                            Ok(quote) => return Ok(quote),
                            Err(refusal) if tokio::time::Instant::now() >= until => return Err(refusal),
                            Err(_) => {}
                        }
                    }
                }))
            }
        }
    }
}

/// Brings every price of the tape to the triggers that wait for it.
pub(super) struct Triggers {
    pub(super) desk: Arc<Desk>,
    /// An older price fires nothing.
    pub(super) age_max: Duration,
}

/// Watches the symbols for which triggers wait, so that their prices come though nobody looks at them.
pub(super) async fn watch_armed(desk: Arc<Desk>, live: Arc<Live>) {
    let mut ticks = tokio::time::interval(LEASE / 4);
    loop {
        ticks.tick().await;
        let ids: Vec<SymbolId> =
            desk.armed_symbols().iter().filter_map(|symbol| live.resolve(symbol)).collect();
        let nanos = i64::try_from(LEASE.as_nanos()).unwrap_or(i64::MAX);
        live.viewers.lease(&ids, live.now().saturating_add_nanos(nanos));
    }
}

impl PriceWatch for Triggers {
    fn is_idle(&self) -> bool {
        self.desk.is_idle()
    }

    fn moved(&self, prices: &[Moved]) {
        let is_young = |moved: &&Moved| {
            let age = moved.priced.arrived.nanos().saturating_sub(moved.priced.time.nanos());
            u128::try_from(age).map_or(true, |age| age <= self.age_max.as_nanos())
        };
        let wanted = prices.iter().filter(is_young);
        let wanted = wanted.filter(|moved| self.desk.wants(&moved.symbol, moved.priced.price));
        let wanted: Vec<(Symbol, Quote)> = wanted.map(|moved| (moved.symbol, quote(&moved.priced))).collect();
        if !wanted.is_empty() {
            self.desk.prices_moved(&wanted);
        }
    }
}
