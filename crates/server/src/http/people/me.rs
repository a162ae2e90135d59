//! `GET /api/v1/me`, `POST /api/v1/password`.

use std::net::SocketAddr;

use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use store::records::{login, person};
use wire::people::{MeBody, PasswordRequest, RoleName, ScopeName, ShownBy};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::super::who::{origin, people_of, unkept};
use super::{DONE, hash_of, login_of, person_of, role_name, sign_in};
use crate::people::identity::{By, Who};

/// Who asks, and how they showed it. A page asks this first: 401 means that there is somebody to sign in as.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "get_me",
    tag = "people",
    responses((status = 200, description = "Who asks", body = MeBody))
)]
pub(in super::super) async fn me(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Json<MeBody>, Refusal> {
    let people = people_of(&state)?;
    let id = who.owner;
    let found = match id {
        0 => None,
        _ => people.records.run(move |sql| person::by_id(sql, id)).await.map_err(unkept)?,
    };
    let all = || vec![ScopeName::Read, ScopeName::Trade, ScopeName::Alerts];
    let (shown_by, scopes) = match who.by {
        By::Local => (ShownBy::Local, all()),
        By::OperatorKey => (ShownBy::OperatorKey, all()),
        By::Login(_) => (ShownBy::Login, all()),
        By::Key { scopes, .. } => (ShownBy::ApiKey, scopes.names()),
    };
    let role = match who.by {
        By::OperatorKey => RoleName::Operator,
        By::Local => RoleName::User,
        By::Login(_) | By::Key { .. } => found.map_or(RoleName::User, |person| role_name(person.role)),
    };
    Ok(Json(MeBody {
        user: who.name.as_str().to_owned(),
        role,
        account: who.account.as_str().to_owned(),
        shown_by,
        scopes,
        login: login_of(&who).map(|id| id.to_string()),
    }))
}

/// Changes one's password. All other logins end; keys stay.
#[utoipa::path(
    post,
    path = "/api/v1/password",
    operation_id = "change_password",
    tag = "people",
    request_body = PasswordRequest,
    responses(
        (status = 204, description = "It is changed, and other logins have ended"),
        (status = 409, description = "There is nobody yet", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The present password is wrong, or the new one too weak; `code` and `detail` say which and why", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong attempts", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The records cannot be used now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change_password(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Json<PasswordRequest>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let id = person_of(&who)?;
    let PasswordRequest { current, new } = Refusal::read(body)?;
    let person = people.records.run(move |sql| person::by_id(sql, id)).await.map_err(unkept)?;
    let name = person.map(|person| person.name).unwrap_or_default();
    let origin = origin(people, peer, &headers);
    if !sign_in::is_password(people, &name, current.0, origin).await? {
        return Err(Refusal::unprocessable("the present password is wrong").with_code("wrong"));
    }
    let hash = hash_of(people, &new.0, &name).await?;
    let (now, keep) = (people.now(), login_of(&who));
    let ended = people.records.run(move |sql| {
        let others = login::list(sql, id)?.into_iter().map(|login| login.id).filter(|id| Some(*id) != keep);
        let others: Vec<i64> = others.collect();
        person::set_password(sql, id, &hash, keep, now)?;
        Ok(others)
    });
    people.ended_logins(&ended.await.map_err(unkept)?);
    Ok(DONE)
}
