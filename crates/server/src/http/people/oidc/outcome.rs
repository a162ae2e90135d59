//! What becomes of somebody whom the provider knows.

use axum::http::StatusCode;
use oidc::{Claims, Fault};
use store::records::identity::{self, NewIdentity};
use store::records::person::{self, NO_PASSWORD, NewPerson, Role};
use store::records::{RecordError, login};

use super::super::super::ApiState;
use super::super::super::problem::Refusal;
use super::super::super::who::{people_of, unkept};
use super::super::invites::{self, Door};
use super::super::{name_of, users};
use super::{Away, Oidc, Purpose};

/// The longest name at a provider that is kept, in characters.
const LABEL_CHARACTERS_MAX: usize = 100;

/// Why somebody is not let in. The page has the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They, or the provider for them, said no.
    Denied,
    /// The provider cannot be reached.
    Away,
    /// The provider does not take us, or its word proves nothing.
    Refused,
    /// Begun too long ago, or in another browser.
    Late,
    /// Nobody here is known by it.
    Unknown,
    /// They may not sign in any more.
    Disabled,
    /// It lets somebody else in already.
    Taken,
    /// What they are called there cannot be their name here.
    Name,
    /// The link of the invite was used meanwhile.
    Invite,
    /// Only who is signed in has something to link.
    SignIn,
    /// As many are linked as may.
    TooMany,
    /// The records cannot be used.
    Records,
}

impl Outcome {
    /// What went wrong at the provider's. Its reasons are for the log.
    pub(super) fn of(fault: &Fault) -> Self {
        tracing::warn!(%fault, "nobody could sign in with the provider");
        match fault {
            Fault::Away(_) => Self::Away,
            Fault::Random => Self::Records,
            Fault::Answer(_) | Fault::Refused(_) | Fault::Token(_) => Self::Refused,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Away => "away",
            Self::Refused => "refused",
            Self::Late => "late",
            Self::Unknown => "unknown",
            Self::Disabled => "disabled",
            Self::Taken => "taken",
            Self::Name => "name",
            Self::Invite => "invite",
            Self::SignIn => "sign_in",
            Self::TooMany => "too_many",
            Self::Records => "records",
        }
    }

    /// Where the page says it.
    pub(super) fn page(self, at: &str) -> String {
        let at = if self == Self::SignIn { "/sign-in" } else { at };
        format!("{at}?oidc={}", self.word())
    }

    /// The same to who asked for JSON.
    pub(super) fn refusal(self) -> Refusal {
        Refusal::unavailable("the provider cannot be used now; try again, or choose a password")
            .with_code(self.word())
    }

    /// What kept a name from being free, or the records from answering.
    fn of_refusal(refusal: &Refusal) -> Self {
        if refusal.is_code("no_invite") {
            Self::Invite
        } else if refusal.status() == StatusCode::SERVICE_UNAVAILABLE {
            Self::Records
        } else {
            Self::Name
        }
    }
}

fn unanswered(error: RecordError) -> Outcome {
    match error {
        RecordError::Taken => Outcome::Taken,
        RecordError::TooMany { .. } => Outcome::TooMany,
        error => {
            // Says it to the log.
            drop(unkept(error));
            Outcome::Records
        }
    }
}

/// Somebody as the provider calls them.
fn identity_of(oidc: &Oidc, claims: &Claims) -> NewIdentity {
    let label = claims.email.as_ref().or(claims.user.as_ref()).unwrap_or(&claims.subject);
    let label = label.chars().filter(|c| !c.is_control()).take(LABEL_CHARACTERS_MAX).collect();
    NewIdentity { issuer: oidc.provider.issuer().to_owned(), subject: claims.subject.clone(), label }
}

/// The person to be signed in; nobody where the way was begun to link, which needs no new login.
pub(super) async fn come(
    state: &ApiState,
    oidc: &Oidc,
    away: &Away,
    claims: &Claims,
) -> Result<Option<i64>, Outcome> {
    let new = identity_of(oidc, claims);
    if let Purpose::Link { person, login } = away.purpose {
        link(state, person, login, new).await?;
        return Ok(None);
    }
    let people = people_of(state).map_err(|_| Outcome::Records)?;
    let (now, theirs) = (people.now(), new.clone());
    let found = people.records.run(move |sql| {
        let found = identity::find(sql, &theirs.issuer, &theirs.subject)?;
        if let Some((identity, _)) = &found {
            identity::used(sql, identity.id, &theirs.label, now)?;
        }
        Ok(found)
    });
    match (found.await.map_err(unanswered)?, &away.purpose) {
        (Some((_, person)), _) if person.disabled_at.is_some() => Err(Outcome::Disabled),
        // Who is somebody already needs no invite, and leaves it as it is.
        (Some((_, person)), _) => Ok(Some(person.id)),
        (None, Purpose::Invite { token, user }) => {
            invited(state, token, user.as_deref(), claims, new).await.map(Some)
        }
        (None, _) if oidc.creates => create(state, claims, new).await.map(Some),
        (None, _) => Err(Outcome::Unknown),
    }
}

/// Makes an identity one of somebody's, as long as the login they began with lasts.
async fn link(state: &ApiState, owner: i64, begun: i64, new: NewIdentity) -> Result<(), Outcome> {
    let people = people_of(state).map_err(|_| Outcome::Records)?;
    let now = people.now();
    let linked = people.records.run(move |sql| {
        let is_on = person::by_id(sql, owner)?.is_some_and(|person| person.disabled_at.is_none());
        if !is_on || !login::list(sql, owner)?.iter().any(|login| login.id == begun) {
            return Ok(false);
        }
        match identity::find(sql, &new.issuer, &new.subject)? {
            Some((_, person)) if person.id == owner => {}
            Some(_) => return Err(RecordError::Taken),
            None => drop(identity::insert(sql, owner, &new, now)?),
        }
        Ok(true)
    });
    if linked.await.map_err(unanswered)? { Ok(()) } else { Err(Outcome::SignIn) }
}

/// What the provider calls somebody, as names to have here.
fn names_of(claims: &Claims) -> Vec<String> {
    [&claims.user, &claims.email].into_iter().flatten().cloned().collect()
}

/// The first of some names that is one here and free.
async fn free_name(state: &ApiState, names: Vec<String>) -> Result<String, Outcome> {
    let people = people_of(state).map_err(|_| Outcome::Records)?;
    for text in names {
        let Ok(name) = name_of(&text) else { continue };
        let wanted = text.clone();
        let known = people.records.run(move |sql| person::by_name(sql, &wanted)).await;
        if known.map_err(unanswered)?.is_some() {
            continue;
        }
        match users::is_free(state, name, false).await {
            Ok(()) => return Ok(text),
            Err(refusal) => match Outcome::of_refusal(&refusal) {
                Outcome::Name => {}
                outcome => return Err(outcome),
            },
        }
    }
    Err(Outcome::Name)
}

/// Makes who has an invite somebody.
async fn invited(
    state: &ApiState,
    token: &str,
    user: Option<&str>,
    claims: &Claims,
    new: NewIdentity,
) -> Result<i64, Outcome> {
    let people = people_of(state).map_err(|_| Outcome::Records)?;
    let refused = |refusal: Refusal| Outcome::of_refusal(&refusal);
    let invite = invites::open_invite(people, token).await.map_err(refused)?.ok_or(Outcome::Invite)?;
    let name = match user {
        // A name that was chosen is that or none.
        Some(user) => free_name(state, vec![user.to_owned()]).await?,
        None => free_name(state, names_of(claims)).await?,
    };
    let added = invites::enter(people, &invite, name, Door::Identity(new)).await.map_err(refused)?;
    Ok(added.id)
}

/// Makes somebody new of who has come.
async fn create(state: &ApiState, claims: &Claims, new: NewIdentity) -> Result<i64, Outcome> {
    let people = people_of(state).map_err(|_| Outcome::Records)?;
    let name = free_name(state, names_of(claims)).await?;
    let now = people.now();
    let added = people.records.run(move |sql| {
        let password = NO_PASSWORD.to_owned();
        let person = NewPerson { name: name.clone(), role: Role::User, account: name.clone(), password };
        let added = person::insert(sql, &person, now)?;
        identity::insert(sql, added.id, &new, now)?;
        Ok(added)
    });
    let added = added.await.map_err(|error| match error {
        // Somebody was faster: they come in with the next try, or the name is gone.
        RecordError::Taken => Outcome::Name,
        error => unanswered(error),
    })?;
    people.added_person(&added);
    tracing::info!(user = wire::text::excerpt(&added.name), "somebody new signed in with the provider");
    Ok(added.id)
}
