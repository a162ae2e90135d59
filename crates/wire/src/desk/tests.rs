use expect_test::{expect, expect_file};
use ledger::{Cents, Ledger, Millis, UserName};

use super::text::{average_cost, money, time};
use super::*;
use crate::journal::Record;
use crate::journal::day::a_day;

fn of_a_day() -> (Ledger, Vec<TransactionBody>) {
    let (ledger, entries) = a_day();
    let bodies = entries.into_iter().map(|(user, entry)| TransactionBody::of(&Record { user, entry }, 3));
    let bodies = bodies.collect();
    (ledger, bodies)
}

fn any_body() -> TransactionBody {
    of_a_day().1.swap_remove(4)
}

#[test]
fn a_day_as_csv() {
    let (_, bodies) = of_a_day();
    let mut csv = CSV_HEADER.to_owned();
    csv.extend(bodies.iter().map(TransactionBody::csv_line));
    // A checkout may change line ends.
    assert_eq!(csv.matches("\r\n").count(), bodies.len() + 1);
    expect_file!["../../tests/golden/transactions.csv"].assert_eq(&csv.replace("\r\n", "\n"));
}

#[test]
fn a_transaction_as_json() {
    expect![[r#"
        {
          "id": "3-5",
          "timestamp": "2026-01-01T12:00:02Z",
          "user": "ada@example.org",
          "n": 5,
          "command": "BUY",
          "kind": "ticket_opened",
          "side": "buy",
          "symbol": "AAPL",
          "shares": "3",
          "price": "150.12345678",
          "amount": "450.38",
          "profit": null,
          "available_change": "-450.38",
          "ticket": "3-5",
          "reason": null,
          "message": null,
          "quote": {
            "source": "sim",
            "timestamp": "2026-01-01T11:59:59.750Z",
            "arrived_at": "2026-01-01T11:59:59.760Z",
            "age_ms": 2250
          }
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&any_body()).unwrap());
}

#[test]
fn a_price_for_watching_is_nobodys_transaction() {
    let (_, entries) = a_day();
    let count = entries
        .into_iter()
        .filter(|(user, entry)| {
            TransactionBody::from_record(&Record { user: *user, entry: entry.clone() }, 0).is_none()
        })
        .count();
    assert_eq!(count, 1);
}

#[test]
fn an_account_as_json() {
    let (ledger, _) = a_day();
    let ada = UserName::new("ada@example.org").unwrap();
    let view = ledger.account(ledger.find(&ada).unwrap(), ledger.latest());
    let body = AccountBody::of(&ada, &view, 3);
    expect![[r#"
        {
          "user": "ada@example.org",
          "is_open": true,
          "cash": {
            "balance": "9856.62",
            "available": "9856.62",
            "reserved": "0.00",
            "in_tickets": "0.00",
            "in_triggers": "0.00"
          },
          "deposited": "10000.00",
          "holdings": [
            {
              "symbol": "AAPL",
              "shares": "1",
              "available": "1",
              "reserved": "0",
              "cost": "150.13",
              "average_cost": "150.13",
              "realised": "6.75"
            }
          ],
          "tickets": [],
          "triggers": [],
          "last_transaction": "3-39"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&body).unwrap());
}

/// With something reserved everywhere.
#[test]
fn an_account_in_the_middle_of_things() {
    let (_, entries) = a_day();
    let mut ledger = Ledger::new();
    let mut seen = Vec::new();
    for (user, mut entry) in entries {
        entry.user = ledger.intern(&user).unwrap();
        ledger.replay(&entry).unwrap();
        let view = ledger.account(entry.user, entry.at);
        if !view.tickets.is_empty() && !view.triggers.is_empty() {
            seen.push(serde_json::to_string_pretty(&AccountBody::of(&user, &view, 0)).unwrap());
        }
    }
    expect![[r#"
        {
          "user": "oY01WVirLr",
          "is_open": true,
          "cash": {
            "balance": "10000.00",
            "available": "8800.00",
            "reserved": "1200.00",
            "in_tickets": "600.00",
            "in_triggers": "600.00"
          },
          "deposited": "10000.00",
          "holdings": [],
          "tickets": [
            {
              "id": "0-28",
              "side": "buy",
              "symbol": "S",
              "price": "50.00",
              "shares": "12",
              "total": "600.00",
              "status": "open",
              "created_at": "2026-01-01T12:00:06Z",
              "expires_at": "2026-01-01T12:01:06Z",
              "quote": null
            }
          ],
          "triggers": [
            {
              "side": "buy",
              "symbol": "S",
              "amount": "600.00",
              "price": "49.50",
              "shares": "0"
            }
          ],
          "last_transaction": "0-28"
        }"#]]
    .assert_eq(&seen.join("\n"));
}

/// The list explains the balance.
#[test]
fn the_changes_come_to_what_is_available() {
    let (ledger, bodies) = of_a_day();
    for name in ["ada@example.org", "oY01WVirLr"] {
        let own = bodies.iter().filter(|body| body.user == name);
        let sum: i64 = own.map(|body| body.available_change.replace('.', "").parse::<i64>().unwrap()).sum();
        let user = ledger.find(&UserName::new(name).unwrap()).unwrap();
        assert_eq!(Cents(sum), ledger.account(user, ledger.latest()).available);
    }
}

#[test]
fn what_a_spreadsheet_would_run_is_guarded() {
    let body = TransactionBody {
        user: "=cmd|'x'!A1".to_owned(),
        message: Some("+1, \"two\"\r\n".to_owned()),
        available_change: "-450.38".to_owned(),
        ..any_body()
    };
    let line = body.csv_line();
    assert!(line.contains(",'=cmd|'x'!A1,"), "{line}");
    assert!(line.contains(",\"'+1, \"\"two\"\"\r\n\","), "{line}");
    assert!(line.contains(",-450.38,"), "{line}");
}

#[test]
fn words_are_those_of_json() {
    for kind in TransactionKind::ALL {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.name()));
    }
    for side in [SideName::Buy, SideName::Sell] {
        assert_eq!(serde_json::to_string(&side).unwrap(), format!("\"{}\"", side.name()));
        assert_eq!(SideName::from(ledger::Side::from(side)), side);
    }
}

#[test]
fn money_and_times_at_the_ends_of_their_ranges() {
    assert_eq!(money(i128::from(i64::MAX) + 1), "92233720368547758.08");
    assert_eq!(money(-i128::from(i64::MAX) - 2), "-92233720368547758.09");
    assert_eq!(money(-5), "-0.05");
    assert_eq!(time(Millis(i64::MIN)), Timestamp::MIN);
    assert_eq!(time(Millis(i64::MAX)), Timestamp::MAX);
    assert_eq!(average_cost(Cents(45_038), 3), Some("150.1267".to_owned()));
    assert_eq!(average_cost(Cents(45_000), 3), Some("150.00".to_owned()));
    // Half of a hundredth of a cent goes to the even one.
    assert_eq!(average_cost(Cents(1), 200), Some("0.00".to_owned()));
    assert_eq!(average_cost(Cents(3), 200), Some("0.0002".to_owned()));
    assert_eq!(average_cost(Cents(0), 0), None);
    assert_eq!(average_cost(Cents(i64::MAX), 1), None);
}
