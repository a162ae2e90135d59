//! Of several things wrong, the one that stands first in `Refusal` is said. In each table every
//! line mends what the line before was refused for, until nothing is wrong.

use ledger::{
    Action, Applied, Cents, Command, Fault, Key, Ledger, Malformed, Millis, Outcome, Refusal, Shares, Side,
    UserName,
};

use crate::desk::{Desk, symbol};
use crate::table::play;

const FAR: &str = "10000000000.01";

#[test]
fn add() {
    play(&format!(
        "
        0 | ADD,u,0      | amount_not_positive |
        0 | ADD,u,{FAR}  | amount_too_large    |
        0 | ADD,u,10000000000.00 | ok          |
        "
    ));
}

#[test]
fn buy() {
    play(&format!(
        "
        0 | BUY,u,S,-1     | amount_not_positive |
        0 | BUY,u,S,{FAR}  | amount_too_large    |
        0 | BUY,u,S,5      | no_account          |
        0 | ADD,u,4.99     | ok                  |
        0 | BUY,u,S,5      | insufficient_cash   |
        0 | ADD,u,0.01     | ok                  |
        0 | BUY,u,S,5      | no_price            |
        0 | price S 5.01   |                     |
        0 | BUY,u,S,5      | below_one_share     |
        0 | price S 5      |                     |
        0 | BUY,u,S,5      | ok                  |
        "
    ));
}

/// Buys five shares of S for u, and takes the price away again.
fn with_shares() -> Desk {
    let mut desk = play(
        "
        0 | price S 5       |    |
        0 | ADD,u,100       | ok |
        0 | BUY,u,S,25      | ok |
        0 | COMMIT_BUY,u    | ok |
        ",
    );
    desk.prices.clear();
    desk
}

fn refused(desk: &mut Desk, action: Action) -> Refusal {
    let user = desk.user("u");
    match desk.run(user, action.clone()) {
        Outcome::Refused(refusal) => refusal,
        Outcome::Done(effect) => panic!("{action:?}: {effect:?}"),
    }
}

fn accepted(desk: &mut Desk, action: Action) {
    let user = desk.user("u");
    let outcome = desk.run(user, action.clone());
    assert!(matches!(outcome, Outcome::Done(_)), "{action:?}: {outcome:?}");
}

#[test]
fn sell() {
    play(&format!(
        "
        0 | SELL,u,S,-1     | amount_not_positive |
        0 | SELL,u,S,{FAR}  | amount_too_large    |
        0 | SELL,u,S,5      | no_account          |
        0 | ADD,u,4.99      | ok                  |
        0 | SELL,u,S,5      | no_shares           |
        "
    ));
    let (mut desk, s) = (with_shares(), symbol("S"));
    let sell = |cents| Action::Sell { symbol: s, amount: Cents(cents) };
    assert_eq!(refused(&mut desk, sell(10_000)), Refusal::NoPrice);
    desk.prices.insert(s, "5".parse().unwrap());
    assert_eq!(
        refused(&mut desk, sell(10_000)),
        Refusal::InsufficientValue { needed: Cents(10_000), available: Cents(2_500) }
    );
    assert_eq!(refused(&mut desk, sell(499)), Refusal::BelowOneShare);
    desk.prices.insert(s, "0.0050".parse().unwrap());
    assert_eq!(refused(&mut desk, sell(3)).code(), "insufficient_value");
    accepted(&mut desk, sell(1));
}

#[test]
fn tickets() {
    play(
        "
        0     | price S 5    |                  |
        0     | u commit 1   | no_account       |
        0     | COMMIT_BUY,u | no_account       |
        0     | ADD,u,100    | ok               |
        0     | ADD,v,100    | ok               |
        0     | u commit 1   | no_such_ticket   |
        0     | COMMIT_BUY,u | no_pending_buy   |
        0     | BUY,v,S,5    | ok               |
        0     | u commit 1   | not_yours        |
        0     | u cancel 1   | not_yours        |
        0     | BUY,u,S,5    | ok               |
        0     | BUY,u,S,5    | ok               |
        0     | u commit 3   | ok               |
        0     | u commit 3   | ticket_committed |
        0     | u cancel 2   | ok               |
        0     | u cancel 2   | ticket_cancelled |
        0     | BUY,u,S,5    | ok               |
        60001 | u commit 4   | ticket_expired   |
        60001 | u commit 1   | no_such_ticket   |
        60001 | u commit 3   | ticket_committed |
        ",
    );
}

#[test]
fn automatic_buys() {
    play(&format!(
        "
        0 | price S 50                  |                     |
        0 | SET_BUY_AMOUNT,u,S,0        | amount_not_positive |
        0 | SET_BUY_AMOUNT,u,S,{FAR}    | amount_too_large    |
        0 | SET_BUY_AMOUNT,u,S,5        | no_account          |
        0 | SET_BUY_TRIGGER,u,S,0       | price_not_positive  |
        0 | SET_BUY_TRIGGER,u,S,{FAR}   | price_too_large     |
        0 | SET_BUY_TRIGGER,u,S,5       | no_account          |
        0 | u set buy S 0 -1            | amount_not_positive |
        0 | u set buy S {FAR} 0         | price_not_positive  |
        0 | u set buy S {FAR} {FAR}     | amount_too_large    |
        0 | u set buy S 5 {FAR}         | price_too_large     |
        0 | u set buy S 5 1             | no_account          |
        0 | CANCEL_SET_BUY,u,S          | no_account          |
        0 | ADD,u,4.99                  | ok                  |
        0 | SET_BUY_AMOUNT,u,S,5        | insufficient_cash   |
        0 | u set buy S 5 1             | insufficient_cash   |
        0 | SET_BUY_TRIGGER,u,S,5       | no_buy_amount       |
        0 | CANCEL_SET_BUY,u,S          | no_buy_amount       |
        0 | ADD,u,0.01                  | ok                  |
        0 | SET_BUY_AMOUNT,u,S,5        | ok                  |
        0 | SET_BUY_TRIGGER,u,S,10000000000 | ok              |
        0 | u set buy S 5 1             | ok                  |
        0 | CANCEL_SET_BUY,u,S          | ok                  |
        "
    ));
}

#[test]
fn automatic_sells() {
    play(&format!(
        "
        0 | price S 50                  |                     |
        0 | SET_SELL_AMOUNT,u,S,0       | amount_not_positive |
        0 | SET_SELL_AMOUNT,u,S,{FAR}   | amount_too_large    |
        0 | SET_SELL_AMOUNT,u,S,5       | no_account          |
        0 | SET_SELL_TRIGGER,u,S,0      | price_not_positive  |
        0 | SET_SELL_TRIGGER,u,S,{FAR}  | price_too_large     |
        0 | SET_SELL_TRIGGER,u,S,5      | no_account          |
        0 | u set sell S 5 0            | price_not_positive  |
        0 | u set sell S 5 1            | no_account          |
        0 | CANCEL_SET_SELL,u,S         | no_account          |
        0 | ADD,u,4.99                  | ok                  |
        0 | SET_SELL_AMOUNT,u,S,5       | no_shares           |
        0 | u set sell S 5 1            | no_shares           |
        0 | SET_SELL_TRIGGER,u,S,5      | no_sell_amount      |
        0 | CANCEL_SET_SELL,u,S         | no_sell_amount      |
        "
    ));
    let (mut desk, s) = (with_shares(), symbol("S"));
    let amount = |cents| Action::SetSellAmount { symbol: s, amount: Cents(cents) };
    let trigger = |price: &str| Action::SetSellTrigger { symbol: s, price: price.parse().unwrap() };
    let both = |cents, price: &str| Action::SetTrigger {
        side: Side::Sell,
        symbol: s,
        amount: Cents(cents),
        price: price.parse().unwrap(),
    };
    assert_eq!(refused(&mut desk, amount(2_501)), Refusal::NoPrice);
    // What the trigger price alone tells costs no quote.
    assert_eq!(refused(&mut desk, both(2_501, "25.01")), Refusal::NoPrice);
    assert_eq!(refused(&mut desk, both(2_501, "25.02")), Refusal::BelowOneShare);
    let refusal = refused(&mut desk, both(2_501, "4"));
    assert_eq!(refusal, Refusal::InsufficientShares { needed: Shares(6), available: Shares(5) });
    desk.prices.insert(s, "5".parse().unwrap());
    assert_eq!(refused(&mut desk, amount(2_501)).code(), "insufficient_value");
    assert_eq!(refused(&mut desk, both(2_501, "6")).code(), "insufficient_value");
    accepted(&mut desk, amount(2_500));
    assert_eq!(refused(&mut desk, trigger("26")), Refusal::BelowOneShare);
    assert_eq!(refused(&mut desk, trigger("4")).code(), "insufficient_shares");
    accepted(&mut desk, trigger("6"));
}

#[test]
fn a_used_key_comes_before_everything_but_what_cannot_be_read() {
    let mut ledger = Ledger::new();
    let mut out = Vec::new();
    let user = ledger.intern(&UserName::new("u").unwrap()).unwrap();
    let key = Some(Key(1));
    let command = |amount| Command { user, n: 1, key, action: Action::Add { amount: Cents(amount) } };
    ledger.apply(&command(1), None, Millis(0), &mut out);
    ledger.apply(&command(-1), None, Millis(0), &mut out);
    ledger.refuse(&command(-2), Refusal::Closed, None, Millis(0), &mut out);
    // The same again is no refusal but a repeat, even when the desk is closed.
    let again = ledger.refuse(&command(1), Refusal::Closed, None, Millis(0), &mut out);
    assert_eq!(again, Applied::Repeated(1));
    let refusals: Vec<_> = out.iter().filter_map(refusal).collect();
    assert_eq!(refusals, [Refusal::KeyReused, Refusal::KeyReused]);
}

fn refusal(entry: &ledger::Entry) -> Option<Refusal> {
    match entry.event {
        ledger::Event::Command { outcome: Outcome::Refused(refusal), .. } => Some(refusal),
        _ => None,
    }
}

#[test]
fn what_is_known_outside_comes_before_the_rules() {
    let mut ledger = Ledger::new();
    let mut out = Vec::new();
    let user = ledger.intern(&UserName::new("u").unwrap()).unwrap();
    let action = Action::Buy { symbol: symbol("S"), amount: Cents(-1) };
    let command = Command { user, n: 1, key: None, action };
    for reason in [Refusal::UnknownSymbol, Refusal::Closed, Refusal::StalePrice, Refusal::NoPrice] {
        out.clear();
        ledger.refuse(&command, reason, None, Millis(0), &mut out);
        assert_eq!(out.iter().filter_map(refusal).collect::<Vec<_>>(), [reason]);
    }
    out.clear();
    // Only those: the rest is the engine's own to find.
    ledger.refuse(&command, Refusal::Overdraft, None, Millis(0), &mut out);
    assert_eq!(out.iter().filter_map(refusal).collect::<Vec<_>>(), [Refusal::Closed]);
}

#[test]
fn what_could_not_be_read_is_entered_and_refused() {
    let mut desk = Desk::new();
    let malformed = Malformed { verb: None, symbol: None, amount: None, fault: Fault::Decimals };
    assert_eq!(refused(&mut desk, Action::Malformed(malformed)), Refusal::Malformed(Fault::Decimals));
    assert_eq!(desk.entries.len(), 1);
}

#[test]
fn ranks_are_the_order_of_the_enum_and_codes_are_distinct() {
    let (cents, shares) = (Cents(1), Shares(1));
    let all = [
        Refusal::Malformed(Fault::Empty),
        Refusal::KeyReused,
        Refusal::UnknownSymbol,
        Refusal::Closed,
        Refusal::StalePrice,
        Refusal::AmountNotPositive,
        Refusal::PriceNotPositive,
        Refusal::AmountTooLarge,
        Refusal::PriceTooLarge,
        Refusal::NoAccount,
        Refusal::TooManyUsers,
        Refusal::NothingPending(Side::Buy),
        Refusal::TicketExpired,
        Refusal::TicketCommitted,
        Refusal::TicketCancelled,
        Refusal::NotYours,
        Refusal::NoSuchTicket,
        Refusal::NothingSet(Side::Buy),
        Refusal::NoShares,
        Refusal::InsufficientCash { needed: cents, available: cents },
        Refusal::TooManyTickets,
        Refusal::TooManySymbols,
        Refusal::BelowOneShare,
        Refusal::InsufficientShares { needed: shares, available: shares },
        Refusal::NoPrice,
        Refusal::InsufficientValue { needed: cents, available: cents },
        Refusal::BelowOneCent,
        Refusal::BalanceTooLarge,
        Refusal::Overdraft,
    ];
    assert_eq!(all.map(|refusal| usize::from(refusal.rank())), std::array::from_fn(|place| place));
    let mut codes: Vec<_> = all.iter().map(|refusal| refusal.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all.len());
    for refusal in all {
        let sentence = refusal.to_string();
        assert!(sentence.starts_with(char::is_uppercase) && !sentence.ends_with('.'), "{sentence}");
    }
}
