//! Refusals as `application/problem+json`.

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use wire::problem::{PROBLEM_JSON, Problem};
use wire::text::excerpt;

/// A refusal: a status and, for the client, what was wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    detail: String,
}

impl Refusal {
    /// A refusal of this status; `detail` must not tell anything internal.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    /// 400: the request is not one the route understands.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 404: no such instrument.
    pub fn unknown_symbol(text: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("unknown symbol: {}", excerpt(text)))
    }

    /// 404: no such path.
    pub fn not_found(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is nothing at {}; see /docs", excerpt(path)))
    }

    /// 503: right, but not now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The body.
    pub fn problem(&self) -> Problem {
        let title = self.status.canonical_reason().unwrap_or("Error");
        Problem::new(self.status.as_u16(), title, self.detail.clone())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // A problem is four plain members: it always serialises.
        let body = serde_json::to_vec(&self.problem()).unwrap_or_default();
        let mut response =
            (self.status, [(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON))], body)
                .into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A path that exists, by a method it does not have. The router adds `Allow`.
pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} does not take {}", excerpt(uri.path()), excerpt(method.as_str())),
    )
}
