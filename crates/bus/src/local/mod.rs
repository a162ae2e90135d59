//! The bus within one process: a complete way to run, not a stand-in.
//!
//! Nothing is copied: readers share the batches a publisher gave. There is no live way, because the
//! log is as fast; what is in the log is lost when the process ends, and so is every reader.

mod log;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use market::{FeedStatus, Universe};
use tokio::sync::{mpsc, oneshot, watch};
use wire::bus::{Answer, EventBatch, InterestReport, Question};

use crate::error::BusError;
use crate::interest::{self, InterestReader};
use crate::position::LogStart;
use crate::question::{self, Asked, QuestionReader, Reply};
use crate::status::{Board, Statuses};
pub(crate) use log::LocalEvents;
use log::LocalLog;

/// Interest reports a reader may be behind before the reporter waits.
const REPORTS_MAX: usize = 256;
/// Questions waiting to be taken before the next asker waits.
const QUESTIONS_MAX: usize = 64;

/// How the bus within a process is bounded.
#[derive(Debug, Clone)]
pub struct LocalConfig {
    /// Events the slowest reader may be behind before the publisher waits; an event takes about 120
    /// bytes.
    pub unread_events_max: u64,
    /// Events kept after all have read them, for readers that start at an earlier position.
    pub kept_events: u64,
    /// A feed whose status is older than this is shown as down.
    pub status_lease: Duration,
    /// How long an asker waits for its answer.
    pub answer_timeout: Duration,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self {
            unread_events_max: 65_536,
            kept_events: 16_384,
            status_lease: Duration::from_secs(15),
            answer_timeout: Duration::from_secs(10),
        }
    }
}

/// The bus within one process. Clones are the same bus.
#[derive(Debug, Clone)]
pub struct LocalBus {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: LocalConfig,
    log: Arc<LocalLog>,
    interest: Mutex<Interest>,
    board: Arc<Board>,
    universe: watch::Sender<Arc<Universe>>,
    questions: Mutex<Option<mpsc::Sender<Asked>>>,
    expiry: tokio::task::AbortHandle,
}

#[derive(Debug, Default)]
struct Interest {
    readers: Vec<mpsc::Sender<(InterestReport, u64)>>,
    /// What each instance last said in full, with what it added since, for readers yet to come.
    known: HashMap<String, (InterestReport, u64)>,
}

impl LocalBus {
    /// A bus with nothing in it. Must be called within a Tokio runtime, which also runs a small task
    /// for as long as the bus lives.
    pub fn new(config: LocalConfig) -> Self {
        // Tells this process's log from the one before it. Before 1970 there was none.
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64);
        let log = LocalLog::new(epoch, config.unread_events_max, config.kept_events);
        let board = Arc::new(Board::new(config.status_lease));
        let expiry = tokio::spawn(board.clone().expire()).abort_handle();
        let universe = watch::channel(Arc::new(Universe::new())).0;
        let (interest, questions) = (Mutex::default(), Mutex::default());
        Self { shared: Arc::new(Shared { config, log, interest, board, universe, questions, expiry }) }
    }

    pub(crate) async fn publish_events(&self, batch: EventBatch) -> Result<(), BusError> {
        if self.shared.log.publish(batch).await { Ok(()) } else { Err(BusError::Closed) }
    }

    pub(crate) fn events(&self, start: LogStart) -> LocalEvents {
        self.shared.log.reader(start)
    }

    pub(crate) async fn report_interest(&self, report: InterestReport) {
        let (number, readers) = {
            let mut interest = self.shared.interest.lock().unwrap_or_else(PoisonError::into_inner);
            interest.readers.retain(|reader| !reader.is_closed());
            (interest.remember(&report), interest.readers.clone())
        };
        for reader in readers {
            // A reader that was dropped meanwhile is no loss.
            let _ = reader.send((report.clone(), number)).await;
        }
    }

    pub(crate) fn interest_reports(&self) -> InterestReader {
        let mut interest = self.shared.interest.lock().unwrap_or_else(PoisonError::into_inner);
        let (sender, receiver) = mpsc::channel(REPORTS_MAX.max(interest.known.len() + 1));
        for known in interest.known.values() {
            // It fits: the channel is as large as what is known.
            let _ = sender.try_send(known.clone());
        }
        interest.readers.push(sender);
        InterestReader::new(interest::Source::Local(receiver))
    }

    pub(crate) fn publish_status(&self, status: FeedStatus) {
        self.shared.board.put(status);
    }

    pub(crate) fn statuses(&self) -> watch::Receiver<Statuses> {
        self.shared.board.subscribe()
    }

    pub(crate) fn publish_universe(&self, universe: Arc<Universe>) {
        self.shared.universe.send_replace(universe);
    }

    pub(crate) fn universe(&self) -> watch::Receiver<Arc<Universe>> {
        self.shared.universe.subscribe()
    }

    pub(crate) async fn ask(&self, question: Question) -> Result<Answer, BusError> {
        let questions = self.shared.questions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (reply, answer) = oneshot::channel();
        let asked = Asked::new(question, Reply::Local(reply));
        let round = async {
            questions
                .ok_or(BusError::NobodyAnswers)?
                .send(asked)
                .await
                .map_err(|_| BusError::NobodyAnswers)?;
            answer.await.map_err(|_| BusError::NobodyAnswers)
        };
        tokio::time::timeout(self.shared.config.answer_timeout, round)
            .await
            .unwrap_or(Err(BusError::AnswerLate))
    }

    pub(crate) fn questions(&self) -> QuestionReader {
        let (sender, receiver) = mpsc::channel(QUESTIONS_MAX);
        *self.shared.questions.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        QuestionReader::new(question::Source::Local(receiver))
    }

    pub(crate) fn close(&self) {
        self.shared.log.close();
        self.shared.interest.lock().unwrap_or_else(PoisonError::into_inner).readers.clear();
        *self.shared.questions.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Interest {
    /// Folds a report into what is known; its number.
    fn remember(&mut self, report: &InterestReport) -> u64 {
        let number = self.known.get(&report.instance).map_or(0, |(_, number)| number + 1);
        let mut counts: HashMap<_, _> = match self.known.remove(&report.instance) {
            Some((before, _)) if !report.full => before.counts.into_iter().collect(),
            _ => HashMap::new(),
        };
        counts.extend(report.counts.iter().copied());
        counts.retain(|_, n| *n > 0);
        let known = InterestReport { full: true, counts: counts.into_iter().collect(), ..report.clone() };
        self.known.insert(report.instance.clone(), (known, number));
        number
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.expiry.abort();
    }
}
