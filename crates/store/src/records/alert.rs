//! Alerts: what people ask to be told, and where each stands.
//!
//! An owner is a person's id, or 0 for the local user, whose alerts the first operator takes over. What a rule means is
//! not known here: it is text of whoever decides.

use market::Timestamp;

use super::RecordError;
use super::sql::{Row, Sql, Value};

/// Most alerts of an owner.
pub const ALERTS_MAX: usize = 1_000;
/// Most alerts of all owners together.
pub const ALERTS_OF_ALL_MAX: usize = 100_000;
/// Of what an owner removed so many are kept, the newest, to be taken back.
pub const REMOVED_MAX: usize = 1_000;

/// What an alert is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// On what; by its text.
    pub symbol: String,
    /// About what, as JSON.
    pub rule: String,
    /// Armed again when the value has gone back so far, in the rule's unit; `None` fires once.
    pub hysteresis: Option<i64>,
    /// From then on nothing counts.
    pub expires_at: Option<Timestamp>,
    /// When messages wait, as JSON.
    pub quiet: Option<String>,
    /// The owner's own words; may be empty.
    pub note: String,
    /// It decides nothing for now.
    pub is_paused: bool,
    /// What happened before this does not count.
    pub active_from: Timestamp,
    /// The price when it was made, in 10⁻⁸.
    pub seen: Option<i64>,
    /// Where it stands at its beginning.
    pub state: String,
    /// To which of its owner's channels; none named is all.
    pub channels: Vec<i64>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Never given to another record.
    pub id: i64,
    /// Whose.
    pub owner: i64,
    /// What it is; `state` is where it stood when that was last stored.
    pub content: Content,
    /// Grows whenever it begins anew.
    pub generation: i64,
    /// Grows by one with each change of the owner's.
    pub version: i64,
    /// Larger than that of every change before, of any alert.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the owner last changed it.
    pub updated_at: Timestamp,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
    /// How often it has fired in this generation.
    pub fired: i64,
    /// When it last fired, in any generation.
    pub last_fired_at: Option<Timestamp>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It is so now.
    Done(Box<Alert>),
    /// The alert has another version than the change was made for: this one.
    Stale(Box<Alert>),
    /// The owner has no such alert.
    Missing,
}

const COLUMNS: &str = "id, owner, symbol, rule, hysteresis, expires_at, quiet, note, is_paused, active_from, seen, \
    state, generation, version, revision, created_at, updated_at, removed_at, fired, last_fired_at, channels";

/// Ids as they are stored: with commas, nothing for none.
fn joined(channels: &[i64]) -> Option<String> {
    let texts: Vec<String> = channels.iter().map(i64::to_string).collect();
    Some(texts.join(",")).filter(|text| !text.is_empty())
}

/// Ids as they were stored.
pub(super) fn channels_of(row: &Row, place: usize) -> Result<Vec<i64>, RecordError> {
    let Some(text) = row.text_if_any(place)? else { return Ok(Vec::new()) };
    let id = |id: &str| {
        id.parse().map_err(|_| RecordError::Damaged { what: format!("{text:?} is no list of ids") })
    };
    text.split(',').map(id).collect()
}

fn read(row: &Row) -> Result<Alert, RecordError> {
    let content = Content {
        symbol: row.text(2)?,
        rule: row.text(3)?,
        hysteresis: row.int_if_any(4)?,
        expires_at: row.time_if_any(5)?,
        quiet: row.text_if_any(6)?,
        note: row.text(7)?,
        is_paused: row.int(8)? != 0,
        active_from: row.time(9)?,
        seen: row.int_if_any(10)?,
        state: row.text(11)?,
        channels: channels_of(row, 20)?,
    };
    Ok(Alert {
        id: row.int(0)?,
        owner: row.int(1)?,
        content,
        generation: row.int(12)?,
        version: row.int(13)?,
        revision: row.int(14)?,
        created_at: row.time(15)?,
        updated_at: row.time(16)?,
        removed_at: row.time_if_any(17)?,
        fired: row.int(18)?,
        last_fired_at: row.time_if_any(19)?,
    })
}

/// Has whoever writes several alerts in one transaction wait for its turn at the counter, which all of them use: so no two
/// wait for each other's alerts.
pub(super) fn first_in_line(sql: &mut dyn Sql) -> Result<(), RecordError> {
    sql.new_id().map(drop)
}

fn limit(most: usize) -> Value {
    Value::Int(i64::try_from(most).unwrap_or(i64::MAX))
}

fn count(sql: &mut dyn Sql, ask: &str, values: &[Value]) -> Result<usize, RecordError> {
    let row = sql.first(ask, values)?;
    let count = row.map_or(Ok(0), |row| row.int(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// An owner's alerts, newest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, owner: i64) -> Result<Vec<Alert>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM alert WHERE owner = ?1 AND removed_at IS NULL ORDER BY id DESC");
    sql.query(&ask, &[owner.into()])?.iter().map(read).collect()
}

/// One of an owner's alerts.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, owner: i64, id: i64) -> Result<Option<Alert>, RecordError> {
    Ok(any(sql, owner, id)?.filter(|alert| alert.removed_at.is_none()))
}

/// One of an owner's alerts that was removed and can be taken back.
///
/// # Errors
/// What the database says.
pub fn removed(sql: &mut dyn Sql, owner: i64, id: i64) -> Result<Option<Alert>, RecordError> {
    Ok(any(sql, owner, id)?.filter(|alert| alert.removed_at.is_some()))
}

fn any(sql: &mut dyn Sql, owner: i64, id: i64) -> Result<Option<Alert>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM alert WHERE owner = ?1 AND id = ?2");
    sql.first(&ask, &[owner.into(), id.into()])?.as_ref().map(read).transpose()
}

/// Alerts that have changed since a revision, of all owners, in the order of their changes; those that were removed
/// are among them. From 0 on these are all there are.
///
/// # Errors
/// What the database says.
pub fn changes(sql: &mut dyn Sql, after: i64, most: usize) -> Result<Vec<Alert>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM alert WHERE revision > ?1 ORDER BY revision LIMIT ?2");
    sql.query(&ask, &[after.into(), limit(most)])?.iter().map(read).collect()
}

/// The newest revision of an owner's alerts; 0 where there was none.
///
/// # Errors
/// What the database says.
pub fn newest_revision(sql: &mut dyn Sql, owner: i64) -> Result<i64, RecordError> {
    let ask = "SELECT revision FROM alert WHERE owner = ?1 ORDER BY revision DESC LIMIT 1";
    sql.first(ask, &[owner.into()])?.map_or(Ok(0), |row| row.int(0))
}

fn has_room(sql: &mut dyn Sql, owner: i64) -> Result<(), RecordError> {
    let own = "SELECT count(*) FROM alert WHERE owner = ?1 AND removed_at IS NULL";
    if count(sql, own, &[owner.into()])? >= ALERTS_MAX {
        return Err(RecordError::TooMany { most: ALERTS_MAX });
    }
    if count(sql, "SELECT count(*) FROM alert WHERE removed_at IS NULL", &[])? >= ALERTS_OF_ALL_MAX {
        return Err(RecordError::TooMany { most: ALERTS_OF_ALL_MAX });
    }
    Ok(())
}

/// Adds an alert.
///
/// # Errors
/// [`RecordError::TooMany`]; what the database says.
pub fn insert(
    sql: &mut dyn Sql,
    owner: i64,
    content: &Content,
    now: Timestamp,
) -> Result<Alert, RecordError> {
    has_room(sql, owner)?;
    let id = sql.new_id()?;
    let values: [Value; 14] = [
        id.into(),
        owner.into(),
        (&*content.symbol).into(),
        (&*content.rule).into(),
        content.hysteresis.into(),
        content.expires_at.into(),
        content.quiet.as_deref().into(),
        (&*content.note).into(),
        content.is_paused.into(),
        content.active_from.into(),
        content.seen.into(),
        (&*content.state).into(),
        now.into(),
        joined(&content.channels).as_deref().into(),
    ];
    sql.execute(
        "INSERT INTO alert (id, owner, symbol, rule, hysteresis, expires_at, quiet, note, is_paused, active_from,
             seen, state, generation, version, revision, created_at, updated_at, removed_at, fired, last_fired_at,
             channels)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, 1, ?1, ?13, ?13, NULL, 0, NULL, ?14)",
        &values,
    )?;
    Ok(Alert {
        id,
        owner,
        content: content.clone(),
        generation: 0,
        version: 1,
        revision: id,
        created_at: now,
        updated_at: now,
        removed_at: None,
        fired: 0,
        last_fired_at: None,
    })
}

fn told(sql: &mut dyn Sql, (owner, id): (i64, i64), is_done: bool) -> Result<Changed, RecordError> {
    Ok(match get(sql, owner, id)? {
        None => Changed::Missing,
        Some(alert) if is_done => Changed::Done(Box::new(alert)),
        Some(alert) => Changed::Stale(Box::new(alert)),
    })
}

/// Changes an alert, if it still has the version that the change was made for. It begins anew.
///
/// # Errors
/// What the database says.
pub fn replace(
    sql: &mut dyn Sql,
    (owner, id): (i64, i64),
    version: Option<i64>,
    content: &Content,
    now: Timestamp,
) -> Result<Changed, RecordError> {
    let revision = sql.new_id()?;
    let values: [Value; 16] = [
        owner.into(),
        id.into(),
        (&*content.symbol).into(),
        (&*content.rule).into(),
        content.hysteresis.into(),
        content.expires_at.into(),
        content.quiet.as_deref().into(),
        (&*content.note).into(),
        content.is_paused.into(),
        content.active_from.into(),
        content.seen.into(),
        (&*content.state).into(),
        revision.into(),
        now.into(),
        version.unwrap_or(0).into(),
        joined(&content.channels).as_deref().into(),
    ];
    let done = sql.execute(
        "UPDATE alert SET symbol = ?3, rule = ?4, hysteresis = ?5, expires_at = ?6, quiet = ?7, note = ?8,
             is_paused = ?9, active_from = ?10, seen = ?11, state = ?12, revision = ?13, updated_at = ?14, fired = 0,
             channels = ?16, generation = generation + 1, version = version + 1
         WHERE owner = ?1 AND id = ?2 AND removed_at IS NULL AND (version = ?15 OR ?15 = 0)",
        &values,
    )?;
    told(sql, (owner, id), done > 0)
}

/// Removes an alert, so that it can be taken back for a while.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, owner: i64, id: i64, now: Timestamp) -> Result<bool, RecordError> {
    let revision = sql.new_id()?;
    let done = sql.execute(
        "UPDATE alert SET removed_at = ?3, revision = ?4, version = version + 1
         WHERE owner = ?1 AND id = ?2 AND removed_at IS NULL",
        &[owner.into(), id.into(), now.into(), revision.into()],
    )?;
    let oldest = "SELECT revision FROM alert WHERE owner = ?1 AND removed_at IS NOT NULL
                  ORDER BY revision DESC LIMIT 1 OFFSET ?2";
    if let Some(row) = sql.first(oldest, &[owner.into(), limit(REMOVED_MAX)])? {
        let which = "owner = ?1 AND removed_at IS NOT NULL AND revision <= ?2";
        purge(sql, which, &[owner.into(), row.int(0)?.into()])?;
    }
    Ok(done > 0)
}

/// Takes a removed alert back. It begins anew.
///
/// # Errors
/// [`RecordError::TooMany`]; what the database says.
pub fn restore(
    sql: &mut dyn Sql,
    (owner, id): (i64, i64),
    begin: (Timestamp, Option<i64>, &str),
    now: Timestamp,
) -> Result<Changed, RecordError> {
    match any(sql, owner, id)? {
        None => return Ok(Changed::Missing),
        Some(alert) if alert.removed_at.is_none() => return Ok(Changed::Done(Box::new(alert))),
        Some(_) => has_room(sql, owner)?,
    }
    let (active_from, seen, state) = begin;
    let revision = sql.new_id()?;
    let values: [Value; 7] =
        [owner.into(), id.into(), active_from.into(), seen.into(), state.into(), revision.into(), now.into()];
    let done = sql.execute(
        "UPDATE alert SET removed_at = NULL, active_from = ?3, seen = ?4, state = ?5, revision = ?6, updated_at = ?7,
             fired = 0, generation = generation + 1, version = version + 1
         WHERE owner = ?1 AND id = ?2 AND removed_at IS NOT NULL",
        &values,
    )?;
    told(sql, (owner, id), done > 0)
}

fn purge(sql: &mut dyn Sql, which: &str, values: &[Value]) -> Result<u64, RecordError> {
    let firings = format!("DELETE FROM alert_firing WHERE alert IN (SELECT id FROM alert WHERE {which})");
    sql.execute(&firings, values)?;
    sql.execute(&format!("DELETE FROM alert WHERE {which}"), values)
}

/// Lets go for good of what was removed before a time, with its firings.
///
/// # Errors
/// What the database says.
pub fn forget_removed(sql: &mut dyn Sql, before: Timestamp) -> Result<u64, RecordError> {
    purge(sql, "removed_at IS NOT NULL AND removed_at < ?1", &[before.into()])
}

/// Where an alert stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Which.
    pub alert: i64,
    /// In which of its lives.
    pub generation: i64,
    /// How often it has fired in it.
    pub fired: i64,
    /// Where it stands after that.
    pub state: String,
}

/// Stores where alerts stand that have not fired, but are armed again, say. What is older than what is stored is passed
/// over.
///
/// # Errors
/// What the database says.
pub fn set_states(sql: &mut dyn Sql, stands: &[Stand]) -> Result<(), RecordError> {
    if !stands.is_empty() {
        first_in_line(sql)?;
    }
    for stand in stands {
        sql.execute(
            "UPDATE alert SET state = ?4 WHERE id = ?1 AND generation = ?2 AND fired = ?3",
            &[stand.alert.into(), stand.generation.into(), stand.fired.into(), (&*stand.state).into()],
        )?;
    }
    Ok(())
}

/// How far a reader of the log had come, and what it knew there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Its place in the log; `None` where the log ends with the process.
    pub position: Option<Vec<u8>>,
    /// What it knew there.
    pub state: Vec<u8>,
}

/// Stores how far a reader has come.
///
/// # Errors
/// What the database says.
pub fn save_progress(
    sql: &mut dyn Sql,
    reader: &str,
    progress: &Progress,
    now: Timestamp,
) -> Result<(), RecordError> {
    let values: [Value; 4] =
        [reader.into(), progress.position.as_deref().into(), (&*progress.state).into(), now.into()];
    sql.execute(
        "INSERT INTO alert_progress (reader, position, state, saved_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (reader) DO UPDATE SET position = excluded.position, state = excluded.state,
             saved_at = excluded.saved_at",
        &values,
    )
    .map(drop)
}

/// How far a reader had come.
///
/// # Errors
/// What the database says.
pub fn progress(sql: &mut dyn Sql, reader: &str) -> Result<Option<Progress>, RecordError> {
    let ask = "SELECT position, state FROM alert_progress WHERE reader = ?1";
    let row = sql.first(ask, &[reader.into()])?;
    row.map(|row| Ok(Progress { position: row.bytes_if_any(0)?, state: row.bytes(1)? })).transpose()
}

/// Lets go of readers that were not heard of since a time.
///
/// # Errors
/// What the database says.
pub fn forget_readers(sql: &mut dyn Sql, before: Timestamp) -> Result<u64, RecordError> {
    sql.execute("DELETE FROM alert_progress WHERE saved_at < ?1", &[before.into()])
}

/// Gives the local user's alerts and their firings to a person.
///
/// # Errors
/// What the database says.
pub fn take_over(sql: &mut dyn Sql, person: i64) -> Result<(), RecordError> {
    let ask = "SELECT id FROM alert WHERE owner = 0";
    for row in sql.query(ask, &[])? {
        let revision = sql.new_id()?;
        sql.execute(
            "UPDATE alert SET owner = ?1, revision = ?3 WHERE id = ?2",
            &[person.into(), row.int(0)?.into(), revision.into()],
        )?;
    }
    sql.execute("UPDATE alert_firing SET owner = ?1 WHERE owner = 0", &[person.into()]).map(drop)
}
