//! People over HTTP: signing in, oneself, logins, keys, users, invites.

/// `/api/v1/identities`.
pub(super) mod identities;
/// `POST /api/v1/invites/accept`, `/api/v1/admin/invites`.
pub(super) mod invites;
/// `/api/v1/keys`.
pub(super) mod keys;
/// `/api/v1/logins`.
pub(super) mod logins;
/// `GET /api/v1/me`, `POST /api/v1/password`.
pub(super) mod me;
/// Signing in with an OpenID Connect provider: `/api/v1/oidc`.
pub(super) mod oidc;
/// `POST /api/v1/signin`, `POST /api/v1/signout`.
pub(super) mod sign_in;
/// `/api/v1/admin/users`.
pub(super) mod users;

use axum::http::StatusCode;
use ledger::UserName;
use store::records::RecordError;
use store::records::person::Role;
use wire::people::RoleName;
use wire::text::excerpt;

use super::access::Routes;
use super::problem::Refusal;
use super::who::unkept;
use crate::people::identity::{Access, By, Scope, Who};
use crate::people::password::{Busy, weakness};
use crate::people::{People, PeopleError};

/// The routes.
pub(super) fn routes() -> Routes {
    const OWN: Access = Access::User(Scope::Own);
    Routes::new()
        .post("/api/v1/signin", Access::Anyone, sign_in::sign_in)
        .post("/api/v1/signout", Access::Anyone, sign_in::sign_out)
        .get("/api/v1/me", Access::User(Scope::Read), me::me)
        .post("/api/v1/password", OWN, me::change_password)
        .get("/api/v1/logins", OWN, logins::list)
        .delete("/api/v1/logins", OWN, logins::end_others)
        .delete("/api/v1/logins/{id}", OWN, logins::end)
        .get("/api/v1/keys", OWN, keys::list)
        .post("/api/v1/keys", OWN, keys::create)
        .delete("/api/v1/keys/{id}", OWN, keys::delete)
        .post("/api/v1/invites/accept", Access::Anyone, invites::accept)
        .get("/api/v1/oidc", Access::Anyone, oidc::provider)
        .get("/api/v1/oidc/start", Access::Anyone, oidc::start)
        .post("/api/v1/oidc/start", Access::Anyone, oidc::start_invited)
        .get("/api/v1/oidc/callback", Access::Anyone, oidc::callback)
        .get("/api/v1/identities", OWN, identities::list)
        .delete("/api/v1/identities/{id}", OWN, identities::remove)
        .get("/api/v1/admin/invites", Access::Operator, invites::list)
        .post("/api/v1/admin/invites", Access::Operator, invites::create)
        .delete("/api/v1/admin/invites/{id}", Access::Operator, invites::delete)
        .get("/api/v1/admin/users", Access::Operator, users::list)
        .post("/api/v1/admin/users", Access::Operator, users::create)
        .patch("/api/v1/admin/users/{user}", Access::Operator, users::change)
}

fn role_name(role: Role) -> RoleName {
    match role {
        Role::User => RoleName::User,
        Role::Operator => RoleName::Operator,
    }
}

fn role_of(name: RoleName) -> Role {
    match name {
        RoleName::User => Role::User,
        RoleName::Operator => Role::Operator,
    }
}

fn busy(_: Busy) -> Refusal {
    Refusal::unavailable("too many sign in at this moment; try again")
}

pub(super) fn failed(error: PeopleError) -> Refusal {
    match error {
        PeopleError::Records(error) => unkept(error),
        PeopleError::Random => {
            tracing::error!("the system gives no random numbers");
            Refusal::unavailable("no secret can be made now; try again")
        }
    }
}

/// The person who asks. The local user is none.
fn person_of(who: &Who) -> Result<i64, Refusal> {
    if who.owner != 0 {
        return Ok(who.owner);
    }
    Err(Refusal::conflict("there is nobody yet whose this could be: open the link of the first start first")
        .with_code("no_person"))
}

/// The login of a request, if it came with one.
fn login_of(who: &Who) -> Option<i64> {
    match who.by {
        By::Login(id) => Some(id),
        _ => None,
    }
}

/// A name by the desk's grammar.
fn name_of(text: &str) -> Result<UserName, Refusal> {
    text.parse().map_err(|error: ledger::UserNameError| {
        Refusal::unprocessable(format!("user: {error}")).with_code("bad_user")
    })
}

/// The hash of a new password that is strong enough.
async fn hash_of(people: &People, password: &str, user: &str) -> Result<String, Refusal> {
    if let Some(weakness) = weakness(password, user) {
        return Err(Refusal::unprocessable(weakness).with_code("weak_password"));
    }
    people.hasher.hash(password.to_owned()).await.map_err(busy)
}

/// A name that somebody has, or that is nobody's to have.
fn taken(user: &str) -> Refusal {
    Refusal::conflict(format!("the name {} is taken", excerpt(user))).with_code("taken")
}

/// What the records say where a name may be taken.
fn unless_taken(error: RecordError, user: &str) -> Refusal {
    match error {
        RecordError::Taken => taken(user),
        error => unkept(error),
    }
}

/// 204 or the status of an answer without a body.
const DONE: StatusCode = StatusCode::NO_CONTENT;
