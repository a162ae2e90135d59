//! Recovery is running: entries, or a snapshot and the entries after it, make the same state.

use std::sync::Arc;

use ledger::{
    Action, Cents, Effect, Entry, Event, Key, Ledger, Millis, Outcome, Quote, Refusal, Shares, Snapshot,
};
use proptest::prelude::*;

use crate::desk::{Desk, quote, symbol};
use crate::random::{step, steps};

/// A ledger that knows the names another gave ids to.
fn namesake(of: &Ledger) -> Ledger {
    let mut ledger = Ledger::new();
    for id in 1..of.user_count() {
        ledger.intern(of.name(ledger::UserId(id as u32))).unwrap();
    }
    ledger
}

fn replayed(mut ledger: Ledger, entries: &[Entry]) -> Ledger {
    for entry in entries {
        ledger.replay(entry).unwrap();
    }
    ledger
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(200), ..ProptestConfig::default() })]

    #[test]
    fn entries_alone_make_the_state(steps in steps(60)) {
        let mut desk = Desk::new();
        for what in &steps {
            step(&mut desk, what);
        }
        let again = replayed(namesake(&desk.ledger), &desk.entries);
        prop_assert_eq!(again.snapshot(), desk.ledger.snapshot());
        again.audit().unwrap();
    }

    #[test]
    fn a_snapshot_and_the_entries_after_it_make_the_state(steps in steps(60), cut in 0usize..60) {
        let mut desk = Desk::new();
        for name in ["ann", "bob", "cyd"] {
            desk.user(name);
        }
        let mut kept = None;
        for (at, what) in steps.iter().enumerate() {
            if at == cut.min(steps.len() - 1) {
                kept = Some(desk.ledger.snapshot());
            }
            step(&mut desk, what);
        }
        let kept = kept.unwrap();
        let seq = kept.seq as usize;
        let restored = Ledger::restore(kept.clone()).unwrap();
        prop_assert_eq!(restored.snapshot(), kept);
        let again = replayed(restored, &desk.entries[seq..]);
        prop_assert_eq!(again.snapshot(), desk.ledger.snapshot());
        // It goes on as the other would.
        let mut other = Desk::new();
        other.ledger = again;
        let user = desk.ledger.find(&ledger::UserName::new("ann").unwrap()).unwrap();
        for action in [Action::CommitBuy, Action::CancelSell, Action::Add { amount: Cents(5) }] {
            let command = ledger::Command { user, n: 1, key: None, action };
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            desk.ledger.apply(&command, None, desk.now, &mut ours);
            other.ledger.apply(&command, None, desk.now, &mut theirs);
            prop_assert_eq!(ours, theirs);
        }
    }
}

/// Something of everything.
fn busy_desk() -> Desk {
    let mut desk = Desk::new();
    let (u, v) = (desk.user("u"), desk.user("v"));
    let (s, t) = (symbol("S"), symbol("T"));
    desk.price(s, "10".parse().unwrap());
    desk.run_keyed(u, Action::Add { amount: Cents(100_000) }, Some(Key(1)));
    desk.run(v, Action::Add { amount: Cents(100_000) });
    desk.run(u, Action::Buy { symbol: s, amount: Cents(5_000) });
    desk.run(u, Action::CommitBuy);
    desk.run(u, Action::Buy { symbol: s, amount: Cents(5_000) });
    desk.run(u, Action::Sell { symbol: s, amount: Cents(1_000) });
    desk.run(v, Action::SetBuyAmount { symbol: t, amount: Cents(500) });
    desk.run(v, Action::SetBuyTrigger { symbol: t, price: "3".parse().unwrap() });
    desk.run(u, Action::SetSellAmount { symbol: s, amount: Cents(2_500) });
    desk.run(u, Action::SetSellTrigger { symbol: s, price: "12".parse().unwrap() });
    desk.run(u, Action::Buy { symbol: t, amount: Cents(1) });
    desk.now = desk.now.plus(60_001);
    desk.run(u, Action::Buy { symbol: s, amount: Cents(2_000) });
    desk.price(s, "13".parse().unwrap());
    desk.run_keyed(v, Action::CommitBuy, Some(Key(2)));
    desk
}

fn is_from_outside(entry: &Entry) -> bool {
    match entry.event {
        Event::Command { outcome: Outcome::Refused(refusal), .. } => refusal.is_from_outside(),
        _ => false,
    }
}

#[test]
fn whatever_is_changed_in_an_entry_is_found() {
    let desk = busy_desk();
    let changes: [fn(&mut Entry); 12] = [
        |entry| entry.seq += 1,
        |entry| entry.previous += 1,
        |entry| entry.at = Millis(entry.at.0 - 1_000_000),
        |entry| entry.user = ledger::UserId(if entry.user.0 == 1 { 2 } else { 1 }),
        |entry| entry.user = ledger::UserId(99),
        |entry| {
            if let Event::Command { action, .. } = &mut entry.event {
                *action = Action::Add { amount: Cents(1) };
            }
        },
        |entry| {
            if let Event::Command { outcome, .. } = &mut entry.event {
                *outcome = Outcome::Refused(Refusal::NotYours);
            }
        },
        |entry| {
            if let Event::Command { outcome, .. } = &mut entry.event {
                *outcome = Outcome::Done(Effect::Deposited { amount: Cents(7) });
            }
        },
        |entry| {
            if let Event::Command { outcome: Outcome::Done(Effect::Opened(ticket)), .. } = &mut entry.event {
                ticket.shares = Shares(ticket.shares.0 + 1);
            }
        },
        |entry| {
            if let Event::Expired(ticket) = &mut entry.event {
                ticket.total = Cents(ticket.total.0 + 1);
            }
        },
        |entry| {
            if let Event::Fired(fill) = &mut entry.event {
                fill.basis = Cents(fill.basis.0 + 1);
            }
        },
        |entry| {
            if let (Event::Fired(_), Some(quote)) = (&entry.event, &mut entry.quote) {
                quote.price = "1".parse().unwrap();
            }
        },
    ];
    let mut found = [0; 12];
    for at in 0..desk.entries.len() {
        for (which, change) in changes.iter().enumerate() {
            let mut entries = desk.entries.clone();
            change(&mut entries[at]);
            // When the first entry was made follows from nothing; the journal's own chain has it.
            let is_free = at == 0 && entries[0].at != desk.entries[0].at;
            // Nor can be told for which command somebody outside said that there is no price.
            let is_free = is_free || (which == 5 && is_from_outside(&desk.entries[at]));
            if entries[at] == desk.entries[at] || is_free {
                continue;
            }
            let mut ledger = namesake(&desk.ledger);
            let broken = entries.iter().find_map(|entry| ledger.replay(entry).err());
            let seq = broken.unwrap_or_else(|| panic!("change {which} of entry {at}: {:?}", entries[at])).seq;
            assert!(seq >= entries[at].seq, "change {which} of entry {at}");
            found[which] += 1;
        }
    }
    assert!(found.iter().all(|&times| times > 0), "{found:?}");
}

#[test]
fn an_entry_left_out_or_twice_is_found() {
    let desk = busy_desk();
    for at in 0..desk.entries.len() - 1 {
        let mut entries = desk.entries.clone();
        entries.remove(at);
        let mut ledger = namesake(&desk.ledger);
        assert!(entries.iter().any(|entry| ledger.replay(entry).is_err()));
        let mut entries = desk.entries.clone();
        entries.insert(at, entries[at].clone());
        let mut ledger = namesake(&desk.ledger);
        assert!(entries.iter().any(|entry| ledger.replay(entry).is_err()));
    }
}

#[test]
fn a_prefix_is_enough_to_go_on_from() {
    // Wherever a crash cut the journal, what is there is a state of its own.
    let desk = busy_desk();
    for end in 0..=desk.entries.len() {
        let mut ledger = replayed(namesake(&desk.ledger), &desk.entries[..end]);
        ledger.audit().unwrap();
        let mut out = Vec::new();
        ledger.expire(desk.now.plus(100_000), &mut out);
        let more = ledger.on_price(&symbol("S"), &quote("100".parse().unwrap()), desk.now, &mut out);
        assert!(!more);
        ledger.audit().unwrap();
    }
}

#[test]
fn a_snapshot_that_contradicts_itself_is_refused() {
    let snapshot = busy_desk().ledger.snapshot();
    Ledger::restore(snapshot.clone()).unwrap();
    let changes: [fn(&mut Snapshot); 13] = [
        |s| s.house_cash += 1,
        |s| s.house_shares.clear(),
        |s| s.users.clear(),
        |s| drop(s.users.remove(0)),
        |s| s.users[2].name = s.users[1].name,
        |s| s.users[1].cash[0].0 += 1,
        |s| s.users[1].cash[1].0 = -1,
        |s| s.users[1].tickets[0].total.0 += 1,
        |s| s.users[1].tickets[0].id = s.seq + 1,
        |s| s.users[1].positions[0].shares[0].0 += 1,
        |s| {
            let position = s.users[1].positions[0];
            s.users[1].positions.push(position);
        },
        |s| {
            s.users[2].positions[0].buy.as_mut().unwrap().trigger.as_mut().unwrap().price =
                "0".parse().unwrap()
        },
        |s| s.users[2].positions[0].buy.as_mut().unwrap().amount.0 += 1,
    ];
    for (which, change) in changes.iter().enumerate() {
        let mut changed = snapshot.clone();
        change(&mut changed);
        assert!(Ledger::restore(changed).is_err(), "change {which}");
    }
}

#[test]
fn keys_and_ended_tickets_outlive_a_snapshot() {
    let mut desk = busy_desk();
    let ticket = desk.entries.iter().find_map(|entry| match entry.event {
        Event::Command { outcome: Outcome::Done(Effect::Committed { ticket, .. }), .. } => Some(ticket.id),
        _ => None,
    });
    desk.ledger = Ledger::restore(desk.ledger.snapshot()).unwrap();
    let user = desk.user("u");
    let again = desk.run_keyed(user, Action::Add { amount: Cents(100_000) }, Some(Key(1)));
    assert_eq!(again, ledger::Applied::Repeated(1));
    let outcome = desk.run(user, Action::CommitTicket { id: ticket.unwrap() });
    assert_eq!(outcome, Outcome::Refused(Refusal::TicketCommitted));
}

#[test]
fn a_fetched_price_is_entered_to_the_letter() {
    let mut desk = Desk::new();
    let user = desk.user("u");
    let answer: Arc<str> =
        Arc::from("10.00,S,u,1167631203000,IRrR7UeTO35kSWUgG0QJKmB35sL27FKM7AVhP5qpjCgmWQeXFJs35g==");
    let fetched = Quote { answer: Some(answer), ..quote("10".parse().unwrap()) };
    desk.ledger.record_quote(user, 9, &symbol("S"), &fetched, desk.now, &mut desk.entries);
    let entry = desk.entries[0].clone();
    assert_eq!((entry.n, entry.quote.as_ref()), (9, Some(&fetched)));
    assert!(entry.postings().is_empty());
    let again = replayed(namesake(&desk.ledger), &desk.entries);
    assert_eq!(again.snapshot(), desk.ledger.snapshot());
}
