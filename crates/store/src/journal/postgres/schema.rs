//! The tables in the schema `bellwether`, and how older ones become newer ones.

use postgres::{Client, Error};

use super::fault::plain;
use crate::journal::JournalError;

/// Steps from each version to the next, in order. A step that has been released is never changed.
const MIGRATIONS: &[&str] = &["
    -- `time` is in nanoseconds. Bytes are not compressed: they are dense, and time is dear.
    CREATE TABLE bellwether.block (
        shard     int    NOT NULL,
        first_seq bigint NOT NULL,
        count     int    NOT NULL,
        time      bigint NOT NULL,
        hash      bytea  NOT NULL,
        bytes     bytea  NOT NULL,
        PRIMARY KEY (shard, first_seq)
    );
    ALTER TABLE bellwether.block ALTER COLUMN bytes SET STORAGE EXTERNAL;

    CREATE FUNCTION bellwether.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a journal is only appended to';
    END $$;
    CREATE TRIGGER block_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON bellwether.block
        FOR EACH STATEMENT EXECUTE FUNCTION bellwether.refuse_change();

    CREATE TABLE bellwether.desk_meta (
        key   text  PRIMARY KEY,
        value bytea NOT NULL
    );

    -- `hash` is of the head it stands for, `checksum` of its content.
    CREATE TABLE bellwether.snapshot (
        id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        shard    int    NOT NULL,
        next_seq bigint NOT NULL,
        hash     bytea  NOT NULL,
        length   bigint NOT NULL,
        checksum bytea  NOT NULL
    );
    CREATE INDEX snapshot_of_shard ON bellwether.snapshot (shard, next_seq);
    CREATE TABLE bellwether.snapshot_piece (
        snapshot bigint NOT NULL REFERENCES bellwether.snapshot (id) ON DELETE CASCADE,
        number   int    NOT NULL,
        bytes    bytea  NOT NULL,
        PRIMARY KEY (snapshot, number)
    );
    ALTER TABLE bellwether.snapshot_piece ALTER COLUMN bytes SET STORAGE EXTERNAL;
"];

/// Of the lock under which tables are made: any number that nobody else uses.
const LOCK: i64 = 0x6265_6c6c_7765;

/// Brings the database to the newest version, in one transaction, one process at a time.
pub(super) fn migrate(client: &mut Client, place: &str) -> Result<(), JournalError> {
    let known = MIGRATIONS.len() as i64;
    let found = steps(client, known).map_err(|error| plain(&error, place))?;
    if found > known {
        return Err(JournalError::Newer { place: place.to_owned(), found, known });
    }
    Ok(())
}

/// Takes the steps that are missing, and tells the version that was found.
fn steps(client: &mut Client, known: i64) -> Result<i64, Error> {
    let mut transaction = client.transaction()?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])?;
    let row = transaction.query_one(
        "SELECT to_regnamespace('bellwether') IS NULL, to_regclass('bellwether.journal_version') IS NULL",
        &[],
    )?;
    // Asked first, since who may not create a schema may still use one that is there.
    if row.get(0) {
        transaction.batch_execute("CREATE SCHEMA bellwether")?;
    }
    if row.get(1) {
        transaction.batch_execute(
            "CREATE TABLE bellwether.journal_version (version bigint NOT NULL);
             INSERT INTO bellwether.journal_version VALUES (0)",
        )?;
    }
    let found: i64 = transaction.query_one("SELECT version FROM bellwether.journal_version", &[])?.get(0);
    let missing = MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX));
    for step in missing {
        transaction.batch_execute(step)?;
    }
    if found < known {
        transaction.execute("UPDATE bellwether.journal_version SET version = $1", &[&known])?;
    }
    transaction.commit()?;
    Ok(found)
}
