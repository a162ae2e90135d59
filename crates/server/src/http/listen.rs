//! The listening socket: accepts, limits, drains.
//!
//! A loop of its own rather than a framework's, for three things that matter here: a limit on
//! connections in total and from one address, an accepted socket that goes to the HTTP layer bare,
//! so that the WebSocket side gets it back bare after an upgrade, and an end within a deadline.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::lane::{Lane, Rewound};
use super::metrics::{HttpMetrics, RefusalLabels};

/// Connections the kernel keeps for us until they are accepted.
const BACKLOG: u32 = 1024;

/// The longest a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest head of a request, in bytes: 500 symbols fit with room to spare.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Refused connections that are told so at the same time; beyond, they are only closed.
const REFUSALS_MAX: usize = 64;

/// What a listener allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenOptions {
    /// Most connections at a time, WebSockets included.
    pub connections_max: usize,
    /// Most connections at a time from one address: an IPv4 address, or an IPv6 /64, which is what
    /// one customer has. Behind a proxy all clients have the proxy's.
    pub connections_per_address_max: usize,
    /// How long requests in flight may take once the end was asked for.
    pub drain: Duration,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self { connections_max: 20_000, connections_per_address_max: 1_000, drain: Duration::from_secs(5) }
    }
}

/// Why there is no listening socket. The text is one line for the person who started the program.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else listens there.
    #[error("cannot listen on {0}: address already in use; choose another with --listen")]
    InUse(String),
    /// The system does not let us.
    #[error("cannot listen on {0}: permission denied; choose a port of 1024 or above with --listen")]
    Denied(String),
    /// No interface of this machine has the address, or the text is none.
    #[error("cannot listen on {0}: not an address of this machine; choose another with --listen")]
    NotHere(String),
    /// Anything else.
    #[error("cannot listen on {address}")]
    Other {
        /// Where.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What is served.
#[derive(Clone)]
pub struct App {
    router: Router,
    lane: Option<Lane>,
}

impl App {
    /// A router, and a lane for connections that begin as it wants them.
    pub fn new(router: Router, lane: Option<Lane>) -> Self {
        Self { router, lane }
    }
}

impl From<Router> for App {
    fn from(router: Router) -> Self {
        Self::new(router, None)
    }
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were open when the deadline came, and were cut.
    pub cut: usize,
}

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on `host:port`; port 0 takes a free one.
    pub async fn bind(address: &str) -> Result<Self, ListenError> {
        let tell = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => ListenError::InUse(address.to_owned()),
            std::io::ErrorKind::PermissionDenied => ListenError::Denied(address.to_owned()),
            std::io::ErrorKind::AddrNotAvailable | std::io::ErrorKind::InvalidInput => {
                ListenError::NotHere(address.to_owned())
            }
            _ => ListenError::Other { address: address.to_owned(), source },
        };
        let resolved = tokio::net::lookup_host(address).await;
        let resolved = resolved.map_err(|_| ListenError::NotHere(address.to_owned()))?;
        let mut last = ListenError::NotHere(address.to_owned());
        for candidate in resolved {
            match listen(candidate) {
                Ok((tcp, address)) => return Ok(Self { tcp, address }),
                Err(error) => last = tell(error),
            }
        }
        Err(last)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is done, then stops accepting and lets what is in flight finish within
    /// [`ListenOptions::drain`].
    ///
    /// A connection that became a WebSocket is no longer this loop's: whoever took it over ends it.
    /// It keeps its place in the limits for as long as it holds the [`Permit`] from its request.
    pub async fn serve(
        self,
        app: impl Into<App>,
        options: ListenOptions,
        metrics: HttpMetrics,
        stop: impl Future<Output = ()>,
    ) -> Drained {
        let app = app.into();
        let (stopping, stopped) = watch::channel(false);
        let places = Arc::new(Places { options, metrics: metrics.clone(), taken: Mutex::default() });
        let mut connections = JoinSet::new();
        let mut refusals = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                // Ended tasks are taken out as they end, so that the sets do not grow.
                Some(_) = connections.join_next() => {}
                Some(_) = refusals.join_next() => {}
                accepted = self.tcp.accept() => match accepted {
                    Ok((socket, peer)) => match Places::take(&places, peer.ip()) {
                        Ok(permit) => {
                            connections.spawn(serve_one(socket, peer, permit, app.clone(), stopped.clone()));
                        }
                        Err(limit) => {
                            metrics.connections_refused.get_or_create(&RefusalLabels { limit }).inc();
                            if refusals.len() < REFUSALS_MAX {
                                refusals.spawn(refuse(socket, limit));
                            }
                        }
                    },
                    Err(error) => {
                        metrics.accept_errors.inc();
                        tracing::warn!(%error, "a connection could not be accepted");
                        // Out of file descriptors, most likely: trying again at once would only spin.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
            }
        }
        drop(self.tcp);
        // No receiver is left when there is no connection.
        let _ = stopping.send(true);
        let all = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(options.drain, all).await;
        let cut = connections.len();
        connections.shutdown().await;
        Drained { cut }
    }
}

fn listen(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port in use a moment ago, by connections still closing, may be taken again.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let tcp = socket.listen(BACKLOG)?;
    let address = tcp.local_addr()?;
    Ok((tcp, address))
}

async fn serve_one(
    socket: TcpStream,
    peer: SocketAddr,
    permit: Permit,
    app: App,
    mut stopped: watch::Receiver<bool>,
) {
    // Small answers and frames must not wait for each other. A socket that refuses is about to end.
    let _ = socket.set_nodelay(true);
    let Some(lane) = &app.lane else {
        return serve_http(socket, peer, permit, app.router, stopped).await;
    };
    let mut begin = [0; 64];
    let known = tokio::select! {
        known = tokio::time::timeout(HEAD_TIMEOUT, socket.peek(&mut begin)) => known,
        _ = stopped.wait_for(|stop| *stop) => return,
    };
    let Ok(Ok(known)) = known else { return };
    if !lane.may_take(&begin[..known]) {
        return serve_http(socket, peer, permit, app.router, stopped).await;
    }
    if let Some((socket, heard)) = lane.run(socket, &mut stopped).await {
        serve_http(Rewound { heard, socket }, peer, permit, app.router, stopped).await;
    }
}

async fn serve_http(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    permit: Permit,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) {
    let asked = Arc::new(AtomicBool::new(false));
    let first = Arc::clone(&asked);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        first.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(permit.clone());
        router.clone().oneshot(request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    // Not `pipeline_flush`: with it hyper keeps answers back while unread bytes are there, and what cannot be read is
    // never read, so that the answer to it, and those before it, would be lost. Many requests on one connection have the lane.
    let mut http1 = builder.http1();
    http1.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    http1.max_buf_size(HEAD_BYTES_MAX);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(io), service);
    tokio::pin!(connection);
    // The head timeout begins once the first bytes tell the version; this is for those that never do.
    let silent = tokio::time::sleep(HEAD_TIMEOUT);
    tokio::pin!(silent);
    let (mut silent_over, mut told) = (false, false);
    loop {
        tokio::select! {
            // Clients that go away in the middle are daily business.
            _ = &mut connection => return,
            () = &mut silent, if !silent_over => {
                if !asked.load(Ordering::Relaxed) {
                    return;
                }
                silent_over = true;
            }
            _ = stopped.wait_for(|stop| *stop), if !told => {
                told = true;
                if !asked.load(Ordering::Relaxed) {
                    return;
                }
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Says why and closes: reads on for a moment, since closing on unread bytes would take the answer
/// back.
async fn refuse(mut socket: TcpStream, limit: &'static str) {
    let detail = match limit {
        "address" => "too many connections from this address",
        _ => "too many connections",
    };
    let body = format!(
        r#"{{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"{detail}; try again later"}}"#
    );
    let answer = format!(
        "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/problem+json\r\nretry-after: 5\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = tokio::time::timeout(Duration::from_secs(1), async {
        socket.write_all(answer.as_bytes()).await?;
        socket.shutdown().await?;
        let mut rest = [0u8; 1024];
        while socket.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    })
    .await;
}

/// Who holds how many connections.
#[derive(Debug)]
struct Places {
    options: ListenOptions,
    metrics: HttpMetrics,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place in the limits: free again when the last clone is gone.
///
/// Every request carries one as an extension. Who takes the socket over keeps it with the socket.
#[derive(Debug, Clone)]
pub struct Permit {
    _place: Arc<Place>,
}

#[derive(Debug)]
struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    fn take(places: &Arc<Self>, address: IpAddr) -> Result<Permit, &'static str> {
        let address = customer(address);
        let mut taken = places.lock();
        if taken.total >= places.options.connections_max {
            return Err("total");
        }
        let held = taken.by_address.get(&address).copied().unwrap_or(0);
        if held >= places.options.connections_per_address_max {
            return Err("address");
        }
        taken.by_address.insert(address, held + 1);
        taken.total += 1;
        drop(taken);
        places.metrics.connections.inc();
        places.metrics.connections_accepted.inc();
        Ok(Permit { _place: Arc::new(Place { places: Arc::clone(places), address }) })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.total -= 1;
        if let Some(held) = taken.by_address.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                taken.by_address.remove(&self.address);
            }
        }
        drop(taken);
        self.places.metrics.connections.dec();
    }
}

/// What counts as one address.
pub(super) fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
#[path = "listen_tests.rs"]
mod tests;
