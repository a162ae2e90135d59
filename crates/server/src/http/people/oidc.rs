//! Signing in with an OpenID Connect provider.
//!
//! A browser is sent to the provider with a cookie that holds, sealed, what is needed when it comes back: so that any server
//! that shares the records can go on, and nothing is kept of those who never come back. The cookie is `SameSite=Lax`, since
//! the browser comes back from another site, and good for ten minutes and at these routes alone. Whoever comes back without
//! it, or with another's state, is turned away: a page of another site cannot sign anybody in as somebody else.
//!
//! A provider's word lets in who is known by it, and nobody by their name: `preferred_username` and `email` are what
//! anybody may have chosen there.

mod outcome;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use oidc::{Attempt, Provider, Seal};
use serde::{Deserialize, Serialize};
use store::records::{RecordError, Records, kept};
use wire::people::{OidcBody, OidcStartAnswer, OidcStartRequest, ProviderBody};
use wire::problem::Problem;

use self::outcome::Outcome;
use super::super::ApiState;
use super::super::problem::Refusal;
use super::super::query::Query;
use super::super::who::{cookie_named, origin, owned_login, people_of, same_site, set_cookie};
use super::invites::open_invite;
use crate::people::People;
use crate::people::peer::Origin;

/// The cookie of a browser that is at the provider.
const COOKIE: &str = "bellwether_oidc";
/// How long it may stay there, in seconds.
const AWAY_MAX_S: i64 = 600;
/// The longest way to go on to, in bytes.
const NEXT_BYTES_MAX: usize = 512;
/// What the provider is given to answer all that is asked while a browser waits; less than a request is.
const PROVIDER_WAIT: Duration = Duration::from_secs(9);
/// Under which name the key of the seal is kept.
const KEY: &str = "oidc_key";

/// The provider people may sign in with.
#[derive(Debug)]
pub struct Oidc {
    provider: Provider,
    /// What people call it.
    name: String,
    /// Whoever it knows may come in, as somebody new if need be.
    creates: bool,
    /// The page as people have it; without it, as the request says.
    page: Option<String>,
    seal: Seal,
}

impl Oidc {
    /// Signing in with this provider. Blocks.
    ///
    /// # Errors
    /// What the records say.
    pub fn new(
        provider: Provider,
        name: String,
        creates: bool,
        page: Option<String>,
        records: &Records,
    ) -> Result<Self, RecordError> {
        let damaged = |what: &str| RecordError::Damaged { what: what.to_owned() };
        let made = Seal::new_key().map_err(|error| damaged(&error.to_string()))?;
        // One key for all servers that share the records.
        let key = records.run_blocking(move |sql| kept::get_or_keep(sql, KEY, &made))?;
        let seal =
            Seal::new(&key, "oidc").ok_or_else(|| damaged("the key for sign-ins has another length"))?;
        Ok(Self { provider, name, creates, page, seal })
    }

    /// Where the provider sends browsers back to: the same for all, or as this browser reached us.
    fn redirect_uri(&self, headers: &HeaderMap, origin: Origin) -> Option<String> {
        const PATH: &str = "/api/v1/oidc/callback";
        if let Some(page) = &self.page {
            return Some(format!("{page}{PATH}"));
        }
        let host: Authority = headers.get(header::HOST)?.to_str().ok()?.parse().ok()?;
        Some(format!("{}://{host}{PATH}", if origin.is_tls { "https" } else { "http" }))
    }
}

/// What somebody wants of the provider's word.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Purpose {
    SignIn,
    /// It shall be theirs.
    Link {
        person: i64,
        login: i64,
    },
    /// They have an invite.
    Invite {
        token: String,
        user: Option<String>,
    },
}

/// What a browser carries while it is at the provider.
#[derive(Serialize, Deserialize)]
struct Away {
    attempt: Attempt,
    purpose: Purpose,
    /// Where to go on to.
    next: String,
    /// Seconds since 1970.
    until: i64,
    /// The login that this one follows, by its owner and its id: a browser coming from another site does not show it.
    before: Option<(i64, i64)>,
}

/// Whether a browser may be sent on there: within the page, by the letter. Browsers take `//` and `\` for another host.
fn is_local(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= NEXT_BYTES_MAX
        && path.bytes().all(is_plain)
}

fn seconds(people: &People) -> i64 {
    people.now().nanos().div_euclid(1_000_000_000)
}

fn oidc_of(state: &ApiState) -> Result<&Oidc, Refusal> {
    state.oidc.as_deref().ok_or_else(|| {
        Refusal::not_found_thing("nobody signs in with a provider here").with_code("no_provider")
    })
}

/// The cookie, or its end.
fn away_cookie(text: &str, is_tls: bool) -> HeaderValue {
    let age = if text.is_empty() { 0 } else { AWAY_MAX_S };
    let secure = if is_tls { "; Secure" } else { "" };
    let text = format!("{COOKIE}={text}; Path=/api/v1/oidc; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    // Base64 and the words above are good values.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Sends a browser on.
fn go(location: &str, cookies: Vec<HeaderValue>) -> Response {
    // What is no value would have been no address either.
    let location = HeaderValue::from_str(location).unwrap_or_else(|_| HeaderValue::from_static("/"));
    let cookies = cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)).collect();
    let cookies: AppendHeaders<Vec<_>> = AppendHeaders(cookies);
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)], cookies).into_response()
}

/// The provider that people may sign in with besides their password.
#[utoipa::path(
    get,
    path = "/api/v1/oidc",
    operation_id = "get_oidc",
    tag = "people",
    responses((status = 200, description = "The provider, or that there is none", body = OidcBody))
)]
pub(in super::super) async fn provider(State(state): State<ApiState>) -> Json<OidcBody> {
    let body = |oidc: &Oidc| ProviderBody { name: oidc.name.clone() };
    Json(OidcBody { provider: state.oidc.as_deref().map(body) })
}

/// What begins a sign-in.
struct Begin {
    purpose: Purpose,
    next: String,
    before: Option<(i64, i64)>,
}

/// Where the browser is to go, and the cookie it is to have there.
async fn begun(
    state: &ApiState,
    origin: Origin,
    headers: &HeaderMap,
    begin: Begin,
) -> Result<Result<(String, HeaderValue), Outcome>, Refusal> {
    let (oidc, people) = (oidc_of(state)?, people_of(state)?);
    let redirect_uri = oidc.redirect_uri(headers, origin);
    let redirect_uri = redirect_uri.ok_or_else(|| Refusal::bad_request("the header Host is missing"))?;
    let asked = match tokio::time::timeout(PROVIDER_WAIT, oidc.provider.begin(redirect_uri)).await {
        Ok(Ok(asked)) => asked,
        Ok(Err(fault)) => return Ok(Err(Outcome::of(&fault))),
        Err(_) => return Ok(Err(Outcome::Away)),
    };
    let (location, attempt) = asked;
    let Begin { purpose, next, before } = begin;
    let away = Away { attempt, purpose, next, until: seconds(people) + AWAY_MAX_S, before };
    // Plain numbers and texts always serialise.
    let plain = serde_json::to_vec(&away).unwrap_or_default();
    match oidc.seal.seal(&plain) {
        Ok(sealed) => Ok(Ok((location, away_cookie(&sealed, origin.is_tls)))),
        Err(fault) => Ok(Err(Outcome::of(&fault))),
    }
}

/// Sends a browser to the provider to sign in, or (`link=1`) to make who one is there a way to sign in here.
#[utoipa::path(
    get,
    path = "/api/v1/oidc/start",
    operation_id = "start_oidc",
    tag = "people",
    params(
        ("next" = Option<String>, Query, description = "Where to go on to: a way within the page, `/` without it"),
        ("link" = Option<String>, Query, description = "`1`: it shall be the signed-in person's own"),
    ),
    responses(
        (status = 303, description = "To the provider; or to `/sign-in?oidc=WORD`, which says why not"),
        (status = 400, description = "`next` leads elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A page of another site asked for a link", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no provider here (`no_provider`)", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The records cannot be used now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn start(
    State(state): State<ApiState>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refusal> {
    oidc_of(&state)?;
    let people = people_of(&state)?;
    let query = Query::of(&uri)?;
    let is_link = match query.text("link") {
        None => false,
        Some("1") => true,
        Some(_) => return Err(Refusal::bad_request("link may be 1")),
    };
    let next = query.text("next").unwrap_or(if is_link { "/settings" } else { "/" }).to_owned();
    if !is_local(&next) {
        return Err(Refusal::bad_request(
            "next must be a way within the page, such as /account, of at most 512 visible ASCII characters",
        ));
    }
    let before = owned_login(people, &headers).await?;
    let (origin, purpose) = (
        origin(people, peer, &headers),
        match (is_link, before) {
            (false, _) => Purpose::SignIn,
            (true, Some((person, login))) => {
                same_site(&headers)?;
                Purpose::Link { person, login }
            }
            (true, None) => return Ok(go(&Outcome::SignIn.page("/"), Vec::new())),
        },
    );
    let failed = if is_link { "/settings" } else { "/sign-in" };
    Ok(match begun(&state, origin, &headers, Begin { purpose, next, before }).await? {
        Ok((location, cookie)) => go(&location, vec![cookie]),
        Err(outcome) => go(&outcome.page(failed), Vec::new()),
    })
}

/// Tells where to send a browser whose person has the link of an invite. The link does not stand in the address, which
/// proxies write down.
#[utoipa::path(
    post,
    path = "/api/v1/oidc/start",
    operation_id = "start_oidc_invited",
    tag = "people",
    request_body = OidcStartRequest,
    responses(
        (status = 200, description = "Where to go; `Set-Cookie` has what is needed on the way back", body = OidcStartAnswer),
        (status = 403, description = "A page of another site asked", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no provider here (`no_provider`), or the link was used, is too old, or never was (`no_invite`)", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No name, or the body is not the JSON of this call", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The provider or the records cannot be used now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn start_invited(
    State(state): State<ApiState>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Json<OidcStartRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    same_site(&headers)?;
    oidc_of(&state)?;
    let people = people_of(&state)?;
    let OidcStartRequest { token, user } = Refusal::read(body)?;
    let user = user.filter(|user| !user.is_empty());
    if let Some(user) = &user {
        super::name_of(user)?;
    }
    if open_invite(people, &token.0).await?.is_none() {
        return Err(super::invites::gone());
    }
    let origin = origin(people, peer, &headers);
    let before = owned_login(people, &headers).await?;
    let purpose = Purpose::Invite { token: token.0, user };
    match begun(&state, origin, &headers, Begin { purpose, next: "/".to_owned(), before }).await? {
        Ok((location, cookie)) => {
            Ok(([(header::SET_COOKIE, cookie)], Json(OidcStartAnswer { location })).into_response())
        }
        Err(outcome) => Err(outcome.refusal()),
    }
}

/// Where the provider sends browsers back to. Good or bad, the page is next.
#[utoipa::path(
    get,
    path = "/api/v1/oidc/callback",
    operation_id = "finish_oidc",
    tag = "people",
    params(
        ("state" = Option<String>, Query, description = "As it was sent"),
        ("code" = Option<String>, Query, description = "The provider's word, to be given away for a token"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
    ),
    responses(
        (status = 303, description = "Signed in, with `Set-Cookie`, and on to where the way began; or to `/sign-in?oidc=WORD` or `/settings?oidc=WORD`, which says why not"),
        (status = 400, description = "The query cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no provider here (`no_provider`)", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn callback(
    State(state): State<ApiState>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refusal> {
    let (oidc, people) = (oidc_of(&state)?, people_of(&state)?);
    let query = Query::of(&uri)?;
    let origin = origin(people, peer, &headers);
    // Whatever comes of it, the cookie has had its use.
    let mut cookies = vec![away_cookie("", origin.is_tls)];
    let away = cookie_named(&headers, COOKIE)
        .and_then(|text| oidc.seal.open(text))
        .and_then(|plain| serde_json::from_slice::<Away>(&plain).ok())
        .filter(|away| query.text("state") == Some(&away.attempt.state) && away.until > seconds(people));
    let Some(away) = away else { return Ok(go(&Outcome::Late.page("/sign-in"), cookies)) };
    let failed = if matches!(away.purpose, Purpose::Link { .. }) { "/settings" } else { "/sign-in" };
    let claims = match tokio::time::timeout(PROVIDER_WAIT, claims(oidc, people, &away, &query)).await {
        Ok(claims) => claims,
        Err(_) => Err(Outcome::Away),
    };
    let came = match claims {
        Ok(claims) => outcome::come(&state, oidc, &away, &claims).await,
        Err(outcome) => Err(outcome),
    };
    let person = match came {
        Ok(Some(person)) => person,
        Ok(None) => return Ok(go(&away.next, cookies)),
        Err(outcome) => return Ok(go(&outcome.page(failed), cookies)),
    };
    let from = (origin.address, super::sign_in::agent(&headers));
    Ok(match people.sign_in(person, away.before, from).await {
        Ok(secret) => {
            cookies.push(set_cookie(secret.text(), origin.is_tls));
            go(&away.next, cookies)
        }
        Err(error) => {
            drop(super::failed(error));
            go(&Outcome::Records.page(failed), cookies)
        }
    })
}

/// Who the provider says has come.
async fn claims(oidc: &Oidc, people: &People, away: &Away, query: &Query) -> Result<oidc::Claims, Outcome> {
    if let Some(error) = query.text("error") {
        let denied = ["access_denied", "login_required", "consent_required", "interaction_required"];
        if denied.contains(&error) {
            return Err(Outcome::Denied);
        }
        tracing::warn!(error = wire::text::excerpt(error), "the provider for signing in refused");
        return Err(Outcome::Refused);
    }
    // A provider that names itself must be the one that was asked (RFC 9207).
    if query.text("iss").is_some_and(|issuer| issuer != oidc.provider.issuer()) {
        return Err(Outcome::Refused);
    }
    let code = query.text("code").ok_or(Outcome::Refused)?;
    let finished = oidc.provider.finish(&away.attempt, code, seconds(people)).await;
    finished.map_err(|fault| Outcome::of(&fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_on_within_the_page_only() {
        for good in ["/", "/account", "/symbol/BRK.B?x=1#y", "/a//b", "/%5c"] {
            assert!(is_local(good), "{good}");
        }
        let long = format!("/{}", "x".repeat(NEXT_BYTES_MAX));
        for bad in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb",
            "/ä",
            "/a b",
            &long,
        ] {
            assert!(!is_local(bad), "{bad}");
        }
    }

    #[test]
    fn the_cookie_is_for_the_way_back_and_no_longer() {
        assert_eq!(
            away_cookie("ab", true),
            "bellwether_oidc=ab; Path=/api/v1/oidc; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            away_cookie("", false),
            "bellwether_oidc=; Path=/api/v1/oidc; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }
}
