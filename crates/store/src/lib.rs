//! At rest: the universe and recent bars, in SQLite in the data folder; the [journal] of the desk; and the
//! [records] of people.
//!
//! Bars are kept as windows ([`market::bar::Window`]): what the tape needs to go on with them after a
//! restart, and what the sessions' bars are put together from. They are saved in batches, each in one
//! transaction together with the log position it covers, so that a restart goes on exactly there.
//!
//! Durability: WAL with `synchronous = NORMAL`. A crash of the process loses nothing that was saved; a
//! power cut may lose the last seconds of bars, never the order or the integrity of what is there.
//! Money is kept in the [journal] only, and what is personal in the [records] only; both have a file and a
//! durability of their own.
//!
//! Every call blocks on the disk: from asynchronous code, call through `spawn_blocking`.

mod encode;
pub mod journal;
pub mod records;
mod schema;
mod universe;
mod windows;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};

pub use windows::{Kept, Saved};

/// What can go wrong at rest. The messages name the folder and the mend.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder cannot be made or written.
    #[error("cannot write to the data folder {}: {source}; choose another with --data", .path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the data folder open.
    #[error("the data folder {} is in use by another bellwether; stop it or choose another with --data", .path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The data was written by a newer version of the product.
    #[error("the data folder {} was written by a newer version ({found}, this one knows {known}); run that version", .path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Version found.
        found: i64,
        /// Version known.
        known: i64,
    },
    /// The database refused.
    #[error("the database refused: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Read connections kept open.
const READERS: usize = 4;

/// The open data folder. One process at a time has it.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// Held for as long as the store is open; the system lets it go with the process.
    _lock: File,
}

impl Store {
    /// Opens or makes the data folder.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let unwritable = |source| StoreError::Unwritable { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(unwritable)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path: folder.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        let path = folder.join("bellwether.db");
        let writer = Connection::open(&path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "synchronous", "NORMAL")?;
        schema::migrate(&writer, folder)?;
        Ok(Self { path, writer: Mutex::new(writer), readers: Mutex::default(), _lock: lock })
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads with a connection of its own, so that readers wait neither for each other nor for a writer.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let pooled = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let answer = read(&connection);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(connection);
        }
        Ok(answer?)
    }
}

#[cfg(test)]
mod tests;
