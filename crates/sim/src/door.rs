//! One port for all look-alikes: what a connection says first tells which of them it means.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::finnhub::Faults;
use crate::quote_server::{self, QuoteServer};

/// Connections that have not said what they mean by then are dropped.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many may be silent at once; more are dropped.
const SILENT_MAX: usize = 2_048;

/// Connections that wait to be taken up by the HTTP server.
const HTTP_WAITING_MAX: usize = 128;

/// How long to wait for the rest of a first word.
const REST_AFTER: Duration = Duration::from_millis(5);

/// The words that HTTP requests begin with.
const METHODS: [&[u8]; 9] =
    [b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"CONNECT ", b"TRACE "];

/// The connections that speak HTTP.
pub(crate) struct HttpDoor {
    connections: mpsc::Receiver<(TcpStream, SocketAddr)>,
    local_addr: SocketAddr,
}

impl Listener for HttpDoor {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            // The port is closed: there will be no more, which is no error.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.local_addr)
    }
}

/// Takes connections until told to stop: those that ask quotes are served here, the others come out of the
/// door that is returned.
pub(crate) fn open(
    mut listener: TcpListener,
    local_addr: SocketAddr,
    faults: Arc<Faults>,
    quotes: Arc<QuoteServer>,
    mut stopping: watch::Receiver<bool>,
) -> HttpDoor {
    let (http, connections) = mpsc::channel(HTTP_WAITING_MAX);
    tokio::spawn(async move {
        let silent = Arc::new(Semaphore::new(SILENT_MAX));
        let mut tasks = JoinSet::new();
        loop {
            let (stream, address) = tokio::select! {
                connection = Listener::accept(&mut listener) => connection,
                // An error says that the server is gone, which is an end too.
                _ = stopping.wait_for(|stop| *stop) => return,
            };
            while tasks.try_join_next().is_some() {}
            if faults.refuse() {
                continue;
            }
            let Ok(permit) = Arc::clone(&silent).try_acquire_owned() else { continue };
            let (http, quotes) = (http.clone(), Arc::clone(&quotes));
            let since = Instant::now();
            tasks.spawn(async move {
                match timeout_at(since + PATIENCE, listen(&stream)).await {
                    Ok(First::Http) => {
                        // An error says that the HTTP server is gone.
                        let _ = http.send((stream, address)).await;
                    }
                    Ok(First::Quote) => {
                        drop(permit);
                        quote_server::serve(&quotes, stream, since).await;
                    }
                    Ok(First::Unclear) | Err(_) => {}
                }
            });
        }
    });
    HttpDoor { connections, local_addr }
}

/// What the first bytes of a connection mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Http,
    Quote,
    /// Too few to tell.
    Unclear,
}

/// Looks at a connection's first bytes without taking them, until they tell; unclear when it ends before.
async fn listen(stream: &TcpStream) -> First {
    let mut bytes = [0; 8];
    loop {
        let Ok(have @ 1..) = stream.peek(&mut bytes).await else { return First::Unclear };
        match tell(&bytes[..have]) {
            First::Unclear => {}
            told => return told,
        }
        // What was looked at is still there, so that looking again would not wait for more.
        sleep(REST_AFTER).await;
    }
}

fn tell(bytes: &[u8]) -> First {
    if METHODS.iter().any(|method| bytes.starts_with(method)) {
        First::Http
    } else if METHODS.iter().any(|method| method.starts_with(bytes)) {
        First::Unclear
    } else {
        First::Quote
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        for method in METHODS {
            assert_eq!(tell(method), First::Http);
            for length in 0..method.len() {
                assert_eq!(tell(&method[..length]), First::Unclear);
            }
        }
        assert_eq!(tell(b"GET /sim"), First::Http);
        for quote in ["GET,user", "GETS,use", "A,user\n", "get /", "\n", "S", "\0"] {
            assert_eq!(tell(quote.as_bytes()), First::Quote, "{quote:?}");
        }
    }
}
