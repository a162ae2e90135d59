//! `/api/v1/logins`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use store::records::login;
use wire::people::{LoginBody, LoginsAnswer};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::{Refusal, id_of};
use super::super::who::{people_of, unkept};
use super::{DONE, login_of, person_of};
use crate::people::identity::Who;

/// The browsers one is signed in with, the newest used first.
#[utoipa::path(
    get,
    path = "/api/v1/logins",
    operation_id = "get_logins",
    tag = "people",
    responses((status = 200, description = "The logins", body = LoginsAnswer))
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Json<LoginsAnswer>, Refusal> {
    let (people, owner) = (people_of(&state)?, who.owner);
    let found = people.records.run(move |sql| login::list(sql, owner)).await.map_err(unkept)?;
    let body = |login: login::Login| LoginBody {
        is_this: login_of(&who) == Some(login.id),
        id: login.id.to_string(),
        created_at: login.created_at,
        last_used_at: login.last_used_at,
        address: login.address,
        agent: login.agent,
    };
    Ok(Json(LoginsAnswer { logins: found.into_iter().map(body).collect() }))
}

/// Ends one of one's logins, and its connections.
#[utoipa::path(
    delete,
    path = "/api/v1/logins/{id}",
    operation_id = "end_login",
    tag = "people",
    params(("id" = String, Path, description = "The login")),
    responses(
        (status = 204, description = "It has ended"),
        (status = 404, description = "There is no such login of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn end(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let (owner, id) = (who.owner, id_of("login", &text)?);
    if !people.records.run(move |sql| login::remove(sql, owner, id)).await.map_err(unkept)? {
        return Err(Refusal::none("login", &text));
    }
    people.ended_logins(&[id]);
    Ok(DONE)
}

/// Ends all of one's logins but the one of the request.
#[utoipa::path(
    delete,
    path = "/api/v1/logins",
    operation_id = "end_other_logins",
    tag = "people",
    responses(
        (status = 204, description = "They have ended"),
        (status = 409, description = "There is nobody yet", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn end_others(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let (owner, keep) = (person_of(&who)?, login_of(&who));
    let ended = people.records.run(move |sql| login::remove_all(sql, owner, keep)).await.map_err(unkept)?;
    people.ended_logins(&ended);
    Ok(DONE)
}
