use axum::http::{Method, header};
use proptest::prelude::*;

use super::fixture::{app, call, get, post};

#[tokio::test]
async fn bad_queries_name_the_parameter_and_what_is_allowed() {
    for (path, detail) in [
        ("symbols?limit=0", "limit must be a whole number from 1 to 100"),
        ("symbols?limit=101", "limit must be a whole number from 1 to 100"),
        ("symbols?limit=-1", "limit must be a whole number from 1 to 100"),
        ("symbols?limit=99999999999999999999", "limit must be a whole number from 1 to 100"),
        ("symbols?cursor=!!", "cursor must be the next_cursor of an answer"),
        ("symbols?cursor=YjE", "cursor is of another list"),
        ("symbols?q=a&q=b", "q is given twice"),
        ("symbols?q=%ff", "the query is not UTF-8 when decoded"),
        ("quotes", "symbols must be given: a comma-separated list of 1 to 500 symbols"),
        ("quotes?symbols=,%20,", "symbols must be given: a comma-separated list of 1 to 500 symbols"),
        ("sparklines", "symbols must be given: a comma-separated list of 1 to 500 symbols"),
        ("bars/AAPL?interval=2m", "interval must be one of 1s, 1m, 5m, 15m, 1h, 1d"),
        ("bars/AAPL?session=night", "session must be one of regular, all, extended"),
        ("bars/AAPL?from=monday", "from must be a time of the form 2026-01-05T14:30:00Z"),
        ("bars/AAPL?to=3000-01-01T00:00:00Z", "to must be between 1678 and 2261"),
        ("bars/AAPL?limit=10001", "limit must be a whole number from 1 to 10000"),
        ("bars/AAPL?from=2026-01-05T14:30:00Z&to=2026-01-05T14:30:00Z", "from must be before to"),
        ("bars/AAPL?cursor=bzE", "cursor is of another list"),
    ] {
        assert_eq!(get(&format!("/api/v1/{path}")).await.problem(400), detail, "{path}");
    }
    let long = get(&format!("/api/v1/symbols?q={}", "x".repeat(101))).await;
    assert_eq!(long.problem(400), "q must have at most 100 characters");
    let symbols = (0..501).map(|n| format!("S{n}")).collect::<Vec<_>>().join(",");
    let many = get(&format!("/api/v1/quotes?symbols={symbols}")).await;
    assert_eq!(many.problem(400), "symbols must be at most 500 symbols; these are 501");
}

#[tokio::test]
async fn what_does_not_exist_is_a_problem() {
    for (path, detail) in [
        ("/api/v1/symbols/XYZ", "unknown symbol: XYZ"),
        ("/api/v1/symbols/gm", "unknown symbol: gm"),
        ("/api/v1/symbols/%3Cscript%3E", "unknown symbol: <script>"),
        ("/api/v1/bars/XYZ", "unknown symbol: XYZ"),
        ("/api/v1/gaps/XYZ", "unknown symbol: XYZ"),
        ("/api", "there is nothing at /api; see /docs"),
        ("/api/v2/quotes", "there is nothing at /api/v2/quotes; see /docs"),
        ("/api/v1/symbols/", "there is nothing at /api/v1/symbols/; see /docs"),
        ("/docs/nothing.js", "there is nothing at /docs/nothing.js; see /docs"),
    ] {
        assert_eq!(get(path).await.problem(404), detail);
    }
    // Not even for somebody who takes HTML.
    let html = call(&app(), Method::GET, "/api/v1/nothing", &[("accept", "text/html")]).await;
    html.problem(404);
    // Bytes that are not UTF-8 once decoded.
    for route in ["bars", "symbols"] {
        let reply = get(&format!("/api/v1/{route}/%ff")).await;
        assert_eq!(reply.problem(400), "the symbol in the path is not UTF-8 when decoded");
    }
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    for (method, path, allowed) in [
        (Method::POST, "/api/v1/quotes", "GET,HEAD"),
        (Method::DELETE, "/api/v1/bars/AAPL", "GET,HEAD"),
        (Method::GET, "/session", "POST"),
        (Method::OPTIONS, "/api/v1/quotes", "GET,HEAD"),
    ] {
        let reply = call(&app(), method.clone(), path, &[]).await;
        assert_eq!(reply.problem(405), format!("{path} does not take {method}"));
        assert_eq!(reply.header(header::ALLOW), allowed);
    }
    call(&app(), Method::POST, "/nowhere", &[]).await.problem(404);
}

#[tokio::test]
async fn bad_sessions_are_refused() {
    let body = r#"the body must be {"websocket_url":"ws://..."}"#;
    for bad in ["", "{", "[]", r#"["ws://x"]"#, "null", "{}", r#"{"websocket_url":1}"#, "\u{0}"] {
        assert_eq!(post("/session", bad).await.problem(400), body, "{bad:?}");
    }
    for bad in [
        "",
        "http://x",
        "x",
        "ws://",
        "ws:///ws",
        "wss:x",
        "ws://a b",
        "ws://u:p@x/",
        "ws://x/#y",
        "javascript:1",
    ] {
        let reply = post("/session", serde_json::json!({ "websocket_url": bad }).to_string()).await;
        assert!(reply.problem(400).starts_with("websocket_url must be an address"), "{bad:?}");
    }
    let long = serde_json::json!({ "websocket_url": format!("ws://x/{}", "y".repeat(3000)) }).to_string();
    post("/session", long).await.problem(400);
    let large = post("/session", "x".repeat(64 * 1024 + 1)).await;
    assert_eq!(large.problem(413), "a body may have at most 65536 bytes");
}

#[tokio::test]
async fn failures_reveal_nothing() {
    let panicked = get("/api/v1/quotes?symbols=PANIC").await;
    assert_eq!(panicked.problem(500), "something went wrong on our side");
    let down = get("/api/v1/bars/DOWN").await;
    assert_eq!(down.problem(503), "bars cannot be read now; try again");
    let slow = get("/api/v1/bars/SLOW").await;
    assert_eq!(slow.problem(503), "the request took too long; try again");
    for reply in [panicked, down, slow] {
        assert!(!reply.text().contains("secret"));
        assert!(!reply.header(header::CONTENT_SECURITY_POLICY).is_empty());
    }
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}".prop_map(|text: String| text.replace([' ', '#'], "+")),
        "(%[0-9a-fA-F]{2}){0,6}",
        "-?[0-9]{1,25}",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](Z|%2B01:00|\\+01:00|.5Z)?",
        "[obf][0-9-]{0,22}".prop_map(|plain: String| {
            use base64::Engine;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(plain)
        }),
        "(1s|1m|1d|regular|all|AAPL,MSFT|motors|aplle)",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_query_is_our_fault(
        path in "(symbols|quotes|sparklines|status|symbols/GM|bars/(AAPL|NEW|%[0-9a-f]{2}|[A-Z:./%]{1,8}))",
        pairs in prop::collection::vec(("(q|limit|cursor|symbols|interval|from|to|[a-z%]{1,4})", value()), 0..5),
    ) {
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let uri = format!("/api/v1/{path}?{}", query.join("&"));
        if uri.parse::<axum::http::Uri>().is_err() {
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let reply = runtime.block_on(get(&uri));
        prop_assert!(reply.status.as_u16() < 500, "{uri}: {}", reply.text());
        prop_assert!(
            reply.status.is_success() || reply.header(header::CONTENT_TYPE) == "application/problem+json",
            "{uri}: {}", reply.text()
        );
    }
}
