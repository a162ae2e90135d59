//! The loop that reads one stream.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use signals::headline::{Next, Page, Round, Settings, Watermark};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Ask, Provider, Query, Shelf, StreamState, StreamStatus};
use crate::supervisor::backoff::{Backoff, BackoffSettings};
use crate::{Clock, ErrorKind, FeedError};

/// The first start begins so many seconds back.
const FIRST_SECONDS: i64 = 86_400;
/// A span that shrinks under the reader so often in a row is read as it is.
const ANEW_MAX: u32 = 5;

/// Reads one stream until it is stopped: rounds, pages, back-off. Each version of each article is put on the shelf
/// once.
///
/// A new query is asked by at once; it counts for what appears from then on, and a little before. What can never work
/// (a wrong key) waits for one.
pub async fn read_stream(
    provider: Arc<dyn Provider>,
    shelf: Arc<dyn Shelf>,
    stream: i64,
    query: watch::Receiver<Query>,
    status: watch::Sender<StreamStatus>,
    clock: Clock,
    stop: impl Future<Output = ()>,
) {
    let settings = BackoffSettings {
        first: Duration::from_secs(1),
        max: Duration::from_secs(300),
        // Streams that start together must not return together.
        seed: stream.unsigned_abs() ^ clock().nanos().unsigned_abs(),
        ..BackoffSettings::default()
    };
    let reader = Reader {
        provider,
        shelf,
        stream,
        query,
        status,
        clock,
        backoff: Backoff::new(settings),
        stable: settings.stable,
    };
    tokio::select! {
        biased;
        () = stop => {}
        () = reader.run() => {}
    }
}

struct Reader {
    provider: Arc<dyn Provider>,
    shelf: Arc<dyn Shelf>,
    stream: i64,
    query: watch::Receiver<Query>,
    status: watch::Sender<StreamStatus>,
    clock: Clock,
    backoff: Backoff,
    stable: Duration,
}

/// What the loop knows between two pages.
struct Position {
    /// As it is on the shelf.
    watermark: Watermark,
    round: Option<Round>,
    /// How often in a row the span was begun anew.
    anew: u32,
}

impl Reader {
    async fn run(mut self) {
        let mut position = None;
        loop {
            let wait = match self.step(&mut position).await {
                Ok(wait) => wait,
                // The page is asked for again.
                Err(error) => self.failed(&error),
            };
            if wait == Some(Duration::ZERO) {
                // So that it stops promptly though a provider answers from memory.
                tokio::task::yield_now().await;
                continue;
            }
            let is_new = self.rest(wait).await;
            if is_new && let Some(position) = &mut position {
                position.round = None;
                position.anew = 0;
            }
        }
    }

    /// Asks for one page and keeps it; tells how long to wait for the next, `None` for ever.
    async fn step(&mut self, position: &mut Option<Position>) -> Result<Option<Duration>, FeedError> {
        let settings = Settings::default();
        let at = match position {
            Some(position) => position,
            None => {
                let watermark = match self.shelf.watermark(self.stream).await.map_err(unkept)? {
                    Some(known) => known,
                    None => self.first().await?,
                };
                position.insert(Position { watermark, round: None, anew: 0 })
            }
        };
        if self.query.has_changed().unwrap_or(false) {
            (at.round, at.anew) = (None, 0);
        }
        let query = self.query.borrow_and_update().clone();
        let round = at.round.unwrap_or_else(|| at.watermark.begin(settings, (self.clock)()));
        let mut news = self.query.clone();
        let batch = tokio::select! {
            batch = self.provider.page(Ask { query: &query, round }) => batch?,
            () = changed(&mut news) => {
                (at.round, at.anew) = (None, 0);
                return Ok(Some(Duration::ZERO));
            }
        };
        let total = batch.total.filter(|_| at.anew < ANEW_MAX);
        let page = Page { articles: &batch.articles, is_last: batch.is_last, total };
        // Moved on only once it is kept.
        let mut watermark = at.watermark.clone();
        let step = watermark.take(settings, round, page);
        let fresh = step.fresh.len();
        if (fresh > 0 || watermark != at.watermark)
            && let Err(why) = self.shelf.put(self.stream, step.fresh, watermark.clone()).await
        {
            // It may have been kept nevertheless: what is on the shelf is what counts.
            *position = None;
            return Err(unkept(why));
        }
        at.watermark = watermark;
        let wait = match step.next {
            Next::Page(next) => {
                at.round = Some(next);
                Duration::ZERO
            }
            Next::Anew(next) => {
                at.round = Some(next);
                at.anew += 1;
                Duration::from_secs(at.anew.into())
            }
            Next::Later => {
                (at.round, at.anew) = (None, 0);
                Duration::ZERO
            }
            Next::Complete => {
                (at.round, at.anew) = (None, 0);
                // Not less than a second, whatever a provider says.
                self.provider.pace().max(Duration::from_secs(1))
            }
        };
        self.kept(fresh);
        Ok(Some(wait))
    }

    /// Where a stream begins. It is kept before anything is asked, so that a provider that fails for a day loses none.
    async fn first(&self) -> Result<Watermark, FeedError> {
        let nanos = FIRST_SECONDS * market::time::NANOS_PER_SECOND;
        let watermark = Watermark::starting_at((self.clock)().saturating_add_nanos(-nanos));
        self.shelf.put(self.stream, Vec::new(), watermark.clone()).await.map_err(unkept)?;
        Ok(watermark)
    }

    fn kept(&mut self, fresh: usize) {
        self.backoff.lived(self.stable);
        let now = (self.clock)();
        self.status.send_modify(|status| {
            status.state = StreamState::Running;
            if fresh > 0 {
                status.last_event = Some(now);
                status.articles += fresh as u64;
            }
        });
    }

    fn failed(&mut self, error: &FeedError) -> Option<Duration> {
        let text = error.chain();
        tracing::warn!(stream = self.stream, error = %text, "a news stream failed");
        self.status.send_modify(|status| {
            status.state = StreamState::Failing;
            status.last_error = Some(text);
            status.errors += 1;
        });
        self.backoff.pause(error)
    }

    /// Waits so long, or until there is a new query; `true` if there is.
    async fn rest(&mut self, wait: Option<Duration>) -> bool {
        let over = async {
            match wait {
                Some(wait) => sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over => false,
            () = changed(&mut self.query) => true,
        }
    }
}

/// Waits for a new query; for ever when no one is left to give one.
async fn changed(query: &mut watch::Receiver<Query>) {
    if query.changed().await.is_err() {
        std::future::pending().await
    }
}

fn unkept(why: String) -> FeedError {
    FeedError::new(ErrorKind::Network, format!("keeping articles: {why}"))
}
