//! The tables, and how older ones become newer ones: the same steps in both databases.

use super::RecordError;
use super::sql::{Sql, Value};

/// Steps from each version to the next, in order, one statement an item. A step that has been released is never
/// changed.
const MIGRATIONS: &[&[&str]] = &[
    &[
        // `name` 'id' has the last number that was given to a record.
        "CREATE TABLE counter (name text PRIMARY KEY, value bigint NOT NULL)",
        "INSERT INTO counter (name, value) VALUES ('id', 0)",
        // `account` is the desk's account that is this person's; `password` is a PHC string.
        "CREATE TABLE person (
        id                  bigint PRIMARY KEY,
        name                text   NOT NULL UNIQUE,
        role                text   NOT NULL,
        account             text   NOT NULL UNIQUE,
        password            text   NOT NULL,
        created_at          bigint NOT NULL,
        password_changed_at bigint NOT NULL,
        disabled_at         bigint
    )",
        // Of every secret only its BLAKE3 hash is kept.
        "CREATE TABLE login (
        id           bigint PRIMARY KEY,
        person       bigint NOT NULL,
        hash         bytea  NOT NULL UNIQUE,
        created_at   bigint NOT NULL,
        last_used_at bigint NOT NULL,
        address      text   NOT NULL,
        agent        text   NOT NULL
    )",
        "CREATE INDEX login_of_person ON login (person)",
        "CREATE TABLE api_key (
        id           bigint PRIMARY KEY,
        person       bigint NOT NULL,
        name         text   NOT NULL,
        scopes       text   NOT NULL,
        hash         bytea  NOT NULL UNIQUE,
        created_at   bigint NOT NULL,
        last_used_at bigint
    )",
        "CREATE INDEX api_key_of_person ON api_key (person)",
        // An invite without an end is good until it is used.
        "CREATE TABLE invite (
        id         bigint PRIMARY KEY,
        role       text   NOT NULL,
        hash       bytea  NOT NULL UNIQUE,
        created_at bigint NOT NULL,
        expires_at bigint,
        used_at    bigint,
        used_by    bigint
    )",
    ],
    &[
        // `owner` is a person, or 0 for the local user; `symbols` are one a line; `place` orders an owner's lists.
        "CREATE TABLE watchlist (
        id              bigint PRIMARY KEY,
        owner           bigint NOT NULL,
        name            text   NOT NULL,
        symbols         text   NOT NULL,
        place           bigint NOT NULL,
        version         bigint NOT NULL,
        is_for_visitors bigint NOT NULL,
        updated_at      bigint NOT NULL,
        UNIQUE (owner, name)
    )",
        "CREATE TABLE board (
        id         bigint PRIMARY KEY,
        owner      bigint NOT NULL,
        watchlist  bigint NOT NULL,
        hash       bytea  NOT NULL UNIQUE,
        created_at bigint NOT NULL
    )",
        "CREATE INDEX board_of_owner ON board (owner)",
    ],
    &[
        // `owner` is a person, or 0 for the local user. `rule` and `quiet` are JSON, `state` is words, of whoever
        // decides. `generation` grows whenever an alert begins anew, `revision` (a number of the counter) with each
        // change of its owner's, so that others find what has changed. What was removed stays for a while, so that
        // they find that, too, and it can be taken back.
        "CREATE TABLE alert (
        id            bigint PRIMARY KEY,
        owner         bigint NOT NULL,
        symbol        text   NOT NULL,
        rule          text   NOT NULL,
        hysteresis    bigint,
        expires_at    bigint,
        quiet         text,
        note          text   NOT NULL,
        is_paused     bigint NOT NULL,
        active_from   bigint NOT NULL,
        seen          bigint,
        generation    bigint NOT NULL,
        version       bigint NOT NULL,
        revision      bigint NOT NULL,
        created_at    bigint NOT NULL,
        updated_at    bigint NOT NULL,
        removed_at    bigint,
        state         text   NOT NULL,
        fired         bigint NOT NULL,
        last_fired_at bigint
    )",
        "CREATE INDEX alert_of_owner ON alert (owner)",
        "CREATE INDEX alert_by_revision ON alert (revision)",
        // `number` counts the firings of a life of an alert, `name` names the crossing: each is there once.
        "CREATE TABLE alert_firing (
        id           bigint PRIMARY KEY,
        alert        bigint NOT NULL,
        owner        bigint NOT NULL,
        generation   bigint NOT NULL,
        number       bigint NOT NULL,
        name         text   NOT NULL UNIQUE,
        symbol       text   NOT NULL,
        at           bigint NOT NULL,
        recorded_at  bigint NOT NULL,
        not_before   bigint,
        body         text   NOT NULL,
        is_handed_on bigint NOT NULL,
        UNIQUE (alert, generation, number)
    )",
        "CREATE INDEX alert_firing_of_owner ON alert_firing (owner, id)",
        "CREATE INDEX alert_firing_of_alert ON alert_firing (alert, id)",
        "CREATE INDEX alert_firing_waiting ON alert_firing (is_handed_on, id)",
        // How far whoever decides has read the log, and what it knew there.
        "CREATE TABLE alert_progress (
        reader   text   PRIMARY KEY,
        position bytea,
        state    bytea  NOT NULL,
        saved_at bigint NOT NULL
    )",
        // What is made once and kept, such as the key that signs pushes.
        "CREATE TABLE kept (name text PRIMARY KEY, value bytea NOT NULL)",
        // `owner` as of a watch list; `settings` are read by whoever delivers; `mark` tells two of the same;
        // `code` is what the address has not shown yet. `due_at` is when to look at it next: nothing waits where
        // it is null. `taken_by` delivers now, until `due_at` at the latest.
        "CREATE TABLE channel (
        id            bigint PRIMARY KEY,
        owner         bigint NOT NULL,
        kind          text   NOT NULL,
        name          text   NOT NULL,
        mark          text   NOT NULL,
        settings      text   NOT NULL,
        is_on         bigint NOT NULL,
        code          bytea,
        code_tries    bigint NOT NULL,
        created_at    bigint NOT NULL,
        due_at        bigint,
        taken_by      text,
        failures      bigint NOT NULL,
        failing_since bigint,
        why           text,
        last_sent_at  bigint,
        UNIQUE (owner, mark)
    )",
        "CREATE INDEX channel_due ON channel (due_at) WHERE due_at IS NOT NULL",
        "CREATE INDEX channel_mark ON channel (mark)",
        "CREATE TABLE notice (
        id          bigint PRIMARY KEY,
        owner       bigint NOT NULL,
        dedupe      text   NOT NULL,
        kind        text   NOT NULL,
        title       text   NOT NULL,
        body        text   NOT NULL,
        symbol      text,
        price       text,
        link        text   NOT NULL,
        happened_at bigint NOT NULL,
        put_at      bigint NOT NULL,
        UNIQUE (owner, dedupe)
    )",
        "CREATE INDEX notice_put ON notice (put_at)",
        // `state`: 0 waits, 1 was sent, 2 is a dead letter.
        "CREATE TABLE delivery (
        id        bigint PRIMARY KEY,
        channel   bigint NOT NULL,
        notice    bigint NOT NULL,
        state     bigint NOT NULL,
        is_test   bigint NOT NULL,
        tries     bigint NOT NULL,
        why       text,
        queued_at bigint NOT NULL,
        ended_at  bigint
    )",
        "CREATE INDEX delivery_waiting ON delivery (channel, id) WHERE state = 0",
        "CREATE INDEX delivery_of_channel ON delivery (channel, id)",
        "CREATE INDEX delivery_of_notice ON delivery (notice)",
    ],
    &[
        // `id` is a hash, the same everywhere; `symbols`, `named` and `streams` are one a line; `reading` is JSON of
        // whoever reads texts; `revision` is a number of the counter, so that others find what has changed.
        "CREATE TABLE article (
        id           bigint PRIMARY KEY,
        source       text   NOT NULL,
        own          text   NOT NULL,
        title        text   NOT NULL,
        summary      text   NOT NULL,
        url          text   NOT NULL,
        published_at bigint NOT NULL,
        updated_at   bigint NOT NULL,
        updates      bigint NOT NULL,
        named        text   NOT NULL,
        symbols      text   NOT NULL,
        reading      text   NOT NULL,
        streams      text   NOT NULL,
        revision     bigint NOT NULL
    )",
        "CREATE INDEX article_by_time ON article (published_at, id)",
        "CREATE INDEX article_by_revision ON article (revision)",
        "CREATE TABLE article_symbol (
        symbol       text   NOT NULL,
        published_at bigint NOT NULL,
        article      bigint NOT NULL,
        PRIMARY KEY (symbol, published_at, article)
    )",
        "CREATE INDEX article_symbol_of ON article_symbol (article)",
        "CREATE TABLE article_stream (
        stream       bigint NOT NULL,
        published_at bigint NOT NULL,
        article      bigint NOT NULL,
        PRIMARY KEY (stream, published_at, article)
    )",
        "CREATE INDEX article_stream_of ON article_stream (article)",
        // `owner` is a person, 0 for the local user, null for what the program made; `query` is JSON of whoever reads
        // it; `taken_by` reads it until `taken_until`, if it does not say so again.
        "CREATE TABLE stream (
        id          bigint PRIMARY KEY,
        owner       bigint,
        provider    text   NOT NULL,
        name        text   NOT NULL,
        query       text   NOT NULL,
        is_paused   bigint NOT NULL,
        created_at  bigint NOT NULL,
        watermark   text,
        taken_by    text,
        taken_until bigint,
        last_event  bigint,
        last_error  text,
        tried_at    bigint,
        articles    bigint NOT NULL
    )",
        "CREATE TABLE provider (
        name        text   PRIMARY KEY,
        is_paused   bigint NOT NULL,
        report      text   NOT NULL,
        reported_at bigint
    )",
    ],
    &[
        // To which channels an alert goes: ids with commas, null for all. A firing has them as they were then.
        "ALTER TABLE alert ADD COLUMN channels text",
        "ALTER TABLE alert_firing ADD COLUMN channels text",
        // Members for receivers that take all there is: a JSON object.
        "ALTER TABLE notice ADD COLUMN details text",
        // One word for a browser, here as in the protocol.
        "UPDATE channel SET kind = 'web_push', mark = 'web_' || mark WHERE kind = 'push'",
    ],
    &[
        // Who somebody is at a provider they sign in with. `label` is what it calls them, and names nobody.
        "CREATE TABLE identity (
        id           bigint PRIMARY KEY,
        person       bigint NOT NULL,
        issuer       text   NOT NULL,
        subject      text   NOT NULL,
        label        text   NOT NULL,
        created_at   bigint NOT NULL,
        last_used_at bigint NOT NULL,
        UNIQUE (issuer, subject)
    )",
        "CREATE INDEX identity_of_person ON identity (person)",
    ],
];

/// The newest version.
pub(super) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Takes the steps that are missing. The table `version` is there and has one row.
pub(super) fn migrate(sql: &mut dyn Sql, place: &str) -> Result<(), RecordError> {
    let row = sql.first("SELECT version FROM records_version", &[])?;
    let found = row.map_or(Ok(0), |row| row.int(0))?;
    if found > KNOWN {
        return Err(RecordError::Newer { place: place.to_owned(), found, known: KNOWN });
    }
    take_steps(sql, MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)))?;
    if found < KNOWN {
        sql.execute("UPDATE records_version SET version = ?1", &[Value::Int(KNOWN)])?;
    }
    Ok(())
}

fn take_steps<'a>(
    sql: &mut dyn Sql,
    steps: impl Iterator<Item = &'a &'static [&'static str]>,
) -> Result<(), RecordError> {
    for statement in steps.copied().flatten() {
        sql.execute(statement, &[])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{alert, channel, sqlite};

    #[test]
    fn what_an_earlier_version_has_stored_is_brought_up_to_date() {
        let is_ours = |step: &&'static [&'static str]| step.iter().any(|one| one.contains("'web_' || mark"));
        let ours = MIGRATIONS.iter().position(is_ours).unwrap();
        sqlite::in_memory(&mut |sql| {
            take_steps(sql, MIGRATIONS.iter().take(ours))?;
            for (id, kind) in [(1, "push"), (2, "webhook")] {
                sql.execute(
                    "INSERT INTO channel (id, owner, kind, name, mark, settings, is_on, code_tries, created_at, failures)
                     VALUES (?1, 7, ?2, 'x', ?2 || ':ab', '{}', 1, 0, 0, 0)",
                    &[Value::Int(id), kind.into()],
                )?;
            }
            sql.execute(
                "INSERT INTO alert (id, owner, symbol, rule, note, is_paused, active_from, generation, version, revision,
                     created_at, updated_at, state, fired)
                 VALUES (3, 7, 'GM', '{}', '', 0, 0, 0, 1, 3, 0, 0, 'armed', 0)",
                &[],
            )?;
            take_steps(sql, MIGRATIONS.iter().skip(ours))?;
            let kinds: Vec<String> = channel::list(sql, 7)?.into_iter().map(|one| one.kind).collect();
            assert_eq!(kinds, ["web_push", "webhook"]);
            let marks = sql.query("SELECT mark FROM channel ORDER BY id", &[])?;
            assert_eq!((marks[0].text(0)?, marks[1].text(0)?), ("web_push:ab".into(), "webhook:ab".into()));
            assert_eq!(alert::list(sql, 7)?[0].content.channels, Vec::<i64>::new());
            Ok(())
        });
    }
}
