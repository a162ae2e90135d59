//! Records of the first version become those of this one, in both databases.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use market::Timestamp;
use store::records::article::{self, Filter};
use store::records::person::{self, NewPerson, Role};
use store::records::watchlist::{self, Content};
use store::records::{RecordError, Records, Sql, channel, identity, stream};
use support::{House, Kind};

/// What the first version did not have.
const LATER: &[&str] = &[
    "watchlist",
    "board",
    "alert",
    "alert_firing",
    "alert_progress",
    "kept",
    "channel",
    "notice",
    "delivery",
    "article",
    "article_symbol",
    "article_stream",
    "stream",
    "provider",
    "identity",
];

fn done<T: Send + 'static>(
    records: &Records,
    work: impl FnMut(&mut dyn Sql) -> Result<T, RecordError> + Send + 'static,
) -> T {
    records.run_blocking(work).unwrap()
}

fn older_records_become_newer_ones(house: &House) {
    let now = Timestamp::from_nanos(1_763_735_400_000_000_000);
    let ada = NewPerson { name: "ada".into(), role: Role::User, account: "ada".into(), password: "$".into() };
    let records = house.records();
    done(&records, move |sql| person::insert(sql, &ada, now));
    done(&records, |sql| {
        for table in LATER {
            sql.execute(&format!("DROP TABLE {table}"), &[])?;
        }
        sql.execute("UPDATE records_version SET version = 1", &[])
    });
    drop(records);
    let records = house.records();
    assert_eq!(done(&records, |sql| person::list(sql, 0, 9)).len(), 1);
    // And what is new is there to be used.
    let cars = Content { name: "Cars".into(), symbols: vec!["GM".into()] };
    done(&records, move |sql| watchlist::insert(sql, 1, &cars, now));
    assert_eq!(done(&records, |sql| channel::list(sql, 1)), []);
    assert_eq!(done(&records, |sql| article::list(sql, &Filter::default(), 9)), []);
    assert_eq!(done(&records, stream::list), []);
    assert_eq!(done(&records, |sql| identity::list(sql, 1)), []);
}

#[test]
fn on_sqlite() {
    older_records_become_newer_ones(&House::new(Kind::Sqlite));
}

#[test]
fn on_postgres() {
    older_records_become_newer_ones(&House::new(Kind::Postgres));
}
