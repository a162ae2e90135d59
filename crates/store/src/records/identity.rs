//! Identities: who people are at a provider they sign in with. Each is one person's.

use market::Timestamp;

use super::RecordError;
use super::person::{self, Person};
use super::sql::{Row, Sql, Value};

/// Most identities of one person.
pub const IDENTITIES_MAX: usize = 10;

/// Who somebody is at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Never given to another record.
    pub id: i64,
    /// Whose.
    pub person: i64,
    /// The provider, as it calls itself.
    pub issuer: String,
    /// Names them there, for good.
    pub subject: String,
    /// What it called them when they last came; it may change, and names nobody.
    pub label: String,
    /// Since when it is theirs.
    pub created_at: Timestamp,
    /// When they last signed in by it.
    pub last_used_at: Timestamp,
}

const COLUMNS: &str = "id, person, issuer, subject, label, created_at, last_used_at";

fn read(row: &Row) -> Result<Identity, RecordError> {
    Ok(Identity {
        id: row.int(0)?,
        person: row.int(1)?,
        issuer: row.text(2)?,
        subject: row.text(3)?,
        label: row.text(4)?,
        created_at: row.time(5)?,
        last_used_at: row.time(6)?,
    })
}

/// Somebody as a provider knows them.
#[derive(Debug, Clone)]
pub struct NewIdentity {
    /// The provider.
    pub issuer: String,
    /// Names them there.
    pub subject: String,
    /// What it calls them.
    pub label: String,
}

/// Makes an identity somebody's.
///
/// # Errors
/// [`RecordError::Taken`] where it is somebody's already, [`RecordError::TooMany`].
pub fn insert(
    sql: &mut dyn Sql,
    person: i64,
    new: &NewIdentity,
    now: Timestamp,
) -> Result<Identity, RecordError> {
    if list(sql, person)?.len() >= IDENTITIES_MAX {
        return Err(RecordError::TooMany { most: IDENTITIES_MAX });
    }
    let id = sql.new_id()?;
    let values: [Value; 7] = [
        id.into(),
        person.into(),
        (&*new.issuer).into(),
        (&*new.subject).into(),
        (&*new.label).into(),
        now.into(),
        now.into(),
    ];
    sql.execute(
        "INSERT INTO identity (id, person, issuer, subject, label, created_at, last_used_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &values,
    )?;
    let NewIdentity { issuer, subject, label } = new.clone();
    Ok(Identity { id, person, issuer, subject, label, created_at: now, last_used_at: now })
}

/// Whose identity this is.
///
/// # Errors
/// What the database says.
pub fn find(
    sql: &mut dyn Sql,
    issuer: &str,
    subject: &str,
) -> Result<Option<(Identity, Person)>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM identity WHERE issuer = ?1 AND subject = ?2");
    let Some(row) = sql.first(&ask, &[issuer.into(), subject.into()])? else { return Ok(None) };
    let identity = read(&row)?;
    Ok(person::by_id(sql, identity.person)?.map(|person| (identity, person)))
}

/// Notes that somebody came by an identity, and what the provider calls them now.
///
/// # Errors
/// What the database says.
pub fn used(sql: &mut dyn Sql, id: i64, label: &str, now: Timestamp) -> Result<(), RecordError> {
    let set = "UPDATE identity SET label = ?2, last_used_at = ?3 WHERE id = ?1";
    sql.execute(set, &[id.into(), label.into(), now.into()]).map(drop)
}

/// Somebody's identities, oldest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, person: i64) -> Result<Vec<Identity>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM identity WHERE person = ?1 ORDER BY id");
    sql.query(&ask, &[person.into()])?.iter().map(read).collect()
}

/// Lets go of one of somebody's identities; `false` where it is not theirs.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, person: i64, id: i64) -> Result<bool, RecordError> {
    let delete = "DELETE FROM identity WHERE person = ?1 AND id = ?2";
    Ok(sql.execute(delete, &[person.into(), id.into()])? > 0)
}
