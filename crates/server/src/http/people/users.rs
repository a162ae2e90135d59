//! `/api/v1/admin/users`: what an operator does with people.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::{Extension, Json};
use ledger::UserName;
use store::records::person::{self, NewPerson, Person, Role};
use wire::people::{UserBody, UserChange, UserRequest, UsersAnswer};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::super::query::Query;
use super::super::who::{people_of, unkept};
use super::{DONE, hash_of, name_of, role_name, role_of, taken, unless_taken};
use crate::people::identity::Who;

/// Most users of one page.
const LIMIT_MAX: usize = 1_000;

/// Somebody as they are told.
pub(super) fn body_of(person: Person) -> UserBody {
    UserBody {
        user: person.name,
        role: role_name(person.role),
        account: person.account,
        created_at: person.created_at,
        is_disabled: person.disabled_at.is_some(),
    }
}

/// Refuses a name whose account the desk knows as another's already: what was traded under it is not
/// everybody's who takes the name.
pub(super) async fn is_free(state: &ApiState, name: UserName, adopts: bool) -> Result<(), Refusal> {
    let people = people_of(state)?;
    if name == people.local() {
        return Err(taken(name.as_str()));
    }
    let Some(desk) = state.desk.as_ref().filter(|_| !adopts) else { return Ok(()) };
    let account = desk.desk.account(name).await.map_err(|closed| Refusal::unavailable(closed.to_string()))?;
    if account.last == 0 {
        return Ok(());
    }
    Err(Refusal::conflict("the desk has an account of this name already; an operator may give it with adopt")
        .with_code("account_exists"))
}

/// Adds somebody, who may then sign in. They get the account of the desk that has their name.
#[utoipa::path(
    post,
    path = "/api/v1/admin/users",
    operation_id = "create_user",
    tag = "people",
    request_body = UserRequest,
    responses(
        (status = 201, description = "They may sign in", body = UserBody),
        (status = 409, description = "The name is taken (`taken`), or the desk has an account of it (`account_exists`)", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No name, or a weak password; `detail` says why", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The records cannot be used now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(state): State<ApiState>,
    body: Result<Json<UserRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<UserBody>), Refusal> {
    let people = people_of(&state)?;
    let UserRequest { user, password, role, adopt } = Refusal::read(body)?;
    let name = name_of(&user)?;
    let wanted = user.clone();
    let known = people.records.run(move |sql| person::by_name(sql, &wanted)).await.map_err(unkept)?;
    if known.is_some() {
        return Err(taken(&user));
    }
    is_free(&state, name, adopt).await?;
    let password = hash_of(people, &password.0, &user).await?;
    let new = NewPerson { name: user.clone(), role: role_of(role), account: user.clone(), password };
    let now = people.now();
    let added = people.records.run(move |sql| person::insert(sql, &new, now)).await;
    let added = added.map_err(|error| unless_taken(error, &user))?;
    people.added_person(&added);
    Ok((StatusCode::CREATED, Json(body_of(added))))
}

/// Everybody, in the order in which they were added.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users",
    operation_id = "get_users",
    tag = "people",
    params(
        ("limit" = Option<u32>, Query, description = "Most to give; 100 without it", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "The users", body = UsersAnswer),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Json<UsersAnswer>, Refusal> {
    let people = people_of(&state)?;
    let query = Query::of(&uri)?;
    let limit = query.number("limit", 1..=LIMIT_MAX, 100)?;
    let after = match query.text("cursor") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Refusal::bad_request("cursor is of another list"))?,
    };
    let found = people.records.run(move |sql| person::list(sql, after, limit + 1)).await.map_err(unkept)?;
    let next = (found.len() > limit).then(|| found.get(limit - 1).map(|last| last.id.to_string())).flatten();
    let users = found.into_iter().take(limit).map(body_of).collect();
    Ok(Json(UsersAnswer { users, next_cursor: next }))
}

/// Lets somebody no longer sign in, or again; gives them a role or a new password. One cannot disable oneself, nor
/// take the role of operator from oneself.
#[utoipa::path(
    patch,
    path = "/api/v1/admin/users/{user}",
    operation_id = "change_user",
    tag = "people",
    params(("user" = String, Path, description = "The user name, percent-encoded")),
    request_body = UserChange,
    responses(
        (status = 204, description = "It is so; their logins, and keys where they are disabled, have ended"),
        (status = 404, description = "There is no such user", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "One cannot do this to oneself", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A weak password; `detail` says why", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(user): Path<String>,
    body: Result<Json<UserChange>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let change = Refusal::read(body)?;
    let name = user.clone();
    let found = people.records.run(move |sql| person::by_name(sql, &name)).await.map_err(unkept)?;
    let Some((person, _)) = found else { return Err(Refusal::none("user", &user)) };
    let loses =
        change.is_disabled == Some(true) || change.role.is_some_and(|role| role_of(role) != Role::Operator);
    if loses && super::login_of(&who).is_some() && who.owner == person.id {
        return Err(
            Refusal::conflict("an operator cannot do this to themselves; another can").with_code("oneself")
        );
    }
    let hash = match &change.password {
        Some(password) => Some(hash_of(people, &password.0, &user).await?),
        None => None,
    };
    let (id, now) = (person.id, people.now());
    let done = people.records.run(move |sql| {
        if let Some(role) = change.role {
            person::set_role(sql, id, role_of(role))?;
        }
        if let Some(hash) = &hash {
            person::set_password(sql, id, hash, None, now)?;
        }
        match change.is_disabled {
            Some(is_disabled) => person::set_disabled(sql, id, is_disabled.then_some(now)),
            None => Ok(()),
        }
    });
    done.await.map_err(unkept)?;
    people.changed_person(id);
    // Housekeeping comes to it too, but their connections are to end now.
    people.look_at_sockets().await.map_err(unkept)?;
    Ok(DONE)
}
