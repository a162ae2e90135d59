//! Signing in and out, wrong passwords, logins and their end.

use serde_json::json;

use super::{
    PASSWORD, add, as_operator, assert_problem, signed_in, somebody, try_sign_in, with_cookie, with_json,
};
use crate::house::{Bellwether, got};

#[tokio::test(flavor = "multi_thread")]
async fn wrong_names_and_passwords_are_told_alike_and_lock_out() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    add(&house, "ada", "user").await;
    let mut told = Vec::new();
    for user in ["ada", "nobody"] {
        for _ in 0..5 {
            let (got, cookie) = try_sign_in(&house, user, "wrong password").await;
            assert_problem(&got, 401, "wrong");
            assert_eq!(cookie, "");
            told.push(got.body);
        }
        // Then one waits, known or not, and the right password does not help.
        let (got, _) = try_sign_in(&house, user, PASSWORD).await;
        assert_problem(&got, 429, "locked_out");
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    let body = json!({"user": "ada", "password": PASSWORD});
    let request = || with_json(house.ask("POST", "/api/v1/signin"), &body);
    // The wait is told, grows shorter as time goes by, and ends.
    let wait = crate::house::soon("the wait ends", || async {
        let answer = request().send().await.unwrap();
        let status = answer.status().as_u16();
        let wait: Option<u64> =
            answer.headers().get("retry-after").map(|v| v.to_str().unwrap().parse().unwrap());
        assert!(status == 204 || wait.is_some_and(|wait| (1..=2).contains(&wait)), "{status} {wait:?}");
        (status == 204).then_some(())
    });
    wait.await;
    // The right password forgives.
    for _ in 0..4 {
        assert_eq!(try_sign_in(&house, "ada", "wrong password").await.0.status, 401);
    }
    assert_eq!(try_sign_in(&house, "ada", PASSWORD).await.0.status, 204);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_attempts_at_once_gain_nothing() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    add(&house, "ada", "user").await;
    let tries = (0..30).map(|_| try_sign_in(&house, "ada", "wrong password"));
    let ends = futures_util::future::join_all(tries).await;
    let looked_at = ends.iter().filter(|(got, _)| got.status == 401).count();
    let waited = ends.iter().filter(|(got, _)| got.status == 429).count();
    // Hashing takes long enough for a first wait to be over, hardly for many.
    assert!((5..=9).contains(&looked_at) && looked_at + waited == 30, "{looked_at} {waited}");
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_no_sign_in_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    add(&house, "ada", "user").await;
    let body = json!({"user": "ada", "password": PASSWORD});
    let ask = || with_json(house.ask("POST", "/api/v1/signin"), &body);
    // By a page of another site, or by a form.
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        assert_eq!(got(ask().header(name, value)).await.status, 403, "{name}");
    }
    let form =
        house.ask("POST", "/api/v1/signin").header("content-type", "text/plain").body(body.to_string());
    assert_eq!(got(form).await.status, 415);
    for bad in ["", "{", "[]", r#"{"user":"ada"}"#, r#"{"user":"ada","password":1}"#] {
        let request =
            house.ask("POST", "/api/v1/signin").header("content-type", "application/json").body(bad);
        let got = got(request).await;
        assert!([400, 422].contains(&got.status), "{bad}: {}", got.status);
        assert!(!got.body.contains(PASSWORD));
    }
    let long = json!({"user": "ada", "password": "x".repeat(5_000)});
    assert_eq!(got(with_json(house.ask("POST", "/api/v1/signin"), &long)).await.status, 401);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_ends_when_it_is_ended() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let one = somebody(&house, "ada", "user").await;
    let (other, third) = (signed_in(&house, "ada").await, signed_in(&house, "ada").await);
    let eve = somebody(&house, "eve", "user").await;
    let logins = one.get("/api/v1/logins").await.json();
    let logins = logins["logins"].as_array().unwrap();
    assert_eq!(logins.iter().filter(|login| login["is_this"] == true).count(), 1);
    assert_eq!(logins.len(), 3);
    assert_eq!(logins[0]["address"], "127.0.0.1");
    let me = other.get("/api/v1/me").await.json();
    let path = format!("/api/v1/logins/{}", me["login"].as_str().unwrap());

    // Nobody else ends it. Once it has ended, so have its connections.
    assert_eq!(eve.delete(&path).await.status, 404);
    let mut watching = other.client().await;
    watching.say(json!({"type": "subscribe", "channel": "account"})).await;
    watching.hear_kind("account").await;
    assert_eq!(one.delete(&path).await.status, 204);
    assert_eq!(watching.close_code().await, Some(4003));
    assert_problem(&other.get("/api/v1/account").await, 401, "sign_in");
    assert_eq!(third.get("/api/v1/account").await.status, 200);

    // Signing out ends it and takes the cookie away; signing in again ends the login before.
    let (out, cookie) = with_cookie(third.request("POST", "/api/v1/signout")).await;
    assert_eq!((out.status, cookie.starts_with("bellwether_login=; ")), (204, true));
    assert_eq!(third.get("/api/v1/me").await.status, 401);
    let body = json!({"user": "ada", "password": PASSWORD});
    let (_, cookie) = with_cookie(with_json(one.request("POST", "/api/v1/signin"), &body)).await;
    let again = super::Browser::of(&house, &cookie);
    assert_ne!(again.cookie, one.cookie);
    assert_eq!(one.get("/api/v1/me").await.status, 401);

    // All others at once.
    let others = [signed_in(&house, "ada").await, signed_in(&house, "ada").await];
    assert_eq!(again.delete("/api/v1/logins").await.status, 204);
    for other in &others {
        assert_eq!(other.get("/api/v1/me").await.status, 401);
    }
    assert_eq!(again.get("/api/v1/me").await.status, 200);
    assert_eq!(eve.get("/api/v1/me").await.status, 200);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_by_who_knows_it_and_ends_other_logins() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let ada = somebody(&house, "ada", "user").await;
    let other = signed_in(&house, "ada").await;
    let mut watching = other.client().await;
    let change = |current: &str, new: &str| json!({"current": current, "new": new});
    let new = "a wholly new password";
    let send = async |body| ada.send("POST", "/api/v1/password", body).await;
    assert_problem(&send(change("wrong password", new)).await, 422, "wrong");
    assert_problem(&send(change(PASSWORD, "password")).await, 422, "weak_password");
    assert_eq!(other.get("/api/v1/me").await.status, 200);
    let done = send(change(PASSWORD, new)).await;
    assert_eq!(done.status, 204, "{}", done.body);
    assert_eq!(ada.get("/api/v1/me").await.status, 200);
    assert_eq!(other.get("/api/v1/me").await.status, 401);
    assert_eq!(watching.close_code().await, Some(4003));
    assert_eq!(try_sign_in(&house, "ada", PASSWORD).await.0.status, 401);
    assert_eq!(try_sign_in(&house, "ada", new).await.0.status, 204);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_disables_and_enables() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let ada = somebody(&house, "ada", "user").await;
    let root = somebody(&house, "root/er", "operator").await;
    let script = super::key(&ada, &["read"]).await;
    let by_key = || house.ask("GET", "/api/v1/account").bearer_auth(script["key"].as_str().unwrap());
    assert_eq!(got(by_key()).await.status, 200);
    let mut watching = ada.client().await;
    let change =
        async |user: &str, body| root.send("PATCH", &format!("/api/v1/admin/users/{user}"), body).await;
    assert_eq!(change("ada", json!({"is_disabled": true})).await.status, 204);
    assert_eq!(watching.close_code().await, Some(4003));
    assert_eq!(ada.get("/api/v1/me").await.status, 401);
    assert_eq!(got(by_key()).await.status, 401);
    assert_problem(&try_sign_in(&house, "ada", PASSWORD).await.0, 401, "wrong");
    let users = root.get("/api/v1/admin/users").await.json();
    assert_eq!(users["users"][0]["is_disabled"], true);
    assert_eq!(change("ada", json!({"is_disabled": false, "role": "operator"})).await.status, 204);
    let ada = signed_in(&house, "ada").await;
    assert_eq!(ada.get("/api/v1/admin/users").await.status, 200);
    assert_eq!(got(by_key()).await.status, 401, "its keys are gone");

    // Not oneself, so that nobody locks the last operator out.
    assert_problem(&change("root%2Fer", json!({"is_disabled": true})).await, 409, "oneself");
    assert_problem(&change("root%2Fer", json!({"role": "user"})).await, 409, "oneself");
    assert_eq!(change("nobody", json!({"is_disabled": true})).await.status, 404);
    // A role that is taken away is gone at once, though the login goes on.
    assert_eq!(change("ada", json!({"role": "user"})).await.status, 204);
    assert_problem(&ada.get("/api/v1/admin/users").await, 403, "not_operator");
    let new = json!({"password": "given by the operator"});
    assert_eq!(as_operator(&house, "PATCH", "/api/v1/admin/users/ada", new).await.status, 204);
    assert_eq!(ada.get("/api/v1/me").await.status, 401);
    assert_eq!(try_sign_in(&house, "ada", "given by the operator").await.0.status, 204);
    house.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_does_nothing_that_another_sites_form_could_ask() {
    let data = tempfile::tempdir().unwrap();
    let house = Bellwether::with_operator(data.path(), &[]);
    let ada = somebody(&house, "ada", "user").await;
    let deposit =
        || ada.request("POST", "/api/v1/account/deposits").body(json!({"amount": "1.00"}).to_string());
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "same-site")] {
        let request = deposit().header("content-type", "application/json").header(name, value);
        assert_eq!(got(request).await.status, 403, "{name}");
    }
    assert_eq!(got(deposit().header("content-type", "text/plain")).await.status, 403);
    let bare = || ada.request("POST", "/api/v1/tickets/0-1/commit");
    assert_eq!(got(bare().header("sec-fetch-site", "none")).await.status, 403);
    // What is no browser sends neither of those headers, and what it does is its own.
    assert_problem(&got(bare()).await, 409, "no_account");
    let marked = ada.request("POST", "/api/v1/tickets/0-1/commit").header("x-bellwether", "1");
    // Then it is the desk that answers.
    assert_problem(&got(marked).await, 409, "no_account");
    assert_eq!(got(deposit().header("content-type", "application/json")).await.status, 201);
    // No other page may read it, and no preflight is answered.
    let answer = ada.request("GET", "/api/v1/account").send().await.unwrap();
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    let preflight = house.ask("OPTIONS", "/api/v1/account/deposits").header("origin", "https://evil.example");
    let preflight = preflight.header("access-control-request-method", "POST").send().await.unwrap();
    assert!(!preflight.headers().contains_key("access-control-allow-origin"));
    assert_eq!(preflight.status(), 405);
    house.stop();
}
