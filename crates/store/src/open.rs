//! Opening: the folder, the lock, the connections.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Fault, StoreError};
use crate::schema;

/// The database's file name.
pub(crate) const DATABASE: &str = "bellwether.db";
const LOCK: &str = "bellwether.lock";
const PAGE_BYTES: u64 = 4_096;
/// Readers and the writer do not block each other; this covers the moments in which SQLite tidies up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The data folder is ours while this lives. The system releases it when the process dies, however it
/// dies; the file stays.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    pub(crate) fn take(folder: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Folder { folder: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let file = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK));
        let file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// The one connection that writes.
pub(crate) fn writing(path: &Path, bytes_max: u64) -> Result<Connection, StoreError> {
    let open = || -> Result<Connection, Fault> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // Before the first table, or it has no effect: pages that pruning frees can be given back.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        // Synced at checkpoints, not at each commit: see the crate's documentation.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", -8_192)?;
        connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
        let pages_max = i64::try_from(bytes_max / PAGE_BYTES).unwrap_or(i64::MAX).clamp(1, 0xffff_fffe);
        connection.pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))?;
        Ok(connection)
    };
    let mut connection = open().map_err(|fault| fault.at(path))?;
    schema::migrate(&mut connection, path)?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn reading(path: &Path) -> Result<Connection, StoreError> {
    let open = || -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "cache_size", -2_048)?;
        Ok(connection)
    };
    open().map_err(|fault| fault.at(path))
}
