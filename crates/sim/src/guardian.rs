//! A look-alike of The Guardian's open platform: its searches, items, sections and tags, its errors and limits.
//!
//! What it answers is described at <https://open-platform.theguardian.com/documentation/>. The articles are the simulated
//! market's; nothing is asked of the real service.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use market::Timestamp;
use serde_json::{Value, json};

/// What of an article is shown, and how.
mod item;
/// What a search asks for.
mod search;

use crate::finnhub::limit::Limiter;
use crate::finnhub::spoil::spoil;
use crate::finnhub::{Clock, Faults, members};
use crate::market::Market;

/// Where its paths begin.
pub const API_PREFIX: &str = "/guardian";

/// What a plan allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Calls in a day.
    pub calls_per_day: u32,
    /// Calls in a second.
    pub calls_per_second: u32,
    /// The most articles of a page; more than that are asked for in vain, and more than 200 are refused.
    pub page_size_most: usize,
}

impl Default for Settings {
    /// The developer key.
    fn default() -> Self {
        Self { calls_per_day: 500, calls_per_second: 1, page_size_most: 50 }
    }
}

/// All that the look-alike shares between calls.
pub(crate) struct Look {
    market: Arc<Market>,
    clock: Clock,
    key: String,
    settings: Settings,
    limiter: Mutex<Limiter>,
    faults: Arc<Faults>,
}

impl Look {
    pub(crate) fn new(
        market: Arc<Market>,
        clock: Clock,
        key: String,
        settings: Settings,
        faults: Arc<Faults>,
    ) -> Self {
        let limiter = Mutex::new(Limiter::daily(settings.calls_per_day, settings.calls_per_second));
        Self { market, clock, key, settings, limiter, faults }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// Why a call is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    /// The service cannot read it.
    Bad(String),
    /// There is no such thing.
    NotFound,
}

pub(crate) fn routes(look: Arc<Look>) -> Router {
    Router::new().route("/guardian/{*path}", any(call)).with_state(look)
}

async fn call(State(look): State<Arc<Look>>, method: Method, uri: Uri) -> Response {
    look.faults.delay().await;
    if let Some(retry_after) = look.faults.limited() {
        return limited(retry_after.into());
    }
    if method != Method::GET {
        return gateway(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
    }
    let bad = look.faults.bad_answer();
    spoil(bad, answered(&look, &uri)).await
}

fn answered(look: &Look, uri: &Uri) -> Response {
    let query = members(uri);
    match query.get("api-key").map(String::as_str) {
        None | Some("") => return gateway(StatusCode::UNAUTHORIZED, "No API key found in request"),
        Some(key) if key != look.key => {
            return gateway(StatusCode::UNAUTHORIZED, "Invalid authentication credentials");
        }
        Some(_) => {}
    }
    let now = look.now();
    let allowance = look.limiter.lock().unwrap_or_else(PoisonError::into_inner).call(now);
    if !allowance.allowed {
        let is_day = allowance.remaining == 0;
        return limited(if is_day { (allowance.reset - now.seconds()).max(1) } else { 1 });
    }
    let path = uri.path().strip_prefix(API_PREFIX).unwrap_or_default().trim_matches('/');
    let answer = match path {
        "search" => search::search(look, &query, now),
        "sections" => Ok(item::sections()),
        "tags" => Ok(item::tags()),
        id => item::one(look, id, &query, now),
    };
    match answer {
        Ok(answer) => body(StatusCode::OK, &answer),
        Err(Refusal::Bad(why)) => body(StatusCode::BAD_REQUEST, &error(&why)),
        Err(Refusal::NotFound) => {
            body(StatusCode::NOT_FOUND, &error("The requested resource could not be found."))
        }
    }
}

/// An error as the service words it.
fn error(message: &str) -> Value {
    json!({ "response": { "status": "error", "message": message } })
}

/// A refusal as the gateway before it words it.
fn gateway(status: StatusCode, message: &str) -> Response {
    body(status, &json!({ "message": message }))
}

fn limited(retry_after: i64) -> Response {
    let mut response = gateway(StatusCode::TOO_MANY_REQUESTS, "API rate limit exceeded");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

fn body(status: StatusCode, answer: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

#[cfg(test)]
mod tests;
