//! Requests to the provider: of bounded time, and answers of bounded length.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::Fault;
use crate::provider::SetUpError;

/// Until a connection stands.
const CONNECT_WAIT: Duration = Duration::from_secs(3);
/// Until an answer is whole.
const ANSWER_WAIT: Duration = Duration::from_secs(4);
/// The longest answer.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Makes the client. `authorities` is a file of certificates that are trusted besides those of the internet.
pub(crate) fn client(authorities: Option<&Path>) -> Result<Client, SetUpError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = authorities {
        let bad = |error: &dyn std::fmt::Display| SetUpError(format!("{}: {error}", path.display()));
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| bad(&error))? {
            let certificate = certificate.map_err(|error| bad(&error))?;
            roots.add(certificate).map_err(|error| bad(&error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetUpError(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("bellwether/", env!("CARGO_PKG_VERSION")))
        // Nothing of the standard needs one, and a secret is sent along.
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_WAIT)
        .timeout(ANSWER_WAIT)
        .pool_idle_timeout(Duration::from_secs(30))
        .build()
        .map_err(|error| SetUpError(error.to_string()))
}

/// Whether secrets may be sent there: over TLS, or within this machine.
pub(crate) fn is_safe(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Domain(name))) => name == "localhost",
        ("http", Some(url::Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(url::Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

/// Sends a request; the status, and the body as far as it may be long.
pub(crate) async fn send(request: RequestBuilder, what: &str) -> Result<(StatusCode, Vec<u8>), Fault> {
    let away = |error: reqwest::Error| {
        let why = if error.is_timeout() { "does not answer in time" } else { "cannot be reached" };
        Fault::Away(format!("{what} {why}: {}", error.without_url()))
    };
    let answer = request.header("accept", "application/json").send().await.map_err(away)?;
    let status = answer.status();
    let body = body(answer).await.map_err(away)?;
    let body =
        body.ok_or_else(|| Fault::Answer(format!("{what} is longer than {ANSWER_BYTES_MAX} bytes")))?;
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Fault::Away(format!("{what}: it answered {status}")));
    }
    Ok((status, body))
}

async fn body(mut answer: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
