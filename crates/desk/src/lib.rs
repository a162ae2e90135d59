//! The desk at work: it takes commands from everywhere, gives each user's to one shard in order, and
//! answers once they are durable.
//!
//! ```text
//! HTTP, lines ──► Desk ──► shard: ledger.check ─► price? ─► ledger.apply ─► block ─► journal ─► answers
//!                            ▲                                                             └─► observer
//!             tape: prices ──┘
//! ```
//!
//! A shard is one thread that owns one ledger and one journal. What arrived while the last
//! block was written goes into the next one, so many commands share one sync of the disk. Nothing is
//! answered, shown or told before its block is durable. When the journal cannot take a block the shard
//! keeps it, refuses what comes, and tries until it can: nothing that was applied is ever taken back.

/// Work that may take its time.
pub mod background;
/// Where triggers wait, for those who bring prices.
pub mod board;
/// What is counted.
pub mod counters;
/// Reading back what happened.
pub mod history;
/// Where prices come from.
pub mod prices;
/// The newest entries in memory.
mod recent;
/// What goes to a shard, and what comes back.
pub mod request;
/// One shard at work.
mod shard;
/// From a journal to a ledger.
mod start;
/// Proving what was kept.
pub mod verify;
/// Answers that leave once their block is durable.
mod waiting;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use ledger::{AccountView, Quote, UserName};
use market::{Symbol, Timestamp};
use store::journal::{Head, Journals, Reader, Shard};
use tokio::sync::oneshot;

pub use background::background;
pub use board::Board;
pub use counters::Counters;
pub use history::{History, HistoryError};
pub use prices::{Asked, Later, Prices};
pub use recent::Newest;
pub use request::{Answer, Answered, Closed, Observer, Submission, Wants};
pub use start::StartError;
pub use verify::{Proof, verify};

use request::Request;

/// Gives the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Requests that wait for a shard. Policy when full: the next is refused, see [`Closed::Busy`].
const REQUESTS_MAX: usize = 65_536;

/// What a desk is made of.
pub struct Parts {
    /// Where entries are kept.
    pub journals: Arc<dyn Journals>,
    /// Where prices come from.
    pub prices: Arc<dyn Prices>,
    /// Who is told what happened.
    pub observer: Arc<dyn Observer>,
    /// The time.
    pub clock: Clock,
    /// Shards of a new desk; one that exists keeps its number.
    pub shards: u16,
    /// Where prices that have to be waited for are waited for.
    pub runtime: tokio::runtime::Handle,
    /// Entries after which the state is saved, so that a start is fast.
    pub snapshot_every: u64,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("shards", &self.shards).finish_non_exhaustive()
    }
}

/// The desk. Shared by everyone who brings commands or prices.
#[derive(Debug)]
pub struct Desk {
    journals: Arc<dyn Journals>,
    shards: Vec<Place>,
    counters: Arc<Counters>,
    is_closing: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// The way to one shard.
#[derive(Debug, Clone)]
struct Place {
    shard: Shard,
    requests: SyncSender<Request>,
    board: Arc<Board>,
}

impl Desk {
    /// Opens the journals, makes the state again from them, and starts the shards. Blocks: minutes for a
    /// long journal without a snapshot.
    ///
    /// # Errors
    /// [`StartError`] names the journal and the mend; nothing is left running.
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let counters = Arc::new(Counters::default());
        let count = start::shard_count(&*parts.journals, parts.shards)?;
        let mut ready = Vec::new();
        for number in 0..count {
            let shard = Shard::new(number).ok_or(StartError::Shards { count })?;
            ready.push(start::load(&parts.journals, shard)?);
        }
        let (shards, threads) = shard::start(&parts, ready, &counters)?;
        Ok(Self {
            journals: parts.journals,
            shards,
            counters,
            is_closing: AtomicBool::new(false),
            threads: Mutex::new(threads),
        })
    }

    /// The shard of a user: always the same one.
    pub fn shard_of(&self, user: &UserName) -> Shard {
        self.shards[self.place_of(user)].shard
    }

    fn place_of(&self, user: &UserName) -> usize {
        start::place_of(user, self.shards.len())
    }

    fn send(&self, place: usize, request: Request) -> Result<(), Closed> {
        if self.is_closing.load(Ordering::Relaxed) {
            return Err(Closed::Ending);
        }
        self.shards[place].requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => Closed::Busy,
            TrySendError::Disconnected(_) => Closed::Ending,
        })
    }

    /// Hands a command in. Commands of one user are carried out in the order in which this was called.
    ///
    /// # Errors
    /// [`Closed`]: it was not taken.
    pub fn submit(&self, submission: Submission) -> Result<(), Closed> {
        let place = self.place_of(&submission.user);
        self.send(place, Request::Command(Box::new(submission)))
    }

    /// Hands commands of several users in, in order; they share the way to their shards.
    ///
    /// # Errors
    /// [`Closed`]: some were not taken; their replies are dropped.
    pub fn submit_all(&self, submissions: Vec<Submission>) -> Result<(), Closed> {
        if self.shards.len() == 1 {
            return self.send(0, Request::Commands(submissions));
        }
        let mut by_place: Vec<Vec<Submission>> = self.shards.iter().map(|_| Vec::new()).collect();
        for submission in submissions {
            by_place[self.place_of(&submission.user)].push(submission);
        }
        for (place, submissions) in by_place.into_iter().enumerate() {
            if !submissions.is_empty() {
                self.send(place, Request::Commands(submissions))?;
            }
        }
        Ok(())
    }

    /// What a user has, after everything handed in before.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn account(&self, user: UserName) -> Result<AccountView, Closed> {
        let (reply, answer) = oneshot::channel();
        self.send(self.place_of(&user), Request::Account { user, reply })?;
        answer.await.map_err(|_| Closed::Ending)?
    }

    /// The accounts of some users of a shard, from the `from`th user on, at most so many; fewer mean the end.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn accounts(
        &self,
        shard: Shard,
        from: usize,
        limit: usize,
    ) -> Result<Vec<(UserName, AccountView)>, Closed> {
        let (reply, answer) = oneshot::channel();
        self.send(usize::from(shard.number()), Request::Accounts { from, limit, reply })?;
        answer.await.map_err(|_| Closed::Ending)?
    }

    /// Where a shard's journal ends after everything handed in before, and how far it is durable.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn head(&self, shard: Shard) -> Result<Head, Closed> {
        let (reply, answer) = oneshot::channel();
        self.send(usize::from(shard.number()), Request::Head { reply })?;
        answer.await.map_err(|_| Closed::Ending)?
    }

    /// The shards, ascending.
    pub fn shards(&self) -> impl Iterator<Item = Shard> + '_ {
        self.shards.iter().map(|place| place.shard)
    }

    /// Some trigger may fire at this price.
    pub fn wants(&self, symbol: &Symbol, price: market::Price) -> bool {
        self.shards.iter().any(|place| place.board.wants(symbol, price))
    }

    /// No trigger is armed anywhere.
    pub fn is_idle(&self) -> bool {
        self.shards.iter().all(|place| place.board.is_empty())
    }

    /// The symbols with armed triggers.
    pub fn armed_symbols(&self) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = self.shards.iter().flat_map(|place| place.board.symbols()).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// Brings prices of the tape, in order. Those that no trigger waits for are left out. A shard that is too
    /// far behind to take them looks at the then present prices once it can.
    pub fn prices_moved(&self, prices: &[(Symbol, Quote)]) {
        for (at, place) in self.shards.iter().enumerate() {
            let wanted = |(symbol, quote): &&(Symbol, Quote)| place.board.wants(symbol, quote.price);
            let wanted: Vec<(Symbol, Quote)> = prices.iter().filter(wanted).cloned().collect();
            if !wanted.is_empty() && self.send(at, Request::Prices(wanted)) == Err(Closed::Busy) {
                place.board.set_behind();
            }
        }
    }

    /// Reads back what happened to users of a shard.
    pub fn history(&self, shard: Shard) -> History {
        History::new(Reader::new(Arc::clone(&self.journals), shard))
    }

    /// Where entries are kept.
    pub fn journals(&self) -> &Arc<dyn Journals> {
        &self.journals
    }

    /// What was counted so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Ends: what was handed in is made durable and answered, the state saved. Blocks.
    pub fn stop(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        for place in &self.shards {
            // A full queue empties, a thread that has ended needs no word.
            let _ = place.requests.send(Request::Stop);
        }
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a shard of the desk ended badly");
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.stop();
    }
}
