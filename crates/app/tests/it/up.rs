//! `up` with nothing: a simulated market, a page, the API, and a restart that loses nothing.

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::house::{Bellwether, get, post, soon, subscribe};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn assert_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no time"));
    assert!(text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z'), "{text}");
}

#[tokio::test]
async fn with_nothing_at_all_there_is_a_live_market() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &[]);
    let page = house.get("/").await;
    assert_eq!((page.status, page.content_type.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.body.contains("Bellwether"));
    assert_eq!(house.get("/healthz").await.body, "ok\n");
    soon("readiness", || async { Some(house.get("/readyz").await).filter(|got| got.status == 200) }).await;
    let found = house.json("/api/v1/symbols?q=motors&limit=5").await;
    assert_eq!(found["symbols"][0]["symbol"], "GM", "{found}");
    assert_eq!(found["symbols"][0]["name"], "General Motors Company");

    let mut client = house.client().await;
    client
        .say(json!({"type": "subscribe", "symbols": ["AAPL", "XYZZY", "BINANCE:BTCUSDT"], "id": "a"}))
        .await;
    let error = client.hear().await;
    assert_eq!(
        (&error["type"], &error["message"], &error["code"], &error["id"]),
        (&json!("error"), &json!("Invalid stock symbol: XYZZY"), &json!("unknown_symbol"), &json!("a"))
    );
    let subscribed = client.hear().await;
    assert_eq!(
        (&subscribed["type"], &subscribed["id"], &subscribed["channel"], &subscribed["symbols"]),
        (&json!("subscribed"), &json!("a"), &json!("prices"), &json!(["AAPL", "BINANCE:BTCUSDT"]))
    );
    let mut seq = 0;
    for _ in 0..5 {
        let frame = client.hear().await;
        assert_eq!(frame["type"], "price_update", "{frame}");
        for (symbol, value) in frame["data"].as_object().unwrap() {
            assert!(["AAPL", "BINANCE:BTCUSDT"].contains(&symbol.as_str()), "{symbol} was not asked for");
            assert!(number(&value["price"]) > 0.0 && value["price"].is_number());
            assert_time(&value["timestamp"]);
            assert_eq!((&value["source"], &value["state"]), (&json!("sim"), &json!("simulated")));
            if symbol == "AAPL" {
                let now = value["seq"].as_u64().unwrap();
                assert!(now > seq, "{now} came after {seq}");
                seq = now;
            }
        }
    }
    // Nonsense is answered and changes nothing.
    client.0.send(Message::text("{not json")).await.unwrap();
    assert!(!client.hear_kind("error").await["message"].as_str().unwrap().is_empty());
    client.price("AAPL").await;
    client.say(json!({"type": "unsubscribe", "symbols": ["AAPL"]})).await;
    client.drain().await;
    for _ in 0..3 {
        let frame = client.hear_kind("price_update").await;
        assert!(frame["data"].get("AAPL").is_none(), "{frame}");
    }
    house.stop();
}

#[tokio::test]
async fn rows_bars_and_status_have_their_channels() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &[]);
    let mut client = house.client().await;
    client.say(json!({"type": "subscribe", "channel": "status"})).await;
    let status = client.hear_kind("status").await;
    assert_eq!((&status["version"], &status["feeds"][0]["name"]), (&json!("0.1.0"), &json!("sim")));
    assert_time(&status["server_time"]);

    client.say(json!({"type": "subscribe", "channel": "quotes", "symbols": ["MSFT"]})).await;
    let first = client.update("quote_update", "MSFT").await;
    for member in ["price", "timestamp", "seq", "source", "age_ms", "state", "open", "high", "low", "volume"]
    {
        assert!(first.get(member).is_some(), "{member} is missing in {first}");
    }
    let row = client
        .hear_until("a row with everything", |frame| {
            let row = frame["data"].get("MSFT")?;
            (row["change_percent"].is_number() && row["volume"].is_number()).then(|| row.clone())
        })
        .await;
    assert!(
        number(&row["low"]) <= number(&row["price"]) && number(&row["price"]) <= number(&row["high"]),
        "{row}"
    );
    let change = number(&row["price"]) - number(&row["previous_close"]);
    assert!((change - number(&row["change"])).abs() < 1e-6, "{row}");
    assert_eq!(row["state"], "simulated");

    let since =
        house.json("/api/v1/bars/MSFT?interval=1m&limit=10").await["bars"].as_array().unwrap().clone();
    assert_eq!(since.len(), 10);
    let start = since[0]["start"].clone();
    client.say(json!({"type": "subscribe", "channel": "bars", "symbols": ["MSFT"], "interval": "1m", "since": start, "id": 5})).await;
    let bars = client.update("bar_update", "MSFT").await;
    let starts: Vec<&str> =
        bars.as_array().unwrap().iter().map(|bar| bar["start"].as_str().unwrap()).collect();
    assert!(starts.len() >= 10, "{bars}");
    assert_eq!(starts[0], start.as_str().unwrap());
    assert!(starts.is_sorted(), "{starts:?}");
    // The bar grows.
    let last = bars.as_array().unwrap().last().unwrap().clone();
    client
        .hear_until("a bar that has grown", |frame| {
            let bar = frame["data"].get("MSFT")?.as_array()?.last()?.clone();
            if frame["type"] != "bar_update" {
                return None;
            }
            let later = bar["start"].as_str() > last["start"].as_str();
            (later || bar["trades"].as_u64() > last["trades"].as_u64()).then_some(())
        })
        .await;
    client.say(json!({"type": "ping", "id": 7})).await;
    let pong = client.hear_kind("pong").await;
    assert_eq!(pong["id"], 7);
    assert_time(&pong["time"]);
    house.stop();
}

#[tokio::test]
async fn http_answers_and_refuses_as_described() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &[]);
    let row = soon("a price", || async {
        let quotes = house.json("/api/v1/quotes?symbols=AAPL,NOPE.X,BRK.B").await;
        assert_eq!(quotes["unknown"], json!(["NOPE.X"]));
        assert_eq!(quotes["quotes"].as_array().unwrap().len(), 2);
        Some(quotes["quotes"][0].clone()).filter(|row| !row["price"].is_null())
    })
    .await;
    assert_eq!((&row["symbol"], &row["state"]), (&json!("AAPL"), &json!("simulated")));
    let detail = house.json("/api/v1/symbols/GM").await;
    assert_eq!((&detail["symbol"], &detail["exchange"]), (&json!("GM"), &json!("NYSE")));
    assert!(
        detail["card"]["week_52_high"].is_number() && detail["card"]["market_cap"].is_number(),
        "{detail}"
    );
    let bars = house.json("/api/v1/bars/AAPL?interval=1d&limit=5").await;
    assert_eq!(
        (&bars["symbol"], &bars["interval"], &bars["session"]),
        (&json!("AAPL"), &json!("1d"), &json!("extended"))
    );
    assert_eq!(bars["bars"].as_array().unwrap().len(), 5);
    // Pages follow each other without a seam.
    let all = house.json("/api/v1/bars/AAPL?interval=1h&limit=20&to=2026-01-05T14:00:00Z").await;
    let one = house.json("/api/v1/bars/AAPL?interval=1h&limit=10&to=2026-01-05T14:00:00Z").await;
    let cursor = one["next_cursor"].as_str().expect("there is more");
    let other = house
        .json(&format!("/api/v1/bars/AAPL?interval=1h&limit=10&to=2026-01-05T14:00:00Z&cursor={cursor}"))
        .await;
    let joined: Vec<Value> =
        [&other, &one].iter().flat_map(|page| page["bars"].as_array().unwrap().clone()).collect();
    let starts =
        |bars: &[Value]| bars.iter().map(|b| b["start"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(starts(&joined), starts(all["bars"].as_array().unwrap()));
    let lines = house.json("/api/v1/sparklines?symbols=AAPL,MSFT").await;
    let closes = lines["sparklines"]["AAPL"]["closes"].as_array().unwrap();
    assert!((2..=80).contains(&closes.len()), "{}", closes.len());
    assert!(house.json("/sources").await["sources"][0].is_string());
    let session =
        post(&format!("http://{}/session", house.address()), &json!({"websocket_url": "ws://here/ws"})).await;
    assert_eq!(session.status, 200);
    assert!(session.json()["session_id"].is_string() && session.json()["websocket_url"].is_string());
    let document = house.json("/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(house.get("/metrics").await.body.contains("bellwether_tape_trades_total"));

    for (path, status) in [
        ("/api/v1/symbols/NOPE.X", 404),
        ("/api/v1/bars/NOPE.X", 404),
        ("/api/v1/bars/AAPL?interval=2m", 400),
        ("/api/v1/bars/AAPL?limit=0", 400),
        ("/api/v1/bars/AAPL?from=yesterday", 400),
        ("/api/v1/bars/AAPL?from=2026-01-05T14:00:00Z&to=2026-01-05T14:00:00Z", 400),
        ("/api/v1/bars/AAPL?cursor=zzz", 400),
        ("/api/v1/quotes", 400),
        ("/api/v1/symbols?limit=1000", 400),
        ("/api/v1/nothing", 404),
        ("/ws", 426),
    ] {
        let got = house.get(path).await;
        assert_eq!((got.status, got.content_type.as_str()), (status, "application/problem+json"), "{path}");
        let problem = got.json();
        assert_eq!(problem["status"], status, "{path}");
        assert!(!problem["detail"].as_str().unwrap().is_empty() && problem["title"].is_string(), "{path}");
    }
    let wrong_method =
        post(&format!("http://{}/api/v1/quotes?symbols=AAPL", house.address()), &json!({})).await;
    assert_eq!((wrong_method.status, wrong_method.content_type.as_str()), (405, "application/problem+json"));
    let long = json!({"websocket_url": "w".repeat(100_000)});
    assert_eq!(post(&format!("http://{}/session", house.address()), &long).await.status, 413);
    house.stop();
}

#[tokio::test]
async fn what_was_seen_is_there_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &[]);
    let mut client = house.client().await;
    client.say(subscribe(&["AAPL"])).await;
    for interval in ["1m", "1h"] {
        client
            .say(json!({"type": "subscribe", "channel": "bars", "symbols": ["AAPL"], "interval": interval}))
            .await;
    }
    let (mut price, mut minute, mut hour) = (Value::Null, Value::Null, Value::Null);
    client
        .hear_until("bars with some trades", |frame| {
            match (frame["type"].as_str(), frame["interval"].as_str()) {
                (Some("price_update"), _) => price = frame["data"]["AAPL"].clone(),
                (_, Some("1m")) => minute = frame["data"]["AAPL"].as_array()?.last()?.clone(),
                (_, Some("1h")) => hour = frame["data"]["AAPL"].as_array()?.last()?.clone(),
                _ => {}
            }
            (minute["trades"].as_u64()? > 10 && hour["trades"].as_u64()? > 10).then_some(())
        })
        .await;
    let volume = number(&house.row("AAPL").await["volume"]);
    house.process.terminate();
    // What was on its way still comes, then the goodbye.
    assert_eq!(client.close_code().await, Some(1001));
    let log = house.stop();
    assert!(!log.contains("ERROR"), "{log}");

    let house = Bellwether::up(data.path(), &[]);
    let after = house.row("AAPL").await;
    assert!(after["price"].is_number(), "the price is not there at once: {after}");
    assert!(after["timestamp"].as_str() >= price["timestamp"].as_str(), "{after} is older than {price}");
    // The day's figures are the provider's, and asked of it again.
    soon("the day's volume", || async {
        let row = house.row("AAPL").await;
        (number(&row["volume"]) >= volume && row["previous_close"].is_number()).then_some(())
    })
    .await;
    for (interval, before) in [("1m", &minute), ("1h", &hour)] {
        let start = before["start"].as_str().unwrap();
        let bars = house.json(&format!("/api/v1/bars/AAPL?interval={interval}&from={start}&limit=1")).await;
        let bar = &bars["bars"][0];
        assert_eq!(bar["start"], before["start"]);
        assert_eq!(bar["open"], before["open"]);
        assert!(number(&bar["volume"]) >= number(&before["volume"]), "{interval}: {before} became {bar}");
        assert!(bar["trades"].as_u64() >= before["trades"].as_u64(), "{interval}: {before} became {bar}");
        assert!(
            number(&bar["high"]) >= number(&before["high"]) && number(&bar["low"]) <= number(&before["low"])
        );
    }
    // The hour goes on: with what it had and what comes.
    let mut client = house.client().await;
    client.say(json!({"type": "subscribe", "channel": "bars", "symbols": ["AAPL"], "interval": "1h"})).await;
    client
        .hear_until("the hour goes on", |frame| {
            let bar = frame["data"]["AAPL"].as_array()?.last()?.clone();
            let later = bar["start"].as_str() > hour["start"].as_str();
            (later || bar["trades"].as_u64()? > hour["trades"].as_u64()? + 5).then_some(())
        })
        .await;
    assert_eq!(get(&format!("http://{}/healthz", house.address())).await.status, 200);
    let log = house.stop();
    assert!(!log.contains("WARN"), "a plain restart warns of nothing: {log}");
}

#[tokio::test]
async fn sigterm_under_load_ends_in_order() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::up(data.path(), &["--rate", "20000"]);
    let symbols: Vec<String> = house.json("/api/v1/symbols?limit=100").await["symbols"]
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| symbol["symbol"].as_str().unwrap().to_owned())
        .collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut client = house.client().await;
        client.say(subscribe(&symbols)).await;
        clients.push(client);
    }
    for client in &mut clients {
        client.hear_kind("price_update").await;
    }
    house.process.terminate();
    for client in clients {
        let mut client = client;
        assert_eq!(client.close_code().await, Some(1001));
    }
    house.stop();
}
