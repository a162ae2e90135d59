//! `POST /api/v1/signin`, `POST /api/v1/signout`.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use store::records::{login, person};
use wire::people::SignInRequest;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::listen::customer;
use super::super::problem::Refusal;
use super::super::who::{login_of, origin, owned_login, people_of, same_site, set_cookie, unkept};
use super::{DONE, busy, failed};
use crate::people::People;
use crate::people::identity::By;
use crate::people::password::is_outdated;
use crate::people::peer::Origin;

/// The longest text of a browser about itself that is kept, in characters.
const AGENT_CHARACTERS_MAX: usize = 200;
/// The longest name and password that are looked at, in bytes.
const FIELD_BYTES_MAX: usize = 1_024;

/// Begins a login: the answer sets its cookie. Wrong names and wrong passwords are not told apart.
#[utoipa::path(
    post,
    path = "/api/v1/signin",
    operation_id = "sign_in",
    tag = "people",
    request_body = SignInRequest,
    responses(
        (status = 204, description = "Signed in; `Set-Cookie` has the login"),
        (status = 401, description = "The name or the password is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A page of another site asked", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body is not the JSON of this call", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong attempts; `Retry-After` says how long to wait", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many sign in at this moment", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn sign_in(
    State(state): State<ApiState>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Json<SignInRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    same_site(&headers)?;
    let people = people_of(&state)?;
    let SignInRequest { user, password } = Refusal::read(body)?;
    let origin = origin(people, peer, &headers);
    let wrong =
        || Refusal::new(StatusCode::UNAUTHORIZED, "the name or the password is wrong").with_code("wrong");
    if user.len() > FIELD_BYTES_MAX || password.0.len() > FIELD_BYTES_MAX {
        return Err(wrong());
    }
    let address = customer(origin.address).to_string();
    people.attempt(&user, &address).map_err(|wait| {
        Refusal::wait("too many wrong attempts; wait before the next", wait).with_code("locked_out")
    })?;
    let found = checked(people, &user, password.0).await.inspect_err(|_| {
        people.lockout().withdrawn(&user, &address);
    })?;
    let Some(person) = found else { return Err(wrong()) };
    people.lockout().succeeded(&user, &address);
    let before = owned_login(people, &headers).await?;
    let secret = people.sign_in(person, before, (origin.address, agent(&headers))).await.map_err(failed)?;
    Ok(with_cookie(secret.text(), origin))
}

/// Whose name and password this is. Takes as long where there is nobody.
async fn checked(people: &People, user: &str, password: String) -> Result<Option<i64>, Refusal> {
    let name = user.to_owned();
    let found = people.records.run(move |sql| person::by_name(sql, &name)).await.map_err(unkept)?;
    let hash = found.as_ref().map(|(_, hash)| hash.clone());
    let is_right = people.hasher.verify(password.clone(), hash).await.map_err(busy)?;
    let Some((person, hash)) = found.filter(|(person, _)| is_right && person.disabled_at.is_none()) else {
        return Ok(None);
    };
    if is_outdated(&hash) {
        renew(people, person.id, hash, password).await;
    }
    Ok(Some(person.id))
}

/// Hashes a password as passwords are hashed now. Where that fails it is done the next time.
async fn renew(people: &People, id: i64, before: String, password: String) {
    let Ok(after) = people.hasher.hash(password).await else { return };
    let renewed = people.records.run(move |sql| person::renew_hash(sql, id, &before, &after)).await;
    if let Err(error) = renewed {
        tracing::warn!(%error, "the hash of a password could not be renewed");
    }
}

/// What a browser says it is, without what is no text.
pub(super) fn agent(headers: &HeaderMap) -> String {
    let text = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let text = text.unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(AGENT_CHARACTERS_MAX).collect()
}

/// 204 with the login's cookie.
pub(super) fn with_cookie(text: &str, origin: Origin) -> Response {
    (DONE, [(header::SET_COOKIE, set_cookie(text, origin.is_tls))]).into_response()
}

/// Ends the login of the request, and takes its cookie away. Without one nothing happens.
#[utoipa::path(
    post,
    path = "/api/v1/signout",
    operation_id = "sign_out",
    tag = "people",
    responses(
        (status = 204, description = "Signed out"),
        (status = 403, description = "A page of another site asked", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The records cannot be used now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn sign_out(
    State(state): State<ApiState>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    same_site(&headers)?;
    let people = people_of(&state)?;
    if let Some(who) = login_of(people, &headers).await?
        && let By::Login(id) = who.by
    {
        let owner = who.owner;
        people.records.run(move |sql| login::remove(sql, owner, id)).await.map_err(unkept)?;
        people.ended_logins(&[id]);
    }
    Ok(with_cookie("", origin(people, peer, &headers)))
}

/// Whether this is somebody's password. Counts as an attempt to sign in.
pub(super) async fn is_password(
    people: &People,
    user: &str,
    password: String,
    origin: Origin,
) -> Result<bool, Refusal> {
    let address = customer(origin.address).to_string();
    people.attempt(user, &address).map_err(|wait| {
        Refusal::wait("too many wrong attempts; wait before the next", wait).with_code("locked_out")
    })?;
    if password.len() > FIELD_BYTES_MAX {
        return Ok(false);
    }
    let found = checked(people, user, password).await.inspect_err(|_| {
        people.lockout().withdrawn(user, &address);
    })?;
    if found.is_some() {
        people.lockout().succeeded(user, &address);
    }
    Ok(found.is_some())
}
