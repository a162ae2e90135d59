//! Alerts at the executable: one crossing is one firing, whatever happens to the process.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::apart::Nats;
use crate::house::{Bellwether, Client, Got, LONG, got, soon};
use crate::postgres::PostgresServer;

async fn send(house: &Bellwether, method: &str, path: &str, body: Value) -> Got {
    let request = house.ask(method, path).header("content-type", "application/json");
    got(request.body(body.to_string())).await
}

/// Sets an alert.
async fn set(house: &Bellwether, symbol: &str, rule: Value, rearm: Value) -> Value {
    let body = json!({"symbol": symbol, "rule": rule, "rearm": rearm, "note": "tell me"});
    let made = send(house, "POST", "/api/v1/alerts", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

/// What a decimal string says, about.
fn number(text: &Value) -> f64 {
    text.as_str().unwrap().parse().unwrap()
}

fn id(alert: &Value) -> &str {
    alert["id"].as_str().unwrap()
}

/// What an alert has said, oldest first.
async fn firings(house: &Bellwether, alert: &Value) -> Vec<Value> {
    let answer = house.json(&format!("/api/v1/alerts/firings?alert={}&limit=500", id(alert))).await;
    let mut firings = answer["firings"].as_array().unwrap().clone();
    firings.reverse();
    firings
}

async fn one(house: &Bellwether, alert: &Value) -> Value {
    house.json(&format!("/api/v1/alerts/{}", id(alert))).await
}

/// The last price of a symbol, once there is one.
async fn price(house: &Bellwether, symbol: &str) -> f64 {
    soon("a price", || async { house.row(symbol).await["price"].as_f64() }).await
}

async fn watching(house: &Bellwether) -> Client {
    let mut client = house.client().await;
    client.say(json!({"type": "subscribe", "channel": "alerts", "id": "a"})).await;
    client.hear_kind("alerts").await;
    client
}

/// Waits until one has fired so often.
async fn fired(house: &Bellwether, alert: &Value, times: usize) -> Vec<Value> {
    soon("an alert fires", || async {
        Some(firings(house, alert).await).filter(|firings| firings.len() >= times)
    })
    .await
}

/// How often all alerts have fired.
async fn count(house: &Bellwether) -> u64 {
    let answer = house.json("/api/v1/alerts").await;
    answer["alerts"].as_array().unwrap().iter().map(|alert| alert["fired"].as_u64().unwrap()).sum()
}

/// Waits until alerts are decided on events of now: one that is true when it is set has fired.
async fn decides(house: &Bellwether, symbol: &str) {
    let alert = set(house, symbol, json!({"type": "price_above", "price": 0.01}), Value::Null).await;
    fired(house, &alert, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crossing_fires_once_through_a_kill_and_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let mut house = Bellwether::up(data.path(), &[]);
    let mut client = watching(&house).await;
    let paid = price(&house, "AAPL").await;
    let half = json!({"type": "price_above", "price": (paid / 2.0).round()});
    let crossing = json!({"type": "price_crosses", "price": (paid * 100.0).round() / 100.0});
    let once = set(&house, "AAPL", half.clone(), Value::Null).await;
    let again = set(&house, "AAPL", half, json!({"hysteresis": 0.5})).await;
    let crosses = set(&house, "AAPL", crossing, Value::Null).await;
    assert_eq!(once["state"], "armed");

    // Each is told as it fires, with the trade that crossed.
    let mut told = std::collections::HashMap::new();
    while told.len() < 3 {
        let heard = client.hear_kind("alert_fired").await["data"].clone();
        let name = heard["alert"].as_str().unwrap().to_owned();
        assert!(told.insert(name, heard.clone()).is_none(), "told twice: {heard}");
    }
    for alert in [&once, &again, &crosses] {
        let fired = firings(&house, alert).await;
        assert_eq!(fired.len(), 1, "{fired:?}");
        let fired = &fired[0];
        assert_eq!(fired, &told[id(alert)]);
        assert_eq!((&fired["symbol"], &fired["note"]), (&json!("AAPL"), &json!("tell me")));
        let trade = &fired["trade"];
        assert!(number(&trade["price"]) > paid / 3.0, "{fired}");
        assert!(number(&trade["size"]) > 0.0 && trade["seq"].is_u64(), "{fired}");
        assert_eq!(trade["timestamp"], fired["at"]);
        assert!(fired["text"].as_str().unwrap().starts_with("AAPL traded at "), "{fired}");
    }
    assert_eq!(one(&house, &once).await["state"], "done");
    assert_eq!(one(&house, &again).await["state"], "resting");
    assert_eq!(one(&house, &again).await["fired"], 1);

    // Killed without warning, again and again: what has fired has fired.
    for round in 0..3 {
        house.process.kill();
        drop(house);
        house = Bellwether::up(data.path(), &[]);
        decides(&house, "AAPL").await;
        for alert in [&once, &again, &crosses] {
            assert_eq!(firings(&house, alert).await.len(), 1, "round {round}");
            assert_eq!(one(&house, alert).await["fired"], 1);
        }
    }
    assert_eq!(house.metric("bellwether_alerts_dropped_total", "").await, 0.0);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_has_its_symbol_subscribed_to_while_nobody_looks() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &[]);
    // Nobody has asked for a row of it, and nobody will.
    let body = json!({"symbol": "TSLA", "rule": {"type": "price_above", "price": 0.01}});
    let made = send(&house, "POST", "/api/v1/alerts", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    fired(&house, &made.json(), 1).await;
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_symbol_that_goes_silent_is_told_once() {
    let data = tempfile::tempdir().unwrap();
    // So few trades of so many symbols that the next one of this one is far away.
    let house = Bellwether::up(data.path(), &["--rate", "1"]);
    let rule = json!({"type": "stale", "seconds": 2});
    let alert = set(&house, "ZM", rule, json!({"hysteresis": 0})).await;
    let told = fired(&house, &alert, 1).await;
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.starts_with("ZM has had no trade for 2 s in market hours, since "), "{text}");
    assert_eq!(told[0]["trade"], Value::Null);
    assert_eq!(one(&house, &alert).await["state"], "resting");
    // The silence goes on, and is not told again.
    let other = set(&house, "ZM", json!({"type": "stale", "seconds": 4}), Value::Null).await;
    fired(&house, &other, 1).await;
    assert_eq!(firings(&house, &alert).await.len(), 1);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_changed_paused_removed_and_taken_back() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &[]);
    price(&house, "AAPL").await;
    let far = json!({"type": "price_above", "price": 9_000_000});
    let alert = set(&house, "AAPL", far.clone(), json!({"hysteresis": 1})).await;
    assert_eq!((&alert["text"], &alert["version"]), (&json!("AAPL above 9000000"), &json!(1)));
    let path = format!("/api/v1/alerts/{}", id(&alert));
    let mut client = watching(&house).await;

    let paused = send(&house, "PATCH", &path, json!({"is_paused": true})).await.json();
    assert_eq!((&paused["state"], &paused["version"]), (&json!("paused"), &json!(2)));
    client.hear_kind("alerts").await;
    // A rule that is true fires nothing while it waits, and at once when it goes on.
    let near = json!({"symbol": "AAPL", "rule": {"type": "price_above", "price": 0.5}, "is_paused": true});
    assert_eq!(
        got(house
            .ask("PUT", &path)
            .header("if-match", "\"1\"")
            .header("content-type", "application/json")
            .body(near.to_string()))
        .await
        .status,
        412
    );
    let changed = send(&house, "PUT", &path, near).await.json();
    assert_eq!((&changed["rule"]["price"], &changed["rearm"]), (&json!("0.50"), &Value::Null));
    decides(&house, "AAPL").await;
    assert_eq!(firings(&house, &alert).await.len(), 0);
    send(&house, "PATCH", &path, json!({"is_paused": false})).await;
    fired(&house, &alert, 1).await;
    assert_eq!(one(&house, &alert).await["state"], "done");

    assert_eq!(send(&house, "DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(house.get(&path).await.status, 404);
    assert_eq!(house.json("/api/v1/alerts?symbol=AAPL").await["alerts"].as_array().unwrap().len(), 1);
    let back = send(&house, "POST", &format!("{path}/restore"), Value::Null).await;
    assert_eq!((back.status, &back.json()["state"]), (200, &json!("armed")), "{}", back.body);
    // It begins anew, so it fires once more.
    fired(&house, &alert, 2).await;

    for (body, status, code) in [
        (json!({"symbol": "NOSUCH", "rule": far}), 404, "unknown_symbol"),
        (json!({"symbol": "AAPL", "rule": {"type": "price_above"}}), 422, "bad_rule"),
        (json!({"symbol": "AAPL", "rule": {"type": "stale", "seconds": 0}}), 422, "bad_rule"),
        (json!({"symbol": "AAPL", "rule": far, "note": "x".repeat(201)}), 422, "bad_note"),
        (json!({"symbol": "AAPL", "rule": far, "expires_at": "2020-01-01T00:00:00Z"}), 422, "bad_expiry"),
        (
            json!({"symbol": "AAPL", "rule": far, "quiet": {"from": "7", "to": "8", "zone": "x"}}),
            422,
            "bad_quiet",
        ),
        (json!({"symbol": "AAPL", "rule": {"type": "telepathy"}}), 422, "bad_request"),
    ] {
        let told = send(&house, "POST", "/api/v1/alerts", body).await;
        assert_eq!((told.status, &told.json()["code"]), (status, &json!(code)), "{}", told.body);
    }
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backtest_counts_what_would_have_been() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &[]);
    let paid = price(&house, "AAPL").await;
    let test = async |body: Value| send(&house, "POST", "/api/v1/alerts/backtest", body).await;
    let crossing = json!({"type": "price_crosses", "price": paid});
    let tried = test(json!({"symbol": "AAPL", "rule": crossing})).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    let tried = tried.json();
    let (count, firings) = (tried["count"].as_u64().unwrap(), tried["fired"].as_array().unwrap());
    assert_eq!(firings.len() as u64, count.min(1_000));
    let words = match count {
        0 => "would not have fired in the stored days".to_owned(),
        1 => "would have fired once in the stored days".to_owned(),
        n => format!("would have fired {n} times in the stored days"),
    };
    assert_eq!(tried["text"], *words);
    // What can never be, and what is always so.
    let never = json!({"type": "price_above", "price": 9_000_000});
    assert_eq!(test(json!({"symbol": "AAPL", "rule": never})).await.json()["count"], 0);
    let always = json!({"type": "price_above", "price": 0.01});
    assert_eq!(test(json!({"symbol": "AAPL", "rule": always})).await.json()["count"], 1);
    let stale = test(json!({"symbol": "AAPL", "rule": {"type": "stale", "seconds": 5}})).await;
    assert_eq!((stale.status, &stale.json()["code"]), (422, &json!("no_backtest")), "{}", stale.body);
    house.stop();
}

/// Alerts close around the last price, armed again by the smallest step back: they fire again and again before it has
/// wandered off.
async fn around(house: &Bellwether) -> Vec<Value> {
    let paid = price(house, "AAPL").await;
    let mut set_here = Vec::new();
    for step in -2..=2 {
        let near = (paid * 100.0 * (1.0 + f64::from(step) * 0.000_1)).round() / 100.0;
        let rule = json!({"type": "price_above", "price": near});
        set_here.push(set(house, "AAPL", rule, json!({"hysteresis": 0})).await);
    }
    set_here
}

/// Waits until alerts have fired so much oftener, with new ones around the price where it has wandered off.
async fn crossed(house: &Bellwether, often: &mut Vec<Value>, more: u64) {
    let (wanted, until) = (count(house).await + more, Instant::now() + LONG);
    while count(house).await < wanted {
        assert!(Instant::now() < until, "alerts around the price do not fire");
        let before = count(house).await;
        often.extend(around(house).await);
        // Those below the price fire with the next trade, unless it has wandered off meanwhile: then others are set.
        let fire = soon("alerts fire", || async { (count(house).await >= before + 2).then_some(()) });
        let _ = tokio::time::timeout(Duration::from_secs(5), fire).await;
    }
}

/// Two servers that share records and log decide the same crossings, one of them dies and comes back, and each crossing
/// is one firing: every number of the alert's life once, every trade once.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_decide_the_same_crossings_record_each_once() {
    let nats = Nats::start().await;
    let postgres = PostgresServer::start(&["fsync=off"]);
    let database = postgres.new_database();
    let folder = tempfile::tempdir().unwrap();
    let [feeds_data, one_data, other_data] = ["feeds", "one", "other"].map(|name| folder.path().join(name));
    let more = ["--desk-database", &database];
    let house = Bellwether::serve("server", &nats.url(), &one_data, &more);
    let mut other = Bellwether::serve("server", &nats.url(), &other_data, &more);
    let feeds = Bellwether::serve("feeds", &nats.url(), &feeds_data, &[]);
    price(&house, "AAPL").await;
    let mut often = Vec::new();
    let once = set(&house, "AAPL", json!({"type": "price_above", "price": 0.01}), Value::Null).await;
    // What one server has recorded is told by the other, too.
    let mut client = watching(&other).await;
    crossed(&house, &mut often, 10).await;
    client.hear_kind("alert_fired").await;
    for house in [&house, &other] {
        soon("both decide", || async {
            (house.metric("bellwether_alerts_decided_total", "").await >= 5.0).then_some(())
        })
        .await;
    }

    drop(client);
    other.process.kill();
    crossed(&house, &mut often, 10).await;
    drop(other);
    // It reads again what it had read and not stored, and what it has missed.
    let other = Bellwether::serve("server", &nats.url(), &other_data, &more);
    decides(&other, "AAPL").await;
    crossed(&other, &mut often, 10).await;

    for alert in &often {
        let counted = one(&house, alert).await["fired"].clone();
        let all = firings(&house, alert).await;
        let trades: Vec<(String, u64)> = all
            .iter()
            .map(|firing| {
                let trade = &firing["trade"];
                (trade["timestamp"].as_str().unwrap().to_owned(), trade["seq"].as_u64().unwrap())
            })
            .collect();
        let mut ascending = trades.clone();
        ascending.sort();
        ascending.dedup();
        assert_eq!(trades, ascending, "crossings are recorded in their order, each once");
        // None is counted and not recorded: they still fire, so what was counted before is to be found now, as long as
        // none of the oldest had to go.
        if count(&house).await < 1_000 {
            assert!(
                all.len() as u64 >= counted.as_u64().unwrap(),
                "{counted} counted, {} recorded",
                all.len()
            );
        }
    }
    assert_eq!(one(&house, &once).await["fired"], 1);
    for house in [house, other] {
        house.stop();
    }
    feeds.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crossing_reaches_its_owner_once_with_the_page_closed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hook = format!("http://{}/hook", listener.local_addr().unwrap());
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let take = move |axum::Json(body): axum::Json<Value>| async move { drop(tell.send(body)) };
    let receiver = axum::Router::new().route("/hook", axum::routing::post(take));
    let receiving = tokio::spawn(async move { axum::serve(listener, receiver).await });

    let data = tempfile::tempdir().unwrap();
    let mut house = Bellwether::up(data.path(), &["--allow-private-targets"]);
    let channel = json!({"type": "webhook", "url": hook});
    let made = send(&house, "POST", "/api/v1/channels", channel).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let history = format!("/api/v1/channels/{}/history", made.json()["id"].as_str().unwrap());
    let paid = price(&house, "AAPL").await;
    let half = json!({"type": "price_above", "price": (paid / 2.0).round()});
    let alert = set(&house, "AAPL", half, Value::Null).await;
    let fired = fired(&house, &alert, 1).await;

    let notice = timeout(LONG, told.recv()).await.expect("the webhook is called").unwrap();
    let text = notice.to_string();
    assert!(text.contains(fired[0]["text"].as_str().unwrap()), "{text}");
    assert!(text.contains("/symbol/AAPL") && text.contains("tell me"), "{text}");
    assert!(notice["price"] == fired[0]["trade"]["price"], "{text}");

    // Not again, whatever happens to the process once it has noted that the webhook took it. Killed between the two it
    // would have to tell it again, under the same id.
    soon("the delivery is noted", || async {
        let deliveries = house.json(&history).await["deliveries"].take();
        deliveries.as_array().unwrap().iter().any(|delivery| delivery["state"] == "sent").then_some(())
    })
    .await;
    house.process.kill();
    drop(house);
    house = Bellwether::up(data.path(), &["--allow-private-targets"]);
    decides(&house, "AAPL").await;
    let next = timeout(LONG, told.recv()).await.expect("the next alert is told").unwrap();
    assert!(next.to_string().contains("above 0.01"), "the first one came again: {next}");
    house.stop();
    receiving.abort();
}
