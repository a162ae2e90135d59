//! The bus over NATS: core for live values, JetStream for what must not be lost.

mod counters;
mod cursor;
mod directory;
mod events;
mod interest;
mod link;
mod live;
mod question;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::Subscriber;
use bytes::Bytes;
use futures_util::StreamExt;
use market::{FeedStatus, Universe};
use tokio::sync::watch;
use wire::bus::{Answer, BatchEncoder, EncodeError, EventBatch, InterestReport, Question};

use crate::error::BusError;
use crate::interest::{InterestReader, Source};
use crate::position::LogStart;
use crate::question::{QuestionReader, Source as QuestionSource};
use crate::status::{Board, Statuses};
use crate::zip::{unzip, zip};
pub use counters::NatsCounters;
use directory::Directory;
pub(crate) use events::NatsEvents;
pub(crate) use interest::NatsInterest;
use interest::OwnInterest;
use link::Link;
use live::LiveWriter;
pub(crate) use live::NatsLive;
pub(crate) use question::{NatsQuestions, NatsReply};
use writer::Writer;

/// A body is cut when it has this many bytes, so that a message can hold several and none is too large.
const BODY_BYTES: usize = 128 * 1024;

/// How to reach the NATS server, and how what we keep there is bounded.
#[derive(Clone)]
pub struct NatsConfig {
    /// `nats://host:4222`, with `user:password@` or `token@` where the server wants it, `tls://` for TLS.
    pub url: String,
    /// Who may sign the server's certificate (a PEM file), besides those whom this machine trusts. Naming it asks
    /// for TLS.
    pub ca: Option<PathBuf>,
    /// Names this process among all; it stays the same when the process restarts.
    pub instance: String,
    /// First word of all subjects and streams, so that two systems can share a server.
    pub prefix: String,
    /// This process has the feeds role: it publishes the universe and sets the limits of the streams.
    /// Otherwise it follows.
    pub owns_universe: bool,
    /// The universe as it is known at the start, from the store.
    pub universe: Arc<Universe>,
    /// The log forgets what is older.
    pub log_age: Duration,
    /// The log forgets its oldest when it is larger, in bytes. A busy day of 10 million trades takes some
    /// 300 MB.
    pub log_bytes: u64,
    /// The lists of instruments, of all instances, in bytes; a list of 26,000 takes about 1 MB.
    pub universe_bytes: u64,
    /// Copies of the streams in a cluster of servers: 1, 3 or 5.
    pub replicas: usize,
    /// Bytes of events held while the server is away; then publishers wait.
    pub buffer_bytes: usize,
    /// A feed whose status is older than this is shown as down.
    pub status_lease: Duration,
    /// How long an asker waits for its answer.
    pub answer_timeout: Duration,
    /// How long the first connection may take.
    pub connect_timeout: Duration,
}

impl NatsConfig {
    /// The defaults for a server and an instance: a day or 4 GB of log, 32 MB of buffer.
    pub fn new(url: impl Into<String>, instance: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ca: None,
            instance: instance.into(),
            prefix: "bellwether".into(),
            owns_universe: false,
            universe: Arc::new(Universe::new()),
            log_age: Duration::from_secs(24 * 60 * 60),
            log_bytes: 4 * 1024 * 1024 * 1024,
            universe_bytes: 64 * 1024 * 1024,
            replicas: 1,
            buffer_bytes: 32 * 1024 * 1024,
            status_lease: Duration::from_secs(15),
            answer_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
        }
    }

    /// The URL without what must not be shown.
    fn address(&self) -> String {
        match self.url.rsplit_once('@') {
            Some((_, address)) => address.to_owned(),
            None => self.url.clone(),
        }
    }
}

impl fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsConfig")
            .field("address", &self.address())
            .field("instance", &self.instance)
            .field("prefix", &self.prefix)
            .field("owns_universe", &self.owns_universe)
            .field("log_age", &self.log_age)
            .field("log_bytes", &self.log_bytes)
            .field("buffer_bytes", &self.buffer_bytes)
            .finish_non_exhaustive()
    }
}

/// The bus over NATS. Clones are the same bus.
#[derive(Debug, Clone)]
pub struct NatsBus {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    link: Link,
    directory: Arc<Directory>,
    writer: Writer,
    live: LiveWriter,
    own: Arc<Own>,
    board: Arc<Board>,
    tasks: Vec<tokio::task::AbortHandle>,
}

/// What this process said, kept so that it can be said again.
#[derive(Debug, Default)]
struct Own {
    interest: OwnInterest,
    /// Held from numbering a report's messages until they are sent, so that they leave in that order.
    speaking: tokio::sync::Mutex<()>,
    statuses: Mutex<HashMap<String, FeedStatus>>,
}

impl NatsBus {
    /// Connects once, makes the streams, and from then on stays connected by itself, for as long as it
    /// takes. Fails at once, with the address and a hint, when the server is not there, does not know us
    /// or has no JetStream.
    pub async fn connect(config: NatsConfig) -> Result<Self, BusError> {
        let link = Link::connect(config).await?;
        let config = &link.config;
        let directory =
            Arc::new(Directory::new(config.universe.clone(), config.owns_universe, link.counts.clone()));
        let board = Arc::new(Board::new(config.status_lease));
        let own = Arc::new(Own::default());
        let statuses = subscribe(&link, link.subjects.status_all()).await?;
        let ask_interest = subscribe(&link, link.subjects.ask_interest()).await?;
        let ask_status = subscribe(&link, link.subjects.ask_status()).await?;
        let mut tasks = vec![
            tokio::spawn(board.clone().expire()).abort_handle(),
            tokio::spawn(hear_statuses(link.clone(), directory.clone(), board.clone(), statuses))
                .abort_handle(),
            tokio::spawn(say_again(link.clone(), directory.clone(), own.clone(), ask_interest, ask_status))
                .abort_handle(),
        ];
        if !config.owns_universe {
            tasks.push(tokio::spawn(directory::follow(link.clone(), directory.clone())).abort_handle());
        }
        let (writer, live) = (Writer::start(&link), LiveWriter::start(&link));
        Ok(Self { shared: Arc::new(Shared { link, directory, writer, live, own, board, tasks }) })
    }

    /// What happened since the start, for the metrics.
    pub fn counters(&self) -> NatsCounters {
        self.shared.link.counts.read()
    }

    /// The server is there now.
    pub fn is_connected(&self) -> bool {
        self.shared.link.is_connected()
    }

    pub(crate) async fn publish_events(&self, batch: EventBatch) -> Result<(), BusError> {
        let Shared { link, directory, writer, live, .. } = &*self.shared;
        let universe = directory.current();
        let bodies = bodies(&batch, &universe)?;
        let subject: Arc<str> = link.subjects.log(&batch.feed).into();
        for body in bodies {
            writer.accept(link, subject.clone(), body).await?;
        }
        live.offer(link, &batch, &universe);
        Ok(())
    }

    pub(crate) async fn flush(&self) -> Result<(), BusError> {
        self.shared.writer.flush().await
    }

    pub(crate) async fn events(&self, start: LogStart) -> Result<NatsEvents, BusError> {
        NatsEvents::new(self.shared.link.clone(), self.shared.directory.clone(), start).await
    }

    pub(crate) fn live(&self) -> NatsLive {
        NatsLive::new(self.shared.link.clone(), self.shared.directory.clone())
    }

    pub(crate) async fn report_interest(&self, report: InterestReport) -> Result<(), BusError> {
        let subject = self.shared.link.subjects.interest(&report.instance);
        let _speaking = self.shared.own.speaking.lock().await;
        for message in self.shared.own.interest.report(&report)? {
            say(&self.shared.link, subject.clone(), message).await;
        }
        Ok(())
    }

    pub(crate) async fn interest_reports(&self) -> Result<InterestReader, BusError> {
        Ok(InterestReader::new(Source::Nats(Box::new(NatsInterest::new(self.shared.link.clone()).await?))))
    }

    pub(crate) async fn publish_status(&self, status: FeedStatus) -> Result<(), BusError> {
        let Shared { link, directory, own, board, .. } = &*self.shared;
        own.statuses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(status.name.clone(), status.clone());
        say_status(link, directory, &status).await?;
        board.put(status);
        Ok(())
    }

    pub(crate) fn statuses(&self) -> watch::Receiver<Statuses> {
        self.shared.board.subscribe()
    }

    pub(crate) async fn publish_universe(&self, universe: Arc<Universe>) -> Result<(), BusError> {
        self.shared.directory.replace(universe.clone())?;
        directory::publish(&self.shared.link, universe).await
    }

    pub(crate) fn universe(&self) -> watch::Receiver<Arc<Universe>> {
        self.shared.directory.subscribe()
    }

    pub(crate) async fn ask(&self, question: Question) -> Result<Answer, BusError> {
        question::ask(&self.shared.link, &question, self.shared.link.config.answer_timeout).await
    }

    pub(crate) async fn questions(&self) -> Result<QuestionReader, BusError> {
        Ok(QuestionReader::new(QuestionSource::Nats(Box::new(
            NatsQuestions::new(self.shared.link.clone()).await?,
        ))))
    }

    pub(crate) async fn close(&self) -> Result<(), BusError> {
        let flushed = self.flush().await;
        self.shared.link.close();
        flushed
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// A batch as bodies of bounded size, in order.
fn bodies(batch: &EventBatch, universe: &Universe) -> Result<Vec<Bytes>, EncodeError> {
    let mut bodies = Vec::new();
    let mut encoder = BatchEncoder::new(&batch.feed)?;
    for event in &batch.events {
        encoder.push(event, |id| universe.symbol(id))?;
        if encoder.len_bytes() >= BODY_BYTES {
            let full = std::mem::replace(&mut encoder, BatchEncoder::new(&batch.feed)?);
            bodies.push(full.finish().into());
        }
    }
    if !encoder.is_empty() {
        bodies.push(encoder.finish().into());
    }
    Ok(bodies)
}

async fn subscribe(link: &Link, subject: String) -> Result<Subscriber, BusError> {
    let what = "subscribing";
    link.client
        .subscribe(subject)
        .await
        .map_err(|source| BusError::NoAnswer { what, source: Some(source.into()) })
}

/// Sends what is said again anyway, unless the server is away: then it would only queue up.
async fn say(link: &Link, subject: String, payload: Bytes) {
    if link.is_connected()
        && let Err(error) = link.client.publish(subject, payload).await
    {
        tracing::debug!(%error, "sending to NATS failed");
    }
}

async fn say_status(link: &Link, directory: &Directory, status: &FeedStatus) -> Result<(), BusError> {
    let universe = directory.current();
    let payload = zip(wire::bus::encode_status(status, |id| universe.symbol(id))?);
    if payload.len() > link::MESSAGE_BYTES_MAX {
        return Err(BusError::TooLarge { bytes: payload.len() });
    }
    say(link, link.subjects.status(&status.name), payload.into()).await;
    Ok(())
}

/// Says everything again when somebody new asks, and when the server is back.
async fn say_again(
    link: Link,
    directory: Arc<Directory>,
    own: Arc<Own>,
    mut ask_interest: Subscriber,
    mut ask_status: Subscriber,
) {
    let mut state = link.state();
    let mut generation = state.borrow().generation;
    loop {
        let (interest, status) = tokio::select! {
            asked = ask_interest.next() => (asked.is_some(), false),
            asked = ask_status.next() => (false, asked.is_some()),
            back = state.wait_for(|s| s.connected && s.generation != generation) => match back {
                Ok(back) => {
                    generation = back.generation;
                    (true, true)
                }
                Err(_) => (false, false),
            },
        };
        if !interest && !status {
            return;
        }
        if interest {
            let _speaking = own.speaking.lock().await;
            for (instance, messages) in own.interest.again().unwrap_or_default() {
                for message in messages {
                    say(&link, link.subjects.interest(&instance), message).await;
                }
            }
        }
        if status {
            let statuses: Vec<FeedStatus> =
                own.statuses.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
            for status in statuses {
                if let Err(error) = say_status(&link, &directory, &status).await {
                    tracing::debug!(%error, "sending a status failed");
                }
            }
        }
    }
}

async fn hear_statuses(link: Link, directory: Arc<Directory>, board: Arc<Board>, mut statuses: Subscriber) {
    let mut state = link.state();
    let mut generation = state.borrow().generation;
    say(&link, link.subjects.ask_status(), Bytes::new()).await;
    loop {
        let heard = tokio::select! {
            message = statuses.next() => Some(message),
            back = state.wait_for(|s| s.connected && s.generation != generation) => match back {
                Ok(back) => {
                    generation = back.generation;
                    None
                }
                Err(_) => return,
            },
        };
        let message = match heard {
            Some(Some(message)) => message,
            Some(None) => return,
            None => {
                // What was said again before we were back did not reach us.
                say(&link, link.subjects.ask_status(), Bytes::new()).await;
                continue;
            }
        };
        let universe = directory.current();
        let read = unzip(&message.payload)
            .and_then(|payload| wire::bus::decode_status(&payload, |symbol| universe.id(symbol)));
        match read {
            Ok(status) => board.put(status),
            Err(_) => link.counts.unreadable(),
        }
    }
}
