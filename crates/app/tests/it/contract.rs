//! People, channels and alerts as clients outside this repository rely on them, told from outside: what is sent and
//! looked at here is what they send and look at, and no more.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::house::{Bellwether, Got, LONG, OPERATOR_KEY, soon};

const PASSWORD: &str = "correct horse battery";

struct Answer {
    got: Got,
    headers: HeaderMap,
}

/// Sends JSON, or no body where there is none, with one header that says who asks.
async fn call(
    house: &Bellwether,
    method: &str,
    path: &str,
    who: (&str, &str),
    body: Option<Value>,
) -> Answer {
    let mut request = house.ask(method, path);
    if !who.0.is_empty() {
        request = request.header(who.0, who.1);
    }
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let content_type = headers.get("content-type").map_or("", |value| value.to_str().unwrap()).to_owned();
    Answer { got: Got { status, content_type, body: answer.text().await.unwrap() }, headers }
}

#[track_caller]
fn status(answer: &Answer, wanted: u16) {
    assert_eq!(answer.got.status, wanted, "{}", answer.got.body);
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} is no text in {value}"))
}

/// HMAC-SHA256 by its definition (RFC 2104), in hexadecimal digits.
fn hmac_hex(key: &[u8], message: &[u8]) -> String {
    let sha256 = |parts: [&[u8]; 2]| ring::digest::digest(&ring::digest::SHA256, &parts.concat());
    assert!(key.len() <= 64, "a longer one would be hashed first");
    let padded =
        |pad: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ pad).collect() };
    let inner = sha256([&padded(0x36), message]);
    let outer = sha256([&padded(0x5c), inner.as_ref()]);
    outer.as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Whoever listens for webhooks: path, headers and body of each.
async fn receiver() -> (String, mpsc::UnboundedReceiver<(String, HeaderMap, Bytes)>) {
    let (tell, told) = mpsc::unbounded_channel();
    let take = move |uri: axum::http::Uri, headers: HeaderMap, body: Bytes| {
        let _ = tell.send((uri.path().to_owned(), headers, body));
        std::future::ready(StatusCode::OK)
    };
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", door.local_addr().unwrap());
    // Ends with the test.
    tokio::spawn(async move { axum::serve(door, axum::Router::new().fallback(take)).await.unwrap() });
    (url, told)
}

/// Checks what every webhook has; its body and what names it.
fn message(path: &str, secret: &str, (at, headers, body): &(String, HeaderMap, Bytes)) -> (Value, String) {
    assert_eq!(at, path);
    assert!(headers["content-type"].to_str().unwrap().starts_with("application/json"));
    let signature = headers["bellwether-signature"].to_str().unwrap();
    let (time, hex) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(time.parse().unwrap()) < 60, "{signature}");
    assert_eq!(hex, hmac_hex(secret.as_bytes(), &[format!("{time}.").as_bytes(), body].concat()));
    let delivery = headers["bellwether-delivery"].to_str().unwrap().to_owned();
    let body: Value = serde_json::from_slice(body).unwrap();
    for member in ["alert_id", "symbol", "rule", "price", "trade_time", "source", "message"] {
        assert!(body.get(member).is_some(), "{member}: {body}");
    }
    (body, delivery)
}

/// A user whom the operator has added, as what they sign in with is sent: a cookie.
async fn signed_in(house: &Bellwether, user: &str) -> String {
    let operator = format!("Bearer {OPERATOR_KEY}");
    let body = json!({"user": user, "password": PASSWORD, "role": "user"});
    let added = call(house, "POST", "/api/v1/admin/users", ("authorization", &operator), Some(body)).await;
    status(&added, 201);
    let body = json!({"user": user, "password": PASSWORD});
    let answer = call(house, "POST", "/api/v1/signin", ("", ""), Some(body)).await;
    status(&answer, 204);
    answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_channels_and_alerts_are_as_the_contract_has_them() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &["--allow-private-targets"]);
    let (url, mut told) = receiver().await;

    // People.
    let cookie = signed_in(&house, "ada").await;
    let operator = format!("Bearer {OPERATOR_KEY}");
    let operator = ("authorization", operator.as_str());
    let users = "/api/v1/admin/users";
    let wish = |user: &str, password: &str| Some(json!({"user": user, "password": password, "role": "user"}));
    status(&call(&house, "POST", users, operator, wish("ada", PASSWORD)).await, 409);
    let weak = call(&house, "POST", users, operator, wish("eve", "password")).await;
    status(&weak, 422);
    assert!(text(&weak.got.json(), "detail").contains("password"), "{}", weak.got.body);
    let ada = ("cookie", cookie.as_str());
    let wish = json!({"name": "script", "scopes": ["read", "trade", "alerts"]});
    let made = call(&house, "POST", "/api/v1/keys", ada, Some(wish)).await;
    status(&made, 201);
    let key = format!("Bearer {}", text(&made.got.json(), "key"));
    let by_key = ("authorization", key.as_str());

    // A channel with a secret of one's own, and another one that the alert is not to go to.
    let (mine, other) = ("a secret of my own", "another secret");
    let mut ids = Vec::new();
    for (path, secret) in [("/mine", mine), ("/other", other)] {
        let wish = json!({"type": "webhook", "url": format!("{url}{path}"), "secret": secret});
        let made = call(&house, "POST", "/api/v1/channels", by_key, Some(wish)).await;
        status(&made, 201);
        ids.push(text(&made.got.json(), "id").to_owned());
    }
    let test = format!("/api/v1/channels/{}/test", ids[0]);
    let mut deliveries = Vec::new();
    for who in [by_key, ada] {
        let sent = call(&house, "POST", &test, who, None).await;
        assert_eq!(sent.got.status / 100, 2, "{}", sent.got.body);
        let got = tokio::time::timeout(LONG, told.recv()).await.expect("the test comes").unwrap();
        let (body, delivery) = message("/mine", mine, &got);
        assert!(text(&body, "message").contains("test"), "{body}");
        deliveries.push(delivery);
    }

    // An alert just below the present price.
    let price = soon("a price", || async { house.row("AAPL").await["price"].as_f64() }).await;
    let below = format!("{:.2}", price * 0.98);
    let rule = json!({"type": "price_above", "price": below});
    let wish = json!({"symbol": "AAPL", "rule": rule, "channels": [ids[0]], "repeat": false});
    let made = call(&house, "POST", "/api/v1/alerts", by_key, Some(wish.clone())).await;
    status(&made, 201);
    let alert = made.got.json();
    assert_eq!((&alert["channels"], &alert["repeat"]), (&json!([ids[0]]), &json!(false)));
    let same = |value: &Value| text(value, "price").parse::<f64>().unwrap() == below.parse::<f64>().unwrap();
    assert!(same(&alert["rule"]), "{alert}");
    let got = tokio::time::timeout(LONG, told.recv()).await.expect("the alert is told").unwrap();
    let (body, delivery) = message("/mine", mine, &got);
    assert!(!deliveries.contains(&delivery) && deliveries[0] != deliveries[1]);
    assert_eq!((&body["alert_id"], &body["symbol"]), (&alert["id"], &json!("AAPL")));
    assert!(text(&body["rule"], "type") == "price_above" && same(&body["rule"]), "{body}");
    assert!(text(&body, "price").parse::<f64>().unwrap() > below.parse::<f64>().unwrap(), "{body}");
    assert!(text(&body, "trade_time").parse::<market::Timestamp>().is_ok(), "{body}");
    assert_eq!(body["source"], house.row("AAPL").await["source"]);
    assert!(text(&body, "message").contains("AAPL"), "{body}");

    // That was all: the next to come is another alert's, which names no channel and goes to both.
    let wish_all = json!({"symbol": "AAPL", "rule": {"type": "price_above", "price": 0.01}});
    status(&call(&house, "POST", "/api/v1/alerts", by_key, Some(wish_all)).await, 201);
    let mut paths = Vec::new();
    for _ in 0..2 {
        let got = tokio::time::timeout(LONG, told.recv()).await.expect("the other alert is told").unwrap();
        let secret = if got.0 == "/mine" { mine } else { other };
        let (body, _) = message(&got.0, secret, &got);
        assert_ne!(body["alert_id"], alert["id"], "told twice");
        paths.push(got.0);
    }
    paths.sort();
    assert_eq!(paths, ["/mine", "/other"]);

    // The same body, over the stored days.
    let tried = call(&house, "POST", "/api/v1/alerts/backtest", by_key, Some(wish)).await;
    status(&tried, 200);
    for fired in tried.got.json()["fired"].as_array().expect("a list") {
        assert!(text(fired, "timestamp").parse::<market::Timestamp>().is_ok(), "{fired}");
        assert!(text(fired, "price").parse::<f64>().is_ok(), "{fired}");
    }

    // Every type of rule, as a string and as a number; and what is no rule.
    for rule in [
        json!({"type": "price_below", "price": "0.01"}),
        json!({"type": "price_crosses", "price": 9_000_000}),
        json!({"type": "percent_change", "percent": "99"}),
        json!({"type": "percent_change", "percent": 99.5, "window_s": 300}),
        json!({"type": "volume_above_usual"}),
        json!({"type": "stale"}),
        json!({"type": "news"}),
    ] {
        let wish = json!({"symbol": "TSLA", "rule": rule, "channels": [], "repeat": true});
        let made = call(&house, "POST", "/api/v1/alerts", by_key, Some(wish)).await;
        status(&made, 201);
        let made = made.got.json();
        assert_eq!((&made["rule"]["type"], &made["repeat"]), (&rule["type"], &json!(true)));
        assert!(made["rearm"]["hysteresis"].is_string(), "{made}");
    }
    let rule = json!({"type": "price_below", "price": "0.01"});
    for (wish, says) in [
        (
            json!({"symbol": "AAPL", "rule": {"type": "percent_change", "percent": "5", "window_s": 90}}),
            "whole minutes",
        ),
        (json!({"symbol": "AAPL", "rule": {"type": "telepathy"}}), "price_above"),
        (json!({"symbol": "AAPL", "rule": {"type": "price_above", "price": "much"}}), "decimal"),
        (json!({"symbol": "AAPL", "rule": rule, "channels": ["999999"]}), "no channel of yours"),
        (json!({"symbol": "AAPL", "rule": rule, "channels": ["mine"]}), "no channel of yours"),
        (
            json!({"symbol": "AAPL", "rule": rule, "repeat": false, "rearm": {"hysteresis": "1"}}),
            "repeat is false",
        ),
    ] {
        let refused = call(&house, "POST", "/api/v1/alerts", by_key, Some(wish)).await;
        status(&refused, 422);
        assert!(text(&refused.got.json(), "detail").contains(says), "{}", refused.got.body);
    }
    // Nobody sends over another's channel.
    let eve = signed_in(&house, "eve").await;
    let wish = json!({"symbol": "AAPL", "rule": rule, "channels": [ids[0]]});
    status(&call(&house, "POST", "/api/v1/alerts", ("cookie", &eve), Some(wish)).await, 422);

    // Where a channel was removed, the alert stays and sends nothing there.
    status(&call(&house, "DELETE", &format!("/api/v1/channels/{}", ids[1]), by_key, None).await, 204);

    // Out, and in again with what is wrong, until there is a wait.
    status(&call(&house, "POST", "/api/v1/signout", ada, None).await, 204);
    status(&call(&house, "GET", "/api/v1/keys", ada, None).await, 401);
    let (mut n_wrong, mut first) = (0, None);
    let locked = loop {
        let body = json!({"user": "ada", "password": "not the password"});
        let answer = call(&house, "POST", "/api/v1/signin", ("", ""), Some(body)).await;
        if answer.got.status == 429 {
            break answer;
        }
        status(&answer, 401);
        first.get_or_insert(answer.got.body);
        n_wrong += 1;
        assert!(n_wrong < 50, "nobody is made to wait");
    };
    assert!(n_wrong > 0);
    assert!(locked.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    let body = json!({"user": "nobody", "password": "not the password"});
    let nobody = call(&house, "POST", "/api/v1/signin", ("", ""), Some(body)).await.got;
    if nobody.status != 429 {
        assert_eq!((nobody.status, Some(nobody.body)), (401, first), "which half was wrong is not said");
    }
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn private_targets_are_refused_unless_they_are_allowed() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let cookie = signed_in(&house, "ada").await;
    for url in [
        "http://127.0.0.1:9/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
    ] {
        let wish = json!({"type": "webhook", "url": url, "secret": "x"});
        let refused = call(&house, "POST", "/api/v1/channels", ("cookie", &cookie), Some(wish)).await;
        status(&refused, 422);
        assert!(text(&refused.got.json(), "detail").starts_with("url: "), "{}", refused.got.body);
    }
    house.stop();
}
