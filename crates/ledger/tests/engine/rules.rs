//! The rule book, rule by rule: the choices A1 to A17 of its section 9 that the engine decides.
//! (A7 is the price source's, and so is the life of a quote.)

use ledger::{Action, Cents, Effect, Event, FileName, Outcome, Side, UserId};

use crate::desk::symbol;
use crate::table::play;

#[test]
fn money_comes_in_and_opens_the_account() {
    play(
        "
        0 | ADD,u,100.00    | ok | cash 100.00 0.00 0.00
        0 | ADD,u,0.01      | ok | cash 100.01 0.00 0.00
        ",
    );
}

#[test]
fn a1_shares_are_whole_and_rounded_down() {
    play(
        "
        0 | price S 30.00   |                 |
        0 | ADD,u,100       | ok              |
        0 | BUY,u,S,100     | ok              | cash 10.00 90.00 0.00
        0 | COMMIT_BUY,u    | ok              | cash 10.00 0.00 0.00, S 3 0 0, cost S 90.00
        0 | SELL,u,S,59.99  | ok              | S 2 1 0
        0 | COMMIT_SELL,u   | ok              | cash 40.00 0.00 0.00, S 2 0 0
        0 | BUY,u,S,29.99   | below_one_share | cash 40.00 0.00 0.00
        0 | SELL,u,S,29.99  | below_one_share | S 2 0 0
        ",
    );
}

#[test]
fn a2_the_full_amount_must_be_there() {
    play(
        "
        0 | price S 30.00   |                    |
        0 | ADD,u,100       | ok                 |
        0 | BUY,u,S,100.01  | insufficient_cash  | cash 100.00 0.00 0.00
        0 | BUY,u,S,60      | ok                 |
        0 | COMMIT_BUY,u    | ok                 | S 2 0 0
        0 | SELL,u,S,60.01  | insufficient_value | S 2 0 0
        0 | SELL,u,S,60     | ok                 | S 0 2 0
        0 | SELL,u,S,1      | no_shares          | S 0 2 0
        ",
    );
}

#[test]
fn a3_a_buy_sets_aside_the_cost_of_its_shares() {
    play(
        "
        0 | price S 40.00   |    |
        0 | ADD,u,100       | ok |
        0 | BUY,u,S,99      | ok | cash 20.00 80.00 0.00
        0 | CANCEL_BUY,u    | ok | cash 100.00 0.00 0.00
        ",
    );
}

#[test]
fn a4_pending_buys_and_sells_are_two_stacks() {
    play(
        "
        0 | price S 1.00    |                 |
        0 | price T 1.00    |                 |
        0 | ADD,u,100       | ok              |
        0 | BUY,u,S,1       | ok              |
        0 | BUY,u,T,2       | ok              |
        0 | BUY,u,S,4       | ok              | cash 93.00 7.00 0.00
        0 | COMMIT_BUY,u    | ok              | S 4 0 0, T 0 0 0
        0 | CANCEL_BUY,u    | ok              | cash 95.00 1.00 0.00
        0 | SELL,u,S,1      | ok              |
        0 | SELL,u,S,2      | ok              | S 1 3 0
        0 | COMMIT_BUY,u    | ok              | S 2 3 0
        0 | COMMIT_BUY,u    | no_pending_buy  | S 2 3 0
        0 | CANCEL_BUY,u    | no_pending_buy  |
        0 | COMMIT_SELL,u   | ok              | S 2 1 0, cash 97.00 0.00 0.00
        0 | CANCEL_SELL,u   | ok              | S 3 0 0
        0 | COMMIT_SELL,u   | no_pending_sell |
        0 | CANCEL_SELL,u   | no_pending_sell |
        ",
    );
}

#[test]
fn a4_any_pending_ticket_can_be_named() {
    play(
        "
        0 | price S 1.00    |                  |
        0 | ADD,u,100       | ok               |
        0 | ADD,v,100       | ok               |
        0 | BUY,u,S,1       | ok               |
        0 | BUY,u,S,2       | ok               |
        0 | BUY,u,S,4       | ok               |
        0 | v commit 1      | not_yours        |
        0 | u commit 1      | ok               | S 1 0 0, cash 93.00 6.00 0.00
        0 | u commit 1      | ticket_committed | S 1 0 0
        0 | u cancel 1      | ticket_committed | S 1 0 0
        0 | u cancel 2      | ok               | cash 95.00 4.00 0.00
        0 | u commit 2      | ticket_cancelled |
        0 | u commit 9      | no_such_ticket   |
        0 | v commit 2      | no_such_ticket   |
        0 | COMMIT_BUY,u    | ok               | S 5 0 0, cash 95.00 0.00 0.00
        ",
    );
}

#[test]
fn a5_sixty_seconds_are_in_and_a_millisecond_more_is_out() {
    play(
        "
        0      | price S 1.00    |                |
        0      | ADD,u,100       | ok             |
        0      | BUY,u,S,1       | ok             |
        1      | BUY,u,S,2       | ok             |
        60001  | COMMIT_BUY,u    | ok             | S 2 0 0, cash 98.00 0.00 0.00
        60001  | COMMIT_BUY,u    | no_pending_buy |
        70000  | BUY,u,S,4       | ok             |
        130000 | COMMIT_BUY,u    | ok             | S 6 0 0
        140000 | SELL,u,S,5      | ok             | S 1 5 0
        200001 | COMMIT_SELL,u   | no_pending_sell | S 6 0 0
        ",
    );
}

#[test]
fn a5_what_expired_is_back_before_the_next_command_whoever_notices() {
    for notice in ["tick", "QUOTE,v,S", "QUOTE,u,S", "DISPLAY_SUMMARY,u"] {
        let outcome = if notice == "tick" { "" } else { "ok" };
        let desk = play(&format!(
            "
            0     | price S 1.00  |                |
            0     | ADD,u,100     | ok             |
            0     | BUY,u,S,100   | ok             | cash 0.00 100.00 0.00
            60000 | BUY,u,S,1     | insufficient_cash |
            60001 | {notice}      | {outcome}      |
            60001 | BUY,u,S,100   | ok             | cash 0.00 100.00 0.00
            60001 | u commit 1    | ticket_expired |
            60001 | u cancel 1    | ticket_expired |
            "
        ));
        let expired = desk.entries.iter().filter(|entry| matches!(entry.event, Event::Expired(_)));
        // The transaction number is that of the BUY.
        assert_eq!(expired.map(|entry| entry.n).collect::<Vec<_>>(), [2]);
    }
}

#[test]
fn a6_a_commit_keeps_the_price_of_its_buy() {
    play(
        "
        0     | price S 10.00   |    |
        0     | ADD,u,100       | ok |
        0     | BUY,u,S,20      | ok |
        59000 | price S 50.00   |    |
        60000 | COMMIT_BUY,u    | ok | cash 80.00 0.00 0.00, S 2 0 0
        60000 | SELL,u,S,50     | ok | S 1 1 0
        61000 | price S 1.00    |    |
        61000 | COMMIT_SELL,u   | ok | cash 130.00 0.00 0.00
        ",
    );
}

#[test]
fn a8_without_an_add_there_is_no_account() {
    play(
        "
        0 | price S 10.00            |            |
        0 | BUY,u,S,20               | no_account |
        0 | SELL,u,S,20              | no_account |
        0 | COMMIT_BUY,u             | no_account |
        0 | CANCEL_BUY,u             | no_account |
        0 | COMMIT_SELL,u            | no_account |
        0 | CANCEL_SELL,u            | no_account |
        0 | u commit 1               | no_account |
        0 | u cancel 1               | no_account |
        0 | SET_BUY_AMOUNT,u,S,20    | no_account |
        0 | SET_BUY_TRIGGER,u,S,20   | no_account |
        0 | CANCEL_SET_BUY,u,S       | no_account |
        0 | SET_SELL_AMOUNT,u,S,20   | no_account |
        0 | SET_SELL_TRIGGER,u,S,20  | no_account |
        0 | CANCEL_SET_SELL,u,S      | no_account |
        0 | u set buy S 20 5         | no_account |
        0 | u set sell S 20 5        | no_account |
        0 | QUOTE,u,S                | ok         |
        0 | DISPLAY_SUMMARY,u        | ok         |
        0 | DUMPLOG,u,./log          | ok         |
        0 | ADD,u,-1                 | amount_not_positive |
        0 | BUY,u,S,20               | no_account | cash 0.00 0.00 0.00
        0 | ADD,u,1                  | ok         |
        0 | BUY,u,S,20               | insufficient_cash |
        ",
    );
}

#[test]
fn a9_zero_and_less_are_refused() {
    for amount in ["0", "0.00", "-0.01", "-73280.58"] {
        play(&format!(
            "
            0 | price S 10.00                | |
            0 | ADD,u,{amount}               | amount_not_positive |
            0 | ADD,u,100                    | ok |
            0 | BUY,u,S,{amount}             | amount_not_positive |
            0 | SELL,u,S,{amount}            | amount_not_positive |
            0 | SET_BUY_AMOUNT,u,S,{amount}  | amount_not_positive |
            0 | SET_SELL_AMOUNT,u,S,{amount} | amount_not_positive |
            0 | SET_BUY_TRIGGER,u,S,{amount} | price_not_positive |
            0 | SET_SELL_TRIGGER,u,S,{amount} | price_not_positive |
            0 | u set buy S {amount} 5       | amount_not_positive |
            0 | u set sell S 5 {amount}      | price_not_positive | cash 100.00 0.00 0.00, none S
            "
        ));
    }
}

#[test]
fn a10_setting_an_amount_again_replaces_and_drops_the_trigger() {
    play(
        "
        0 | price S 10.00             |                   |
        0 | ADD,u,100                 | ok                |
        0 | SET_BUY_AMOUNT,u,S,80     | ok                | cash 20.00 0.00 80.00, buy S 80.00 at -
        0 | SET_BUY_TRIGGER,u,S,5     | ok                | buy S 80.00 at 5
        0 | SET_BUY_AMOUNT,u,S,100.01 | insufficient_cash | cash 20.00 0.00 80.00, buy S 80.00 at 5
        0 | SET_BUY_AMOUNT,u,S,100    | ok                | cash 0.00 0.00 100.00, buy S 100.00 at -
        0 | price S 1.00              |                   | cash 0.00 0.00 100.00, buy S 100.00 at -
        0 | CANCEL_SET_BUY,u,S        | ok                | cash 100.00 0.00 0.00, none S
        0 | price S 10.00             |                   |
        0 | BUY,u,S,100               | ok                |
        0 | COMMIT_BUY,u              | ok                | S 10 0 0
        0 | SET_SELL_AMOUNT,u,S,60    | ok                | S 10 0 0, sell S 60.00 at -
        0 | SET_SELL_TRIGGER,u,S,20   | ok                | S 7 0 3, sell S 60.00 at 20
        0 | SET_SELL_AMOUNT,u,S,100.01 | insufficient_value | S 7 0 3, sell S 60.00 at 20
        0 | SET_SELL_AMOUNT,u,S,100   | ok                | S 10 0 0, sell S 100.00 at -
        0 | price S 90.00             |                   | S 10 0 0, sell S 100.00 at -
        0 | CANCEL_SET_SELL,u,S       | ok                | none S
        ",
    );
}

#[test]
fn a11_triggers_fire_at_once_when_set_and_on_each_new_price() {
    let desk = play(
        "
        0 | price S 10.00             |    |
        0 | ADD,u,100                 | ok |
        0 | SET_BUY_AMOUNT,u,S,50     | ok |
        0 | SET_BUY_TRIGGER,u,S,9.99  | ok | cash 50.00 0.00 50.00, buy S 50.00 at 9.99
        0 | price S 10.01             |    | buy S 50.00 at 9.99
        0 | price S 9.99              |    | cash 50.05 0.00 0.00, S 5 0 0, none S, cost S 49.95
        0 | price S 1.00              |    | cash 50.05 0.00 0.00, S 5 0 0
        0 | SET_BUY_AMOUNT,u,S,10     | ok |
        0 | SET_BUY_TRIGGER,u,S,1     | ok | cash 40.05 0.00 0.00, S 15 0 0, none S
        0 | SET_SELL_AMOUNT,u,S,15    | ok |
        0 | SET_SELL_TRIGGER,u,S,1    | ok | cash 55.05 0.00 0.00, S 0 0 0, none S
        ",
    );
    let fired: Vec<_> = desk.entries.iter().filter(|e| matches!(e.event, Event::Fired(_))).collect();
    // Under the number of the command that armed it: lines 3, 5 and 7 of those numbered.
    assert_eq!(fired.iter().map(|entry| entry.n).collect::<Vec<_>>(), [3, 5, 7]);
    for entry in fired {
        let Event::Fired(fill) = entry.event else { unreachable!() };
        assert_eq!(desk.entries[fill.armed as usize - 1].n, entry.n);
        assert!(entry.quote.as_ref().is_some_and(|quote| !quote.fresh));
    }
}

#[test]
fn a11_a_trigger_is_set_without_a_price_and_fires_on_the_first() {
    play(
        "
        0 | ADD,u,100                 | ok |
        0 | SET_BUY_AMOUNT,u,S,50     | ok |
        0 | SET_BUY_TRIGGER,u,S,9.99  | ok | buy S 50.00 at 9.99
        0 | price S 5.00              |    | cash 50.00 0.00 0.00, S 10 0 0, none S
        ",
    );
}

#[test]
fn a11_a_cancelled_trigger_does_not_fire() {
    let desk = play(
        "
        0 | ADD,u,100                 | ok |
        0 | SET_BUY_AMOUNT,u,S,50     | ok |
        0 | SET_BUY_TRIGGER,u,S,9.99  | ok |
        0 | CANCEL_SET_BUY,u,S        | ok | cash 100.00 0.00 0.00, none S
        0 | price S 5.00              |    | cash 100.00 0.00 0.00, S 0 0 0
        ",
    );
    assert_eq!(desk.ledger.armed(&symbol("S")), None);
    assert_eq!(desk.ledger.armed_symbols().count(), 0);
}

#[test]
fn a11_triggers_fire_by_price_and_the_earlier_first() {
    let desk = play(
        "
        0 | ADD,a,100             | ok |
        0 | ADD,b,100             | ok |
        0 | ADD,c,100             | ok |
        0 | a set buy S 50 9      | ok |
        0 | b set buy S 50 10     | ok |
        0 | c set buy S 50 9      | ok |
        0 | price S 9.50          |    |
        0 | price S 9.00          |    |
        0 | price S 9.20          |    |
        0 | c set sell S 9 10     | below_one_share |
        0 | c set sell S 40 10    | ok |
        0 | a set sell S 40 9.50  | ok |
        0 | b set sell S 40 10    | ok |
        0 | price S 11.00         |    |
        ",
    );
    let fired = desk.entries.iter().filter(|entry| matches!(entry.event, Event::Fired(_)));
    let who: Vec<&str> = fired.map(|entry| desk.ledger.name(entry.user).as_str()).collect();
    assert_eq!(who, ["b", "a", "c", "a", "c", "b"]);
}

#[test]
fn a12_below_one_share_a_buy_stays_armed() {
    let desk = play(
        "
        0 | price S 50.00             |    |
        0 | ADD,u,100                 | ok |
        0 | SET_BUY_AMOUNT,u,S,20     | ok |
        0 | SET_BUY_TRIGGER,u,S,60    | ok | cash 80.00 0.00 20.00, buy S 20.00 at 60
        0 | price S 20.01             |    | buy S 20.00 at 60
        ",
    );
    let armed = desk.ledger.armed(&symbol("S")).unwrap();
    assert_eq!((armed.buy_at, armed.sell_at), (Some("20".parse().unwrap()), None));
    play(
        "
        0 | price S 50.00             |    |
        0 | ADD,u,100                 | ok |
        0 | u set buy S 20 60         | ok | buy S 20.00 at 60
        0 | price S 20.00             |    | cash 80.00 0.00 0.00, S 1 0 0, none S
        ",
    );
}

#[test]
fn a13_a_sell_fires_with_its_whole_reserve_at_the_price_met() {
    play(
        "
        0 | price S 10.00             |    |
        0 | ADD,u,100                 | ok |
        0 | BUY,u,S,100               | ok |
        0 | COMMIT_BUY,u              | ok | S 10 0 0, cash 0.00 0.00 0.00
        0 | SET_SELL_AMOUNT,u,S,70    | ok |
        0 | SET_SELL_TRIGGER,u,S,12   | ok | S 5 0 5, sell S 70.00 at 12
        0 | price S 11.99             |    | S 5 0 5
        0 | price S 30.00             |    | S 5 0 0, cash 150.00 0.00 0.00, none S, cost S 50.00, profit S 100.00
        ",
    );
}

#[test]
fn a14_a_sell_amount_must_be_held_at_the_current_price() {
    play(
        "
        0 | price S 10.00             |                     |
        0 | ADD,u,100                 | ok                  |
        0 | SET_SELL_AMOUNT,u,S,10    | no_shares           |
        0 | BUY,u,S,50                | ok                  |
        0 | COMMIT_BUY,u              | ok                  | S 5 0 0
        0 | SET_SELL_AMOUNT,u,S,50.01 | insufficient_value  |
        0 | SET_SELL_AMOUNT,u,S,50    | ok                  | S 5 0 0
        0 | SET_SELL_TRIGGER,u,S,8    | insufficient_shares | S 5 0 0, sell S 50.00 at -
        0 | SET_SELL_TRIGGER,u,S,51   | below_one_share     | S 5 0 0, sell S 50.00 at -
        0 | SET_SELL_TRIGGER,u,S,25   | ok                  | S 3 0 2
        0 | SET_SELL_TRIGGER,u,S,8    | insufficient_shares | S 3 0 2, sell S 50.00 at 25
        0 | SET_SELL_TRIGGER,u,S,12.5 | ok                  | S 1 0 4, sell S 50.00 at 12.5
        0 | SELL,u,S,20               | insufficient_value  |
        0 | SELL,u,S,10               | ok                  | S 0 1 4
        0 | SET_SELL_TRIGGER,u,S,10   | insufficient_shares | S 0 1 4
        ",
    );
}

#[test]
fn a15_cancelling_a_setting_removes_amount_and_trigger() {
    play(
        "
        0 | price S 10.00             |                |
        0 | ADD,u,100                 | ok             |
        0 | CANCEL_SET_BUY,u,S        | no_buy_amount  |
        0 | CANCEL_SET_SELL,u,S       | no_sell_amount |
        0 | SET_BUY_TRIGGER,u,S,5     | no_buy_amount  |
        0 | SET_SELL_TRIGGER,u,S,5    | no_sell_amount |
        0 | SET_BUY_AMOUNT,u,S,50     | ok             |
        0 | CANCEL_SET_BUY,u,S        | ok             | cash 100.00 0.00 0.00, none S
        0 | SET_BUY_AMOUNT,u,S,50     | ok             |
        0 | SET_BUY_TRIGGER,u,S,5     | ok             |
        0 | CANCEL_SET_BUY,u,S        | ok             | cash 100.00 0.00 0.00, none S
        0 | CANCEL_SET_BUY,u,S        | no_buy_amount  |
        0 | BUY,u,S,50                | ok             |
        0 | COMMIT_BUY,u              | ok             |
        0 | SET_SELL_AMOUNT,u,S,50    | ok             |
        0 | CANCEL_SET_SELL,u,S       | ok             | S 5 0 0, none S
        0 | SET_SELL_AMOUNT,u,S,50    | ok             |
        0 | SET_SELL_TRIGGER,u,S,25   | ok             | S 3 0 2
        0 | CANCEL_SET_SELL,u,S       | ok             | S 5 0 0, none S
        0 | CANCEL_SET_SELL,u,S       | no_sell_amount |
        ",
    );
}

#[test]
fn a16_money_moves_with_the_buy_and_not_with_its_commit() {
    use ledger::{Account, Unit};
    let desk = play(
        "
        0 | price S 10.00   |    |
        0 | ADD,u,100       | ok |
        0 | BUY,u,S,25      | ok |
        0 | COMMIT_BUY,u    | ok |
        0 | SET_BUY_AMOUNT,u,S,30 | ok |
        0 | SET_BUY_AMOUNT,u,S,40 | ok |
        0 | SELL,u,S,10     | ok |
        0 | COMMIT_SELL,u   | ok |
        ",
    );
    let available: Vec<Vec<i64>> = desk
        .entries
        .iter()
        .map(|entry| {
            let postings = entry.postings();
            let cash = postings.iter().filter(|p| p.account == Account::Available && p.unit == Unit::Cash);
            cash.map(|posting| posting.delta).collect()
        })
        .collect();
    let expected: [&[i64]; 7] = [&[10_000], &[-2_000], &[], &[-3_000], &[3_000, -4_000], &[], &[1_000]];
    assert_eq!(available, expected);
}

#[test]
fn a17_a_dumplog_of_everything_is_nobodys() {
    let mut desk = play("0 | ADD,u,1 | ok |");
    let file = FileName::new("./testLOG").unwrap();
    assert_eq!(desk.run(UserId::SYSTEM, Action::DumpLog { file }), Outcome::Done(Effect::Noted));
    let add = desk.run(UserId::SYSTEM, Action::Add { amount: Cents(1) });
    assert_eq!(add, Outcome::Refused(ledger::Refusal::NoAccount));
}

#[test]
fn amount_and_trigger_at_once_or_neither() {
    play(
        "
        0 | price S 10.00             |                     |
        0 | ADD,u,100                 | ok                  |
        0 | u set buy S 100.01 5      | insufficient_cash   | none S
        0 | u set buy S 40 5          | ok                  | cash 60.00 0.00 40.00, buy S 40.00 at 5
        0 | u set buy S 100.01 5      | insufficient_cash   | cash 60.00 0.00 40.00, buy S 40.00 at 5
        0 | u set buy S 100 4         | ok                  | cash 0.00 0.00 100.00, buy S 100.00 at 4
        0 | u set buy S 60 10         | ok                  | cash 40.00 0.00 0.00, S 6 0 0, none S
        0 | u set sell S 70 20        | insufficient_value  | none S
        0 | u set sell S 60 5         | insufficient_shares | none S
        0 | u set sell S 60 61        | below_one_share     | none S
        0 | u set sell S 60 20        | ok                  | S 3 0 3, sell S 60.00 at 20
        0 | u set sell S 60 5         | insufficient_shares | S 3 0 3, sell S 60.00 at 20
        0 | u set sell S 60 10        | ok                  | S 0 0 0, cash 100.00 0.00 0.00, none S
        ",
    );
}

#[test]
fn cost_and_profit_follow_the_shares() {
    play(
        "
        0 | price S 10.00   |    |
        0 | ADD,u,1000      | ok |
        0 | BUY,u,S,20      | ok |
        0 | COMMIT_BUY,u    | ok | cost S 20.00
        0 | price S 10.01   |    |
        0 | BUY,u,S,10.01   | ok |
        0 | COMMIT_BUY,u    | ok | S 3 0 0, cost S 30.01
        0 | price S 12.00   |    |
        0 | SELL,u,S,12     | ok | cost S 30.01, profit S 0.00
        0 | COMMIT_SELL,u   | ok | cost S 20.01, profit S 2.00
        0 | price S 5.00    |    |
        0 | SELL,u,S,10     | ok |
        0 | COMMIT_SELL,u   | ok | S 0 0 0, cost S 0.00, profit S -8.01
        ",
    );
}

#[test]
fn sub_penny_prices_cost_up_and_bring_down() {
    play(
        "
        0 | price S 0.3333  |                |
        0 | ADD,u,10        | ok             |
        0 | BUY,u,S,0.40    | ok             | cash 9.66 0.34 0.00
        0 | COMMIT_BUY,u    | ok             | S 1 0 0
        0 | SELL,u,S,0.33   | below_one_share |
        0 | price S 0.33    |                |
        0 | SELL,u,S,0.33   | ok             |
        0 | COMMIT_SELL,u   | ok             | cash 9.99 0.00 0.00
        0 | price S 0.006   |                |
        0 | BUY,u,S,0.01    | ok             |
        0 | COMMIT_BUY,u    | ok             | S 1 0 0, cash 9.98 0.00 0.00
        0 | SELL,u,S,0.01   | insufficient_value |
        0 | price S 0.0099  |                |
        0 | BUY,u,S,0.01    | ok             |
        0 | COMMIT_BUY,u    | ok             | S 2 0 0, cash 9.97 0.00 0.00
        0 | SELL,u,S,0.01   | below_one_cent | S 2 0 0
        0 | u set sell S 0.01 0.0099 | ok         | S 1 0 1, sell S 0.01 at 0.0099
        0 | price S 0.0099  |                | S 1 0 1
        0 | price S 0.01    |                | S 1 0 0, cash 9.98 0.00 0.00, none S
        ",
    );
}

#[test]
fn buy_and_sell_of_one_symbol_stand_beside_each_other() {
    let desk = play(
        "
        0 | price S 10.00             |    |
        0 | ADD,u,100                 | ok |
        0 | BUY,u,S,50                | ok |
        0 | COMMIT_BUY,u              | ok |
        0 | u set buy S 20 8          | ok | buy S 20.00 at 8
        0 | u set sell S 24 12        | ok | buy S 20.00 at 8, sell S 24.00 at 12, S 3 0 2
        ",
    );
    let armed = desk.ledger.armed(&symbol("S")).unwrap();
    assert_eq!((armed.buy_at, armed.sell_at), (Some("8".parse().unwrap()), Some("12".parse().unwrap())));
    assert_eq!(desk.ledger.armed_symbols().collect::<Vec<_>>(), [symbol("S")]);
    let sides: Vec<Side> =
        desk.ledger.account(UserId(1), desk.now).triggers.iter().map(|trigger| trigger.side).collect();
    assert_eq!(sides, [Side::Buy, Side::Sell]);
}
