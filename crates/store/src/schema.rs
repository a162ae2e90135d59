//! The tables, and how an older data folder becomes a newer one.

use std::path::Path;

use rusqlite::Connection;

use crate::StoreError;

/// Steps from each version to the next, in order. A step that has been released is never changed.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) WITHOUT ROWID;

    -- `id` is the dense id inside the process, so that it stays the same from start to start.
    CREATE TABLE instrument (
        id       INTEGER PRIMARY KEY,
        symbol   TEXT NOT NULL UNIQUE,
        name     TEXT NOT NULL,
        exchange TEXT NOT NULL,
        kind     INTEGER NOT NULL,
        currency TEXT NOT NULL,
        sector   TEXT,
        industry TEXT,
        hours    INTEGER NOT NULL,
        activity INTEGER NOT NULL,
        listed   INTEGER NOT NULL
    );

    -- `span` is the interval in seconds, or 0 for the New York day; `class` is the set of trades;
    -- `start` is in seconds.
    CREATE TABLE bar (
        symbol INTEGER NOT NULL,
        span   INTEGER NOT NULL,
        class  INTEGER NOT NULL,
        start  INTEGER NOT NULL,
        state  BLOB NOT NULL,
        PRIMARY KEY (symbol, span, class, start)
    ) WITHOUT ROWID;

    -- When a symbol last had news, so that a start reads only what is recent.
    CREATE TABLE recent (
        symbol INTEGER PRIMARY KEY,
        newest INTEGER NOT NULL
    );
"];

/// Brings the database to the newest version, each step in a transaction.
pub(crate) fn migrate(connection: &Connection, folder: &Path) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        return Err(StoreError::Newer { path: folder.to_owned(), found, known });
    }
    for (at, step) in MIGRATIONS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        connection.execute_batch(&format!("BEGIN; {step}; PRAGMA user_version = {}; COMMIT;", at + 1))?;
    }
    Ok(())
}
