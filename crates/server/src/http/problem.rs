//! Refusals as `application/problem+json`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use wire::problem::{PROBLEM_JSON, Problem};
use wire::text::excerpt;

/// The longest reason for which a body cannot be read, in characters: it may repeat what was sent.
const REASON_CHARACTERS_MAX: usize = 300;

/// A refusal: a status and, for the client, what was wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    detail: String,
    code: Option<&'static str>,
    /// Seconds after which to try again.
    retry_after: Option<u64>,
}

impl Refusal {
    /// A refusal of this status; `detail` must not tell anything internal.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), code: None, retry_after: None }
    }

    /// 400: the request is not one the route understands.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 404: no such instrument.
    pub fn unknown_symbol(text: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("unknown symbol: {}", excerpt(text)))
            .with_code("unknown_symbol")
    }

    /// 404: no such path.
    pub fn not_found(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is nothing at {}; see /docs", excerpt(path)))
    }

    /// 404: no such thing, which `detail` names.
    pub fn not_found_thing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 403: not for whoever asks.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 409: it is not as the request takes it to be.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 422: a field is not what it must be.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// 429: not before so many seconds.
    pub fn wait(detail: impl Into<String>, wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self { retry_after: Some(seconds.max(1)), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// 413: more than is taken at once.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    /// 422: a field of a command cannot be read.
    pub fn fault(field: &str, fault: ledger::line::Fault) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{field}: {fault}")).with_code(fault.code())
    }

    /// 404: no such thing of one's own; `what` is the word for it.
    pub fn none(what: &str, text: &str) -> Self {
        Self::not_found_thing(format!("there is no {what} {}", excerpt(text)))
    }

    /// The body of a request, or why it cannot be read.
    pub fn read<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Self> {
        body.map(|Json(body)| body).map_err(|rejection| {
            let told = rejection.body_text();
            // The library's words before the reason, which names the member.
            let reason = told.rsplit_once("target type: ").map_or(&*told, |(_, reason)| reason);
            let reason: String = reason.chars().take(REASON_CHARACTERS_MAX).collect();
            Self::new(rejection.status(), reason).with_code("bad_request")
        })
    }

    /// The same, with a word for programs.
    #[must_use]
    pub fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Whether this is its word for programs.
    pub fn is_code(&self, code: &str) -> bool {
        self.code == Some(code)
    }

    /// 503: right, but not now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The body.
    pub fn problem(&self) -> Problem {
        let title = self.status.canonical_reason().unwrap_or("Error");
        Problem {
            code: self.code.map(str::to_owned),
            ..Problem::new(self.status.as_u16(), title, self.detail.clone())
        }
    }
}

impl Refusal {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body as it is sent.
    pub(super) fn body(&self) -> Vec<u8> {
        // A problem is four plain members: it always serialises.
        serde_json::to_vec(&self.problem()).unwrap_or_default()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response =
            (self.status, [(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON))], self.body())
                .into_response();
        let retry_after = match self.status {
            StatusCode::SERVICE_UNAVAILABLE => Some(1),
            _ => self.retry_after,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
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
/// The number of a record, as clients carry it in a path; what is none names nothing.
pub(super) fn id_of(what: &str, text: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| Refusal::none(what, text))
}
