//! Logins: one for each browser somebody has signed in with.

use market::Timestamp;

use super::person::{self, Person};
use super::sql::{Row, Sql, Value};
use super::{RecordError, SecretHash};

/// Most logins of one person; with one more the one unused for longest ends.
pub const LOGINS_MAX: usize = 50;

/// A browser somebody has signed in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Never given to another record.
    pub id: i64,
    /// Whose.
    pub person: i64,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to some minutes.
    pub last_used_at: Timestamp,
    /// Where from they signed in.
    pub address: String,
    /// What the browser says it is.
    pub agent: String,
}

const COLUMNS: &str = "id, person, created_at, last_used_at, address, agent";

fn read(row: &Row) -> Result<Login, RecordError> {
    Ok(Login {
        id: row.int(0)?,
        person: row.int(1)?,
        created_at: row.time(2)?,
        last_used_at: row.time(3)?,
        address: row.text(4)?,
        agent: row.text(5)?,
    })
}

/// Adds a login, and returns it with the ids of those that had to make room.
///
/// # Errors
/// What the database says.
pub fn insert(
    sql: &mut dyn Sql,
    person: i64,
    hash: &SecretHash,
    (address, agent): (&str, &str),
    now: Timestamp,
) -> Result<(Login, Vec<i64>), RecordError> {
    let id = sql.new_id()?;
    let values: [Value; 7] = [
        id.into(),
        person.into(),
        hash.as_bytes().into(),
        now.into(),
        now.into(),
        address.into(),
        agent.into(),
    ];
    sql.execute(
        "INSERT INTO login (id, person, hash, created_at, last_used_at, address, agent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &values,
    )?;
    let over: Vec<i64> = list(sql, person)?.iter().skip(LOGINS_MAX).map(|login| login.id).collect();
    for id in &over {
        remove(sql, person, *id)?;
    }
    let (address, agent) = (address.to_owned(), agent.to_owned());
    Ok((Login { id, person, created_at: now, last_used_at: now, address, agent }, over))
}

/// The login whose secret has this hash, and its person.
///
/// # Errors
/// What the database says.
pub fn find(sql: &mut dyn Sql, hash: &SecretHash) -> Result<Option<(Login, Person)>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM login WHERE hash = ?1");
    let Some(row) = sql.first(&ask, &[hash.as_bytes().into()])? else { return Ok(None) };
    let login = read(&row)?;
    Ok(person::by_id(sql, login.person)?.map(|person| (login, person)))
}

/// Somebody's logins, the newest used first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, person: i64) -> Result<Vec<Login>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM login WHERE person = ?1 ORDER BY last_used_at DESC, id DESC");
    sql.query(&ask, &[person.into()])?.iter().map(read).collect()
}

/// Ends one of somebody's logins; `false` where it is not theirs.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, person: i64, id: i64) -> Result<bool, RecordError> {
    let delete = "DELETE FROM login WHERE person = ?1 AND id = ?2";
    Ok(sql.execute(delete, &[person.into(), id.into()])? > 0)
}

/// Ends all of somebody's logins but one, and returns their ids.
///
/// # Errors
/// What the database says.
pub fn remove_all(sql: &mut dyn Sql, person: i64, keep: Option<i64>) -> Result<Vec<i64>, RecordError> {
    // No record has the number 0.
    let values = [person.into(), keep.unwrap_or(0).into()];
    let rows = sql.query("DELETE FROM login WHERE person = ?1 AND id <> ?2 RETURNING id", &values)?;
    rows.iter().map(|row| row.int(0)).collect()
}

/// Ends what was signed in, or last used, too long ago.
///
/// # Errors
/// What the database says.
pub fn expire(sql: &mut dyn Sql, created: Timestamp, used: Timestamp) -> Result<u64, RecordError> {
    sql.execute(
        "DELETE FROM login WHERE created_at < ?1 OR last_used_at < ?2",
        &[created.into(), used.into()],
    )
}

/// Notes when logins were last used. Time does not go back.
///
/// # Errors
/// What the database says.
pub fn touch(sql: &mut dyn Sql, used: &[(i64, Timestamp)]) -> Result<(), RecordError> {
    for (id, at) in used {
        let set = "UPDATE login SET last_used_at = ?2 WHERE id = ?1 AND last_used_at < ?2";
        sql.execute(set, &[(*id).into(), (*at).into()])?;
    }
    Ok(())
}

/// Those of some logins that are there.
///
/// # Errors
/// What the database says.
pub fn alive(sql: &mut dyn Sql, ids: &[i64]) -> Result<Vec<i64>, RecordError> {
    let mut alive = Vec::new();
    for id in ids {
        if sql.first("SELECT id FROM login WHERE id = ?1", &[(*id).into()])?.is_some() {
            alive.push(*id);
        }
    }
    Ok(alive)
}
