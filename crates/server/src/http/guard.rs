//! What surrounds every request: headers, timeout, panics, counting.

use std::any::Any;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use super::access::{Gate, admit};
use super::desk::timeout_of;
use super::metrics::{RequestLabels, Route};
use super::problem::Refusal;
use super::who::origin;

/// The page may run its own scripts and talk to its own server, and nothing else. Styles are set by
/// script in the chart, hence the exception for them.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; \
    frame-ancestors 'none'; base-uri 'none'";

pub(super) const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// For a year browsers ask by TLS only, once they did.
const ENCRYPTED_FROM_NOW_ON: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The request does not come from a page of another site: programs name no origin, and the browser names
/// this server's for its own page.
pub fn is_same_site(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        return matches!(site, None | Some(b"same-origin" | b"none"));
    };
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
    let origin = origin.as_bytes();
    let named = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
    named.is_some() && named == host
}

/// Surrounds every request: sees that whoever asks may, gives up on it after a while, answers for a handler that
/// panicked, counts the request under its route and status, and sets the headers every answer has.
///
/// One layer for all of it, since each costs every request an allocation and two moves of its answer.
pub(super) async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let state = &gate.state;
    let (is_shared, method) = (is_shared(&gate, &request), method_of(&request));
    let is_tls = is_tls(&gate, &request);
    let route = Route::of(request.extensions().get::<MatchedPath>());
    let timeout = timeout_of(request.uri().path(), state.request_timeout);
    let start = Instant::now();
    let answered = AssertUnwindSafe(admit(&gate, request, next)).catch_unwind();
    let mut response = match tokio::time::timeout(timeout, answered).await {
        Ok(Ok(response)) => response,
        Ok(Err(payload)) => {
            state.metrics.panics.inc();
            panicked(payload.as_ref()).into_response()
        }
        Err(_) => {
            state.metrics.timeouts.inc();
            Refusal::unavailable("the request took too long; try again").into_response()
        }
    };
    let labels = RequestLabels { method, route, status: response.status().as_u16() };
    state.metrics.requests.get_or_create(&labels).observe(start.elapsed().as_secs_f64());
    set_headers(&mut response, is_shared);
    if is_tls {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, ENCRYPTED_FROM_NOW_ON);
    }
    response
}

/// The request came by TLS, as far as a trusted proxy says.
fn is_tls(gate: &Gate, request: &Request) -> bool {
    let (people, peer) = (gate.state.people.as_ref(), request.extensions().get::<ConnectInfo<SocketAddr>>());
    people.zip(peer).is_some_and(|(people, peer)| origin(people, *peer, request.headers()).is_tls)
}

/// Sets the headers every answer has, and does nothing else.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    set_headers(&mut response, false);
    response
}

/// Market data may be read by pages of any origin: it is the same for everybody, and without
/// `Access-Control-Allow-Credentials` nothing of a signed-in person goes along. It stays limited to
/// reading: there is no answer to a preflight, so no other method and no special header passes.
fn is_shared(gate: &Gate, request: &Request) -> bool {
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    reading
        && match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
            Some(path) => path == "/openapi.json" || gate.table.is_shared(path, request.method()),
            // There is nothing there, which anybody may know.
            None => request.uri().path().starts_with("/api/"),
        }
}

fn set_headers(response: &mut Response, is_shared: bool) {
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_shared {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The method as it is counted: a client must not be able to make up labels.
fn method_of(request: &Request) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Answers a request whose handler panicked. What it panicked with is for the log alone.
pub(super) fn panicked(payload: &(dyn Any + Send)) -> Refusal {
    let reason = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(%reason, "a request panicked");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on our side")
}
