//! Where the server is, and the head of the requests it is sent. Pure but for the name look-up.

use std::net::{SocketAddr, ToSocketAddrs};

use axum::http::Uri;

/// A server's address, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// As it goes into the header `Host`.
    authority: String,
    host: String,
    port: u16,
    /// What stands before `/api/v1`, without a slash at its end.
    prefix: String,
}

impl Target {
    /// Reads `http://HOST[:PORT][/PREFIX]`.
    pub(crate) fn read(url: &str) -> Result<Self, String> {
        let bad = |why: &str| Err(format!("--url {url:?}: {why}, such as http://127.0.0.1:8080"));
        let Ok(uri) = url.parse::<Uri>() else { return bad("it must be an address") };
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return bad("TLS is not spoken here; give the server's own address"),
            _ => return bad("it must begin with http://"),
        }
        let (Some(authority), Some(host)) = (uri.authority(), uri.host()) else {
            return bad("it names no host");
        };
        if authority.as_str().contains('@') {
            return bad("a name or password does not belong there; give an address");
        }
        if authority.as_str() != host && authority.port_u16().is_none() {
            return bad("its port is none");
        }
        if uri.query().is_some() {
            return bad("a query does not belong there; give an address");
        }
        Ok(Self {
            authority: authority.as_str().to_owned(),
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: uri.port_u16().unwrap_or(80),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The addresses behind the name.
    pub(crate) fn resolve(&self) -> Result<Vec<SocketAddr>, String> {
        let found = (self.host.as_str(), self.port).to_socket_addrs();
        let found = found.map_err(|error| format!("--url: cannot find {}: {error}", self.host))?;
        Ok(found.collect())
    }

    /// The request for the server's metrics.
    pub(crate) fn metrics(&self) -> Vec<u8> {
        let Self { authority, prefix, .. } = self;
        format!("GET {prefix}/metrics HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")
            .into_bytes()
    }

    /// What every request with commands begins with: everything up to the rest of its name.
    ///
    /// The name makes repeating safe: the server applies a request of the same name once.
    pub(crate) fn commands(&self, key: &str, run: &str) -> Vec<u8> {
        let Self { authority, prefix, .. } = self;
        format!(
            "POST {prefix}/api/v1/commands HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: text/plain\r\nIdempotency-Key: {run}-"
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Target {
        Target::read(url).unwrap()
    }

    #[test]
    fn addresses_are_read() {
        let target = read("http://desk.example:8080/bell/");
        assert_eq!(
            (target.host.as_str(), target.port, target.prefix.as_str()),
            ("desk.example", 8080, "/bell")
        );
        let head = String::from_utf8(target.commands("k", "run")).unwrap();
        assert!(
            head.starts_with("POST /bell/api/v1/commands HTTP/1.1\r\nHost: desk.example:8080\r\n"),
            "{head}"
        );
        assert!(head.ends_with("Idempotency-Key: run-"), "{head}");
        assert!(target.metrics().starts_with(b"GET /bell/metrics HTTP/1.1\r\n"));
        let target = read("http://[::1]");
        assert_eq!((target.host.as_str(), target.port), ("::1", 80));
        assert_eq!(target.resolve(), Ok(vec!["[::1]:80".parse().unwrap()]));
    }

    #[test]
    fn others_are_refused() {
        for url in [
            "",
            "127.0.0.1:8080",
            "/x",
            "ftp://h/",
            "https://h/",
            "http://",
            "http://a b/",
            "http://u:p@h/",
            "http://h/?x=1",
            "http://h:99999/",
            "http://h/\r\nX: y",
        ] {
            let refused = Target::read(url).unwrap_err();
            assert!(refused.contains("--url"), "{url}: {refused}");
        }
    }
}
