//! Finnhub over REST: the symbol list, quotes, and the card's figures, within the plan's budget.
//!
//! The budget is one for all callers. A call for a person who waits may use all of it; calls
//! made ahead of need leave a reserve.

mod body;
/// Quotes ahead of need, cards on demand.
pub mod desk;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use market::event::Reference;
use market::{Instrument, Symbol, SymbolId};
use reqwest::{Client, Response, Url};

use super::Settings;
use super::card::Card;
use crate::budget::Budget;
use crate::metrics::FeedMetrics;
use crate::supervisor::{retry_after, tls};
use crate::{Clock, ErrorKind, FeedError, Retry, SymbolMap};
pub use body::{read_quote, read_symbols};

/// The longest answer taken: the symbol list has some ten million bytes.
const BODY_BYTES_MAX: usize = 64 << 20;
/// For one figure's answer.
const SMALL_BODY_BYTES_MAX: usize = 4 << 20;
/// For an answer to begin and to end.
const CALL_WAIT: Duration = Duration::from_secs(30);
const LIST_WAIT: Duration = Duration::from_secs(180);
/// Nobody waits longer for a place in the budget.
const BUDGET_WAIT_MAX: Duration = Duration::from_secs(90);

/// How urgent a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Someone waits for it.
    Asked,
    /// It is made ahead of need, and leaves a quarter of the budget.
    Ahead,
}

/// The REST client; shared by reference.
pub struct Rest {
    client: Client,
    base: Url,
    settings: Settings,
    clock: Clock,
    metrics: FeedMetrics,
    // Held for a few lines at a time, never across an await.
    budget: Mutex<Budget>,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Rest {
    /// A client with these settings. Makes no call.
    ///
    /// # Errors
    /// The address cannot be used, or no key is set.
    pub fn new(settings: Settings, clock: Clock, metrics: FeedMetrics) -> Result<Self, FeedError> {
        let bad = || {
            FeedError::new(ErrorKind::Settings, format!("cannot use the address \"{}\"", settings.rest_url))
        };
        // Joining paths drops what follows the last slash of the base.
        let base = Url::parse(&format!("{}/", settings.rest_url.trim_end_matches('/')))
            .map_err(|e| bad().caused_by(e))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad());
        }
        if settings.key.is_empty() {
            return Err(FeedError::new(ErrorKind::Key, "no finnhub key is set"));
        }
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .user_agent(concat!("bellwether/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            // A key must not follow a redirect to another host.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| FeedError::new(ErrorKind::Settings, "setting up the REST client").caused_by(e))?;
        let budget = Mutex::new(Budget::new(settings.calls_per_minute, settings.calls_per_second));
        Ok(Self { client, base, settings, clock, metrics, budget })
    }

    /// All instruments of an exchange; `US` is the one of the free plan. Their hours are the US
    /// equity calendar's. Rows that cannot be read are left out.
    ///
    /// # Errors
    /// As every call: [`ErrorKind::Key`], [`ErrorKind::Plan`], [`ErrorKind::Limit`], network, garbage.
    pub async fn symbols(&self, exchange: &str) -> Result<Vec<Instrument>, FeedError> {
        let query = [("exchange", exchange)];
        let body = self.get("stock/symbol", &query, Urgency::Asked, (LIST_WAIT, BODY_BYTES_MAX)).await?;
        let (instruments, skipped) = read_symbols(&body).map_err(|e| garbage("the symbol list", e))?;
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
        read_quote(&body, id, (self.clock)()).map_err(|e| garbage("a quote", e))
    }

    /// A company's figures: two calls. What the plan does not include is left empty.
    ///
    /// # Errors
    /// As [`Self::symbols`], except that a plan without one of the two is no error.
    pub async fn card(&self, symbol: Symbol) -> Result<Card, FeedError> {
        let mut card = Card { as_of: (self.clock)(), ..Card::default() };
        let query = [("symbol", symbol.as_str()), ("metric", "all")];
        match self.get("stock/profile2", &query[..1], Urgency::Asked, SMALL).await {
            Ok(body) => card.read_profile(&body).map_err(|e| garbage("a profile", e))?,
            Err(error) if error.kind() == ErrorKind::Plan => {}
            Err(error) => return Err(error),
        }
        match self.get("stock/metric", &query, Urgency::Asked, SMALL).await {
            Ok(body) => card.read_metric(&body).map_err(|e| garbage("basic financials", e))?,
            Err(error) if error.kind() == ErrorKind::Plan => {}
            Err(error) => return Err(error),
        }
        Ok(card)
    }

    async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        urgency: Urgency,
        (wait, bytes_max): (Duration, usize),
    ) -> Result<Vec<u8>, FeedError> {
        self.place_in_budget(urgency).await?;
        let result = match tokio::time::timeout(wait, self.call(path, query, bytes_max)).await {
            Ok(result) => result,
            Err(_) => {
                Err(FeedError::new(ErrorKind::Network, format!("no answer to finnhub /{path} in time")))
            }
        };
        self.metrics.call(match &result {
            Ok(_) => "ok",
            Err(error) => crate::supervisor::reason(error),
        });
        result
    }

    async fn place_in_budget(&self, urgency: Urgency) -> Result<(), FeedError> {
        let reserve = match urgency {
            Urgency::Asked => 0,
            Urgency::Ahead => self.settings.calls_per_minute / 4,
        };
        let began = Instant::now();
        loop {
            let taken = self.budget().take(reserve, Instant::now());
            match taken {
                Ok(()) => return Ok(()),
                // Work ahead of need waits as long as it takes: no one waits for it.
                Err(wait) if urgency == Urgency::Ahead || began.elapsed() + wait <= BUDGET_WAIT_MAX => {
                    tokio::time::sleep(wait).await;
                }
                Err(wait) => {
                    return Err(FeedError::new(
                        ErrorKind::Limit,
                        "the finnhub plan's calls of this minute are used up",
                    )
                    .retrying(Retry::After(wait)));
                }
            }
        }
    }

    fn budget(&self) -> std::sync::MutexGuard<'_, Budget> {
        // A panic while it is held cannot leave it half-written in a way that matters.
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call(&self, path: &str, query: &[(&str, &str)], bytes_max: usize) -> Result<Vec<u8>, FeedError> {
        let mut url = self.base.join(path).map_err(|e| {
            FeedError::new(ErrorKind::Settings, "cannot build a finnhub address").caused_by(e)
        })?;
        url.query_pairs_mut().extend_pairs(query);
        let request = self.client.get(url).header("x-finnhub-token", self.settings.key.expose());
        let answer = request.send().await.map_err(|e| network(path, e))?;
        self.learn(&answer);
        if !answer.status().is_success() {
            return Err(self.refusal(path, &answer));
        }
        collect(path, answer, bytes_max).await
    }

    fn learn(&self, answer: &Response) {
        let number =
            |name: &str| -> Option<u64> { answer.headers().get(name)?.to_str().ok()?.trim().parse().ok() };
        let small = |name: &str| number(name).and_then(|n| u32::try_from(n).ok());
        let now_seconds = u64::try_from((self.clock)().seconds()).unwrap_or(0);
        let reset = number("x-ratelimit-reset").map(|at| Duration::from_secs(at.saturating_sub(now_seconds)));
        let (limit, remaining) = (small("x-ratelimit-limit"), small("x-ratelimit-remaining"));
        self.budget().learn(limit, remaining, reset, Instant::now());
    }

    fn refusal(&self, path: &str, answer: &Response) -> FeedError {
        let asked =
            answer.headers().get("retry-after").and_then(|v| retry_after(v.as_bytes(), (self.clock)()));
        match answer.status().as_u16() {
            401 => FeedError::new(
                ErrorKind::Key,
                "finnhub does not know the key (401): correct it in the settings and restart",
            ),
            403 => {
                FeedError::new(ErrorKind::Plan, format!("the finnhub plan does not include /{path} (403)"))
            }
            429 => {
                let wait = asked.unwrap_or(Duration::from_secs(10));
                self.budget().refused(wait, Instant::now());
                FeedError::new(
                    ErrorKind::Limit,
                    format!("finnhub refused /{path} as one call too many (429)"),
                )
                .retrying(Retry::After(wait))
            }
            status => {
                FeedError::new(ErrorKind::Status(status), format!("finnhub answered /{path} with {status}"))
                    .retrying(asked.map_or(Retry::Backoff, Retry::After))
            }
        }
    }
}

const SMALL: (Duration, usize) = (CALL_WAIT, SMALL_BODY_BYTES_MAX);

async fn collect(path: &str, mut answer: Response, bytes_max: usize) -> Result<Vec<u8>, FeedError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| network(path, e))? {
        if body.len() + chunk.len() > bytes_max {
            let what = format!("finnhub's answer to /{path} is above {bytes_max} bytes");
            return Err(FeedError::new(ErrorKind::TooLarge, what));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn network(path: &str, error: reqwest::Error) -> FeedError {
    // The address is left out of the cause; it is in ours, without its query.
    FeedError::new(ErrorKind::Network, format!("asking finnhub /{path}")).caused_by(error.without_url())
}

fn garbage(what: &str, error: serde_json::Error) -> FeedError {
    FeedError::new(ErrorKind::Garbage, format!("reading {what} of finnhub")).caused_by(error)
}

/// Instruments that no list names, such as crypto pairs, beside those of a list that does.
pub fn with_extra(mut list: Vec<Instrument>, extra: impl IntoIterator<Item = Instrument>) -> Vec<Instrument> {
    let mut known = SymbolMap::default();
    for (at, instrument) in list.iter().enumerate() {
        known.insert(&instrument.symbol, SymbolId(u32::try_from(at).unwrap_or(u32::MAX)));
    }
    list.extend(extra.into_iter().filter(|i| known.get(i.symbol.as_bytes()).is_none()));
    list
}
