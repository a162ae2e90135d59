//! A socket that is written to without waiting.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

/// A socket and what waits for it.
#[derive(Debug)]
pub(crate) struct Pipe {
    /// The socket.
    pub(crate) stream: TcpStream,
    /// What waits, and some of what has gone.
    pub(crate) out: Vec<u8>,
    sent: usize,
}

impl Pipe {
    /// Nothing waits.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, out: Vec::new(), sent: 0 }
    }

    /// Writes as far as the socket takes it.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while self.sent < self.out.len() {
            match self.stream.write(&self.out[self.sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.sent += n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.sent = 0;
        Ok(())
    }

    /// Reads what there is; `false` when the other side has closed.
    pub(crate) fn read(&mut self, into: &mut Vec<u8>) -> io::Result<bool> {
        let mut scratch = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut scratch) {
                Ok(0) => return Ok(false),
                Ok(n) => into.extend_from_slice(&scratch[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
