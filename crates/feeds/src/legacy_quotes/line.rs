//! One connection to the quote server: ask, be answered, or give up.

use std::net::SocketAddr;
use std::time::Duration;

use market::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::answer::{ANSWER_BYTES_MAX, AnswerError};
use super::error::Trouble;
use crate::Clock;

/// An answer as it came, whatever it says.
#[derive(Debug)]
pub(super) struct Heard {
    /// Up to its line feed.
    pub(super) line: Vec<u8>,
    /// When it was asked for.
    pub(super) asked_at: Timestamp,
    /// When its last byte was here.
    pub(super) arrived_at: Timestamp,
}

/// How long one attempt may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For a connection.
    pub(super) connect: Duration,
    /// For the answer, besides the time of one way there and back.
    pub(super) answer: Duration,
    /// For all of it.
    pub(super) until: Instant,
}

/// Asks once, on a connection of its own.
///
/// A connection that is given up is reset rather than closed: the server sees it at once, and an answer
/// that would come later is neither made nor paid.
pub(super) async fn ask(
    addresses: &[SocketAddr],
    request: &[u8],
    patience: Patience,
    clock: &Clock,
) -> Result<Heard, Trouble> {
    let started = Instant::now();
    let connected_by = (started + patience.connect).min(patience.until);
    let mut stream = match timeout_at(connected_by, TcpStream::connect(addresses)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Trouble::Connect(error.kind())),
        Err(_) => return Err(Trouble::ConnectSlow),
    };
    let asked = Instant::now();
    let asked_at = clock();
    // A connection takes one way there and back, as an answer does.
    let answered_by = (asked + (asked - started) + patience.answer).min(patience.until);
    let heard = match timeout_at(answered_by, exchange(&mut stream, request)).await {
        Ok(Ok(line)) => return Ok(Heard { line, asked_at, arrived_at: clock() }),
        Ok(Err(trouble)) => Err(trouble),
        Err(_) => Err(Trouble::Slow),
    };
    // Where it cannot be reset it is closed.
    let _ = stream.set_zero_linger();
    heard
}

async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Result<Vec<u8>, Trouble> {
    let cut = |error: std::io::Error| Trouble::Cut(error.kind());
    stream.write_all(request).await.map_err(cut)?;
    let mut line = Vec::with_capacity(128);
    loop {
        let from = line.len();
        let room = (ANSWER_BYTES_MAX + 1).saturating_sub(from);
        if room == 0 {
            return Err(Trouble::Answer(AnswerError::TooLong));
        }
        if (&mut *stream).take(room as u64).read_buf(&mut line).await.map_err(cut)? == 0 {
            return Err(if from == 0 { Trouble::NoAnswer } else { Trouble::HalfLine });
        }
        if let Some(end) = line[from..].iter().position(|byte| *byte == b'\n') {
            // Nothing is awaited after the line.
            line.truncate(from + end + 1);
            return Ok(line);
        }
    }
}
