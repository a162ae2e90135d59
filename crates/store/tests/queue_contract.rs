//! What the queue of notices promises, tried on both databases: the same tests, told which to use.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use market::Timestamp;
use store::records::channel::{self, CHANNELS_MAX, Change, Channel, Confirmed, NewChannel};
use store::records::delivery::{
    self, Counts, HISTORY_MAX, NOTICES_MAX, Notice, Put, State, Step, Turn, WAITING_MAX,
};
use store::records::person::{self, NewPerson, Role};
use store::records::{RecordError, Records, SecretHash, Sql, kept};
use support::{House, Kind};

const ADA: i64 = 7;
const EVE: i64 = 8;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(1_763_735_400_000_000_000 + seconds * 1_000_000_000)
}

/// Does something in one transaction that must succeed.
fn done<T: Send + 'static>(
    records: &Records,
    work: impl FnMut(&mut dyn Sql) -> Result<T, RecordError> + Send + 'static,
) -> T {
    records.run_blocking(work).unwrap()
}

fn new(mark: &str) -> NewChannel {
    NewChannel {
        kind: "webhook".into(),
        name: format!("to {mark}"),
        mark: mark.into(),
        settings: format!("{{\"to\": \"{mark}\"}}"),
        code: None,
    }
}

fn added(records: &Records, owner: i64, mark: &'static str) -> Channel {
    done(records, move |sql| channel::insert(sql, owner, &new(mark), at(0)))
}

fn notice(owner: i64, dedupe: &str) -> Notice {
    Notice {
        owner,
        dedupe: dedupe.into(),
        kind: "alert".into(),
        title: format!("title of {dedupe}"),
        body: "é '?1 $1".into(),
        symbol: Some("AAPL".into()),
        price: None,
        link: "/symbol/AAPL".into(),
        happened_at: at(-1),
        details: None,
        channels: Vec::new(),
    }
}

fn put(records: &Records, owner: i64, dedupe: &str, second: i64) -> Put {
    let notice = notice(owner, dedupe);
    done(records, move |sql| delivery::put(sql, &notice, at(second)))
}

fn take(records: &Records, by: &'static str, second: i64) -> Vec<Turn> {
    done(records, move |sql| delivery::take(sql, by, (at(second), at(second + 60)), (10, 16)))
}

fn note(records: &Records, by: &'static str, step: Step, second: i64) {
    done(records, move |sql| delivery::note(sql, by, &step, at(second)));
}

fn keys(turn: &Turn) -> Vec<&str> {
    turn.due.iter().map(|due| due.notice.dedupe.as_str()).collect()
}

fn history(records: &Records, owner: i64, channel: i64) -> Vec<delivery::Entry> {
    done(records, move |sql| delivery::history(sql, (owner, channel), 10_000))
}

fn queued(channels: usize) -> Put {
    Put::Queued { channels, given_up: 0 }
}

fn channels_come_change_and_go(house: &House) {
    let records = house.records();
    let one = added(&records, ADA, "a");
    let again = records.run_blocking(|sql| channel::insert(sql, ADA, &new("a"), at(1)));
    assert!(matches!(again, Err(RecordError::Taken)), "{again:?}");
    let other = added(&records, EVE, "a");
    assert_eq!(done(&records, |sql| channel::list(sql, ADA)), std::slice::from_ref(&one));
    assert!(one.is_on && one.is_confirmed && one.settings.contains("\"a\""));
    assert!(!format!("{one:?}").contains("\"to\""));
    let (id, theirs) = (one.id, other.id);
    // Nobody's hand but the owner's.
    let change = Change { is_on: Some(false), ..Change::default() };
    assert_eq!(done(&records, move |sql| channel::update(sql, (ADA, theirs), &change.clone(), at(2))), None);
    let change =
        Change { name: Some("new".into()), is_on: Some(false), settings: Some(("b".into(), "{}".into())) };
    let changed = done(&records, move |sql| channel::update(sql, (ADA, id), &change.clone(), at(2))).unwrap();
    assert_eq!((changed.name.as_str(), changed.is_on, changed.settings.as_str()), ("new", false, "{}"));
    added(&records, ADA, "a");
    let change = Change { settings: Some(("a".into(), "{}".into())), ..Change::default() };
    let taken = records.run_blocking(move |sql| channel::update(sql, (ADA, id), &change, at(3)));
    assert!(matches!(taken, Err(RecordError::Taken)), "{taken:?}");
    assert!(!done(&records, move |sql| channel::remove(sql, ADA, theirs)));
    assert!(done(&records, move |sql| channel::remove(sql, ADA, id)));
    assert_eq!(done(&records, move |sql| channel::get(sql, ADA, id)), None);
    for n in 1..CHANNELS_MAX {
        done(&records, move |sql| channel::insert(sql, ADA, &new(&format!("n{n}")), at(4)));
    }
    let told = records.run_blocking(|sql| channel::insert(sql, ADA, &new("more"), at(5)));
    assert!(matches!(told, Err(RecordError::TooMany { most: CHANNELS_MAX })), "{told:?}");
}

fn a_browser_is_one_persons(house: &House) {
    let records = house.records();
    let one = done(&records, |sql| channel::claim(sql, ADA, &new("browser"), at(0)));
    let renewed = NewChannel { name: "renamed".into(), settings: "{}".into(), ..new("browser") };
    let again = done(&records, move |sql| channel::claim(sql, ADA, &renewed, at(1)));
    assert_eq!((again.id, again.name.as_str(), again.settings.as_str()), (one.id, "renamed", "{}"));
    let theirs = done(&records, |sql| channel::claim(sql, EVE, &new("browser"), at(2)));
    assert_eq!(done(&records, |sql| channel::list(sql, ADA)), []);
    assert_eq!(done(&records, |sql| channel::list(sql, EVE)), [theirs]);
}

fn a_notice_goes_to_the_channels_it_names(house: &House) {
    let records = house.records();
    let [one, two, off] = ["one", "two", "off"].map(|mark| added(&records, ADA, mark).id);
    let theirs = added(&records, EVE, "theirs").id;
    let change = Change { is_on: Some(false), ..Change::default() };
    done(&records, move |sql| channel::update(sql, (ADA, off), &change, at(0)));
    let put_to = |dedupe: &str, channels: Vec<i64>| {
        let details = Some(format!("{{\"alert_id\":\"{dedupe}\"}}"));
        let notice = Notice { channels, details, ..notice(ADA, dedupe) };
        done(&records, move |sql| delivery::put(sql, &notice, at(1)))
    };
    assert_eq!(put_to("all", Vec::new()), queued(2));
    assert_eq!(put_to("two", vec![two, off, theirs]), queued(1));
    assert_eq!(put_to("theirs", vec![theirs]), queued(0));
    assert_eq!(history(&records, ADA, one).len(), 1);
    // A channel that is removed is left out, and no other takes its place.
    assert!(done(&records, move |sql| channel::remove(sql, ADA, two)));
    assert_eq!(put_to("gone", vec![two]), queued(0));
    assert_eq!(put_to("left", vec![two, one]), queued(1));
    let turns = take(&records, "a", 2);
    assert_eq!((turns.len(), keys(&turns[0])), (1, vec!["all", "left"]));
    assert_eq!(turns[0].due[1].notice.details.as_deref(), Some("{\"alert_id\":\"left\"}"));
}

fn an_address_is_confirmed_by_its_code_alone(house: &House) {
    let records = house.records();
    let with_code = |mark: &str| NewChannel { code: Some(SecretHash::of("12345678")), ..new(mark) };
    let (one, two) = (with_code("one"), with_code("two"));
    let one = done(&records, move |sql| channel::insert(sql, ADA, &one, at(0)));
    let two = done(&records, move |sql| channel::insert(sql, ADA, &two, at(0)));
    let confirm = |owner: i64, id: i64, code: &'static str| {
        done(&records, move |sql| channel::confirm(sql, (owner, id), &SecretHash::of(code)))
    };
    // Nothing goes there before, except what is put there by name.
    assert_eq!(put(&records, ADA, "a", 1), queued(0));
    let id = one.id;
    done(&records, move |sql| delivery::put_to(sql, id, &notice(ADA, "question"), false, at(1))).unwrap();
    assert_eq!(keys(&take(&records, "x", 1)[0]), ["question"]);
    assert_eq!(confirm(EVE, one.id, "12345678"), Confirmed::Missing);
    assert_eq!(confirm(ADA, one.id, "00000000"), Confirmed::Wrong);
    assert_eq!(confirm(ADA, one.id, "12345678"), Confirmed::Done);
    assert_eq!(confirm(ADA, one.id, "whatever"), Confirmed::Done);
    assert_eq!(put(&records, ADA, "b", 2), queued(1));
    for _ in 0..channel::CODE_TRIES_MAX {
        assert_eq!(confirm(ADA, two.id, "00000000"), Confirmed::Wrong);
    }
    assert_eq!(confirm(ADA, two.id, "12345678"), Confirmed::Spent);
}

fn a_notice_is_queued_once_for_each_channel_that_is_on(house: &House) {
    let records = house.records();
    let (one, two) = (added(&records, ADA, "1"), added(&records, ADA, "2"));
    let off = added(&records, ADA, "off");
    let theirs = added(&records, EVE, "1");
    let change = Change { is_on: Some(false), ..Change::default() };
    done(&records, move |sql| channel::update(sql, (ADA, off.id), &change.clone(), at(0)));
    assert_eq!(put(&records, ADA, "a", 1), queued(2));
    assert_eq!(put(&records, ADA, "a", 2), Put::Known);
    assert_eq!(put(&records, EVE, "a", 2), queued(1));
    assert_eq!(put(&records, 9, "a", 2), queued(0));
    // Nor after it was closed, and for another process.
    assert_eq!(put(&house.records(), ADA, "a", 3), Put::Known);
    let turns = take(&records, "x", 3);
    let mut taken: Vec<i64> = turns.iter().map(|turn| turn.channel.id).collect();
    taken.sort_unstable();
    assert_eq!(taken, [one.id, two.id, theirs.id]);
    assert!(turns.iter().all(|turn| turn.due.len() == 1));
    assert_eq!(turns[0].due[0].notice, notice(turns[0].channel.owner, "a"));
    // Of what failed nothing is left behind.
    let told = records.run_blocking(|sql| {
        delivery::put(sql, &notice(ADA, "undone"), at(4))?;
        Err::<(), _>(RecordError::Busy)
    });
    assert!(told.is_err());
    assert_eq!(put(&records, ADA, "undone", 5), queued(2));
}

fn who_is_banned_is_told_nothing(house: &House) {
    let records = house.records();
    let person =
        NewPerson { name: "ada".into(), role: Role::User, account: "ada".into(), password: "$".into() };
    let ada = done(&records, move |sql| person::insert(sql, &person, at(0))).id;
    done(&records, move |sql| channel::insert(sql, ada, &new("a"), at(0)));
    assert_eq!(put(&records, ada, "a", 1), queued(1));
    done(&records, move |sql| person::set_disabled(sql, ada, Some(at(2))));
    assert_eq!(put(&records, ada, "b", 3), queued(0));
}

fn a_channel_is_taken_by_one_at_a_time(house: &House) {
    let (records, others) = (house.records(), house.records());
    let id = added(&records, ADA, "a").id;
    for key in ["a", "b", "c"] {
        put(&records, ADA, key, 0);
    }
    let turns = take(&records, "x", 1);
    assert_eq!(keys(&turns[0]), ["a", "b", "c"]);
    assert_eq!((take(&records, "x", 1).len(), take(&others, "y", 60).len()), (0, 0));
    assert_eq!(done(&records, delivery::next_due), Some(at(61)));
    // What comes meanwhile waits for the end of the turn.
    put(&records, ADA, "d", 2);
    assert_eq!(take(&others, "y", 3).len(), 0);
    let due = &turns[0].due;
    note(&records, "x", Step::Sent { channel: id, delivery: due[0].id }, 4);
    let why = "no answer".to_owned();
    note(&records, "x", Step::Failed { channel: id, delivery: due[1].id, why, is_dead: false }, 5);
    note(&records, "x", Step::Over { channel: id, not_before: at(20) }, 5);
    assert_eq!(take(&records, "x", 19).len(), 0);
    let health = done(&records, move |sql| channel::get(sql, ADA, id)).unwrap().health;
    assert_eq!(
        (health.failures, health.failing_since, health.why.as_deref()),
        (1, Some(at(5)), Some("no answer"))
    );
    assert_eq!(health.last_sent_at, Some(at(4)));
    let turns = take(&others, "y", 20);
    assert_eq!(keys(&turns[0]), ["b", "c", "d"]);
    assert_eq!((turns[0].due[0].tries, turns[0].channel.health.failures), (1, 1));
    // Who has lost it by the time gives nothing back.
    note(&records, "x", Step::Over { channel: id, not_before: at(21) }, 21);
    assert_eq!(take(&records, "x", 22).len(), 0);
    for due in &turns[0].due {
        note(&others, "y", Step::Sent { channel: id, delivery: due.id }, 23);
    }
    note(&others, "y", Step::Over { channel: id, not_before: at(23) }, 23);
    assert_eq!(done(&records, delivery::next_due), None);
    assert!(history(&records, ADA, id).iter().all(|entry| entry.state == State::Sent));
    assert_eq!(history(&records, ADA, id)[0].title, "title of d");
    assert!(history(&records, EVE, id).is_empty());
}

fn what_was_taken_comes_back_after_a_start_or_in_time(house: &House) {
    let records = house.records();
    added(&records, ADA, "a");
    put(&records, ADA, "a", 0);
    assert_eq!(take(&records, "x", 1).len(), 1);
    done(&records, |sql| delivery::release(sql, Some("other"), at(2)));
    assert_eq!(take(&records, "y", 2).len(), 0);
    done(&records, |sql| delivery::release(sql, Some("x"), at(3)));
    assert_eq!(take(&records, "y", 3).len(), 1);
    done(&records, |sql| delivery::release(sql, None, at(4)));
    assert_eq!(take(&records, "z", 4).len(), 1);
    // Its process never came back: when the lease is over another takes it.
    assert_eq!((take(&records, "y", 63).len(), take(&records, "y", 64).len()), (0, 1));
}

fn two_take_different_channels(house: &House) {
    let (records, others) = (house.records(), house.records());
    let marks = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    for mark in marks {
        added(&records, ADA, mark);
    }
    put(&records, ADA, "a", 0);
    let (records, others) = (&records, &others);
    let taken: Vec<i64> = std::thread::scope(|scope| {
        let racers = [(records, "x"), (others, "y"), (records, "x"), (others, "y")].map(|(records, by)| {
            scope.spawn(move || {
                let mut taken = Vec::new();
                for _ in 0..6 {
                    let turns = done(records, move |sql| delivery::take(sql, by, (at(1), at(61)), (2, 16)));
                    taken.extend(turns.iter().map(|turn| turn.channel.id));
                }
                taken
            })
        });
        racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
    });
    let mut each = taken.clone();
    each.sort_unstable();
    each.dedup();
    assert_eq!((taken.len(), each.len()), (marks.len(), marks.len()));
}

fn dead_letters_can_be_sent_again_and_ended_channels_take_theirs_along(house: &House) {
    let records = house.records();
    let (id, gone) = (added(&records, ADA, "a").id, added(&records, ADA, "gone").id);
    put(&records, ADA, "a", 0);
    for turn in take(&records, "x", 1) {
        let (channel, delivery) = (turn.channel.id, turn.due[0].id);
        if channel == gone {
            note(&records, "x", Step::Gone { channel }, 2);
        } else {
            let why = "404".to_owned();
            note(&records, "x", Step::Failed { channel, delivery, why, is_dead: true }, 2);
            note(&records, "x", Step::Over { channel, not_before: at(2) }, 2);
        }
    }
    assert_eq!(done(&records, move |sql| channel::get(sql, ADA, gone)), None);
    let dead = done(&records, |sql| delivery::dead(sql, ADA, 10));
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].state, dead[0].tries, dead[0].ended_at), (State::Dead, 1, Some(at(2))));
    assert_eq!(
        done(&records, |sql| delivery::keep_house(sql, at(3))),
        Counts { waiting: 0, dead: 1, failing: 1 }
    );
    let letter = dead[0].id;
    assert!(!done(&records, move |sql| delivery::retry(sql, EVE, letter, at(4))));
    assert!(done(&records, move |sql| delivery::retry(sql, ADA, letter, at(4))));
    assert!(!done(&records, move |sql| delivery::retry(sql, ADA, letter, at(4))));
    assert_eq!(done(&records, |sql| delivery::waiting(sql, ADA)), [(id, 1)]);
    assert_eq!(take(&records, "x", 4)[0].due[0].tries, 0);
}

fn a_test_is_due_at_once_and_first(house: &House) {
    let records = house.records();
    let id = added(&records, ADA, "a").id;
    put(&records, ADA, "a", 0);
    let turn = take(&records, "x", 1).remove(0);
    let why = "no".to_owned();
    note(&records, "x", Step::Failed { channel: id, delivery: turn.due[0].id, why, is_dead: false }, 2);
    note(&records, "x", Step::Over { channel: id, not_before: at(1_000) }, 2);
    let test = |key: &'static str, second: i64| {
        done(&records, move |sql| delivery::put_to(sql, id, &notice(ADA, key), true, at(second)))
    };
    assert!(test("t1", 3).is_some());
    let turn = take(&records, "x", 3).remove(0);
    assert_eq!(keys(&turn), ["t1", "a"]);
    // One that comes during a turn is due at its end.
    assert!(test("t2", 4).is_some() && test("t2", 4).is_none());
    note(&records, "x", Step::Sent { channel: id, delivery: turn.due[0].id }, 5);
    note(&records, "x", Step::Over { channel: id, not_before: at(1_000) }, 5);
    assert_eq!(keys(&take(&records, "x", 5)[0]), ["t2", "a"]);
    assert_eq!(done(&records, |sql| delivery::put_since(sql, ADA, "alert", at(2))), 2);
}

fn what_is_off_waits_until_it_is_on(house: &House) {
    let records = house.records();
    let id = added(&records, ADA, "a").id;
    put(&records, ADA, "a", 0);
    let set = |is_on: bool, second: i64| {
        let change = Change { is_on: Some(is_on), ..Change::default() };
        done(&records, move |sql| channel::update(sql, (ADA, id), &change, at(second)))
    };
    set(false, 1);
    assert_eq!((take(&records, "x", 2).len(), done(&records, delivery::next_due)), (0, None));
    set(true, 3);
    assert_eq!(take(&records, "x", 3).len(), 1);
}

fn everything_is_bounded(house: &House) {
    let records = house.records();
    let id = added(&records, ADA, "a").id;
    let most = usize::try_from(WAITING_MAX).unwrap();
    let given_up: usize = done(&records, move |sql| {
        (0..most + 3).try_fold(0, |sum, n| match delivery::put(sql, &notice(ADA, &n.to_string()), at(0))? {
            Put::Queued { given_up, .. } => Ok(sum + given_up),
            Put::Known => Ok(sum),
        })
    });
    assert_eq!(given_up, 3);
    assert_eq!(done(&records, |sql| delivery::waiting(sql, ADA)), [(id, WAITING_MAX)]);
    let dead = done(&records, |sql| delivery::dead(sql, ADA, 10));
    assert_eq!(
        dead.iter().map(|entry| entry.title.as_str()).collect::<Vec<_>>(),
        ["title of 2", "title of 1", "title of 0"]
    );
    assert!(dead[0].why.as_deref().unwrap().contains("more than 1000"));
    // The newest that ended are remembered.
    while let Some(turn) = take(&records, "x", 1).pop() {
        done(&records, move |sql| {
            for due in &turn.due {
                delivery::note(sql, "x", &Step::Sent { channel: id, delivery: due.id }, at(2))?;
            }
            delivery::note(sql, "x", &Step::Over { channel: id, not_before: at(1) }, at(2))
        });
    }
    let kept = history(&records, ADA, id);
    assert_eq!(i64::try_from(kept.len()).unwrap(), HISTORY_MAX);
    assert_eq!(kept[0].title, format!("title of {}", most + 2));
    // So are notices, by which one is known again: none goes that has not gone from the histories.
    done(&records, |sql| delivery::keep_house(sql, at(3)).map(drop));
    assert_eq!(put(&records, ADA, "0", 4), Put::Known);
    done(&records, |sql| delivery::keep_house(sql, at(36 * 86_400)).map(drop));
    assert_eq!(put(&records, ADA, "0", 36 * 86_400), queued(1));
    assert_eq!(put(&records, ADA, &(most + 2).to_string(), 36 * 86_400), Put::Known);
    let many = usize::try_from(NOTICES_MAX).unwrap();
    done(&records, move |sql| {
        (0..many + 10).try_for_each(|n| delivery::put(sql, &notice(EVE, &n.to_string()), at(0)).map(drop))?;
        delivery::keep_house(sql, at(1)).map(drop)
    });
    assert_eq!(put(&records, EVE, "9", 2), queued(0));
    assert_eq!(put(&records, EVE, "11", 2), Put::Known);
}

fn what_is_kept_is_made_once(house: &House) {
    let (records, others) = (house.records(), house.records());
    let keep = |records: &Records, made: &'static [u8]| {
        done(records, move |sql| kept::get_or_keep(sql, "key", made))
    };
    assert_eq!(done(&records, |sql| kept::get(sql, "key")), None);
    assert_eq!(keep(&records, b"\0one"), b"\0one");
    assert_eq!(keep(&others, b"other"), b"\0one");
    assert_eq!(done(&house.records(), |sql| kept::get(sql, "key")), Some(b"\0one".to_vec()));
}

fn the_first_operator_takes_over_what_the_local_user_has(house: &House) {
    let records = house.records();
    let id = added(&records, 0, "a").id;
    put(&records, 0, "a", 0);
    done(&records, |sql| channel::take_over(sql, ADA));
    assert_eq!(done(&records, |sql| channel::list(sql, ADA))[0].id, id);
    assert_eq!(put(&records, ADA, "a", 1), Put::Known);
    assert_eq!(take(&records, "x", 1)[0].due[0].notice.owner, ADA);
}

macro_rules! contract {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[test]
            fn $test() {
                super::$test(&super::House::new(super::Kind::Sqlite));
            })*
        }

        mod postgres {
            $(#[test]
            fn $test() {
                super::$test(&super::House::new(super::Kind::Postgres));
            })*
        }
    };
}

contract! {
    channels_come_change_and_go
    a_browser_is_one_persons
    a_notice_goes_to_the_channels_it_names
    an_address_is_confirmed_by_its_code_alone
    a_notice_is_queued_once_for_each_channel_that_is_on
    who_is_banned_is_told_nothing
    a_channel_is_taken_by_one_at_a_time
    what_was_taken_comes_back_after_a_start_or_in_time
    two_take_different_channels
    dead_letters_can_be_sent_again_and_ended_channels_take_theirs_along
    a_test_is_due_at_once_and_first
    what_is_off_waits_until_it_is_on
    everything_is_bounded
    what_is_kept_is_made_once
    the_first_operator_takes_over_what_the_local_user_has
}
