//! One connection: a request, a wait, an answer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::QuoteServer;
use super::request::{BYTES_MAX, Request};

/// A client that takes nothing for so long is cut.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// Serves a connection to its end; `since` is when it came.
pub(crate) async fn serve(quotes: &QuoteServer, mut stream: TcpStream, since: Instant) {
    let Some(slot) = quotes.slot() else { return };
    let line = timeout_at(since + quotes.settings.patience, read_line(&mut stream)).await;
    let Some(request) = line.ok().flatten().and_then(|line| Request::parse(&line)) else {
        quotes.tally.unreadable.fetch_add(1, Ordering::SeqCst);
        return;
    };
    quotes.faults.delay().await;
    if !wait(&mut stream, quotes.delay()).await {
        quotes.tally.given_up.fetch_add(1, Ordering::SeqCst);
        return;
    }
    let answer = quotes.answer(&request, quotes.faults.bad_quote());
    // The place is free before the client notices, so that it may come back at once; and what it is told
    // is counted before it can ask for the count.
    drop(slot);
    let (quote, bad_key) = (u64::from(answer.is_quote), u64::from(answer.is_quote && answer.crowded));
    quotes.tally.answered.fetch_add(quote, Ordering::SeqCst);
    quotes.tally.bad_keys.fetch_add(bad_key, Ordering::SeqCst);
    match timeout(WRITE_PATIENCE, stream.write_all(answer.line.as_bytes())).await {
        // A client that has gone meanwhile is no one's fault.
        Ok(Ok(())) => drop(stream.shutdown().await),
        Ok(Err(_)) | Err(_) => {
            quotes.tally.answered.fetch_sub(quote, Ordering::SeqCst);
            quotes.tally.bad_keys.fetch_sub(bad_key, Ordering::SeqCst);
            quotes.tally.given_up.fetch_add(quote, Ordering::SeqCst);
        }
    }
}

/// The bytes up to the first line end; `None` when they end before one or are too many.
async fn read_line(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = [0; BYTES_MAX];
    let mut have = 0;
    loop {
        match stream.read(&mut bytes[have..]).await {
            Ok(0) | Err(_) => return None,
            Ok(more) => {
                let from = have;
                have += more;
                if let Some(end) = bytes[from..have].iter().position(|byte| *byte == b'\n') {
                    return Some(bytes[..from + end].to_vec());
                }
            }
        }
    }
}

/// Waits, and tells whether the client is still there. One that has only ended its own half is.
async fn wait(stream: &mut TcpStream, delay: Duration) -> bool {
    if delay.is_zero() {
        return true;
    }
    let mut over = std::pin::pin!(sleep(delay));
    let mut more = [0; 64];
    loop {
        tokio::select! {
            () = &mut over => return true,
            read = stream.read(&mut more) => match read {
                Ok(0) => {
                    over.await;
                    return true;
                }
                Ok(_) => {}
                Err(_) => return false,
            },
        }
    }
}
