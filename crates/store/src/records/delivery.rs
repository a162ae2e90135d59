//! The queue of notices: what is to be told to whom, on which of their channels, and what became of it.
//!
//! A notice is queued once, whatever puts it how often: its `dedupe` key says which it is. For each channel of its
//! owner it makes a *delivery*, which waits, was sent, or is a dead letter. A process takes a channel for a turn,
//! by setting the time at which it is to be looked at next to the end of its lease: if the process ends before it
//! has told what became of a delivery, another, or the same after its start, takes the channel again then.
//!
//! Deliveries of a channel are made one after another, oldest first, tests before all.

use market::Timestamp;

use super::RecordError;
use super::channel::{self, Channel};
use super::sql::{Row, Sql, Value};

/// Most deliveries of a channel that wait. Where there are more, the oldest is given up.
pub const WAITING_MAX: i64 = 1_000;
/// Deliveries of a channel that are remembered after their end.
pub const HISTORY_MAX: i64 = 200;
/// Notices of an owner that are remembered: by these a second one of the same key is known.
pub const NOTICES_MAX: i64 = 5_000;
/// How long notices are remembered at the most.
const NOTICE_AGE_MAX_NS: i64 = 35 * 86_400 * 1_000_000_000;

// Those that wait are 0, as the indexes and statements below say.
const SENT: i64 = 1;
const DEAD: i64 = 2;

/// What is to be told to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whom: a person's id, or 0 for the local user.
    pub owner: i64,
    /// Which it is: of two notices of an owner with the same key only the first is queued.
    pub dedupe: String,
    /// What it is about, a word: `alert`, `news`, `test`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// Some sentences.
    pub body: String,
    /// The symbol it is about.
    pub symbol: Option<String>,
    /// The price that made it, as it is shown.
    pub price: Option<String>,
    /// Where the page shows more: a path.
    pub link: String,
    /// When it happened.
    pub happened_at: Timestamp,
    /// More that receivers are told that take all there is: a JSON object.
    pub details: Option<String>,
    /// To which of its owner's channels; none named is all that are on. Of use while it is put: then its deliveries say it.
    pub channels: Vec<i64>,
}

/// What became of a notice that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is queued for so many channels.
    Queued {
        /// How many channels it goes to; 0 where its owner has none that is on.
        channels: usize,
        /// How many older deliveries were given up for it, since too many wait.
        given_up: usize,
    },
    /// It was put before.
    Known,
}

/// Which step a delivery is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits for its turn, or for the next attempt.
    Waiting,
    /// The other side has taken it.
    Sent,
    /// It was given up.
    Dead,
}

/// A delivery that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Never given to another record.
    pub id: i64,
    /// Attempts so far.
    pub tries: i64,
    /// Somebody waits for the answer: it is tried once.
    pub is_test: bool,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// What to tell.
    pub notice: Notice,
}

/// A channel that was taken, and what is due there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The channel.
    pub channel: Channel,
    /// Its deliveries, in order.
    pub due: Vec<Due>,
}

/// What a turn has come to; told in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The other side has taken a delivery.
    Sent {
        /// The channel.
        channel: i64,
        /// The delivery.
        delivery: i64,
    },
    /// An attempt failed.
    Failed {
        /// The channel.
        channel: i64,
        /// The delivery.
        delivery: i64,
        /// Why, for its owner.
        why: String,
        /// It is given up.
        is_dead: bool,
    },
    /// The channel has ended by itself, as a browser's subscription does: it is removed.
    Gone {
        /// The channel.
        channel: i64,
    },
    /// The turn is over.
    Over {
        /// The channel.
        channel: i64,
        /// Nothing is tried there before.
        not_before: Timestamp,
    },
}

/// A delivery as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Never given to another record.
    pub id: i64,
    /// The channel.
    pub channel: i64,
    /// What it is called.
    pub channel_name: String,
    /// Which step it is at.
    pub state: State,
    /// Attempts so far.
    pub tries: i64,
    /// Why the last one failed.
    pub why: Option<String>,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it was sent or given up.
    pub ended_at: Option<Timestamp>,
    /// What the notice is about, a word.
    pub kind: String,
    /// Its line.
    pub title: String,
}

/// Puts a notice into the queue, in whatever transaction the caller has.
///
/// # Errors
/// What the database says.
pub fn put(sql: &mut dyn Sql, notice: &Notice, now: Timestamp) -> Result<Put, RecordError> {
    let Some(id) = insert_notice(sql, notice, now)? else { return Ok(Put::Known) };
    let disabled = "SELECT id FROM person WHERE id = ?1 AND disabled_at IS NOT NULL";
    if sql.first(disabled, &[notice.owner.into()])?.is_some() {
        return Ok(Put::Queued { channels: 0, given_up: 0 });
    }
    let open = "SELECT id FROM channel WHERE owner = ?1 AND is_on = 1 AND code IS NULL ORDER BY id";
    let mut given_up = 0;
    let mut channels = Vec::new();
    for row in sql.query(open, &[notice.owner.into()])? {
        channels.push(row.int(0)?);
    }
    // One that was removed since it was named is left out, and no other takes its place.
    channels.retain(|channel| notice.channels.is_empty() || notice.channels.contains(channel));
    for &channel in &channels {
        // The row of the channel first: who ends its turn meanwhile waits, and then sees what was put.
        let set = "UPDATE channel SET due_at = COALESCE(due_at, ?2) WHERE id = ?1";
        sql.execute(set, &[channel.into(), now.into()])?;
        insert_delivery(sql, (channel, id), false, now)?;
        given_up += give_up_oldest(sql, channel, now)?;
    }
    Ok(Put::Queued { channels: channels.len(), given_up })
}

/// Puts a notice into the queue of one channel, whether it is confirmed or not. A test goes before all that waits
/// there, at once, and is tried once. Returns the delivery.
///
/// # Errors
/// What the database says.
pub fn put_to(
    sql: &mut dyn Sql,
    channel: i64,
    notice: &Notice,
    is_test: bool,
    now: Timestamp,
) -> Result<Option<i64>, RecordError> {
    let Some(id) = insert_notice(sql, notice, now)? else { return Ok(None) };
    let set = match is_test {
        true => {
            "UPDATE channel SET due_at = CASE WHEN taken_by IS NULL THEN ?2 ELSE due_at END WHERE id = ?1"
        }
        false => "UPDATE channel SET due_at = COALESCE(due_at, ?2) WHERE id = ?1",
    };
    sql.execute(set, &[channel.into(), now.into()])?;
    insert_delivery(sql, (channel, id), is_test, now).map(Some)
}

/// How many notices of a kind an owner was put since.
///
/// # Errors
/// What the database says.
pub fn put_since(sql: &mut dyn Sql, owner: i64, kind: &str, since: Timestamp) -> Result<i64, RecordError> {
    let ask = "SELECT COUNT(*) FROM notice WHERE owner = ?1 AND kind = ?2 AND put_at > ?3";
    sql.first(ask, &[owner.into(), kind.into(), since.into()])?.map_or(Ok(0), |row| row.int(0))
}

fn insert_notice(sql: &mut dyn Sql, notice: &Notice, now: Timestamp) -> Result<Option<i64>, RecordError> {
    let known = "SELECT id FROM notice WHERE owner = ?1 AND dedupe = ?2";
    if sql.first(known, &[notice.owner.into(), (&*notice.dedupe).into()])?.is_some() {
        return Ok(None);
    }
    let id = sql.new_id()?;
    let values: [Value; 12] = [
        id.into(),
        notice.owner.into(),
        (&*notice.dedupe).into(),
        (&*notice.kind).into(),
        (&*notice.title).into(),
        (&*notice.body).into(),
        notice.symbol.as_deref().into(),
        notice.price.as_deref().into(),
        (&*notice.link).into(),
        notice.happened_at.into(),
        now.into(),
        notice.details.as_deref().into(),
    ];
    // Another server may have put it since we looked.
    let insert = "INSERT INTO notice
        (id, owner, dedupe, kind, title, body, symbol, price, link, happened_at, put_at, details)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (owner, dedupe) DO NOTHING";
    Ok((sql.execute(insert, &values)? > 0).then_some(id))
}

fn insert_delivery(
    sql: &mut dyn Sql,
    (channel, notice): (i64, i64),
    is_test: bool,
    now: Timestamp,
) -> Result<i64, RecordError> {
    let id = sql.new_id()?;
    let values: [Value; 5] = [id.into(), channel.into(), notice.into(), is_test.into(), now.into()];
    sql.execute(
        "INSERT INTO delivery (id, channel, notice, state, is_test, tries, queued_at)
         VALUES (?1, ?2, ?3, 0, ?4, 0, ?5)",
        &values,
    )?;
    Ok(id)
}

fn waiting_of(sql: &mut dyn Sql, channel: i64) -> Result<i64, RecordError> {
    let ask = "SELECT COUNT(*) FROM delivery WHERE channel = ?1 AND state = 0";
    sql.first(ask, &[channel.into()])?.map_or(Ok(0), |row| row.int(0))
}

fn give_up_oldest(sql: &mut dyn Sql, channel: i64, now: Timestamp) -> Result<usize, RecordError> {
    if waiting_of(sql, channel)? <= WAITING_MAX {
        return Ok(0);
    }
    let oldest = "SELECT id FROM delivery WHERE channel = ?1 AND state = 0 ORDER BY id LIMIT 1";
    let Some(row) = sql.first(oldest, &[channel.into()])? else { return Ok(0) };
    let why = format!("given up for newer ones: more than {WAITING_MAX} waited");
    end(sql, row.int(0)?, DEAD, Some(&why), now)?;
    Ok(1)
}

fn end(
    sql: &mut dyn Sql,
    delivery: i64,
    state: i64,
    why: Option<&str>,
    now: Timestamp,
) -> Result<bool, RecordError> {
    let set = "UPDATE delivery SET state = ?2, why = ?3, ended_at = ?4 WHERE id = ?1 AND state = 0";
    Ok(sql.execute(set, &[delivery.into(), state.into(), why.into(), now.into()])? > 0)
}

/// Takes channels at which something is due, the longest due first, until a time by which their turn will be over.
///
/// # Errors
/// What the database says.
pub fn take(
    sql: &mut dyn Sql,
    by: &str,
    (now, until): (Timestamp, Timestamp),
    (channels_max, each_max): (i64, i64),
) -> Result<Vec<Turn>, RecordError> {
    let take = format!(
        "UPDATE channel SET due_at = ?3, taken_by = ?1
         WHERE due_at <= ?2 AND id IN
            (SELECT id FROM channel WHERE due_at <= ?2 AND is_on = 1 ORDER BY due_at, id LIMIT ?4)
         RETURNING {}",
        channel::COLUMNS
    );
    let rows = sql.query(&take, &[by.into(), now.into(), until.into(), channels_max.into()])?;
    let mut turns = Vec::with_capacity(rows.len());
    for row in &rows {
        let channel = channel::read(row)?;
        let due = due(sql, channel.id, each_max)?;
        match due.is_empty() {
            true => over(sql, by, channel.id, now)?,
            false => turns.push(Turn { channel, due }),
        }
    }
    Ok(turns)
}

fn due(sql: &mut dyn Sql, channel: i64, most: i64) -> Result<Vec<Due>, RecordError> {
    let ask = "SELECT d.id, d.tries, d.is_test, d.queued_at,
                      n.owner, n.dedupe, n.kind, n.title, n.body, n.symbol, n.price, n.link, n.happened_at, n.details
               FROM delivery d JOIN notice n ON n.id = d.notice
               WHERE d.channel = ?1 AND d.state = 0 ORDER BY d.is_test DESC, d.id LIMIT ?2";
    let read = |row: &Row| {
        Ok(Due {
            id: row.int(0)?,
            tries: row.int(1)?,
            is_test: row.int(2)? != 0,
            queued_at: row.time(3)?,
            notice: Notice {
                owner: row.int(4)?,
                dedupe: row.text(5)?,
                kind: row.text(6)?,
                title: row.text(7)?,
                body: row.text(8)?,
                symbol: row.text_if_any(9)?,
                price: row.text_if_any(10)?,
                link: row.text(11)?,
                happened_at: row.time(12)?,
                details: row.text_if_any(13)?,
                channels: Vec::new(),
            },
        })
    };
    sql.query(ask, &[channel.into(), most.into()])?.iter().map(read).collect()
}

/// Notes what a turn has come to.
///
/// # Errors
/// What the database says.
pub fn note(sql: &mut dyn Sql, by: &str, step: &Step, now: Timestamp) -> Result<(), RecordError> {
    match step {
        Step::Sent { channel, delivery } => {
            tried(sql, *delivery)?;
            end(sql, *delivery, SENT, None, now)?;
            let set = "UPDATE channel SET failures = 0, failing_since = NULL, why = NULL, last_sent_at = ?2
                       WHERE id = ?1";
            sql.execute(set, &[(*channel).into(), now.into()]).map(drop)
        }
        Step::Failed { channel, delivery, why, is_dead } => {
            tried(sql, *delivery)?;
            match is_dead {
                true => drop(end(sql, *delivery, DEAD, Some(why), now)?),
                false => {
                    let set = "UPDATE delivery SET why = ?2 WHERE id = ?1";
                    sql.execute(set, &[(*delivery).into(), (&**why).into()])?;
                }
            }
            let set = "UPDATE channel SET failures = failures + 1, why = ?2,
                              failing_since = COALESCE(failing_since, ?3) WHERE id = ?1";
            sql.execute(set, &[(*channel).into(), (&**why).into(), now.into()]).map(drop)
        }
        Step::Gone { channel } => {
            sql.execute("DELETE FROM channel WHERE id = ?1", &[(*channel).into()])?;
            sql.execute("DELETE FROM delivery WHERE channel = ?1", &[(*channel).into()]).map(drop)
        }
        Step::Over { channel, not_before } => {
            over(sql, by, *channel, *not_before)?;
            forget(sql, *channel)
        }
    }
}

fn tried(sql: &mut dyn Sql, delivery: i64) -> Result<(), RecordError> {
    sql.execute("UPDATE delivery SET tries = tries + 1 WHERE id = ?1", &[delivery.into()]).map(drop)
}

/// Gives a channel back. A test that came meanwhile is due at once, whatever the others wait for.
fn over(sql: &mut dyn Sql, by: &str, channel: i64, not_before: Timestamp) -> Result<(), RecordError> {
    // The row first: who puts something meanwhile is waited for, and what they put is seen.
    let give = "UPDATE channel SET taken_by = NULL WHERE id = ?1 AND taken_by = ?2";
    if sql.execute(give, &[channel.into(), by.into()])? == 0 {
        // Somebody else has it: our lease was over.
        return Ok(());
    }
    let ask = "SELECT is_test FROM delivery WHERE channel = ?1 AND state = 0 ORDER BY is_test DESC LIMIT 1";
    let next = match sql.first(ask, &[channel.into()])? {
        None => None,
        Some(row) if row.int(0)? != 0 => Some(Timestamp::EPOCH),
        Some(_) => Some(not_before),
    };
    sql.execute("UPDATE channel SET due_at = ?2 WHERE id = ?1", &[channel.into(), next.into()]).map(drop)
}

/// Lets go of the oldest of a channel that have ended.
fn forget(sql: &mut dyn Sql, channel: i64) -> Result<(), RecordError> {
    let delete = "DELETE FROM delivery WHERE channel = ?1 AND state <> 0 AND id <=
        (SELECT id FROM delivery WHERE channel = ?1 AND state <> 0 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
    sql.execute(delete, &[channel.into(), HISTORY_MAX.into()]).map(drop)
}

/// When something is due next; nothing where nothing waits.
///
/// # Errors
/// What the database says.
pub fn next_due(sql: &mut dyn Sql) -> Result<Option<Timestamp>, RecordError> {
    let ask = "SELECT due_at FROM channel WHERE due_at IS NOT NULL AND is_on = 1 ORDER BY due_at LIMIT 1";
    sql.first(ask, &[])?.map(|row| row.time(0)).transpose()
}

/// Gives back what a process of this name had taken when it ended; without a name, what any had.
///
/// # Errors
/// What the database says.
pub fn release(sql: &mut dyn Sql, by: Option<&str>, now: Timestamp) -> Result<(), RecordError> {
    let set = "UPDATE channel SET taken_by = NULL, due_at = ?1 WHERE taken_by IS NOT NULL";
    match by {
        None => sql.execute(set, &[now.into()]),
        Some(by) => sql.execute(&format!("{set} AND taken_by = ?2"), &[now.into(), by.into()]),
    }
    .map(drop)
}

const ENTRY: &str =
    "SELECT d.id, d.channel, c.name, d.state, d.tries, d.why, d.queued_at, d.ended_at, n.kind, n.title
    FROM delivery d JOIN channel c ON c.id = d.channel JOIN notice n ON n.id = d.notice";

fn entry(row: &Row) -> Result<Entry, RecordError> {
    Ok(Entry {
        id: row.int(0)?,
        channel: row.int(1)?,
        channel_name: row.text(2)?,
        state: match row.int(3)? {
            SENT => State::Sent,
            DEAD => State::Dead,
            _ => State::Waiting,
        },
        tries: row.int(4)?,
        why: row.text_if_any(5)?,
        queued_at: row.time(6)?,
        ended_at: row.time_if_any(7)?,
        kind: row.text(8)?,
        title: row.text(9)?,
    })
}

/// The newest deliveries of one of an owner's channels.
///
/// # Errors
/// What the database says.
pub fn history(
    sql: &mut dyn Sql,
    (owner, channel): (i64, i64),
    most: i64,
) -> Result<Vec<Entry>, RecordError> {
    let ask = format!("{ENTRY} WHERE c.owner = ?1 AND d.channel = ?2 ORDER BY d.id DESC LIMIT ?3");
    sql.query(&ask, &[owner.into(), channel.into(), most.into()])?.iter().map(entry).collect()
}

/// The newest dead letters of an owner.
///
/// # Errors
/// What the database says.
pub fn dead(sql: &mut dyn Sql, owner: i64, most: i64) -> Result<Vec<Entry>, RecordError> {
    let ask = format!("{ENTRY} WHERE c.owner = ?1 AND d.state = 2 ORDER BY d.id DESC LIMIT ?2");
    sql.query(&ask, &[owner.into(), most.into()])?.iter().map(entry).collect()
}

/// Queues one of an owner's dead letters again; `false` where there is no such.
///
/// # Errors
/// What the database says.
pub fn retry(sql: &mut dyn Sql, owner: i64, id: i64, now: Timestamp) -> Result<bool, RecordError> {
    let ask = "SELECT d.channel FROM delivery d JOIN channel c ON c.id = d.channel
               WHERE d.id = ?2 AND c.owner = ?1 AND d.state = 2";
    let Some(row) = sql.first(ask, &[owner.into(), id.into()])? else { return Ok(false) };
    let due = "UPDATE channel SET due_at = CASE WHEN taken_by IS NULL THEN ?2 ELSE due_at END WHERE id = ?1";
    sql.execute(due, &[row.int(0)?.into(), now.into()])?;
    let set = "UPDATE delivery SET state = 0, tries = 0, ended_at = NULL, queued_at = ?2
               WHERE id = ?1 AND state = 2";
    Ok(sql.execute(set, &[id.into(), now.into()])? > 0)
}

/// How many deliveries wait at each of an owner's channels at which some do.
///
/// # Errors
/// What the database says.
pub fn waiting(sql: &mut dyn Sql, owner: i64) -> Result<Vec<(i64, i64)>, RecordError> {
    let ask = "SELECT d.channel, COUNT(*) FROM delivery d JOIN channel c ON c.id = d.channel
               WHERE c.owner = ?1 AND d.state = 0 GROUP BY d.channel";
    sql.query(ask, &[owner.into()])?.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// How the whole queue is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Deliveries that wait.
    pub waiting: i64,
    /// Dead letters that are remembered.
    pub dead: i64,
    /// Channels whose last attempt failed.
    pub failing: i64,
}

/// Counts, and lets go of notices that are old or too many, except those whose deliveries are remembered. A channel
/// at which something waits and that nobody would look at again, which must not be, is looked at again.
///
/// # Errors
/// What the database says.
pub fn keep_house(sql: &mut dyn Sql, now: Timestamp) -> Result<Counts, RecordError> {
    let unused = "NOT EXISTS (SELECT d.id FROM delivery d WHERE d.notice = notice.id)";
    let old = now.saturating_add_nanos(-NOTICE_AGE_MAX_NS);
    sql.execute(&format!("DELETE FROM notice WHERE put_at < ?1 AND {unused}"), &[old.into()])?;
    let many = "SELECT owner FROM notice GROUP BY owner HAVING COUNT(*) > ?1";
    for row in sql.query(many, &[NOTICES_MAX.into()])? {
        let delete = format!(
            "DELETE FROM notice WHERE owner = ?1 AND {unused} AND id <=
             (SELECT id FROM notice WHERE owner = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"
        );
        sql.execute(&delete, &[row.int(0)?.into(), NOTICES_MAX.into()])?;
    }
    let forgotten = "UPDATE channel SET due_at = ?1 WHERE due_at IS NULL AND is_on = 1
        AND EXISTS (SELECT d.id FROM delivery d WHERE d.channel = channel.id AND d.state = 0)";
    sql.execute(forgotten, &[now.into()])?;
    let mut count = |ask: &str| sql.first(ask, &[])?.map_or(Ok(0), |row| row.int(0));
    Ok(Counts {
        waiting: count("SELECT COUNT(*) FROM delivery WHERE state = 0")?,
        dead: count("SELECT COUNT(*) FROM delivery WHERE state = 2")?,
        failing: count("SELECT COUNT(*) FROM channel WHERE failing_since IS NOT NULL")?,
    })
}
