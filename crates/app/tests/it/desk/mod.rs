//! The day-trading desk of the executable: what it promises, refuses and survives.

mod channel;
mod contract;
mod killed;
mod played;
mod refusals;

use std::path::Path;

use serde_json::{Value, json};

use crate::house::{Bellwether, Ended, Got, OPERATOR_KEY, bellwether, got, soon};
use crate::workload::classic;

/// Has the operator's commands carried out, each answered by its object.
async fn commands(house: &Bellwether, lines: &str) -> Vec<Value> {
    let got =
        got(house.ask("POST", "/api/v1/commands").bearer_auth(OPERATOR_KEY).body(lines.to_owned())).await;
    assert_eq!(got.status, 200, "{lines}: {}", got.body);
    assert_eq!(got.content_type, "application/x-ndjson");
    got.body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Sends JSON.
async fn ask(house: &Bellwether, method: &str, path: &str, body: &Value) -> Got {
    got(house.ask(method, path).header("content-type", "application/json").body(body.to_string())).await
}

async fn deposit(house: &Bellwether, amount: &str) -> Got {
    ask(house, "POST", "/api/v1/account/deposits", &json!({ "amount": amount })).await
}

async fn open(house: &Bellwether, side: &str, symbol: &str, amount: &str) -> Got {
    ask(house, "POST", "/api/v1/tickets", &json!({"side": side, "symbol": symbol, "amount": amount})).await
}

/// Opens a ticket as soon as there is a price.
async fn opened(house: &Bellwether, side: &str, symbol: &str, amount: &str) -> Value {
    soon("a price to trade on", || async {
        let got = open(house, side, symbol, amount).await;
        assert!([201, 503].contains(&got.status), "{}", got.body);
        (got.status == 201).then(|| got.json())
    })
    .await
}

async fn commit(house: &Bellwether, id: &Value) -> Got {
    ask(house, "POST", &format!("/api/v1/tickets/{}/commit", text(id)), &Value::Null).await
}

async fn cancel(house: &Bellwether, id: &Value) -> Got {
    ask(house, "DELETE", &format!("/api/v1/tickets/{}", text(id)), &Value::Null).await
}

async fn account(house: &Bellwether) -> Value {
    house.json("/api/v1/account").await
}

/// A refusal has a status, a name for programs and words for people.
#[track_caller]
fn assert_refused(got: &Got, status: u16, code: &str) {
    assert_eq!((got.status, got.content_type.as_str()), (status, "application/problem+json"), "{}", got.body);
    let problem = got.json();
    assert_eq!(problem["code"], code, "{problem}");
    assert!(!text(&problem["detail"]).is_empty(), "{problem}");
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text was expected, not {value}"))
}

/// Decimal dollars as hundredths of a cent.
#[track_caller]
fn units(value: &Value) -> i64 {
    let text = text(value);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 4, "{text}");
    format!("{whole}{fraction:0<4}").parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

#[track_caller]
fn whole(value: &Value) -> i64 {
    text(value).parse().unwrap_or_else(|_| panic!("{value} is no whole number"))
}

/// The complete list as CSV, its first line left out.
async fn csv(house: &Bellwether) -> Vec<Vec<String>> {
    let got = got(house.ask("GET", "/api/v1/transactions").header("accept", "text/csv")).await;
    assert_eq!((got.status, got.content_type.as_str()), (200, "text/csv; charset=utf-8"));
    let mut lines = got.body.split_terminator("\r\n");
    assert!(lines.next().is_some_and(|head| head.starts_with("id,timestamp,user,n,command,kind,")));
    lines.map(fields).collect()
}

/// The fields of a line of CSV.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    fields.push(field);
    fields
}

/// The rule of section 3.8 for cash: what came in is there, or is in shares.
#[track_caller]
fn assert_nothing_lost(account: &Value) {
    let cash = &account["cash"];
    let held: i64 = account["holdings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|holding| {
            assert!(whole(&holding["available"]) >= 0 && whole(&holding["reserved"]) >= 0, "{holding}");
            assert_eq!(
                whole(&holding["shares"]),
                whole(&holding["available"]) + whole(&holding["reserved"]),
                "{holding}"
            );
            units(&holding["cost"]) - units(&holding["realised"])
        })
        .sum();
    assert_eq!(units(&account["deposited"]), units(&cash["balance"]) + held, "{account:#}");
    assert_eq!(units(&cash["balance"]), units(&cash["available"]) + units(&cash["reserved"]), "{cash}");
    assert_eq!(units(&cash["reserved"]), units(&cash["in_tickets"]) + units(&cash["in_triggers"]), "{cash}");
    assert!(
        units(&cash["available"]) >= 0 && units(&cash["in_tickets"]) >= 0 && units(&cash["in_triggers"]) >= 0
    );
}

/// Has the ledger of a folder proved.
async fn verify(data: &Path) -> Ended {
    let mut command = bellwether();
    command.arg("verify").arg("--data").arg(data);
    tokio::task::spawn_blocking(move || Ended::of(&mut command)).await.unwrap()
}

async fn assert_sound(data: &Path) {
    let proof = verify(data).await;
    assert_eq!(proof.status, Some(0), "{proof:?}");
    assert!(proof.stdout.contains("the ledger is sound"), "{proof:?}");
}

/// Checks a log against the classic schema, whose semester is made to hold today.
fn assert_valid(xml: &str, folder: &Path) {
    let Some(schema) = classic("logfile.xsd") else { return };
    let schema = std::fs::read_to_string(schema)
        .unwrap()
        .replace("1609459200000", "0")
        .replace("1619827200000", "99999999999999");
    let (schema_file, log_file) = (folder.join("logfile.xsd"), folder.join("audit.xml"));
    std::fs::write(&schema_file, schema).unwrap();
    std::fs::write(&log_file, xml).unwrap();
    let mut xmllint = std::process::Command::new("xmllint");
    match xmllint.arg("--noout").arg("--schema").arg(&schema_file).arg(&log_file).output() {
        Ok(said) => assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr)),
        Err(error) => println!("skipped: xmllint cannot be run: {error}"),
    }
}
