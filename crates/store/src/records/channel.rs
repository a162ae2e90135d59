//! Channels: the ways in which somebody wants to be reached, and how each is doing.
//!
//! What a channel's settings say, this module does not read: whoever delivers does. They hold secrets (where to,
//! and what signs), so they are for the deliverer alone.

use market::Timestamp;

use super::sql::{Row, Sql, Value};
use super::{RecordError, SecretHash};

/// Most channels of an owner.
pub const CHANNELS_MAX: usize = 20;
/// Wrong codes after which no code confirms a channel any more.
pub const CODE_TRIES_MAX: i64 = 5;

/// A channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Channel {
    /// Never given to another record.
    pub id: i64,
    /// Whose: a person, or 0 for the local user.
    pub owner: i64,
    /// How it is delivered: a word of the deliverer's.
    pub kind: String,
    /// What they call it.
    pub name: String,
    /// Where to and with which secrets, as the deliverer writes it.
    pub settings: String,
    /// Notices go there.
    pub is_on: bool,
    /// Its address has shown that it wants to be reached; nothing but the question for that is sent before.
    pub is_confirmed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it is doing.
    pub health: Health,
}

/// How a channel is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Failures since the last delivery.
    pub failures: i64,
    /// Since when it fails; nothing where the last attempt went well.
    pub failing_since: Option<Timestamp>,
    /// Why the last attempt failed.
    pub why: Option<String>,
    /// The last delivery.
    pub last_sent_at: Option<Timestamp>,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel")
            .field("id", &self.id)
            .field("owner", &self.owner)
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("is_on", &self.is_on)
            .field("is_confirmed", &self.is_confirmed)
            .field("health", &self.health)
            .finish_non_exhaustive()
    }
}

/// What a channel is to be.
#[derive(Clone, PartialEq, Eq)]
pub struct NewChannel {
    /// A word of the deliverer's.
    pub kind: String,
    /// What its owner calls it.
    pub name: String,
    /// What no other channel of its owner has: the hash of where it leads.
    pub mark: String,
    /// As the deliverer writes it.
    pub settings: String,
    /// The hash of what is to be shown before anything is sent there.
    pub code: Option<SecretHash>,
}

/// A change of a channel; what is left out stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// What it is called.
    pub name: Option<String>,
    /// Whether notices go there.
    pub is_on: Option<bool>,
    /// Its mark and its settings.
    pub settings: Option<(String, String)>,
}

pub(super) const COLUMNS: &str = "id, owner, kind, name, settings, is_on, \
                                  CASE WHEN code IS NULL THEN 1 ELSE 0 END, created_at, failures, \
                                  failing_since, why, last_sent_at";

pub(super) fn read(row: &Row) -> Result<Channel, RecordError> {
    Ok(Channel {
        id: row.int(0)?,
        owner: row.int(1)?,
        kind: row.text(2)?,
        name: row.text(3)?,
        settings: row.text(4)?,
        is_on: row.int(5)? != 0,
        is_confirmed: row.int(6)? != 0,
        created_at: row.time(7)?,
        health: Health {
            failures: row.int(8)?,
            failing_since: row.time_if_any(9)?,
            why: row.text_if_any(10)?,
            last_sent_at: row.time_if_any(11)?,
        },
    })
}

/// An owner's channels, oldest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, owner: i64) -> Result<Vec<Channel>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM channel WHERE owner = ?1 ORDER BY id");
    sql.query(&ask, &[owner.into()])?.iter().map(read).collect()
}

/// One of an owner's channels.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, owner: i64, id: i64) -> Result<Option<Channel>, RecordError> {
    let ask = format!("SELECT {COLUMNS} FROM channel WHERE owner = ?1 AND id = ?2");
    sql.first(&ask, &[owner.into(), id.into()])?.as_ref().map(read).transpose()
}

/// Adds a channel.
///
/// # Errors
/// [`RecordError::Taken`] where the owner has one that leads there already; [`RecordError::TooMany`].
pub fn insert(
    sql: &mut dyn Sql,
    owner: i64,
    new: &NewChannel,
    now: Timestamp,
) -> Result<Channel, RecordError> {
    if list(sql, owner)?.len() >= CHANNELS_MAX {
        return Err(RecordError::TooMany { most: CHANNELS_MAX });
    }
    let id = sql.new_id()?;
    let values: [Value; 8] = [
        id.into(),
        owner.into(),
        (&*new.kind).into(),
        (&*new.name).into(),
        (&*new.mark).into(),
        (&*new.settings).into(),
        new.code.as_ref().map(SecretHash::as_bytes).into(),
        now.into(),
    ];
    sql.execute(
        "INSERT INTO channel (id, owner, kind, name, mark, settings, is_on, code, code_tries, created_at, failures)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, 0, ?8, 0)",
        &values,
    )?;
    Ok(Channel {
        id,
        owner,
        kind: new.kind.clone(),
        name: new.name.clone(),
        settings: new.settings.clone(),
        is_on: true,
        is_confirmed: new.code.is_none(),
        created_at: now,
        health: Health::default(),
    })
}

/// Adds a channel that leads to one place only, such as a browser: whoever else had it there has it no more, and
/// the owner's own is brought up to date.
///
/// # Errors
/// [`RecordError::TooMany`]; what the database says.
pub fn claim(
    sql: &mut dyn Sql,
    owner: i64,
    new: &NewChannel,
    now: Timestamp,
) -> Result<Channel, RecordError> {
    let others = "SELECT owner, id FROM channel WHERE mark = ?1";
    let mut own = None;
    for row in sql.query(others, &[(&*new.mark).into()])? {
        match (row.int(0)?, row.int(1)?) {
            (theirs, id) if theirs == owner => own = Some(id),
            (theirs, id) => drop(remove(sql, theirs, id)?),
        }
    }
    let Some(id) = own else { return insert(sql, owner, new, now) };
    let change = Change {
        name: Some(new.name.clone()),
        is_on: Some(true),
        settings: Some((new.mark.clone(), new.settings.clone())),
    };
    let changed = update(sql, (owner, id), &change, now)?;
    changed.ok_or_else(|| RecordError::Damaged { what: format!("channel {id}, just found, is gone") })
}

/// Changes one of an owner's channels; nothing where there is no such. What is turned on or led elsewhere is tried
/// at once, and its failures are forgotten.
///
/// # Errors
/// [`RecordError::Taken`] where the owner has another that leads there.
pub fn update(
    sql: &mut dyn Sql,
    (owner, id): (i64, i64),
    change: &Change,
    now: Timestamp,
) -> Result<Option<Channel>, RecordError> {
    let Some(before) = get(sql, owner, id)? else { return Ok(None) };
    let name = change.name.as_deref().unwrap_or(&before.name);
    let is_on = change.is_on.unwrap_or(before.is_on);
    sql.execute(
        "UPDATE channel SET name = ?2, is_on = ?3 WHERE id = ?1",
        &[id.into(), name.into(), is_on.into()],
    )?;
    if let Some((mark, settings)) = &change.settings {
        let values = [id.into(), (&**mark).into(), (&**settings).into()];
        sql.execute("UPDATE channel SET mark = ?2, settings = ?3 WHERE id = ?1", &values)?;
    }
    if change.settings.is_some() || (is_on && !before.is_on) {
        sql.execute(
            "UPDATE channel SET failures = 0, failing_since = NULL, why = NULL WHERE id = ?1",
            &[id.into()],
        )?;
        let again =
            "UPDATE channel SET due_at = ?2 WHERE id = ?1 AND taken_by IS NULL AND due_at IS NOT NULL";
        sql.execute(again, &[id.into(), now.into()])?;
    }
    get(sql, owner, id)
}

/// Removes one of an owner's channels with all that waits for it; `false` where it is not theirs.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, owner: i64, id: i64) -> Result<bool, RecordError> {
    let delete = "DELETE FROM channel WHERE owner = ?1 AND id = ?2";
    if sql.execute(delete, &[owner.into(), id.into()])? == 0 {
        return Ok(false);
    }
    sql.execute("DELETE FROM delivery WHERE channel = ?1", &[id.into()])?;
    Ok(true)
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// The channel is confirmed, now or before.
    Done,
    /// The code is another one.
    Wrong,
    /// Too many codes were wrong: the channel must be made anew.
    Spent,
    /// The owner has no such channel.
    Missing,
}

/// Confirms a channel by the code that was sent there.
///
/// # Errors
/// What the database says.
pub fn confirm(
    sql: &mut dyn Sql,
    (owner, id): (i64, i64),
    code: &SecretHash,
) -> Result<Confirmed, RecordError> {
    let Some(channel) = get(sql, owner, id)? else { return Ok(Confirmed::Missing) };
    if channel.is_confirmed {
        return Ok(Confirmed::Done);
    }
    // Counted before it is compared, so that two at a time do not have more tries.
    let count = "UPDATE channel SET code_tries = code_tries + 1 WHERE id = ?1 AND code_tries < ?2";
    if sql.execute(count, &[id.into(), CODE_TRIES_MAX.into()])? == 0 {
        return Ok(Confirmed::Spent);
    }
    let set = "UPDATE channel SET code = NULL WHERE id = ?1 AND code = ?2";
    let is_done = sql.execute(set, &[id.into(), code.as_bytes().into()])? > 0;
    Ok(if is_done { Confirmed::Done } else { Confirmed::Wrong })
}

/// Gives the local user's channels to a person who has none yet.
///
/// # Errors
/// What the database says.
pub fn take_over(sql: &mut dyn Sql, person: i64) -> Result<(), RecordError> {
    sql.execute("UPDATE channel SET owner = ?1 WHERE owner = 0", &[person.into()])?;
    sql.execute("UPDATE notice SET owner = ?1 WHERE owner = 0", &[person.into()]).map(drop)
}
