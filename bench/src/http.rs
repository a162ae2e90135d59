//! HTTP calls, as few and as plain as the measurements need.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    heard: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr, timeout: Duration) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(timeout))?;
        Ok(Self { stream, heard: Vec::new() })
    }

    /// Asks and waits for the answer.
    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        self.stream
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n").as_bytes())?;
        let mut scratch = [0; 16 * 1024];
        loop {
            if let Some(head) = memchr::memmem::find(&self.heard, b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.heard[..head]).to_ascii_lowercase();
                let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).context("no status")?;
                let length = text.lines().find_map(|l| l.strip_prefix("content-length:"));
                let Some(length) = length.and_then(|l| l.trim().parse::<usize>().ok()) else {
                    bail!("an answer without a length");
                };
                let end = head + 4 + length;
                if self.heard.len() >= end {
                    let body = self.heard[head + 4..end].to_vec();
                    self.heard.drain(..end);
                    return Ok(Answer { status, body });
                }
            }
            let n = self.stream.read(&mut scratch)?;
            ensure!(n > 0, "the server closed the connection");
            self.heard.extend_from_slice(&scratch[..n]);
        }
    }
}

/// Asks again and again, on a thread of its own, until the answer is 200; tells when that was.
pub(crate) fn wait_for(
    address: SocketAddr,
    path: &'static str,
    patience: Duration,
) -> Receiver<Result<Instant>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let deadline = Instant::now() + patience;
        let mut last;
        let result = loop {
            match Client::connect(address, Duration::from_secs(2)).and_then(|mut c| c.get(path)) {
                Ok(answer) if answer.status == 200 => break Ok(Instant::now()),
                Ok(answer) => last = format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)),
                Err(error) => last = error.to_string(),
            }
            if Instant::now() > deadline {
                break Err(anyhow::anyhow!(
                    "{path} was not 200 within {} s, last: {last}",
                    patience.as_secs()
                ));
            }
            thread::sleep(Duration::from_millis(2));
        };
        // No one may be listening any more.
        let _ = sender.send(result);
    });
    receiver
}
