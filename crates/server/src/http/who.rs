//! Who asks: by a login's cookie, an API key, the operator's key, or nobody.
//!
//! Against forged requests from pages of other sites stand, for everything personal:
//!
//! 1. the cookie is `SameSite=Strict`: a browser does not send it with what another site began;
//! 2. a request whose `Origin` (or, without one, `Sec-Fetch-Site`) names another site is refused, whatever it
//!    shows, so that the local user without a cookie is safe too;
//! 3. what a login changes by `POST` must have a content type that no form can send, or a header that no form can
//!    set. Pages of other sites would have to ask first (a CORS preflight), and are never answered. `PUT`,
//!    `PATCH` and `DELETE` always have to. A script that is no browser, which sends neither `Origin` nor
//!    `Sec-Fetch-Site`, may leave the content type out where it sends no body.
//!
//! Each of them suffices alone in today's browsers, which send at least one of those two headers with every `POST`; no
//! token is kept that a page would have to carry about.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ledger::UserName;
use wire::desk::AccountBody;
use wire::text::excerpt;

use super::ApiState;
use super::guard::is_same_site;
use super::problem::Refusal;
use crate::hub::guest::{Guest, Tie};
use crate::people::People;
use crate::people::identity::{Access, By, Denied, Scope, Who, permit};
use crate::people::peer::Origin;

/// The cookie of a login.
pub(super) const COOKIE: &str = "bellwether_login";
/// What a script in the page sets where it sends no body.
const OWN_HEADERS: [&str; 2] = ["x-bellwether", "idempotency-key"];
/// Content types that a form of any site can send.
const OF_FORMS: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// Who asks for something that wants to know; `None` where it does not.
pub(super) async fn asks(
    state: &ApiState,
    access: Access,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Who>, Refusal> {
    let is_open = match access {
        Access::Anyone => true,
        Access::Prices => state.people.as_ref().is_none_or(|people| !people.requires_sign_in),
        Access::User(_) | Access::Operator => false,
    };
    if is_open {
        return Ok(None);
    }
    same_site(headers)?;
    let people = people_of(state)?;
    let who = identified(people, headers).await?;
    permit(access, who.as_ref(), people.requires_sign_in).map_err(|denied| refused(denied, people))?;
    if let Some(Who { by: By::Login(_), .. }) = who
        && !is_own_script(method, headers)
    {
        return Err(Refusal::forbidden(
            "a POST of a login must be JSON, or have the header X-Bellwether: forms of other sites have neither",
        ));
    }
    Ok(who)
}

/// The people of this process.
pub(super) fn people_of(state: &ApiState) -> Result<&Arc<People>, Refusal> {
    state.people.as_ref().ok_or_else(|| Refusal::unavailable("people are kept by another process"))
}

/// Refuses what a page of another site began.
pub(super) fn same_site(headers: &HeaderMap) -> Result<(), Refusal> {
    if is_same_site(headers) {
        return Ok(());
    }
    Err(Refusal::forbidden("pages of other sites may not do this"))
}

fn refused(denied: Denied, people: &People) -> Refusal {
    let unauthorized = |detail: &str| Refusal::new(StatusCode::UNAUTHORIZED, detail).with_code("sign_in");
    match denied {
        Denied::SignIn if people.is_empty() => unauthorized(
            "there is nobody yet: open the link that was printed at the first start, or make another with \
             bellwether invite",
        ),
        Denied::SignIn => unauthorized("sign in, or send an API key as Authorization: Bearer KEY"),
        Denied::Operator => unauthorized(
            "this is for the operator: sign in as one, or send the header Authorization: Bearer KEY",
        ),
        Denied::NotOperator => Refusal::forbidden("this is for operators").with_code("not_operator"),
        Denied::Scope(Scope::Own) => {
            Refusal::forbidden("no key allows this: sign in").with_code("missing_scope")
        }
        Denied::Scope(scope) => {
            Refusal::forbidden(format!("the key does not allow this: it needs {}", scope.name()))
                .with_code("missing_scope")
        }
    }
}

/// Whoever the headers show, and else the local user, while there is one. A key that is wrong is refused, not
/// passed over; a cookie of a login that has ended is nobody's.
async fn identified(people: &People, headers: &HeaderMap) -> Result<Option<Who>, Refusal> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let Some(key) = bearer(value) else { return Err(wrong_key()) };
        return people.by_key(key).await.map_err(unkept)?.map(Some).ok_or_else(wrong_key);
    }
    if let Some(text) = cookie(headers)
        && let Some(who) = people.by_login(text).await.map_err(unkept)?
    {
        return Ok(Some(who));
    }
    Ok(people.local_user().filter(|_| names_this_machine(headers)))
}

/// The request was sent to this machine by a name or address that only it has for itself. A page of another site
/// whose name was made to lead here (DNS rebinding), and a proxy that nobody told us of, name another.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(authority) = host.to_str().unwrap_or_default().parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A request of no other site's page shows the operator's key.
pub(super) fn shows_operator_key(people: &People, headers: &HeaderMap) -> bool {
    let key = headers.get(header::AUTHORIZATION).and_then(bearer);
    is_same_site(headers) && key.is_some_and(|key| people.is_operator_key(key))
}

/// The login a request comes with, if any.
pub(super) async fn login_of(people: &People, headers: &HeaderMap) -> Result<Option<Who>, Refusal> {
    match cookie(headers) {
        Some(text) => people.by_login(text).await.map_err(unkept),
        None => Ok(None),
    }
}

/// The owner and the id of the login a request comes with, if any.
pub(super) async fn owned_login(people: &People, headers: &HeaderMap) -> Result<Option<(i64, i64)>, Refusal> {
    Ok(login_of(people, headers).await?.and_then(|who| match who.by {
        By::Login(id) => Some((who.owner, id)),
        _ => None,
    }))
}

fn wrong_key() -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "the key is not the operator's, and no API key that is good now")
        .with_code("wrong_key")
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE)
}

/// The text of a cookie.
pub(super) fn cookie_named<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, text)| text)
}

/// A form of another site cannot have sent this.
fn is_own_script(method: &Method, headers: &HeaderMap) -> bool {
    if *method != Method::POST || OWN_HEADERS.iter().any(|name| headers.contains_key(*name)) {
        return true;
    }
    if !headers.contains_key(header::CONTENT_TYPE) {
        return !headers.contains_key(header::ORIGIN) && !headers.contains_key("sec-fetch-site");
    }
    let essence = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence =
        essence.and_then(|text| text.split(';').next()).map(|text| text.trim().to_ascii_lowercase());
    essence.is_some_and(|essence| !essence.is_empty() && !OF_FORMS.contains(&&*essence))
}

/// The records failed. What they said is for the log alone.
pub(super) fn unkept(error: store::records::RecordError) -> Refusal {
    use store::records::RecordError as E;
    match error {
        E::TooMany { most } => Refusal::new(
            StatusCode::CONFLICT,
            format!("there are {most} already, which is the most; remove one first"),
        )
        .with_code("too_many"),
        E::Busy => Refusal::unavailable("too much is being stored at this moment; try again"),
        error => {
            tracing::error!(%error, "the records of people failed");
            Refusal::unavailable("the records of people cannot be used now; try again")
        }
    }
}

/// Where a request comes from.
pub(super) fn origin(
    people: &People,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: &HeaderMap,
) -> Origin {
    people.proxies.origin(peer.ip(), headers)
}

/// Sets the login's cookie, or takes it away.
pub(super) fn set_cookie(text: &str, is_tls: bool) -> HeaderValue {
    let secure = if is_tls { "; Secure" } else { "" };
    // Longer than any login lasts; the server ends it.
    let age = if text.is_empty() { 0 } else { 180 * 86_400 };
    let text = format!("{COOKIE}={text}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
    // Hexadecimal digits and the words above are good values.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// What a connection may watch, and what is to be kept for as long as it lasts.
#[derive(Clone)]
pub struct Admitted {
    /// What it may watch.
    pub guest: Guest,
    /// To be dropped with the connection.
    pub guard: Option<Arc<dyn fmt::Debug + Send + Sync>>,
}

impl Admitted {
    /// Nobody: prices and nothing else.
    pub fn visitor() -> Self {
        Self { guest: Guest::VISITOR, guard: None }
    }
}

/// Decides before the handshake of a WebSocket what the connection may watch. A page of another site is nobody,
/// whatever its browser sends along.
pub(super) async fn greet(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let admitted = match &state.people {
        None => Ok(Admitted::visitor()),
        Some(people) => admitted(&state, people, request.headers()).await,
    };
    match admitted {
        Ok(admitted) => {
            request.extensions_mut().insert(admitted);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn admitted(state: &ApiState, people: &Arc<People>, headers: &HeaderMap) -> Result<Admitted, Refusal> {
    let who = match is_same_site(headers) {
        true => identified(people, headers).await?,
        false => None,
    };
    let may = |access| permit(access, who.as_ref(), people.requires_sign_in).is_ok();
    let tie = who.and_then(|who| match who.by {
        By::Local => Some(Tie::Local),
        By::OperatorKey => None,
        By::Login(id) => Some(Tie::Login(id)),
        By::Key { id, .. } => Some(Tie::Key(id)),
    });
    let account = who.filter(|_| may(Access::User(Scope::Read))).map(|who| who.account);
    let lists = who.filter(|_| may(Access::User(Scope::Read))).map(|who| who.owner);
    let socket = people.socket(tie, account.filter(|_| state.desk.is_some()), lists);
    if let (Some(watch), Some(user)) = (&socket.account, account)
        && watch.is_first
    {
        show_account(state, people, user).await;
    }
    if let Some(watch) = socket.lists.as_ref().filter(|watch| watch.is_first) {
        people.changed_lists(watch.owner.0).await;
        people.changed_alerts(watch.owner.0).await;
    }
    let account = socket.account.as_ref().map(|watch| watch.viewer);
    let owner = socket.lists.as_ref().map(|watch| watch.owner);
    let guest = Guest { sees_prices: may(Access::Prices), account, owner, tie };
    Ok(Admitted { guest, guard: Some(Arc::new(socket)) })
}

/// Brings what is there, before anything happens.
async fn show_account(state: &ApiState, people: &People, user: UserName) {
    let Some(desk) = &state.desk else { return };
    match desk.desk.account(user).await {
        Ok(view) => {
            let shard = desk.desk.shard_of(&user).number();
            people.show_account(&user, AccountBody::of(&user, &view, shard));
        }
        Err(error) => tracing::debug!(%error, user = excerpt(user.as_str()), "an account cannot be shown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let found = |text: &str| cookie(&headers(&[("cookie", text)])).map(str::to_owned);
        assert_eq!(found("bellwether_login=abc"), Some("abc".into()));
        assert_eq!(found("a=b; bellwether_login=abc; c=d"), Some("abc".into()));
        assert_eq!(found("xbellwether_login=abc; bellwether_logins=x; bellwether_login"), None);
        let two = headers(&[("cookie", "a=b"), ("cookie", "bellwether_login=x")]);
        assert_eq!(cookie(&two), Some("x"));
    }

    #[test]
    fn what_a_form_can_send_is_not_a_scripts() {
        let own = |method: Method, pairs: &[(&'static str, &str)]| is_own_script(&method, &headers(pairs));
        // A page of another site can send nothing at all, but its browser says so.
        assert!(!own(Method::POST, &[("origin", "http://evil.example")]));
        assert!(!own(Method::POST, &[("sec-fetch-site", "cross-site")]));
        assert!(own(Method::POST, &[]));
        for bad in ["", "text/plain", "Text/Plain; charset=utf-8", "multipart/form-data; boundary=x"] {
            assert!(!own(Method::POST, &[("content-type", bad)]), "{bad:?}");
        }
        assert!(own(Method::POST, &[("content-type", "application/json")]));
        assert!(own(Method::POST, &[("content-type", "text/csv; charset=utf-8")]));
        assert!(own(Method::POST, &[("x-bellwether", "1")]));
        assert!(own(Method::POST, &[("content-type", "text/plain"), ("idempotency-key", "a")]));
        assert!(own(Method::DELETE, &[]) && own(Method::GET, &[]));
    }

    #[test]
    fn the_local_user_comes_by_a_name_of_this_machine() {
        for good in ["127.0.0.1:8080", "localhost", "LocalHost:1", "[::1]:8080", "127.9.9.9"] {
            assert!(names_this_machine(&headers(&[("host", good)])), "{good}");
        }
        for bad in ["example.com", "localhost.example.com:8080", "10.0.0.1", "[fe80::1]", "a b"] {
            assert!(!names_this_machine(&headers(&[("host", bad)])), "{bad}");
        }
        assert!(names_this_machine(&HeaderMap::new()));
    }

    #[test]
    fn a_cookie_is_no_scripts_and_no_other_sites() {
        assert_eq!(
            set_cookie("ab", true),
            "bellwether_login=ab; Path=/; Max-Age=15552000; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(set_cookie("", false), "bellwether_login=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    }
}
