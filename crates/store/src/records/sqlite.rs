//! Records in SQLite: one file, `records.db`, in the data folder, for its owner only.
//!
//! Durability: WAL with `synchronous = FULL`. One connection, on the records' thread. Another process may have
//! the file open for a moment, as `bellwether invite` has: each waits for the other.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params_from_iter};

use super::sql::{Backend, Row, Sql, Value, Work};
use super::{RecordError, schema};

/// How long a call waits for another process to let go of the file.
const BUSY: Duration = Duration::from_secs(5);

pub(super) struct Sqlite {
    connection: Connection,
    place: String,
}

impl Sqlite {
    /// Opens or makes `records.db` in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, RecordError> {
        let place = folder.display().to_string();
        let unavailable = |error: std::io::Error| RecordError::Unavailable {
            place: place.clone(),
            reason: format!("{error}; make the folder writable, or choose another with --data"),
        };
        fs::create_dir_all(folder).map_err(unavailable)?;
        let path = folder.join("records.db");
        // Made by us, so that nobody else can read it; SQLite gives the files beside it the same rights.
        let made = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
        made.map_err(unavailable)?;
        let connection = prepared(&path).map_err(|error| told(&error, &place))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(unavailable)?;
        let mut opened = Self { connection, place: place.clone() };
        opened.transaction(&mut |sql| {
            sql.execute("CREATE TABLE IF NOT EXISTS records_version (version bigint NOT NULL)", &[])?;
            sql.execute(
                "INSERT INTO records_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM records_version)",
                &[],
            )?;
            schema::migrate(sql, &place)
        })?;
        Ok(opened)
    }
}

fn prepared(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

fn told(error: &rusqlite::Error, place: &str) -> RecordError {
    let (place, reason) = (place.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => RecordError::Taken,
        Some(ErrorCode::DiskFull) => {
            RecordError::Unavailable { place, reason: format!("{reason}; make room") }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => RecordError::Damaged { what: reason },
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied,
        ) => RecordError::Unavailable { place, reason },
        _ => RecordError::Refused { place, reason },
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value(of: ValueRef<'_>) -> Value {
    match of {
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
        // No column here is of floating point.
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
    }
}

struct Within<'a> {
    transaction: Transaction<'a>,
    place: &'a str,
}

impl Sql for Within<'_> {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, RecordError> {
        let mut prepared = self.transaction.prepare_cached(statement).map_err(|e| told(&e, self.place))?;
        prepared.execute(params_from_iter(values)).map(|n| n as u64).map_err(|e| told(&e, self.place))
    }

    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, RecordError> {
        let ask = || -> rusqlite::Result<Vec<Row>> {
            let mut prepared = self.transaction.prepare_cached(statement)?;
            let columns = prepared.column_count();
            let rows = prepared.query_map(params_from_iter(values), |row| {
                (0..columns).map(|at| row.get_ref(at).map(value)).collect::<rusqlite::Result<_>>().map(Row)
            })?;
            rows.collect()
        };
        ask().map_err(|error| told(&error, self.place))
    }
}

impl Backend for Sqlite {
    fn place(&self) -> &str {
        &self.place
    }

    fn transaction(&mut self, work: &mut Work<'_>) -> Result<(), RecordError> {
        let place = &self.place;
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let mut within = Within { transaction: begun.map_err(|error| told(&error, place))?, place };
        // Dropped, a transaction is rolled back.
        work(&mut within)?;
        within.transaction.commit().map_err(|error| told(&error, place))
    }
}

/// A database that is empty and nobody's, for tests.
#[cfg(test)]
pub(super) fn in_memory(work: &mut Work<'_>) {
    let connection = Connection::open_in_memory().unwrap();
    Sqlite { connection, place: "memory".into() }.transaction(work).unwrap();
}
