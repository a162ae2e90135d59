//! Records in PostgreSQL: tables in the schema `bellwether`, beside the journal's.
//!
//! Durability: every transaction is one commit with `synchronous_commit` on. Several servers may share a
//! database; rows that must be the only one of their kind are so by the database's own constraints.

use postgres::error::SqlState;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Error, Transaction};

use super::sql::{Backend, Row, Sql, Value, Work};
use super::{RecordError, schema};
use crate::journal::{JournalError, PostgresConfig, Server, reason};

/// Of the lock under which tables are made: any number that nobody else uses.
const LOCK: i64 = 0x6265_6c6c_7765 + 1;
/// A statement that takes longer is given up, so that one does not hold up all others.
const PATIENCE: &str = "SET statement_timeout = '10s'; SET search_path = bellwether";

pub(super) struct Postgres {
    server: Server,
    client: Option<Client>,
}

impl Postgres {
    /// Connects, and makes the tables or brings them up to date.
    pub(super) fn open(config: &PostgresConfig) -> Result<Self, RecordError> {
        let server = Server::parse(config).map_err(|error| unreachable(&error))?;
        let mut opened = Self { server, client: None };
        let place = opened.server.place.clone();
        opened.transaction(&mut |sql| {
            sql.query(&format!("SELECT 1 FROM pg_advisory_xact_lock({LOCK})"), &[])?;
            // Asked first, since who may not create a schema may still use one that is there.
            let is_missing = "SELECT 1 WHERE to_regnamespace('bellwether') IS NULL";
            if sql.first(is_missing, &[])?.is_some() {
                sql.execute("CREATE SCHEMA bellwether", &[])?;
            }
            sql.execute("CREATE TABLE IF NOT EXISTS records_version (version bigint NOT NULL)", &[])?;
            sql.execute(
                "INSERT INTO records_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM records_version)",
                &[],
            )?;
            schema::migrate(sql, &place)
        })?;
        Ok(opened)
    }

    fn connect(&self) -> Result<Client, RecordError> {
        let mut client = self.server.connect().map_err(|error| unreachable(&error))?;
        client.batch_execute(PATIENCE).map_err(|error| told(&error, &self.server.place))?;
        Ok(client)
    }

    /// Carries work out on a connection, which is kept where it can be used again.
    fn attempt(&mut self, mut client: Client, work: &mut Work<'_>) -> Result<(), RecordError> {
        let done = attempted(&mut client, &self.server.place, work);
        if !client.is_closed() {
            self.client = Some(client);
        }
        done
    }
}

fn attempted(client: &mut Client, place: &str, work: &mut Work<'_>) -> Result<(), RecordError> {
    let begun = client.transaction().map_err(|error| told(&error, place))?;
    let mut within = Within { transaction: begun, place };
    // Dropped, a transaction is rolled back.
    work(&mut within)?;
    within.transaction.commit().map_err(|error| match error.as_db_error() {
        Some(_) => told(&error, place),
        None => RecordError::Unknown { place: place.to_owned(), reason: reason(&error) },
    })
}

fn unreachable(error: &JournalError) -> RecordError {
    match error {
        JournalError::Unavailable { place, reason } => {
            RecordError::Unavailable { place: place.clone(), reason: reason.clone() }
        }
        other => RecordError::Unavailable { place: "PostgreSQL".into(), reason: other.to_string() },
    }
}

fn told(error: &Error, place: &str) -> RecordError {
    let (place, reason) = (place.to_owned(), reason(error));
    match error.code() {
        Some(code) if *code == SqlState::UNIQUE_VIOLATION => RecordError::Taken,
        Some(code)
            if [
                SqlState::DISK_FULL,
                SqlState::READ_ONLY_SQL_TRANSACTION,
                SqlState::LOCK_NOT_AVAILABLE,
                SqlState::QUERY_CANCELED,
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
            ]
            .contains(code) =>
        {
            RecordError::Unavailable { place, reason }
        }
        Some(_) => RecordError::Refused { place, reason },
        None => RecordError::Unavailable { place, reason },
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *ty == Type::INT8 => number.to_sql(ty, out),
            Self::Text(text) if *ty == Type::TEXT => text.to_sql(ty, out),
            Self::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            other => Err(format!("a statement wants {ty} where it is given {other:?}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Seen to above, value by value.
        true
    }

    to_sql_checked!();
}

struct Within<'a> {
    transaction: Transaction<'a>,
    place: &'a str,
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl Sql for Within<'_> {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, RecordError> {
        let statement = statement.replace('?', "$");
        let done = self.transaction.execute(&*statement, &parameters(values));
        done.map_err(|error| told(&error, self.place))
    }

    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, RecordError> {
        let statement = statement.replace('?', "$");
        let rows = self.transaction.query(&*statement, &parameters(values));
        let rows = rows.map_err(|error| told(&error, self.place))?;
        rows.iter().map(row).collect()
    }
}

fn row(row: &postgres::Row) -> Result<Row, RecordError> {
    let value = |(at, column): (usize, &postgres::Column)| {
        let ty = column.type_();
        let read = match *ty {
            Type::INT8 => row.try_get::<_, Option<i64>>(at).map(Value::from),
            Type::INT4 => row.try_get::<_, Option<i32>>(at).map(|n| n.map(i64::from).into()),
            Type::TEXT => row.try_get::<_, Option<&str>>(at).map(Value::from),
            Type::BYTEA => row.try_get::<_, Option<&[u8]>>(at).map(Value::from),
            _ => Ok(Value::Null),
        };
        read.map_err(|error| RecordError::Damaged { what: error.to_string() })
    };
    row.columns().iter().enumerate().map(value).collect::<Result<_, _>>().map(Row)
}

impl Backend for Postgres {
    fn place(&self) -> &str {
        &self.server.place
    }

    fn transaction(&mut self, work: &mut Work<'_>) -> Result<(), RecordError> {
        if let Some(client) = self.client.take().filter(|client| !client.is_closed()) {
            match self.attempt(client, work) {
                // A kept connection may turn out to have been cut. Nothing was committed: once more on a new one.
                Err(RecordError::Unavailable { .. }) if self.client.is_none() => {}
                done => return done,
            }
        }
        let client = self.connect()?;
        self.attempt(client, work)
    }
}
