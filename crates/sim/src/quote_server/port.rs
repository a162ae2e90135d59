//! The server on a port of its own, where only quotes are asked.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::Listener;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::{QuoteServer, serve};

/// A port on which quotes are answered. Dropping it closes it, with its connections.
#[derive(Debug)]
pub struct Port {
    local_addr: SocketAddr,
    task: AbortHandle,
}

impl QuoteServer {
    /// Opens a port of its own; port 0 is any free one.
    pub async fn listen(self: Arc<Self>, address: SocketAddr) -> io::Result<Port> {
        let mut listener = TcpListener::bind(address).await?;
        let local_addr = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            // The server itself drops what is too much, so there is a bound to these.
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = Listener::accept(&mut listener).await;
                while connections.try_join_next().is_some() {}
                if !self.faults.refuse() {
                    let quotes = Arc::clone(&self);
                    let since = Instant::now();
                    connections.spawn(async move { serve(&quotes, stream, since).await });
                }
            }
        });
        Ok(Port { local_addr, task: accepting.abort_handle() })
    }
}

impl Port {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The address as clients are told it.
    pub fn url(&self) -> String {
        format!("tcp://{}", self.local_addr)
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.task.abort();
    }
}
