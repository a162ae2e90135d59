//! Opening the socket, and what a refused handshake means.

use std::sync::Arc;
use std::time::Duration;

use market::{Date, Timestamp};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::adapter::Endpoint;
use crate::{ErrorKind, FeedError, Retry};

/// An open connection.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What the connection itself may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketSettings {
    /// For the address to resolve, connect, and shake hands.
    pub connect_wait: Duration,
    /// For a frame of ours to leave.
    pub send_wait: Duration,
    /// Frames above this are dropped and counted.
    pub frame_bytes_max: usize,
    /// Frames above this end the connection: reading past them would cost the memory.
    pub frame_bytes_hard_max: usize,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            connect_wait: Duration::from_secs(15),
            send_wait: Duration::from_secs(10),
            frame_bytes_max: 1 << 20,
            frame_bytes_hard_max: 16 << 20,
        }
    }
}

/// Trust in the well-known authorities, from the binary itself, so that no platform file is needed.
pub(crate) fn tls() -> Result<rustls::ClientConfig, FeedError> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|b| b.with_root_certificates(roots).with_no_client_auth())
        .map_err(|e| FeedError::new(ErrorKind::Settings, "setting up TLS").caused_by(e))
}

/// Connects and shakes hands.
pub(super) async fn dial(
    endpoint: &Endpoint,
    settings: &SocketSettings,
    tls: &Arc<rustls::ClientConfig>,
    now: Timestamp,
) -> Result<Socket, FeedError> {
    let bad = |what: &str| FeedError::new(ErrorKind::Settings, format!("{what} of {}", endpoint.shown));
    let mut request = endpoint
        .url
        .expose()
        .into_client_request()
        // The cause may quote the address, and the address may hold a key.
        .map_err(|_| bad("cannot use the address"))?;
    for (name, value) in &endpoint.headers {
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| bad("cannot use a header"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(HeaderName::from_static(name), value);
    }
    let agent = HeaderValue::from_static(concat!("bellwether/", env!("CARGO_PKG_VERSION")));
    request.headers_mut().insert("user-agent", agent);
    let config = WebSocketConfig::default()
        .read_buffer_size(32 << 10)
        .write_buffer_size(8 << 10)
        .max_write_buffer_size(1 << 20)
        .max_message_size(Some(settings.frame_bytes_hard_max))
        .max_frame_size(Some(settings.frame_bytes_hard_max));
    let connector = Connector::Rustls(Arc::clone(tls));
    let attempt = connect_async_tls_with_config(request, Some(config), true, Some(connector));
    match tokio::time::timeout(settings.connect_wait, attempt).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(WsError::Http(answer))) => {
            Err(refusal(answer.status().as_u16(), answer.headers(), &endpoint.shown, now))
        }
        Ok(Err(error @ (WsError::Url(_) | WsError::HttpFormat(_)))) => {
            Err(bad("cannot use the address").caused_by(error))
        }
        Ok(Err(error)) => {
            Err(FeedError::new(ErrorKind::Network, format!("connecting to {}", endpoint.shown))
                .caused_by(error))
        }
        Err(_) => {
            Err(FeedError::new(ErrorKind::Network, format!("no answer from {} in time", endpoint.shown)))
        }
    }
}

/// What an HTTP status says of a stream's handshake.
fn refusal(status: u16, headers: &HeaderMap, shown: &str, now: Timestamp) -> FeedError {
    let asked = headers.get("retry-after").and_then(|v| retry_after(v.as_bytes(), now));
    let retry = asked.map_or(Retry::Backoff, Retry::After);
    match status {
        401 => FeedError::new(
            ErrorKind::Key,
            format!("{shown} does not know the key (401): correct it in the settings and restart"),
        ),
        403 => {
            FeedError::new(ErrorKind::Plan, format!("{shown} refuses the key's plan (403)")).retrying(retry)
        }
        429 => {
            let what =
                format!("{shown} refuses more connections for now (429): is the key in use elsewhere?");
            FeedError::new(ErrorKind::Limit, what).retrying(retry)
        }
        _ => FeedError::new(ErrorKind::Status(status), format!("{shown} answered {status}")).retrying(retry),
    }
}

/// A Retry-After header: seconds, or an HTTP date (`Sun, 06 Nov 1994 08:49:37 GMT`).
pub(crate) fn retry_after(value: &[u8], now: Timestamp) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.strip_suffix(" GMT")?.split(' ').skip(1);
    let day: i64 = words.next()?.parse().ok()?;
    let month_name = words.next()?;
    let month = MONTHS.iter().position(|m| *m == month_name)? as i64 + 1;
    let year: i64 = words.next().filter(|y| y.len() == 4)?.parse().ok()?;
    let time = words.next()?;
    let mut iso = Vec::with_capacity(24);
    Date::from_ymd(year, month, (1..=31).contains(&day).then_some(day)?).write(&mut iso);
    iso.push(b'T');
    iso.extend_from_slice(time.as_bytes());
    let then = Timestamp::parse(&iso).ok()?;
    Some(Duration::from_millis(u64::try_from(then.millis_since(now)).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_retry_after_in_both_forms() {
        let now = "1994-11-06T08:49:07Z".parse().unwrap();
        let read = |text: &str| retry_after(text.as_bytes(), now);
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(read(" 0 "), Some(Duration::ZERO));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(read("Sun, 06 Nov 1993 08:49:37 GMT"), Some(Duration::ZERO));
        for bad in ["", "-1", "soon", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn statuses_tell_key_plan_and_limit_apart() {
        let headers = HeaderMap::from_iter([(HeaderName::from_static("retry-after"), "7".parse().unwrap())]);
        let error = |status| refusal(status, &headers, "wss://x", Timestamp::EPOCH);
        assert_eq!((error(401).kind(), error(401).retry()), (ErrorKind::Key, Retry::Never));
        assert_eq!(error(403).kind(), ErrorKind::Plan);
        assert_eq!(error(429).retry(), Retry::After(Duration::from_secs(7)));
        assert_eq!(error(503).kind(), ErrorKind::Status(503));
    }
}
