//! A day of a small ledger on which something of every kind happens, for the tests.

use ledger::{
    Action as A, Cents, Command, Entry, Fault, FileName, Key, Ledger, Malformed, Millis, Quote, Refusal,
    Side, Source, UserId, UserName, Verb,
};
use market::{Price, Symbol};

pub(crate) const NOON: i64 = 1_767_268_800_000;

fn quote(units: i64, at: i64) -> Quote {
    Quote {
        price: Price::from_units(units),
        source: Source::new("sim").unwrap(),
        provider_time: Millis(at - 250),
        arrived: Millis(at - 240),
        fresh: false,
        answer: None,
    }
}

/// A ledger that something of every kind happens to.
pub(crate) fn a_day() -> (Ledger, Vec<(UserName, Entry)>) {
    let mut ledger = Ledger::new();
    let ada = ledger.intern(&UserName::new("ada@example.org").unwrap()).unwrap();
    let bob = ledger.intern(&UserName::new("oY01WVirLr").unwrap()).unwrap();
    let aapl = Symbol::new("AAPL").unwrap();
    let s = Symbol::new("S").unwrap();
    let price = |cents: i64| Cents(cents).as_price().unwrap();
    let legacy = Quote {
        source: Source::new("legacy").unwrap(),
        fresh: true,
        answer: Some("50.00,S,oY01WVirLr,1767268799760,TGRMLQ2ApXNQqVMQYiS3TzKxNfIzjCKN2uYzh6w=".into()),
        ..quote(5_000_000_000, NOON)
    };
    let cash = Cents(1_000_000);
    let amount = Cents(60_000);
    let unread = Malformed { verb: Some(Verb::Buy), symbol: Some(s), amount: None, fault: Fault::Amount };
    let nothing = Malformed { verb: None, symbol: None, amount: Some(Cents(-5)), fault: Fault::Command };
    // Who, what, the price and the seconds since the last.
    let script: Vec<(UserId, A, Option<Quote>, i64)> = vec![
        (ada, A::Buy { symbol: aapl, amount }, None, 0),
        (ada, A::Add { amount: cash }, None, 0),
        (bob, A::Add { amount: cash }, None, 0),
        (bob, A::Quote { symbol: s }, Some(legacy.clone()), 1),
        (ada, A::Buy { symbol: aapl, amount }, Some(quote(15_012_345_678, NOON)), 1),
        (ada, A::CommitBuy, None, 0),
        (ada, A::Buy { symbol: aapl, amount }, Some(quote(15_000_000_000, NOON)), 1),
        (ada, A::CancelBuy, None, 0),
        (ada, A::Buy { symbol: aapl, amount: Cents(99_999_999) }, None, 0),
        (ada, A::Sell { symbol: aapl, amount: Cents(20_000) }, Some(quote(15_100_000_000, NOON)), 0),
        (ada, A::CommitTicket { id: 10 }, None, 0),
        (ada, A::Sell { symbol: aapl, amount: Cents(20_000) }, Some(quote(15_100_000_000, NOON)), 0),
        (ada, A::CancelSell, None, 0),
        (ada, A::Sell { symbol: aapl, amount: Cents(90_000) }, Some(quote(15_100_000_000, NOON)), 0),
        (bob, A::SetBuyAmount { symbol: s, amount }, None, 1),
        (bob, A::SetBuyTrigger { symbol: s, price: price(4_900) }, Some(legacy.reused()), 0),
        (bob, A::SetBuyAmount { symbol: s, amount: Cents(50_000) }, None, 0),
        (bob, A::CancelSetBuy { symbol: s }, None, 0),
        (bob, A::SetTrigger { side: Side::Buy, symbol: s, amount, price: price(4_950) }, None, 0),
        (ada, A::SetSellAmount { symbol: aapl, amount: Cents(30_000) }, Some(quote(15_100_000_000, NOON)), 0),
        (ada, A::SetSellTrigger { symbol: aapl, price: price(9_900) }, None, 0),
        (ada, A::SetSellTrigger { symbol: aapl, price: price(16_000) }, None, 0),
        (ada, A::SetSellAmount { symbol: aapl, amount: Cents(20_000) }, Some(quote(15_100_000_000, NOON)), 0),
        (ada, A::CancelSetSell { symbol: aapl }, None, 0),
        (
            ada,
            A::SetTrigger { side: Side::Sell, symbol: aapl, amount: Cents(30_000), price: price(15_500) },
            Some(quote(15_100_000_000, NOON)),
            0,
        ),
        (ada, A::CancelTicket { id: 999 }, None, 0),
        (ada, A::DisplaySummary, None, 0),
        (bob, A::Buy { symbol: s, amount }, Some(legacy.reused()), 2),
        (bob, A::DumpLog { file: FileName::new("./testLOG").unwrap() }, None, 61),
        (UserId::SYSTEM, A::DumpLog { file: FileName::new("all.xml").unwrap() }, None, 0),
        (bob, A::Malformed(unread), None, 0),
        (UserId::SYSTEM, A::Malformed(nothing), None, 0),
        (ada, A::CommitSell, None, 0),
    ];
    let (mut entries, mut now) = (Vec::new(), NOON);
    for (at, (user, action, quote, seconds)) in script.into_iter().enumerate() {
        now += seconds * 1_000;
        let key = (at % 3 == 1).then_some(Key(0x0123_4567_89ab_cdef << 64 | at as u128));
        let command = Command { user, n: at as u64 + 1, key, action };
        ledger.apply(&command, quote.as_ref(), Millis(now), &mut entries);
    }
    let reused =
        Command { user: ada, n: 34, key: Some(Key(0x0123_4567_89ab_cdef << 64 | 1)), action: A::CommitBuy };
    ledger.apply(&reused, None, Millis(now), &mut entries);
    let closed = Command { user: ada, n: 35, key: None, action: A::Quote { symbol: aapl } };
    ledger.refuse(&closed, Refusal::Closed, None, Millis(now), &mut entries);
    ledger.record_quote(bob, 19, &s, &legacy, Millis(now), &mut entries);
    let more = ledger.on_price(&s, &quote(4_940_000_000, now), Millis(now), &mut entries);
    let still_more = ledger.on_price(&aapl, &quote(15_600_000_000, now), Millis(now), &mut entries);
    assert!(!more && !still_more);
    let named = entries.into_iter().map(|entry| (*ledger.name(entry.user), entry)).collect();
    (ledger, named)
}
