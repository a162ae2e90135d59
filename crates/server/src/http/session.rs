//! `GET /sources` and `POST /session`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, Uri};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wire::http::{SessionAnswer, SessionRequest, SourcesAnswer};
use wire::problem::Problem;

use super::problem::Refusal;
use super::{ApiState, BODY_BYTES_MAX};

/// Longest address taken, in bytes.
const URL_BYTES_MAX: usize = 2048;

/// Addresses the data comes from.
#[utoipa::path(
    get,
    path = "/sources",
    operation_id = "get_sources",
    tag = "sessions",
    responses((status = 200, description = "The addresses", body = SourcesAnswer))
)]
pub(super) async fn sources(State(state): State<ApiState>) -> Json<SourcesAnswer> {
    Json(SourcesAnswer { sources: state.sources.to_vec() })
}

/// Gives a client a session of its own and the address to connect to.
///
/// Nothing is kept for it: the id is the client's, and the address is the one it asked for.
#[utoipa::path(
    post,
    path = "/session",
    operation_id = "create_session",
    tag = "sessions",
    request_body = SessionRequest,
    responses(
        (status = 200, description = "The session", body = SessionAnswer),
        (status = 400, description = "The body is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is over 64 KiB", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(body: Result<Bytes, BytesRejection>) -> Result<Json<SessionAnswer>, Refusal> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a body may have at most {BODY_BYTES_MAX} bytes"),
        ),
        _ => Refusal::bad_request("the body could not be read"),
    })?;
    let what = r#"the body must be {"websocket_url":"ws://..."}"#;
    // serde would take an array for the members in their order.
    let request = Some(&body)
        .filter(|body| body.trim_ascii_start().starts_with(b"{"))
        .and_then(|body| serde_json::from_slice::<SessionRequest>(body).ok())
        .ok_or_else(|| Refusal::bad_request(what))?;
    check(&request.websocket_url)?;
    Ok(Json(SessionAnswer { session_id: random_id()?, websocket_url: request.websocket_url }))
}

fn check(url: &str) -> Result<(), Refusal> {
    let refusal = || {
        Refusal::bad_request("websocket_url must be an address of the form ws://host:port/path or wss://…")
    };
    if url.len() > URL_BYTES_MAX {
        return Err(Refusal::bad_request(format!("websocket_url must have at most {URL_BYTES_MAX} bytes")));
    }
    let uri: Uri = url.parse().map_err(|_| refusal())?;
    let scheme_ok = matches!(uri.scheme_str(), Some("ws" | "wss"));
    // A name and password do not belong in an address that is handed on, nor does a fragment.
    let authority_ok = uri.authority().is_some_and(|a| !a.as_str().contains('@') && !a.host().is_empty());
    if scheme_ok && authority_ok && !url.contains('#') { Ok(()) } else { Err(refusal()) }
}

/// 128 random bits.
fn random_id() -> Result<String, Refusal> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        Refusal::unavailable("no session can be made now; try again")
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
