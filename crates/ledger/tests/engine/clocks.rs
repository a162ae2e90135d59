//! Clocks that jump, and the queue of expiries.

use ledger::{Action, Cents, Event, Millis, Outcome, Refusal};

use crate::desk::{Desk, symbol};

fn desk_with_buy() -> (Desk, ledger::UserId) {
    let mut desk = Desk::new();
    let user = desk.user("u");
    desk.price(symbol("S"), "1".parse().unwrap());
    desk.run(user, Action::Add { amount: Cents(1_000) });
    desk.run(user, Action::Buy { symbol: symbol("S"), amount: Cents(100) });
    (desk, user)
}

#[test]
fn a_clock_set_back_does_not_lengthen_a_ticket() {
    let (mut desk, user) = desk_with_buy();
    let opened = desk.now;
    desk.now = Millis(opened.0 - 3_600_000);
    desk.run(user, Action::DisplaySummary);
    assert_eq!(desk.entries.last().unwrap().at, opened);
    desk.run(user, Action::Buy { symbol: symbol("S"), amount: Cents(200) });
    let view = desk.ledger.account(user, desk.now);
    assert!(view.tickets.iter().all(|ticket| ticket.expires_at() == opened.plus(60_000)));
    desk.now = opened.plus(60_001);
    let outcome = desk.run(user, Action::CommitBuy);
    assert_eq!(outcome, Outcome::Refused(Refusal::NothingPending(ledger::Side::Buy)));
}

#[test]
fn a_clock_far_ahead_expires_everything_once() {
    let (mut desk, user) = desk_with_buy();
    desk.run(user, Action::Buy { symbol: symbol("S"), amount: Cents(300) });
    desk.now = Millis(i64::MAX);
    desk.tick();
    desk.tick();
    let expired = desk.entries.iter().filter(|entry| matches!(entry.event, Event::Expired(_)));
    assert_eq!(expired.count(), 2);
    assert_eq!(desk.ledger.account(user, desk.now).available, Cents(1_000));
    assert_eq!(desk.ledger.next_expiry(), None);
}

#[test]
fn the_next_expiry_is_the_first_moment_too_late() {
    let (mut desk, user) = desk_with_buy();
    let due = desk.now.plus(60_001);
    assert_eq!(desk.ledger.next_expiry(), Some(due));
    desk.now = desk.now.plus(10);
    desk.run(user, Action::Buy { symbol: symbol("S"), amount: Cents(300) });
    assert_eq!(desk.ledger.next_expiry(), Some(due));
    desk.run(user, Action::CancelBuy);
    assert_eq!(desk.ledger.next_expiry(), Some(due));
    desk.now = Millis(due.0 - 1);
    let before = desk.entries.len();
    desk.tick();
    assert_eq!(desk.entries.len(), before);
    desk.now = due;
    desk.tick();
    assert_eq!((desk.entries.len(), desk.ledger.next_expiry()), (before + 1, None));
}

#[test]
fn any_time_at_all_is_survived() {
    for now in [i64::MIN, -1, 0, i64::MAX] {
        let mut desk = Desk::new();
        desk.now = Millis(now);
        let user = desk.user("u");
        desk.price(symbol("S"), "1".parse().unwrap());
        desk.run(user, Action::Add { amount: Cents(1_000) });
        desk.run(user, Action::Buy { symbol: symbol("S"), amount: Cents(100) });
        assert!(matches!(desk.run(user, Action::CommitBuy), Outcome::Done(_)));
    }
}
