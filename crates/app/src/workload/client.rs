//! The connections: what a lane has to say is written, what comes is handed to it.
//!
//! One thread serves all of them. A connection's requests go out in one write, as many as are ready. A
//! connection that ends too soon is made again after a pause, and what was in flight is sent again under the
//! same name, so that nothing is applied twice.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, sleep_until, timeout};

use super::lane::{Form, Lane, Stop, Then};
use super::plan::Plan;
use super::random::mix;
use super::response::Inbox;
use super::tally::Tally;

const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// What the connections of a run share.
#[derive(Debug)]
pub(crate) struct Game<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) address: SocketAddr,
    pub(crate) form: Form,
    /// Without an answer for so long, a connection is given up.
    pub(crate) patience: Duration,
    pub(crate) tally: RefCell<Tally>,
}

/// What a connection needs again and again.
#[derive(Debug)]
struct Wire {
    inbox: Inbox,
    out: Vec<u8>,
    written: usize,
    /// When the last answer came.
    heard: Instant,
}

/// A connection that ended too soon.
struct Cut {
    why: String,
    /// Seconds the server wishes to be left alone.
    after: Option<u64>,
}

impl Cut {
    fn of(why: impl Into<String>) -> Self {
        Self { why: why.into(), after: None }
    }
}

impl Game<'_> {
    /// Plays a lane until all is answered, or nothing was for too long. `number` spreads the pauses.
    pub(crate) async fn play(&self, lane: &mut Lane, number: u64) -> Result<(), Stop> {
        let mut wire = Wire { inbox: Inbox::default(), out: Vec::new(), written: 0, heard: Instant::now() };
        let mut pause = PAUSE_MIN;
        let mut attempt = 0;
        while !lane.is_done() {
            let heard_before = wire.heard;
            let cut = match self.connect().await {
                Ok(stream) => match self.talk(lane, stream, &mut wire).await? {
                    None => return Ok(()),
                    Some(cut) => cut,
                },
                Err(error) => Cut::of(told(&error)),
            };
            self.tally.borrow_mut().cut(&cut.why);
            if wire.heard > heard_before {
                pause = PAUSE_MIN;
            }
            let left = self.patience.saturating_sub(wire.heard.elapsed());
            if left.is_zero() {
                self.tally.borrow_mut().give_up(&cut.why);
                return Ok(());
            }
            attempt += 1;
            // Half of it by chance, so that the connections do not come back all at once.
            let chance = (mix(number ^ (attempt << 32)) % 1_000) as u32;
            let wished = cut.after.map_or(Duration::ZERO, Duration::from_secs);
            let before_next = (pause / 2 + pause * chance / 2_000).max(wished);
            sleep(before_next.min(left)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        Ok(())
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let most = CONNECT_MAX.min(self.patience);
        let stream = timeout(most, TcpStream::connect(self.address)).await.map_err(io::Error::from)??;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Plays on one connection; `None` when all is answered.
    async fn talk(
        &self,
        lane: &mut Lane,
        mut stream: TcpStream,
        wire: &mut Wire,
    ) -> Result<Option<Cut>, Stop> {
        let (mut reader, mut writer) = stream.split();
        wire.inbox.clear();
        wire.out.clear();
        wire.written = 0;
        lane.write_again(self.plan, &self.form, &mut wire.out);
        // Half of the patience for this connection, the rest for another.
        let quiet_max = self.patience / 2;
        let mut since = Instant::now();
        let mut quiet = pin!(sleep(quiet_max));
        loop {
            lane.fill(self.plan, &self.form, &mut wire.out);
            if !lane.is_waiting() {
                return Ok(None);
            }
            let unwritten = wire.out.get(wire.written..).unwrap_or_default();
            tokio::select! {
                biased;
                wrote = writer.write(unwritten), if !unwritten.is_empty() => match wrote {
                    Ok(0) => return Ok(Some(Cut::of("the connection takes nothing"))),
                    Ok(count) => {
                        wire.written += count;
                        if wire.written >= wire.out.len() {
                            wire.out.clear();
                            wire.written = 0;
                        }
                    }
                    Err(error) => return Ok(Some(Cut::of(told(&error)))),
                },
                read = reader.read(wire.inbox.space()) => match read {
                    Ok(0) => return Ok(Some(Cut::of("closed by the server"))),
                    Ok(count) => {
                        wire.inbox.filled(count);
                        if let Some(cut) = self.hear(lane, wire)? {
                            return Ok(Some(cut));
                        }
                        since = wire.heard.max(since);
                    }
                    Err(error) => return Ok(Some(Cut::of(told(&error)))),
                },
                () = &mut quiet => {
                    if since.elapsed() >= quiet_max {
                        return Ok(Some(Cut::of("no answer")));
                    }
                    quiet.as_mut().reset((since + quiet_max).into());
                }
            }
        }
    }

    /// Hands what came to the lane.
    fn hear(&self, lane: &mut Lane, wire: &mut Wire) -> Result<Option<Cut>, Stop> {
        let now = Instant::now();
        let mut tally = self.tally.borrow_mut();
        loop {
            let response = match wire.inbox.next() {
                Ok(Some(response)) => response,
                Ok(None) => return Ok(None),
                Err(garbled) => return Ok(Some(Cut::of(garbled.to_string()))),
            };
            let heard = tally.heard;
            let then = lane.hear(self.plan, &response, now, &mut tally)?;
            // One that sends us away is no progress.
            if tally.heard > heard {
                wire.heard = now;
            }
            if let Then::Again { why, after } = then {
                return Ok(Some(Cut { why, after }));
            }
        }
    }
}

/// Asks one thing on a connection of its own; the status and the body.
pub(crate) async fn ask(address: SocketAddr, request: &[u8], most: Duration) -> io::Result<(u16, Vec<u8>)> {
    let until = tokio::time::Instant::now() + most;
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request).await?;
        let mut inbox = Inbox::default();
        loop {
            let count = stream.read(inbox.space()).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            inbox.filled(count);
            match inbox.next() {
                Ok(Some(response)) => return Ok((response.status, response.body.to_vec())),
                Ok(None) => {}
                Err(garbled) => return Err(io::Error::other(garbled)),
            }
        }
    };
    tokio::select! {
        answer = asked => answer,
        () = sleep_until(until) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// An error of a socket by its kind: the same trouble has the same words.
fn told(error: &io::Error) -> String {
    error.kind().to_string()
}
