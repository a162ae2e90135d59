//! One quote from the server, with all the attempts it takes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use market::Symbol;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::Settings;
use super::address::Lookup;
use super::answer::Answer;
use super::cache::Fetched;
use super::error::{QuoteError, Trouble};
use super::line::{self, Heard, Patience};
use super::metrics::QuoteMetrics;
use crate::Clock;

/// So many attempts in a row have the first patience; then it doubles, for a server that is slow always.
const HASTY_ATTEMPTS: u32 = 5;

/// An answer that cannot be read is asked for again so often, since the next will hardly differ.
const UNREADABLE_MAX: u32 = 3;

/// The pause after a server that is not there, doubled from one to the next.
const PAUSE_FIRST: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(320);

/// What it takes to fetch quotes, a bounded number at a time.
#[derive(Debug)]
pub(super) struct Fetcher<'a> {
    pub(super) lookup: &'a Lookup,
    pub(super) settings: &'a Settings,
    pub(super) connections: &'a Semaphore,
    /// The last request found no server: until one answers again, each makes one attempt.
    pub(super) away: &'a AtomicBool,
    pub(super) metrics: &'a QuoteMetrics,
}

impl Fetcher<'_> {
    /// Fetches a quote of a symbol in a user's name. Every line that is a quote is paid, used or not.
    pub(super) async fn fetch(
        &self,
        symbol: Symbol,
        user: &str,
        clock: &Clock,
    ) -> Result<Fetched, QuoteError> {
        let waited = timeout(self.settings.turn, self.connections.acquire()).await;
        let Ok(Ok(_turn)) = waited else { return Err(QuoteError::Busy) };
        let request = format!("{symbol},{user}\n");
        let until = Instant::now() + self.settings.deadline;
        let attempts = if self.away.load(Ordering::Relaxed) { 1 } else { self.settings.attempts.max(1) };
        let (mut pauses, mut unreadable, mut made) = (0, 0, 0);
        let mut last = Trouble::Slow;
        while made < attempts && Instant::now() < until {
            made += 1;
            if made > 1 {
                self.metrics.retries.inc();
            }
            let is_last = made == attempts;
            match self.attempt(request.as_bytes(), made, is_last, until, clock).await {
                Ok((answer, heard)) => {
                    self.metrics.paid();
                    return self.accept(symbol, user, answer, &heard);
                }
                Err(trouble) => last = trouble,
            }
            self.metrics.trouble(last);
            match last {
                // The next connection may be answered at once.
                Trouble::Slow => continue,
                Trouble::Answer(error) => {
                    self.away.store(false, Ordering::Relaxed);
                    unreadable += 1;
                    if unreadable >= UNREADABLE_MAX {
                        return Err(QuoteError::Unreadable(error));
                    }
                }
                Trouble::Connect(_) | Trouble::ConnectSlow => self.lookup.forget(),
                _ => {}
            }
            if !is_last {
                let pause = PAUSE_FIRST.saturating_mul(1 << pauses).min(PAUSE_MAX);
                pauses = (pauses + 1).min(8);
                sleep_until((Instant::now() + pause).min(until)).await;
            }
        }
        if let Trouble::Answer(error) = last {
            return Err(QuoteError::Unreadable(error));
        }
        self.away.store(true, Ordering::Relaxed);
        Err(QuoteError::Unavailable { attempts: made, last })
    }

    async fn attempt(
        &self,
        request: &[u8],
        number: u32,
        is_last: bool,
        until: Instant,
        clock: &Clock,
    ) -> Result<(Answer, Heard), Trouble> {
        let doublings = number.saturating_sub(HASTY_ATTEMPTS).min(16);
        let grown = self.settings.patience.saturating_mul(1 << doublings);
        // Nobody is asked after the last one, so it may take what time there is.
        let answer = if is_last { self.settings.deadline } else { grown };
        let patience = Patience { connect: self.settings.connect, answer, until };
        let _open = Open::new(self.metrics);
        let addresses = timeout_at(until, self.lookup.find()).await;
        let addresses = addresses.map_err(|_| Trouble::ConnectSlow)?;
        let addresses = addresses.map_err(|error| Trouble::Connect(error.kind()))?;
        let heard = line::ask(&addresses, request, patience, clock).await?;
        let answer = Answer::parse(&heard.line).map_err(Trouble::Answer)?;
        Ok((answer, heard))
    }

    fn accept(
        &self,
        symbol: Symbol,
        user: &str,
        answer: Answer,
        heard: &Heard,
    ) -> Result<Fetched, QuoteError> {
        self.away.store(false, Ordering::Relaxed);
        if answer.symbol != symbol {
            return Err(QuoteError::WrongSymbol { asked: symbol, answered: answer.symbol });
        }
        if answer.user() != user {
            return Err(QuoteError::WrongUser);
        }
        Ok(Fetched::new(answer, heard.asked_at, heard.arrived_at, self.settings.tolerance))
    }
}

/// Counts a connection for as long as it lives.
struct Open<'a>(&'a QuoteMetrics);

impl<'a> Open<'a> {
    fn new(metrics: &'a QuoteMetrics) -> Self {
        metrics.open.inc();
        Self(metrics)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.dec();
    }
}
