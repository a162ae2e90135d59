//! The handshake at `GET /ws`, after which the bare socket belongs to the hub.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade;
use sha1::{Digest, Sha1};
use tokio::net::TcpStream;
use wire::problem::{PROBLEM_JSON, Problem};

use super::deflate;
use crate::http::{Admitted, Permit};
use crate::hub::Hub;

/// What RFC 6455 appends to the client's key.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The handler of `/ws`. The connection keeps the listener's permit, so that it counts as a connection
/// of its address for as long as it lives. What it may watch whoever stands before this handler has decided
/// ([`Admitted`]); where nobody has, it is a visitor.
pub fn route<S>(hub: Arc<Hub>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    get(handshake).with_state(hub)
}

async fn handshake(
    State(hub): State<Arc<Hub>>,
    permit: Option<Extension<Permit>>,
    admitted: Option<Extension<Admitted>>,
    request: Request,
) -> Response {
    let key = match websocket_key(request.headers()) {
        Ok(key) => key,
        Err(refusal) => return refusal.into_response(),
    };
    let compress = request
        .headers()
        .get_all(header::SEC_WEBSOCKET_EXTENSIONS)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .any(deflate::is_acceptable);
    let admitted = admitted.map_or_else(Admitted::visitor, |Extension(admitted)| admitted);
    tokio::spawn(async move {
        let upgraded = match hyper::upgrade::on(request).await {
            Ok(upgraded) => upgraded,
            // The client went away in the middle of its handshake.
            Err(error) => return tracing::debug!(%error, "a handshake was not finished"),
        };
        // The listener hands over plain sockets, so this fails only if that changes.
        let Ok(parts) = upgrade::downcast::<TokioIo<TcpStream>>(upgraded) else {
            return tracing::error!("the listener's connections are not plain TCP sockets");
        };
        match parts.io.into_inner().into_std() {
            Ok(socket) => {
                let guard = Box::new((permit, admitted.guard));
                hub.adopt(socket, parts.read_buf.to_vec(), compress, admitted.guest, guard);
            }
            Err(error) => tracing::warn!(%error, "cannot take a socket over"),
        }
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept(&key));
    if compress {
        headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(deflate::AGREEMENT));
    }
    response
}

/// Why a handshake is refused.
struct Refusal(StatusCode, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, detail) = self;
        let problem = Problem::new(status.as_u16(), status.canonical_reason().unwrap_or_default(), detail);
        let mut response = (status, axum::Json(problem)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UPGRADE_REQUIRED {
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}

fn websocket_key(headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let has_token = |name: header::HeaderName, token: &str| {
        let values = headers.get_all(name);
        let mut words = values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
        words.any(|word| word.trim().eq_ignore_ascii_case(token))
    };
    if !has_token(header::CONNECTION, "upgrade") || !has_token(header::UPGRADE, "websocket") {
        return Err(Refusal(StatusCode::UPGRADE_REQUIRED, "this address speaks WebSocket"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes) != Some(b"13") {
        return Err(Refusal(StatusCode::UPGRADE_REQUIRED, "only version 13 of WebSocket is spoken here"));
    }
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) if STANDARD.decode(key.as_bytes()).is_ok_and(|k| k.len() == 16) => Ok(key.clone()),
        _ => Err(Refusal(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64")),
    }
}

fn accept(key: &HeaderValue) -> HeaderValue {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(GUID);
    // Base64 is always a valid header value.
    HeaderValue::from_str(&STANDARD.encode(hash.finalize())).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_the_key_of_the_rfc() {
        let key = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept(&key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
