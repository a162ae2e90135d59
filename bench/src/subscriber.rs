//! One subscriber's connection, and the tally of what all of them got.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use memchr::{memchr, memmem};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::frame::{self, Opcode};
use crate::histogram::Histogram;
use crate::load::{self, MICROS_WRAP, Value, Wanted};
use crate::peer::Dialect;

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The handshake is under way.
    Opening,
    /// The subscription is not confirmed yet.
    Subscribing,
    /// Values may come.
    Live,
    /// The server ended it.
    Closed,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Subscriber {
    stream: TcpStream,
    /// How far it is.
    pub(crate) stage: Stage,
    /// What it asked for.
    pub(crate) wanted: Wanted,
    /// Its first place in the tally.
    pub(crate) place: usize,
    /// It is read from; a stalled one is not.
    pub(crate) is_read: bool,
    /// Its latencies count.
    pub(crate) is_measured: bool,
    /// Values it got.
    pub(crate) values: u64,
    /// Bytes of a frame that is not complete.
    partial: Vec<u8>,
    /// Bytes of a message that is not complete.
    message: Vec<u8>,
}

/// Whose value it is that came.
#[derive(Debug, Clone, Copy)]
struct Whose {
    wanted: Wanted,
    place: usize,
    is_measured: bool,
}

/// What all subscribers got.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Newest sequence of each place: each symbol of each connection.
    last: Vec<u32>,
    /// The sequence each symbol is to reach.
    target: Vec<u32>,
    /// Places that have not reached it.
    pub(crate) remaining: u64,
    /// Values that came.
    pub(crate) received: u64,
    /// Values that were passed over for a newer one of the same symbol.
    pub(crate) missing: u64,
    /// Values that came again, or after a newer one.
    pub(crate) repeated: u64,
    /// Values of symbols not asked for, and messages that could not be read.
    pub(crate) foreign: u64,
    /// What the server said that was neither a value nor expected.
    pub(crate) complaint: Option<String>,
    /// Latencies, of values due from `since` on.
    pub(crate) latencies: Option<Histogram>,
    /// See `latencies`.
    pub(crate) since_micros: u64,
}

impl Tally {
    /// Room for that many more places.
    pub(crate) fn add_places(&mut self, places: usize) -> usize {
        let place = self.last.len();
        self.last.resize(place + places, 0);
        place
    }

    /// From here on, waits for every place of these subscribers to reach its symbol's sequence.
    pub(crate) fn expect(&mut self, subscribers: &[Subscriber], seqs: &[u32]) {
        self.target.clear();
        self.target.extend_from_slice(seqs);
        self.remaining = subscribers
            .iter()
            .filter(|s| s.is_read)
            .map(|s| {
                let behind =
                    |(slot, symbol): &(usize, usize)| self.last[s.place + slot] < self.target[*symbol];
                s.wanted.iter().enumerate().filter(behind).count() as u64
            })
            .sum();
    }

    fn value(&mut self, whose: Whose, value: Value, now_micros: u64) {
        let Some(slot) = whose.wanted.slot(value.symbol) else {
            self.foreign += 1;
            return;
        };
        let last = &mut self.last[whose.place + slot];
        if value.seq <= *last {
            self.repeated += 1;
            return;
        }
        self.missing += u64::from(value.seq - *last - 1);
        *last = value.seq;
        self.received += 1;
        if self.target.get(value.symbol) == Some(&value.seq) {
            self.remaining = self.remaining.saturating_sub(1);
        }
        if let Some(latencies) = &mut self.latencies
            && whose.is_measured
        {
            let late = (now_micros + MICROS_WRAP - value.micros) % MICROS_WRAP;
            if now_micros.saturating_sub(late) >= self.since_micros {
                latencies.record(late);
            }
        }
    }
}

impl Subscriber {
    /// Connects and asks for the upgrade.
    pub(crate) fn open(
        address: SocketAddr,
        path: &str,
        wanted: Wanted,
        place: usize,
        receive_buffer: Option<usize>,
        registry: &Registry,
        token: usize,
    ) -> io::Result<Self> {
        let socket =
            socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.connect(&address.into())?;
        socket.set_tcp_nodelay(true)?;
        let mut stream = std::net::TcpStream::from(socket);
        stream.write_all(&frame::request(&address.to_string(), path))?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        registry.register(&mut stream, Token(token), Interest::READABLE)?;
        Ok(Self {
            stream,
            stage: Stage::Opening,
            wanted,
            place,
            is_read: true,
            is_measured: true,
            values: 0,
            partial: Vec::new(),
            message: Vec::new(),
        })
    }

    /// Stops reading for good.
    pub(crate) fn stall(&mut self, registry: &Registry) -> io::Result<()> {
        self.is_read = false;
        registry.deregister(&mut self.stream)
    }

    /// Takes in what has come. `subscribe` writes the subscription once the connection is open.
    pub(crate) fn on_readable(
        &mut self,
        scratch: &mut [u8],
        dialect: Dialect,
        tally: &mut Tally,
        now_micros: impl Fn() -> u64,
        subscribe: impl FnOnce(Wanted, &mut Vec<u8>),
    ) -> io::Result<()> {
        let mut subscribe = Some(subscribe);
        loop {
            let n = match self.stream.read(scratch) {
                Ok(0) => {
                    self.stage = Stage::Closed;
                    return Ok(());
                }
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let now = now_micros();
            if self.partial.is_empty() {
                let used = self.take(&scratch[..n], dialect, tally, now, &mut subscribe)?;
                self.partial.extend_from_slice(&scratch[used..n]);
            } else {
                let mut bytes = std::mem::take(&mut self.partial);
                bytes.extend_from_slice(&scratch[..n]);
                let used = self.take(&bytes, dialect, tally, now, &mut subscribe)?;
                bytes.drain(..used);
                self.partial = bytes;
            }
            // A short read has emptied the socket, and what comes later is announced again.
            if n < scratch.len() {
                return Ok(());
            }
        }
    }

    fn take(
        &mut self,
        bytes: &[u8],
        dialect: Dialect,
        tally: &mut Tally,
        now: u64,
        subscribe: &mut Option<impl FnOnce(Wanted, &mut Vec<u8>)>,
    ) -> io::Result<usize> {
        let mut used = 0;
        if self.stage == Stage::Opening {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(0) };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                let said = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
                return Err(io::Error::other(format!("the server refuses the WebSocket: {said}")));
            }
            used = end + 4;
            let mut out = Vec::new();
            if let Some(subscribe) = subscribe.take() {
                subscribe(self.wanted, &mut out);
            }
            self.stage = Stage::Subscribing;
            // Far smaller than a fresh socket's buffer.
            self.stream.write_all(&out)?;
        }
        while let Some(header) = frame::header(&bytes[used..])? {
            let Some(payload) = bytes[used + header.header..].get(..header.payload) else { break };
            used += header.header + header.payload;
            match header.opcode {
                Opcode::Ping => {
                    let mut pong = Vec::new();
                    frame::write(&mut pong, Opcode::Pong, true, payload);
                    self.stream.write_all(&pong)?;
                }
                Opcode::Pong => {}
                Opcode::Close => {
                    self.stage = Stage::Closed;
                    let code = payload.first_chunk::<2>().map_or(0, |c| u16::from_be_bytes(*c));
                    tally.complaint.get_or_insert(format!("closed with code {code}"));
                }
                _ if dialect == Dialect::Nats => self.nats(payload, tally, now)?,
                _ if header.fin && self.message.is_empty() => self.json(payload, tally, now),
                _ => {
                    self.message.extend_from_slice(payload);
                    if header.fin {
                        let message = std::mem::take(&mut self.message);
                        self.json(&message, tally, now);
                    }
                }
            }
        }
        Ok(used)
    }

    fn json(&mut self, text: &[u8], tally: &mut Tally, now: u64) {
        let whose = Whose { wanted: self.wanted, place: self.place, is_measured: self.is_measured };
        let values = &mut self.values;
        let read = load::read_values(text, |value| {
            *values += 1;
            tally.value(whose, value, now);
        });
        if read.is_some() {
            return;
        }
        if text.starts_with(br#"{"type":"subscribed""#) {
            if self.stage == Stage::Subscribing {
                self.stage = Stage::Live;
            }
        } else {
            tally.foreign += 1;
            tally
                .complaint
                .get_or_insert_with(|| String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned());
        }
    }

    fn nats(&mut self, payload: &[u8], tally: &mut Tally, now: u64) -> io::Result<()> {
        if self.message.is_empty() {
            let used = self.nats_lines(payload, tally, now)?;
            self.message.extend_from_slice(&payload[used..]);
        } else {
            let mut bytes = std::mem::take(&mut self.message);
            bytes.extend_from_slice(payload);
            let used = self.nats_lines(&bytes, tally, now)?;
            bytes.drain(..used);
            self.message = bytes;
        }
        Ok(())
    }

    fn nats_lines(&mut self, bytes: &[u8], tally: &mut Tally, now: u64) -> io::Result<usize> {
        let mut used = 0;
        while let Some(end) = memchr(b'\n', &bytes[used..]) {
            let line = &bytes[used..used + end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.starts_with(b"MSG ") {
                let length = line.rsplit(|&b| b == b' ').next().unwrap_or_default();
                let length = length.iter().fold(0usize, |n, d| n * 10 + usize::from(d.wrapping_sub(b'0')));
                let begin = used + end + 1;
                let Some(payload) = bytes.get(begin..begin + length) else { break };
                if bytes.len() < begin + length + 2 {
                    break;
                }
                used = begin + length + 2;
                self.json(payload, tally, now);
                continue;
            }
            used += end + 1;
            if line == b"PING" {
                let mut pong = Vec::new();
                frame::write(&mut pong, Opcode::Binary, true, b"PONG\r\n");
                self.stream.write_all(&pong)?;
            } else if line == b"PONG" {
                if self.stage == Stage::Subscribing {
                    self.stage = Stage::Live;
                }
            } else if line.starts_with(b"-ERR") {
                tally.foreign += 1;
                tally.complaint.get_or_insert(String::from_utf8_lossy(line).into_owned());
            }
        }
        Ok(used)
    }
}
