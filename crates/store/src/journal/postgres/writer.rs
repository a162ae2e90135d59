//! Appending to one shard's journal.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Error, Statement};

use super::fault::{Meaning, meaning, plain, reason};
use super::rows;
use super::server::Server;
use crate::journal::{Head, Journal, JournalError, NewBlock, Shard};

/// Of the locks of shards: any number that nobody else uses.
const LOCK: i32 = 0x6265_6c6c;
/// Between two looks at a lock.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A connection that may append.
struct Line {
    client: Client,
    append: Statement,
}

/// A session of the server. The number alone is used again by later ones.
#[derive(Debug, Clone)]
struct Session {
    pid: i32,
    begun: String,
}

/// The writer of one shard.
pub(super) struct PostgresJournal {
    server: Arc<Server>,
    shard: Shard,
    head: Head,
    line: Option<Line>,
    /// The session of the line, or of the one before.
    session: Option<Session>,
    /// Whether the shard is held against others.
    is_exclusive: bool,
    /// How long to wait for whoever holds it.
    wait: Duration,
    /// What became of the last append is not known.
    is_unknown: bool,
}

impl std::fmt::Debug for PostgresJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresJournal")
            .field("server", &self.server)
            .field("shard", &self.shard)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

impl PostgresJournal {
    pub(super) fn open(
        server: Arc<Server>,
        shard: Shard,
        is_exclusive: bool,
        wait: Duration,
    ) -> Result<Self, JournalError> {
        let head = Head::genesis(shard);
        let (line, session, is_unknown) = (None, None, false);
        let mut journal = Self { server, shard, head, line, session, is_exclusive, wait, is_unknown };
        journal.recover()?;
        Ok(journal)
    }

    fn plain(&self, error: &Error) -> JournalError {
        plain(error, &self.server.place)
    }

    /// Connects unless there is a connection. When this has succeeded, nothing that was sent before on
    /// another one can take effect any more.
    fn connect(&mut self) -> Result<(), JournalError> {
        if let Some(line) = &mut self.line {
            // Hears what the server has said meanwhile, which may be that it goes away.
            let is_heard = line.client.notifications().iter().next().is_ok();
            if is_heard && !line.client.is_closed() {
                return Ok(());
            }
        }
        self.line = None;
        let mut client = self.server.connect()?;
        if let Some(previous) = self.session.clone() {
            self.end(&mut client, &previous)?;
        }
        if self.is_exclusive {
            self.hold(&mut client)?;
        }
        let row = client
            .query_one(
                "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()",
                &[],
            )
            .map_err(|error| self.plain(&error))?;
        let append = client.prepare(rows::APPEND).map_err(|error| self.plain(&error))?;
        self.session = Some(Session { pid: row.get(0), begun: row.get(1) });
        self.line = Some(Line { client, append });
        Ok(())
    }

    /// Ends this writer's own session of before, which may not have noticed that it was cut.
    fn end(&self, client: &mut Client, session: &Session) -> Result<(), JournalError> {
        let deadline = Instant::now() + self.wait;
        let ask = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE pid = $1 AND backend_start::text = $2";
        while client.execute(ask, &[&session.pid, &session.begun]).map_err(|error| self.plain(&error))? > 0 {
            if Instant::now() > deadline {
                return Err(JournalError::Unavailable {
                    place: self.server.place.clone(),
                    reason: format!("session {} of before the cut does not end; end it there", session.pid),
                });
            }
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Holds the shard for as long as the connection lasts.
    fn hold(&self, client: &mut Client) -> Result<(), JournalError> {
        let deadline = Instant::now() + self.wait;
        let shard = i32::from(self.shard.number());
        loop {
            let held = client.query_one("SELECT pg_try_advisory_lock($1, $2)", &[&LOCK, &shard]);
            if held.map_err(|error| self.plain(&error))?.get(0) {
                return Ok(());
            }
            if Instant::now() > deadline {
                let holder = client.query_opt(
                    "SELECT format('session %s, %s, from %s since %s', pid, application_name,
                         coalesce(host(client_addr), 'the same machine'), backend_start::timestamptz(0))
                     FROM pg_locks JOIN pg_stat_activity USING (pid)
                     WHERE locktype = 'advisory' AND granted AND classid = $1::int::oid
                         AND objid = $2::int::oid AND objsubid = 2
                         AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                    &[&LOCK, &shard],
                );
                let holder = holder.map_err(|error| self.plain(&error))?;
                let holder = holder.map_or_else(|| "it has just gone".to_owned(), |row| row.get(0));
                return Err(JournalError::Held { shard: self.shard, holder });
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    fn true_head(&mut self) -> Result<Head, JournalError> {
        let Some(line) = &mut self.line else {
            let (place, reason) = (self.server.place.clone(), "there is no connection".to_owned());
            return Err(JournalError::Unavailable { place, reason });
        };
        match rows::ask_head(&mut line.client, self.shard) {
            Ok(row) => rows::head_of(row.as_ref(), self.shard),
            Err(error) => {
                self.line = None;
                Err(self.plain(&error))
            }
        }
    }

    fn fenced(&mut self) -> JournalError {
        let (shard, expected) = (self.shard, self.head.next_seq);
        let found = self.true_head().map_or(0, |head| head.next_seq);
        JournalError::Fenced { shard, expected, found }
    }

    fn commit(&mut self, block: &NewBlock<'_>) -> Result<Head, JournalError> {
        self.connect()?;
        let after = self.head.after(self.shard, block);
        let (Ok(first_seq), Ok(count)) = (i64::try_from(self.head.next_seq), i32::try_from(block.count))
        else {
            return Err(JournalError::Invalid { shard: self.shard, reason: "its numbers are out of range" });
        };
        let Some(Line { client, append }) = &mut self.line else {
            let (place, reason) = (self.server.place.clone(), "there is no connection".to_owned());
            return Err(JournalError::Unavailable { place, reason });
        };
        let shard = i32::from(self.shard.number());
        let (hash, before) = (&after.hash.as_bytes()[..], &self.head.hash.as_bytes()[..]);
        let time = block.time.nanos();
        match client.execute(append, &[&shard, &first_seq, &count, &time, &hash, &block.bytes, &before]) {
            Ok(1) => Ok(after),
            Ok(_) => Err(self.fenced()),
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => Err(self.fenced()),
            Err(error) if meaning(&error) == Meaning::Refused => Err(self.plain(&error)),
            Err(error) => {
                self.line = None;
                Err(JournalError::Unknown { shard: self.shard, reason: reason(&error) })
            }
        }
    }
}

impl Journal for PostgresJournal {
    fn shard(&self) -> Shard {
        self.shard
    }

    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, expected_next: u64, block: &NewBlock<'_>) -> Result<Head, JournalError> {
        let shard = self.shard;
        if self.is_unknown {
            return Err(JournalError::Unknown {
                shard,
                reason: "the journal was not recovered since".into(),
            });
        }
        if expected_next != self.head.next_seq {
            return Err(JournalError::Fenced { shard, expected: expected_next, found: self.head.next_seq });
        }
        if let Some(reason) = block.fault(expected_next) {
            return Err(JournalError::Invalid { shard, reason });
        }
        let committed = self.commit(block);
        match &committed {
            Ok(head) => self.head = *head,
            Err(error) => self.is_unknown = matches!(error, JournalError::Unknown { .. }),
        }
        committed
    }

    fn recover(&mut self) -> Result<Head, JournalError> {
        self.line = None;
        self.connect()?;
        self.head = self.true_head()?;
        self.is_unknown = false;
        Ok(self.head)
    }
}
