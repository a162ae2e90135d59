//! Between roles: the log, the live values, and a few words beside them; in process or over NATS.
//!
//! A role is told its bus and cannot tell whether its neighbour is a task or a machine.
//!
//! | what | direction | in process | over NATS | may it be lost? |
//! | --- | --- | --- | --- | --- |
//! | events, the **log** way | feeds → all | bounded window | JetStream | no |
//! | events, the **live** way | feeds → servers | nothing: the log is as fast | core, a subject a symbol | yes, under pressure |
//! | interest | servers → feeds | channel | core, numbered, repeated when asked | no, it heals |
//! | feed status | feeds → servers | shared | core, repeated when asked | no, it heals |
//! | universe | feeds → servers | shared | JetStream, compressed, in parts | no |
//! | questions | server → one feeds role | channel | request and reply | the asker is told |
//!
//! # What holds everywhere
//!
//! - Events of one feed are read in the order they were published, by every reader, each at its own
//!   pace. A feed publishes from one task at a time.
//! - The same event may reach a server by both ways, and twice after a crash of the publisher. The tape
//!   drops duplicates by (symbol, time, sequence).
//! - Every queue is bounded. A full log makes its publisher wait; a full live way drops.
//!
//! # What the log survives
//!
//! In process: nothing; it ends with the process. Over NATS, once [`Bus::flush`] has returned:
//!
//! | event | kept? |
//! | --- | --- |
//! | any Bellwether process dies | yes |
//! | nats-server is killed (`kill -9`) or restarted | yes: what it acknowledged it has handed to the operating system |
//! | the machine of a single nats-server loses power | up to the last sync, by default two minutes before: **JetStream acknowledges before it has synced to disk**. `jetstream { sync_interval: always }` in the server's configuration syncs before each acknowledgement, at some 3,600 messages a second on the machine of `docs/performance.md`; a message holds up to half a megabyte of events |
//! | the reader is away longer than the log is kept ([`NatsConfig::log_age`], [`NatsConfig::log_bytes`]) | no, and it is told: [`LogError::Lost`] |
//!
//! Events that were accepted and not yet flushed are in the memory of the publisher: they survive the
//! server's absence, and not the publisher's death. Money does not travel here.

mod error;
mod interest;
mod local;
mod nats;
mod position;
mod question;
mod status;
mod zip;

use std::sync::Arc;

use market::{Bar, Card, FeedStatus, HistoryRequest, Symbol, Universe};
use tokio::sync::watch;

pub use error::BusError;
pub use interest::{InterestReader, InterestTable};
pub use local::{LocalBus, LocalConfig};
pub use nats::{NatsBus, NatsConfig, NatsCounters};
pub use position::{LogError, LogPosition, LogStart};
pub use question::{Asked, QuestionReader};
pub use status::Statuses;
pub use wire::bus::{Answer, EventBatch, InterestReport, Question, Refusal};

/// The bus, one of two. Clones are the same bus.
#[derive(Debug, Clone)]
pub enum Bus {
    /// All roles in this process.
    Local(LocalBus),
    /// Roles in several processes, joined by a NATS server.
    Nats(NatsBus),
}

impl Bus {
    /// Appends a batch to the log and shows it on the live way.
    ///
    /// Returns when the batch is accepted: it will be in the log, after all that this feed published
    /// before. Waits while the log is full (in process: the slowest reader is too far behind; over NATS:
    /// the buffer for the server's absence is full). Fails, and accepts nothing, for a symbol id the
    /// universe does not have.
    pub async fn publish_events(&self, batch: EventBatch) -> Result<(), BusError> {
        match self {
            Self::Local(bus) => bus.publish_events(batch).await,
            Self::Nats(bus) => bus.publish_events(batch).await,
        }
    }

    /// Returns when everything accepted so far is in the log.
    pub async fn flush(&self) -> Result<(), BusError> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Nats(bus) => bus.flush().await,
        }
    }

    /// Reads the log. Each reader gets everything from its start on.
    pub async fn events(&self, start: LogStart) -> Result<EventReader, BusError> {
        Ok(EventReader(match self {
            Self::Local(bus) => Events::Local(bus.events(start)),
            Self::Nats(bus) => Events::Nats(Box::new(bus.events(start).await?)),
        }))
    }

    /// Values as they happen, of the symbols it is told to watch; none at first.
    pub fn live(&self) -> LiveReader {
        LiveReader(match self {
            Self::Local(_) => Live::Local,
            Self::Nats(bus) => Live::Nats(Box::new(bus.live())),
        })
    }

    /// Tells the feeds role what this instance's viewers watch. The caller repeats a full report well
    /// within its lease for as long as it lives.
    pub async fn report_interest(&self, report: InterestReport) -> Result<(), BusError> {
        match self {
            Self::Local(bus) => {
                bus.report_interest(report).await;
                Ok(())
            }
            Self::Nats(bus) => bus.report_interest(report).await,
        }
    }

    /// What everyone's viewers watch, from what is known now on.
    pub async fn interest_reports(&self) -> Result<InterestReader, BusError> {
        match self {
            Self::Local(bus) => Ok(bus.interest_reports()),
            Self::Nats(bus) => bus.interest_reports().await,
        }
    }

    /// Tells how a feed is doing. The caller repeats it every few seconds for as long as it lives.
    pub async fn publish_status(&self, status: FeedStatus) -> Result<(), BusError> {
        match self {
            Self::Local(bus) => {
                bus.publish_status(status);
                Ok(())
            }
            Self::Nats(bus) => bus.publish_status(status).await,
        }
    }

    /// The latest status of every feed. One not heard from for a lease is shown as down.
    pub fn statuses(&self) -> watch::Receiver<Statuses> {
        match self {
            Self::Local(bus) => bus.statuses(),
            Self::Nats(bus) => bus.statuses(),
        }
    }

    /// Hands out the list of instruments, before any event that names a new one. Over NATS, returns when
    /// it is stored, and waits while the server is away; only the owner of the universe may
    /// ([`NatsConfig::owns_universe`]), and ids must not move.
    pub async fn publish_universe(&self, universe: Arc<Universe>) -> Result<(), BusError> {
        match self {
            Self::Local(bus) => {
                bus.publish_universe(universe);
                Ok(())
            }
            Self::Nats(bus) => bus.publish_universe(universe).await,
        }
    }

    /// The list of instruments by which ids are to be understood in this process. It only grows.
    pub fn universe(&self) -> watch::Receiver<Arc<Universe>> {
        match self {
            Self::Local(bus) => bus.universe(),
            Self::Nats(bus) => bus.universe(),
        }
    }

    /// Asks the feeds role for the card of an instrument.
    pub async fn card(&self, symbol: Symbol) -> Result<Result<Card, Refusal>, BusError> {
        match self.ask(Question::Card(symbol)).await? {
            Answer::Card(card) => Ok(Ok(*card)),
            Answer::Refused(refusal) => Ok(Err(refusal)),
            Answer::Bars(_) => Ok(Err(Refusal::Failed("bars were answered instead".into()))),
        }
    }

    /// Asks the feeds role for bars of the past, ascending by start.
    pub async fn history(&self, request: HistoryRequest) -> Result<Result<Vec<Bar>, Refusal>, BusError> {
        match self.ask(Question::History(request)).await? {
            Answer::Bars(bars) => Ok(Ok(bars)),
            Answer::Refused(refusal) => Ok(Err(refusal)),
            Answer::Card(_) => Ok(Err(Refusal::Failed("a card was answered instead".into()))),
        }
    }

    async fn ask(&self, question: Question) -> Result<Answer, BusError> {
        match self {
            Self::Local(bus) => bus.ask(question).await,
            Self::Nats(bus) => bus.ask(question).await,
        }
    }

    /// The questions this instance is to answer. In process the latest reader gets them all; over NATS
    /// each goes to one of the readers.
    pub async fn questions(&self) -> Result<QuestionReader, BusError> {
        match self {
            Self::Local(bus) => Ok(bus.questions()),
            Self::Nats(bus) => bus.questions().await,
        }
    }

    /// Ends the bus for all its clones; readers are told. In process they first read what is there; over
    /// NATS what was accepted is first stored, and a caller that cannot wait for an absent server sets a
    /// limit.
    pub async fn close(&self) -> Result<(), BusError> {
        match self {
            Self::Local(bus) => {
                bus.close();
                Ok(())
            }
            Self::Nats(bus) => bus.close().await,
        }
    }
}

/// Reads the log, in order and without loss, and goes on by itself when the server was away.
#[derive(Debug)]
pub struct EventReader(Events);

#[derive(Debug)]
enum Events {
    Local(local::LocalEvents),
    Nats(Box<nats::NatsEvents>),
}

impl EventReader {
    /// The next batch, and the position after it. Nothing is lost when the future is dropped. After an
    /// error other than [`LogError::Closed`] reading goes on.
    pub async fn next(&mut self) -> Result<(LogPosition, Arc<EventBatch>), LogError> {
        match &mut self.0 {
            Events::Local(events) => events.next().await,
            Events::Nats(events) => events.next().await,
        }
    }
}

/// Values of the watched symbols as they happen. In process it yields nothing at all, because the log is
/// as fast. Gaps travel by the log only.
#[derive(Debug)]
pub struct LiveReader(Live);

#[derive(Debug)]
enum Live {
    Local,
    Nats(Box<nats::NatsLive>),
}

impl LiveReader {
    /// Watches these symbols too. Takes effect a moment later; what is watched already stays so.
    pub async fn watch(&mut self, symbols: &[Symbol]) -> Result<(), BusError> {
        match &mut self.0 {
            Live::Local => Ok(()),
            Live::Nats(live) => live.watch(symbols).await,
        }
    }

    /// Watches these symbols no longer. A value already on its way may still come.
    pub fn unwatch(&mut self, symbols: &[Symbol]) {
        match &mut self.0 {
            Live::Local => {}
            Live::Nats(live) => live.unwatch(symbols),
        }
    }

    /// The next values; waits for ever while nothing is watched. Nothing is lost when the future is
    /// dropped.
    pub async fn next(&mut self) -> Arc<EventBatch> {
        match &mut self.0 {
            Live::Local => std::future::pending().await,
            Live::Nats(live) => live.next().await,
        }
    }
}
