//! Bodies of the people's API: signing in, oneself, logins, keys, users, invites.
//!
//! Passwords and keys are kept out of `Debug`.

use std::fmt;

use market::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// A text that logs do not show.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// What is theirs.
    User,
    /// Also what concerns everybody.
    Operator,
}

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeName {
    /// Reading what is one's own.
    Read,
    /// Paper money: deposits, tickets, triggers.
    Trade,
    /// Watch lists and alerts.
    Alerts,
}

/// How a request showed whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShownBy {
    /// Not at all: there are no people yet, and only this machine reaches the server.
    Local,
    /// By the operator's key.
    OperatorKey,
    /// By the cookie of a login.
    Login,
    /// By an API key.
    ApiKey,
}

/// `POST /api/v1/signin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// The user name.
    #[schema(example = "ada")]
    pub user: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    pub password: Hidden,
}

/// `GET /api/v1/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeBody {
    /// The user name; `local` where there are no people yet.
    pub user: String,
    /// What they may do.
    pub role: RoleName,
    /// Their account at the desk.
    pub account: String,
    /// How the request showed whose it is.
    pub shown_by: ShownBy,
    /// What the request's key allows; everything where it is no key.
    pub scopes: Vec<ScopeName>,
    /// The login of the request, as in `GET /api/v1/logins`; `null` where it is none.
    #[schema(required)]
    pub login: Option<String>,
}

/// `POST /api/v1/password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The password as it is.
    #[schema(value_type = String, format = Password)]
    pub current: Hidden,
    /// The password as it shall be.
    #[schema(value_type = String, format = Password)]
    pub new: Hidden,
}

/// A browser somebody has signed in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginBody {
    /// Names it in `/api/v1/logins/{id}`.
    #[schema(example = "17")]
    pub id: String,
    /// It is the one of this request.
    pub is_this: bool,
    /// When they signed in.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, to some minutes.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
    /// Where from they signed in.
    pub address: String,
    /// What the browser says it is.
    pub agent: String,
}

/// `GET /api/v1/logins`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginsAnswer {
    /// The newest used first.
    pub logins: Vec<LoginBody>,
}

/// `POST /api/v1/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What it is for, 1 to 64 characters.
    #[schema(example = "nightly export")]
    pub name: String,
    /// What it allows, at least one.
    pub scopes: Vec<ScopeName>,
}

/// A key that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewKeyBody {
    /// Names it in `/api/v1/keys/{id}`.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<ScopeName>,
    /// The key. It is shown this once, and only its hash is kept.
    #[schema(value_type = String)]
    pub key: Hidden,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyBody {
    /// Names it in `/api/v1/keys/{id}`.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<ScopeName>,
    /// When it was made.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, to some minutes; `null` before the first time.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_used_at: Option<Timestamp>,
}

/// `GET /api/v1/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeysAnswer {
    /// Oldest first.
    pub keys: Vec<KeyBody>,
}

/// `POST /api/v1/admin/users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    /// 1 to 64 visible ASCII characters without a comma.
    #[schema(example = "ada")]
    pub user: String,
    /// The password; they may change it.
    #[schema(value_type = String, format = Password)]
    pub password: Hidden,
    /// What they may do.
    pub role: RoleName,
    /// Give them the account of this name that the desk has already, as from the line protocol.
    #[serde(default)]
    pub adopt: bool,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserBody {
    /// The user name.
    pub user: String,
    /// What they may do.
    pub role: RoleName,
    /// Their account at the desk.
    pub account: String,
    /// Since when there is this user.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// They may not sign in.
    pub is_disabled: bool,
}

/// `GET /api/v1/admin/users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsersAnswer {
    /// In the order in which they were added.
    pub users: Vec<UserBody>,
    /// Pass as `cursor` for more; `null` on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// `PATCH /api/v1/admin/users/{user}`. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// May not sign in any more, or again. Their logins and keys end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_disabled: Option<bool>,
    /// What they may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<RoleName>,
    /// A new password. Their logins end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password, nullable = false)]
    pub password: Option<Hidden>,
}

/// `POST /api/v1/admin/invites`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteRequest {
    /// What whoever opens the link may do.
    pub role: RoleName,
}

/// An invite that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewInviteBody {
    /// Names it in `/api/v1/admin/invites/{id}`.
    pub id: String,
    /// The way behind the server's address: `/welcome#TOKEN`. Shown this once.
    #[schema(value_type = String, example = "/welcome#…")]
    pub link: Hidden,
    /// Until when it is good.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub expires_at: Option<Timestamp>,
}

/// An invite that waits to be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InviteBody {
    /// Names it in `/api/v1/admin/invites/{id}`.
    pub id: String,
    /// What whoever opens it may do.
    pub role: RoleName,
    /// When it was made.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when it is good; `null`: until it is used.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub expires_at: Option<Timestamp>,
}

/// `GET /api/v1/admin/invites`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitesAnswer {
    /// Oldest first.
    pub invites: Vec<InviteBody>,
}

/// `POST /api/v1/invites/accept`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptRequest {
    /// What stands behind `#` in the link.
    #[schema(value_type = String)]
    pub token: Hidden,
    /// The name to sign in as: 1 to 64 visible ASCII characters without a comma.
    #[schema(example = "ada")]
    pub user: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    pub password: Hidden,
}

/// A provider that people sign in with besides their password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderBody {
    /// What people call it.
    #[schema(example = "Example Login")]
    pub name: String,
}

/// `GET /api/v1/oidc`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OidcBody {
    /// The provider; `null` where there is none.
    #[schema(required)]
    pub provider: Option<ProviderBody>,
}

/// `POST /api/v1/oidc/start`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcStartRequest {
    /// What stands behind `#` in the link of an invite.
    #[schema(value_type = String)]
    pub token: Hidden,
    /// The name to have here; without it, the one they have at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user: Option<String>,
}

/// Where the browser is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OidcStartAnswer {
    /// An address of the provider's.
    pub location: String,
}

/// Who somebody is at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IdentityBody {
    /// Names it in `/api/v1/identities/{id}`.
    pub id: String,
    /// The provider, as it calls itself.
    #[schema(example = "https://login.example.com")]
    pub issuer: String,
    /// What it calls them.
    pub label: String,
    /// Since when it is theirs.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When they last signed in by it.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
}

/// `GET /api/v1/identities`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IdentitiesAnswer {
    /// Oldest first.
    pub identities: Vec<IdentityBody>,
    /// They may sign in without any of them.
    pub has_password: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_out_of_logs() {
        let body = r#"{"user":"ada","password":"geheim"}"#;
        let read: SignInRequest = serde_json::from_str(body).unwrap();
        assert_eq!(read.password.0, "geheim");
        assert!(!format!("{read:?}").contains("geheim"));
        assert_eq!(serde_json::to_string(&read).unwrap(), body);
    }

    #[test]
    fn a_change_says_only_what_changes() {
        let read: UserChange = serde_json::from_str(r#"{"is_disabled":true}"#).unwrap();
        assert_eq!(read, UserChange { is_disabled: Some(true), ..UserChange::default() });
        assert!(serde_json::from_str::<UserChange>(r#"{"name":"x"}"#).is_err());
    }
}
