//! The desk over a real journal: answers after the disk, one order a user, nothing lost over a restart.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use desk::{
    Answer, Answered, Asked, Clock, Closed, Desk, Observer, Parts, Prices, Submission, Wants, verify,
};
use ledger::{
    AccountView, Cents, Dialect, Effect, Entry, Event, Key, Millis, Outcome, Quote, Refusal, Side, Source,
    UserName, parse_line,
};
use market::{Symbol, Timestamp};
use store::journal::{Journals, Shard, SqliteJournals};
use tokio::sync::oneshot;

/// Prices that a test sets; a symbol without one has to be waited for, and never comes.
#[derive(Default)]
struct Board {
    prices: Mutex<HashMap<Symbol, Quote>>,
    slow: Mutex<HashMap<Symbol, Duration>>,
}

impl Board {
    fn set(&self, symbol: &str, price: &str) -> (Symbol, Quote) {
        let symbol = Symbol::new(symbol).unwrap();
        let quote = Quote {
            price: price.parse().unwrap(),
            source: Source::new("test").unwrap(),
            provider_time: Millis(0),
            arrived: Millis(0),
            fresh: false,
            answer: None,
        };
        self.prices.lock().unwrap().insert(symbol, quote.clone());
        (symbol, quote)
    }
}

impl Prices for Board {
    fn price(&self, symbol: &Symbol, _: &UserName) -> Asked {
        let Some(quote) = self.prices.lock().unwrap().get(symbol).cloned() else {
            return Asked::Refused(Refusal::UnknownSymbol);
        };
        match self.slow.lock().unwrap().get(symbol).copied() {
            None => Asked::Now(quote),
            Some(delay) => Asked::Later(Box::pin(async move {
                tokio::time::sleep(delay).await;
                Ok(Quote { fresh: true, ..quote })
            })),
        }
    }
}

#[derive(Default)]
struct Seen(Mutex<Vec<(String, u64)>>);

impl Observer for Seen {
    fn is_watched(&self, user: &UserName) -> bool {
        user.as_str() == "ann"
    }

    fn happened(&self, _: Shard, user: &UserName, entries: &[Entry], account: &AccountView) {
        let newest = entries.last().unwrap();
        assert_eq!(account.last, newest.seq, "the account is that after the last entry");
        self.0.lock().unwrap().extend(entries.iter().map(|entry| (user.to_string(), entry.seq)));
    }
}

struct House {
    desk: Desk,
    prices: Arc<Board>,
    seen: Arc<Seen>,
    now: Arc<AtomicI64>,
}

fn house(folder: &Path, shards: u16) -> House {
    let journals: Arc<dyn Journals> = Arc::new(SqliteJournals::open(folder).unwrap());
    let (prices, seen) = (Arc::new(Board::default()), Arc::new(Seen::default()));
    let now = Arc::new(AtomicI64::new(1_000_000));
    let hand = Arc::clone(&now);
    let clock: Clock = Arc::new(move || Timestamp::from_millis(hand.load(Ordering::Relaxed)).unwrap());
    let parts = Parts {
        journals,
        prices: Arc::clone(&prices) as Arc<dyn Prices>,
        observer: Arc::clone(&seen) as Arc<dyn Observer>,
        clock,
        shards,
        runtime: tokio::runtime::Handle::current(),
        snapshot_every: 50,
    };
    House { desk: Desk::start(parts).unwrap(), prices, seen, now }
}

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

impl House {
    fn hand_in(&self, line: &str, key: Option<u128>) -> oneshot::Receiver<Result<Answer, Closed>> {
        let line = parse_line(line, Dialect::Wide).unwrap();
        let (reply, answer) = oneshot::channel();
        let key = key.map(Key);
        let submission =
            Submission { user: line.user, n: 0, key, action: line.action, wants: Wants::Account, reply };
        self.desk.submit(submission).unwrap();
        answer
    }

    async fn run(&self, line: &str) -> Result<Effect, Refusal> {
        match self.hand_in(line, None).await.unwrap().unwrap().answered {
            Answered::Entered { entry, .. } => outcome(&entry),
            other => panic!("{line}: {other:?}"),
        }
    }

    async fn account(&self, name: &str) -> AccountView {
        self.desk.account(user(name)).await.unwrap()
    }
}

fn outcome(entry: &Entry) -> Result<Effect, Refusal> {
    match &entry.event {
        Event::Command { outcome: Outcome::Done(effect), .. } => Ok(*effect),
        Event::Command { outcome: Outcome::Refused(refusal), .. } => Err(*refusal),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_and_shares_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let before = {
        let house = house(folder.path(), 2);
        house.prices.set("ABC", "10.00");
        house.run("ADD,ann,1000.00").await.unwrap();
        house.run("BUY,ann,ABC,205.00").await.unwrap();
        house.run("COMMIT_BUY,ann").await.unwrap();
        house.run("BUY,ann,ABC,100.00").await.unwrap();
        house.run("SET_BUY_AMOUNT,ann,ABC,50.00").await.unwrap();
        house.run("SET_BUY_TRIGGER,ann,ABC,9.00").await.unwrap();
        house.run("ADD,bob,5.00").await.unwrap();
        assert_eq!(house.run("BUY,bob,ABC,5.01").await.unwrap_err().code(), "insufficient_cash");
        assert_eq!(house.run("BUY,eve,ABC,5.01").await, Err(Refusal::NoAccount));
        assert_eq!(house.seen.0.lock().unwrap().len(), 6, "whom nobody watches is not told of");
        (house.account("ann").await, house.account("bob").await)
    };
    assert_eq!(
        (before.0.available, before.0.in_tickets, before.0.in_triggers),
        (Cents(65_000), Cents(10_000), Cents(5_000))
    );
    let house = house(folder.path(), 7);
    assert_eq!((house.account("ann").await, house.account("bob").await), before);
    assert_eq!(house.desk.shards().count(), 2, "a desk keeps its shards");
    // The trigger lives on: it waits on the board, and fires at its price.
    let (symbol, quote) = house.prices.set("ABC", "8.50");
    assert!(house.desk.wants(&symbol, quote.price));
    house.desk.prices_moved(&[(symbol, quote)]);
    let ann = house.account("ann").await;
    assert_eq!((ann.in_triggers, ann.holdings[0].available.0, ann.triggers.len()), (Cents(0), 25, 0));
    // The ticket, too: its time runs out by itself.
    house.now.fetch_add(60_001, Ordering::Relaxed);
    let ann = house.account("ann").await;
    assert_eq!(
        (ann.tickets.len(), house.run("COMMIT_BUY,ann").await),
        (0, Err(Refusal::NothingPending(Side::Buy)))
    );
    drop(house);
    let journals: Arc<dyn Journals> = Arc::new(SqliteJournals::open(folder.path()).unwrap());
    let proofs = verify(&journals, Timestamp::EPOCH).unwrap();
    assert!(proofs.iter().all(|proof| proof.verification.is_ok()), "{proofs:?}");
    assert_eq!(proofs.iter().map(|proof| proof.users).sum::<usize>(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_a_user_wait_for_a_slow_price_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let house = house(folder.path(), 1);
    house.prices.set("SLO", "10.00");
    house.prices.slow.lock().unwrap().insert(Symbol::new("SLO").unwrap(), Duration::from_millis(300));
    house.run("ADD,ann,100.00").await.unwrap();
    let bought = house.hand_in("BUY,ann,SLO,50.00", None);
    let committed = house.hand_in("COMMIT_BUY,ann", None);
    let more = house.hand_in("ADD,ann,1.00", None);
    house.run("ADD,bob,1.00").await.unwrap();
    let mut bought = bought;
    assert!(bought.try_recv().is_err(), "bob's command has overtaken ann's");
    let mut seqs = Vec::new();
    for answer in [bought, committed, more] {
        let Answered::Entered { entry, .. } = answer.await.unwrap().unwrap().answered else {
            panic!("entered")
        };
        outcome(&entry).unwrap();
        seqs.push(entry.seq);
    }
    assert!(seqs.is_sorted(), "{seqs:?}");
    assert_eq!(house.account("ann").await.holdings[0].available.0, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_applied_once_even_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = {
        let house = house(folder.path(), 1);
        let answers = [house.hand_in("ADD,ann,1.00", Some(7)), house.hand_in("ADD,ann,1.00", Some(7))];
        let [first, second] = answers;
        let Answered::Entered { entry, .. } = first.await.unwrap().unwrap().answered else {
            panic!("entered")
        };
        let Answered::Repeated(seq) = second.await.unwrap().unwrap().answered else { panic!("repeated") };
        assert_eq!(entry.seq, seq);
        seq
    };
    let house = house(folder.path(), 1);
    let again = house.hand_in("ADD,ann,1.00", Some(7)).await.unwrap().unwrap();
    assert!(matches!(again.answered, Answered::Repeated(seq) if seq == first));
    assert_eq!(house.account("ann").await.available, Cents(100));
    let record = house.desk.history(again.shard).entry(first).unwrap();
    assert_eq!(
        (record.user, outcome(&record.entry)),
        (user("ann"), Ok(Effect::Deposited { amount: Cents(100) }))
    );
    let other = house.hand_in("ADD,ann,2.00", Some(7)).await.unwrap().unwrap();
    let Answered::Entered { entry, .. } = other.answered else { panic!("entered") };
    assert_eq!(outcome(&entry), Err(Refusal::KeyReused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_complete_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let house = house(folder.path(), 1);
    for n in 1..=300 {
        house.run(&format!("ADD,{},{n}.00", if n % 3 == 0 { "bob" } else { "ann" })).await.unwrap();
    }
    let shard = house.desk.shard_of(&user("bob"));
    let last = house.account("bob").await.last;
    let amount = |record: &wire::journal::Record| match outcome(&record.entry) {
        Ok(Effect::Deposited { amount }) => amount.0 / 100,
        other => panic!("{other:?}"),
    };
    let (mut back, mut forward) = (Vec::new(), Vec::new());
    let mut history = house.desk.history(shard);
    let go_on = std::ops::ControlFlow::Continue(());
    history
        .back(last, |record| {
            back.push(amount(record));
            go_on
        })
        .unwrap();
    history
        .forward(1, last + 1, Some(&user("bob")), |record| {
            forward.push(amount(record));
            go_on
        })
        .unwrap();
    assert_eq!(back, (1..=100).rev().map(|n| n * 3).collect::<Vec<_>>());
    back.reverse();
    assert_eq!(back, forward);
}
