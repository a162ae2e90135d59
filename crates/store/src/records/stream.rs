//! Streams: what is taken in of a provider beside what viewers watch, as people set it while everything runs.
//!
//! What a stream asks for, this module does not read. Of servers that share the records one reads a stream at a time: it
//! takes it for a while, and only while it has it may it store what the stream brought.

use market::Timestamp;

use super::RecordError;
use super::sql::{Row, Sql, Value};

/// Most streams of all owners together.
pub const STREAMS_MAX: usize = 500;

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Never given to another record.
    pub id: i64,
    /// Whose: a person, 0 for the local user, or nobody's where the program made it.
    pub owner: Option<i64>,
    /// The provider's name.
    pub provider: String,
    /// What its owner calls it.
    pub name: String,
    /// What it asks for, as JSON.
    pub query: String,
    /// It waits until it is told to go on.
    pub is_paused: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it is doing.
    pub health: Health,
}

/// How a stream is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// When it last brought something.
    pub last_event: Option<Timestamp>,
    /// Why the last attempt failed; nothing where it went well.
    pub last_error: Option<String>,
    /// When it was last tried.
    pub tried_at: Option<Timestamp>,
    /// What it has brought.
    pub articles: i64,
}

const COLUMNS: &str =
    "id, owner, provider, name, query, is_paused, created_at, last_event, last_error, tried_at, articles";

fn read(row: &Row) -> Result<Stream, RecordError> {
    Ok(Stream {
        id: row.int(0)?,
        owner: row.int_if_any(1)?,
        provider: row.text(2)?,
        name: row.text(3)?,
        query: row.text(4)?,
        is_paused: row.int(5)? != 0,
        created_at: row.time(6)?,
        health: Health {
            last_event: row.time_if_any(7)?,
            last_error: row.text_if_any(8)?,
            tried_at: row.time_if_any(9)?,
            articles: row.int(10)?,
        },
    })
}

/// All streams, oldest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql) -> Result<Vec<Stream>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM stream ORDER BY id");
    sql.query(&ask, &[])?.iter().map(read).collect()
}

/// One stream.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: i64) -> Result<Option<Stream>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM stream WHERE id = ?1");
    sql.first(&ask, &[id.into()])?.as_ref().map(read).transpose()
}

/// A stream that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStream {
    /// Whose; nobody's where the program makes it.
    pub owner: Option<i64>,
    /// The provider's name.
    pub provider: String,
    /// What its owner calls it.
    pub name: String,
    /// What it asks for, as JSON.
    pub query: String,
}

/// Adds a stream. `owner_max` is how many its owner may have.
///
/// # Errors
/// [`RecordError::TooMany`].
pub fn insert(
    sql: &mut dyn Sql,
    new: &NewStream,
    owner_max: Option<usize>,
    now: Timestamp,
) -> Result<Stream, RecordError> {
    // The counter first: who adds at the same time waits here, and then counts this one.
    let id = sql.new_id()?;
    let all = list(sql)?;
    if all.len() >= STREAMS_MAX {
        return Err(RecordError::TooMany { most: STREAMS_MAX });
    }
    let own = all.iter().filter(|stream| stream.owner.is_some() && stream.owner == new.owner).count();
    if let Some(most) = owner_max.filter(|most| own >= *most) {
        return Err(RecordError::TooMany { most });
    }
    let values: [Value; 6] = [
        id.into(),
        new.owner.into(),
        (&*new.provider).into(),
        (&*new.name).into(),
        (&*new.query).into(),
        now.into(),
    ];
    sql.execute(
        "INSERT INTO stream (id, owner, provider, name, query, is_paused, created_at, articles)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 0)",
        &values,
    )?;
    get(sql, id)?.ok_or_else(|| RecordError::Damaged { what: format!("stream {id}, just made, is gone") })
}

/// A change of a stream; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// What it is called.
    pub name: Option<String>,
    /// What it asks for. It then begins anew with what appears from now on.
    pub query: Option<String>,
    /// Whether it waits.
    pub is_paused: Option<bool>,
}

/// Changes a stream; nothing where there is none.
///
/// # Errors
/// What the database says.
pub fn update(sql: &mut dyn Sql, id: i64, change: &Change) -> Result<Option<Stream>, RecordError> {
    let Some(before) = get(sql, id)? else { return Ok(None) };
    let values: [Value; 4] = [
        id.into(),
        change.name.as_deref().unwrap_or(&before.name).into(),
        change.query.as_deref().unwrap_or(&before.query).into(),
        change.is_paused.unwrap_or(before.is_paused).into(),
    ];
    sql.execute("UPDATE stream SET name = ?2, query = ?3, is_paused = ?4 WHERE id = ?1", &values)?;
    if change.query.as_ref().is_some_and(|query| *query != before.query) {
        // What another query has read says nothing of this one.
        sql.execute("UPDATE stream SET watermark = NULL, last_error = NULL WHERE id = ?1", &[id.into()])?;
    }
    get(sql, id)
}

/// Removes a stream; what it brought stays. `false` where there was none.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, id: i64) -> Result<bool, RecordError> {
    Ok(sql.execute("DELETE FROM stream WHERE id = ?1", &[id.into()])? > 0)
}

/// Gives the local user's streams to a person.
///
/// # Errors
/// What the database says.
pub fn take_over(sql: &mut dyn Sql, person: i64) -> Result<(), RecordError> {
    sql.execute("UPDATE stream SET owner = ?1 WHERE owner = 0", &[person.into()]).map(drop)
}

/// Takes a stream, or keeps it, until a time. `false` where another has it, or where it is gone.
///
/// # Errors
/// What the database says.
pub fn take(
    sql: &mut dyn Sql,
    id: i64,
    reader: &str,
    (now, until): (Timestamp, Timestamp),
) -> Result<bool, RecordError> {
    let take = "UPDATE stream SET taken_by = ?2, taken_until = ?4
                WHERE id = ?1 AND (taken_by = ?2 OR taken_by IS NULL OR taken_until < ?3)";
    Ok(sql.execute(take, &[id.into(), reader.into(), now.into(), until.into()])? > 0)
}

/// Gives a stream back.
///
/// # Errors
/// What the database says.
pub fn release(sql: &mut dyn Sql, id: i64, reader: &str) -> Result<(), RecordError> {
    let release = "UPDATE stream SET taken_by = NULL WHERE id = ?1 AND taken_by = ?2";
    sql.execute(release, &[id.into(), reader.into()]).map(drop)
}

/// Gives all streams back, for a start that has the records to itself: whoever had them is no more.
///
/// # Errors
/// What the database says.
pub fn release_all(sql: &mut dyn Sql) -> Result<(), RecordError> {
    sql.execute("UPDATE stream SET taken_by = NULL", &[]).map(drop)
}

/// Up to where a stream was read; nothing where it begins.
///
/// # Errors
/// What the database says.
pub fn watermark(sql: &mut dyn Sql, id: i64) -> Result<Option<String>, RecordError> {
    let row = sql.first("SELECT watermark FROM stream WHERE id = ?1", &[id.into()])?;
    row.map_or(Ok(None), |row| row.text_if_any(0))
}

/// Moves a stream on, together with what is stored in the same transaction. `false` where the reader has it no more:
/// then nothing of it may be stored.
///
/// # Errors
/// What the database says.
pub fn advance(
    sql: &mut dyn Sql,
    (id, reader): (i64, &str),
    watermark: &str,
    brought: usize,
    now: Timestamp,
) -> Result<bool, RecordError> {
    let n = i64::try_from(brought).unwrap_or(i64::MAX);
    let last_event = (brought > 0).then_some(now);
    let advance =
        "UPDATE stream SET watermark = ?3, articles = articles + ?4, last_event = COALESCE(?5, last_event),
                       last_error = NULL, tried_at = ?6
                   WHERE id = ?1 AND taken_by = ?2";
    let values = [id.into(), reader.into(), watermark.into(), n.into(), last_event.into(), now.into()];
    Ok(sql.execute(advance, &values)? > 0)
}

/// Notes how the last attempt went.
///
/// # Errors
/// What the database says.
pub fn tried(
    sql: &mut dyn Sql,
    (id, reader): (i64, &str),
    error: Option<&str>,
    now: Timestamp,
) -> Result<(), RecordError> {
    let note = "UPDATE stream SET last_error = ?3, tried_at = ?4 WHERE id = ?1 AND taken_by = ?2";
    sql.execute(note, &[id.into(), reader.into(), error.into(), now.into()]).map(drop)
}

/// A provider as the records have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name in the configuration.
    pub name: String,
    /// An operator has paused it.
    pub is_paused: bool,
    /// What whoever asks it last said of it, as JSON; empty where nobody has.
    pub report: String,
    /// When that was said.
    pub reported_at: Option<Timestamp>,
}

/// All providers of which something is known.
///
/// # Errors
/// What the database says.
pub fn providers(sql: &mut dyn Sql) -> Result<Vec<Provider>, RecordError> {
    let ask = "SELECT name, is_paused, report, reported_at FROM provider ORDER BY name";
    let read = |row: &Row| {
        Ok(Provider {
            name: row.text(0)?,
            is_paused: row.int(1)? != 0,
            report: row.text(2)?,
            reported_at: row.time_if_any(3)?,
        })
    };
    sql.query(ask, &[])?.iter().map(read).collect()
}

/// Pauses a provider or lets it go on.
///
/// # Errors
/// What the database says.
pub fn pause_provider(sql: &mut dyn Sql, name: &str, is_paused: bool) -> Result<(), RecordError> {
    let set = "INSERT INTO provider (name, is_paused, report) VALUES (?1, ?2, '')
               ON CONFLICT (name) DO UPDATE SET is_paused = ?2";
    sql.execute(set, &[name.into(), is_paused.into()]).map(drop)
}

/// Notes what is to be said of a provider. `true` where it is the first that is heard of it.
///
/// # Errors
/// What the database says.
pub fn report_provider(
    sql: &mut dyn Sql,
    name: &str,
    report: &str,
    now: Timestamp,
) -> Result<bool, RecordError> {
    let known = sql.first("SELECT reported_at FROM provider WHERE name = ?1", &[name.into()])?;
    let is_new = known.map_or(Ok(true), |row| row.time_if_any(0).map(|at| at.is_none()))?;
    let set = "INSERT INTO provider (name, is_paused, report, reported_at) VALUES (?1, 0, ?2, ?3)
               ON CONFLICT (name) DO UPDATE SET report = ?2, reported_at = ?3";
    sql.execute(set, &[name.into(), report.into(), now.into()])?;
    Ok(is_new)
}
