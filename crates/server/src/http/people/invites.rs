//! `POST /api/v1/invites/accept`, and `/api/v1/admin/invites` for who sends the links.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use store::records::identity::NewIdentity;
use store::records::person::{self, NO_PASSWORD, NewPerson, Person, Role};
use store::records::{RecordError, SecretHash, alert, channel, identity, invite, stream, watchlist};
use wire::people::{AcceptRequest, Hidden, InviteBody, InviteRequest, InvitesAnswer, NewInviteBody};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::{Refusal, id_of};
use super::super::who::{origin, owned_login, people_of, same_site, unkept};
use super::{DONE, failed, hash_of, name_of, role_name, role_of, sign_in, unless_taken, users};
use crate::people::{People, new_secret};

/// How long a link of an operator is good.
const GOOD_FOR: Duration = Duration::from_secs(7 * 86_400);

/// Where the page takes an invite up.
const WELCOME: &str = "/welcome#";

/// Makes whoever has the link somebody, and signs them in. The first operator takes over what the local user
/// has at the desk.
#[utoipa::path(
    post,
    path = "/api/v1/invites/accept",
    operation_id = "accept_invite",
    tag = "people",
    request_body = AcceptRequest,
    responses(
        (status = 204, description = "There is somebody now, and they are signed in; `Set-Cookie` has the login"),
        (status = 403, description = "A page of another site asked", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The link was used, is too old, or never was", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No name, or a weak password; `detail` says why", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The records cannot be used now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn accept(
    State(state): State<ApiState>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Json<AcceptRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    same_site(&headers)?;
    let people = people_of(&state)?;
    let AcceptRequest { token, user, password } = Refusal::read(body)?;
    let invite = open_invite(people, &token.0).await?.ok_or_else(gone)?;
    let name = name_of(&user)?;
    users::is_free(&state, name, false).await?;
    let password = hash_of(people, &password.0, &user).await?;
    let added = enter(people, &invite, user, Door::Password(password)).await?;
    let origin = origin(people, peer, &headers);
    let before = owned_login(people, &headers).await?;
    let agent = sign_in::agent(&headers);
    let secret = people.sign_in(added.id, before, (origin.address, agent)).await.map_err(failed)?;
    Ok(sign_in::with_cookie(secret.text(), origin))
}

pub(super) fn gone() -> Refusal {
    Refusal::not_found_thing("this link was used, is too old, or never was").with_code("no_invite")
}

/// The invite that a link is, if it can still be used.
pub(super) async fn open_invite(people: &People, token: &str) -> Result<Option<invite::Invite>, Refusal> {
    let (hash, now) = (SecretHash::of(token), people.now());
    people.records.run(move |sql| invite::find(sql, &hash, now)).await.map_err(unkept)
}

/// By what somebody new is to come in.
#[derive(Debug, Clone)]
pub(super) enum Door {
    /// A password with this hash.
    Password(String),
    /// A provider that knows them.
    Identity(NewIdentity),
}

/// Makes whoever has an invite somebody. The name is free, as far as was seen.
pub(super) async fn enter(
    people: &People,
    invite: &invite::Invite,
    user: String,
    door: Door,
) -> Result<Person, Refusal> {
    let (local, now, wanted, invite) = (people.local(), people.now(), user.clone(), invite.clone());
    let added = people.records.run(move |sql| {
        // The first operator takes over what the local user has.
        let takes_over = invite.role == Role::Operator && person::by_account(sql, local.as_str())?.is_none();
        let account = if takes_over { local.as_str() } else { &wanted };
        let password = match &door {
            Door::Password(hash) => hash.clone(),
            Door::Identity(_) => NO_PASSWORD.to_owned(),
        };
        let account = account.to_owned();
        let new = NewPerson { name: wanted.clone(), role: invite.role, account, password };
        let added = person::insert(sql, &new, now)?;
        if let Door::Identity(new) = &door {
            identity::insert(sql, added.id, new, now)?;
        }
        if takes_over {
            watchlist::take_over(sql, added.id)?;
            alert::take_over(sql, added.id)?;
            channel::take_over(sql, added.id)?;
            stream::take_over(sql, added.id)?;
        }
        // Whoever was faster has it; then nothing of this remains.
        match invite::consume(sql, invite.id, added.id, now)? {
            true => Ok(added),
            false => Err(RecordError::TooMany { most: 0 }),
        }
    });
    let added = match added.await {
        Ok(added) => added,
        Err(RecordError::TooMany { .. }) => return Err(gone()),
        Err(error) => return Err(unless_taken(error, &user)),
    };
    people.added_person(&added);
    Ok(added)
}

/// Makes a link for somebody to choose their own name and password with, good for a week and once.
#[utoipa::path(
    post,
    path = "/api/v1/admin/invites",
    operation_id = "create_invite",
    tag = "people",
    request_body = InviteRequest,
    responses(
        (status = 201, description = "The link, shown this once", body = NewInviteBody),
        (status = 409, description = "As many wait as may", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(state): State<ApiState>,
    body: Result<Json<InviteRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<NewInviteBody>), Refusal> {
    let people = people_of(&state)?;
    let role = role_of(Refusal::read(body)?.role);
    let secret = new_secret("").map_err(failed)?;
    let (hash, now) = (secret.hash(), people.now());
    let expires_at = now.saturating_add_nanos(i64::try_from(GOOD_FOR.as_nanos()).unwrap_or(i64::MAX));
    let made = people.records.run(move |sql| invite::insert(sql, role, &hash, Some(expires_at), now));
    let made = made.await.map_err(unkept)?;
    let link = Hidden(format!("{WELCOME}{}", secret.text()));
    let body = NewInviteBody { id: made.id.to_string(), link, expires_at: made.expires_at };
    Ok((StatusCode::CREATED, Json(body)))
}

/// The links that can still be used, without what they are used by.
#[utoipa::path(
    get,
    path = "/api/v1/admin/invites",
    operation_id = "get_invites",
    tag = "people",
    responses((status = 200, description = "The invites", body = InvitesAnswer))
)]
pub(in super::super) async fn list(State(state): State<ApiState>) -> Result<Json<InvitesAnswer>, Refusal> {
    let people = people_of(&state)?;
    let now = people.now();
    let found = people.records.run(move |sql| invite::open(sql, now)).await.map_err(unkept)?;
    let body = |invite: invite::Invite| InviteBody {
        id: invite.id.to_string(),
        role: role_name(invite.role),
        created_at: invite.created_at,
        expires_at: invite.expires_at,
    };
    Ok(Json(InvitesAnswer { invites: found.into_iter().map(body).collect() }))
}

/// Takes a link back.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/invites/{id}",
    operation_id = "delete_invite",
    tag = "people",
    params(("id" = String, Path, description = "The invite's id")),
    responses(
        (status = 204, description = "It cannot be used any more"),
        (status = 404, description = "There is no such invite, or it was used", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn delete(
    State(state): State<ApiState>,
    Path(text): Path<String>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let id = id_of("invite", &text)?;
    match people.records.run(move |sql| invite::remove(sql, id)).await.map_err(unkept)? {
        true => Ok(DONE),
        false => Err(Refusal::none("invite", &text)),
    }
}
