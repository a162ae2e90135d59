//! API keys.

use serde_json::json;

use super::{assert_problem, key, somebody};
use crate::house::{Bellwether, Client, got};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_allows_what_it_says_and_ends_when_it_is_ended() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let (ada, eve) = (somebody(&house, "ada", "user").await, somebody(&house, "eve", "user").await);
    let made = key(&ada, &["read"]).await;
    let text = made["key"].as_str().unwrap();
    assert!(text.starts_with("bwk_") && text.len() == 68, "{text}");
    let bearer = format!("Bearer {text}");
    let ask = |method: &str, path: &str| house.ask(method, path).header("authorization", &bearer);

    let me = got(ask("GET", "/api/v1/me")).await.json();
    assert_eq!(
        (&me["user"], &me["shown_by"], &me["scopes"]),
        (&"ada".into(), &"api_key".into(), &json!(["read"]))
    );
    assert_eq!(got(ask("GET", "/api/v1/account")).await.json()["user"], "ada");
    let deposit = || ask("POST", "/api/v1/account/deposits").json_body(json!({"amount": "1.00"}));
    assert_problem(&got(deposit()).await, 403, "missing_scope");
    assert_problem(&got(ask("GET", "/api/v1/keys")).await, 403, "missing_scope");
    let mut watching = Client::connect_as(house.address(), &[("authorization", &bearer)]).await.unwrap();
    watching.say(json!({"type": "subscribe", "channel": "account"})).await;
    assert_eq!(watching.hear_kind("account").await["data"]["user"], "ada");
    // One that may trade only watches nothing.
    let trades = key(&ada, &["trade"]).await;
    let trades = format!("Bearer {}", trades["key"].as_str().unwrap());
    let request = house.ask("POST", "/api/v1/account/deposits").header("authorization", &trades);
    assert_eq!(got(request.json_body(json!({"amount": "1.00"}))).await.status, 201);
    let mut blind = Client::connect_as(house.address(), &[("authorization", &trades)]).await.unwrap();
    blind.say(json!({"type": "subscribe", "channel": "account"})).await;
    assert_eq!(blind.hear_kind("error").await["code"], "not_allowed");

    // The list shows them, but not what they are shown by.
    let list = ada.get("/api/v1/keys").await;
    assert!(!list.body.contains("bwk_"), "{}", list.body);
    let list = list.json();
    assert_eq!((&list["keys"][0]["id"], &list["keys"][1]["scopes"]), (&made["id"], &json!(["trade"])));
    assert_eq!(eve.get("/api/v1/keys").await.json()["keys"], json!([]));
    let path = format!("/api/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(eve.delete(&path).await.status, 404);
    assert_eq!(ada.delete(&path).await.status, 204);
    assert_problem(&got(ask("GET", "/api/v1/me")).await, 401, "wrong_key");
    assert_eq!(watching.close_code().await, Some(4003));
    assert!(Client::connect_as(house.address(), &[("authorization", &bearer)]).await.is_err());

    for (body, status) in [
        (json!({"name": "", "scopes": ["read"]}), 422),
        (json!({"name": "x", "scopes": []}), 422),
        (json!({"name": "x", "scopes": ["own"]}), 422),
        (json!({"name": "x".repeat(65), "scopes": ["read"]}), 422),
    ] {
        assert_eq!(ada.send("POST", "/api/v1/keys", body.clone()).await.status, status, "{body}");
    }
    let cookie = ada.cookie.clone();
    house.stop();
    // When it was last used outlives the server.
    let house = Bellwether::with_operator(data.path(), &[]);
    let ada = super::Browser { house: &house, cookie };
    let list = ada.get("/api/v1/keys").await.json();
    assert!(list["keys"][0]["last_used_at"].is_string(), "{list}");
    // Nothing that lets anybody in is in the folder.
    for entry in std::fs::read_dir(data.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for secret in [text, &*ada.cookie.replace("bellwether_login=", ""), super::PASSWORD] {
                let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!is_there, "{secret} is in {}", path.display());
            }
        }
    }
    house.stop();
}

/// Requests with a body of JSON.
trait JsonBody {
    fn json_body(self, body: serde_json::Value) -> Self;
}

impl JsonBody for reqwest::RequestBuilder {
    fn json_body(self, body: serde_json::Value) -> Self {
        super::with_json(self, &body)
    }
}
