//! Firings: that an alert has fired, once for each crossing, and whether that was handed on.

use market::Timestamp;

use super::sql::{Row, Sql, Value};
use super::{RecordError, alert};

/// Most firings kept of an owner; the oldest go.
pub const FIRINGS_MAX: usize = 1_000;

/// What is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFiring {
    /// Which alert.
    pub alert: i64,
    /// In which of its lives.
    pub generation: i64,
    /// The how-manieth of that life, from 1.
    pub number: i64,
    /// Names the crossing, on every server and after every restart.
    pub name: String,
    /// On what.
    pub symbol: String,
    /// When it happened.
    pub at: Timestamp,
    /// Whoever delivers it waits until then.
    pub not_before: Option<Timestamp>,
    /// What happened, as JSON.
    pub body: String,
    /// Where the alert stands after it.
    pub state: String,
}

/// A firing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// Never given to another record; grows.
    pub id: i64,
    /// Whose.
    pub owner: i64,
    /// Which alert.
    pub alert: i64,
    /// In which of its lives.
    pub generation: i64,
    /// The how-manieth of that life, from 1.
    pub number: i64,
    /// Names the crossing, on every server and after every restart.
    pub name: String,
    /// On what.
    pub symbol: String,
    /// When it happened.
    pub at: Timestamp,
    /// When it was stored.
    pub recorded_at: Timestamp,
    /// Whoever delivers it waits until then.
    pub not_before: Option<Timestamp>,
    /// What happened, as JSON.
    pub body: String,
    /// To which of its owner's channels; none named is all.
    pub channels: Vec<i64>,
}

const COLUMNS: &str = "id, owner, alert, name, symbol, at, recorded_at, not_before, body, generation, number, \
                       channels";

fn read(row: &Row) -> Result<Firing, RecordError> {
    Ok(Firing {
        id: row.int(0)?,
        owner: row.int(1)?,
        alert: row.int(2)?,
        name: row.text(3)?,
        symbol: row.text(4)?,
        at: row.time(5)?,
        recorded_at: row.time(6)?,
        not_before: row.time_if_any(7)?,
        body: row.text(8)?,
        generation: row.int(9)?,
        number: row.int(10)?,
        channels: alert::channels_of(row, 11)?,
    })
}

fn limit(most: usize) -> Value {
    Value::Int(i64::try_from(most).unwrap_or(i64::MAX))
}

/// Records firings and where their alerts stand after them, and returns those that were not there yet.
///
/// One that is there already, by its crossing or by its number within its alert's life, is passed over; and so is one
/// of an alert that was changed, paused or removed meanwhile. Of two servers that decide the same crossing the second
/// waits at the counter, and finds what the first has written.
///
/// # Errors
/// What the database says.
pub fn record(sql: &mut dyn Sql, firings: &[NewFiring], now: Timestamp) -> Result<Vec<Firing>, RecordError> {
    let mut recorded: Vec<Firing> = Vec::new();
    if !firings.is_empty() {
        alert::first_in_line(sql)?;
    }
    for firing in firings {
        let known = "SELECT id FROM alert_firing WHERE name = ?1";
        if sql.first(known, &[(&*firing.name).into()])?.is_some() {
            continue;
        }
        let alert = sql.first(
            "UPDATE alert SET fired = ?3, state = ?4, last_fired_at = ?5
             WHERE id = ?1 AND generation = ?2 AND fired < ?3 AND removed_at IS NULL AND is_paused = 0
             RETURNING owner, channels",
            &[
                firing.alert.into(),
                firing.generation.into(),
                firing.number.into(),
                (&*firing.state).into(),
                firing.at.into(),
            ],
        )?;
        let Some(alert) = alert else { continue };
        let (id, owner) = (sql.new_id()?, alert.int(0)?);
        let values: [Value; 12] = [
            id.into(),
            firing.alert.into(),
            owner.into(),
            firing.generation.into(),
            firing.number.into(),
            (&*firing.name).into(),
            (&*firing.symbol).into(),
            firing.at.into(),
            now.into(),
            firing.not_before.into(),
            (&*firing.body).into(),
            alert.text_if_any(1)?.as_deref().into(),
        ];
        let is_new = sql.execute(
            "INSERT INTO alert_firing (id, alert, owner, generation, number, name, symbol, at, recorded_at,
                 not_before, body, is_handed_on, channels)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, ?12) ON CONFLICT DO NOTHING",
            &values,
        )?;
        if is_new > 0 {
            recorded.push(Firing {
                id,
                owner,
                alert: firing.alert,
                generation: firing.generation,
                number: firing.number,
                name: firing.name.clone(),
                symbol: firing.symbol.clone(),
                at: firing.at,
                recorded_at: now,
                not_before: firing.not_before,
                body: firing.body.clone(),
                channels: alert::channels_of(&alert, 1)?,
            });
        }
    }
    let mut owners: Vec<i64> = recorded.iter().map(|firing| firing.owner).collect();
    owners.sort_unstable();
    owners.dedup();
    for owner in owners {
        prune(sql, owner)?;
    }
    Ok(recorded)
}

fn prune(sql: &mut dyn Sql, owner: i64) -> Result<(), RecordError> {
    let oldest = "SELECT id FROM alert_firing WHERE owner = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2";
    if let Some(row) = sql.first(oldest, &[owner.into(), limit(FIRINGS_MAX)])? {
        let delete = "DELETE FROM alert_firing WHERE owner = ?1 AND id <= ?2";
        sql.execute(delete, &[owner.into(), row.int(0)?.into()])?;
    }
    Ok(())
}

/// An owner's firings, newest first: those before an id, of one alert or of all.
///
/// # Errors
/// What the database says.
pub fn list(
    sql: &mut dyn Sql,
    owner: i64,
    alert: Option<i64>,
    before: i64,
    most: usize,
) -> Result<Vec<Firing>, RecordError> {
    let ask = format!(
        "SELECT {COLUMNS} FROM alert_firing WHERE owner = ?1 AND (alert = ?2 OR ?2 = 0) AND id < ?3
         ORDER BY id DESC LIMIT ?4"
    );
    let values = [owner.into(), alert.unwrap_or(0).into(), before.into(), limit(most)];
    sql.query(&ask, &values)?.iter().map(read).collect()
}

/// The id of the newest firing of all; 0 where there is none.
///
/// # Errors
/// What the database says.
pub fn newest(sql: &mut dyn Sql) -> Result<i64, RecordError> {
    let ask = "SELECT id FROM alert_firing ORDER BY id DESC LIMIT 1";
    sql.first(ask, &[])?.map_or(Ok(0), |row| row.int(0))
}

/// Firings of all owners after an id, oldest first.
///
/// # Errors
/// What the database says.
pub fn after(sql: &mut dyn Sql, id: i64, most: usize) -> Result<Vec<Firing>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM alert_firing WHERE id > ?1 ORDER BY id LIMIT ?2");
    sql.query(&ask, &[id.into(), limit(most)])?.iter().map(read).collect()
}

/// Firings that were recorded before a time and not handed on, oldest first; those that are to wait until after `now`
/// are left out.
///
/// # Errors
/// What the database says.
pub fn waiting(
    sql: &mut dyn Sql,
    before: Timestamp,
    now: Timestamp,
    most: usize,
) -> Result<Vec<Firing>, RecordError> {
    let ask = format!(
        "SELECT {COLUMNS} FROM alert_firing WHERE is_handed_on = 0 AND recorded_at < ?1 \
         AND (not_before IS NULL OR not_before <= ?2) ORDER BY id LIMIT ?3"
    );
    sql.query(&ask, &[before.into(), now.into(), limit(most)])?.iter().map(read).collect()
}

/// Notes that firings were handed on.
///
/// # Errors
/// What the database says.
pub fn handed_on(sql: &mut dyn Sql, ids: &[i64]) -> Result<(), RecordError> {
    for id in ids {
        sql.execute("UPDATE alert_firing SET is_handed_on = 1 WHERE id = ?1", &[(*id).into()])?;
    }
    Ok(())
}
