//! People: who may sign in, in which role, and which account of the desk is theirs.

use market::Timestamp;

use super::sql::{Row, Sql, Value};
use super::{RecordError, api_key, login};

/// Stands for the hash where somebody has no password, and is no hash: nothing they type is it.
pub const NO_PASSWORD: &str = "!";

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What is theirs.
    User,
    /// Also what concerns everybody.
    Operator,
}

impl Role {
    /// The word it is stored and told by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Operator => "operator",
        }
    }

    pub(super) fn of(word: &str) -> Result<Self, RecordError> {
        match word {
            "user" => Ok(Self::User),
            "operator" => Ok(Self::Operator),
            _ => Err(RecordError::Damaged { what: format!("{word:?} is no role") }),
        }
    }
}

/// Somebody who may sign in. Names and accounts are one person's only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Never given to another.
    pub id: i64,
    /// What they sign in as; by the desk's grammar of user names.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their account at the desk.
    pub account: String,
    /// Since when there is this person.
    pub created_at: Timestamp,
    /// When the password was set.
    pub password_changed_at: Timestamp,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, name, role, account, created_at, password_changed_at, disabled_at";

fn read(row: &Row) -> Result<Person, RecordError> {
    Ok(Person {
        id: row.int(0)?,
        name: row.text(1)?,
        role: Role::of(&row.text(2)?)?,
        account: row.text(3)?,
        created_at: row.time(4)?,
        password_changed_at: row.time(5)?,
        disabled_at: row.time_if_any(6)?,
    })
}

/// Somebody new.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// What they sign in as.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their account at the desk.
    pub account: String,
    /// The PHC string of the password's hash, or [`NO_PASSWORD`].
    pub password: String,
}

/// Adds somebody.
///
/// # Errors
/// [`RecordError::Taken`] where the name or the account is another's.
pub fn insert(sql: &mut dyn Sql, new: &NewPerson, now: Timestamp) -> Result<Person, RecordError> {
    let id = sql.new_id()?;
    sql.execute(
        "INSERT INTO person (id, name, role, account, password, created_at, password_changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            id.into(),
            (&*new.name).into(),
            new.role.name().into(),
            (&*new.account).into(),
            (&*new.password).into(),
            now.into(),
            now.into(),
        ],
    )?;
    Ok(Person {
        id,
        name: new.name.clone(),
        role: new.role,
        account: new.account.clone(),
        created_at: now,
        password_changed_at: now,
        disabled_at: None,
    })
}

/// The person with this id.
///
/// # Errors
/// What the database says.
pub fn by_id(sql: &mut dyn Sql, id: i64) -> Result<Option<Person>, RecordError> {
    let row = sql.first(&format!("SELECT {COLUMNS} FROM person WHERE id = ?1"), &[id.into()])?;
    row.as_ref().map(read).transpose()
}

/// The person of this name, with the hash of their password.
///
/// # Errors
/// What the database says.
pub fn by_name(sql: &mut dyn Sql, name: &str) -> Result<Option<(Person, String)>, RecordError> {
    let ask = format!("SELECT {COLUMNS}, password FROM person WHERE name = ?1");
    let row = sql.first(&ask, &[name.into()])?;
    row.map(|row| Ok((read(&row)?, row.text(7)?))).transpose()
}

/// Whose account this is.
///
/// # Errors
/// What the database says.
pub fn by_account(sql: &mut dyn Sql, account: &str) -> Result<Option<Person>, RecordError> {
    let row = sql.first(&format!("SELECT {COLUMNS} FROM person WHERE account = ?1"), &[account.into()])?;
    row.as_ref().map(read).transpose()
}

/// People in the order in which they were added, those after an id, at most so many.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, after: i64, limit: usize) -> Result<Vec<Person>, RecordError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM person WHERE id > ?1 ORDER BY id LIMIT ?2"),
        &[after.into(), limit.into()],
    )?;
    rows.iter().map(read).collect()
}

/// Whether there is anybody.
///
/// # Errors
/// What the database says.
pub fn is_any(sql: &mut dyn Sql) -> Result<bool, RecordError> {
    Ok(sql.first("SELECT id FROM person LIMIT 1", &[])?.is_some())
}

/// Whether there is anybody who may do what concerns everybody.
///
/// # Errors
/// What the database says.
pub fn is_any_operator(sql: &mut dyn Sql) -> Result<bool, RecordError> {
    let ask = "SELECT id FROM person WHERE role = 'operator' AND disabled_at IS NULL LIMIT 1";
    Ok(sql.first(ask, &[])?.is_some())
}

/// Sets a password's hash, and ends all logins but one.
///
/// # Errors
/// What the database says.
pub fn set_password(
    sql: &mut dyn Sql,
    id: i64,
    password: &str,
    keep_login: Option<i64>,
    now: Timestamp,
) -> Result<(), RecordError> {
    sql.execute(
        "UPDATE person SET password = ?2, password_changed_at = ?3 WHERE id = ?1",
        &[id.into(), password.into(), now.into()],
    )?;
    login::remove_all(sql, id, keep_login).map(drop)
}

/// Whether somebody has a password.
///
/// # Errors
/// What the database says.
pub fn has_password(sql: &mut dyn Sql, id: i64) -> Result<bool, RecordError> {
    let row = sql.first("SELECT password FROM person WHERE id = ?1", &[id.into()])?;
    row.map_or(Ok(false), |row| Ok(row.text(0)? != NO_PASSWORD))
}

/// Writes the same password's hash anew, as where it was made with other parameters. Nothing else changes,
/// and nothing where the password was changed meanwhile.
///
/// # Errors
/// What the database says.
pub fn renew_hash(sql: &mut dyn Sql, id: i64, before: &str, after: &str) -> Result<(), RecordError> {
    let set = "UPDATE person SET password = ?3 WHERE id = ?1 AND password = ?2";
    sql.execute(set, &[id.into(), before.into(), after.into()]).map(drop)
}

/// Lets somebody no longer in, from now on; or in again. Logins and keys are gone either way.
///
/// # Errors
/// What the database says.
pub fn set_disabled(sql: &mut dyn Sql, id: i64, since: Option<Timestamp>) -> Result<(), RecordError> {
    sql.execute("UPDATE person SET disabled_at = ?2 WHERE id = ?1", &[id.into(), since.into()])?;
    login::remove_all(sql, id, None)?;
    api_key::remove_all(sql, id)
}

/// Gives somebody another role.
///
/// # Errors
/// What the database says.
pub fn set_role(sql: &mut dyn Sql, id: i64, role: Role) -> Result<(), RecordError> {
    let values: [Value; 2] = [id.into(), role.name().into()];
    sql.execute("UPDATE person SET role = ?2 WHERE id = ?1", &values).map(drop)
}
