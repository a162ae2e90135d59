//! `/api/v1/keys`.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use store::records::api_key;
use wire::people::{Hidden, KeyBody, KeyRequest, KeysAnswer, NewKeyBody};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::{Refusal, id_of};
use super::super::who::{people_of, unkept};
use super::{DONE, failed, person_of};
use crate::people::People;
use crate::people::identity::{Scopes, Who};

/// The longest name, in characters.
const NAME_CHARACTERS_MAX: usize = 64;

/// One's keys, without what they are shown by.
#[utoipa::path(
    get,
    path = "/api/v1/keys",
    operation_id = "get_keys",
    tag = "people",
    responses((status = 200, description = "The keys", body = KeysAnswer))
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Json<KeysAnswer>, Refusal> {
    let (people, owner) = (people_of(&state)?, who.owner);
    let found = people.records.run(move |sql| api_key::list(sql, owner)).await.map_err(unkept)?;
    let body = |key: api_key::ApiKey| KeyBody {
        id: key.id.to_string(),
        name: key.name,
        scopes: Scopes::read(&key.scopes).names(),
        created_at: key.created_at,
        last_used_at: key.last_used_at,
    };
    Ok(Json(KeysAnswer { keys: found.into_iter().map(body).collect() }))
}

/// Makes a key for one's scripts. The answer is the only one that has it.
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    operation_id = "create_key",
    tag = "people",
    request_body = KeyRequest,
    responses(
        (status = 201, description = "The key, shown this once", body = NewKeyBody),
        (status = 409, description = "There are as many as there may be, or there is nobody yet", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No name, or no scope", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    body: Result<Json<KeyRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<NewKeyBody>), Refusal> {
    let people = people_of(&state)?;
    let owner = person_of(&who)?;
    let KeyRequest { name, scopes } = Refusal::read(body)?;
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
        return Err(Refusal::unprocessable("name must have 1 to 64 characters, and no control characters"));
    }
    if scopes.is_empty() {
        return Err(Refusal::unprocessable("scopes must have at least one of read, trade, alerts"));
    }
    let scopes = Scopes::of(&scopes);
    let secret = People::new_key().map_err(failed)?;
    let (hash, now, called) = (secret.hash(), people.now(), name.clone());
    let made =
        people.records.run(move |sql| api_key::insert(sql, owner, &hash, (&called, &scopes.text()), now));
    let made = made.await.map_err(unkept)?;
    let key = Hidden(secret.text().to_owned());
    Ok((StatusCode::CREATED, Json(NewKeyBody { id: made.id.to_string(), name, scopes: scopes.names(), key })))
}

/// Ends one of one's keys, and the connections made with it.
#[utoipa::path(
    delete,
    path = "/api/v1/keys/{id}",
    operation_id = "delete_key",
    tag = "people",
    params(("id" = String, Path, description = "The key's id, not the key")),
    responses(
        (status = 204, description = "It has ended"),
        (status = 404, description = "There is no such key of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn delete(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let (owner, id) = (who.owner, id_of("key", &text)?);
    if !people.records.run(move |sql| api_key::remove(sql, owner, id)).await.map_err(unkept)? {
        return Err(Refusal::none("key", &text));
    }
    people.ended_key(id);
    Ok(DONE)
}
