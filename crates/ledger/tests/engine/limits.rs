//! Where it stops: every bound is a named refusal, and nothing else changes.

use ledger::{
    AMOUNT_MAX, Action, BATCH_MAX, Cents, Command, Effect, Entry, Event, Ledger, Millis, Outcome, Refusal,
    SYMBOLS_PER_USER_MAX, TICKETS_MAX, TICKETS_PER_USER_MAX, UserId, UserName,
};
use market::{Price, Symbol};

use crate::desk::{quote, symbol};

/// A ledger without the checks after every step, which large numbers cannot wait for.
struct Bare {
    ledger: Ledger,
    now: Millis,
    out: Vec<Entry>,
    entries: usize,
}

impl Bare {
    fn new() -> Self {
        Self { ledger: Ledger::new(), now: Millis(0), out: Vec::new(), entries: 0 }
    }

    fn user(&mut self, name: &str) -> UserId {
        self.ledger.intern(&UserName::new(name).unwrap()).unwrap()
    }

    fn run(&mut self, user: UserId, action: Action, price: &str) -> Result<Effect, Refusal> {
        self.out.clear();
        let quote = quote(price.parse().unwrap());
        let command = Command { user, n: 1, key: None, action };
        self.ledger.apply(&command, Some(&quote), self.now, &mut self.out);
        self.entries += self.out.len();
        let outcome = self.out.iter().find_map(|entry| match entry.event {
            Event::Command { outcome, .. } => Some(outcome),
            _ => None,
        });
        match outcome.unwrap() {
            Outcome::Done(effect) => Ok(effect),
            Outcome::Refused(refusal) => Err(refusal),
        }
    }

    fn rich(&mut self, name: &str) -> UserId {
        let user = self.user(name);
        self.run(user, Action::Add { amount: AMOUNT_MAX }, "1").unwrap();
        user
    }
}

fn buy(name: &str, cents: i64) -> Action {
    Action::Buy { symbol: symbol(name), amount: Cents(cents) }
}

#[test]
fn pending_tickets_of_one_user() {
    let mut bare = Bare::new();
    let user = bare.rich("u");
    for _ in 0..TICKETS_PER_USER_MAX {
        bare.run(user, buy("S", 100), "1").unwrap();
    }
    assert_eq!(bare.run(user, buy("S", 100), "1"), Err(Refusal::TooManyTickets));
    // Others are not concerned, and one less makes room for one.
    let other = bare.rich("v");
    bare.run(other, buy("S", 100), "1").unwrap();
    bare.run(user, Action::CancelBuy, "1").unwrap();
    bare.run(user, buy("S", 100), "1").unwrap();
    assert_eq!(bare.run(user, buy("S", 100), "1"), Err(Refusal::TooManyTickets));
    // Any can be named, the first too.
    let first = bare.ledger.account(user, bare.now).tickets[0].id;
    bare.run(user, Action::CommitTicket { id: first }, "1").unwrap();
    // A minute later all are gone at once.
    bare.now = bare.now.plus(60_001);
    let command = Command { user, n: 1, key: None, action: buy("S", 100) };
    assert_eq!(bare.ledger.check(&command, bare.now), ledger::Need::Price(symbol("S")));
    bare.run(user, buy("S", 100), "1").unwrap();
    assert_eq!(bare.out.len(), TICKETS_PER_USER_MAX);
    bare.ledger.audit().unwrap();
}

#[test]
fn a_million_pending_tickets() {
    let mut bare = Bare::new();
    let users: Vec<UserId> =
        (0..=TICKETS_MAX / TICKETS_PER_USER_MAX).map(|n| bare.rich(&format!("u{n}"))).collect();
    // Turn by turn, so that the tickets of one user lie far apart.
    for turn in 0..TICKETS_MAX {
        let user = users[turn % (users.len() - 1)];
        let outcome = bare.run(user, buy("S", 100), "1");
        debug_assert!(outcome.is_ok());
    }
    assert_eq!(bare.ledger.pending_count(), TICKETS_MAX);
    let last = *users.last().unwrap();
    assert_eq!(bare.run(last, buy("S", 100), "1"), Err(Refusal::TooManyTickets));
    bare.run(users[0], Action::CommitBuy, "1").unwrap();
    bare.run(last, buy("S", 100), "1").unwrap();
    // Whether there is room does not depend on who notices what has expired.
    let late = bare.rich("late");
    assert_eq!(bare.run(late, buy("S", 100), "1"), Err(Refusal::TooManyTickets));
    bare.now = bare.now.plus(60_001);
    let command = Command { user: late, n: 1, key: None, action: buy("S", 100) };
    assert_eq!(bare.ledger.check(&command, bare.now), ledger::Need::Price(symbol("S")));
    bare.run(late, buy("S", 100), "1").unwrap();
    // As many as one call may, and the command.
    assert_eq!((bare.ledger.pending_count(), bare.out.len()), (TICKETS_MAX - BATCH_MAX + 1, BATCH_MAX + 1));
    while bare.ledger.next_expiry().is_some_and(|due| due <= bare.now) {
        bare.out.clear();
        bare.ledger.expire(bare.now, &mut bare.out);
        assert!((1..=BATCH_MAX).contains(&bare.out.len()));
    }
    assert_eq!(bare.ledger.pending_count(), 1);
    bare.ledger.audit().unwrap();
}

#[test]
fn symbols_of_one_user() {
    let mut bare = Bare::new();
    let user = bare.rich("u");
    let name = |n: usize| Symbol::new(&format!("X{n}")).unwrap();
    for n in 0..SYMBOLS_PER_USER_MAX {
        bare.run(user, Action::SetBuyAmount { symbol: name(n), amount: Cents(1) }, "1").unwrap();
    }
    let further = name(SYMBOLS_PER_USER_MAX);
    let set = Action::SetBuyAmount { symbol: further, amount: Cents(1) };
    assert_eq!(bare.run(user, set.clone(), "1"), Err(Refusal::TooManySymbols));
    let order = Action::Buy { symbol: further, amount: Cents(100) };
    assert_eq!(bare.run(user, order, "1"), Err(Refusal::TooManySymbols));
    // A setting that is taken back leaves nothing behind.
    bare.run(user, Action::CancelSetBuy { symbol: name(5) }, "1").unwrap();
    bare.run(user, set, "1").unwrap();
    bare.ledger.audit().unwrap();
}

#[test]
fn balances_hold_what_they_hold() {
    let mut bare = Bare::new();
    let user = bare.rich("u");
    // A share at the lowest price there is, and then as many as an account can count.
    let lowest = "0.00000001";
    let all = Action::Buy { symbol: symbol("S"), amount: AMOUNT_MAX };
    for _ in 0..9 {
        bare.run(user, Action::Add { amount: AMOUNT_MAX }, "1").unwrap();
        bare.run(user, all.clone(), lowest).unwrap();
        bare.run(user, Action::CommitBuy, "1").unwrap();
    }
    bare.run(user, Action::Add { amount: AMOUNT_MAX }, "1").unwrap();
    bare.run(user, all, lowest).unwrap();
    let before = bare.ledger.account(user, bare.now);
    assert_eq!(before.holdings[0].available.0, 9_000_000_000_000_000_000);
    assert_eq!(bare.run(user, Action::CommitBuy, "1"), Err(Refusal::BalanceTooLarge));
    let mut after = bare.ledger.account(user, bare.now);
    after.last = before.last;
    assert_eq!(after, before);
    bare.run(user, Action::CancelBuy, "1").unwrap();

    // A trigger whose proceeds nobody could hold stays armed, and does not stop others.
    let other = bare.rich("v");
    let sell = |amount| Action::SetTrigger {
        side: ledger::Side::Sell,
        symbol: symbol("S"),
        amount,
        price: "0.01".parse().unwrap(),
    };
    bare.run(user, sell(AMOUNT_MAX), lowest).unwrap();
    bare.run(other, buy("S", 2), "0.01").unwrap();
    bare.run(other, Action::CommitBuy, "1").unwrap();
    bare.run(other, sell(Cents(1)), "0.005").unwrap();
    let before = bare.ledger.account(other, bare.now);
    bare.out.clear();
    let price = quote(Price::from_units(i64::MAX));
    assert!(!bare.ledger.on_price(&symbol("S"), &price, bare.now, &mut bare.out));
    let fired: Vec<_> = bare.out.iter().map(|entry| entry.user).collect();
    assert_eq!(fired, [other]);
    assert!(bare.ledger.account(other, bare.now).available > before.available);
    assert_eq!(bare.ledger.account(user, bare.now).triggers.len(), 1);
    bare.ledger.audit().unwrap();
}

#[test]
fn a_price_that_is_none_is_no_price() {
    let mut bare = Bare::new();
    let user = bare.rich("u");
    for price in ["0", "-1"] {
        assert_eq!(bare.run(user, buy("S", 100), price), Err(Refusal::NoPrice));
        let quote_it = Action::Quote { symbol: symbol("S") };
        assert_eq!(bare.run(user, quote_it, price), Err(Refusal::NoPrice));
        let set = Action::SetTrigger {
            side: ledger::Side::Buy,
            symbol: symbol("S"),
            amount: Cents(100),
            price: "1".parse().unwrap(),
        };
        bare.run(user, set, price).unwrap();
        assert_eq!(bare.out.len(), 1);
        bare.out.clear();
        let price = quote(price.parse().unwrap());
        assert!(!bare.ledger.on_price(&symbol("S"), &price, bare.now, &mut bare.out));
        assert!(bare.out.is_empty());
    }
}

#[test]
fn an_id_of_nobody_is_the_systems() {
    let mut bare = Bare::new();
    let nobody = UserId(77);
    assert_eq!(bare.run(nobody, Action::Add { amount: Cents(1) }, "1"), Err(Refusal::NoAccount));
    assert_eq!(bare.out[0].user, UserId::SYSTEM);
    assert_eq!(bare.ledger.name(nobody), &UserName::SYSTEM);
    assert!(!bare.ledger.account(nobody, bare.now).is_open);
}

#[test]
fn triggers_that_fire_at_once() {
    let mut bare = Bare::new();
    for n in 0..BATCH_MAX + 5 {
        let user = bare.rich(&format!("u{n}"));
        let (symbol, price) = (symbol("S"), "0.50".parse().unwrap());
        let set = Action::SetTrigger { side: ledger::Side::Buy, symbol, amount: Cents(100), price };
        bare.run(user, set, "1").unwrap();
    }
    let price = quote("0.50".parse().unwrap());
    assert_eq!(bare.ledger.watcher(&symbol("S")), Some((UserId(1), 1)));
    for (more, fired) in [(true, BATCH_MAX), (false, 5), (false, 0)] {
        bare.out.clear();
        assert_eq!(bare.ledger.on_price(&symbol("S"), &price, bare.now, &mut bare.out), more);
        assert_eq!(bare.out.len(), fired);
    }
    assert_eq!(bare.ledger.watcher(&symbol("S")), None);
    bare.ledger.audit().unwrap();
}
