//! Finnhub over REST: the symbol list, quotes, and the card's figures, within the plan's budget.
//!
//! The budget is one for all callers. A call for a person who waits may use all of it; calls
//! made ahead of need leave a reserve.

mod body;
/// Quotes ahead of need, cards on demand.
pub mod desk;
#[cfg(test)]
mod tests;

use std::time::Duration;

use market::event::Reference;
use market::{Instrument, Symbol, SymbolId, Timestamp};

use super::Settings;
use super::card::Card;
use crate::budget::Budget;
pub use crate::http::Urgency;
use crate::http::{About, Call, Caller, KeyPlace};
use crate::metrics::FeedMetrics;
use crate::news::Calls;
use crate::{Clock, ErrorKind, FeedError, SymbolMap};
pub use body::{read_quote, read_symbols};

/// The longest answer taken: the symbol list has some ten million bytes.
const BODY_BYTES_MAX: usize = 64 << 20;
/// For one figure's answer.
const SMALL_BODY_BYTES_MAX: usize = 4 << 20;
/// For an answer to begin and to end.
const CALL_WAIT: Duration = Duration::from_secs(30);
const LIST_WAIT: Duration = Duration::from_secs(180);
/// The REST client; shared by reference.
#[derive(Debug)]
pub struct Rest {
    caller: Caller,
}

impl Rest {
    /// A client with these settings. Makes no call.
    ///
    /// # Errors
    /// The address cannot be used, or no key is set.
    pub fn new(settings: Settings, clock: Clock, metrics: FeedMetrics) -> Result<Self, FeedError> {
        let budget = Budget::new(settings.calls_per_minute, settings.calls_per_second);
        let about = About {
            name: "finnhub",
            url: settings.rest_url,
            key: settings.key,
            key_place: KeyPlace::Header("x-finnhub-token"),
            reserve: settings.calls_per_minute / 4,
            tells_budget: true,
        };
        Ok(Self { caller: Caller::new(about, budget, clock, metrics)? })
    }

    /// How many calls were made, for whatever, and how many the minute has left.
    pub fn calls(&self) -> Calls {
        self.caller.calls()
    }

    /// All instruments of an exchange; `US` is the one of the free plan. Their hours are the US
    /// equity calendar's. Rows that cannot be read are left out.
    ///
    /// # Errors
    /// As every call: [`ErrorKind::Key`], [`ErrorKind::Plan`], [`ErrorKind::Limit`], network, garbage.
    pub async fn symbols(&self, exchange: &str) -> Result<Vec<Instrument>, FeedError> {
        let query = [("exchange", exchange)];
        let body = self.get("stock/symbol", &query, Urgency::Asked, (LIST_WAIT, BODY_BYTES_MAX)).await?;
        let (instruments, skipped) = read_symbols(&body).map_err(|e| self.garbage("the symbol list", e))?;
        if skipped > 0 {
            tracing::info!(skipped, kept = instruments.len(), "symbols of the provider's list left out");
        }
        Ok(instruments)
    }

    /// A symbol's day so far; `None` for one the provider does not know.
    ///
    /// # Errors
    /// As [`Self::symbols`].
    pub async fn quote(
        &self,
        id: SymbolId,
        symbol: Symbol,
        urgency: Urgency,
    ) -> Result<Option<Reference>, FeedError> {
        let body = self.get("quote", &[("symbol", symbol.as_str())], urgency, SMALL).await?;
        read_quote(&body, id, self.caller.now()).map_err(|e| self.garbage("a quote", e))
    }

    /// A company's figures: two calls. What the plan does not include is left empty.
    ///
    /// # Errors
    /// As [`Self::symbols`], except that a plan without one of the two is no error.
    pub async fn card(&self, symbol: Symbol) -> Result<Card, FeedError> {
        let mut card = Card { as_of: self.caller.now(), ..Card::default() };
        let query = [("symbol", symbol.as_str()), ("metric", "all")];
        match self.get("stock/profile2", &query[..1], Urgency::Asked, SMALL).await {
            Ok(body) => card.read_profile(&body).map_err(|e| self.garbage("a profile", e))?,
            Err(error) if error.kind() == ErrorKind::Plan => {}
            Err(error) => return Err(error),
        }
        match self.get("stock/metric", &query, Urgency::Asked, SMALL).await {
            Ok(body) => card.read_metric(&body).map_err(|e| self.garbage("basic financials", e))?,
            Err(error) if error.kind() == ErrorKind::Plan => {}
            Err(error) => return Err(error),
        }
        Ok(card)
    }

    /// The time by our clock.
    pub(super) fn now(&self) -> Timestamp {
        self.caller.now()
    }

    /// An answer that cannot be read.
    pub(super) fn garbage(&self, what: &str, error: serde_json::Error) -> FeedError {
        self.caller.garbage(what, error)
    }

    pub(super) async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        urgency: Urgency,
        (wait, bytes_max): (Duration, usize),
    ) -> Result<Vec<u8>, FeedError> {
        self.caller.get(Call { path, query, urgency, wait, bytes_max }).await
    }
}

/// What is allowed for the answer of one figure.
pub(super) const SMALL: (Duration, usize) = (CALL_WAIT, SMALL_BODY_BYTES_MAX);

/// Instruments that no list names, such as crypto pairs, beside those of a list that does.
pub fn with_extra(mut list: Vec<Instrument>, extra: impl IntoIterator<Item = Instrument>) -> Vec<Instrument> {
    let mut known = SymbolMap::default();
    for (at, instrument) in list.iter().enumerate() {
        known.insert(&instrument.symbol, SymbolId(u32::try_from(at).unwrap_or(u32::MAX)));
    }
    list.extend(extra.into_iter().filter(|i| known.get(i.symbol.as_bytes()).is_none()));
    list
}
