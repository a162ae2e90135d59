//! Channels, over which people are reached with the page closed.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Browser, assert_problem, somebody};
use crate::house::{Bellwether, LONG, soon};
use crate::smtp::SmtpServer;

/// A receiver on this machine, which takes all that comes.
struct Receiver {
    address: SocketAddr,
    received: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Receiver {
    async fn new() -> Self {
        let (sent, received) = mpsc::unbounded_channel();
        let take = move |headers: HeaderMap, body: Bytes| {
            let sent = sent.clone();
            async move {
                let _ = sent.send((headers, body));
                StatusCode::CREATED
            }
        };
        let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = door.local_addr().unwrap();
        let app = axum::Router::new().fallback(take);
        // Ends with the test.
        tokio::spawn(async move { axum::serve(door, app).await.unwrap() });
        Self { address, received }
    }

    async fn next(&mut self) -> (HeaderMap, Bytes) {
        tokio::time::timeout(LONG, self.received.recv()).await.expect("a request comes").unwrap()
    }
}

async fn sent(browser: &Browser<'_>, channel: &str) -> Value {
    let path = format!("/api/v1/channels/{channel}/history");
    soon("the newest delivery ends", || async {
        let history = browser.get(&path).await.json();
        Some(history["deliveries"][0].clone()).filter(|one| one["state"] != "waiting")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_added_tested_changed_and_removed() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &["--notify-networks", "127.0.0.0/8"]);
    let (ada, eve) = (somebody(&house, "ada", "user").await, somebody(&house, "eve", "user").await);
    let mut receiver = Receiver::new().await;
    let url = format!("http://{}/geheim", receiver.address);
    let wish = json!({
        "type": "webhook", "name": "Chat", "url": url, "template": "{\"text\": \"{{title}}\"}",
        "headers": [{"name": "Authorization", "value": "Bearer geheim"}],
    });
    let made = ada.send("POST", "/api/v1/channels", wish.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let channel = &made;
    assert_eq!((&channel["target"], &channel["state"]), (&"127.0.0.1".into(), &"working".into()));
    assert_eq!(channel["webhook"]["header_names"], json!(["Authorization"]));
    let id = channel["id"].as_str().unwrap();
    let path = format!("/api/v1/channels/{id}");
    assert_problem(&ada.send("POST", "/api/v1/channels", wish).await, 409, "taken");

    let queued = ada.send("POST", &format!("{path}/test"), json!({})).await;
    assert_eq!(queued.status, 202, "{}", queued.body);
    let (headers, body) = receiver.next().await;
    assert_eq!(&body[..], br#"{"text":"A test from Bellwether"}"#);
    assert_eq!(headers["authorization"], "Bearer geheim");
    assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
    let done = sent(&ada, id).await;
    assert_eq!(
        (&done["state"], &done["kind"], &done["id"]),
        (&"sent".into(), &"test".into(), &queued.json()["delivery"])
    );

    // Secrets are never shown again.
    for path in ["/api/v1/channels", &format!("{path}/history"), "/api/v1/channels/dead-letters"] {
        let body = ada.get(path).await.body;
        assert!(!body.contains("geheim") && !body.contains("whsec_"), "{body}");
    }
    // Nobody else sees or changes it.
    assert_eq!(eve.get("/api/v1/channels").await.json()["channels"], json!([]));
    for (method, path) in
        [("PATCH", path.clone()), ("POST", format!("{path}/test")), ("POST", format!("{path}/confirm"))]
    {
        assert_eq!(eve.send(method, &path, json!({"code": "1"})).await.status / 100, 4, "{method} {path}");
    }
    assert_eq!(eve.get(&format!("{path}/history")).await.status, 404);
    assert_eq!(eve.delete(&path).await.status, 404);

    let off = ada.send("PATCH", &path, json!({"is_on": false, "name": "Quiet"})).await.json();
    assert_eq!((&off["state"], &off["name"]), (&"off".into(), &"Quiet".into()));
    assert_problem(&ada.send("POST", &format!("{path}/test"), json!({})).await, 409, "channel_closed");
    let on = ada.send("PATCH", &path, json!({"is_on": true, "template": "", "content": "text"})).await.json();
    assert_eq!((&on["state"], &on["webhook"]["template"]), (&"working".into(), &Value::Null));
    assert_eq!(ada.send("POST", &format!("{path}/test"), json!({})).await.status, 202);
    let (headers, body) = receiver.next().await;
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert!(body.starts_with(b"A test from Bellwether\n"), "{body:?}");
    sent(&ada, id).await;
    assert!(
        house.metric("bellwether_notify_attempt_duration_seconds_count", "outcome=\"sent\"").await >= 2.0
    );
    assert_eq!(ada.delete(&path).await.status, 204);
    assert_eq!(ada.get("/api/v1/channels").await.json()["channels"], json!([]));
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_outlives_the_server_and_a_test_that_fails_says_why() {
    let data = tempfile::tempdir().unwrap();
    let flags = ["--notify-networks", "127.0.0.1"];
    let house = Bellwether::with_operator(data.path(), &flags);
    let ada = somebody(&house, "ada", "user").await;
    // A port at which nobody listens any more.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let wish = json!({"type": "webhook", "name": "Chat", "url": format!("http://{gone}/")});
    let made = ada.send("POST", "/api/v1/channels", wish).await.json();
    let id = made["id"].as_str().unwrap().to_owned();
    let cookie = ada.cookie.clone();
    house.stop();
    let house = Bellwether::with_operator(data.path(), &flags);
    let ada = Browser { house: &house, cookie };
    assert_eq!(ada.send("POST", &format!("/api/v1/channels/{id}/test"), json!({})).await.status, 202);
    let failed = sent(&ada, &id).await;
    assert_eq!(
        (&failed["state"], &failed["why"]),
        (&"dead".into(), &"the receiver cannot be reached".into())
    );
    let list = ada.get("/api/v1/channels").await.json();
    let channel = &list["channels"][0];
    assert_eq!(
        (&channel["state"], &channel["why"]),
        (&"failing".into(), &"the receiver cannot be reached".into())
    );
    let dead = ada.get("/api/v1/channels/dead-letters").await.json();
    let letter = dead["deliveries"][0]["id"].as_str().unwrap();
    let retry = format!("/api/v1/channels/dead-letters/{letter}/retry");
    assert_eq!(ada.send("POST", &retry, json!({})).await.status, 202);
    assert_eq!(sent(&ada, &id).await["state"], "dead");
    // Nobody has all tests of the world.
    let mut refused = None;
    for _ in 0..12 {
        let told = ada.send("POST", &format!("/api/v1/channels/{id}/test"), json!({})).await;
        if told.status != 202 {
            refused = Some(told);
            break;
        }
    }
    assert_problem(&refused.unwrap(), 429, "too_many_tests");
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_registered_and_what_leads_inside_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let (ada, eve) = (somebody(&house, "ada", "user").await, somebody(&house, "eve", "user").await);
    let key = ada.get("/api/v1/channels/web_push").await.json()["public_key"].as_str().unwrap().to_owned();
    assert_eq!(
        (key.len(), eve.get("/api/v1/channels/web_push").await.json()["public_key"] == *key),
        (87, true)
    );
    let wish = |endpoint: &str, auth: &str| {
        json!({"type": "web_push", "endpoint": endpoint, "expirationTime": null, "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "auth": auth,
        }})
    };
    let (good, auth) = ("https://push.example.com/geheim", "BTBZMqHH6r4Tts7J_aSIgg");
    for (endpoint, auth) in [
        ("http://push.example.com/", auth),
        ("https://127.0.0.1/", auth),
        ("https://[::1]/", auth),
        ("https://169.254.169.254/", auth),
        (good, "short"),
    ] {
        let refused = ada.send("POST", "/api/v1/channels", wish(endpoint, auth)).await;
        assert_problem(&refused, 422, "bad_channel");
    }
    for url in [
        "https://10.1.2.3/",
        "http://example.com/",
        "https://localhost/",
        "https://localhost.localdomain@10.0.0.1/",
    ] {
        let wish = json!({"type": "webhook", "name": "x", "url": url});
        assert_problem(&ada.send("POST", "/api/v1/channels", wish).await, 422, "bad_channel");
    }
    let made = ada.send("POST", "/api/v1/channels", wish(good, auth)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let again = ada.send("POST", "/api/v1/channels", wish(good, auth)).await.json();
    assert_eq!((&again["id"], &again["type"]), (&made.json()["id"], &"web_push".into()));
    assert_eq!(again["name"], "Browser by push.example.com");
    assert!(!again.to_string().contains("geheim") && again["endpoint_hash"].as_str().unwrap().len() == 64);
    // Another person at the same browser.
    assert_eq!(eve.send("POST", "/api/v1/channels", wish(good, auth)).await.status, 201);
    assert_eq!(ada.get("/api/v1/channels").await.json()["channels"], json!([]));
    assert_eq!(ada.get("/api/v1/channels").await.json()["sends_email"], false);
    let wish = json!({"type": "email", "name": "me", "address": "ada@example.com"});
    assert_problem(&ada.send("POST", "/api/v1/channels", wish).await, 409, "no_email");
    let cookie = eve.cookie.clone();
    house.stop();
    // A browser subscribes to the server's key once, so it stays.
    let house = Bellwether::with_operator(data.path(), &[]);
    let eve = Browser { house: &house, cookie };
    assert_eq!(eve.get("/api/v1/channels/web_push").await.json()["public_key"], *key);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_asked_first() {
    let data = tempfile::tempdir().unwrap();
    // Nobody is there; what is tried is the queue before it.
    let smtp = ["--smtp", "smtp+plain://127.0.0.1:9", "--smtp-from", "bell@example.com"];
    let house = Bellwether::with_operator(data.path(), &smtp);
    let ada = somebody(&house, "ada", "user").await;
    let wish = |address: &str| json!({"type": "email", "name": "me", "address": address});
    let made = ada.send("POST", "/api/v1/channels", wish("ada@example.com")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert_eq!((&made["secret"], &made["target"]), (&Value::Null, &"ada@example.com".into()));
    let id = made["id"].as_str().unwrap();
    assert_problem(
        &ada.send("POST", &format!("/api/v1/channels/{id}/test"), json!({})).await,
        409,
        "channel_closed",
    );
    let confirm = format!("/api/v1/channels/{id}/confirm");
    for _ in 0..5 {
        assert_problem(&ada.send("POST", &confirm, json!({"code": "0"})).await, 422, "wrong_code");
    }
    assert_problem(&ada.send("POST", &confirm, json!({"code": "0"})).await, 409, "code_spent");
    assert_problem(&ada.send("POST", "/api/v1/channels", wish("ADA@example.com")).await, 409, "taken");
    assert_problem(&ada.send("POST", "/api/v1/channels", wish("a@b\r\nc")).await, 422, "bad_channel");
    // Strangers are not pestered.
    for n in 0..4 {
        let made = ada.send("POST", "/api/v1/channels", wish(&format!("s{n}@example.com"))).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let refused = ada.send("POST", "/api/v1/channels", wish("s9@example.com")).await;
    assert_problem(&refused, 429, "too_many_questions");
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_comes_once_the_code_was_typed_in() {
    let data = tempfile::tempdir().unwrap();
    let mut server = SmtpServer::new(&[]).await;
    let from = ["--smtp", &server.url(), "--smtp-from", "Bellwether <bell@example.com>"];
    let house = Bellwether::with_operator(
        data.path(),
        &[&from[..], &["--public-url", "https://bell.example/"]].concat(),
    );
    let ada = somebody(&house, "ada", "user").await;
    let wish = json!({"type": "email", "name": "me", "address": "ada@example.com"});
    let made = ada.send("POST", "/api/v1/channels", wish).await.json();
    assert_eq!(made["state"], "unconfirmed");
    let id = made["id"].as_str().unwrap();
    let letter = server.next().await;
    assert_eq!(letter.to, ["ada@example.com"]);
    let text = letter.text();
    assert!(text.contains("https://bell.example/notifications"), "{text}");
    let code =
        text.split_whitespace().find(|word| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit()));
    let confirm = format!("/api/v1/channels/{id}/confirm");
    // As people copy it.
    let typed = format!(" {} ", code.unwrap());
    assert_eq!(ada.send("POST", &confirm, json!({"code": typed})).await.status, 204);
    assert_eq!(ada.send("POST", &format!("/api/v1/channels/{id}/test"), json!({})).await.status, 202);
    let letter = server.next().await;
    assert_eq!(
        (letter.from.as_str(), letter.header("Subject").as_str()),
        ("bell@example.com", "A test from Bellwether")
    );
    assert_eq!(sent(&ada, id).await["state"], "sent");
    // Codes are nobody's to read later.
    assert!(!ada.get(&format!("/api/v1/channels/{id}/history")).await.body.contains(code.unwrap()));
    house.stop();
}
