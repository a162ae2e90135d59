//! Journals in SQLite: one file, `journal.db`, in the data folder; snapshots as files beside it.
//!
//! Durability: WAL with `synchronous = FULL`, so that a commit is synced before it returns, by `fdatasync`: see
//! `.cargo/config.toml` for that and [log] for what it saves. One connection writes, for all shards in turn; readers have their own. What moves the log into the database is a
//! [thread of its own](checkpoint).
//!
//! Of several processes only one has the data folder: [`Store::open`](crate::Store::open) sees to that. The
//! sequence fences all the same, also between two handles of one process.

mod checkpoint;
mod fault;
mod log;
mod rows;
mod schema;
mod snapshots;
mod writer;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use self::checkpoint::{Checkpointer, LOG_BYTES_MAX};
use self::fault::Fault;
use self::snapshots::SnapshotFiles;
use self::writer::SqliteJournal;
use super::snapshot;
use super::{Block, Head, Journal, JournalError, Journals, Shard, Snapshot};

/// Read connections kept open.
const READERS: usize = 4;
/// Bytes of a page. Larger pages make large blocks cheaper and single entries dearer.
const PAGE_BYTES: u32 = 4_096;
/// How long a call waits for another program to let go of the file.
const BUSY: Duration = Duration::from_secs(5);

/// The journals of the data folder.
#[derive(Debug)]
pub struct SqliteJournals {
    shared: Arc<Shared>,
    snapshots: SnapshotFiles,
}

impl SqliteJournals {
    /// Opens or makes the journals of a data folder. A server holds the folder's
    /// [`Store`](crate::Store) meanwhile; who only reads need not.
    ///
    /// # Errors
    /// [`JournalError::Unavailable`], [`JournalError::Newer`], [`JournalError::Damaged`] and what a first
    /// write may bring.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let place = folder.display().to_string();
        let unavailable = |error: std::io::Error| JournalError::Unavailable {
            place: place.clone(),
            reason: format!("{error}; make the folder writable, or choose another with --data"),
        };
        fs::create_dir_all(folder).map_err(unavailable)?;
        let path = folder.join("journal.db");
        let mut writer = open_writer(&path, &place)?;
        log::enlarge(&mut writer, &path).map_err(|error| Fault(error).before_commit(&place))?;
        let writer = Arc::new(Mutex::new(writer));
        // The files' names must outlast a power cut, too.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(unavailable)?;
        let mover = open_writer(&path, &place)?;
        let checkpointer = Checkpointer::start(mover, &path, Arc::clone(&writer)).map_err(unavailable)?;
        let snapshots = SnapshotFiles::of(folder);
        let shared = Shared { path, place, checkpointer, writer, readers: Mutex::default() };
        Ok(Self { shared: Arc::new(shared), snapshots })
    }
}

/// A connection that writes durably.
fn open_writer(path: &Path, place: &str) -> Result<Connection, JournalError> {
    let fault = |error| Fault(error).before_commit(place);
    let mut connection = Connection::open(path).map_err(fault)?;
    connection.busy_timeout(BUSY).map_err(fault)?;
    // Has an effect on an empty file only.
    connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(fault)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(fault)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(JournalError::Unavailable {
            place: place.to_owned(),
            reason: "its file system cannot share memory, as networked ones cannot; choose a local folder \
                     with --data"
                .into(),
        });
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(fault)?;
    // See `checkpoint`. What the log has grown to beyond that is given back.
    connection.pragma_update(None, "journal_size_limit", 4 * LOG_BYTES_MAX as i64).map_err(fault)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(fault)?;
    schema::migrate(&mut connection, place)?;
    Ok(connection)
}

/// What all handles share.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    place: String,
    // In the order in which they are closed: the last one moves the log into the database, which a reader
    // could not.
    checkpointer: Checkpointer,
    readers: Mutex<Vec<Connection>>,
    writer: Arc<Mutex<Connection>>,
}

impl Shared {
    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.checkpointer.pass();
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block of so many bytes was appended.
    fn grew(&self, bytes: usize) {
        let page = u64::from(PAGE_BYTES);
        // The pages it fills, and those of the tree and the start of the row.
        self.checkpointer.grew((bytes as u64 / page + 2) * page);
    }

    /// Reads with a connection of its own, so that readers wait neither for each other nor for the writer.
    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
        fault: impl FnOnce(Fault) -> JournalError,
    ) -> Result<T, JournalError> {
        let pooled = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match pooled {
            Some(connection) => Ok(connection),
            None => Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)
                .and_then(|connection| connection.busy_timeout(BUSY).map(|()| connection)),
        };
        let connection = match connection {
            Ok(connection) => connection,
            Err(error) => return Err(fault(Fault(error))),
        };
        let answer = read(&connection).map_err(|error| fault(Fault(error)))?;
        // After an error the connection is let go.
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(connection);
        }
        Ok(answer)
    }

    fn head(&self, shard: Shard) -> Result<Head, JournalError> {
        self.read(|c| rows::head_of(c, shard), |fault| fault.of_reading(&self.place, shard, 1))
    }

    /// Opens the writing connection anew, lets go of what an interrupted commit may have left in the log,
    /// and reads a head.
    fn reopen(&self, shard: Shard) -> Result<Head, JournalError> {
        let mut writer = self.writer();
        *writer = open_writer(&self.path, &self.place)?;
        // Empties the log when nobody is reading; else the next append writes over what is left there.
        let emptied = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let enlarged = emptied.and_then(|()| log::enlarge(&mut writer, &self.path));
        enlarged.map_err(|error| Fault(error).before_commit(&self.place))?;
        rows::head_of(&writer, shard).map_err(|error| Fault(error).of_reading(&self.place, shard, 1))
    }
}

impl Journals for SqliteJournals {
    fn place(&self) -> String {
        self.shared.place.clone()
    }

    fn writer(&self, shard: Shard) -> Result<Box<dyn Journal>, JournalError> {
        Ok(Box::new(SqliteJournal::open(Arc::clone(&self.shared), shard)?))
    }

    fn shards(&self) -> Result<Vec<Shard>, JournalError> {
        self.shared.read(rows::shards, |fault| fault.before_commit(&self.shared.place))
    }

    fn head(&self, shard: Shard) -> Result<Head, JournalError> {
        self.shared.head(shard)
    }

    fn read(&self, shard: Shard, from_seq: u64, bytes_max: usize) -> Result<Vec<Block>, JournalError> {
        let read = |c: &Connection| rows::blocks_from(c, shard, from_seq, bytes_max);
        self.shared.read(read, |fault| fault.of_reading(&self.shared.place, shard, from_seq))
    }

    fn save_snapshot(&self, shard: Shard, head: Head, bytes: &[u8]) -> Result<(), JournalError> {
        self.snapshots.save(shard, head, bytes)
    }

    fn latest_snapshot(&self, shard: Shard) -> Result<Option<Snapshot>, JournalError> {
        snapshot::latest(self, shard, self.snapshots.heads(shard)?, |head| self.snapshots.load(shard, head))
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, JournalError> {
        self.shared.read(|c| rows::meta(c, key), |fault| fault.before_commit(&self.shared.place))
    }

    fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), JournalError> {
        let fault = |error| Fault(error).before_commit(&self.shared.place);
        rows::set_meta(&self.shared.writer(), key, value).map_err(fault)
    }

    fn init_meta(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, JournalError> {
        let fault = |error| Fault(error).before_commit(&self.shared.place);
        let mut writer = self.shared.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        if let Some(found) = rows::meta(&transaction, key).map_err(fault)? {
            return Ok(found);
        }
        rows::set_meta(&transaction, key, value).map_err(fault)?;
        transaction.commit().map_err(fault)?;
        Ok(value.to_owned())
    }
}

#[cfg(test)]
mod tests;
