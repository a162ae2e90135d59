//! Random days against the model, compared after every step and made small on failure.

use ledger::{Action, Cents, Effect, Event, Key, Millis, Outcome, Side, UserId};
use market::{Price, Symbol};
use proptest::prelude::*;

use crate::desk::{Desk, symbol};
use crate::model::{Model, Person};

/// One step of a day. Tickets are named by how many were opened after them.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Run(usize, Action),
    /// Commit (or cancel) one of the latest tickets.
    Ticket(usize, bool, usize),
    Price(Symbol, Price),
    Wait(i64),
    Tick,
}

const USERS: [&str; 3] = ["ann", "bob", "cyd"];

fn symbols() -> impl Strategy<Value = Symbol> {
    prop_oneof![3 => Just(symbol("S")), 1 => Just(symbol("T")), 1 => Just(symbol("BRK.B"))]
}

fn amounts() -> impl Strategy<Value = Cents> {
    prop_oneof![
        8 => (1i64..20_000).prop_map(Cents),
        2 => (1i64..200).prop_map(Cents),
        1 => prop::sample::select(vec![0, -1, i64::MIN, i64::MAX, 1_000_000_000_000, 1_000_000_000_001])
            .prop_map(Cents),
    ]
}

fn prices() -> impl Strategy<Value = Price> {
    prop_oneof![
        // Whole cents, near each other, so that triggers are met.
        6 => (500i64..1_500).prop_map(|cents| Price::from_units(cents * 1_000_000)),
        2 => (1i64..20_000).prop_map(|cents| Price::from_units(cents * 1_000_000)),
        2 => (1i64..2_000_000_000).prop_map(Price::from_units),
        1 => (1i64..3_000_000).prop_map(Price::from_units),
    ]
}

fn triggers() -> impl Strategy<Value = Price> {
    prop_oneof![
        12 => prices(),
        1 => prop::sample::select(vec![0, -1, i64::MIN, i64::MAX, 1_000_000_000_000_000_001])
            .prop_map(Price::from_units),
    ]
}

fn sides() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => amounts().prop_map(|amount| Action::Add { amount }),
        1 => symbols().prop_map(|symbol| Action::Quote { symbol }),
        5 => (symbols(), amounts()).prop_map(|(symbol, amount)| Action::Buy { symbol, amount }),
        4 => Just(Action::CommitBuy),
        1 => Just(Action::CancelBuy),
        4 => (symbols(), amounts()).prop_map(|(symbol, amount)| Action::Sell { symbol, amount }),
        2 => Just(Action::CommitSell),
        1 => Just(Action::CancelSell),
        2 => (symbols(), amounts()).prop_map(|(symbol, amount)| Action::SetBuyAmount { symbol, amount }),
        2 => (symbols(), triggers()).prop_map(|(symbol, price)| Action::SetBuyTrigger { symbol, price }),
        1 => symbols().prop_map(|symbol| Action::CancelSetBuy { symbol }),
        3 => (symbols(), amounts()).prop_map(|(symbol, amount)| Action::SetSellAmount { symbol, amount }),
        3 => (symbols(), triggers()).prop_map(|(symbol, price)| Action::SetSellTrigger { symbol, price }),
        1 => symbols().prop_map(|symbol| Action::CancelSetSell { symbol }),
        3 => (sides(), symbols(), amounts(), triggers()).prop_map(|(side, symbol, amount, price)| {
            Action::SetTrigger { side, symbol, amount, price }
        }),
        1 => Just(Action::DisplaySummary),
    ]
}

fn waits() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0i64..5_000,
        2 => 25_000i64..35_000,
        2 => prop::sample::select(vec![59_999, 60_000, 60_001]),
        1 => -70_000i64..0,
    ]
}

pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (0..USERS.len(), actions()).prop_map(|(user, action)| Step::Run(user, action)),
        2 => (0..USERS.len(), any::<bool>(), 0usize..6).prop_map(|(u, commit, back)| Step::Ticket(u, commit, back)),
        3 => (symbols(), prices()).prop_map(|(symbol, price)| Step::Price(symbol, price)),
        3 => waits().prop_map(Step::Wait),
        1 => Just(Step::Tick),
    ];
    // A day begins with prices and money, or too little would happen in it.
    prop::collection::vec(step, 1..most).prop_map(|steps| {
        let prices = ["S", "T"].map(|name| Step::Price(symbol(name), Price::from_units(1_000_000_000)));
        let money = (0..2).map(|user| Step::Run(user, Action::Add { amount: Cents(50_000) }));
        prices.into_iter().chain(money).chain(steps).collect()
    })
}

/// Ids of the tickets a desk has opened, in order.
fn opened(desk: &Desk) -> Vec<u64> {
    let effects = desk.entries.iter().filter_map(|entry| match entry.event {
        Event::Command { outcome: Outcome::Done(Effect::Opened(ticket)), .. } => Some(ticket.id),
        _ => None,
    });
    effects.collect()
}

fn code(outcome: Outcome) -> Result<(), &'static str> {
    match outcome {
        Outcome::Done(_) => Ok(()),
        Outcome::Refused(refusal) => Err(refusal.code()),
    }
}

/// What the engine shows, in the words of the model.
fn shown(desk: &Desk, user: UserId, tickets: &[u64]) -> Person {
    let view = desk.ledger.account(user, desk.now);
    let mut person = Person { exists: view.is_open, cash: i128::from(view.available.0), ..Person::default() };
    for ticket in &view.tickets {
        person.pending.push(crate::model::Pend {
            number: tickets.iter().position(|id| *id == ticket.id).unwrap(),
            side: ticket.side,
            symbol: ticket.symbol,
            shares: i128::from(ticket.shares.0),
            total: i128::from(ticket.total.0),
            at: ticket.opened.0,
        });
    }
    for holding in &view.holdings {
        person.shares.insert(holding.symbol, i128::from(holding.available.0));
        person.cost.insert(holding.symbol, i128::from(holding.cost.0));
        person.profit.insert(holding.symbol, holding.realised);
    }
    for set in &view.triggers {
        let amount = i128::from(set.amount.0);
        match set.side {
            Side::Buy => drop(person.set_buy.insert(set.symbol, (amount, set.price))),
            Side::Sell => {
                let trigger = set.price.map(|price| (price, i128::from(set.shares.0)));
                person.set_sell.insert(set.symbol, (amount, trigger));
            }
        }
    }
    person
}

/// Zeros say nothing, and the two keep different ones.
fn without_zeros(mut person: Person) -> Person {
    for map in [&mut person.shares, &mut person.cost, &mut person.profit] {
        map.retain(|_, value| *value != 0);
    }
    person
}

/// Does one step at a desk; says what came of a command.
pub(crate) fn step(desk: &mut Desk, step: &Step) -> Option<Outcome> {
    match *step {
        Step::Run(user, ref action) => {
            let user = desk.user(USERS[user]);
            Some(desk.run(user, action.clone()))
        }
        Step::Ticket(user, is_commit, back) => {
            let user = desk.user(USERS[user]);
            let id = opened(desk).iter().rev().nth(back).copied().unwrap_or(u64::MAX);
            let action = if is_commit { Action::CommitTicket { id } } else { Action::CancelTicket { id } };
            Some(desk.run(user, action))
        }
        Step::Price(symbol, price) => {
            desk.price(symbol, price);
            None
        }
        Step::Wait(millis) => {
            desk.now = Millis(desk.now.0 + millis);
            None
        }
        Step::Tick => {
            desk.tick();
            None
        }
    }
}

fn model_step(model: &mut Model, count: usize, now: i64, step: &Step) -> Option<Result<(), &'static str>> {
    match *step {
        Step::Run(user, ref action) => Some(model.run(user, action, now)),
        Step::Ticket(user, is_commit, back) => {
            let id = count.checked_sub(1 + back).map_or(u64::MAX, |number| number as u64);
            let action = if is_commit { Action::CommitTicket { id } } else { Action::CancelTicket { id } };
            Some(model.run(user, &action, now))
        }
        Step::Price(symbol, price) => {
            model.price(symbol, price, now);
            None
        }
        Step::Wait(_) => None,
        Step::Tick => {
            model.tick(now);
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(400), ..ProptestConfig::default() })]

    #[test]
    fn the_engine_is_the_model(steps in steps(60)) {
        let (mut desk, mut model) = (Desk::new(), Model::default());
        for name in USERS {
            desk.user(name);
        }
        for (at, what) in steps.iter().enumerate() {
            let tickets = opened(&desk).len();
            let came = step(&mut desk, what);
            let expected = model_step(&mut model, tickets, desk.now.0, what);
            prop_assert_eq!(came.map(code), expected, "step {}: {:?}", at, what);
            let ids = opened(&desk);
            for (user, name) in USERS.iter().enumerate() {
                let id = desk.user(name);
                let ours = without_zeros(shown(&desk, id, &ids));
                let theirs = without_zeros(model.seen(user, desk.now.0));
                prop_assert_eq!(ours, theirs, "{} after step {}: {:?}", name, at, what);
            }
        }
    }

    #[test]
    fn it_does_not_matter_who_notices_what_expired(steps in steps(60)) {
        let (mut lazy, mut eager) = (Desk::new(), Desk::new());
        for name in USERS {
            lazy.user(name);
            eager.user(name);
        }
        for what in &steps {
            let what = match what {
                // A clock set back is another matter: see `clocks`.
                Step::Wait(millis) => Step::Wait(millis.abs()),
                Step::Tick => continue,
                other => other.clone(),
            };
            let (ours, theirs) = (step(&mut lazy, &what), step(&mut eager, &what));
            eager.tick();
            prop_assert_eq!(ours.map(code), theirs.map(code), "{:?}", what);
            let (ours, theirs) = (opened(&lazy), opened(&eager));
            for name in USERS {
                let (a, b) = (lazy.user(name), eager.user(name));
                prop_assert_eq!(shown(&lazy, a, &ours), shown(&eager, b, &theirs));
            }
        }
    }

    #[test]
    fn users_never_meet(
        lists in prop::collection::vec(prop::collection::vec(actions(), 0..25), 3),
        orders in prop::collection::vec(prop::collection::vec(0usize..3, 0..120), 2),
    ) {
        let mut outcomes = Vec::new();
        for order in orders {
            let mut desk = Desk::new();
            for name in ["S", "T", "BRK.B"] {
                desk.price(symbol(name), "10.00".parse().unwrap());
            }
            let mut lists: Vec<_> = lists.iter().map(|list| list.iter()).collect();
            let mut results = vec![Vec::new(); lists.len()];
            // In the drawn order as long as there is one, then whoever is left.
            let rest = (0..lists.len()).flat_map(|user| std::iter::repeat_n(user, 25));
            for user in order.into_iter().chain(rest) {
                if let Some(action) = lists[user].next() {
                    let id = desk.user(USERS[user]);
                    results[user].push(code(desk.run(id, action.clone())));
                }
            }
            let people: Vec<Person> = USERS
                .iter()
                .map(|name| {
                    let (id, ids) = (desk.user(name), opened(&desk));
                    let mut person = shown(&desk, id, &ids);
                    // Only numbers of tickets are common to all.
                    person.pending.iter_mut().for_each(|pend| pend.number = 0);
                    person
                })
                .collect();
            outcomes.push((results, people));
        }
        prop_assert_eq!(&outcomes[0], &outcomes[1]);
    }

    #[test]
    fn a_command_sent_twice_is_applied_once(steps in steps(40), twice in prop::collection::vec(any::<bool>(), 44)) {
        let (mut once, mut often) = (Desk::new(), Desk::new());
        for (at, what) in steps.iter().enumerate() {
            step(&mut once, what);
            match what {
                Step::Run(user, action) => {
                    let user = often.user(USERS[*user]);
                    let key = Some(Key(at as u128));
                    let first = often.run_keyed(user, action.clone(), key);
                    if twice[at % twice.len()] {
                        let ledger::Applied::Entry(index) = first else { panic!("it is new") };
                        let seq = often.entries[index].seq;
                        let again = often.run_keyed(user, action.clone(), key);
                        prop_assert_eq!(again, ledger::Applied::Repeated(seq));
                    }
                }
                other => drop(step(&mut often, other)),
            }
        }
        prop_assert_eq!(once.entries.len(), often.entries.len());
        for name in USERS {
            let (a, b) = (once.user(name), often.user(name));
            prop_assert_eq!(once.ledger.account(a, once.now), often.ledger.account(b, often.now));
        }
    }
}
