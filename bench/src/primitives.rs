//! What the machine itself can do with a socket, so that figures of another hour or machine can be
//! read: the wall of every fan-out is the send.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use mio::{Events, Interest, Poll, Token};
use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

/// Bytes of a message, as of a price with its frame.
const MESSAGE: usize = 130;
const CONNECTIONS: usize = 200;
/// Messages in one send.
const PER_SEND: [usize; 3] = [1, 32, 256];

/// The machine's own figures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Primitives {
    /// A small message there and back between two sleeping threads, in microseconds.
    pub(crate) round_trip_p50: u64,
    /// As `round_trip_p50`.
    pub(crate) round_trip_p99: u64,
    /// Sends a second to 200 connections from one thread, by messages in a send.
    pub(crate) sends: Vec<(usize, f64)>,
}

/// Measures them; takes about five seconds.
pub(crate) fn measure() -> Result<Primitives> {
    let (round_trip_p50, round_trip_p99) = round_trip(Duration::from_secs(1))?;
    let sends = PER_SEND
        .iter()
        .map(|&messages| Ok((messages, sends(messages, Duration::from_secs(1))?)))
        .collect::<Result<_>>()?;
    Ok(Primitives { round_trip_p50, round_trip_p99, sends })
}

fn round_trip(time: Duration) -> Result<(u64, u64)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut near = TcpStream::connect(listener.local_addr()?)?;
    let (mut far, _) = listener.accept()?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let echo = thread::spawn(move || {
        let mut message = [0; MESSAGE];
        while far.read_exact(&mut message).is_ok() && far.write_all(&message).is_ok() {}
    });
    let mut times = Histogram::default();
    let mut message = [b'x'; MESSAGE];
    let end = Instant::now() + time;
    while Instant::now() < end {
        let sent = Instant::now();
        near.write_all(&message)?;
        near.read_exact(&mut message)?;
        times.record(sent.elapsed().as_micros() as u64);
    }
    drop(near);
    // It ends with the connection.
    let _ = echo.join();
    Ok((times.quantile(0.5), times.quantile(0.99)))
}

fn sends(messages: usize, time: Duration) -> Result<f64> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(listener.local_addr()?)?;
        stream.set_nodelay(true)?;
        near.push(stream);
        far.push(listener.accept()?.0);
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let reader = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || swallow(far, &is_over)
    });
    let message = vec![b'x'; MESSAGE * messages];
    let begun = Instant::now();
    let mut count = 0u64;
    while begun.elapsed() < time {
        for stream in &mut near {
            stream.write_all(&message)?;
            count += 1;
        }
    }
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    is_over.store(true, Ordering::Relaxed);
    // Whatever went wrong there, the sends went through.
    let _ = reader.join();
    Ok(rate)
}

fn swallow(far: Vec<TcpStream>, is_over: &AtomicBool) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut streams = Vec::new();
    for (at, stream) in far.into_iter().enumerate() {
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(at), Interest::READABLE)?;
        streams.push(stream);
    }
    let mut events = Events::with_capacity(CONNECTIONS);
    let mut scratch = vec![0; 256 * 1024];
    while !is_over.load(Ordering::Relaxed) {
        poll.poll(&mut events, Some(Duration::from_millis(50)))?;
        for event in &events {
            let stream = &mut streams[event.token().0];
            // A short read has emptied the socket.
            while stream.read(&mut scratch).is_ok_and(|n| n == scratch.len()) {}
        }
    }
    Ok(())
}

impl fmt::Display for Primitives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "round trip p50 {} µs, p99 {} µs; ", self.round_trip_p50, self.round_trip_p99)?;
        for (at, (messages, rate)) in self.sends.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(
                f,
                "{comma}{:.0} thousand sends/s of {messages} ({:.1} µs each, {:.2} M messages/s)",
                rate / 1e3,
                1e6 / rate,
                rate * *messages as f64 / 1e6
            )?;
        }
        Ok(())
    }
}
