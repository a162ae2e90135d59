//! Calls in, answers out: key, limits, then the path.

use std::collections::HashMap;
use std::sync::PoisonError;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::limit::Allowance;
use super::spoil::spoil;
use super::{API_PREFIX, Look, Shared, Token, answer, members};

/// What Finnhub says to a wrong key.
pub(super) const BAD_KEY: &str = "Invalid API key";
const NO_ACCESS: &str = "You don't have access to this resource.";
const LIMIT: &str = "API limit reached. Please try again later. Remaining Limit: 0";

/// An answer before it has its headers: JSON, or a refusal.
pub(super) type Answer = Result<Bytes, Refusal>;

/// Why a call is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The plan does not include it.
    NoAccess,
    /// There is no such path.
    NotFound,
    /// A member of the query is missing or cannot be read.
    BadQuery(&'static str),
}

impl Refusal {
    fn parts(self) -> (StatusCode, &'static str) {
        match self {
            Self::NoAccess => (StatusCode::FORBIDDEN, NO_ACCESS),
            Self::NotFound => (StatusCode::NOT_FOUND, "API not found"),
            Self::BadQuery(why) => (StatusCode::UNPROCESSABLE_ENTITY, why),
        }
    }
}

/// Answers one call.
pub(super) async fn call(State(look): Shared, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    look.faults.delay().await;
    if let Some(retry_after) = look.faults.limited() {
        return limited(Some(retry_after));
    }
    if method != Method::GET {
        return error(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
    }
    let bad = look.faults.bad_answer();
    spoil(bad, answered(&look, &uri, &headers)).await
}

fn answered(look: &Look, uri: &Uri, headers: &HeaderMap) -> Response {
    let query = members(uri);
    match look.token(&query, headers) {
        Token::Good => {}
        Token::Bad => return error(StatusCode::UNAUTHORIZED, BAD_KEY),
        Token::Empty => return limited(None),
    }
    let allowance = look.limiter.lock().unwrap_or_else(PoisonError::into_inner).call(look.now());
    let mut response = if allowance.allowed {
        match answer_to(look, &path(uri), &query) {
            Ok(body) => json(StatusCode::OK, body),
            Err(refusal) => {
                let (status, message) = refusal.parts();
                error(status, message)
            }
        }
    } else {
        limited(None)
    };
    add_allowance(response.headers_mut(), allowance);
    response
}

fn answer_to(look: &Look, path: &str, query: &HashMap<String, String>) -> Answer {
    match path {
        "stock/symbol" => answer::symbols(look, query),
        "quote" => answer::quote(look, query),
        "search" => answer::search(look, query),
        "stock/profile2" => answer::profile(look, query),
        "stock/metric" => answer::metric(look, query),
        "stock/candle" | "crypto/candle" if !look.settings.candles => Err(Refusal::NoAccess),
        "stock/candle" | "crypto/candle" => answer::candle(look, query),
        "stock/market-status" => answer::market_status(look, query),
        "stock/market-holiday" => answer::market_holiday(look, query),
        "crypto/exchange" => answer::crypto_exchanges(look),
        "crypto/symbol" => answer::crypto_symbols(look, query),
        "company-news" => super::news::of_company(look, query),
        "news" => super::news::general(look, query),
        // Paid on every plan that this look-alike could be.
        "stock/profile" | "stock/executive" | "stock/dividend" | "stock/tick" | "stock/bidask"
        | "press-releases" | "stock/price-target" | "forex/rates" | "forex/candle" | "stock/split" => {
            Err(Refusal::NoAccess)
        }
        _ => Err(Refusal::NotFound),
    }
}

/// The path after the prefix, without doubled slashes.
fn path(uri: &Uri) -> String {
    let path = uri.path().strip_prefix(API_PREFIX).unwrap_or_default();
    path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

fn add_allowance(headers: &mut HeaderMap, allowance: Allowance) {
    headers.insert("x-ratelimit-limit", HeaderValue::from(allowance.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(allowance.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(allowance.reset));
}

fn json(status: StatusCode, body: Bytes) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}

/// A refusal as Finnhub words it.
pub(super) fn error(status: StatusCode, message: &str) -> Response {
    json(status, Bytes::from(serde_json::json!({ "error": message }).to_string()))
}

/// The refusal of a call too many.
pub(super) fn limited(retry_after: Option<u32>) -> Response {
    let mut response = error(StatusCode::TOO_MANY_REQUESTS, LIMIT);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
