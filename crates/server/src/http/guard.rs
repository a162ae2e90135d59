//! What surrounds every request: headers, timeout, panics, counting.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::ApiState;
use super::metrics::RequestLabels;
use super::problem::Refusal;

/// The page may run its own scripts and talk to its own server, and nothing else. Styles are set by
/// script in the chart, hence the exception for them.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; \
    frame-ancestors 'none'; base-uri 'none'";

const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Sets the headers every answer has.
///
/// Market data may be read by pages of any origin: it is the same for everybody, and without
/// `Access-Control-Allow-Credentials` nothing of a signed-in person goes along. It stays limited to
/// reading: there is no answer to a preflight, so no other method and no special header passes.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    let api = path.starts_with("/api/");
    let shared = reading && (api || matches!(path, "/openapi.json" | "/sources"));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if shared {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Counts a request under its route and status, with its duration.
pub(super) async fn count(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let method = match *request.method() {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::DELETE | Method::OPTIONS => {
            request.method().to_string()
        }
        _ => "other".to_owned(),
    };
    let route = request.extensions().get::<MatchedPath>().map_or("page", MatchedPath::as_str).to_owned();
    let start = Instant::now();
    let response = next.run(request).await;
    let labels = RequestLabels { method, route, status: response.status().as_u16() };
    state.metrics.requests.get_or_create(&labels).observe(start.elapsed().as_secs_f64());
    if response.extensions().get::<Panicked>().is_some() {
        state.metrics.panics.inc();
    }
    response
}

/// Gives up on a request that takes too long.
pub(super) async fn timeout(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(state.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            state.metrics.timeouts.inc();
            Refusal::unavailable("the request took too long; try again").into_response()
        }
    }
}

/// Marks the answer to a request that panicked.
#[derive(Clone)]
struct Panicked;

/// Answers a request whose handler panicked. What it panicked with is for the log alone.
pub(super) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let reason = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(%reason, "a request panicked");
    let mut response =
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on our side").into_response();
    response.extensions_mut().insert(Panicked);
    response
}
