use axum::http::{Method, StatusCode, header};
use expect_test::expect;

use super::super::REQUEST_TIMEOUT;
use super::fixture::{BARS, FIRST_BAR, Fixture, app, app_of, call, get, post};

#[tokio::test]
async fn symbols_are_found_by_name() {
    let reply = get("/api/v1/symbols?q=motors&limit=20").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header(header::CONTENT_TYPE), "application/json");
    expect![[r#"{"symbols":[{"symbol":"GM","name":"General Motors Company","exchange":"NYSE","kind":"stock","currency":"USD","sector":"Consumer Discretionary","industry":null,"hours":"us_equity"}],"next_cursor":null}"#]]
    .assert_eq(reply.text());
    assert_eq!(get("/api/v1/symbols?q=zzzz").await.text(), r#"{"symbols":[],"next_cursor":null}"#);
}

#[tokio::test]
async fn symbols_page_to_the_end() {
    let app = app();
    for (q, expected) in [("paging", 300), ("", 310)] {
        let (mut seen, mut cursor) = (std::collections::BTreeSet::new(), String::new());
        loop {
            let path = format!("/api/v1/symbols?q={q}&limit=100&cursor={cursor}");
            let page = call(&app, Method::GET, &path, &[]).await.json();
            for symbol in page["symbols"].as_array().unwrap() {
                assert!(seen.insert(symbol["symbol"].to_string()), "{symbol} came twice");
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen.len(), expected, "{q:?}");
    }
}

#[tokio::test]
async fn a_symbol_has_a_card() {
    expect![[r#"{"symbol":"GM","name":"General Motors Company","exchange":"NYSE","kind":"stock","currency":"USD","sector":"Consumer Discretionary","industry":null,"hours":"us_equity","card":{"week_52_high":61.24,"week_52_low":null,"market_cap":70000000000,"pe_ratio":null,"shares_outstanding":null,"as_of":"2026-01-05T14:30:00Z","source":"finnhub"}}"#]]
    .assert_eq(get("/api/v1/symbols/GM").await.text());
    for (path, symbol) in [
        ("BRK.B", "BRK.B"),
        ("BINANCE:BTC%2FUSDT", "BINANCE:BTC/USDT"),
        ("BINANCE%3ABTC%2FUSDT", "BINANCE:BTC/USDT"),
        ("BINANCE:BTC/USDT", "BINANCE:BTC/USDT"),
        ("IC%20MARKETS:1", "IC MARKETS:1"),
    ] {
        assert_eq!(get(&format!("/api/v1/symbols/{path}")).await.json()["symbol"], symbol);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_provider_costs_the_card_only() {
    let app = app_of(Fixture::new(), REQUEST_TIMEOUT);
    let json = call(&app, Method::GET, "/api/v1/symbols/SLOW", &[]).await.json();
    assert_eq!((&json["symbol"], &json["card"]["market_cap"]), (&"SLOW".into(), &serde_json::Value::Null));
}

#[tokio::test]
async fn quotes_are_rows_in_the_order_asked() {
    let reply = get("/api/v1/quotes?symbols=MSFT,XYZ,NEW,,MSFT,%20BINANCE:BTC%2FUSDT,%3Cb%3E").await;
    let json = reply.json();
    let symbols: Vec<_> = json["quotes"].as_array().unwrap().iter().map(|q| q["symbol"].clone()).collect();
    assert_eq!(symbols, ["MSFT", "NEW", "BINANCE:BTC/USDT"]);
    assert_eq!(json["unknown"], serde_json::json!(["XYZ", "<b>"]));
    expect![[
        r#"{"quotes":[{"symbol":"AAPL","price":150.23,"timestamp":"2026-01-05T15:00:00Z","seq":812,"source":"sim","age_ms":120,"state":"simulated","open":149.8,"high":null,"low":null,"volume":null,"previous_close":149.5,"change":0.73,"change_percent":0.488294}],"unknown":[]}"#
    ]]
    .assert_eq(get("/api/v1/quotes?symbols=AAPL").await.text());
    expect![[
        r#"{"quotes":[{"symbol":"NEW","price":null,"timestamp":null,"seq":0,"source":null,"age_ms":null,"state":"waiting","open":null,"high":null,"low":null,"volume":null,"previous_close":null,"change":null,"change_percent":null}],"unknown":[]}"#
    ]]
    .assert_eq(get("/api/v1/quotes?symbols=NEW").await.text());
}

#[tokio::test]
async fn bars_are_ascending_and_exact() {
    expect![[
        r#"{"symbol":"AAPL","interval":"1m","session":"extended","source":"sim","bars":[{"start":"2026-01-05T14:54:00Z","open":1.5,"high":1.6,"low":1.5,"close":1.55,"volume":1200,"trades":7,"vwap":1.537}],"next_cursor":"YjE3Njc2MjQ4NDAwMDAwMDAwMDA"}"#
    ]]
    .assert_eq(get("/api/v1/bars/AAPL?limit=1").await.text());
    expect![[
        r#"{"symbol":"NEW","interval":"1d","session":"regular","source":null,"bars":[],"next_cursor":null}"#
    ]]
    .assert_eq(get("/api/v1/bars/NEW?interval=1d&session=regular").await.text());
    let unencoded_plus = "/api/v1/bars/AAPL?from=2026-01-05T15:30:00+01:00&to=2026-01-05T14:32:00Z";
    assert_eq!(get(unencoded_plus).await.json()["bars"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn bars_page_to_both_ends() {
    let app = app();
    for limit in [1, 7, 24, 25, 26] {
        for from in ["", FIRST_BAR] {
            let (mut starts, mut cursor): (Vec<String>, String) = Default::default();
            loop {
                let path = format!("/api/v1/bars/AAPL?limit={limit}&from={from}&cursor={cursor}");
                let page = call(&app, Method::GET, &path, &[]).await.json();
                let bars = page["bars"].as_array().unwrap();
                assert!(!bars.is_empty(), "a page that was promised is empty");
                let new: Vec<String> =
                    bars.iter().map(|bar| bar["start"].as_str().unwrap().to_owned()).collect();
                // Backwards, the new page goes before the ones known.
                if from.is_empty() {
                    starts.splice(0..0, new);
                } else {
                    starts.extend(new);
                }
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = next.to_owned(),
                    None => break,
                }
            }
            assert_eq!(starts.len() as i64, BARS);
            assert!(starts.is_sorted());
        }
    }
}

#[tokio::test]
async fn the_rest_of_the_routes() {
    assert_eq!(
        get("/api/v1/sparklines?symbols=AAPL,XYZ").await.text(),
        r#"{"sparklines":{"AAPL":{"interval":"5m","closes":[1.5,1.6]}}}"#
    );
    expect![[r#"{"server_time":"2026-01-05T15:00:00Z","version":"0.1.0","epoch":"e1","market":{"session":"regular","opens_at":"2026-01-05T14:30:00Z","closes_at":"2026-01-05T21:00:00Z"},"feeds":[{"name":"sim","source":"sim","state":"up","detail":null,"symbols_subscribed":12,"symbols_waiting":0,"symbol_limit":null,"last_event_at":"2026-01-05T15:00:00Z","delay_ms":3,"reconnects":0,"gaps":1,"recent_gaps":[{"from":"2026-01-05T14:59:00Z","to":"2026-01-05T14:59:04Z","symbols":null}]}]}"#]]
    .assert_eq(get("/api/v1/status").await.text());
    assert_eq!(
        get("/api/v1/gaps/AAPL").await.text(),
        r#"{"symbol":"AAPL","gaps":[{"feed":"sim","from":"2026-01-05T14:59:00Z","to":"2026-01-05T14:59:04.500Z"}]}"#
    );
    assert_eq!(get("/api/v1/gaps/GM").await.text(), r#"{"symbol":"GM","gaps":[]}"#);
    assert_eq!(get("/sources").await.text(), r#"{"sources":["https://finnhub.io"]}"#);
    assert_eq!(get("/healthz").await.text(), "ok\n");
    assert_eq!(get("/readyz").await.text(), "ready\n");
    assert_eq!(get("/ws").await.text(), "websocket");
}

#[tokio::test]
async fn sessions_are_unguessable_and_keep_their_address() {
    let mut ids = std::collections::HashSet::new();
    for url in ["ws://localhost:8080/ws", "wss://[::1]/ws?x=1", "ws://10.0.0.1"] {
        let reply = post("/session", format!(r#"{{"websocket_url":"{url}","later":1}}"#)).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.json()["websocket_url"], url);
        let id = reply.json()["session_id"].as_str().unwrap().to_owned();
        assert_eq!(id.len(), 22);
        assert!(ids.insert(id));
    }
}

#[tokio::test]
async fn not_ready_says_why() {
    let mut market = Fixture::new();
    market.ready = Err("the feed is connecting".into());
    let reply = call(&app_of(market, REQUEST_TIMEOUT), Method::GET, "/readyz", &[]).await;
    assert_eq!(reply.problem(503), "not ready: the feed is connecting");
    assert_eq!(reply.header(header::RETRY_AFTER), "1");
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    for path in ["/api/v1/status", "/healthz", "/", "/assets/index-4f3a.js", "/docs/", "/openapi.json"] {
        let app = app();
        let (get, head) =
            (call(&app, Method::GET, path, &[]).await, call(&app, Method::HEAD, path, &[]).await);
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.body, b"", "{path}");
        assert_eq!(head.header(header::CONTENT_TYPE), get.header(header::CONTENT_TYPE), "{path}");
        assert_eq!(head.header(header::CONTENT_LENGTH), get.body.len().to_string(), "{path}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let app = app();
    for path in ["/api/v1/symbols/GM", "/api/v1/symbols/XYZ", "/nowhere", "/api/v1/quotes?symbols=PANIC"] {
        call(&app, Method::GET, path, &[]).await;
    }
    call(&app, Method::from_bytes(b"MADEUP").unwrap(), "/healthz", &[]).await;
    let text = call(&app, Method::GET, "/metrics", &[]).await;
    assert!(text.header(header::CONTENT_TYPE).starts_with("application/openmetrics-text"));
    for line in [
        r#"http_request_duration_seconds_count{method="GET",route="/api/v1/symbols/{*symbol}",status="200"} 1"#,
        r#"http_request_duration_seconds_count{method="GET",route="/api/v1/symbols/{*symbol}",status="404"} 1"#,
        r#"http_request_duration_seconds_count{method="GET",route="page",status="404"} 1"#,
        r#"http_request_duration_seconds_count{method="GET",route="/api/v1/quotes",status="500"} 1"#,
        r#"http_request_duration_seconds_count{method="other",route="/healthz",status="405"} 1"#,
        "http_panics_total 1",
    ] {
        assert!(text.text().lines().any(|l| l == line), "{line}\n{}", text.text());
    }
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let app = app();
    let plain = call(&app, Method::GET, "/api/v1/symbols?q=paging", &[]).await;
    assert_eq!(plain.header(header::CONTENT_ENCODING), "");
    let small = call(&app, Method::GET, "/api/v1/symbols?q=paging", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(small.header(header::CONTENT_ENCODING), "gzip");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&small.body[..]), &mut text).unwrap();
    assert_eq!(text, plain.text());
}
