//! Calls to a provider over HTTP: within the plan's budget, bounded, and without a word of the key.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use market::Timestamp;
use reqwest::{Client, Response, Url};

use crate::adapter::Secret;
use crate::budget::Budget;
use crate::metrics::FeedMetrics;
use crate::news::Calls;
use crate::supervisor::{retry_after, tls};
use crate::{Clock, ErrorKind, FeedError, Retry};

/// Nobody waits longer for a place in the budget.
const BUDGET_WAIT_MAX: Duration = Duration::from_secs(90);
/// After a refusal that does not say how long to wait.
const REFUSED_WAIT: Duration = Duration::from_secs(10);

/// How urgent a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Someone waits for it.
    Asked,
    /// It is made ahead of need, and leaves a quarter of the budget.
    Ahead,
}

/// Where a provider wants its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// In this header.
    Header(&'static str),
    /// As this member of the query.
    Query(&'static str),
}

/// A provider, as one who calls it knows it.
pub(crate) struct About {
    /// What errors call it.
    pub(crate) name: &'static str,
    /// The address below which its paths are.
    pub(crate) url: String,
    pub(crate) key: Secret,
    pub(crate) key_place: KeyPlace,
    /// What is left free by calls ahead of need.
    pub(crate) reserve: u32,
    /// Its answers tell what is left of the budget, in headers.
    pub(crate) tells_budget: bool,
}

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) urgency: Urgency,
    /// For the answer to begin and to end.
    pub(crate) wait: Duration,
    pub(crate) bytes_max: usize,
}

/// Calls one provider; shared by reference.
pub(crate) struct Caller {
    about: About,
    client: Client,
    base: Url,
    clock: Clock,
    metrics: FeedMetrics,
    // Held for a few lines at a time, never across an await.
    budget: Mutex<Budget>,
    used: AtomicU64,
    failed: AtomicU64,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Caller {
    /// Makes no call.
    ///
    /// # Errors
    /// The address cannot be used, or no key is set.
    pub(crate) fn new(
        about: About,
        budget: Budget,
        clock: Clock,
        metrics: FeedMetrics,
    ) -> Result<Self, FeedError> {
        let bad = || FeedError::new(ErrorKind::Settings, format!("cannot use the address \"{}\"", about.url));
        // Joining paths drops what follows the last slash of the base.
        let base =
            Url::parse(&format!("{}/", about.url.trim_end_matches('/'))).map_err(|e| bad().caused_by(e))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad());
        }
        if about.key.is_empty() {
            return Err(FeedError::new(ErrorKind::Key, format!("no {} key is set", about.name)));
        }
        let client = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .user_agent(concat!("bellwether/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            // A key must not follow a redirect to another host.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| FeedError::new(ErrorKind::Settings, "setting up the REST client").caused_by(e))?;
        let budget = Mutex::new(budget);
        let (used, failed) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { about, client, base, clock, metrics, budget, used, failed })
    }

    /// The body of an answer.
    ///
    /// # Errors
    /// [`ErrorKind::Key`], [`ErrorKind::Plan`], [`ErrorKind::Limit`], [`ErrorKind::Status`],
    /// [`ErrorKind::Network`], [`ErrorKind::TooLarge`].
    pub(crate) async fn get(&self, call: Call<'_>) -> Result<Vec<u8>, FeedError> {
        self.place_in_budget(call.urgency).await?;
        self.used.fetch_add(1, Ordering::Relaxed);
        let result = match tokio::time::timeout(call.wait, self.call(&call)).await {
            Ok(result) => result,
            Err(_) => {
                let what = format!("no answer to {} /{} in time", self.about.name, call.path);
                Err(FeedError::new(ErrorKind::Network, what))
            }
        };
        self.failed.fetch_add(u64::from(result.is_err()), Ordering::Relaxed);
        self.metrics.call(match &result {
            Ok(_) => "ok",
            Err(error) => crate::supervisor::reason(error),
        });
        result
    }

    /// How many calls were made, and how many the budget has left.
    pub(crate) fn calls(&self) -> Calls {
        let now = now();
        let mut budget = self.budget();
        let free_in = budget.free_in(now);
        let resets_at = (!free_in.is_zero()).then(|| {
            let nanos = i64::try_from(free_in.as_nanos()).unwrap_or(i64::MAX);
            (self.clock)().saturating_add_nanos(nanos)
        });
        Calls {
            used: self.used.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            left: Some(budget.left(now)),
            limit: Some(budget.limit()),
            resets_at,
        }
    }

    /// An answer that cannot be read.
    pub(crate) fn garbage(&self, what: &str, error: serde_json::Error) -> FeedError {
        FeedError::new(ErrorKind::Garbage, format!("reading {what} of {}", self.about.name)).caused_by(error)
    }

    /// The provider's time is not asked; this is ours.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    async fn place_in_budget(&self, urgency: Urgency) -> Result<(), FeedError> {
        let reserve = match urgency {
            Urgency::Asked => 0,
            Urgency::Ahead => self.about.reserve,
        };
        let began = now();
        loop {
            let taken = self.budget().take(reserve, now());
            match taken {
                Ok(()) => return Ok(()),
                // Work ahead of need waits as long as it takes: no one waits for it.
                Err(wait)
                    if urgency == Urgency::Ahead || now().duration_since(began) + wait <= BUDGET_WAIT_MAX =>
                {
                    tokio::time::sleep(wait).await;
                }
                Err(wait) => {
                    let what = format!("the calls of the {} plan are used up for now", self.about.name);
                    return Err(FeedError::new(ErrorKind::Limit, what).retrying(Retry::After(wait)));
                }
            }
        }
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        // A panic while it is held cannot leave it half-written in a way that matters.
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call(&self, call: &Call<'_>) -> Result<Vec<u8>, FeedError> {
        let mut url = self.base.join(call.path).map_err(|e| {
            let what = format!("cannot build an address of {}", self.about.name);
            FeedError::new(ErrorKind::Settings, what).caused_by(e)
        })?;
        url.query_pairs_mut().extend_pairs(call.query);
        let key = self.about.key.expose();
        let request = match self.about.key_place {
            KeyPlace::Header(name) => self.client.get(url).header(name, key),
            KeyPlace::Query(name) => {
                url.query_pairs_mut().append_pair(name, key);
                self.client.get(url)
            }
        };
        let answer = request.send().await.map_err(|e| self.network(call.path, e))?;
        self.learn(&answer);
        if !answer.status().is_success() {
            return Err(self.refusal(call.path, &answer));
        }
        self.collect(call, answer).await
    }

    fn learn(&self, answer: &Response) {
        if !self.about.tells_budget {
            return;
        }
        let number =
            |name: &str| -> Option<u64> { answer.headers().get(name)?.to_str().ok()?.trim().parse().ok() };
        let small = |name: &str| number(name).and_then(|n| u32::try_from(n).ok());
        let now_seconds = u64::try_from(self.now().seconds()).unwrap_or(0);
        let reset = number("x-ratelimit-reset").map(|at| Duration::from_secs(at.saturating_sub(now_seconds)));
        self.budget().learn(small("x-ratelimit-limit"), small("x-ratelimit-remaining"), reset, now());
    }

    fn refusal(&self, path: &str, answer: &Response) -> FeedError {
        let name = self.about.name;
        let asked = answer.headers().get("retry-after").and_then(|v| retry_after(v.as_bytes(), self.now()));
        match answer.status().as_u16() {
            401 => FeedError::new(
                ErrorKind::Key,
                format!("{name} does not know the key (401): correct it in the settings and restart"),
            ),
            403 => FeedError::new(ErrorKind::Plan, format!("the {name} plan does not include /{path} (403)")),
            429 => {
                let wait = asked.unwrap_or(REFUSED_WAIT);
                self.budget().refused(wait, now());
                let what = format!("{name} refused /{path} as one call too many (429)");
                FeedError::new(ErrorKind::Limit, what).retrying(Retry::After(wait))
            }
            status => {
                FeedError::new(ErrorKind::Status(status), format!("{name} answered /{path} with {status}"))
                    .retrying(asked.map_or(Retry::Backoff, Retry::After))
            }
        }
    }

    async fn collect(&self, call: &Call<'_>, mut answer: Response) -> Result<Vec<u8>, FeedError> {
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.network(call.path, e))? {
            if body.len() + chunk.len() > call.bytes_max {
                let what = format!(
                    "{}'s answer to /{} is above {} bytes",
                    self.about.name, call.path, call.bytes_max
                );
                return Err(FeedError::new(ErrorKind::TooLarge, what));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn network(&self, path: &str, error: reqwest::Error) -> FeedError {
        // The address is left out of the cause, since it may hold the key; it is in ours, without its query.
        FeedError::new(ErrorKind::Network, format!("asking {} /{path}", self.about.name))
            .caused_by(error.without_url())
    }
}

/// The runtime's clock, which tests may stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
