//! API keys: what somebody's scripts show instead of signing in.

use market::Timestamp;

use super::person::{self, Person};
use super::sql::{Row, Sql, Value};
use super::{RecordError, SecretHash};

/// Most keys of one person.
pub const KEYS_MAX: usize = 50;

/// A key. What it allows are words that this module does not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Never given to another record.
    pub id: i64,
    /// Whose.
    pub person: i64,
    /// What they call it.
    pub name: String,
    /// What it allows: words with commas.
    pub scopes: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to some minutes.
    pub last_used_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, person, name, scopes, created_at, last_used_at";

fn read(row: &Row) -> Result<ApiKey, RecordError> {
    Ok(ApiKey {
        id: row.int(0)?,
        person: row.int(1)?,
        name: row.text(2)?,
        scopes: row.text(3)?,
        created_at: row.time(4)?,
        last_used_at: row.time_if_any(5)?,
    })
}

/// Adds a key.
///
/// # Errors
/// [`RecordError::TooMany`]; what the database says.
pub fn insert(
    sql: &mut dyn Sql,
    person: i64,
    hash: &SecretHash,
    (name, scopes): (&str, &str),
    now: Timestamp,
) -> Result<ApiKey, RecordError> {
    if list(sql, person)?.len() >= KEYS_MAX {
        return Err(RecordError::TooMany { most: KEYS_MAX });
    }
    let id = sql.new_id()?;
    let values: [Value; 6] =
        [id.into(), person.into(), name.into(), scopes.into(), hash.as_bytes().into(), now.into()];
    sql.execute(
        "INSERT INTO api_key (id, person, name, scopes, hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &values,
    )?;
    let (name, scopes) = (name.to_owned(), scopes.to_owned());
    Ok(ApiKey { id, person, name, scopes, created_at: now, last_used_at: None })
}

/// The key with this hash, and its person.
///
/// # Errors
/// What the database says.
pub fn find(sql: &mut dyn Sql, hash: &SecretHash) -> Result<Option<(ApiKey, Person)>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM api_key WHERE hash = ?1");
    let Some(row) = sql.first(&ask, &[hash.as_bytes().into()])? else { return Ok(None) };
    let key = read(&row)?;
    Ok(person::by_id(sql, key.person)?.map(|person| (key, person)))
}

/// Somebody's keys, oldest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, person: i64) -> Result<Vec<ApiKey>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM api_key WHERE person = ?1 ORDER BY id");
    sql.query(&ask, &[person.into()])?.iter().map(read).collect()
}

/// Ends one of somebody's keys; `false` where it is not theirs.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, person: i64, id: i64) -> Result<bool, RecordError> {
    let delete = "DELETE FROM api_key WHERE person = ?1 AND id = ?2";
    Ok(sql.execute(delete, &[person.into(), id.into()])? > 0)
}

/// Ends all of somebody's keys.
///
/// # Errors
/// What the database says.
pub fn remove_all(sql: &mut dyn Sql, person: i64) -> Result<(), RecordError> {
    sql.execute("DELETE FROM api_key WHERE person = ?1", &[person.into()]).map(drop)
}

/// Notes when keys were last used. Time does not go back.
///
/// # Errors
/// What the database says.
pub fn touch(sql: &mut dyn Sql, used: &[(i64, Timestamp)]) -> Result<(), RecordError> {
    for (id, at) in used {
        let set = "UPDATE api_key SET last_used_at = ?2
                   WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)";
        sql.execute(set, &[(*id).into(), (*at).into()])?;
    }
    Ok(())
}

/// Those of some keys that are there.
///
/// # Errors
/// What the database says.
pub fn alive(sql: &mut dyn Sql, ids: &[i64]) -> Result<Vec<i64>, RecordError> {
    let mut alive = Vec::new();
    for id in ids {
        if sql.first("SELECT id FROM api_key WHERE id = ?1", &[(*id).into()])?.is_some() {
            alive.push(*id);
        }
    }
    Ok(alive)
}
