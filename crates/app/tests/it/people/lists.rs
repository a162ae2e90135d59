//! Watch lists and boards.

use serde_json::{Value, json};

use super::{PASSWORD, as_operator, assert_problem, signed_in, somebody, with_cookie, with_json};
use crate::house::{Bellwether, Client, got};

fn list(name: &str, symbols: &[&str]) -> Value {
    json!({"name": name, "symbols": symbols})
}

/// Which lists there are, as the channel tells it.
async fn heard(client: &mut Client) -> Vec<(String, i64)> {
    let data = client.hear_kind("lists").await["data"]["watchlists"].clone();
    let head = |list: &Value| (list["name"].as_str().unwrap().to_owned(), list["version"].as_i64().unwrap());
    data.as_array().unwrap().iter().map(head).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_stay_in_step_and_neither_undoes_the_other() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let phone = somebody(&house, "ada", "user").await;
    let desk = signed_in(&house, "ada").await;
    let eve = somebody(&house, "eve", "user").await;
    let mut watching = desk.client().await;
    let mut not_hers = eve.client().await;
    for client in [&mut watching, &mut not_hers] {
        client.say(json!({"type": "subscribe", "channel": "lists"})).await;
        assert_eq!(heard(client).await, []);
    }
    let made = phone.send("POST", "/api/v1/watchlists", list(" Cars ", &["GM", "F", "GM"])).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert_eq!((&made["name"], &made["symbols"]), (&"Cars".into(), &json!(["GM", "F"])));
    assert_eq!(heard(&mut watching).await, [("Cars".to_owned(), 1)]);
    let path = format!("/api/v1/watchlists/{}", made["id"].as_str().unwrap());
    let answer = desk.request("GET", &path).send().await.unwrap();
    assert_eq!(answer.headers()["etag"], "\"1\"");

    // Each changes the version they have seen; the second is told.
    let change = |who: &super::Browser<'_>, version: &str, symbols: &[&str]| {
        with_json(who.request("PUT", &path), &list("Cars", symbols)).header("if-match", version)
    };
    let first = got(change(&phone, "\"1\"", &["GM", "F", "TSLA"])).await;
    assert_eq!((first.status, &first.json()["version"]), (200, &2.into()));
    assert_eq!(heard(&mut watching).await, [("Cars".to_owned(), 2)]);
    let second = got(change(&desk, "\"1\"", &["GM"])).await;
    assert_problem(&second, 412, "changed");
    assert_eq!(got(change(&desk, "\"2\"", &["TSLA"])).await.json()["version"], 3);
    heard(&mut watching).await;
    assert_eq!(got(change(&desk, "nonsense", &[])).await.status, 400);
    let racing = (0..8).map(|_| got(change(&desk, "\"3\"", &["GM"])));
    let ends = futures_util::future::join_all(racing).await;
    assert_eq!(ends.iter().filter(|got| got.status == 200).count(), 1);
    assert_eq!(ends.iter().filter(|got| got.status == 412).count(), 7);
    heard(&mut watching).await;

    phone.send("POST", "/api/v1/watchlists", list("Fruit", &["AAPL"])).await;
    assert_eq!(heard(&mut watching).await.len(), 2);
    assert_problem(&phone.send("POST", "/api/v1/watchlists", list("Fruit", &[])).await, 409, "taken");
    let all = phone.get("/api/v1/watchlists").await.json();
    let ids: Vec<&Value> = all["watchlists"].as_array().unwrap().iter().map(|list| &list["id"]).collect();
    let order = json!({"ids": [ids[1], ids[0]]});
    assert_eq!(phone.send("PUT", "/api/v1/watchlists/order", order).await.status, 204);
    assert_eq!(heard(&mut watching).await, [("Fruit".to_owned(), 1), ("Cars".to_owned(), 4)]);
    assert_problem(
        &phone.send("PUT", "/api/v1/watchlists/order", json!({"ids": [ids[0]]})).await,
        409,
        "changed",
    );

    // Nobody else's: not to be seen, changed, removed, or heard of.
    for (method, path) in [("GET", &path), ("DELETE", &path)] {
        assert_eq!(got(eve.request(method, path)).await.status, 404, "{method}");
    }
    assert_eq!(eve.send("PUT", &path, list("Mine", &[])).await.status, 404);
    assert!(not_hers.drain().await.iter().all(|frame| frame["type"] != "lists"));
    assert_eq!(got(phone.request("DELETE", &path).header("if-match", "\"3\"")).await.status, 412);
    assert_eq!(phone.delete(&path).await.status, 204);
    assert_eq!(heard(&mut watching).await, [("Fruit".to_owned(), 1)]);

    for (body, code) in [
        (list("", &[]), "bad_name"),
        (list(&"x".repeat(65), &[]), "bad_name"),
        (list("x", &["GM\nF"]), "bad_symbol"),
        (
            json!({"name": "x", "symbols": (0..1_001).map(|n| format!("S{n}")).collect::<Vec<_>>()}),
            "too_many_symbols",
        ),
    ] {
        assert_problem(&phone.send("POST", "/api/v1/watchlists", body).await, 422, code);
    }
    drop((watching, not_hers));
    let mut again = desk.client().await;
    again.say(json!({"type": "subscribe", "channel": "lists"})).await;
    assert_eq!(heard(&mut again).await, [("Fruit".to_owned(), 1)]);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_out_and_come_in() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let (ada, bob) = (somebody(&house, "ada", "user").await, somebody(&house, "bob", "user").await);
    ada.send("POST", "/api/v1/watchlists", list("Cars, \"fast\"", &["GM", "F"])).await;
    ada.send("POST", "/api/v1/watchlists", list("empty", &[])).await;
    let csv = got(ada.request("GET", "/api/v1/watchlists").header("accept", "text/csv")).await;
    assert_eq!(csv.content_type, "text/csv; charset=utf-8");
    let expected = "list,symbol\r\n\"Cars, \"\"fast\"\"\",GM\r\n\"Cars, \"\"fast\"\"\",F\r\nempty,\r\n";
    assert_eq!(csv.body, expected);
    let json = ada.get("/api/v1/watchlists").await;

    let import = |who: &super::Browser<'_>, kind: &str, body: String| {
        who.request("POST", "/api/v1/watchlists/import").header("content-type", kind.to_owned()).body(body)
    };
    // A list of the same name gets what it lacks.
    bob.send("POST", "/api/v1/watchlists", list("Cars, \"fast\"", &["TSLA", "F"])).await;
    let taken = got(import(&bob, "text/csv", csv.body.clone())).await.json();
    assert_eq!(taken, json!({"created": ["empty"], "extended": ["Cars, \"fast\""], "unknown": []}));
    let has = bob.get("/api/v1/watchlists").await.json();
    assert_eq!(has["watchlists"][0]["symbols"], json!(["TSLA", "F", "GM"]));
    let again = got(import(&bob, "application/json", json.body.clone())).await.json();
    assert_eq!(again, json!({"created": [], "extended": [], "unknown": []}));
    // All or nothing, and what nobody knows is told.
    let bad = json!({"watchlists": [list("new", &["GM"]), list("", &["F"])]}).to_string();
    assert_problem(&got(import(&bob, "application/json", bad)).await, 422, "bad_name");
    assert_eq!(bob.get("/api/v1/watchlists").await.json(), has);
    let odd = json!({"watchlists": [list("odd", &["GM", "NOSUCH"])]}).to_string();
    assert_eq!(got(import(&bob, "application/json", odd)).await.json()["unknown"], json!(["NOSUCH"]));
    assert_problem(&got(import(&bob, "text/csv", "a,b\n1,2\n".into())).await, 422, "bad_csv");
    assert_eq!(got(import(&bob, "application/xml", "<x/>".into())).await.status, 415);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_shows_a_list_until_it_is_taken_back() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let ada = somebody(&house, "ada", "user").await;
    let made = ada.send("POST", "/api/v1/watchlists", list("Cars", &["GM"])).await.json();
    let made = ada.send("POST", "/api/v1/boards", json!({"watchlist": made["id"]})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    let token = made["link"].as_str().unwrap().strip_prefix("/board#").unwrap().to_owned();
    let path = format!("/api/v1/boards/{token}");
    let shown = house.json(&path).await;
    assert_eq!((&shown["name"], &shown["symbols"]), (&"Cars".into(), &json!(["GM"])));
    let list_path = format!("/api/v1/watchlists/{}", made["watchlist"].as_str().unwrap());
    ada.send("PUT", &list_path, list("Autos", &["F"])).await;
    assert_eq!(house.json(&path).await["symbols"], json!(["F"]));
    // Read-only, and by the link alone: its number opens nothing.
    let id_path = format!("/api/v1/boards/{}", made["id"].as_str().unwrap());
    assert_eq!(house.get(&id_path).await.status, 404);
    assert_eq!(got(house.ask("DELETE", &path)).await.status, 401);
    assert_eq!(house.get("/api/v1/boards/0123").await.status, 404);
    assert!(!ada.get("/api/v1/boards").await.body.contains(&token));
    // Its prices are anybody's.
    let mut visitor = house.client().await;
    visitor.say(json!({"type": "subscribe", "symbols": shown["symbols"]})).await;
    visitor.price("GM").await;
    assert_eq!(ada.delete(&id_path).await.status, 204);
    assert_eq!(house.get(&path).await.status, 404);
    assert_eq!(ada.send("POST", "/api/v1/boards", json!({"watchlist": "0"})).await.status, 404);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_are_shown_what_an_operator_chooses_and_the_first_takes_over_the_local_lists() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let shown = house.json("/api/v1/watchlists/default").await;
    assert_eq!((&shown["symbols"][0], &shown["updated_at"]), (&"AAPL".into(), &Value::Null));
    let local = got(with_json(house.ask("POST", "/api/v1/watchlists"), &list("Mine", &["GM"]))).await;
    assert_eq!(local.status, 201, "{}", local.body);
    let line = house.process.line("has no operator yet");
    let body = json!({"token": line.split_once('#').unwrap().1, "user": "root", "password": PASSWORD});
    let (_, cookie) = with_cookie(with_json(house.ask("POST", "/api/v1/invites/accept"), &body)).await;
    let root = super::Browser::of(&house, &cookie);
    let lists = root.get("/api/v1/watchlists").await.json();
    assert_eq!(
        (&lists["watchlists"][0]["name"], &lists["watchlists"][0]["version"]),
        (&"Mine".into(), &1.into())
    );
    // The operator's key acts on the same.
    assert_eq!(as_operator(&house, "GET", "/api/v1/watchlists", Value::Null).await.json(), lists);

    let path = format!("/api/v1/watchlists/{}", lists["watchlists"][0]["id"].as_str().unwrap());
    let choose = json!({"name": "Today", "symbols": ["TSLA"], "is_for_visitors": true});
    assert_eq!(root.send("PUT", &path, choose.clone()).await.json()["is_for_visitors"], true);
    let shown = house.json("/api/v1/watchlists/default").await;
    assert_eq!((&shown["name"], &shown["symbols"]), (&"Today".into(), &json!(["TSLA"])));
    let ada = somebody(&house, "ada", "user").await;
    assert_problem(&ada.send("POST", "/api/v1/watchlists", choose).await, 403, "not_operator");
    house.stop();
}
