//! Invites: links that make whoever opens them somebody, once.

use market::Timestamp;

use super::person::Role;
use super::sql::{Row, Sql, Value};
use super::{RecordError, SecretHash};

/// Most invites that wait at a time.
pub const INVITES_MAX: usize = 1_000;

/// A link that waits to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Never given to another record.
    pub id: i64,
    /// What whoever opens it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good; without it, until it is used.
    pub expires_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, role, created_at, expires_at";
const IS_OPEN: &str = "used_at IS NULL AND (expires_at IS NULL OR expires_at > ?1)";

fn read(row: &Row) -> Result<Invite, RecordError> {
    Ok(Invite {
        id: row.int(0)?,
        role: Role::of(&row.text(1)?)?,
        created_at: row.time(2)?,
        expires_at: row.time_if_any(3)?,
    })
}

/// Adds an invite.
///
/// # Errors
/// [`RecordError::TooMany`]; what the database says.
pub fn insert(
    sql: &mut dyn Sql,
    role: Role,
    hash: &SecretHash,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Invite, RecordError> {
    if open(sql, now)?.len() >= INVITES_MAX {
        return Err(RecordError::TooMany { most: INVITES_MAX });
    }
    let id = sql.new_id()?;
    let values: [Value; 5] =
        [id.into(), role.name().into(), hash.as_bytes().into(), now.into(), expires_at.into()];
    sql.execute(
        "INSERT INTO invite (id, role, hash, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &values,
    )?;
    Ok(Invite { id, role, created_at: now, expires_at })
}

/// The invite whose secret has this hash, if it can still be used.
///
/// # Errors
/// What the database says.
pub fn find(sql: &mut dyn Sql, hash: &SecretHash, now: Timestamp) -> Result<Option<Invite>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM invite WHERE {IS_OPEN} AND hash = ?2");
    let row = sql.first(&ask, &[now.into(), hash.as_bytes().into()])?;
    row.as_ref().map(read).transpose()
}

/// Uses an invite up; `false` where somebody was faster.
///
/// # Errors
/// What the database says.
pub fn consume(sql: &mut dyn Sql, id: i64, person: i64, now: Timestamp) -> Result<bool, RecordError> {
    let set = "UPDATE invite SET used_at = ?2, used_by = ?3 WHERE id = ?1 AND used_at IS NULL";
    Ok(sql.execute(set, &[id.into(), now.into(), person.into()])? > 0)
}

/// The invites that can still be used, oldest first.
///
/// # Errors
/// What the database says.
pub fn open(sql: &mut dyn Sql, now: Timestamp) -> Result<Vec<Invite>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM invite WHERE {IS_OPEN} ORDER BY id");
    sql.query(&ask, &[now.into()])?.iter().map(read).collect()
}

/// Takes an invite back; `false` where it cannot be used anyway.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, id: i64) -> Result<bool, RecordError> {
    Ok(sql.execute("DELETE FROM invite WHERE id = ?1 AND used_at IS NULL", &[id.into()])? > 0)
}
