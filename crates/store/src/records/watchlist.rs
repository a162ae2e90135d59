//! Watch lists: several for each owner, in the owner's order, each with a version.
//!
//! An owner is a person's id, or 0 for the local user, whose lists the first operator takes over.

use market::Timestamp;

use super::sql::{Row, Sql, Value};
use super::{RecordError, board};

/// Most lists of an owner.
pub const LISTS_MAX: usize = 50;
/// Most symbols of a list.
pub const SYMBOLS_MAX: usize = 1_000;

/// A watch list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watchlist {
    /// Never given to another record.
    pub id: i64,
    /// Whose.
    pub owner: i64,
    /// What they call it; no other list of theirs is called so.
    pub name: String,
    /// What it shows, in order, each once.
    pub symbols: Vec<String>,
    /// Grows by one with each change of name or symbols.
    pub version: i64,
    /// It is what visitors are shown.
    pub is_for_visitors: bool,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a list is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Its name.
    pub name: String,
    /// Its symbols; the caller has seen that each is one, and there once.
    pub symbols: Vec<String>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It is so now.
    Done(Watchlist),
    /// The list has another version than the change was made for: this one.
    Stale(Watchlist),
    /// The owner has no such list.
    Missing,
}

const COLUMNS: &str = "id, owner, name, symbols, version, is_for_visitors, updated_at";

/// Symbols may have spaces, but no line ends.
fn joined(symbols: &[String]) -> String {
    symbols.join("\n")
}

fn read(row: &Row) -> Result<Watchlist, RecordError> {
    Ok(Watchlist {
        id: row.int(0)?,
        owner: row.int(1)?,
        name: row.text(2)?,
        symbols: row.text(3)?.lines().map(str::to_owned).collect(),
        version: row.int(4)?,
        is_for_visitors: row.int(5)? != 0,
        updated_at: row.time(6)?,
    })
}

/// An owner's lists, in order.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, owner: i64) -> Result<Vec<Watchlist>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM watchlist WHERE owner = ?1 ORDER BY place, id");
    sql.query(&ask, &[owner.into()])?.iter().map(read).collect()
}

/// One of an owner's lists.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, owner: i64, id: i64) -> Result<Option<Watchlist>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM watchlist WHERE owner = ?1 AND id = ?2");
    sql.first(&ask, &[owner.into(), id.into()])?.as_ref().map(read).transpose()
}

/// What visitors are shown, if an operator has said so.
///
/// # Errors
/// What the database says.
pub fn for_visitors(sql: &mut dyn Sql) -> Result<Option<Watchlist>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM watchlist WHERE is_for_visitors = 1 ORDER BY id LIMIT 1");
    sql.first(&ask, &[])?.as_ref().map(read).transpose()
}

/// Adds a list behind the others.
///
/// # Errors
/// [`RecordError::Taken`] for a name that the owner has already; [`RecordError::TooMany`].
pub fn insert(
    sql: &mut dyn Sql,
    owner: i64,
    content: &Content,
    now: Timestamp,
) -> Result<Watchlist, RecordError> {
    if list(sql, owner)?.len() >= LISTS_MAX {
        return Err(RecordError::TooMany { most: LISTS_MAX });
    }
    let id = sql.new_id()?;
    let values: [Value; 5] =
        [id.into(), owner.into(), (&*content.name).into(), (&*joined(&content.symbols)).into(), now.into()];
    // Ids grow, so a list whose place is its id is behind all others.
    sql.execute(
        "INSERT INTO watchlist (id, owner, name, symbols, place, version, is_for_visitors, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?1, 1, 0, ?5)",
        &values,
    )?;
    let Content { name, symbols } = content.clone();
    Ok(Watchlist { id, owner, name, symbols, version: 1, is_for_visitors: false, updated_at: now })
}

/// Changes a list, if it still has the version that the change was made for.
///
/// # Errors
/// [`RecordError::Taken`] for a name that the owner has already.
pub fn update(
    sql: &mut dyn Sql,
    (owner, id): (i64, i64),
    version: Option<i64>,
    content: &Content,
    now: Timestamp,
) -> Result<Changed, RecordError> {
    let set = "UPDATE watchlist SET name = ?3, symbols = ?4, updated_at = ?5, version = version + 1
               WHERE owner = ?1 AND id = ?2 AND (version = ?6 OR ?6 = 0)";
    let values: [Value; 6] = [
        owner.into(),
        id.into(),
        (&*content.name).into(),
        (&*joined(&content.symbols)).into(),
        now.into(),
        version.unwrap_or(0).into(),
    ];
    let is_done = sql.execute(set, &values)? > 0;
    Ok(match get(sql, owner, id)? {
        None => Changed::Missing,
        Some(list) if is_done => Changed::Done(list),
        Some(list) => Changed::Stale(list),
    })
}

/// Shows a list to visitors, and no other any more; or shows them none of the owner's choosing.
///
/// # Errors
/// What the database says.
pub fn show_visitors(sql: &mut dyn Sql, id: i64, shown: bool) -> Result<(), RecordError> {
    if shown {
        sql.execute("UPDATE watchlist SET is_for_visitors = 0 WHERE is_for_visitors = 1", &[])?;
    }
    sql.execute("UPDATE watchlist SET is_for_visitors = ?2 WHERE id = ?1", &[id.into(), shown.into()])
        .map(drop)
}

/// Removes a list with its boards, if it still has this version. The list that is removed comes back.
///
/// # Errors
/// What the database says.
pub fn remove(
    sql: &mut dyn Sql,
    (owner, id): (i64, i64),
    version: Option<i64>,
) -> Result<Changed, RecordError> {
    let Some(found) = get(sql, owner, id)? else { return Ok(Changed::Missing) };
    let delete = "DELETE FROM watchlist WHERE owner = ?1 AND id = ?2 AND (version = ?3 OR ?3 = 0)";
    if sql.execute(delete, &[owner.into(), id.into(), version.unwrap_or(0).into()])? == 0 {
        return Ok(Changed::Stale(found));
    }
    board::remove_of(sql, id)?;
    Ok(Changed::Done(found))
}

/// Puts an owner's lists into this order; `false`, and nothing is changed, where these are not just all of them.
///
/// # Errors
/// What the database says.
pub fn reorder(sql: &mut dyn Sql, owner: i64, ids: &[i64]) -> Result<bool, RecordError> {
    let mut wanted = ids.to_vec();
    let mut found: Vec<i64> = list(sql, owner)?.iter().map(|list| list.id).collect();
    wanted.sort_unstable();
    found.sort_unstable();
    if wanted != found {
        return Ok(false);
    }
    for (at, id) in ids.iter().enumerate() {
        let place = i64::try_from(at).unwrap_or(i64::MAX);
        sql.execute("UPDATE watchlist SET place = ?2 WHERE id = ?1", &[(*id).into(), place.into()])?;
    }
    Ok(true)
}

/// Gives the local user's lists to a person who has none yet.
///
/// # Errors
/// What the database says.
pub fn take_over(sql: &mut dyn Sql, person: i64) -> Result<(), RecordError> {
    sql.execute("UPDATE watchlist SET owner = ?1 WHERE owner = 0", &[person.into()])?;
    sql.execute("UPDATE board SET owner = ?1 WHERE owner = 0", &[person.into()]).map(drop)
}
