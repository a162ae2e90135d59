//! What is made once and kept: the same for all servers that share the records.

use super::RecordError;
use super::sql::Sql;

/// What is kept under a name: what is there already, or else this, which is kept from now on.
///
/// # Errors
/// What the database says.
pub fn get_or_keep(sql: &mut dyn Sql, name: &str, made: &[u8]) -> Result<Vec<u8>, RecordError> {
    sql.execute(
        "INSERT INTO kept (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
        &[name.into(), made.into()],
    )?;
    let row = sql.first("SELECT value FROM kept WHERE name = ?1", &[name.into()])?;
    row.ok_or_else(|| RecordError::Damaged { what: format!("{name}, which was just kept, is gone") })?
        .bytes(0)
}

/// What is kept under a name, if anything is.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, name: &str) -> Result<Option<Vec<u8>>, RecordError> {
    let row = sql.first("SELECT value FROM kept WHERE name = ?1", &[name.into()])?;
    row.map(|row| row.bytes(0)).transpose()
}
