//! The journal of the desk: durable, append-only, hash-chained storage of opaque bytes.
//!
//! Each shard of the desk has a journal: entries numbered from 1, appended in [blocks](block) of what one
//! group commit holds. A block is stored whole or not at all, and [`append`](Journal::append) returns only
//! once it would survive a power cut.
//!
//! | what | says |
//! | --- | --- |
//! | [`Journals`] | all shards in one place: SQLite in the data folder, or PostgreSQL; opened once, shared |
//! | [`Journal`] | the writer of one shard; one thread owns it |
//! | [`Reader`] | reads one shard from any thread; neither waits for the writer nor makes it wait |
//! | [`Head`] | where a journal ends: the next entry's number and the hash of all before it |
//! | [`Chain`] | checks that blocks follow one another |
//!
//! **Fencing** is optimistic: an append names the entry it expects to be next. If another writer has appended,
//! it gets [`JournalError::Fenced`] and nothing is written.
//!
//! **Start** is the same fold as running: take [`Journals::latest_snapshot`] (or nothing), then
//! [`Reader::walk`] from its head.
//!
//! Every call blocks on a disk or a network: from asynchronous code, call on a thread that may block. The
//! bytes are the caller's: nothing here looks into them.

pub mod block;
mod error;
mod postgres;
mod reader;
mod snapshot;
mod sqlite;
mod verification;

use std::fmt::Debug;

pub use block::{BLOCK_BYTES_MAX, BLOCK_ENTRIES_MAX, Block, Chain, Damage, Hash, Head, NewBlock, Shard};
pub use error::JournalError;
pub use postgres::{PostgresConfig, PostgresJournals};
pub(crate) use postgres::{Server, reason};
pub use reader::Reader;
pub use sqlite::SqliteJournals;
pub use verification::Verification;

/// The writer of one shard's journal. It belongs to one thread.
pub trait Journal: Debug + Send {
    /// Whose journal this is.
    fn shard(&self) -> Shard;

    /// Where the journal ends, as this handle last knew. Does not ask the disk.
    fn head(&self) -> Head;

    /// Appends a block and returns the new head, once it is durable.
    ///
    /// `expected_next` is the number the block's first entry is to have; it must be that of the true head.
    ///
    /// # Errors
    /// [`Fenced`](JournalError::Fenced), [`Full`](JournalError::Full), [`Unavailable`](JournalError::Unavailable),
    /// [`Invalid`](JournalError::Invalid) and [`Refused`](JournalError::Refused) have written nothing, and the
    /// same append may be tried again. After [`Unknown`](JournalError::Unknown) the block is there whole or not
    /// at all, and every append is refused with `Unknown` until [`recover`](Self::recover) has succeeded.
    fn append(&mut self, expected_next: u64, block: &NewBlock<'_>) -> Result<Head, JournalError>;

    /// Opens the journal anew and reads its true head, after [`Unknown`](JournalError::Unknown) or
    /// [`Fenced`](JournalError::Fenced). What this handle has sent before can no longer take effect after it.
    ///
    /// # Errors
    /// As for [`Journals::writer`]; may be called again until it succeeds.
    fn recover(&mut self) -> Result<Head, JournalError>;
}

/// What the desk is at some entry, so that a start need not begin at the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The head it stands for: it holds everything before `head.next_seq`.
    pub head: Head,
    /// Whatever the desk needs to go on from there. May be hundreds of megabytes.
    pub bytes: Vec<u8>,
}

/// The journals of all shards, in one place. Opened once, shared by all threads.
pub trait Journals: Debug + Send + Sync {
    /// Where they are, for people: a folder or a server, never a password.
    fn place(&self) -> String;

    /// Opens a shard's journal to write it; an empty one is made by the first append.
    ///
    /// # Errors
    /// [`Held`](JournalError::Held) where the place knows of another writer, `Unavailable`, `Damaged`.
    fn writer(&self, shard: Shard) -> Result<Box<dyn Journal>, JournalError>;

    /// The shards that have entries, ascending.
    fn shards(&self) -> Result<Vec<Shard>, JournalError>;

    /// Where a shard's journal ends now. Asks the disk, as another connection sees it.
    fn head(&self, shard: Shard) -> Result<Head, JournalError>;

    /// Blocks from the one that holds entry `from_seq` on, as many as fit into `bytes_max` bytes and at least
    /// one; none when there is no such entry yet. Hashes are not checked: see [`Reader::walk`].
    fn read(&self, shard: Shard, from_seq: u64, bytes_max: usize) -> Result<Vec<Block>, JournalError>;

    /// The block that holds an entry, if there is that entry.
    fn block_at(&self, shard: Shard, seq: u64) -> Result<Option<Block>, JournalError> {
        let found = self.read(shard, seq, 0)?.into_iter().next();
        Ok(found.filter(|block| (block.first_seq..block.next_seq()).contains(&seq)))
    }

    /// Saves a snapshot, durable when this returns; of each shard the newest two are kept. Appends go on
    /// meanwhile.
    fn save_snapshot(&self, shard: Shard, head: Head, bytes: &[u8]) -> Result<(), JournalError>;

    /// The newest snapshot that is whole and belongs to this chain. A damaged one, or one of another chain, is
    /// passed over with a warning.
    fn latest_snapshot(&self, shard: Shard) -> Result<Option<Snapshot>, JournalError>;

    /// A value kept beside the journals, such as the number of shards or the format of entries. Keys that
    /// begin with `verification.` are the journal's own.
    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, JournalError>;

    /// Sets a value, replacing what was there. Durable when this returns.
    fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), JournalError>;

    /// Sets a value if there is none, and returns the one that is there then: what is fixed at creation.
    fn init_meta(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, JournalError>;

    /// The last [`Reader::verify`] of a shard.
    fn last_verification(&self, shard: Shard) -> Result<Option<Verification>, JournalError> {
        Ok(self.meta(&verification::key(shard))?.as_deref().and_then(Verification::decode))
    }
}
