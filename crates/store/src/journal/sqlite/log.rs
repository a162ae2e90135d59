//! The size of the write-ahead log's file.
//!
//! A commit that makes the file longer costs twice the sync of one that writes into it: the file system has to
//! note the new length. So the file is made as long as it gets before the first append. What lies behind the
//! last frame means nothing to SQLite: there are old frames in use, too, once the log has begun anew.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::checkpoint::LOG_BYTES_MAX;

/// Makes the log's file as long as it gets. Where there is no room for that, nothing is done.
pub(super) fn enlarge(writer: &mut Connection, database: &Path) -> rusqlite::Result<()> {
    // Nobody else may append to the log meanwhile, in this process or another.
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let path = database.with_extension("db-wal");
    if let Err(error) = write_zeros(&path) {
        tracing::debug!("the log {} stays as short as it is: {error}", path.display());
    }
    transaction.rollback()
}

fn write_zeros(path: &Path) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let zeros = vec![0; usize::try_from(LOG_BYTES_MAX.saturating_sub(length)).map_err(io::Error::other)?];
    let written = file.write_all(&zeros).and_then(|()| file.sync_all());
    if written.is_err() {
        file.set_len(length)?;
    }
    written
}
