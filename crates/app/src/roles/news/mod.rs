//! News in: reads the streams of those providers that this process has keys for.
//!
//! What there is to be read is in the records. A round looks at it whenever something was changed, and every few seconds:
//! it takes what nobody reads, stops what is paused or gone, and notes how all of it is doing. Of processes that share the
//! records one reads a stream; where it dies, another has it within half a minute.

mod provider;
/// The simulated market's.
mod sim;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::feeds::news::{Provider, Query, STREAM_SYMBOLS_MAX, Shelf, StreamState, StreamStatus, read_stream};
use futures_util::future::BoxFuture;
use market::Symbol;
use server::live::Live;
use server::news::{News, ProviderReport, StreamQuery};
use signals::headline::{Headline, Watermark};
use store::records::stream::{self, NewStream, Stream};
use store::records::{RecordError, Records, Sql};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use wire::streams::{CallsBody, ProviderState, TakesBody};

use super::{House, clock};
use crate::Failure;

/// How often streams are looked at, beside what is told.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// For how long a stream is taken.
const LEASE_NANOS: i64 = 30_000_000_000;
/// How long a reader may take to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// Symbols that a stream follows, those with the most viewers first.
const FOLLOWED_MAX: usize = 10;

const _: () = assert!(
    StreamQuery::SYMBOLS_MAX + FOLLOWED_MAX <= STREAM_SYMBOLS_MAX,
    "what the server takes, a provider can be asked"
);

/// A provider with its name, and what its streams are at first.
struct Named {
    name: String,
    source: &'static str,
    provider: Arc<dyn Provider>,
    defaults: Vec<(&'static str, StreamQuery)>,
}

/// A stream that is being read.
struct Reading {
    provider: String,
    stored: String,
    query: watch::Sender<Query>,
    status: watch::Receiver<StreamStatus>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    /// What was noted last: that it went well, or why not.
    noted: Option<Option<String>>,
}

/// Reads streams.
pub(super) struct Readers {
    news: Arc<News>,
    live: Arc<Live>,
    records: Arc<Records>,
    /// Names this process among those that share the records.
    reader: String,
    providers: Vec<Named>,
    reading: HashMap<i64, Reading>,
    reported: HashMap<String, String>,
    is_alone: bool,
    stop: watch::Receiver<bool>,
}

/// Where what is read is kept.
struct OwnShelf {
    news: Arc<News>,
    reader: String,
}

impl Shelf for OwnShelf {
    fn watermark(&self, stream: i64) -> BoxFuture<'_, Result<Option<Watermark>, String>> {
        Box::pin(async move { self.news.watermark(stream).await.map_err(|error| error.to_string()) })
    }

    fn put(
        &self,
        stream: i64,
        fresh: Vec<Headline>,
        watermark: Watermark,
    ) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let put = self.news.put((stream, &self.reader), fresh, &watermark).await;
            put.map_err(|error| error.to_string())
        })
    }
}

impl Readers {
    /// Readers of the providers of the configuration. Fails for settings that cannot be.
    pub(super) async fn new(
        house: &House,
        news: Arc<News>,
        live: Arc<Live>,
        records: Arc<Records>,
        metrics: &::feeds::Metrics,
    ) -> Result<Self, Failure> {
        let mut providers = Vec::new();
        for config in &house.config.news {
            providers.push(provider::start(config, house, metrics).await?);
        }
        Ok(Self {
            news,
            live,
            records,
            reader: house.config.instance.clone(),
            providers,
            reading: HashMap::new(),
            reported: HashMap::new(),
            is_alone: house.config.desk_database.is_none(),
            stop: house.stop.clone(),
        })
    }

    /// Runs until it is told to stop, and gives back what it has taken.
    pub(super) async fn run(mut self) {
        // Records in a data folder are one process's: what it had when it was killed need not be waited for.
        if self.is_alone
            && let Err(error) = self.records.run(stream::release_all).await
        {
            tracing::warn!(%error, "streams of a start before are waited for");
        }
        let mut changes = self.news.watch_streams();
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut stop = self.stop.clone();
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                _ = ticks.tick() => {}
                changed = changes.changed() => if changed.is_err() { break },
            }
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "streams of news could not be looked at; it is tried again");
            }
        }
        let ids: Vec<i64> = self.reading.keys().copied().collect();
        for id in ids {
            self.end(id).await;
        }
    }

    async fn look(&mut self) -> Result<(), RecordError> {
        self.report().await?;
        let read = |sql: &mut dyn Sql| Ok((stream::list(sql)?, stream::providers(sql)?));
        let (streams, known) = self.records.run(read).await?;
        let is_paused = |name: &str| known.iter().any(|one| one.name == name && one.is_paused);
        let wanted: HashMap<i64, Stream> = streams
            .into_iter()
            .filter(|stream| !stream.is_paused && !is_paused(&stream.provider))
            .filter(|stream| self.providers.iter().any(|one| one.name == stream.provider))
            .map(|stream| (stream.id, stream))
            .collect();
        // Another query begins anew; a reader that ended badly, too.
        let is_to_end = |id: &i64, reading: &Reading| {
            reading.task.is_finished() || wanted.get(id).is_none_or(|stream| stream.query != reading.stored)
        };
        let over: Vec<i64> =
            self.reading.iter().filter(|(id, one)| is_to_end(id, one)).map(|(id, _)| *id).collect();
        for id in over {
            self.end(id).await;
        }
        for stream in wanted.into_values() {
            self.keep(stream).await?;
        }
        Ok(())
    }

    /// Reads a stream, if nobody else does.
    async fn keep(&mut self, stream: Stream) -> Result<(), RecordError> {
        let id = stream.id;
        let now = clock()();
        let until = now.saturating_add_nanos(LEASE_NANOS);
        let reader = self.reader.clone();
        if !self.records.run(move |sql| stream::take(sql, id, &reader, (now, until))).await? {
            self.end(id).await;
            return Ok(());
        }
        let query = self.query_of(&StreamQuery::read(&stream.query));
        if !self.reading.contains_key(&id) {
            let Some(named) = self.providers.iter().find(|one| one.name == stream.provider) else {
                return Ok(());
            };
            let reading = self.begin(id, named, query.clone(), stream.query);
            self.reading.insert(id, reading);
        }
        let Some(reading) = self.reading.get_mut(&id) else { return Ok(()) };
        reading.query.send_if_modified(|known| {
            let differs = *known != query;
            *known = query;
            differs
        });
        let status = reading.status.borrow_and_update().clone();
        let outcome = match status.state {
            StreamState::Waiting => return Ok(()),
            StreamState::Running => None,
            StreamState::Failing => status.last_error,
        };
        if reading.noted.as_ref() != Some(&outcome) {
            let (reader, told) = (self.reader.clone(), outcome.clone());
            self.records.run(move |sql| stream::tried(sql, (id, &reader), told.as_deref(), now)).await?;
            reading.noted = Some(outcome);
        }
        Ok(())
    }

    /// What a provider is asked for a stream now.
    fn query_of(&self, stored: &StreamQuery) -> Query {
        let mut symbols: Vec<Symbol> = stored.named().collect();
        if stored.follows_viewers {
            let mut watched = self.live.viewers.all();
            watched.sort_by_key(|(symbol, viewers)| (std::cmp::Reverse(*viewers), *symbol));
            let universe = self.live.universe();
            let watched = watched.into_iter().take(FOLLOWED_MAX);
            symbols.extend(watched.filter_map(|(id, _)| universe.symbol(id)));
            // In an order of their own, so that the same ones are the same query.
            symbols.sort_unstable();
            symbols.dedup();
        }
        Query { words: stored.words.clone(), sections: stored.sections.clone(), symbols }
    }

    fn begin(&self, id: i64, named: &Named, query: Query, stored: String) -> Reading {
        let (query, asked) = watch::channel(query);
        let (status, told) = watch::channel(StreamStatus::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let shelf = Arc::new(OwnShelf { news: Arc::clone(&self.news), reader: self.reader.clone() });
        let provider = Arc::clone(&named.provider);
        // Stopped as well when the sender is dropped.
        let stopped = async move { drop(stopped.await) };
        let task = tokio::spawn(read_stream(provider, shelf, id, asked, status, clock(), stopped));
        Reading { provider: named.name.clone(), stored, query, status: told, stop, task, noted: None }
    }

    /// Ends a reader and gives its stream back.
    async fn end(&mut self, id: i64) {
        let Some(Reading { stop, mut task, .. }) = self.reading.remove(&id) else { return };
        let _ = stop.send(());
        if tokio::time::timeout(STOP_PATIENCE, &mut task).await.is_err() {
            task.abort();
            tracing::warn!(stream = id, "a reader of news did not stop in time and was cut short");
        }
        let reader = self.reader.clone();
        if let Err(error) = self.records.run(move |sql| stream::release(sql, id, &reader)).await {
            tracing::debug!(stream = id, %error, "a stream could not be given back; its lease runs out");
        }
    }

    /// Notes how providers are doing, and gives one that is new here its first streams.
    async fn report(&mut self) -> Result<(), RecordError> {
        for named in &self.providers {
            let text = self.report_of(named).text();
            if self.reported.get(&named.name) == Some(&text) {
                continue;
            }
            let (name, report, now) = (named.name.clone(), text.clone(), clock()());
            let defaults: Vec<NewStream> = named
                .defaults
                .iter()
                .map(|(title, query)| NewStream {
                    owner: None,
                    provider: named.name.clone(),
                    name: (*title).to_owned(),
                    query: query.text(),
                })
                .collect();
            self.records
                .run(move |sql| {
                    if stream::report_provider(sql, &name, &report, now)? {
                        for new in &defaults {
                            stream::insert(sql, new, None, now)?;
                        }
                    }
                    Ok(())
                })
                .await?;
            self.reported.insert(named.name.clone(), text);
        }
        Ok(())
    }

    fn report_of(&self, named: &Named) -> ProviderReport {
        let calls = named.provider.calls();
        let takes = named.provider.takes();
        let statuses: Vec<StreamStatus> = self
            .reading
            .values()
            .filter(|reading| reading.provider == named.name)
            .map(|reading| reading.status.borrow().clone())
            .collect();
        let is = |state: StreamState| statuses.iter().any(|status| status.state == state);
        let last_event = statuses.iter().filter_map(|status| status.last_event).max();
        let failing = statuses.iter().find(|status| status.state == StreamState::Failing);
        ProviderReport {
            source: named.source.to_owned(),
            state: match () {
                () if is(StreamState::Running) => ProviderState::Up,
                () if failing.is_some() => ProviderState::Down,
                () => ProviderState::Connecting,
            },
            last_event: last_event.map(market::Timestamp::nanos),
            calls: (calls.used > 0 || calls.limit.is_some()).then_some(CallsBody {
                used: calls.used,
                left: calls.left,
                limit: calls.limit,
                resets_at: calls.resets_at,
            }),
            errors: calls.failed,
            last_error: failing.and_then(|status| status.last_error.clone()),
            takes: TakesBody {
                words: takes.words,
                sections: takes.sections.iter().map(|name| (*name).to_owned()).collect(),
                symbols: takes.symbols,
            },
        }
    }
}
