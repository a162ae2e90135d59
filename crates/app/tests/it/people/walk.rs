//! Every route and every channel, as nobody, as another user, with a key that lacks the scope, and as an operator.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Browser, key, somebody};
use crate::house::{Bellwether, Client, OPERATOR_KEY, got};

/// Written down by hand, so that a mistake in the table of routes is one here, too.
const EXPECTED: &[(&str, &str)] = &[
    ("DELETE /api/v1/admin/invites/{id}", "operator"),
    ("DELETE /api/v1/alerts/{id}", "user:alerts"),
    ("DELETE /api/v1/boards/{id}", "user:alerts"),
    ("DELETE /api/v1/channels/{id}", "user:alerts"),
    ("DELETE /api/v1/keys/{id}", "user:own"),
    ("DELETE /api/v1/logins", "user:own"),
    ("DELETE /api/v1/logins/{id}", "user:own"),
    ("DELETE /api/v1/tickets/{id}", "user:trade"),
    ("DELETE /api/v1/triggers/{side}/{symbol}", "user:trade"),
    ("DELETE /api/v1/watchlists/{id}", "user:alerts"),
    ("GET /api/v1/account", "user:read"),
    ("GET /api/v1/admin/accounts", "operator"),
    ("GET /api/v1/admin/invites", "operator"),
    ("GET /api/v1/admin/users", "operator"),
    ("GET /api/v1/alerts", "user:read"),
    ("GET /api/v1/alerts/firings", "user:read"),
    ("GET /api/v1/alerts/{id}", "user:read"),
    ("GET /api/v1/audit.xml", "user:read"),
    ("GET /api/v1/bars/{symbol}", "prices"),
    ("GET /api/v1/gaps/{symbol}", "prices"),
    ("GET /api/v1/boards", "user:read"),
    ("GET /api/v1/boards/{id}", "anyone"),
    ("GET /api/v1/channels", "user:read"),
    ("GET /api/v1/channels/dead-letters", "user:read"),
    ("GET /api/v1/channels/web_push", "user:read"),
    ("GET /api/v1/channels/{id}/history", "user:read"),
    ("GET /api/v1/keys", "user:own"),
    ("GET /api/v1/ledger", "user:read"),
    ("GET /api/v1/logins", "user:own"),
    ("GET /api/v1/me", "user:read"),
    ("GET /api/v1/moves/{symbol}", "prices"),
    ("GET /api/v1/news", "prices"),
    ("GET /api/v1/news/{id}", "prices"),
    ("GET /api/v1/streams", "user:read"),
    ("POST /api/v1/streams", "user:alerts"),
    ("PATCH /api/v1/streams/{id}", "user:alerts"),
    ("DELETE /api/v1/streams/{id}", "user:alerts"),
    ("PATCH /api/v1/streams/providers/{name}", "operator"),
    ("GET /api/v1/quotes", "prices"),
    ("GET /api/v1/sparklines", "prices"),
    ("GET /api/v1/status", "prices"),
    ("GET /api/v1/symbols", "prices"),
    ("GET /api/v1/symbols/{symbol}", "prices"),
    ("GET /api/v1/transactions", "user:read"),
    ("GET /api/v1/watchlists", "user:read"),
    ("GET /api/v1/watchlists/default", "prices"),
    ("GET /api/v1/watchlists/{id}", "user:read"),
    ("GET /healthz", "anyone"),
    ("GET /metrics", "anyone"),
    ("GET /readyz", "anyone"),
    ("GET /sources", "prices"),
    ("PATCH /api/v1/admin/users/{user}", "operator"),
    ("PATCH /api/v1/channels/{id}", "user:alerts"),
    ("POST /api/v1/account/deposits", "user:trade"),
    ("POST /api/v1/admin/invites", "operator"),
    ("POST /api/v1/admin/users", "operator"),
    ("PATCH /api/v1/alerts/{id}", "user:alerts"),
    ("POST /api/v1/alerts", "user:alerts"),
    ("POST /api/v1/alerts/backtest", "user:read"),
    ("POST /api/v1/alerts/{id}/restore", "user:alerts"),
    ("PUT /api/v1/alerts/{id}", "user:alerts"),
    ("POST /api/v1/boards", "user:alerts"),
    ("POST /api/v1/channels", "user:alerts"),
    ("POST /api/v1/channels/dead-letters/{id}/retry", "user:alerts"),
    ("POST /api/v1/channels/{id}/confirm", "user:alerts"),
    ("POST /api/v1/channels/{id}/test", "user:alerts"),
    ("POST /api/v1/commands", "operator"),
    ("POST /api/v1/invites/accept", "anyone"),
    ("POST /api/v1/keys", "user:own"),
    ("POST /api/v1/password", "user:own"),
    ("DELETE /api/v1/identities/{id}", "user:own"),
    ("GET /api/v1/identities", "user:own"),
    ("GET /api/v1/oidc", "anyone"),
    ("GET /api/v1/oidc/callback", "anyone"),
    ("GET /api/v1/oidc/start", "anyone"),
    ("POST /api/v1/oidc/start", "anyone"),
    ("POST /api/v1/signin", "anyone"),
    ("POST /api/v1/signout", "anyone"),
    ("POST /api/v1/tickets", "user:trade"),
    ("POST /api/v1/tickets/{id}/commit", "user:trade"),
    ("POST /api/v1/watchlists", "user:alerts"),
    ("POST /api/v1/watchlists/import", "user:alerts"),
    ("POST /session", "anyone"),
    ("PUT /api/v1/triggers/{side}/{symbol}", "user:trade"),
    ("PUT /api/v1/watchlists/order", "user:alerts"),
    ("PUT /api/v1/watchlists/{id}", "user:alerts"),
];

/// Who walks, and what opens for them.
struct Walker<'a> {
    name: &'static str,
    header: Option<(&'static str, String)>,
    opens: &'a [&'a str],
}

/// What is said to those for whom a route is closed.
fn is_closed(got: &crate::house::Got) -> bool {
    let code = || got.json()["code"].as_str().unwrap_or_default().to_owned();
    matches!(got.status, 401 | 403)
        && ["sign_in", "not_operator", "missing_scope", "wrong_key"].contains(&&*code())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_opens_for_whom_it_says_and_for_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &["--require-sign-in"]);
    let ada = somebody(&house, "ada", "user").await;
    let root = somebody(&house, "root", "operator").await;
    let bearer = |key: &Value| Some(("authorization", format!("Bearer {}", key["key"].as_str().unwrap())));
    let cookie = |browser: &Browser<'_>| Some(("cookie", browser.cookie.clone()));
    let every = ["anyone", "prices", "user:read", "user:trade", "user:alerts", "user:own", "operator"];
    let walkers = [
        Walker { name: "nobody", header: None, opens: &every[..1] },
        Walker { name: "a user", header: cookie(&ada), opens: &every[..6] },
        Walker { name: "an operator", header: cookie(&root), opens: &every },
        Walker {
            name: "the operator's key",
            header: Some(("authorization", format!("Bearer {OPERATOR_KEY}"))),
            opens: &every,
        },
        Walker { name: "a key that reads", header: bearer(&key(&root, &["read"]).await), opens: &every[..3] },
        Walker {
            name: "a key that trades",
            header: bearer(&key(&ada, &["trade"]).await),
            opens: &["anyone", "prices", "user:trade"],
        },
        Walker {
            name: "a key that watches",
            header: bearer(&key(&ada, &["alerts"]).await),
            opens: &["anyone", "prices", "user:alerts"],
        },
        Walker {
            name: "a wrong key",
            header: Some(("authorization", "Bearer bwk_00".into())),
            opens: &every[..1],
        },
        Walker {
            name: "a wrong login",
            header: Some(("cookie", "bellwether_login=00".into())),
            opens: &every[..1],
        },
    ];
    let document = house.json("/openapi.json").await;
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let access = operation["x-access"].as_str().unwrap().to_owned();
            found.insert(format!("{} {path}", method.to_uppercase()), access);
        }
    }
    let expected: BTreeMap<_, _> =
        EXPECTED.iter().map(|(route, access)| ((*route).to_owned(), (*access).to_owned())).collect();
    assert_eq!(found, expected);
    for walker in &walkers {
        for (route, access) in &found {
            let (method, path) = route.split_once(' ').unwrap();
            // What would end the walk is asked of something that is not there.
            if ["/api/v1/logins", "/api/v1/signout"].contains(&path) && method != "GET" {
                continue;
            }
            let path = path.replace("{id}", "0-99").replace("{side}", "buy").replace("{symbol}", "NONE");
            let path = path.replace("{user}", "nobody-of-this-name");
            let mut request = house.ask(method, &path).header("x-bellwether", "1");
            if let Some((name, value)) = &walker.header {
                request = request.header(*name, value);
            }
            if ["POST", "PUT", "PATCH"].contains(&method) {
                request = request.header("content-type", "application/json").body("{}");
            }
            let got = got(request).await;
            let opens = walker.opens.contains(&access.as_str());
            assert_eq!(!is_closed(&got), opens, "{route} for {}: {} {}", walker.name, got.status, got.body);
            assert!(got.status < 500, "{route} for {}: {}", walker.name, got.body);
            if walker.name == "nobody" && !opens {
                assert_eq!(got.status, 401, "{route}");
            }
        }
    }
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_channel_opens_for_whom_it_says_and_for_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let ada = somebody(&house, "ada", "user").await;
    let reads = format!("Bearer {}", key(&ada, &["read"]).await["key"].as_str().unwrap());
    let trades = format!("Bearer {}", key(&ada, &["trade"]).await["key"].as_str().unwrap());
    let master = format!("Bearer {OPERATOR_KEY}");
    let prices = ["prices", "quotes", "bars", "status", "news"];
    let personal = ["account", "lists", "alerts"];
    // The schema lists the channels: one that is not walked here is found out.
    let document = house.json("/openapi.json").await;
    let mut channels: Vec<&str> = document["components"]["schemas"]["Channel"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|channel| channel.as_str().unwrap())
        .collect();
    channels.sort_unstable();
    let mut walked = [&prices[..], &personal[..]].concat();
    walked.sort_unstable();
    assert_eq!(channels, walked);
    type Walker<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);
    let walkers: [Walker; 6] = [
        ("nobody", &[], false),
        ("a user", &[("cookie", &ada.cookie)], true),
        ("a key that reads", &[("authorization", &reads)], true),
        ("a key that trades", &[("authorization", &trades)], false),
        ("the operator's key", &[("authorization", &master)], true),
        ("a page of another site", &[("cookie", &ada.cookie), ("origin", "https://evil.example")], false),
    ];
    for (name, headers, is_somebody) in walkers {
        let mut client = Client::connect_as(house.address(), headers).await.unwrap();
        for channel in &walked {
            client
                .say(json!({"type": "subscribe", "channel": channel, "symbols": ["AAPL"], "id": channel}))
                .await;
            let answer = client.hear_until("an answer", |frame| {
                (frame["id"] == *channel && frame["type"] != "pong").then(|| frame.clone())
            });
            let answer = answer.await;
            let opens = prices.contains(channel) || is_somebody;
            assert_eq!(answer["type"] == "subscribed", opens, "{channel} for {name}: {answer}");
            assert!(opens || answer["code"] == "not_allowed", "{answer}");
        }
    }
    house.stop();
}
