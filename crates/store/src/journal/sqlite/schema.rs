//! The tables of `journal.db`, and how an older file becomes a newer one.

use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use crate::journal::JournalError;

/// Steps from each version to the next, in order. A step that has been released is never changed.
const MIGRATIONS: &[&str] = &["
    -- `id` is shard * 2^48 + the number of the first entry: one tree, in the order of appending, and the
    -- same key twice is refused. `time` is in nanoseconds. `bytes` is last, so that finding a head does not
    -- read them.
    CREATE TABLE block (
        id    INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        time  INTEGER NOT NULL,
        hash  BLOB NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;

    CREATE TRIGGER block_is_never_changed BEFORE UPDATE ON block
    BEGIN SELECT RAISE(ABORT, 'a journal is only appended to'); END;
    CREATE TRIGGER block_is_never_deleted BEFORE DELETE ON block
    BEGIN SELECT RAISE(ABORT, 'a journal is only appended to'); END;

    CREATE TABLE desk_meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// Brings the database to the newest version, each step in a transaction, whoever else does so meanwhile.
pub(super) fn migrate(connection: &mut Connection, place: &str) -> Result<(), JournalError> {
    let fault = |error| Fault(error).before_commit(place);
    let known = MIGRATIONS.len() as i64;
    loop {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let found: i64 =
            transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
        if found > known {
            return Err(JournalError::Newer { place: place.to_owned(), found, known });
        }
        let Some(step) = usize::try_from(found).ok().and_then(|at| MIGRATIONS.get(at)) else {
            return Ok(());
        };
        transaction.execute_batch(step).map_err(fault)?;
        transaction.pragma_update(None, "user_version", found + 1).map_err(fault)?;
        transaction.commit().map_err(fault)?;
    }
}
