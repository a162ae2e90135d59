//! Records: everything personal at rest, from people and their logins to their lists and alerts.
//!
//! | what | says |
//! | --- | --- |
//! | [`Records`] | the open records, shared by all tasks; calls run one after another on a thread of their own |
//! | [`Sql`] | what may be asked within a call, over SQLite or PostgreSQL |
//! | [`person`], [`login`], [`api_key`], [`invite`], [`identity`], [`watchlist`], [`board`], [`alert`], [`firing`], [`channel`], [`delivery`], [`article`], [`stream`], [`kept`] | the nouns, written once for both databases |
//! | [`Secret`] | what somebody shows to be let in; of it only the hash is stored |
//!
//! Every call is a transaction: whole or not at all, and durable once it is answered. Calls wait in a bounded
//! queue; where it is full they are refused with [`RecordError::Busy`].

pub mod alert;
pub mod api_key;
pub mod article;
pub mod board;
pub mod channel;
pub mod delivery;
mod error;
pub mod firing;
pub mod identity;
pub mod invite;
pub mod kept;
pub mod login;
pub mod person;
mod postgres;
mod schema;
mod secret;
mod sql;
mod sqlite;
pub mod stream;
pub mod watchlist;

use std::fmt;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

pub use error::RecordError;
pub use secret::{Secret, SecretHash};
pub use sql::{Row, Sql, Value};

use self::sql::{Backend, Work};
use crate::journal::PostgresConfig;

/// Calls that may wait for the thread.
const CALLS_MAX: usize = 1_024;

type Call = Box<dyn FnOnce(&mut dyn Backend) + Send>;

/// The open records. Dropped, they finish what was called and end.
pub struct Records {
    place: String,
    calls: Option<SyncSender<Call>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Records {
    /// Opens or makes the records of a data folder. Another process may have them open too, for a moment.
    ///
    /// # Errors
    /// [`RecordError::Unavailable`], [`RecordError::Newer`], [`RecordError::Damaged`].
    pub fn in_folder(folder: &Path) -> Result<Self, RecordError> {
        Self::start(Box::new(sqlite::Sqlite::open(folder)?))
    }

    /// Opens or makes the records of a PostgreSQL database.
    ///
    /// # Errors
    /// [`RecordError::Unavailable`], [`RecordError::Newer`], and [`RecordError::Refused`] where the user may not
    /// make tables.
    pub fn in_postgres(config: &PostgresConfig) -> Result<Self, RecordError> {
        Self::start(Box::new(postgres::Postgres::open(config)?))
    }

    fn start(mut backend: Box<dyn Backend>) -> Result<Self, RecordError> {
        let place = backend.place().to_owned();
        let (calls, queue): (_, Receiver<Call>) = sync_channel(CALLS_MAX);
        let run = move || {
            while let Ok(call) = queue.recv() {
                call(&mut *backend);
            }
        };
        let thread = std::thread::Builder::new().name("records".into()).spawn(run);
        let thread = thread.map_err(|error| RecordError::Unavailable {
            place: place.clone(),
            reason: format!("the system gives no thread: {error}"),
        })?;
        Ok(Self { place, calls: Some(calls), thread: Mutex::new(Some(thread)) })
    }

    /// Where they are, for people: a folder or a server, never a password.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Carries work out in one transaction, and answers once it is durable. The work may be called a second time
    /// where a connection turned out to be cut before anything was written.
    ///
    /// # Errors
    /// What the work says, in which case nothing was written; [`RecordError::Busy`]; what the database says.
    pub async fn run<T, W>(&self, work: W) -> Result<T, RecordError>
    where
        T: Send + 'static,
        W: FnMut(&mut dyn Sql) -> Result<T, RecordError> + Send + 'static,
    {
        let answer = self.call(work)?;
        // Dropped unanswered only where the thread has ended.
        answer.await.unwrap_or(Err(RecordError::Closed))
    }

    /// The same, for a thread that may block.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn run_blocking<T, W>(&self, work: W) -> Result<T, RecordError>
    where
        T: Send + 'static,
        W: FnMut(&mut dyn Sql) -> Result<T, RecordError> + Send + 'static,
    {
        let answer = self.call(work)?;
        answer.blocking_recv().unwrap_or(Err(RecordError::Closed))
    }

    fn call<T, W>(&self, mut work: W) -> Result<oneshot::Receiver<Result<T, RecordError>>, RecordError>
    where
        T: Send + 'static,
        W: FnMut(&mut dyn Sql) -> Result<T, RecordError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call: Call = Box::new(move |backend| {
            let mut found = None;
            let kept: &mut Work<'_> = &mut |sql| {
                found = Some(work(sql)?);
                Ok(())
            };
            let done = backend.transaction(kept);
            let done = done.and_then(|()| found.ok_or(RecordError::Closed));
            // Who asked may have gone.
            let _ = reply.send(done);
        });
        let calls = self.calls.as_ref().ok_or(RecordError::Closed)?;
        calls.try_send(call).map_err(|error| match error {
            TrySendError::Full(_) => RecordError::Busy,
            TrySendError::Disconnected(_) => RecordError::Closed,
        })?;
        Ok(answer)
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.calls = None;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that panicked has said so on stderr already.
            let _ = thread.join();
        }
    }
}
