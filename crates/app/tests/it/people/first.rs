//! The first operator, and what becomes of the local user.

use serde_json::json;

use super::{Browser, PASSWORD, add, as_operator, assert_problem, signed_in, with_cookie, with_json};
use crate::house::{Bellwether, Client, Ended, bellwether, got, post};

async fn deposit(house: &Bellwether, amount: &str) -> u16 {
    let path = format!("http://{}/api/v1/account/deposits", house.address());
    post(&path, &json!({ "amount": amount })).await.status
}

/// Takes an invite up.
async fn accept(house: &Bellwether, token: &str, user: &str, password: &str) -> (crate::house::Got, String) {
    let body = json!({"token": token, "user": user, "password": password});
    with_cookie(with_json(house.ask("POST", "/api/v1/invites/accept"), &body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_operator_comes_by_the_link_and_takes_over_what_is_there() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let line = house.process.line("has no operator yet");
    let (before, token) = line.split_once("/welcome#").expect("it is a link");
    assert!(before.ends_with(&format!("http://{}", house.address())), "{line}");

    // Until then everybody on this machine is the local user.
    let me = house.json("/api/v1/me").await;
    assert_eq!((&me["user"], &me["shown_by"]), (&"local".into(), &"local".into()));
    assert_eq!(deposit(&house, "100.00").await, 201);
    let mut watching = house.client().await;
    watching.say(json!({"type": "subscribe", "channel": "account"})).await;
    assert_eq!(watching.hear_kind("account").await["data"]["cash"]["balance"], "100.00");
    // But not by another machine's name, as a page that was led here would have it.
    let elsewhere = got(house.ask("GET", "/api/v1/account").header("host", "example.com")).await;
    assert_problem(&elsewhere, 401, "sign_in");
    // The local user has no password, and no keys.
    let key = json!({"name": "x", "scopes": ["read"]});
    assert_problem(&got(with_json(house.ask("POST", "/api/v1/keys"), &key)).await, 409, "no_person");

    for (name, password, status, code) in [
        ("ada", "short", 422, "weak_password"),
        ("a da", PASSWORD, 422, "bad_user"),
        ("local", PASSWORD, 409, "taken"),
    ] {
        assert_problem(&accept(&house, token, name, password).await.0, status, code);
    }
    assert_problem(&accept(&house, "0123", "ada", PASSWORD).await.0, 404, "no_invite");
    let (accepted, cookie) = accept(&house, token, "ada", PASSWORD).await;
    assert_eq!(accepted.status, 204, "{}", accepted.body);
    let ada = Browser::of(&house, &cookie);
    assert_problem(&accept(&house, token, "eve", PASSWORD).await.0, 404, "no_invite");

    // What the local user had is hers, under the name it had.
    let account = ada.get("/api/v1/account").await.json();
    assert_eq!((&account["user"], &account["cash"]["balance"]), (&"local".into(), &"100.00".into()));
    let me = ada.get("/api/v1/me").await.json();
    assert_eq!(
        (&me["user"], &me["role"], &me["account"]),
        (&"ada".into(), &"operator".into(), &"local".into())
    );
    assert_eq!(ada.get("/api/v1/admin/accounts").await.status, 200);
    // The operator's key still acts on it.
    let by_key = as_operator(&house, "POST", "/api/v1/account/deposits", json!({"amount": "1.00"})).await;
    assert_eq!(by_key.status, 201, "{}", by_key.body);
    assert_eq!(ada.get("/api/v1/account").await.json()["cash"]["balance"], "101.00");

    // And whoever shows nothing is nobody: what they watched has ended, and prices go on.
    assert_eq!(watching.close_code().await, Some(4003));
    assert_eq!(deposit(&house, "1.00").await, 401);
    assert_problem(&house.get("/api/v1/me").await, 401, "sign_in");
    assert_eq!(house.get("/api/v1/quotes?symbols=AAPL").await.status, 200);
    let mut nobody = house.client().await;
    nobody.say(json!({"type": "subscribe", "channel": "account", "id": 1})).await;
    assert_eq!(nobody.hear_kind("error").await["code"], "not_allowed");
    nobody.say(json!({"type": "subscribe", "symbols": ["AAPL"]})).await;
    nobody.price("AAPL").await;
    drop(ada);
    house.stop();

    // Over a restart everybody is who they were.
    let house = Bellwether::with_operator(data.path(), &[]);
    assert_eq!(house.process.printed("operator yet"), None);
    let ada = Browser::of(&house, &cookie);
    assert_eq!(ada.get("/api/v1/account").await.json()["cash"]["balance"], "101.00");
    signed_in(&house, "ada").await;
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_kept_apart_and_foreign_ones_are_given_on_purpose_only() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let lines = "[1] ADD,grace,7.00\n[2] ADD,oY01WVirLr,8.00\n";
    let entered =
        got(house.ask("POST", "/api/v1/commands").bearer_auth(crate::house::OPERATOR_KEY).body(lines)).await;
    assert_eq!(entered.status, 200);
    assert_eq!(deposit(&house, "100.00").await, 201);

    assert_problem(&add(&house, "grace", "user").await, 409, "account_exists");
    let body = json!({"user": "grace", "password": PASSWORD, "role": "user", "adopt": true});
    let adopted = as_operator(&house, "POST", "/api/v1/admin/users", body).await;
    assert_eq!(adopted.status, 201, "{}", adopted.body);
    assert_eq!(add(&house, "bob", "user").await.status, 201);
    assert_problem(&add(&house, "bob", "user").await, 409, "taken");
    assert_problem(&add(&house, "local", "operator").await, 409, "taken");
    let weak = json!({"user": "carl", "password": "12345678", "role": "user"});
    let weak = as_operator(&house, "POST", "/api/v1/admin/users", weak).await;
    assert_problem(&weak, 422, "weak_password");
    assert!(weak.json()["detail"].as_str().unwrap().contains("tried first"), "{}", weak.body);

    let (grace, bob) = (signed_in(&house, "grace").await, signed_in(&house, "bob").await);
    let balance =
        async |who: &Browser<'_>| who.get("/api/v1/account").await.json()["cash"]["balance"].clone();
    assert_eq!((balance(&grace).await, balance(&bob).await), ("7.00".into(), "0.00".into()));
    assert_eq!(bob.send("POST", "/api/v1/account/deposits", json!({"amount": "5.00"})).await.status, 201);
    assert_eq!((balance(&grace).await, balance(&bob).await), ("7.00".into(), "5.00".into()));
    let list = bob.get("/api/v1/transactions").await.json();
    assert_eq!(list["transactions"].as_array().unwrap().len(), 1);
    let log = bob.get("/api/v1/audit.xml").await.body;
    assert!(log.contains("bob") && !log.contains("grace") && !log.contains("local"), "{log}");
    // Each is shown their own account, as it changes.
    let (mut of_bob, mut of_grace) = (bob.client().await, grace.client().await);
    for client in [&mut of_bob, &mut of_grace] {
        client.say(json!({"type": "subscribe", "channel": "account"})).await;
    }
    assert_eq!(of_bob.hear_kind("account").await["data"]["user"], "bob");
    assert_eq!(of_grace.hear_kind("account").await["data"]["cash"]["balance"], "7.00");
    bob.send("POST", "/api/v1/account/deposits", json!({"amount": "2.00"})).await;
    let update = of_bob.hear_kind("account_update").await;
    assert_eq!(update["data"]["account"]["cash"]["balance"], "7.00");
    assert!(of_grace.drain().await.iter().all(|frame| frame["type"] != "account_update"));

    let users = as_operator(&house, "GET", "/api/v1/admin/users?limit=1", json!(null)).await.json();
    assert_eq!(users["users"][0]["user"], "grace");
    let more = format!("/api/v1/admin/users?cursor={}", users["next_cursor"].as_str().unwrap());
    let users = as_operator(&house, "GET", &more, json!(null)).await.json();
    assert_eq!((&users["users"][0]["user"], &users["next_cursor"]), (&"bob".into(), &json!(null)));
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_link_is_made_beside_a_server_at_work() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let mut command = bellwether();
    command.args(["invite", "--role", "user", "--listen", house.address(), "--data"]).arg(data.path());
    let made = tokio::task::spawn_blocking(move || Ended::of(&mut command)).await.unwrap();
    assert_eq!(made.status, Some(0), "{made:?}");
    let link = made.stdout.trim();
    let (_, token) = link.split_once(&format!("http://{}/welcome#", house.address())).expect(link);
    let (accepted, cookie) = accept(&house, token, "ada", PASSWORD).await;
    assert_eq!(accepted.status, 204, "{}", accepted.body);
    let ada = Browser::of(&house, &cookie);
    // A user, not an operator, and not heir of the local user.
    let me = ada.get("/api/v1/me").await.json();
    assert_eq!((&me["role"], &me["account"]), (&"user".into(), &"ada".into()));
    assert_problem(&ada.get("/api/v1/admin/users").await, 403, "not_operator");

    // Operators make links over HTTP, and take them back.
    let invite = as_operator(&house, "POST", "/api/v1/admin/invites", json!({"role": "user"})).await.json();
    let list = as_operator(&house, "GET", "/api/v1/admin/invites", json!(null)).await.json();
    // That of the first start still waits.
    let roles: Vec<_> = list["invites"].as_array().unwrap().iter().map(|invite| &invite["role"]).collect();
    assert_eq!(roles, ["operator", "user"]);
    let path = format!("/api/v1/admin/invites/{}", invite["id"].as_str().unwrap());
    assert_eq!(as_operator(&house, "DELETE", &path, json!(null)).await.status, 204);
    assert_eq!(as_operator(&house, "DELETE", &path, json!(null)).await.status, 404);
    let (_, token) = invite["link"].as_str().unwrap().split_once('#').unwrap();
    assert_problem(&accept(&house, token, "eve", PASSWORD).await.0, 404, "no_invite");

    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = bellwether();
    command.args(["invite", "--data"]).arg(elsewhere.path());
    let refused = tokio::task::spawn_blocking(move || Ended::of(&mut command)).await.unwrap();
    assert_eq!(refused.status, Some(2), "{refused:?}");
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_link_makes_one_operator_however_many_open_it() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let line = house.process.line("has no operator yet");
    let token = line.split_once('#').unwrap().1;
    let tries = ["a1", "b2", "c3", "d4"].map(|name| accept(&house, token, name, PASSWORD));
    let ends = futures_util::future::join_all(tries).await;
    let won = ends.iter().filter(|(got, _)| got.status == 204).count();
    assert_eq!(won, 1, "{ends:?}");
    assert!(ends.iter().all(|(got, _)| [204, 404].contains(&got.status)), "{ends:?}");
    let users = as_operator(&house, "GET", "/api/v1/admin/users", json!(null)).await.json();
    assert_eq!(users["users"].as_array().unwrap().len(), 1);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_for_others_has_no_local_user() {
    let data = tempfile::tempdir().unwrap();
    // Behind a proxy, strangers come from this machine too.
    let house = Bellwether::with_operator(data.path(), &["--proxies", "127.0.0.1,10.0.0.0/8"]);
    assert_problem(&house.get("/api/v1/account").await, 401, "sign_in");
    assert_eq!(house.get("/api/v1/quotes?symbols=AAPL").await.status, 200);
    let by_key = as_operator(&house, "GET", "/api/v1/account", json!(null)).await;
    assert_eq!(by_key.status, 200);
    // Where the proxy says that its side is encrypted, the cookie is for such connections only.
    add(&house, "ada", "user").await;
    let body = json!({"user": "ada", "password": PASSWORD});
    let request = with_json(house.ask("POST", "/api/v1/signin"), &body);
    let request = request.header("x-forwarded-proto", "https").header("x-forwarded-for", "6.6.6.6, 9.9.9.9");
    let (_, cookie) = with_cookie(request).await;
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    let ada = Browser::of(&house, &cookie);
    let logins = ada.get("/api/v1/logins").await.json();
    assert_eq!(logins["logins"][0]["address"], "9.9.9.9");
    // And browsers are told to come by such connections only, from then on.
    for (scheme, expected) in [("https", Some("max-age=31536000")), ("http", None)] {
        let answer =
            house.ask("GET", "/api/v1/status").header("x-forwarded-proto", scheme).send().await.unwrap();
        let told = answer.headers().get("strict-transport-security").map(|value| value.to_str().unwrap());
        assert_eq!(told, expected);
    }
    house.stop();

    let all = Bellwether::with_operator(data.path(), &["--listen", "0.0.0.0:0"]);
    assert_problem(&all.get("/api/v1/account").await, 401, "sign_in");
    all.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_can_be_closed() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &["--require-sign-in"]);
    add(&house, "ada", "user").await;
    for path in ["/api/v1/quotes?symbols=AAPL", "/api/v1/symbols?q=a", "/api/v1/bars/AAPL", "/api/v1/status"]
    {
        assert_problem(&house.get(path).await, 401, "sign_in");
    }
    let page = got(house.ask("GET", "/healthz")).await;
    assert_eq!(page.status, 200);
    let ada = signed_in(&house, "ada").await;
    assert_eq!(ada.get("/api/v1/quotes?symbols=AAPL").await.status, 200);
    let mut nobody = house.client().await;
    for channel in ["prices", "quotes", "bars", "status"] {
        nobody
            .say(json!({"type": "subscribe", "channel": channel, "symbols": ["AAPL"], "id": channel}))
            .await;
        let refused = nobody.hear_kind("error").await;
        assert_eq!((&refused["code"], &refused["id"]), (&"not_allowed".into(), &channel.into()));
    }
    let mut somebody = Client::connect_as(house.address(), &[("cookie", &ada.cookie)]).await.unwrap();
    somebody.say(json!({"type": "subscribe", "symbols": ["AAPL"]})).await;
    somebody.price("AAPL").await;
    house.stop();
}
