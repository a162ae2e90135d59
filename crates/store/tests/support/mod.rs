//! Journals of either kind in a place of their own, and hands that spoil them.

#![allow(dead_code, reason = "each test program uses some of it")]

pub(crate) mod postgres;

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use ::postgres::{Client, NoTls};
use rusqlite::Connection;
use store::journal::{Head, Journals, PostgresConfig, PostgresJournals, Shard, SqliteJournals};
use store::records::{RecordError, Records};
use tempfile::TempDir;

use self::postgres::PostgresServer;

/// Which kind to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// Where journals of one kind are.
#[derive(Debug)]
pub(crate) enum House {
    Sqlite { folder: TempDir },
    Postgres { server: Arc<PostgresServer>, url: String },
}

impl House {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => Self::Sqlite { folder: tempfile::tempdir().unwrap() },
            Kind::Postgres => {
                let server = PostgresServer::shared();
                let url = server.new_database();
                Self::Postgres { server, url }
            }
        }
    }

    /// An empty one of the same kind.
    pub(crate) fn another(&self) -> Self {
        Self::new(match self {
            Self::Sqlite { .. } => Kind::Sqlite,
            Self::Postgres { .. } => Kind::Postgres,
        })
    }

    /// Opens the records.
    pub(crate) fn records(&self) -> Records {
        self.try_records().unwrap()
    }

    /// Opens the records, which may fail.
    pub(crate) fn try_records(&self) -> Result<Records, RecordError> {
        match self {
            Self::Sqlite { folder } => Records::in_folder(folder.path()),
            Self::Postgres { url, .. } => Records::in_postgres(&PostgresConfig::new(url)),
        }
    }

    /// Opens the journals.
    pub(crate) fn journals(&self) -> Arc<dyn Journals> {
        match self {
            Self::Sqlite { folder } => Arc::new(SqliteJournals::open(folder.path()).unwrap()),
            Self::Postgres { url, .. } => {
                Arc::new(PostgresJournals::open(&PostgresConfig::new(url)).unwrap())
            }
        }
    }

    /// Opens the journals so that nothing but the sequence keeps two writers apart.
    pub(crate) fn unguarded(&self) -> Arc<dyn Journals> {
        match self {
            Self::Sqlite { .. } => self.journals(),
            Self::Postgres { url, .. } => {
                let config = PostgresConfig { is_exclusive: false, ..PostgresConfig::new(url) };
                Arc::new(PostgresJournals::open(&config).unwrap())
            }
        }
    }

    /// Bytes as the database writes them.
    pub(crate) fn bytes(&self, hex: &str) -> String {
        match self {
            Self::Sqlite { .. } => format!("x'{hex}'"),
            Self::Postgres { .. } => format!("'\\x{hex}'::bytea"),
        }
    }

    /// Changes rows behind the product's back. `shard` and `first_seq` are written as columns.
    pub(crate) fn tamper(&self, sql: &str) {
        let changed = match self {
            Self::Sqlite { folder } => {
                let sql = sql
                    .replace("SET shard = 1", "SET id = id + (1 << 48)")
                    .replace("SET first_seq =", "SET id =")
                    .replace("first_seq", "(id & ((1 << 48) - 1))");
                let connection = Connection::open(folder.path().join("journal.db")).unwrap();
                let unguarded = "DROP TRIGGER IF EXISTS block_is_never_changed;
                                 DROP TRIGGER IF EXISTS block_is_never_deleted;";
                connection.execute_batch(unguarded).unwrap();
                connection.execute(&sql, []).unwrap() as u64
            }
            Self::Postgres { url, .. } => {
                let mut client = Client::connect(url, NoTls).unwrap();
                client
                    .batch_execute(
                        "ALTER TABLE bellwether.block DISABLE TRIGGER ALL; SET search_path = bellwether",
                    )
                    .unwrap();
                client.execute(sql, &[]).unwrap()
            }
        };
        assert!(changed > 0, "{sql}");
    }

    /// Makes two blocks of the first shard change places.
    pub(crate) fn swap(&self, one: u64, other: u64) {
        for (from, to) in [(one, 1_000), (other, one), (1_000, other)] {
            self.tamper(&format!("UPDATE block SET first_seq = {to} WHERE first_seq = {from}"));
        }
    }

    /// Flips bits in the middle of a snapshot.
    pub(crate) fn damage_snapshot(&self, shard: Shard, head: Head) {
        match self {
            Self::Sqlite { folder } => {
                let name = format!("shard-{shard}-{}-{}.snapshot", head.next_seq, head.hash);
                let path = folder.path().join("snapshots").join(name);
                let mut file = fs::File::options().read(true).write(true).open(path).unwrap();
                let middle = file.metadata().unwrap().len() / 2;
                let mut byte = [0];
                file.seek(SeekFrom::Start(middle)).unwrap();
                file.read_exact(&mut byte).unwrap();
                file.seek(SeekFrom::Start(middle)).unwrap();
                file.write_all(&[byte[0] ^ 0x10]).unwrap();
            }
            Self::Postgres { url, .. } => {
                let mut client = Client::connect(url, NoTls).unwrap();
                let changed = client.execute(
                    "UPDATE bellwether.snapshot_piece SET bytes = set_byte(bytes, 9, 255 - get_byte(bytes, 9))
                     WHERE number = 1 AND snapshot =
                        (SELECT id FROM bellwether.snapshot WHERE shard = $1 AND next_seq = $2)",
                    &[&i32::from(shard.number()), &(head.next_seq as i64)],
                );
                assert_eq!(changed.unwrap(), 1);
            }
        }
    }
}
