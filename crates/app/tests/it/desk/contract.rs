//! A transcript of the contract, on the live tape.

use std::io::Read as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    account, ask, assert_nothing_lost, assert_refused, assert_sound, assert_valid, cancel, commands, commit,
    csv, deposit, open, opened, text, units, verify, whole,
};
use crate::house::{Bellwether, OPERATOR_KEY, got, soon};

const SYMBOLS: [&str; 5] = ["AAPL", "MSFT", "NVDA", "TSLA", "AMZN"];

async fn set_trigger(house: &Bellwether, side: &str, symbol: &str, amount: &str, price: &str) -> Value {
    let path = format!("/api/v1/triggers/{side}/{symbol}");
    let got = ask(house, "PUT", &path, &json!({"amount": amount, "price": price})).await;
    assert_eq!(got.status, 200, "{}", got.body);
    got.json()
}

fn dollars(units: i64) -> String {
    format!("{}.{:02}", units / 10_000, units % 10_000 / 100)
}

#[tokio::test(flavor = "multi_thread")]
async fn money_comes_in_and_is_traded_with() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let empty = account(&house).await;
    assert_eq!((&empty["user"], &empty["is_open"]), (&"local".into(), &false.into()));
    assert_eq!((&empty["cash"]["balance"], &empty["last_transaction"]), (&"0.00".into(), &Value::Null));
    assert_refused(&open(&house, "buy", "AAPL", "500.00").await, 409, "no_account");

    // A deposit, and a retry of it.
    let ask_for = |amount: &str| {
        house
            .ask("POST", "/api/v1/account/deposits")
            .header("content-type", "application/json")
            .header("idempotency-key", "first")
            .body(json!({ "amount": amount }).to_string())
    };
    let first = got(ask_for("100000.00")).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let again = got(ask_for("100000.00")).await;
    assert_eq!((again.status, again.json()), (201, first.json()));
    assert_refused(&got(ask_for("1.00")).await, 422, "key_reused");
    assert_eq!(first.json()["available"], "100000.00");

    // A buy, committed once.
    let ticket = opened(&house, "buy", "AAPL", "5000.00").await;
    let (price, total) = (units(&ticket["price"]), units(&ticket["total"]));
    assert_eq!(whole(&ticket["shares"]), 50_000_000 / price);
    assert!((total - whole(&ticket["shares"]) * price).abs() < 100, "{ticket}");
    assert_eq!((&ticket["status"], &ticket["side"]), (&"open".into(), &"buy".into()));
    assert!(text(&ticket["expires_at"]) > text(&ticket["created_at"]));
    assert!(ticket["quote"]["age_ms"].as_i64().unwrap() >= 0, "{ticket}");
    let during = account(&house).await;
    assert_eq!(units(&during["cash"]["available"]), 1_000_000_000 - total);
    assert_eq!(during["cash"]["in_tickets"], ticket["total"]);
    assert_eq!(
        (during["cash"]["balance"].clone(), &during["tickets"][0]["id"]),
        ("100000.00".into(), &ticket["id"])
    );
    let committed = commit(&house, &ticket["id"]).await;
    assert_eq!((committed.status, &committed.json()["status"]), (200, &"committed".into()));
    assert_refused(&commit(&house, &ticket["id"]).await, 409, "ticket_committed");
    assert_refused(&cancel(&house, &ticket["id"]).await, 409, "ticket_committed");
    let after = account(&house).await;
    assert_eq!(
        (&after["holdings"][0]["symbol"], &after["holdings"][0]["shares"]),
        (&"AAPL".into(), &ticket["shares"])
    );
    assert_eq!((&after["tickets"], &after["holdings"][0]["cost"]), (&json!([]), &ticket["total"]));

    // One that is given up, and ones that are not there.
    let ticket = opened(&house, "buy", "MSFT", "3000").await;
    let cancelled = cancel(&house, &ticket["id"]).await;
    assert_eq!((cancelled.status, &cancelled.json()["status"]), (200, &"cancelled".into()));
    assert_refused(&cancel(&house, &ticket["id"]).await, 409, "ticket_cancelled");
    assert_refused(&commit(&house, &ticket["id"]).await, 409, "ticket_cancelled");
    assert_eq!(account(&house).await["cash"], after["cash"]);
    assert_refused(&commit(&house, &format!("{}9", text(&ticket["id"])).into()).await, 404, "no_such_ticket");
    for id in ["x", "0-", "-1", "999-1", "0-99999999999999999999"] {
        assert_eq!(commit(&house, &id.into()).await.status, 404, "{id}");
    }

    // A sale.
    let sale = opened(&house, "sell", "AAPL", "1000.00").await;
    assert_eq!(account(&house).await["holdings"][0]["reserved"], sale["shares"]);
    assert_eq!(commit(&house, &sale["id"]).await.status, 200);
    let now = account(&house).await;
    assert_eq!(units(&now["cash"]["available"]), units(&after["cash"]["available"]) + units(&sale["total"]));
    assert_nothing_lost(&now);
    assert_refused(&open(&house, "sell", "MSFT", "10.00").await, 409, "no_shares");
    assert_refused(&open(&house, "sell", "AAPL", "900000.00").await, 409, "insufficient_value");
    assert_refused(&open(&house, "buy", "AAPL", "900000.00").await, 409, "insufficient_cash");
    assert_refused(&open(&house, "buy", "AAPL", "0.01").await, 409, "below_one_share");

    lists_agree(&house).await;
    house.stop();
    assert_sound(data.path()).await;
}

/// Pages, filters and the CSV tell the same story, and it adds up.
async fn lists_agree(house: &Bellwether) {
    let (mut joined, mut path) = (Vec::new(), "/api/v1/transactions?limit=3".to_owned());
    loop {
        let page = house.json(&path).await;
        let some = page["transactions"].as_array().unwrap();
        assert!(some.len() <= 3);
        joined.extend(some.iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/transactions?limit=3&cursor={cursor}");
    }
    joined.reverse();
    let lines = csv(house).await;
    assert_eq!(lines.len(), joined.len());
    let columns = [
        "id",
        "timestamp",
        "user",
        "n",
        "command",
        "kind",
        "side",
        "symbol",
        "shares",
        "price",
        "amount",
        "profit",
        "available_change",
        "ticket",
        "reason",
        "message",
    ];
    for (line, json) in lines.iter().zip(&joined) {
        assert_eq!(line.len(), 20, "{line:?}");
        for (told, column) in line.iter().zip(columns) {
            let wanted = match &json[column] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(*told, wanted, "{column} of {json}");
        }
    }
    let sum: i64 = joined.iter().map(|t| units(&t["available_change"])).sum();
    assert_eq!(sum, units(&account(house).await["cash"]["available"]));
    assert_eq!(account(house).await["last_transaction"], joined.last().unwrap()["id"]);

    let list = async |query: String| {
        house.json(&format!("/api/v1/transactions?{query}")).await["transactions"].as_array().unwrap().clone()
    };
    let with = |wanted: &dyn Fn(&Value) -> bool| {
        joined.iter().rev().filter(|t| wanted(t)).cloned().collect::<Vec<Value>>()
    };
    for kind in
        ["deposit", "ticket_opened", "ticket_committed", "ticket_cancelled", "refused", "trigger_fired"]
    {
        assert_eq!(list(format!("kind={kind}")).await, with(&|t| t["kind"] == kind), "{kind}");
    }
    assert_eq!(list("symbol=MSFT".into()).await, with(&|t| t["symbol"] == "MSFT"));
    let both = with(&|t| t["symbol"] == "AAPL" && t["kind"] == "ticket_committed");
    assert_eq!(list("symbol=AAPL&kind=ticket_committed".into()).await, both);
    let middle = text(&joined[joined.len() / 2]["timestamp"]);
    assert_eq!(list(format!("from={middle}")).await, with(&|t| text(&t["timestamp"]) >= middle));
    assert_eq!(list(format!("to={middle}")).await, with(&|t| text(&t["timestamp"]) < middle));
    for wrong in
        ["kind=gift", "from=yesterday", "limit=0", "limit=1001", "cursor=zzz", "cursor=999-1", "format=xml"]
    {
        assert_eq!(house.get(&format!("/api/v1/transactions?{wrong}")).await.status, 400, "{wrong}");
    }
    formats_agree(house).await;
}

/// The address alone can ask for the table, and says more than the header; both are saved under a name.
async fn formats_agree(house: &Bellwether) {
    let list = |query: &str, accept: &str| {
        let request = house.ask("GET", &format!("/api/v1/transactions?kind=deposit{query}"));
        got(request.header("accept", accept))
    };
    let by_header = list("", "text/csv").await;
    assert_eq!(by_header.content_type, "text/csv; charset=utf-8");
    // What a browser sends with a link that was clicked.
    let by_address = list("&format=csv", "text/html,application/xml;q=0.9,*/*;q=0.8").await;
    assert_eq!((&by_address.content_type, &by_address.body), (&by_header.content_type, &by_header.body));
    assert_eq!(list("&format=json", "text/csv").await.content_type, "application/json");
    assert_eq!(list("", "*/*").await.content_type, "application/json");
    for (path, disposition) in [
        ("/api/v1/transactions?format=csv", "attachment; filename=\"transactions.csv\""),
        ("/api/v1/audit.xml", "inline; filename=\"audit.xml\""),
    ] {
        let answer = house.ask("GET", path).send().await.unwrap();
        assert_eq!(answer.headers()["content-disposition"], disposition, "{path}");
        // Browsers ask for less to carry, and get the same.
        let plain = answer.text().await.unwrap();
        assert_eq!(unpacked(house.ask("GET", path)).await, plain, "{path}");
    }
}

/// The whole answer to a request for a compressed one.
async fn unpacked(request: reqwest::RequestBuilder) -> String {
    let answer = request.header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let packed = answer.bytes().await.unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_fire_on_the_live_tape() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &["--rate", "3000"]);
    assert_eq!(deposit(&house, "1000000.00").await.status, 201);
    let mut prices = Vec::new();
    for symbol in SYMBOLS {
        let ticket = opened(&house, "buy", symbol, "10000.00").await;
        assert_eq!(commit(&house, &ticket["id"]).await.status, 200);
        prices.push(units(&ticket["price"]));
    }

    // Set, changed, removed.
    let never = set_trigger(&house, "buy", "AAPL", "5000.00", "0.01").await;
    assert_eq!((&never["trigger"]["price"], &never["fired"]), (&"0.01".into(), &Value::Null));
    assert_eq!(account(&house).await["cash"]["in_triggers"], "5000.00");
    let changed = set_trigger(&house, "buy", "AAPL", "6000.00", "0.02").await;
    assert_eq!(changed["trigger"]["amount"], "6000.00");
    assert_eq!(account(&house).await["cash"]["in_triggers"], "6000.00");
    assert_eq!(account(&house).await["triggers"].as_array().unwrap().len(), 1);
    assert_eq!(ask(&house, "DELETE", "/api/v1/triggers/buy/AAPL", &Value::Null).await.status, 204);
    let gone = ask(&house, "DELETE", "/api/v1/triggers/buy/AAPL", &Value::Null).await;
    assert_refused(&gone, 404, "no_buy_amount");
    assert_eq!(account(&house).await["cash"]["in_triggers"], "0.00");

    // At once, at the market's price and not the trigger's; a retry is told the same.
    let keyed = async || {
        let request =
            house.ask("PUT", "/api/v1/triggers/buy/AAPL").header("content-type", "application/json");
        let body = json!({"amount": "2000.00", "price": dollars(prices[0] * 2)});
        got(request.header("idempotency-key", "at-once").body(body.to_string())).await.json()
    };
    let at_once = keyed().await;
    assert_eq!((&at_once["trigger"], &at_once["fired"]["kind"]), (&Value::Null, &"trigger_fired".into()));
    assert!(units(&at_once["fired"]["price"]) < prices[0] * 3 / 2, "{at_once}");
    deposit(&house, "1.00").await;
    assert_eq!(keyed().await, at_once);

    // Later, when the price gets there.
    let mut armed = Vec::new();
    for (symbol, price) in SYMBOLS.iter().zip(&prices) {
        for (side, price) in [("buy", price - price / 5_000), ("sell", price + price / 5_000)] {
            let set = set_trigger(&house, side, symbol, "3000.00", &dollars(price)).await;
            if set["fired"].is_null() {
                armed.push((side, *symbol));
            }
        }
    }
    let fired = soon("triggers of both sides", || async {
        let list = house.json("/api/v1/transactions?kind=trigger_fired").await;
        let list = list["transactions"].as_array().unwrap().clone();
        let has = |wanted: &str| {
            let is_it =
                |t: &Value| armed.iter().any(|(side, symbol)| t["side"] == *side && t["symbol"] == *symbol);
            list.iter().any(|t| t["side"] == wanted && t["id"] != at_once["fired"]["id"] && is_it(t))
        };
        (has("buy") && has("sell")).then_some(list)
    })
    .await;
    for trade in &fired {
        assert!(trade["quote"]["source"].is_string(), "{trade}");
        let at = SYMBOLS.iter().position(|symbol| trade["symbol"] == *symbol).unwrap();
        if trade["side"] == "sell" {
            assert!(
                units(&trade["price"]) >= units(&dollars(prices[at] + prices[at] / 5_000).into()),
                "{trade}"
            );
        }
    }
    // What is left is removed, and does not fire afterwards.
    for symbol in SYMBOLS {
        for side in ["buy", "sell"] {
            let got = ask(&house, "DELETE", &format!("/api/v1/triggers/{side}/{symbol}"), &Value::Null).await;
            assert!([204, 404].contains(&got.status), "{}", got.body);
        }
    }
    let count = async || {
        let list = house.json("/api/v1/transactions?kind=trigger_fired&limit=1000").await;
        list["transactions"].as_array().unwrap().len()
    };
    let before = count().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(count().await, before);
    let now = account(&house).await;
    assert_eq!((&now["triggers"], &now["cash"]["reserved"]), (&json!([]), &"0.00".into()));
    assert_nothing_lost(&now);
    lists_agree(&house).await;
    house.stop();
    assert_sound(data.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_everything_and_others_do_not() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    assert_eq!(deposit(&house, "500.00").await.status, 201);
    soon("a price", || async { house.row("AAPL").await["price"].is_number().then_some(()) }).await;

    // The line protocol: each line answered, in order, the malformed ones too.
    let lines = "[1] ADD,alice,1000.00 \r\n[2] ADD,bob,2000\n\n[3] QUOTE,alice,AAPL \n[4] BUY,alice,AAPL,900.00\n\
                 [5] COMMIT_BUY,alice\n[6] COMMIT_BUY,alice\n[7] DISPLAY_SUMMARY,alice\n[8] ADD,bob,1.005\n\
                 [9] FROB,bob,1.00\n[x] ADD,bob,1.00\n[11] ADD,bob\n[12] ADD,,5.00\n[13] BUY,bob,NOPE.X,5.00\n\
                 [14] ADD,carol,-5.00\nADD,bob,3.00\n[16] DUMPLOG,alice,./mine\n[17] DUMPLOG,./testLOG";
    let answers = commands(&house, lines).await;
    let told: Vec<_> =
        answers.iter().map(|a| (text(&a["status"]), a["reason"].as_str().unwrap_or(""))).collect();
    let wanted = [
        ("accepted", ""),
        ("accepted", ""),
        ("accepted", ""),
        ("accepted", ""),
        ("accepted", ""),
        ("refused", "no_pending_buy"),
        ("accepted", ""),
        ("malformed", "too_many_decimals"),
        ("malformed", "unknown_command"),
        ("malformed", "bad_number"),
        ("malformed", "wrong_arguments"),
        ("malformed", "empty_argument"),
        ("refused", "unknown_symbol"),
        ("refused", "amount_not_positive"),
        ("accepted", ""),
        ("accepted", ""),
        ("accepted", ""),
    ];
    assert_eq!(told, wanted, "{answers:#?}");
    assert_eq!(
        (&answers[0]["n"], &answers[0]["user"], &answers[0]["command"]),
        (&1.into(), &"alice".into(), &"ADD".into())
    );
    assert_eq!(answers[1]["available"], "2000.00");
    assert!(answers[2]["price"].is_string() && answers[3]["shares"].is_string());
    assert_eq!(answers[6]["account"]["holdings"][0]["shares"], answers[3]["shares"]);
    assert_nothing_lost(&answers[6]["account"]);
    let commands_of = |summary: &Value| -> Vec<String> {
        let all = summary["transactions"].as_array().unwrap();
        all.iter().map(|t| text(&t["command"]).to_owned()).collect()
    };
    assert_eq!(commands_of(&answers[6]), ["COMMIT_BUY", "COMMIT_BUY", "BUY", "QUOTE", "ADD"]);
    assert_eq!(answers[6]["transactions"][0]["reason"], "no_pending_buy");
    assert_eq!(answers[6]["earlier"], Value::Null);
    // The same request again, under a key, is applied once.
    let keyed = || {
        let request = house.ask("POST", "/api/v1/commands").bearer_auth(OPERATOR_KEY);
        got(request.header("idempotency-key", "k").body("[20] ADD,bob,7.00\n[21] ADD,bob,8.00"))
    };
    let (first, again) = (keyed().await, keyed().await);
    let ids = |body: &str| {
        body.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first.body), ids(&again.body));

    // Everybody's accounts.
    let accounts = got(house.ask("GET", "/api/v1/admin/accounts").bearer_auth(OPERATOR_KEY)).await;
    assert_eq!((accounts.status, accounts.content_type.as_str()), (200, "application/x-ndjson"));
    let request = house.ask("GET", "/api/v1/admin/accounts").bearer_auth(OPERATOR_KEY);
    assert_eq!(unpacked(request).await, accounts.body);
    let mut accounts: Vec<Value> = accounts.body.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    accounts.sort_by_key(|a| text(&a["user"]).to_owned());
    let users: Vec<_> = accounts.iter().map(|a| text(&a["user"])).collect();
    assert_eq!(users, ["alice", "bob", "local"]);
    assert_eq!(accounts[0]["holdings"]["AAPL"]["available"], answers[3]["shares"]);
    assert_eq!((&accounts[1]["available"], &accounts[1]["reserved"]), (&"2018.00".into(), &"0.00".into()));

    // The log: by the schema, one's own or everybody's.
    let whole_log = got(house.ask("GET", "/api/v1/audit.xml").bearer_auth(OPERATOR_KEY)).await;
    assert_eq!((whole_log.status, whole_log.content_type.as_str()), (200, "application/xml"));
    assert_valid(&whole_log.body, data.path());
    let own = house.get("/api/v1/audit.xml").await;
    assert_valid(&own.body, data.path());
    assert!(whole_log.body.contains("alice") && whole_log.body.contains("bob"));
    assert!(own.body.contains("<username>local</username>") && !own.body.contains("alice"));
    assert!(!text(&house.json("/api/v1/transactions").await["transactions"][0]["user"]).contains("alice"));

    // Nobody else is an operator.
    for (method, path) in [("GET", "/api/v1/admin/accounts"), ("POST", "/api/v1/commands")] {
        let request = || house.ask(method, path).body("ADD,alice,1.00");
        for refused in
            [request(), request().bearer_auth("wrong"), request().header("authorization", OPERATOR_KEY)]
        {
            let refused = got(refused).await;
            assert_eq!(
                (refused.status, refused.content_type.as_str()),
                (401, "application/problem+json"),
                "{path}"
            );
            assert!(!refused.body.contains(OPERATOR_KEY));
        }
    }
    for path in ["/api/v1/account", "/api/v1/audit.xml", "/api/v1/transactions"] {
        assert_eq!(got(house.ask("GET", path).bearer_auth("wrong")).await.status, 401, "{path}");
    }

    // The proof, made while the server is at work.
    let unproved = house.json("/api/v1/ledger").await;
    assert_eq!((&unproved["is_sound"], &unproved["verified_at"]), (&Value::Null, &Value::Null));
    let entries = unproved["entries"].as_u64().unwrap();
    // A deposit, 17 lines, and two more once.
    assert_eq!(entries, 20);
    let proof = verify(data.path()).await;
    assert_eq!(proof.status, Some(0), "{proof:?}");
    assert!(proof.stdout.contains(&format!("the ledger is sound: {entries} entries")), "{proof:?}");
    let proved = house.json("/api/v1/ledger").await;
    assert_eq!((&proved["is_sound"], &proved["verified_entries"]), (&true.into(), &entries.into()));
    assert!(proved["verified_at"].is_string() && proved["damage"].is_null());
    let log = house.stop();
    assert!(!log.contains(OPERATOR_KEY));
}
