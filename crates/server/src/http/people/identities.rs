//! `/api/v1/identities`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use store::records::{identity, person};
use wire::people::{IdentitiesAnswer, IdentityBody};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::{Refusal, id_of};
use super::super::who::{people_of, unkept};
use super::{DONE, person_of};
use crate::people::identity::Who;

/// Who one is at the providers one signs in with.
#[utoipa::path(
    get,
    path = "/api/v1/identities",
    operation_id = "get_identities",
    tag = "people",
    responses((status = 200, description = "The identities", body = IdentitiesAnswer))
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Json<IdentitiesAnswer>, Refusal> {
    let (people, owner) = (people_of(&state)?, who.owner);
    let found = people
        .records
        .run(move |sql| Ok((identity::list(sql, owner)?, person::has_password(sql, owner)?)))
        .await;
    let (found, has_password) = found.map_err(unkept)?;
    let body = |found: identity::Identity| IdentityBody {
        id: found.id.to_string(),
        issuer: found.issuer,
        label: found.label,
        created_at: found.created_at,
        last_used_at: found.last_used_at,
    };
    Ok(Json(IdentitiesAnswer { identities: found.into_iter().map(body).collect(), has_password }))
}

/// What came of letting go.
enum Removed {
    Done,
    /// It is not theirs.
    NoSuch,
    /// They could not come in again.
    Last,
}

/// Lets go of one of one's identities. The last one stays where there is no password. Logins stay.
#[utoipa::path(
    delete,
    path = "/api/v1/identities/{id}",
    operation_id = "delete_identity",
    tag = "people",
    params(("id" = String, Path, description = "The identity")),
    responses(
        (status = 204, description = "It lets nobody in any more"),
        (status = 404, description = "There is no such identity of one's own", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is nobody yet, or no other way to sign in would be left (`last`)", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn remove(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let (owner, id) = (person_of(&who)?, id_of("identity", &text)?);
    let removed = people.records.run(move |sql| {
        let is_last = !person::has_password(sql, owner)? && identity::list(sql, owner)?.len() < 2;
        match () {
            () if !identity::list(sql, owner)?.iter().any(|own| own.id == id) => Ok(Removed::NoSuch),
            () if is_last => Ok(Removed::Last),
            () => identity::remove(sql, owner, id).map(|_| Removed::Done),
        }
    });
    match removed.await.map_err(unkept)? {
        Removed::Done => Ok(DONE),
        Removed::NoSuch => Err(Refusal::none("identity", &text)),
        Removed::Last => Err(Refusal::conflict(
            "there is no password: without this identity nobody could sign in as you; an operator may give you one",
        )
        .with_code("last")),
    }
}
