//! One shard at work: a thread that owns a ledger and its journal.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ledger::{
    AccountView, Applied, Command, Effect, Entry, Event, Ledger, Millis, Need, Outcome, Quote, Refusal,
    UserId, UserName,
};
use market::Symbol;
use store::journal::{BLOCK_ENTRIES_MAX, Head, Journal, JournalError, Journals, NewBlock, Shard};
use wire::journal::{begin_block, write_entry, write_snapshot};

use crate::board::Board;
use crate::counters::Counters;
use crate::prices::{Asked, Later, Prices};
use crate::recent::Recent;
use crate::request::{Answer, Answered, Closed, Observer, Request, Submission, Wants};
use crate::start::{Ready, StartError};
use crate::waiting::{Told, Waiting};
use crate::{Clock, Parts, Place, REQUESTS_MAX};

/// A block is closed at so many entries: more would make those at its beginning wait longer than a sync
/// of the disk takes.
const ENTRIES_TOGETHER: usize = 3_000;
/// A block is closed at this size.
const BYTES_TOGETHER: usize = 4 << 20;
/// Commands of one user that wait behind one of theirs that waits for a price.
const PARKED_PER_USER_MAX: usize = 10_000;
/// Pause before an append that failed is tried again; it doubles.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// Prices of armed symbols are asked for so often; the source answers from what it has for as long as
/// that is good.
const POLL_MS: i64 = 1_000;
/// Armed symbols whose prices are on their way at once.
const WATCHING_MAX: usize = 64;
/// How long the end waits for a journal that cannot be written.
const PATIENCE_AT_END: Duration = Duration::from_secs(5);
/// Fewer entries than this are folded again rather than saved as a snapshot at the end.
const FOLDED_FAST: u64 = 20_000;

/// Starts the threads.
pub(crate) fn start(
    parts: &Parts,
    ready: Vec<Ready>,
    counters: &Arc<Counters>,
) -> Result<(Vec<Place>, Vec<JoinHandle<()>>), StartError> {
    let (mut places, mut receivers) = (Vec::new(), Vec::new());
    for ready in &ready {
        let (requests, receiver) = sync_channel(REQUESTS_MAX);
        places.push(Place { shard: ready.shard, requests, board: Arc::default() });
        receivers.push(receiver);
    }
    let mut threads = Vec::new();
    for (ready, requests) in ready.into_iter().zip(receivers) {
        let at = threads.len();
        let worker = Worker {
            shard: ready.shard,
            head: ready.journal.head(),
            since_snapshot: ready.journal.head().entries().saturating_sub(ready.snapshot),
            ledger: ready.ledger,
            journal: ready.journal,
            requests,
            own: places[at].requests.clone(),
            board: Arc::clone(&places[at].board),
            others: places
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .map(|(_, p)| p.clone())
                .collect(),
            journals: Arc::clone(&parts.journals),
            prices: Arc::clone(&parts.prices),
            observer: Arc::clone(&parts.observer),
            clock: Arc::clone(&parts.clock),
            runtime: parts.runtime.clone(),
            counters: Arc::clone(counters),
            snapshot_every: parts.snapshot_every.max(1),
            snapshot: None,
            entries: Vec::new(),
            recent: Recent::default(),
            waiting: Vec::new(),
            parked: HashMap::new(),
            polled: Millis(0),
            watching: HashSet::new(),
            deferred: VecDeque::new(),
            bytes: Vec::new(),
            is_behind: false,
            is_stopping: false,
        };
        let name = format!("desk-{}", ready.shard);
        threads.push(std::thread::Builder::new().name(name).spawn(move || worker.run())?);
    }
    Ok((places, threads))
}

struct Worker {
    shard: Shard,
    ledger: Ledger,
    journal: Box<dyn Journal>,
    /// Up to where the journal is durable.
    head: Head,
    requests: Receiver<Request>,
    own: SyncSender<Request>,
    board: Arc<Board>,
    others: Vec<Place>,
    journals: Arc<dyn Journals>,
    prices: Arc<dyn Prices>,
    observer: Arc<dyn Observer>,
    clock: Clock,
    runtime: tokio::runtime::Handle,
    counters: Arc<Counters>,
    snapshot_every: u64,
    since_snapshot: u64,
    snapshot: Option<JoinHandle<()>>,
    /// Applied and not durable yet.
    entries: Vec<Entry>,
    /// The newest that are durable.
    recent: Recent,
    waiting: Vec<Waiting>,
    /// By user: the command that waits for its price, and those behind it.
    parked: HashMap<UserName, VecDeque<Submission>>,
    /// When prices of armed symbols were last asked for.
    polled: Millis,
    /// Armed symbols whose price is on its way.
    watching: HashSet<Symbol>,
    /// Came while the journal could not be written, and must not be lost.
    deferred: VecDeque<Request>,
    bytes: Vec<u8>,
    /// Prices were let go while the journal could not be written.
    is_behind: bool,
    is_stopping: bool,
}

fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Relaxed);
}

/// Gives a shard what must not be lost, however full its queue is.
async fn give(shard: SyncSender<Request>, mut request: Request) {
    while let Err(TrySendError::Full(back)) = shard.try_send(request) {
        request = back;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

impl Worker {
    fn run(mut self) {
        let armed: Vec<Symbol> = self.ledger.armed_symbols().collect();
        for symbol in armed {
            self.board.set(symbol, self.ledger.armed(&symbol));
        }
        while !self.is_stopping {
            if let Some(first) = self.next() {
                self.take(first);
                while self.entries.len() < ENTRIES_TOGETHER && self.waiting.len() < 2 * ENTRIES_TOGETHER {
                    let Ok(request) = self.requests.try_recv() else { break };
                    self.take(request);
                }
            }
            let now = self.now();
            self.ledger.expire(now, &mut self.entries);
            self.poll(now);
            if !self.commit() {
                break;
            }
            self.keep_snapshot();
        }
        self.end();
    }

    fn now(&self) -> Millis {
        Millis::from((self.clock)())
    }

    /// The next request, or nothing when a ticket is due to expire first.
    fn next(&mut self) -> Option<Request> {
        if let Some(deferred) = self.deferred.pop_front() {
            return Some(deferred);
        }
        let now = self.now();
        let poll_at =
            (self.prices.is_polled() && !self.board.is_empty()).then_some(self.polled.plus(POLL_MS));
        let due = self.ledger.next_expiry().into_iter().chain(poll_at).min();
        let wait = due.map(|at| at.0.saturating_sub(now.0).max(0));
        let received = match wait {
            Some(wait) => self.requests.recv_timeout(Duration::from_millis(wait.unsigned_abs())),
            None => self.requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.is_stopping = true;
                None
            }
        }
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Command(submission) => self.begin(*submission),
            Request::Commands(submissions) => submissions.into_iter().for_each(|s| self.begin(s)),
            Request::Priced { user, result } => self.priced(&user, result),
            Request::Watched { symbol, result } => self.watched(symbol, result),
            Request::Prices(prices) => {
                for (symbol, quote) in &prices {
                    self.fire(symbol, quote);
                }
            }
            Request::Account { user, reply } => {
                let view = self.account(&user);
                self.waiting.push(Waiting::Account(reply, view));
            }
            Request::Accounts { from, limit, reply } => {
                let now = self.now();
                // The first id is the system's.
                let ids = (1..self.ledger.user_count()).skip(from).take(limit);
                let views = ids.map(|at| {
                    let id = ledger::UserId(u32::try_from(at).unwrap_or(u32::MAX));
                    (*self.ledger.name(id), self.ledger.account(id, now))
                });
                let views = views.collect();
                self.waiting.push(Waiting::Accounts(reply, views));
            }
            Request::Head { reply } => self.waiting.push(Waiting::Head(reply)),
            Request::Stop => self.is_stopping = true,
        }
    }

    fn account(&self, user: &UserName) -> AccountView {
        let view = self.ledger.find(user).map(|id| self.ledger.account(id, self.now()));
        view.unwrap_or_default()
    }

    /// Carries a command out, or lets it wait behind an earlier one of its user.
    fn begin(&mut self, submission: Submission) {
        match self.parked.get_mut(&submission.user) {
            None => self.carry_out(submission),
            Some(behind) if behind.len() < PARKED_PER_USER_MAX => behind.push_back(submission),
            Some(_) => {
                add(&self.counters.turned_away, 1);
                let _ = submission.reply.send(Err(Closed::Busy));
            }
        }
    }

    fn carry_out(&mut self, submission: Submission) {
        let Some(command) = self.command(&submission) else {
            let answered = Answered::NotEntered(Refusal::TooManyUsers);
            let answer = Answer { shard: self.shard, answered, account: None, before: None };
            return self.waiting.push(Waiting::Ready { reply: submission.reply, answer });
        };
        let now = self.now();
        let (symbol, is_needed) = match self.ledger.check(&command, now) {
            Need::Price(symbol) => (symbol, true),
            Need::PriceIfAny(symbol) => (symbol, false),
            Need::Nothing | Need::Refused(_) | Need::Repeated(_) => {
                let applied = self.ledger.apply(&command, None, now, &mut self.entries);
                return self.applied(submission, &command, applied, None);
            }
        };
        match self.prices.price(&symbol, &submission.user) {
            Asked::Now(quote) => self.finish(submission, &command, Ok(quote), is_needed),
            Asked::Refused(refusal) => self.finish(submission, &command, Err(refusal), is_needed),
            Asked::Later(later) => {
                self.wait_for(submission.user, later);
                self.parked.insert(submission.user, VecDeque::from([submission]));
            }
        }
    }

    fn command(&mut self, submission: &Submission) -> Option<Command> {
        let user = self.ledger.intern(&submission.user).ok()?;
        let n = if submission.n == 0 { self.ledger.seq() + 1 } else { submission.n };
        Some(Command { user, n, key: submission.key, action: submission.action.clone() })
    }

    /// Applies a command whose price is known, or known not to be had.
    fn finish(
        &mut self,
        submission: Submission,
        command: &Command,
        price: Result<Quote, Refusal>,
        is_needed: bool,
    ) {
        let now = self.now();
        let (applied, quote) = match price {
            Ok(quote) => {
                add(if quote.fresh { &self.counters.quotes_fetched } else { &self.counters.quote_hits }, 1);
                (self.ledger.apply(command, Some(&quote), now, &mut self.entries), Some(quote))
            }
            Err(refusal) if is_needed => {
                (self.ledger.refuse(command, refusal, None, now, &mut self.entries), None)
            }
            Err(_) => (self.ledger.apply(command, None, now, &mut self.entries), None),
        };
        self.applied(submission, command, applied, quote);
    }

    fn applied(&mut self, submission: Submission, command: &Command, applied: Applied, quote: Option<Quote>) {
        let told = self.told(submission.wants, command.user, &applied);
        let reply = submission.reply;
        match applied {
            Applied::Repeated(seq) => {
                add(&self.counters.repeated, 1);
                let answer = Answer {
                    shard: self.shard,
                    answered: Answered::Repeated(seq),
                    account: told.0,
                    before: told.1,
                };
                self.waiting.push(Waiting::Ready { reply, answer });
            }
            Applied::Entry(entry) => {
                let fired = (self.entries.len() > entry + 1).then_some(entry + 1);
                let symbol = command.action.symbol();
                self.waiting.push(Waiting::Entered { reply, entry, fired, told });
                if let (Some(symbol), true) = (symbol, self.changes_triggers(entry)) {
                    self.arm(symbol, &submission.user);
                }
                // Every new quote is one for the triggers of all (rule A11).
                if let (Some(symbol), Some(quote)) = (symbol, quote.filter(|quote| quote.fresh)) {
                    self.spread(&symbol, &quote);
                }
            }
        }
    }

    fn told(&self, wants: Wants, user: UserId, applied: &Applied) -> Told {
        let most = match wants {
            Wants::Nothing => return (None, None),
            Wants::Account => 0,
            Wants::Summary(most) => most,
        };
        let account = Box::new(self.ledger.account(user, self.now()));
        let own = match applied {
            Applied::Entry(at) => self.entries.get(*at),
            Applied::Repeated(_) => None,
        };
        let last = own.map_or(account.last, |entry| entry.previous);
        let before = (most > 0).then(|| Box::new(self.recent.back(&self.entries, last, most)));
        (Some(account), before)
    }

    fn changes_triggers(&self, entry: usize) -> bool {
        matches!(
            self.entries.get(entry).map(|entry| &entry.event),
            Some(Event::Command {
                outcome: Outcome::Done(
                    Effect::BuySet { .. }
                        | Effect::BuyArmed { .. }
                        | Effect::BuyUnset { .. }
                        | Effect::SellSet { .. }
                        | Effect::SellArmed { .. }
                        | Effect::SellUnset { .. }
                ),
                ..
            })
        )
    }

    /// Says on the board which triggers of a symbol wait, and looks at the price once more: it may have
    /// moved before the board said so.
    fn arm(&mut self, symbol: Symbol, user: &UserName) {
        let armed = self.ledger.armed(&symbol);
        self.board.set(symbol, armed);
        if armed.is_some()
            && let Asked::Now(quote) = self.prices.price(&symbol, user)
        {
            self.fire(&symbol, &quote);
        }
    }

    fn fire(&mut self, symbol: &Symbol, quote: &Quote) {
        if !self.board.wants(symbol, quote.price) {
            return;
        }
        let (now, before) = (self.now(), self.entries.len());
        while self.ledger.on_price(symbol, quote, now, &mut self.entries) {}
        if self.entries.len() > before {
            self.board.set(*symbol, self.ledger.armed(symbol));
        }
    }

    /// Shows a new quote to the triggers of every shard.
    fn spread(&mut self, symbol: &Symbol, quote: &Quote) {
        let quote = quote.reused();
        for other in &self.others {
            if other.board.wants(symbol, quote.price) {
                // One that is so far behind looks at the next price.
                let _ = other.requests.try_send(Request::Prices(vec![(*symbol, quote.clone())]));
            }
        }
        self.fire(symbol, &quote);
    }

    /// Lets a price be waited for; it comes back as a request.
    fn wait_for(&self, user: UserName, later: Later) {
        let own = self.own.clone();
        self.runtime.spawn(async move {
            give(own, Request::Priced { user, result: later.await }).await;
        });
    }

    /// Asks for the prices of armed symbols, where they do not come by themselves.
    fn poll(&mut self, now: Millis) {
        if !self.prices.is_polled() || self.board.is_empty() || now.0 - self.polled.0 < POLL_MS {
            return;
        }
        self.polled = now;
        for symbol in self.board.symbols() {
            if self.watching.len() >= WATCHING_MAX || self.watching.contains(&symbol) {
                continue;
            }
            let Some((user, _)) = self.ledger.watcher(&symbol) else { continue };
            // One at hand was shown to the triggers when it came.
            let Asked::Later(later) = self.prices.price(&symbol, self.ledger.name(user)) else { continue };
            self.watching.insert(symbol);
            let own = self.own.clone();
            self.runtime.spawn(async move {
                give(own, Request::Watched { symbol, result: later.await }).await;
            });
        }
    }

    fn watched(&mut self, symbol: Symbol, result: Result<Quote, Refusal>) {
        self.watching.remove(&symbol);
        let Ok(quote) = result else { return };
        if quote.fresh {
            add(&self.counters.quotes_fetched, 1);
            if let Some((user, n)) = self.ledger.watcher(&symbol) {
                let now = self.now();
                self.ledger.record_quote(user, n, &symbol, &quote, now, &mut self.entries);
            }
        }
        self.spread(&symbol, &quote);
    }

    /// The price has come for which a user's command waits; then those behind it go on.
    fn priced(&mut self, user: &UserName, result: Result<Quote, Refusal>) {
        let Some(mut behind) = self.parked.remove(user) else { return };
        let Some(first) = behind.pop_front() else { return };
        if let Some(command) = self.command(&first) {
            let now = self.now();
            // A retry of the same command may have been applied while this one waited.
            let is_needed = !matches!(self.ledger.check(&command, now), Need::PriceIfAny(_));
            self.finish(first, &command, result, is_needed);
        }
        while let Some(next) = behind.pop_front() {
            self.carry_out(next);
            if let Some(waiting) = self.parked.get_mut(user) {
                waiting.append(&mut behind);
                return;
            }
        }
    }

    /// Makes what was applied durable, then lets the answers go. `false` when that cannot be any more.
    fn commit(&mut self) -> bool {
        let mut from = 0;
        while from < self.entries.len() {
            let count = self.encode(from);
            if !self.append(count) {
                self.give_up();
                return false;
            }
            from += count;
        }
        if let Some(broken) = self.ledger.broken() {
            tracing::error!(shard = %self.shard, %broken, "the ledger does not add up; the desk is shut");
            self.give_up();
            return false;
        }
        self.count();
        for waiting in std::mem::take(&mut self.waiting) {
            waiting.answer(self.shard, self.head, &self.entries);
        }
        self.tell();
        self.recent.take(&mut self.entries);
        if std::mem::take(&mut self.is_behind) | self.board.take_behind() {
            self.catch_up();
        }
        true
    }

    /// Puts entries into `bytes` as one block, and says how many.
    fn encode(&mut self, from: usize) -> usize {
        self.bytes.clear();
        begin_block(&mut self.bytes);
        let mut count = 0;
        for entry in &self.entries[from..] {
            if count == BLOCK_ENTRIES_MAX as usize || self.bytes.len() > BYTES_TOGETHER {
                break;
            }
            write_entry(entry, self.ledger.name(entry.user), &mut self.bytes);
            count += 1;
        }
        count
    }

    /// Appends the block, however long that takes; `false` if it cannot be any more.
    fn append(&mut self, count: usize) -> bool {
        let time = (self.clock)();
        let bytes = std::mem::take(&mut self.bytes);
        let block = NewBlock { count: u32::try_from(count).unwrap_or(u32::MAX), time, bytes: &bytes };
        let after = self.head.after(self.shard, &block);
        let (mut pause, mut told, mut ending) = (PAUSE_MIN, false, None);
        let is_stored = loop {
            let error = match self.journal.append(self.head.next_seq, &block) {
                Ok(_) => break true,
                Err(JournalError::Unknown { reason, .. }) => {
                    tracing::warn!(shard = %self.shard, reason, "looking whether the last block was stored");
                    match self.journal.recover() {
                        Ok(head) if head == after => break true,
                        Ok(head) if head == self.head => continue,
                        Ok(head) => {
                            tracing::error!(shard = %self.shard, found = head.next_seq, "the journal was written by another; the desk is shut");
                            break false;
                        }
                        Err(error) => error,
                    }
                }
                Err(error @ (JournalError::Fenced { .. } | JournalError::Damaged { .. })) => {
                    tracing::error!(%error, "the desk is shut");
                    break false;
                }
                Err(error) => error,
            };
            add(&self.counters.append_failures, 1);
            if !std::mem::replace(&mut told, true) {
                tracing::error!(%error, "the desk waits until its journal can be written");
            }
            self.turn_away(pause);
            pause = (pause * 2).min(PAUSE_MAX);
            if self.is_stopping && ending.get_or_insert_with(Instant::now).elapsed() > PATIENCE_AT_END {
                tracing::error!(
                    "the end came before the journal could be written; commands under way stay unanswered"
                );
                break false;
            }
        };
        if is_stored {
            if told {
                tracing::info!(shard = %self.shard, "the journal can be written again");
            }
            add(&self.counters.blocks, 1);
            self.head = after;
            self.since_snapshot += count as u64;
        }
        self.bytes = bytes;
        is_stored
    }

    /// Refuses what comes for a while, but for what must not be lost.
    fn turn_away(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(request) = self.requests.recv_timeout(left) else { return };
            self.refuse(request, &Closed::Journal);
        }
    }

    fn refuse(&mut self, request: Request, why: &Closed) {
        let turn = |submission: Submission| {
            add(&self.counters.turned_away, 1);
            let _ = submission.reply.send(Err(why.clone()));
        };
        match request {
            Request::Command(submission) => turn(*submission),
            Request::Commands(submissions) => submissions.into_iter().for_each(turn),
            priced @ (Request::Priced { .. } | Request::Watched { .. }) => self.deferred.push_back(priced),
            Request::Prices(_) => self.is_behind = true,
            Request::Account { reply, .. } => drop(reply.send(Err(why.clone()))),
            Request::Accounts { reply, .. } => drop(reply.send(Err(why.clone()))),
            Request::Head { reply } => drop(reply.send(Err(why.clone()))),
            Request::Stop => self.is_stopping = true,
        }
    }

    /// Looks at the present price of every armed symbol, in place of the prices let go.
    fn catch_up(&mut self) {
        for symbol in self.board.symbols() {
            if let Asked::Now(quote) = self.prices.price(&symbol, &UserName::SYSTEM) {
                self.fire(&symbol, &quote);
            }
        }
    }

    /// Answers nothing of what is not durable, and takes nothing more until told to stop.
    fn give_up(&mut self) {
        self.waiting.clear();
        self.parked.clear();
        while !self.is_stopping {
            let Ok(request) = self.requests.recv() else { return };
            self.refuse(request, &Closed::Journal);
        }
    }

    fn count(&self) {
        let (mut accepted, mut refused, mut expired, mut fired) = (0, 0, 0, 0);
        for entry in &self.entries {
            match &entry.event {
                Event::Command { outcome: Outcome::Done(_), .. } => accepted += 1,
                Event::Command { outcome: Outcome::Refused(_), .. } => refused += 1,
                Event::Expired(_) => expired += 1,
                Event::Fired(_) => fired += 1,
                Event::Quoted { .. } => {}
            }
        }
        add(&self.counters.accepted, accepted);
        add(&self.counters.refused, refused);
        add(&self.counters.expired, expired);
        add(&self.counters.fired, fired);
        add(&self.counters.entries, self.entries.len() as u64);
    }

    /// Tells the observer of what happened to those who are watched.
    fn tell(&self) {
        let watched: HashSet<ledger::UserId> = {
            let is_watched = |entry: &&Entry| self.observer.is_watched(self.ledger.name(entry.user));
            self.entries.iter().filter(is_watched).map(|entry| entry.user).collect()
        };
        let now = self.now();
        for user in watched {
            let entries: Vec<Entry> =
                self.entries.iter().filter(|entry| entry.user == user).cloned().collect();
            let view = self.ledger.account(user, now);
            self.observer.happened(self.shard, self.ledger.name(user), &entries, &view);
        }
    }

    /// Saves the state now and then, on a thread of its own.
    fn keep_snapshot(&mut self) {
        if self.since_snapshot < self.snapshot_every
            || self.snapshot.as_ref().is_some_and(|s| !s.is_finished())
        {
            return;
        }
        self.since_snapshot = 0;
        let (state, head) = (self.ledger.snapshot(), self.head);
        let (journals, shard) = (Arc::clone(&self.journals), self.shard);
        let save = move || {
            if let Err(error) = journals.save_snapshot(shard, head, &write_snapshot(&state)) {
                tracing::warn!(%shard, %error, "the state could not be saved; the next start takes longer");
            }
        };
        match std::thread::Builder::new().name(format!("desk-{shard}-save")).spawn(save) {
            Ok(thread) => self.snapshot = Some(thread),
            Err(error) => tracing::warn!(%error, "no thread to save the state on"),
        }
    }

    fn end(mut self) {
        // What was handed in before the word to stop came before it in the queue too; nothing follows.
        if let Some(snapshot) = self.snapshot.take() {
            let _ = snapshot.join();
        }
        let is_durable = self.entries.is_empty() && self.ledger.seq() == self.head.entries();
        if is_durable && self.since_snapshot >= FOLDED_FAST {
            let bytes = write_snapshot(&self.ledger.snapshot());
            if let Err(error) = self.journals.save_snapshot(self.shard, self.head, &bytes) {
                tracing::warn!(shard = %self.shard, %error, "the state could not be saved; the next start takes longer");
            }
        }
    }
}
