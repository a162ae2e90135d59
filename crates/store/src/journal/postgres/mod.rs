//! Journals in PostgreSQL: the tables of the schema `bellwether` in a database that may hold others.
//!
//! Durability: every append is one statement and one commit, with `synchronous_commit` on whatever the
//! server's default is. A server with `fsync = off` is warned about.
//!
//! Fencing, twice: a writer holds an advisory lock on its shard for as long as its connection lasts, so that a
//! second one is told who has it; and the insert itself happens only where the journal ends as expected, with
//! the primary key to settle a race.
//!
//! Sessions must be the server's own: a pooler that shares them out by transaction takes the lock away.
//! Connections are encrypted where the URL says `sslmode=require`.

mod fault;
mod rows;
mod schema;
mod server;
mod snapshots;
mod tls;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::fault::reason;
pub(crate) use self::server::Server;
use self::writer::PostgresJournal;
use super::snapshot;
use super::{Block, Head, Journal, JournalError, Journals, Shard, Snapshot};

/// Which PostgreSQL, and how writers behave.
#[derive(Clone)]
pub struct PostgresConfig {
    /// `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, or `key=value` pairs as for libpq.
    pub url: String,
    /// Who may sign the server's certificate (a PEM file), where `sslmode=require`; without it those whom browsers
    /// trust.
    pub ca: Option<PathBuf>,
    /// Whether a writer holds its shard against others. Off, the sequence alone fences.
    pub is_exclusive: bool,
    /// How long a writer waits for another to let go of its shard, as one that was just killed does.
    pub wait: Duration,
}

impl PostgresConfig {
    /// Exclusive writers that wait ten seconds.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ca: None, is_exclusive: true, wait: Duration::from_secs(10) }
    }
}

impl std::fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        f.debug_struct("PostgresConfig").field("is_exclusive", &self.is_exclusive).finish_non_exhaustive()
    }
}

/// The journals of a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresJournals {
    server: Arc<Server>,
    is_exclusive: bool,
    wait: Duration,
}

impl PostgresJournals {
    /// Connects, and makes the tables or brings them up to date.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::Newer`], and [`JournalError::Refused`] where the user
    /// may not make tables.
    pub fn open(config: &PostgresConfig) -> Result<Self, JournalError> {
        let server = Server::parse(config)?;
        let mut client = server.connect()?;
        schema::migrate(&mut client, &server.place)?;
        if server.run(|c| Ok(c.query_one("SHOW fsync", &[])?.get::<_, String>(0)))? == "off" {
            tracing::warn!("{} runs with fsync = off: a power cut there loses journals", server.place);
        }
        let (is_exclusive, wait) = (config.is_exclusive, config.wait);
        Ok(Self { server: Arc::new(server), is_exclusive, wait })
    }
}

impl Journals for PostgresJournals {
    fn place(&self) -> String {
        self.server.place.clone()
    }

    fn writer(&self, shard: Shard) -> Result<Box<dyn Journal>, JournalError> {
        let server = Arc::clone(&self.server);
        Ok(Box::new(PostgresJournal::open(server, shard, self.is_exclusive, self.wait)?))
    }

    fn shards(&self) -> Result<Vec<Shard>, JournalError> {
        self.server.run(rows::ask_shards)
    }

    fn head(&self, shard: Shard) -> Result<Head, JournalError> {
        rows::head_of(self.server.run(|c| rows::ask_head(c, shard))?.as_ref(), shard)
    }

    fn read(&self, shard: Shard, from_seq: u64, bytes_max: usize) -> Result<Vec<Block>, JournalError> {
        let rows = self.server.run(|c| rows::ask_blocks(c, shard, from_seq, bytes_max))?;
        rows::blocks_of(&rows, shard, from_seq)
    }

    fn save_snapshot(&self, shard: Shard, head: Head, bytes: &[u8]) -> Result<(), JournalError> {
        self.server.run(|c| snapshots::save(c, shard, head, bytes))
    }

    fn latest_snapshot(&self, shard: Shard) -> Result<Option<Snapshot>, JournalError> {
        let heads = self.server.run(|c| snapshots::heads(c, shard))?;
        snapshot::latest(self, shard, heads, |head| self.server.run(|c| snapshots::load(c, shard, head)))
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, JournalError> {
        let row = self
            .server
            .run(|c| c.query_opt("SELECT value FROM bellwether.desk_meta WHERE key = $1", &[&key]))?;
        Ok(row.map(|row| row.get(0)))
    }

    fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), JournalError> {
        let set = "INSERT INTO bellwether.desk_meta (key, value) VALUES ($1, $2)
                   ON CONFLICT (key) DO UPDATE SET value = $2";
        self.server.run(|c| c.execute(set, &[&key, &value])).map(drop)
    }

    fn init_meta(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, JournalError> {
        let set = "INSERT INTO bellwether.desk_meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.server.run(|c| c.execute(set, &[&key, &value]))?;
        // Values are replaced, never removed, so there is one now.
        Ok(self.meta(key)?.unwrap_or_else(|| value.to_owned()))
    }
}
