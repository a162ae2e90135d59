//! What must be refused well: by a name, with nothing changed, and written down once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    account, ask, assert_nothing_lost, assert_refused, assert_sound, cancel, commands, commit, deposit, open,
    opened, text, units,
};
use crate::house::{Bellwether, Lookalike, OPERATOR_KEY, got};

/// Amounts that are none, with the names of their refusals.
const AMOUNTS: [(&str, &str); 18] = [
    ("0", "amount_not_positive"),
    ("0.00", "amount_not_positive"),
    ("-1.00", "amount_not_positive"),
    ("-99999999999999999999", "amount_not_positive"),
    ("10000000000.01", "amount_too_large"),
    ("99999999999999999999999999", "amount_too_large"),
    ("NaN", "bad_amount"),
    ("inf", "bad_amount"),
    ("1e3", "bad_amount"),
    ("0x10", "bad_amount"),
    ("abc", "bad_amount"),
    ("+5", "bad_amount"),
    ("5.", "bad_amount"),
    (".5", "bad_amount"),
    ("1 000", "bad_amount"),
    ("\u{0663}", "bad_amount"),
    ("1.005", "too_many_decimals"),
    ("", "empty_argument"),
];

async fn last(house: &Bellwether) -> Value {
    house.json("/api/v1/transactions?limit=1").await["transactions"][0].clone()
}

/// Everything but where the list ends.
async fn cash_and_more(house: &Bellwether) -> Value {
    let mut account = account(house).await;
    account["last_transaction"] = Value::Null;
    account
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_that_are_none() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    assert_eq!(deposit(&house, "1000.00").await.status, 201);
    opened(&house, "buy", "AAPL", "500.00").await;
    let before = cash_and_more(&house).await;
    let mut entries = house.json("/api/v1/ledger").await["entries"].as_u64().unwrap();
    for (amount, code) in AMOUNTS {
        let trigger = json!({"amount": amount, "price": "0.01"});
        let asked = [
            deposit(&house, amount).await,
            open(&house, "buy", "AAPL", amount).await,
            open(&house, "sell", "AAPL", amount).await,
            ask(&house, "PUT", "/api/v1/triggers/buy/AAPL", &trigger).await,
            ask(&house, "PUT", "/api/v1/triggers/sell/AAPL", &trigger).await,
        ];
        for got in &asked {
            assert_refused(got, 422, code);
        }
        let now = house.json("/api/v1/ledger").await["entries"].as_u64().unwrap();
        assert_eq!(now - entries, asked.len() as u64, "{amount:?}: each is written down once");
        entries = now;
        assert_eq!(
            (&last(&house).await["reason"], cash_and_more(&house).await),
            (&code.into(), before.clone())
        );
    }
    for (price, code) in [
        ("0", "price_not_positive"),
        ("-1.00", "price_not_positive"),
        ("99999999999.00", "price_too_large"),
        ("NaN", "bad_amount"),
        ("much", "bad_amount"),
        ("", "bad_amount"),
    ] {
        let trigger = json!({"amount": "10.00", "price": price});
        assert_refused(&ask(&house, "PUT", "/api/v1/triggers/buy/AAPL", &trigger).await, 422, code);
    }
    for symbol in ["NOPE.X", "aapl", "A B", "", "\u{41f}", &"A".repeat(100)] {
        assert_refused(&open(&house, "buy", symbol, "10.00").await, 404, "unknown_symbol");
    }
    let trigger = json!({"amount": "10.00", "price": "1.00"});
    assert_refused(&ask(&house, "PUT", "/api/v1/triggers/buy/NOPE.X", &trigger).await, 404, "unknown_symbol");
    assert_eq!(ask(&house, "PUT", "/api/v1/triggers/both/AAPL", &trigger).await.status, 404);
    // Bodies that are none.
    for body in [json!({"amount": 5}), json!({}), json!([]), json!({"amount": "1.00", "gift": true})] {
        let got = ask(&house, "POST", "/api/v1/account/deposits", &body).await;
        assert!((400..500).contains(&got.status), "{}", got.body);
        assert_eq!(got.json()["code"], "bad_request", "{}", got.body);
    }
    let key = "k".repeat(256);
    let long = house.ask("POST", "/api/v1/account/deposits").header("idempotency-key", key);
    let long = got(long.header("content-type", "application/json").body(r#"{"amount":"1.00"}"#)).await;
    assert_eq!(long.status, 400, "{}", long.body);
    assert_eq!(cash_and_more(&house).await, before);
    house.stop();
    assert_sound(data.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_are_none() {
    let data = tempfile::tempdir().unwrap();
    let market = Lookalike::start(&["--quote-delays", "none"]);
    let house = Bellwether::with_operator(data.path(), &["--desk-quotes", market.quotes()]);
    commands(&house, "[1] ADD,alice,1000.00").await;
    let everybody =
        async || got(house.ask("GET", "/api/v1/admin/accounts").bearer_auth(OPERATOR_KEY)).await.body;
    let entries = async || house.json("/api/v1/ledger").await["entries"].as_u64().unwrap();
    let (before, entries_before) = (everybody().await, entries().await);
    let files_before = names(data.path());
    let long = "u".repeat(65);
    let mut lines: Vec<(String, &str, &str)> = vec![
        ("ADD,,5.00".into(), "malformed", "empty_argument"),
        (format!("ADD,{long},5.00"), "malformed", "bad_user"),
        ("ADD,j\u{fc}rgen,5.00".into(), "malformed", "bad_user"),
        ("ADD,two words,5.00".into(), "malformed", "bad_user"),
        ("ADD,a\u{7}b,5.00".into(), "malformed", "bad_user"),
        ("BUY,alice,ABCD,5.00".into(), "malformed", "bad_symbol"),
        ("BUY,alice,A1,5.00".into(), "malformed", "bad_symbol"),
        ("BUY,alice,,5.00".into(), "malformed", "empty_argument"),
        ("BUY,alice,ABC,5.00,6.00".into(), "malformed", "wrong_arguments"),
        ("add,alice,5.00".into(), "malformed", "unknown_command"),
        ("[0] ADD,alice,5.00".into(), "malformed", "bad_number"),
        ("[-1] ADD,alice,5.00".into(), "malformed", "bad_number"),
        ("[99999999999999999999999] ADD,alice,5.00".into(), "malformed", "bad_number"),
        ("[5]".into(), "malformed", "empty_line"),
        ("SELL,alice,ABC,5.00".into(), "refused", "no_shares"),
        ("BUY,nobody,ABC,5.00".into(), "refused", "no_account"),
        ("COMMIT_SELL,alice".into(), "refused", "no_pending_sell"),
        ("SET_BUY_TRIGGER,alice,ABC,5.00".into(), "refused", "no_buy_amount"),
        ("CANCEL_SET_SELL,alice,ABC".into(), "refused", "no_sell_amount"),
        ("DUMPLOG,alice,".into(), "malformed", "empty_argument"),
    ];
    for file in ["../x", "..", "./../x", "/etc/passwd", "a/b", "a\\b", "~/x", "x\u{e4}", &"f".repeat(100)] {
        lines.push((format!("DUMPLOG,{file}"), "malformed", "bad_file_name"));
        lines.push((format!("DUMPLOG,alice,{file}"), "malformed", "bad_file_name"));
    }
    for (amount, code) in AMOUNTS {
        let status = if code.starts_with("amount") { "refused" } else { "malformed" };
        lines.push((format!("ADD,alice,{amount}"), status, code));
        lines.push((format!("BUY,alice,ABC,{amount}"), status, code));
    }
    let text_of_all: String = lines.iter().map(|(line, ..)| format!("{line}\n")).collect();
    let answers = commands(&house, &text_of_all).await;
    assert_eq!(answers.len(), lines.len());
    for ((line, status, reason), answer) in lines.iter().zip(&answers) {
        assert_eq!((text(&answer["status"]), text(&answer["reason"])), (*status, *reason), "{line}");
    }
    assert_eq!(everybody().await, before);
    assert_eq!(entries().await - entries_before, lines.len() as u64, "each is written down once");
    assert_eq!(names(data.path()), files_before);

    // Requests that cannot be taken at all.
    let send = |body: Vec<u8>| {
        // The server may close when it has not read all of a body, so nothing else goes on that connection.
        let request = house.ask("POST", "/api/v1/commands").header("connection", "close");
        got(request.bearer_auth(OPERATOR_KEY).body(body))
    };
    for key in ["", &"k".repeat(256)] {
        let request = house.ask("POST", "/api/v1/commands").bearer_auth(OPERATOR_KEY);
        let refused = got(request.header("idempotency-key", key).body("ADD,alice,1.00")).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
    }
    assert_eq!(send(Vec::new()).await.status, 400);
    assert_eq!(send(b"\n \r\n".to_vec()).await.status, 400);
    assert_eq!(send(vec![b'A', 0xff, 0xfe]).await.status, 400);
    assert_eq!(send(b"QUOTE,alice,ABC\n".repeat(20_001)).await.status, 413);
    assert_eq!(send(vec![b'x'; 5 << 20]).await.status, 413);
    assert_eq!(everybody().await, before);
    house.stop();
    assert_sound(data.path()).await;
}

fn names(folder: &std::path::Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_ends_once_whoever_asks() {
    let data = tempfile::tempdir().unwrap();
    let market = Lookalike::start(&["--quote-delays", "none"]);
    let house = Bellwether::with_operator(data.path(), &["--desk-quotes", market.quotes()]);
    assert_eq!(deposit(&house, "1000000.00").await.status, 201);
    for round in 0..10 {
        let ticket = opened(&house, "buy", "ABC", "9000.00").await;
        let id = &ticket["id"];
        let commits = join_all((0..6).map(|_| commit(&house, id)));
        let cancels = join_all((0..if round % 2 == 0 { 0 } else { 6 }).map(|_| cancel(&house, id)));
        let (commits, cancels) = tokio::join!(commits, cancels);
        let won: Vec<_> = commits.iter().chain(&cancels).filter(|got| got.status == 200).collect();
        assert_eq!(won.len(), 1, "{commits:?} {cancels:?}");
        let code = format!("ticket_{}", text(&won[0].json()["status"]));
        for lost in commits.iter().chain(&cancels).filter(|got| got.status != 200) {
            assert_refused(lost, 409, &code);
        }
    }
    let now = account(&house).await;
    assert_nothing_lost(&now);
    assert_eq!(now["cash"]["reserved"], "0.00");
    house.stop();
    assert_sound(data.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_on_many_connections_is_served_one_at_a_time() {
    let data = tempfile::tempdir().unwrap();
    // Prices that take their time keep commands waiting behind one another.
    let market = Lookalike::start(&[]);
    let house = Bellwether::with_operator(data.path(), &["--desk-quotes", market.quotes()]);
    commands(&house, "[1] ADD,alice,1000.00").await;
    let (one, two) = ("BUY,alice,ABC,600.00", "BUY,alice,XYZ,600.00");
    let both = join_all([one, two, one, two].map(|line| commands(&house, line))).await;
    let answers: Vec<&Value> = both.iter().map(|answers| &answers[0]).collect();
    for refused in answers.iter().filter(|answer| answer["status"] != "accepted") {
        let reason = text(&refused["reason"]);
        assert!(["insufficient_cash", "below_one_share"].contains(&reason), "{refused}");
    }
    let opened = answers.iter().filter(|answer| answer["status"] == "accepted").count();
    let summary = async || commands(&house, "DISPLAY_SUMMARY,alice").await[0]["account"].clone();
    let during = summary().await;
    assert_nothing_lost(&during);
    assert_eq!(during["tickets"].as_array().unwrap().len(), opened);

    // As many commits as one likes, from anywhere: each ticket is committed once.
    let commits = join_all((0..12).map(|_| commands(&house, "COMMIT_BUY,alice"))).await;
    let accepted = commits.iter().filter(|answers| answers[0]["status"] == "accepted").count();
    assert_eq!(accepted, opened);
    for refused in commits.iter().filter(|answers| answers[0]["status"] != "accepted") {
        assert_eq!(refused[0]["reason"], "no_pending_buy");
    }
    let after = summary().await;
    assert_nothing_lost(&after);
    assert_eq!((&after["cash"]["reserved"], units(&after["deposited"])), (&"0.00".into(), 10_000_000));
    // A request that is sent again before it is answered is still one.
    let keyed = |line: &str| {
        let request = house.ask("POST", "/api/v1/commands").bearer_auth(OPERATOR_KEY);
        got(request.header("idempotency-key", "same").body(line.to_owned()))
    };
    commands(&house, "ADD,carol,10000.00").await;
    let same = join_all((0..6).map(|_| keyed("[7] BUY,carol,NEW,9000.00"))).await;
    assert!(same.iter().all(|got| got.status == 200 && got.body == same[0].body), "{same:?}");
    let carol = commands(&house, "DISPLAY_SUMMARY,carol").await[0]["account"].clone();
    assert_eq!(carol["tickets"].as_array().unwrap().len(), 1, "{carol:#}");
    let other = keyed("[7] BUY,carol,NEW,1.00").await;
    assert!(other.body.contains("\"key_reused\""), "{}", other.body);

    // The lines of a request keep their order though their first must wait for a price.
    let lines = "[10] ADD,bob,10000.00\n[11] BUY,bob,QQQ,9000.00\n[12] COMMIT_BUY,bob\n[13] COMMIT_BUY,bob";
    let told = commands(&house, lines).await;
    let told: Vec<_> = told.iter().map(|answer| text(&answer["status"])).collect();
    assert_eq!(told, ["accepted", "accepted", "accepted", "refused"]);
    house.stop();
    assert_sound(data.path()).await;
}
