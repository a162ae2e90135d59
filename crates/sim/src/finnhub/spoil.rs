//! Answers over REST gone wrong, on demand.

use std::io;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::faults::BadAnswer;

/// The answer as it is to be; with a bad one comes the `Retry-After` in seconds.
pub(crate) async fn spoil(bad: Option<(BadAnswer, u32)>, mut answer: Response) -> Response {
    let Some((bad, retry_after)) = bad else { return answer };
    match bad {
        BadAnswer::Good => answer,
        BadAnswer::Garbage => {
            *answer.body_mut() = Body::from("<html>{\"response\":[[[");
            answer.headers_mut().remove(header::CONTENT_LENGTH);
            answer
        }
        BadAnswer::Cut => {
            let (mut parts, body) = answer.into_parts();
            parts.headers.remove(header::CONTENT_LENGTH);
            // Our own bodies are whole and in memory.
            let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let half = whole.slice(..whole.len() / 2);
            let pieces = [Ok(half), Err(io::Error::other("cut on demand"))];
            Response::from_parts(parts, Body::from_stream(stream::iter(pieces)))
        }
        BadAnswer::Limit => {
            let headers = [(header::RETRY_AFTER, HeaderValue::from(retry_after))];
            (StatusCode::TOO_MANY_REQUESTS, headers, "{\"message\":\"API rate limit exceeded\"}")
                .into_response()
        }
        BadAnswer::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "upstream is away").into_response(),
    }
}
