//! Asks The Guardian, within the plan's budget.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::{PAGE_SIZE, Settings, TAKES, read_page, search};
use crate::budget::Budget;
use crate::http::{About, Call, Caller, KeyPlace, Urgency};
use crate::metrics::FeedMetrics;
use crate::news::{Ask, Batch, Calls, Provider, Query, Takes};
use crate::{Clock, ErrorKind, FeedError};

/// For an answer to begin and to end.
const CALL_WAIT: Duration = Duration::from_secs(30);
/// The longest answer taken: fifty articles without their bodies have some fifty thousand bytes.
const BODY_BYTES_MAX: usize = 4 << 20;
/// A stream that has not asked for so long is gone.
const STREAM_GONE: Duration = Duration::from_secs(6 * 3_600);
/// The most streams told apart, for the pace.
const STREAMS_MAX: usize = 1_000;
const DAY_SECONDS: u64 = 86_400;

/// The Guardian; shared by reference among its streams.
#[derive(Debug)]
pub struct Guardian {
    caller: Caller,
    settings: Settings,
    /// Who asked, and when last: the day's calls are shared among them.
    askers: Mutex<HashMap<Query, Instant>>,
}

impl Guardian {
    /// With these settings. Makes no call.
    ///
    /// # Errors
    /// The address cannot be used, or no key is set.
    pub fn new(settings: Settings, clock: Clock, metrics: FeedMetrics) -> Result<Self, FeedError> {
        let about = About {
            name: "guardian",
            url: settings.url.clone(),
            key: settings.key.clone(),
            key_place: KeyPlace::Query("api-key"),
            reserve: 0,
            tells_budget: false,
        };
        let budget = Budget::daily(settings.calls_per_day, settings.calls_per_second);
        let caller = Caller::new(about, budget, clock, metrics)?;
        Ok(Self { caller, settings, askers: Mutex::default() })
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<Batch, FeedError> {
        let members = search(ask).map_err(|error| {
            FeedError::new(ErrorKind::Settings, "guardian cannot be asked this").caused_by(error)
        })?;
        self.note(ask.query);
        let query: Vec<(&str, &str)> = members.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let call = Call {
            path: "search",
            query: &query,
            urgency: Urgency::Asked,
            wait: CALL_WAIT,
            bytes_max: BODY_BYTES_MAX,
        };
        match self.caller.get(call).await {
            Ok(body) => read_page(&body).map_err(|e| self.caller.garbage("a search", e)),
            // A page beyond the last, since there are fewer articles now: at most those of the pages before.
            Err(error) if error.kind() == ErrorKind::Status(400) && ask.round.page > 1 => {
                let total = u64::from(ask.round.page - 1) * u64::from(PAGE_SIZE);
                Ok(Batch { articles: Vec::new(), is_last: true, total: Some(total) })
            }
            // Its gateway says so of keys that it refuses; nothing that is asked for here needs another plan.
            Err(error) if error.kind() == ErrorKind::Plan => {
                let what = "guardian refuses the key (403): correct it in the settings and restart";
                Err(FeedError::new(ErrorKind::Key, what))
            }
            Err(error) => Err(error),
        }
    }

    fn note(&self, query: &Query) {
        let now = Instant::now();
        let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
        askers.retain(|_, at| now.duration_since(*at) < STREAM_GONE);
        if askers.len() < STREAMS_MAX {
            askers.insert(query.clone(), now);
        }
    }
}

impl Provider for Guardian {
    fn takes(&self) -> Takes {
        TAKES
    }

    fn page<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Batch, FeedError>> {
        Box::pin(self.ask(ask))
    }

    fn calls(&self) -> Calls {
        self.caller.calls()
    }

    /// So that the day's calls last for all streams: with one, a call every three minutes.
    fn pace(&self) -> Duration {
        let streams = self.askers.lock().unwrap_or_else(PoisonError::into_inner).len().max(1) as u64;
        let a_day = u64::from(self.settings.calls_per_day.max(1));
        self.settings.pace.max(Duration::from_secs((DAY_SECONDS * streams).div_ceil(a_day)))
    }
}
