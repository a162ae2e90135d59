//! Boards: links by which a watch list is shown to whoever has them, until they are taken back.

use market::Timestamp;

use super::sql::{Row, Sql, Value};
use super::watchlist::{self, Watchlist};
use super::{RecordError, SecretHash};

/// Most links of an owner.
pub const BOARDS_MAX: usize = 50;

/// A link to a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Never given to another record.
    pub id: i64,
    /// Whose.
    pub owner: i64,
    /// The list it shows.
    pub watchlist: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, owner, watchlist, created_at";

fn read(row: &Row) -> Result<Board, RecordError> {
    Ok(Board { id: row.int(0)?, owner: row.int(1)?, watchlist: row.int(2)?, created_at: row.time(3)? })
}

/// Adds a link to one of an owner's lists; nothing where there is no such list.
///
/// # Errors
/// [`RecordError::TooMany`]; what the database says.
pub fn insert(
    sql: &mut dyn Sql,
    owner: i64,
    watchlist: i64,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<Board>, RecordError> {
    if watchlist::get(sql, owner, watchlist)?.is_none() {
        return Ok(None);
    }
    if list(sql, owner)?.len() >= BOARDS_MAX {
        return Err(RecordError::TooMany { most: BOARDS_MAX });
    }
    let id = sql.new_id()?;
    let values: [Value; 5] = [id.into(), owner.into(), watchlist.into(), hash.as_bytes().into(), now.into()];
    sql.execute(
        "INSERT INTO board (id, owner, watchlist, hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &values,
    )?;
    Ok(Some(Board { id, owner, watchlist, created_at: now }))
}

/// The board with this hash, and what it shows.
///
/// # Errors
/// What the database says.
pub fn find(sql: &mut dyn Sql, hash: &SecretHash) -> Result<Option<(Board, Watchlist)>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM board WHERE hash = ?1");
    let Some(row) = sql.first(&ask, &[hash.as_bytes().into()])? else { return Ok(None) };
    let board = read(&row)?;
    Ok(watchlist::get(sql, board.owner, board.watchlist)?.map(|list| (board, list)))
}

/// An owner's links, oldest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, owner: i64) -> Result<Vec<Board>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM board WHERE owner = ?1 ORDER BY id");
    sql.query(&ask, &[owner.into()])?.iter().map(read).collect()
}

/// Takes one of an owner's links back; `false` where it is not theirs.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, owner: i64, id: i64) -> Result<bool, RecordError> {
    let delete = "DELETE FROM board WHERE owner = ?1 AND id = ?2";
    Ok(sql.execute(delete, &[owner.into(), id.into()])? > 0)
}

/// Takes all links to a list back.
///
/// # Errors
/// What the database says.
pub fn remove_of(sql: &mut dyn Sql, watchlist: i64) -> Result<(), RecordError> {
    sql.execute("DELETE FROM board WHERE watchlist = ?1", &[watchlist.into()]).map(drop)
}
