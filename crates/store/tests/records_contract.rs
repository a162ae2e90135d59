//! What records promise, tried on both databases: the same tests, told which to use.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;

use market::Timestamp;
use store::records::alert::{Alert, Progress, Stand};
use store::records::firing::{Firing, NewFiring};
use store::records::identity::NewIdentity;
use store::records::person::{NewPerson, Person, Role};
use store::records::watchlist::{self, Changed, Content, Watchlist};
use store::records::{
    RecordError, Records, Secret, SecretHash, Sql, alert, api_key, board, firing, identity, invite, login,
    person,
};
use support::{House, Kind};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(1_763_735_400_000_000_000 + seconds * 1_000_000_000)
}

fn hash(n: u8) -> SecretHash {
    Secret::new("", [n; 32]).hash()
}

fn new(name: &str) -> NewPerson {
    NewPerson { name: name.into(), role: Role::User, account: name.into(), password: format!("$of {name}") }
}

/// Does something in one transaction that must succeed.
fn done<T: Send + 'static>(
    records: &Records,
    work: impl FnMut(&mut dyn Sql) -> Result<T, RecordError> + Send + 'static,
) -> T {
    records.run_blocking(work).unwrap()
}

fn added(records: &Records, name: &'static str) -> Person {
    done(records, move |sql| person::insert(sql, &new(name), at(0)))
}

fn people_are_added_once(house: &House) {
    let records = house.records();
    assert!(!done(&records, person::is_any));
    let ada = added(&records, "ada");
    let odd = added(&records, "~!\"'$1?%;--");
    assert!(done(&records, person::is_any) && !done(&records, person::is_any_operator));
    let found = done(&records, |sql| person::by_name(sql, "ada"));
    assert_eq!(found, Some((ada.clone(), "$of ada".to_owned())));
    // Case matters, as at the desk.
    assert_eq!(done(&records, |sql| person::by_name(sql, "Ada")), None);
    assert_eq!(done(&records, |sql| person::by_account(sql, "~!\"'$1?%;--")), Some(odd.clone()));
    let twice = |work: NewPerson| {
        let told = records.run_blocking(move |sql| person::insert(sql, &work, at(1)).map(drop));
        assert!(matches!(told, Err(RecordError::Taken)), "{told:?}");
    };
    twice(new("ada"));
    twice(NewPerson { account: "ada".into(), ..new("grace") });
    // What failed has left nothing behind, and what comes next is not disturbed.
    assert_eq!(done(&records, |sql| person::by_name(sql, "grace")), None);
    let grace = added(&records, "grace");
    let all = [ada.clone(), odd, grace.clone()];
    assert_eq!(done(&records, |sql| person::list(sql, 0, 10)), all);
    let after = ada.id;
    assert_eq!(done(&records, move |sql| person::list(sql, after, 1)), all[1..2]);
    assert_eq!(all.iter().map(|p| p.id).collect::<HashSet<_>>().len(), 3);
    let id = grace.id;
    done(&records, move |sql| person::set_role(sql, id, Role::Operator));
    assert!(done(&records, person::is_any_operator));
}

fn a_transaction_is_whole_or_nothing(house: &House) {
    let records = house.records();
    let told = records.run_blocking(|sql| {
        person::insert(sql, &new("ada"), at(0))?;
        Err::<(), _>(RecordError::TooMany { most: 1 })
    });
    assert!(matches!(told, Err(RecordError::TooMany { most: 1 })), "{told:?}");
    assert!(!done(&records, person::is_any));
    // Nor is there anything of a statement that makes no sense.
    let told = records.run_blocking(|sql| {
        person::insert(sql, &new("ada"), at(0))?;
        sql.execute("UPDATE nothing SET x = ?1", &[1.into()])
    });
    assert!(matches!(told, Err(RecordError::Refused { .. })), "{told:?}");
    assert!(!done(&records, person::is_any));
}

fn it_is_there_after_it_was_closed(house: &House) {
    let ada = added(&house.records(), "ada");
    let records = house.records();
    assert_eq!(done(&records, |sql| person::list(sql, 0, 9)), std::slice::from_ref(&ada));
    assert!(added(&records, "grace").id > ada.id);
}

fn two_have_it_open_at_a_time(house: &House) {
    let (one, other) = (house.records(), house.records());
    let (one, other) = (&one, &other);
    let names: Vec<&'static str> = vec!["a", "b", "c", "d", "e", "f", "g", "h"];
    let won: usize = std::thread::scope(|scope| {
        let racers = [one, other, one, other].map(|records| {
            let names = names.clone();
            scope.spawn(move || {
                let add = |name: &&'static str| {
                    let name = *name;
                    match records.run_blocking(move |sql| person::insert(sql, &new(name), at(0))) {
                        Ok(_) => true,
                        Err(RecordError::Taken) => false,
                        Err(error) => panic!("{error}"),
                    }
                };
                names.iter().filter(|name| add(name)).count()
            })
        });
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(won, names.len());
    let ids: HashSet<i64> = done(one, |sql| person::list(sql, 0, 100)).iter().map(|p| p.id).collect();
    assert_eq!(ids.len(), names.len());
}

fn an_identity_is_one_persons(house: &House) {
    let records = house.records();
    let (ada, bob) = (added(&records, "ada").id, added(&records, "bob").id);
    let of = |subject: &str| NewIdentity {
        issuer: "https://a.example".into(),
        subject: subject.into(),
        label: "Ada é".into(),
    };
    let link = |person: i64, subject: &str| {
        let new = of(subject);
        records.run_blocking(move |sql| identity::insert(sql, person, &new, at(1)))
    };
    let first = link(ada, "1").unwrap();
    assert!(matches!(link(bob, "1"), Err(RecordError::Taken)));
    assert!(matches!(link(ada, "1"), Err(RecordError::Taken)));
    link(bob, "2").unwrap();
    let find = |issuer: &'static str, subject: &'static str| {
        done(&records, move |sql| identity::find(sql, issuer, subject))
            .map(|(identity, person)| (identity, person.id))
    };
    assert_eq!(find("https://a.example", "1"), Some((first.clone(), ada)));
    assert_eq!(find("https://b.example", "1"), None);
    let id = first.id;
    done(&records, move |sql| identity::used(sql, id, "countess", at(9)));
    let list = done(&records, move |sql| identity::list(sql, ada));
    assert_eq!(list, [identity::Identity { label: "countess".into(), last_used_at: at(9), ..first }]);
    assert!(!done(&records, move |sql| identity::remove(sql, bob, id)));
    assert!(done(&records, move |sql| identity::remove(sql, ada, id)));
    assert_eq!(find("https://a.example", "1"), None);
    for n in 0..identity::IDENTITIES_MAX {
        link(ada, &format!("n{n}")).unwrap();
    }
    assert!(matches!(link(ada, "more"), Err(RecordError::TooMany { .. })));
    assert!(done(&records, move |sql| person::has_password(sql, ada)));
    let none = NewPerson { password: person::NO_PASSWORD.into(), ..new("carl") };
    let carl = done(&records, move |sql| person::insert(sql, &none, at(0))).id;
    assert!(!done(&records, move |sql| person::has_password(sql, carl)));
}

fn logins_come_and_go(house: &House) {
    let records = house.records();
    let (ada, grace) = (added(&records, "ada").id, added(&records, "grace").id);
    let sign_in = |person: i64, n: u8, second: i64| {
        done(&records, move |sql| login::insert(sql, person, &hash(n), ("::1", "Firefox é"), at(second))).0
    };
    let (first, second, others) = (sign_in(ada, 1, 0), sign_in(ada, 2, 1), sign_in(grace, 3, 2));
    let (found, whose) = done(&records, |sql| login::find(sql, &hash(1))).unwrap();
    assert_eq!((found, whose.id), (first.clone(), ada));
    assert_eq!(done(&records, |sql| login::find(sql, &hash(9))), None);
    done(&records, {
        let id = first.id;
        move |sql| login::touch(sql, &[(id, at(50)), (id, at(40)), (77_777, at(60))])
    });
    let list = done(&records, move |sql| login::list(sql, ada));
    assert_eq!(list.iter().map(|l| l.id).collect::<Vec<_>>(), [first.id, second.id]);
    assert_eq!(list[0].last_used_at, at(50));
    // Nobody ends another's.
    let (id, theirs) = (second.id, others.id);
    assert!(!done(&records, move |sql| login::remove(sql, ada, theirs)));
    assert!(done(&records, move |sql| login::remove(sql, ada, id)));
    assert!(!done(&records, move |sql| login::remove(sql, ada, id)));
    let third = sign_in(ada, 4, 60);
    let (keep, ids) = (third.id, vec![first.id, second.id, third.id, others.id]);
    assert_eq!(done(&records, move |sql| login::remove_all(sql, ada, Some(keep))), [first.id]);
    assert_eq!(done(&records, move |sql| login::alive(sql, &ids)), [third.id, others.id]);
    // By the time since signing in, and since the last use.
    assert_eq!(done(&records, |sql| login::expire(sql, at(0), at(30))), 1);
    assert_eq!(done(&records, |sql| login::expire(sql, at(61), at(0))), 1);
    assert_eq!(done(&records, move |sql| login::list(sql, ada)), []);
    // The number is bounded; the one unused for longest makes room.
    for n in 0..login::LOGINS_MAX {
        sign_in(ada, 100 + n as u8, n as i64);
    }
    let (newest, over) =
        done(&records, move |sql| login::insert(sql, ada, &hash(99), ("::1", ""), at(1_000)));
    assert_eq!(over.len(), 1);
    assert!(done(&records, |sql| login::find(sql, &hash(100))).is_none());
    let list = done(&records, move |sql| login::list(sql, ada));
    assert_eq!((list.len(), list[0].id), (login::LOGINS_MAX, newest.id));
}

fn keys_come_and_go(house: &House) {
    let records = house.records();
    let (ada, grace) = (added(&records, "ada").id, added(&records, "grace").id);
    let add = |person: i64, n: u8| {
        records
            .run_blocking(move |sql| api_key::insert(sql, person, &hash(n), ("script", "read,trade"), at(3)))
    };
    let key = add(ada, 1).unwrap();
    assert_eq!((&*key.scopes, key.last_used_at), ("read,trade", None));
    let id = key.id;
    done(&records, move |sql| api_key::touch(sql, &[(id, at(9)), (id, at(8))]));
    let (found, whose) = done(&records, |sql| api_key::find(sql, &hash(1))).unwrap();
    assert_eq!((found.last_used_at, whose.name), (Some(at(9)), "ada".to_owned()));
    assert!(!done(&records, move |sql| api_key::remove(sql, grace, id)));
    assert_eq!(done(&records, move |sql| api_key::alive(sql, &[id, 4_711])), [id]);
    assert!(done(&records, move |sql| api_key::remove(sql, ada, id)));
    assert_eq!(done(&records, |sql| api_key::find(sql, &hash(1))), None);
    for n in 0..api_key::KEYS_MAX {
        add(ada, 100 + n as u8).unwrap();
    }
    assert!(matches!(add(ada, 99), Err(RecordError::TooMany { .. })));
    add(grace, 98).unwrap();
}

fn a_password_ends_logins_and_a_ban_keys_too(house: &House) {
    let records = house.records();
    let ada = added(&records, "ada").id;
    let sign_in = move |n: u8| move |sql: &mut dyn Sql| login::insert(sql, ada, &hash(n), ("", ""), at(0));
    let keep = done(&records, sign_in(1)).0.id;
    done(&records, sign_in(2));
    done(&records, move |sql| api_key::insert(sql, ada, &hash(3), ("", ""), at(0)));
    done(&records, move |sql| person::set_password(sql, ada, "$new", Some(keep), at(5)));
    let (person, password) = done(&records, |sql| person::by_name(sql, "ada")).unwrap();
    assert_eq!((person.password_changed_at, &*password), (at(5), "$new"));
    assert_eq!(done(&records, move |sql| login::list(sql, ada)).len(), 1);
    assert_eq!(done(&records, move |sql| api_key::list(sql, ada)).len(), 1);
    // A hash is renewed only while it is still that.
    done(&records, move |sql| person::renew_hash(sql, ada, "$old", "$x"));
    done(&records, move |sql| person::renew_hash(sql, ada, "$new", "$newer"));
    assert_eq!(done(&records, |sql| person::by_name(sql, "ada")).unwrap().1, "$newer");
    done(&records, move |sql| person::set_disabled(sql, ada, Some(at(6))));
    let person = done(&records, move |sql| person::by_id(sql, ada)).unwrap();
    assert_eq!(person.disabled_at, Some(at(6)));
    assert_eq!(done(&records, move |sql| login::list(sql, ada)), []);
    assert_eq!(done(&records, move |sql| api_key::list(sql, ada)), []);
    done(&records, move |sql| person::set_disabled(sql, ada, None));
    assert_eq!(done(&records, move |sql| person::by_id(sql, ada)).unwrap().disabled_at, None);
}

fn an_invite_is_used_once(house: &House) {
    let records = house.records();
    let kept = done(&records, |sql| invite::insert(sql, Role::Operator, &hash(1), None, at(0)));
    let brief = done(&records, |sql| invite::insert(sql, Role::User, &hash(2), Some(at(10)), at(0)));
    assert_eq!(done(&records, |sql| invite::open(sql, at(9))), [kept.clone(), brief]);
    assert_eq!(done(&records, |sql| invite::find(sql, &hash(2), at(10))), None);
    assert_eq!(done(&records, |sql| invite::find(sql, &hash(1), at(10_000_000))), Some(kept.clone()));
    let id = kept.id;
    assert!(done(&records, move |sql| invite::consume(sql, id, 5, at(11))));
    assert!(!done(&records, move |sql| invite::consume(sql, id, 6, at(11))));
    assert!(!done(&records, move |sql| invite::remove(sql, id)));
    assert_eq!(done(&records, |sql| invite::find(sql, &hash(1), at(12))), None);
    let other = done(&records, |sql| invite::insert(sql, Role::User, &hash(3), None, at(20))).id;
    assert!(done(&records, move |sql| invite::remove(sql, other)));
    assert_eq!(done(&records, |sql| invite::open(sql, at(20))), []);
}

fn content(name: &str, symbols: &[&str]) -> Content {
    Content { name: name.into(), symbols: symbols.iter().map(|&symbol| symbol.to_owned()).collect() }
}

fn listed(records: &Records, owner: i64, name: &'static str, symbols: &'static [&str]) -> Watchlist {
    done(records, move |sql| watchlist::insert(sql, owner, &content(name, symbols), at(1)))
}

fn lists_have_an_order_and_versions(house: &House) {
    let records = house.records();
    let cars = listed(&records, 1, "Cars", &["GM", "IC MARKETS:1", "F"]);
    let empty = listed(&records, 1, "é \"x\"", &[]);
    let others = listed(&records, 2, "Cars", &["TSLA"]);
    assert_eq!(done(&records, |sql| watchlist::list(sql, 1)), [cars.clone(), empty.clone()]);
    let taken = records.run_blocking(|sql| watchlist::insert(sql, 1, &content("Cars", &[]), at(1)));
    assert!(matches!(taken, Err(RecordError::Taken)), "{taken:?}");
    let id = cars.id;
    let change = |owner: i64, version: Option<i64>, name: &'static str| {
        let work = move |sql: &mut dyn Sql| {
            watchlist::update(sql, (owner, id), version, &content(name, &["GM"]), at(2))
        };
        records.run_blocking(work)
    };
    let Ok(Changed::Done(changed)) = change(1, Some(1), "Autos") else { panic!("it has this version") };
    assert_eq!((&*changed.name, changed.version, changed.updated_at), ("Autos", 2, at(2)));
    assert_eq!(changed.symbols, ["GM"]);
    assert_eq!(change(1, Some(1), "Late").unwrap(), Changed::Stale(changed.clone()));
    assert_eq!(change(2, None, "Foreign").unwrap(), Changed::Missing);
    assert!(matches!(change(1, None, "é \"x\""), Err(RecordError::Taken)));
    assert!(matches!(change(1, None, "Autos").unwrap(), Changed::Done(list) if list.version == 3));
    // In the order that is asked for, of just all lists.
    let (a, b, c) = (cars.id, empty.id, others.id);
    for wrong in [vec![a], vec![a, b, c], vec![a, a], vec![]] {
        assert!(!done(&records, move |sql| watchlist::reorder(sql, 1, &wrong)));
    }
    assert!(done(&records, move |sql| watchlist::reorder(sql, 1, &[b, a])));
    let added = listed(&records, 1, "Newest", &[]);
    let order: Vec<i64> = done(&records, |sql| watchlist::list(sql, 1)).iter().map(|list| list.id).collect();
    assert_eq!(order, [b, a, added.id]);
    // What visitors are shown is one list.
    assert_eq!(done(&records, watchlist::for_visitors), None);
    for id in [a, c] {
        done(&records, move |sql| watchlist::show_visitors(sql, id, true));
        assert_eq!(done(&records, watchlist::for_visitors).unwrap().id, id);
    }
    done(&records, move |sql| watchlist::show_visitors(sql, c, false));
    assert_eq!(done(&records, watchlist::for_visitors), None);
    assert!(matches!(done(&records, move |sql| watchlist::remove(sql, (1, a), Some(1))), Changed::Stale(_)));
    assert_eq!(done(&records, move |sql| watchlist::remove(sql, (2, a), None)), Changed::Missing);
    assert!(matches!(done(&records, move |sql| watchlist::remove(sql, (1, a), Some(3))), Changed::Done(_)));
    for _ in 0..watchlist::LISTS_MAX - 2 {
        done(&records, |sql| {
            let name = sql.new_id()?.to_string();
            watchlist::insert(sql, 1, &content(&name, &[]), at(3))
        });
    }
    let over = records.run_blocking(|sql| watchlist::insert(sql, 1, &content("one more", &[]), at(3)));
    assert!(matches!(over, Err(RecordError::TooMany { .. })), "{over:?}");
    // The local user's become a person's.
    let local = listed(&records, 0, "Cars", &["GM"]);
    done(&records, |sql| watchlist::take_over(sql, 7));
    assert_eq!(done(&records, |sql| watchlist::list(sql, 7)), [Watchlist { owner: 7, ..local }]);
}

fn boards_show_a_list_until_they_are_taken_back(house: &House) {
    let records = house.records();
    let cars = listed(&records, 1, "Cars", &["GM"]).id;
    let add = |owner: i64, n: u8| {
        records.run_blocking(move |sql| board::insert(sql, owner, cars, &hash(n), at(1))).unwrap()
    };
    assert_eq!(add(2, 1), None);
    let (first, second) = (add(1, 1).unwrap(), add(1, 2).unwrap());
    let change = move |sql: &mut dyn Sql| {
        watchlist::update(sql, (1, cars), None, &content("Autos", &["F"]), at(2)).map(drop)
    };
    done(&records, change);
    let (found, list) = done(&records, |sql| board::find(sql, &hash(1))).unwrap();
    assert_eq!((found, &*list.name), (first.clone(), "Autos"));
    assert_eq!(done(&records, |sql| board::list(sql, 1)), [first.clone(), second]);
    let id = first.id;
    assert!(!done(&records, move |sql| board::remove(sql, 2, id)));
    assert!(done(&records, move |sql| board::remove(sql, 1, id)));
    assert_eq!(done(&records, |sql| board::find(sql, &hash(1))), None);
    // With the list go its links.
    done(&records, move |sql| watchlist::remove(sql, (1, cars), None));
    assert_eq!(done(&records, |sql| board::find(sql, &hash(2))), None);
    assert_eq!(done(&records, |sql| board::list(sql, 1)), []);
}

fn rule(symbol: &str) -> alert::Content {
    alert::Content {
        symbol: symbol.into(),
        rule: "{\"kind\":\"price_above\"}".into(),
        hysteresis: Some(50),
        expires_at: None,
        quiet: Some("{}".into()),
        note: "to be sold".into(),
        is_paused: false,
        active_from: at(1),
        seen: Some(190),
        state: "armed".into(),
        channels: Vec::new(),
    }
}

fn set(records: &Records, owner: i64, symbol: &'static str) -> Alert {
    done(records, move |sql| alert::insert(sql, owner, &rule(symbol), at(2)))
}

fn changed(change: alert::Changed) -> Alert {
    match change {
        alert::Changed::Done(alert) => *alert,
        other => panic!("{other:?}"),
    }
}

/// A crossing of an alert, the how-manieth of its life, by a trade of this name.
fn crossing(alert: &Alert, number: i64, trade: &str) -> NewFiring {
    NewFiring {
        alert: alert.id,
        generation: alert.generation,
        number,
        name: format!("{}.{}.{trade}", alert.id, alert.generation),
        symbol: alert.content.symbol.clone(),
        at: at(number),
        not_before: None,
        body: "{}".into(),
        state: format!("resting {number}"),
    }
}

fn recorded(records: &Records, firings: Vec<NewFiring>) -> Vec<Firing> {
    done(records, move |sql| firing::record(sql, &firings, at(9)))
}

fn alerts_begin_anew_when_they_are_changed(house: &House) {
    let records = house.records();
    let (one, two) = (set(&records, 7, "AAPL"), set(&records, 7, "TSLA"));
    set(&records, 8, "GM");
    assert_eq!(done(&records, |sql| alert::list(sql, 7)), [two.clone(), one.clone()]);
    let (id, own) = (one.id, (7, one.id));
    assert_eq!(done(&records, move |sql| alert::get(sql, 8, id)), None);
    assert_eq!(recorded(&records, vec![crossing(&one, 1, "a")]).len(), 1);
    let stored = done(&records, move |sql| alert::get(sql, 7, id)).unwrap();
    assert_eq!((stored.fired, &*stored.content.state, stored.last_fired_at), (1, "resting 1", Some(at(1))));

    let channels = vec![31, 7];
    let content = alert::Content {
        hysteresis: None,
        quiet: None,
        seen: None,
        channels: channels.clone(),
        ..rule("MSFT")
    };
    let wanted = content.clone();
    let told = done(&records, move |sql| alert::replace(sql, own, Some(2), &wanted, at(3)));
    assert!(matches!(told, alert::Changed::Stale(stale) if stale.version == 1));
    let wanted = content.clone();
    let now = changed(done(&records, move |sql| alert::replace(sql, own, Some(1), &wanted, at(3))));
    assert_eq!(now.content, content);
    assert_eq!((now.generation, now.version, now.fired, now.updated_at), (1, 2, 0, at(3)));
    assert!(now.revision > two.revision);
    // A crossing of its life before comes too late.
    assert_eq!(recorded(&records, vec![crossing(&one, 2, "b")]), []);
    // A firing goes where its alert went then.
    let fired = recorded(&records, vec![crossing(&now, 1, "b")]);
    assert_eq!(fired[0].channels, channels);
    assert_eq!(done(&records, |sql| firing::list(sql, 7, None, i64::MAX, 1)), fired);
    let foreign = done(&records, move |sql| alert::replace(sql, (8, id), None, &rule("X"), at(3)));
    assert_eq!(foreign, alert::Changed::Missing);

    // Others find what has changed, in its order, and what was removed among it.
    let after = two.revision;
    let news = done(&records, move |sql| alert::changes(sql, after, 10));
    assert_eq!(news.iter().map(|a| &*a.content.symbol).collect::<Vec<_>>(), ["GM", "MSFT"]);
    assert!(done(&records, move |sql| alert::remove(sql, 7, id, at(4))));
    assert!(!done(&records, move |sql| alert::remove(sql, 7, id, at(4))));
    assert_eq!(done(&records, move |sql| alert::get(sql, 7, id)), None);
    let news = done(&records, move |sql| alert::changes(sql, after, 10));
    assert_eq!((news[1].id, news[1].removed_at), (id, Some(at(4))));
    assert_eq!(recorded(&records, vec![crossing(&now, 2, "c")]), []);
    let back = done(&records, move |sql| alert::restore(sql, own, (at(5), Some(1), "new"), at(5)));
    let back = changed(back);
    assert_eq!((back.generation, back.fired, &*back.content.state), (2, 0, "new"));
    let newest = back.revision;
    assert_eq!(done(&records, |sql| alert::newest_revision(sql, 7)), newest);

    done(&records, move |sql| alert::remove(sql, 7, id, at(6)));
    assert_eq!(done(&records, |sql| alert::forget_removed(sql, at(6))), 0);
    assert_eq!(done(&records, |sql| alert::forget_removed(sql, at(7))), 1);
    assert_eq!(done(&records, |sql| firing::list(sql, 7, None, i64::MAX, 9)), []);
    let gone = done(&records, move |sql| alert::restore(sql, own, (at(5), None, "new"), at(5)));
    assert_eq!(gone, alert::Changed::Missing);
}

fn a_crossing_is_recorded_once(house: &House) {
    let records = house.records();
    let mine = set(&records, 0, "AAPL");
    let first = recorded(&records, vec![crossing(&mine, 1, "a"), crossing(&mine, 1, "a")]);
    assert_eq!((first.len(), first[0].owner, first[0].alert), (1, 0, mine.id));
    // The same crossing again, as another server names it, and as a replay counts it: neither counts.
    assert_eq!(recorded(&records, vec![crossing(&mine, 1, "b"), crossing(&mine, 2, "a")]), []);
    let id = mine.id;
    assert_eq!(done(&records, move |sql| alert::get(sql, 0, id)).unwrap().fired, 1);
    let more = recorded(&records, (3..=5).map(|n| crossing(&mine, n, &n.to_string())).collect());
    let ids: Vec<i64> = more.iter().map(|firing| firing.id).collect();
    let (from, to) = (first[0].id, ids[1]);
    assert_eq!(done(&records, firing::newest), ids[2]);
    assert_eq!(done(&records, move |sql| firing::after(sql, from, 9)), more);
    assert_eq!(done(&records, move |sql| firing::list(sql, 0, None, to, 1)), more[..1]);
    assert_eq!(done(&records, move |sql| firing::list(sql, 0, Some(id), i64::MAX, 9)).len(), 4);
    assert_eq!(done(&records, move |sql| firing::list(sql, 0, Some(id + 1), i64::MAX, 9)), []);

    assert_eq!(done(&records, |sql| firing::waiting(sql, at(9), at(1_000), 9)), []);
    assert_eq!(done(&records, |sql| firing::waiting(sql, at(10), at(1_000), 9)).len(), 4);
    done(&records, move |sql| firing::handed_on(sql, &[from, to]));
    let left = done(&records, |sql| firing::waiting(sql, at(10), at(1_000), 9));
    assert_eq!(left.iter().map(|firing| firing.id).collect::<Vec<_>>(), [ids[0], ids[2]]);

    let stand = |fired, state: &str| Stand { alert: id, generation: 0, fired, state: state.into() };
    let stands = [stand(5, "armed"), stand(4, "old"), Stand { generation: 9, ..stand(5, "other") }];
    done(&records, move |sql| alert::set_states(sql, &stands));
    assert_eq!(done(&records, move |sql| alert::get(sql, 0, id)).unwrap().content.state, "armed");

    // What is kept is bounded, and what was let go is not recorded a second time.
    let many: Vec<_> = (6..1_010).map(|n| crossing(&mine, n, &n.to_string())).collect();
    assert_eq!(recorded(&records, many).len(), 1_004);
    let kept = done(&records, |sql| firing::list(sql, 0, None, i64::MAX, 9_999));
    assert_eq!(kept.len(), firing::FIRINGS_MAX);
    assert_eq!(recorded(&records, vec![crossing(&mine, 1, "a")]), []);

    done(&records, |sql| alert::take_over(sql, 7));
    assert_eq!(done(&records, |sql| alert::list(sql, 7)).len(), 1);
    assert_eq!(done(&records, |sql| firing::list(sql, 7, None, i64::MAX, 5)).len(), 5);
}

fn two_that_decide_the_same_crossings_record_each_once(house: &House) {
    let (one, other) = (house.records(), house.records());
    let alerts: Vec<Alert> = (0..20).map(|n| set(&one, n % 3, "AAPL")).collect();
    let alerts = &alerts;
    let n_recorded: usize = std::thread::scope(|scope| {
        let racers = [(&one, false), (&other, true), (&one, true), (&other, false)].map(|(records, back)| {
            scope.spawn(move || {
                let decide = |number: i64| {
                    let mut all: Vec<_> =
                        alerts.iter().map(|a| crossing(a, number, &format!("{number}"))).collect();
                    if back {
                        all.reverse();
                    }
                    recorded(records, all).len()
                };
                (1..=10).map(decide).sum::<usize>()
            })
        });
        racers.map(|racer| racer.join().unwrap()).iter().sum()
    });
    // A later number that came first makes the earlier one too late, so there may be fewer, but never more.
    let found: usize = (0..3)
        .map(|owner| done(&one, move |sql| firing::list(sql, owner, None, i64::MAX, 9_999)).len())
        .sum();
    assert_eq!(n_recorded, found);
    assert!(found <= 200, "{found}");
    let last = done(&other, |sql| firing::list(sql, 0, None, i64::MAX, 9_999));
    let names: HashSet<&str> = last.iter().map(|firing| &*firing.name).collect();
    assert_eq!(names.len(), last.len());
}

fn what_a_reader_knew_is_kept(house: &House) {
    let records = house.records();
    assert_eq!(done(&records, |sql| alert::progress(sql, "a")), None);
    let first = Progress { position: None, state: vec![1, 2] };
    let next = Progress { position: Some(vec![0, 255]), state: vec![] };
    for progress in [&first, &next] {
        let progress = progress.clone();
        done(&records, move |sql| alert::save_progress(sql, "a", &progress, at(1)));
    }
    let other = first.clone();
    done(&records, move |sql| alert::save_progress(sql, "b", &other, at(2)));
    assert_eq!(done(&records, |sql| alert::progress(sql, "a")), Some(next));
    assert_eq!(done(&records, |sql| alert::forget_readers(sql, at(2))), 1);
    assert_eq!(done(&records, |sql| alert::progress(sql, "a")), None);
    assert_eq!(done(&records, |sql| alert::progress(sql, "b")), Some(first));
}

fn alerts_of_an_owner_are_bounded(house: &House) {
    let records = house.records();
    let told = records.run_blocking(|sql| {
        for _ in 0..=alert::ALERTS_MAX {
            alert::insert(sql, 1, &rule("AAPL"), at(0))?;
        }
        Ok(())
    });
    assert!(matches!(told, Err(RecordError::TooMany { most: alert::ALERTS_MAX })), "{told:?}");
}

fn more_calls_than_may_wait_are_refused(house: &House) {
    let records = house.records();
    let (held, hold) = std::sync::mpsc::channel::<()>();
    let hold = std::sync::Mutex::new(hold);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let records = Arc::new(records);
    runtime.block_on(async {
        // Polled once, a call stands in the queue.
        let mut waiting = Vec::new();
        let first = records.run(move |_| {
            let _ = hold.lock().unwrap().recv();
            Ok(())
        });
        let mut first = Box::pin(first);
        assert!(poll_once(&mut first).await.is_none());
        let refused = loop {
            let mut call = Box::pin(records.run(person::is_any));
            match poll_once(&mut call).await {
                None => waiting.push(call),
                Some(told) => break told,
            }
        };
        assert!(matches!(refused, Err(RecordError::Busy)), "{refused:?}");
        assert!(waiting.len() >= 1_000, "{}", waiting.len());
        drop(held);
        first.await.unwrap();
        for call in waiting {
            assert!(!call.await.unwrap());
        }
    });
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(done) => Some(done),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

fn newer_records_are_left_alone(house: &House) {
    let records = house.records();
    done(&records, |sql| sql.execute("UPDATE records_version SET version = 99", &[]));
    drop(records);
    let told = house.try_records().unwrap_err();
    assert!(matches!(told, RecordError::Newer { found: 99, .. }), "{told}");
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
    people_are_added_once
    a_transaction_is_whole_or_nothing
    it_is_there_after_it_was_closed
    two_have_it_open_at_a_time
    an_identity_is_one_persons
    logins_come_and_go
    keys_come_and_go
    a_password_ends_logins_and_a_ban_keys_too
    an_invite_is_used_once
    lists_have_an_order_and_versions
    boards_show_a_list_until_they_are_taken_back
    alerts_begin_anew_when_they_are_changed
    a_crossing_is_recorded_once
    two_that_decide_the_same_crossings_record_each_once
    what_a_reader_knew_is_kept
    alerts_of_an_owner_are_bounded
    more_calls_than_may_wait_are_refused
    newer_records_are_left_alone
}

#[test]
fn postgres_that_was_away_is_reached_again() {
    let server = support::postgres::PostgresServer::start(&["fsync=off"]);
    let config = store::journal::PostgresConfig::new(server.new_database());
    let records = Records::in_postgres(&config).unwrap();
    added(&records, "ada");
    server.kill();
    let told = records.run_blocking(person::is_any);
    assert!(matches!(told, Err(RecordError::Unavailable { .. })), "{told:?}");
    server.start_again();
    assert!(done(&records, person::is_any));
    // And where the connection was cut while nobody used it, nobody notices.
    server.kill();
    server.start_again();
    assert_eq!(done(&records, |sql| person::list(sql, 0, 9)).len(), 1);
}

#[test]
fn the_file_is_its_owners_only() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let records = Records::in_folder(folder.path()).unwrap();
    added(&records, "ada");
    for name in ["records.db", "records.db-wal"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
