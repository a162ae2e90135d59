//! The real Finnhub adapter against the look-alike: what it brings, and what it survives.

use std::path::Path;

use serde_json::{Value, json};

use crate::house::{Bellwether, Lookalike, soon, subscribe};

/// Reconnects at once and takes two seconds without a trade for silence.
const HASTY: &str = "quiet_seconds = 2\nreconnect_max_ms = 40\n";

fn up(lookalike: &Lookalike, folder: &Path, key: &str, settings: &str, more: &[&str]) -> Bellwether {
    let file = lookalike.settings(folder, key, settings);
    let flags = [&["--config", file.to_str().unwrap()], more].concat();
    Bellwether::up(&folder.join("data"), &flags)
}

async fn ready(house: &Bellwether) {
    soon("readiness", || async { Some(house.get("/readyz").await).filter(|got| got.status == 200) }).await;
}

/// What a search finds; the index follows a new list a moment later.
async fn found(house: &Bellwether, text: &str, many: usize) -> Vec<String> {
    soon("the search knows the list", || async {
        let page = house.json(&format!("/api/v1/symbols?q={text}&limit={many}")).await;
        let symbols = page["symbols"].as_array()?.iter().map(|s| s["symbol"].as_str().unwrap().to_owned());
        Some(symbols.collect::<Vec<_>>()).filter(|found| !found.is_empty())
    })
    .await
}

/// Well-known symbols, which trade every second.
fn symbols(many: usize) -> Vec<String> {
    const KNOWN: &str = "AAPL MSFT NVDA AMZN GOOGL META TSLA JPM V UNH XOM MA JNJ PG HD AVGO COST MRK ABBV CVX \
        PEP KO ADBE WMT CRM BAC ACN MCD NFLX AMD TMO CSCO ABT LIN DIS INTC WFC TXN INTU QCOM \
        IBM GE CAT BA NKE GM F T VZ PFE SBUX HON UPS LOW GS MS AXP BLK DE MMM";
    let known: Vec<String> = KNOWN.split_whitespace().take(many).map(str::to_owned).collect();
    assert_eq!(known.len(), many);
    known
}

fn rows(symbols: &[String], wanted: bool) -> Value {
    json!({"type": if wanted { "subscribe" } else { "unsubscribe" }, "channel": "quotes", "symbols": symbols})
}

#[tokio::test]
async fn prices_cards_and_places() {
    let folder = tempfile::tempdir().unwrap();
    let lookalike = Lookalike::start(&["--symbol-limit", "50"]);
    let house = up(&lookalike, folder.path(), "simkey", "", &["--grace", "1"]);
    ready(&house).await;
    let instruments = house.metric("bellwether_instruments", "").await;
    assert!(instruments >= 26_000.0, "{instruments} instruments");
    let motors = found(&house, "motors", 20).await;
    assert!(motors.iter().any(|symbol| symbol == "GM"), "{motors:?}");
    let mut client = house.client().await;
    client.say(subscribe(&["AAPL"])).await;
    let price = client.price("AAPL").await;
    assert_eq!((&price["source"], &price["state"]), (&json!("finnhub"), &json!("simulated")));
    let detail = house.json("/api/v1/symbols/AAPL").await;
    for figure in ["week_52_high", "week_52_low", "market_cap", "pe_ratio", "shares_outstanding", "as_of"] {
        assert!(!detail["card"][figure].is_null(), "{figure} is missing: {detail}");
    }
    assert_eq!(detail["card"]["source"], "finnhub");
    client.say(json!({"type": "unsubscribe", "symbols": ["AAPL"]})).await;

    // Ten more than there are places: the most watched have them, the rest is shown waiting.
    let wanted = symbols(60);
    client.say(rows(&wanted, true)).await;
    let mut fans = [house.client().await, house.client().await];
    for fan in &mut fans {
        fan.say(rows(&wanted[50..], true)).await;
    }
    let full = |feed: &Value| feed["symbols_subscribed"] == 50 && feed["symbols_waiting"] == 10;
    house.feed_is("all places taken", full).await;
    let quotes = format!("/api/v1/quotes?symbols={}", wanted.join(","));
    let state = |quotes: &Value, at: usize| quotes["quotes"][at]["state"].clone();
    soon("the most watched have places", || async {
        let quotes = house.json(&quotes).await;
        let waiting = (0..60).filter(|at| state(&quotes, *at) == "waiting").count();
        let fans = (50..60).all(|at| state(&quotes, at) == "simulated");
        (waiting == 10 && fans).then_some(())
    })
    .await;
    assert_eq!(house.feed().await["symbol_limit"], 50);
    house.stop();
}

#[tokio::test]
async fn what_no_one_watches_is_let_go_after_a_grace_time() {
    let folder = tempfile::tempdir().unwrap();
    let lookalike = Lookalike::start(&[]);
    let house = up(&lookalike, folder.path(), "simkey", "symbol_limit = 5\n", &["--grace", "1"]);
    ready(&house).await;
    let wanted = symbols(8);
    let mut client = house.client().await;
    client.say(rows(&wanted, true)).await;
    house
        .feed_is("places taken", |feed| feed["symbols_subscribed"] == 5 && feed["symbols_waiting"] == 3)
        .await;
    let held: Vec<String> = {
        let mut states = std::collections::HashMap::new();
        let wanted = &wanted;
        client
            .hear_until("five with a place", |frame| {
                for (symbol, row) in frame["data"].as_object()? {
                    states.insert(symbol.clone(), row["state"] == "simulated");
                }
                (states.values().filter(|held| **held).count() == 5).then_some(())
            })
            .await;
        wanted.iter().filter(|symbol| states[*symbol]).cloned().collect()
    };
    client.say(rows(&held[..3], false)).await;
    house
        .feed_is("the waiting move up", |feed| {
            feed["symbols_subscribed"] == 5 && feed["symbols_waiting"] == 0
        })
        .await;
    drop(client);
    house
        .feed_is("all are let go", |feed| feed["symbols_subscribed"] == 0 && feed["symbols_waiting"] == 0)
        .await;
    house.stop();
}

#[tokio::test]
async fn a_wrong_key_says_what_to_do_and_leaves_the_page_up() {
    let folder = tempfile::tempdir().unwrap();
    let lookalike = Lookalike::start(&[]);
    let house = up(&lookalike, folder.path(), "wrongkey", "", &[]);
    let feed = house.feed_is("the refusal", |feed| feed["state"] == "down").await;
    let detail = feed["detail"].as_str().unwrap();
    assert!(detail.contains("key") && detail.contains("settings"), "{detail}");
    assert!(!detail.contains("wrongkey"), "the key is shown: {detail}");
    assert_eq!(house.get("/").await.status, 200);
    let unready = house.get("/readyz").await;
    assert_eq!((unready.status, unready.content_type.as_str()), (503, "application/problem+json"));
    assert!(unready.json()["detail"].as_str().unwrap().contains("not ready"));
    let log = house.stop();
    assert!(!log.contains("wrongkey"), "the key is logged");
}

#[tokio::test]
async fn nonsense_from_the_provider_is_counted_and_prices_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let lookalike = Lookalike::start(&[]);
    let house = up(&lookalike, folder.path(), "simkey", "reconnect_max_ms = 40\n", &[]);
    ready(&house).await;
    let mut client = house.client().await;
    client.say(subscribe(&["AAPL"])).await;
    client.price("AAPL").await;
    let before = house.process.resident_mib();
    let kinds = [
        "garbage",
        "truncated",
        "binary",
        "wrong_types",
        "unknown_type",
        "price_zero",
        "price_negative",
        "price_huge",
        "price_nan",
        "time_1970",
        "time_3000",
        "huge_frame",
    ];
    for round in 1..=3 {
        lookalike.faults(json!({"send": kinds})).await;
        soon("all of it was sent", || async {
            (lookalike.report().await["bad_frames"] == round * kinds.len()).then_some(())
        })
        .await;
    }
    let skipped = |reason: &'static str| {
        let house = &house;
        async move { house.metric("bellwether_feed_skipped_total", &format!("reason=\"{reason}\"")).await }
    };
    for (reason, least) in [
        ("garbage", 9.0),
        ("malformed", 3.0),
        ("price", 9.0),
        ("time", 6.0),
        ("unknown_kind", 3.0),
        ("too_large", 3.0),
    ] {
        soon(reason, || async { (skipped(reason).await >= least).then_some(()) }).await;
    }
    // Trades made after all of it still come, none of the nonsense was taken for one.
    let mark = house.json("/api/v1/status").await["server_time"].as_str().unwrap().to_owned();
    client
        .hear_until("prices go on", |frame| {
            let value = frame["data"].get("AAPL")?;
            assert!(value["timestamp"].as_str().unwrap() < "2900", "{value}");
            (value["timestamp"].as_str()? > mark.as_str()).then_some(())
        })
        .await;
    let old = house.json("/api/v1/bars/AAPL?from=1969-01-01T00:00:00Z&to=1971-01-01T00:00:00Z").await;
    assert_eq!(old["bars"], json!([]));
    let row = house.row("AAPL").await;
    assert!(row["low"].as_f64().unwrap() > 1.0 && row["high"].as_f64().unwrap() < 100_000.0, "{row}");
    let after = house.process.resident_mib();
    assert!(after < before + 80, "{before} MiB grew to {after} MiB");
    house.stop();
}

#[tokio::test]
async fn a_hundred_cuts_lose_and_double_no_subscription() {
    let folder = tempfile::tempdir().unwrap();
    let lookalike = Lookalike::start(&[]);
    let house = up(&lookalike, folder.path(), "simkey", HASTY, &[]);
    ready(&house).await;
    let mut client = house.client().await;
    client.say(subscribe(&["AAPL", "MSFT", "NVDA"])).await;
    client.price("AAPL").await;
    lookalike.faults(json!({"cut_every_s": 0.05})).await;
    soon("a hundred cuts", || async {
        lookalike.report().await["cuts"].as_u64().filter(|cuts| *cuts >= 100)
    })
    .await;
    lookalike.faults(json!({"cut_every_s": 0})).await;
    let feed = house
        .feed_is("the feed is back", |feed| feed["state"] == "up" && feed["symbols_subscribed"] == 3)
        .await;
    assert!(feed["reconnects"].as_u64().unwrap() >= 99, "{feed}");
    assert!(house.metric("bellwether_feed_failures_total", "reason=\"network\"").await >= 100.0);
    assert!(house.metric("bellwether_feed_gaps_total", "").await >= 1.0);
    client.drain().await;
    for symbol in ["AAPL", "MSFT", "NVDA"] {
        client.price(symbol).await;
    }
    house.stop();
}

#[tokio::test]
async fn silence_and_refusals_are_shown_and_end() {
    let folder = tempfile::tempdir().unwrap();
    let lookalike = Lookalike::start(&[]);
    let house = up(&lookalike, folder.path(), "simkey", HASTY, &[]);
    ready(&house).await;
    let mut client = house.client().await;
    client.say(json!({"type": "subscribe", "channel": "quotes", "symbols": ["AAPL"]})).await;
    let is = |wanted: &'static str| {
        move |frame: &Value| (frame["data"].get("AAPL")?["state"] == wanted).then_some(())
    };
    client.hear_until("a live row", is("simulated")).await;
    lookalike.faults(json!({"silent_s": 600})).await;
    client.hear_until("a stale row", is("stale")).await;
    house.feed_is("a silent feed", |feed| feed["state"] == "silent" && feed["detail"].is_string()).await;
    lookalike.faults(json!({"silent_s": 0})).await;
    client.hear_until("a live row again", is("simulated")).await;

    lookalike.faults(json!({"limit_s": 600, "retry_after_s": 1, "cut": true})).await;
    let feed = house
        .feed_is("a refused feed", |feed| {
            feed["state"] == "down" && feed["detail"].to_string().contains("429")
        })
        .await;
    assert!(feed["detail"].as_str().unwrap().contains("is the key in use elsewhere?"), "{feed}");
    client.hear_until("a stale row", is("stale")).await;
    lookalike.faults(json!({"limit_s": 0})).await;
    client.hear_until("a live row again", is("simulated")).await;
    house.stop();
}
