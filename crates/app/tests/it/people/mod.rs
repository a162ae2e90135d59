//! People at the executable: the first operator, signing in, keys, and who may use what.

mod channels;
mod first;
mod keys;
mod lists;
mod oidc;
mod sign_in;
mod walk;

use serde_json::{Value, json};

use crate::house::{Bellwether, Client, Got, OPERATOR_KEY, got};

/// A password that is good enough.
const PASSWORD: &str = "correct horse battery";

/// Somebody at a browser: what they send has their cookie.
struct Browser<'a> {
    house: &'a Bellwether,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Whoever an answer has signed in.
    fn of(house: &'a Bellwether, cookie: &str) -> Self {
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        assert!(cookie.starts_with("bellwether_login=") && cookie.len() > 60, "{cookie}");
        Self { house, cookie }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.house.ask(method, path).header("cookie", &self.cookie)
    }

    async fn get(&self, path: &str) -> Got {
        got(self.request("GET", path)).await
    }

    /// Sends JSON.
    async fn send(&self, method: &str, path: &str, body: Value) -> Got {
        got(with_json(self.request(method, path), &body)).await
    }

    async fn delete(&self, path: &str) -> Got {
        got(self.request("DELETE", path)).await
    }

    async fn client(&self) -> Client {
        Client::connect_as(self.house.address(), &[("cookie", &self.cookie)]).await.expect("a handshake")
    }
}

fn with_json(request: reqwest::RequestBuilder, body: &Value) -> reqwest::RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

/// Sends JSON as the operator's key.
async fn as_operator(house: &Bellwether, method: &str, path: &str, body: Value) -> Got {
    got(with_json(house.ask(method, path).bearer_auth(OPERATOR_KEY), &body)).await
}

/// Adds a user.
async fn add(house: &Bellwether, user: &str, role: &str) -> Got {
    as_operator(
        house,
        "POST",
        "/api/v1/admin/users",
        json!({"user": user, "password": PASSWORD, "role": role}),
    )
    .await
}

/// Tries to sign in; the answer and its cookie.
async fn try_sign_in(house: &Bellwether, user: &str, password: &str) -> (Got, String) {
    let body = json!({"user": user, "password": password});
    with_cookie(with_json(house.ask("POST", "/api/v1/signin"), &body)).await
}

/// Sends a request; the answer, and the cookie it sets.
async fn with_cookie(request: reqwest::RequestBuilder) -> (Got, String) {
    let answer = request.send().await.expect("an answer");
    let header = |name: &str| {
        answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (cookie, content_type) = (header("set-cookie"), header("content-type"));
    let status = answer.status().as_u16();
    (Got { status, content_type, body: answer.text().await.expect("a body") }, cookie)
}

async fn signed_in<'a>(house: &'a Bellwether, user: &str) -> Browser<'a> {
    let (got, cookie) = try_sign_in(house, user, PASSWORD).await;
    assert_eq!(got.status, 204, "{user}: {}", got.body);
    Browser::of(house, &cookie)
}

/// Adds a user and signs them in.
async fn somebody<'a>(house: &'a Bellwether, user: &str, role: &str) -> Browser<'a> {
    let added = add(house, user, role).await;
    assert_eq!(added.status, 201, "{}", added.body);
    signed_in(house, user).await
}

/// A key of somebody's.
async fn key(browser: &Browser<'_>, scopes: &[&str]) -> Value {
    let made = browser.send("POST", "/api/v1/keys", json!({"name": "script", "scopes": scopes})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

#[track_caller]
fn assert_problem(got: &Got, status: u16, code: &str) {
    assert_eq!((got.status, got.content_type.as_str()), (status, "application/problem+json"), "{}", got.body);
    assert_eq!(got.json()["code"], code, "{}", got.body);
}
