//! Where the quote server is: `tcp://HOST:PORT`, and what that is in numbers.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A name's addresses are asked again after so long, and after every failure to connect.
const KNOWN_FOR: Duration = Duration::from_secs(30);

/// The address of a quote server, written `tcp://HOST:PORT`; an IPv6 address stands in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

/// Why a text is no address of a quote server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not begin with `tcp://`.
    #[error("the address of a quote server begins with tcp://")]
    Scheme,
    /// The host is empty or has characters that hosts do not have.
    #[error("the address of a quote server needs a host: tcp://HOST:PORT")]
    Host,
    /// The port is missing, or not 1 to 65535.
    #[error("the address of a quote server needs a port from 1 to 65535: tcp://HOST:PORT")]
    Port,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let rest = text.strip_prefix("tcp://").ok_or(AddressError::Scheme)?;
        let (host, port) = rest.rsplit_once(':').ok_or(AddressError::Port)?;
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|port| digits && *port != 0).ok_or(AddressError::Port)?;
        let host = match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
            Some(inner) => inner.filter(|host| host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6())),
            None => Some(host).filter(|host| {
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
                !host.is_empty() && host.bytes().all(fits)
            }),
        };
        Ok(Self { host: host.ok_or(AddressError::Host)?.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "tcp://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "tcp://{}:{}", self.host, self.port)
        }
    }
}

/// What a name stands for, kept for a while: a quote is fetched in less time than some names take.
#[derive(Debug)]
pub(super) struct Lookup {
    address: Address,
    known: Mutex<Option<(Arc<[SocketAddr]>, Instant)>>,
}

impl Lookup {
    pub(super) fn new(address: Address) -> Self {
        Self { address, known: Mutex::new(None) }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Where to connect to.
    pub(super) async fn find(&self) -> std::io::Result<Arc<[SocketAddr]>> {
        let known = self.lock().clone();
        if let Some((addresses, since)) = known
            && since.elapsed() < KNOWN_FOR
        {
            return Ok(addresses);
        }
        let host = (self.address.host.as_str(), self.address.port);
        let addresses: Arc<[SocketAddr]> = tokio::net::lookup_host(host).await?.collect();
        *self.lock() = Some((Arc::clone(&addresses), Instant::now()));
        Ok(addresses)
    }

    /// Asks the name again the next time.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Arc<[SocketAddr]>, Instant)>> {
        // Whoever panicked left a plain value behind; it is still good.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hosts_and_ports() {
        for good in ["tcp://127.0.0.1:4444", "tcp://quoteserve.seng.uvic.ca:4442", "tcp://[::1]:1"] {
            assert_eq!(good.parse::<Address>().map(|a| a.to_string()), Ok(good.to_owned()));
        }
        let read = |text: &str| text.parse::<Address>().map(|a| a.to_string());
        for (bad, error) in [
            ("", AddressError::Scheme),
            ("127.0.0.1:4444", AddressError::Scheme),
            ("http://host:80", AddressError::Scheme),
            ("tcp://host", AddressError::Port),
            ("tcp://host:", AddressError::Port),
            ("tcp://host:0", AddressError::Port),
            ("tcp://host:+1", AddressError::Port),
            ("tcp://host:65536", AddressError::Port),
            ("tcp://host:80/", AddressError::Port),
            ("tcp://:80", AddressError::Host),
            ("tcp://::1:80", AddressError::Host),
            ("tcp://[::1:80", AddressError::Host),
            ("tcp://[host]:80", AddressError::Host),
            ("tcp://user@host:80", AddressError::Host),
        ] {
            assert_eq!(read(bad), Err(error), "{bad}");
        }
    }
}
