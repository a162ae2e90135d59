//! The tables, and how an older database becomes a current one.
//!
//! A change is a new entry in [`MIGRATIONS`]; entries that were released never change.

use std::path::Path;

use rusqlite::Connection;

use crate::error::{Fault, StoreError};

/// Entry `n` makes version `n + 1` of version `n`; `PRAGMA user_version` holds the version.
const MIGRATIONS: [&str; 1] = [
    // A bar is named by its series, one integer made of symbol, interval and session, and its start.
    // Amounts are counts of 10⁻⁸, times nanoseconds. A volume is an integer while it fits 64 bits and 16
    // bytes otherwise, which is next to never.
    "CREATE TABLE symbol (
         id INTEGER PRIMARY KEY,
         text TEXT NOT NULL UNIQUE
     );
     CREATE TABLE instrument (
         place INTEGER PRIMARY KEY,
         symbol TEXT NOT NULL UNIQUE,
         name TEXT NOT NULL,
         exchange TEXT NOT NULL,
         kind INTEGER NOT NULL,
         currency TEXT NOT NULL,
         sector TEXT,
         industry TEXT,
         hours INTEGER NOT NULL,
         activity INTEGER NOT NULL
     );
     CREATE TABLE bar (
         series INTEGER NOT NULL,
         start INTEGER NOT NULL,
         open INTEGER NOT NULL,
         high INTEGER NOT NULL,
         low INTEGER NOT NULL,
         close INTEGER NOT NULL,
         volume NOT NULL,
         trades INTEGER NOT NULL,
         vwap INTEGER NOT NULL,
         state BLOB,
         PRIMARY KEY (series, start)
     ) WITHOUT ROWID;
     CREATE TABLE last (
         symbol INTEGER PRIMARY KEY,
         price INTEGER NOT NULL,
         ts_event INTEGER NOT NULL,
         figures BLOB NOT NULL
     );
     CREATE TABLE value (
         key TEXT PRIMARY KEY,
         value BLOB NOT NULL
     ) WITHOUT ROWID;",
];

const KNOWN: i64 = MIGRATIONS.len() as i64;

pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let at = |error: rusqlite::Error| Fault::from(error).at(path);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(at)?;
    let done = match usize::try_from(found) {
        Ok(done) if found <= KNOWN => done,
        _ => return Err(StoreError::Newer { path: path.to_owned(), found, known: KNOWN }),
    };
    for (n, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        // Each step whole or not at all, its version with it.
        let transaction = connection.transaction().map_err(at)?;
        transaction.execute_batch(migration).map_err(at)?;
        transaction.pragma_update(None, "user_version", n as i64 + 1).map_err(at)?;
        transaction.commit().map_err(at)?;
    }
    Ok(())
}
