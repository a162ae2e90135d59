//! Requests to places that people chose, of which none may lead where it must not.
//!
//! The rule of [`reach`](crate::reach) is applied by the resolver of the client itself: the addresses it gives are those
//! that are connected to, so a name that leads elsewhere a moment later (DNS rebinding) changes nothing. Redirects are
//! not followed and no proxy of the environment is used. Without TLS only networks are reached that the operator has named.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url};

use crate::Fault;
use crate::fault::retry_after;
use crate::reach::Reach;

/// The longest address, in bytes.
pub(crate) const URL_BYTES_MAX: usize = 2_048;
/// Until a connection stands.
const CONNECT_WAIT: Duration = Duration::from_secs(7);
/// Until an answer is there.
const ANSWER_WAIT: Duration = Duration::from_secs(15);
/// So much of an answer is read, that its connection may be used again.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// The clients cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client for notices: {0}")]
pub struct WebError(String);

/// Requests to places that people chose. Cheap to clone.
#[derive(Clone)]
pub struct Web {
    tls: Client,
    plain: Client,
    reach: Arc<Reach>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// Which addresses a client may connect to.
#[derive(Clone)]
struct Guard {
    reach: Arc<Reach>,
    is_tls: bool,
}

/// A name leads only to where nothing is sent.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Closed(&'static str);

const CLOSED: &str = "its address is private, and this server sends nothing there; its operator may allow that with \
                      --allow-private-targets, or one network with notify_networks";
const CLOSED_PLAIN: &str = "without TLS nothing is sent to the internet: give an address with https";

impl Guard {
    fn allows(&self, address: IpAddr) -> bool {
        if self.is_tls { self.reach.allows(address) } else { self.reach.is_named(address) }
    }

    fn closed(&self) -> Closed {
        Closed(if self.is_tls { CLOSED } else { CLOSED_PLAIN })
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| guard.allows(address.ip())).collect();
            match allowed.is_empty() {
                true => Err(guard.closed().into()),
                false => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

impl Web {
    /// Makes the clients.
    ///
    /// # Errors
    /// [`WebError`].
    pub fn new(reach: Reach) -> Result<Self, WebError> {
        let reach = Arc::new(reach);
        let client = |is_tls| {
            let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let tls = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| WebError(error.to_string()))?
                .with_root_certificates(roots)
                .with_no_client_auth();
            Client::builder()
                .tls_backend_preconfigured(tls)
                .user_agent(concat!("bellwether/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(Guard { reach: Arc::clone(&reach), is_tls })
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_WAIT)
                .timeout(ANSWER_WAIT)
                .pool_max_idle_per_host(4)
                .pool_idle_timeout(Duration::from_secs(30))
                .build()
                .map_err(|error| WebError(error.to_string()))
        };
        Ok(Self { tls: client(true)?, plain: client(false)?, reach })
    }

    /// Reads an address that somebody gave. Where its name leads is seen when something is sent.
    ///
    /// # Errors
    /// What is wrong, and the mend.
    pub fn read_url(&self, text: &str) -> Result<Url, String> {
        if text.len() > URL_BYTES_MAX {
            return Err(format!("the address is longer than {URL_BYTES_MAX} bytes"));
        }
        let url = Url::parse(text.trim())
            .map_err(|_| "the address cannot be read; it must be like https://example.com/hook".to_owned())?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err("the address must name a host".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "the address must hold no user and no password; send them as a header Authorization".into()
            );
        }
        match url.scheme() {
            "https" => {}
            "http" if !self.reach.is_public_only() => {}
            "http" => return Err(CLOSED_PLAIN.into()),
            _ => return Err("the address must begin with https://".into()),
        }
        self.check_literal(&url).map_err(|closed| closed.to_string())?;
        Ok(url)
    }

    fn guard(&self, url: &Url) -> Guard {
        Guard { reach: Arc::clone(&self.reach), is_tls: url.scheme() != "http" }
    }

    /// Addresses that are numbers are not resolved, so they are looked at here.
    fn check_literal(&self, url: &Url) -> Result<(), Closed> {
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let guard = self.guard(url);
        // Which always names this machine (RFC 6761), so it need not be resolved either.
        let name = host.trim_end_matches('.');
        let is_here = name == "localhost" || name.ends_with(".localhost");
        let address = if is_here { Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { host.parse::<IpAddr>() };
        match address {
            Ok(address) if !guard.allows(address) => Err(guard.closed()),
            _ => Ok(()),
        }
    }

    /// Sends a body. What is answered beside the status is read for politeness and told to nobody.
    pub(crate) async fn post(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<(), Fault> {
        self.check_literal(url).map_err(|closed| Fault::never(closed.to_string()))?;
        let client = if url.scheme() == "http" { &self.plain } else { &self.tls };
        let sent = client.post(url.clone()).headers(headers).body(body).send().await;
        let mut answer = sent.map_err(|error| broken(&error))?;
        let status = answer.status();
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|text| retry_after(text, SystemTime::now()));
        let mut read = 0;
        while read < ANSWER_BYTES_MAX {
            match answer.chunk().await {
                Ok(Some(chunk)) => read += chunk.len(),
                Ok(None) | Err(_) => break,
            }
        }
        told(status, after)
    }
}

/// What a status says of the delivery.
fn told(status: StatusCode, after: Option<Duration>) -> Result<(), Fault> {
    let code = status.as_u16();
    match code {
        200..=299 => Ok(()),
        300..=399 => Err(Fault::never(format!(
            "the receiver answered {code}, a redirect, which is not followed: give the address it leads to"
        ))),
        410 => Err(Fault::Gone { why: "the receiver answered 410: it has ended".into() }),
        408 | 425 | 429 | 500.. => Err(Fault::Later { why: format!("the receiver answered {code}"), after }),
        401 | 403 => Err(Fault::never(format!("the receiver answered {code}: it does not let us in"))),
        404 => Err(Fault::never("the receiver answered 404: there is nothing at this address")),
        413 => Err(Fault::never("the receiver answered 413: the message is too large for it")),
        _ => Err(Fault::never(format!("the receiver answered {code}: it does not take this message"))),
    }
}

/// Why a request did not come through. Of the error's own text only what is known to be harmless is told: it has the
/// address, which is a secret.
fn broken(error: &reqwest::Error) -> Fault {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(Closed(why)) = cause.downcast_ref() {
            return Fault::never(*why);
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Fault::later(format!("no TLS connection could be made: {tls}"));
        }
        // An I/O error may hold another within, which its source passes over.
        let within = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(tls) = within.and_then(|within| within.downcast_ref::<rustls::Error>()) {
            return Fault::later(format!("no TLS connection could be made: {tls}"));
        }
        source = cause.source();
    }
    Fault::later(if error.is_timeout() {
        "the receiver did not answer in time"
    } else if error.is_connect() {
        "the receiver cannot be reached"
    } else {
        "the connection to the receiver broke"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(networks: &[&str]) -> Web {
        let networks: Vec<String> = networks.iter().map(|n| (*n).to_owned()).collect();
        Web::new(Reach::read(&networks).unwrap()).unwrap()
    }

    #[test]
    fn addresses_are_checked_when_they_are_given() {
        let (open, home) = (web(&[]), web(&["192.168.1.0/24"]));
        assert!(open.read_url(" https://hooks.example.com/a?b=c ").is_ok());
        assert!(home.read_url("http://192.168.1.5/hook").is_ok());
        assert!(home.read_url("http://ntfy.home/hook").is_ok());
        for (web, bad, told) in [
            (&open, "http://example.com/", "https"),
            (&open, "ftp://example.com/", "https://"),
            (&open, "file:///etc/passwd", "host"),
            (&open, "https://ada:pw@example.com/", "no password"),
            (&open, "https://127.0.0.1/", "private"),
            (&open, "https://0x7f000001/", "private"),
            (&open, "https://2130706433/", "private"),
            (&open, "https://127.1/", "private"),
            (&open, "https://localhost:8443/", "private"),
            (&open, "https://hooks.localhost/", "private"),
            (&open, "http://localhost/", "https"),
            (&open, "https://[::1]/", "private"),
            (&open, "https://[::ffff:10.0.0.1]/", "private"),
            (&open, "https://169.254.169.254/latest/meta-data", "private"),
            (&open, "nonsense", "cannot be read"),
            (&home, "http://1.1.1.1/", "without TLS"),
            (&home, "https://192.168.2.1/", "private"),
        ] {
            let refused = web.read_url(bad).unwrap_err();
            assert!(refused.contains(told), "{bad}: {refused}");
        }
        assert!(open.read_url(&format!("https://a.example/{}", "x".repeat(URL_BYTES_MAX))).is_err());
    }

    #[test]
    fn what_a_status_says() {
        let after = Some(Duration::from_secs(9));
        assert_eq!((told(StatusCode::OK, None), told(StatusCode::CREATED, None)), (Ok(()), Ok(())));
        for status in [408, 425, 429, 500, 502, 503, 504] {
            let fault = told(StatusCode::from_u16(status).unwrap(), after).unwrap_err();
            assert!(matches!(fault, Fault::Later { after: found, .. } if found == after), "{status}");
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 405, 413, 415, 422] {
            let fault = told(StatusCode::from_u16(status).unwrap(), after).unwrap_err();
            assert!(matches!(fault, Fault::Never { .. }), "{status}");
        }
        assert!(matches!(told(StatusCode::GONE, None), Err(Fault::Gone { .. })));
    }
}
