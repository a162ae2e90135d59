//! Prices of the legacy quote server.

use std::sync::Arc;

use desk::{Asked, Prices};
use feeds::legacy_quotes::{Address, LegacyQuote, QuoteMetrics, QuoteServer, Settings};
use ledger::{Millis, Quote, Refusal, Source, UserName};
use market::Symbol;
use prometheus_client::registry::Registry;

use crate::roles::clock;

/// In whose name prices are fetched that nobody asked for.
const NOBODY: &str = "bellwether";

/// The quote server, with its cache.
pub(super) struct LegacyPrices {
    server: QuoteServer,
    source: Source,
}

impl LegacyPrices {
    pub(super) fn new(address: Address, registry: &mut Registry) -> Self {
        let metrics = QuoteMetrics::register(registry);
        let source = Source::new("legacy").unwrap_or(Source::TAPE);
        Self { server: QuoteServer::new(address, Settings::default(), clock(), metrics), source }
    }
}

fn quote(source: Source, legacy: &LegacyQuote) -> Quote {
    Quote {
        price: legacy.price,
        source,
        provider_time: Millis(legacy.server_time_ms),
        arrived: Millis::from(legacy.arrived_at),
        fresh: legacy.fresh,
        answer: legacy.fresh.then(|| Arc::clone(&legacy.line)),
    }
}

impl Prices for LegacyPrices {
    fn price(&self, symbol: &Symbol, user: &UserName) -> Asked {
        if !feeds::legacy_quotes::supports(symbol) {
            return Asked::Refused(Refusal::UnknownSymbol);
        }
        if let Some(legacy) = self.server.peek(symbol, clock()()) {
            return Asked::Now(quote(self.source, &legacy));
        }
        let (server, source, symbol) = (self.server.clone(), self.source, *symbol);
        let user = if user.as_str().is_empty() { NOBODY.to_owned() } else { user.to_string() };
        Asked::Later(Box::pin(async move {
            match server.quote(&symbol, &user).await {
                Ok(legacy) => Ok(quote(source, &legacy)),
                Err(error) => {
                    tracing::debug!(%symbol, %error, "the quote server gave no price");
                    Err(Refusal::NoPrice)
                }
            }
        }))
    }

    fn is_polled(&self) -> bool {
        true
    }
}
