//! The loop: one thread that publishes, receives and, for Bellwether, is the provider.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;
use crate::http;
use crate::load::{Clock, Layout, Publication, Publisher, Wanted};
use crate::peer::{Ingest, Programs, Server, Target};
use crate::process;
use crate::subscriber::{Stage, Subscriber, Tally};

/// Tokens from here on belong to the way in; below are subscribers.
const INGEST: usize = 1 << 32;
const TIMER: usize = INGEST - 1;
/// Handshakes under way at once: fewer than any server's queue of connections.
const OPENING_MAX: usize = 64;
/// How long connecting and subscribing may take.
const SETTLE: Duration = Duration::from_secs(60);
/// Symbols of the look-alike's universe.
pub(crate) const UNIVERSE: usize = 26_000;

/// A running server, its subscribers and the publisher.
pub(crate) struct Engine {
    poll: Poll,
    events: Events,
    scratch: Vec<u8>,
    clock: Clock,
    /// What is measured.
    pub(crate) server: Server,
    subscribers: Vec<Subscriber>,
    tally: Tally,
    publisher: Publisher,
    layout: Layout,
}

/// One block of the closed loop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Block {
    /// From the first byte written to the last value received.
    pub(crate) seconds: f64,
    /// Values received.
    pub(crate) values: u64,
    /// Server's processor time.
    pub(crate) server_seconds: f64,
    /// The generator's own.
    pub(crate) generator_seconds: f64,
}

/// What a closed loop showed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Closed {
    /// Values delivered a second, median of the blocks.
    pub(crate) values_per_second: f64,
    /// The slowest and fastest block.
    pub(crate) range: (f64, f64),
    /// The blocks after the warm-up.
    pub(crate) blocks: Vec<Block>,
    /// Values that had to be delivered, warm-up included.
    pub(crate) expected: u64,
    /// Values delivered, each once and in order.
    pub(crate) delivered: u64,
    /// Fewest and most values a connection got.
    pub(crate) per_connection: (u64, u64),
    /// Values replaced by newer ones before they were sent.
    pub(crate) missing: u64,
    /// Values delivered twice or out of order.
    pub(crate) repeated: u64,
    /// Values and messages that should not have come at all.
    pub(crate) foreign: u64,
    /// Server's processor time for a value, in microseconds.
    pub(crate) server_micros_per_value: f64,
    /// Share of one core the generator used: near 1, it is what is measured.
    pub(crate) generator_cores: f64,
}

impl Closed {
    /// Every value came to every subscriber once and in order.
    pub(crate) fn is_exact(&self) -> bool {
        self.delivered == self.expected
            && self.missing == 0
            && self.repeated == 0
            && self.foreign == 0
            && self.per_connection.0 == self.per_connection.1
    }
}

/// What an open loop showed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Open {
    /// Connections.
    pub(crate) connections: usize,
    /// Values a second that were to be delivered.
    pub(crate) offered: f64,
    /// Values a second that were.
    pub(crate) delivered: f64,
    /// Latency from the moment a value was due, in microseconds.
    pub(crate) p50: u64,
    /// As `p50`.
    pub(crate) p99: u64,
    /// As `p50`.
    pub(crate) p999: u64,
    /// As `p50`.
    pub(crate) max: u64,
    /// Values replaced by newer ones.
    pub(crate) missing: u64,
    /// Values delivered twice or out of order.
    pub(crate) repeated: u64,
    /// All was in within 0.2 s of the end, and the generator itself was not held up.
    pub(crate) kept_up: bool,
    /// Server's processor time a second.
    pub(crate) server_cores: f64,
    /// The generator's.
    pub(crate) generator_cores: f64,
    /// How late the generator itself was, 99th percentile in microseconds; contained in the latencies.
    pub(crate) generator_late_p99: u64,
}

/// How an open loop is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenPlan {
    /// Values delivered a second.
    pub(crate) rate: f64,
    /// How long is measured.
    pub(crate) measure: Duration,
    /// How long before that is not.
    pub(crate) warm_up: Duration,
    /// How often values are due.
    pub(crate) tick: Duration,
}

impl Engine {
    /// Starts a server and waits until it is ready.
    pub(crate) fn start(target: Target, programs: &Programs, layout: Layout) -> Result<Self> {
        layout.check()?;
        let poll = Poll::new()?;
        let server = Server::start(target, programs, poll.registry(), INGEST, UNIVERSE.max(layout.symbols))?;
        let mut engine = Self {
            poll,
            events: Events::with_capacity(1_024),
            scratch: vec![0; 256 * 1024],
            clock: Clock::start(),
            server,
            subscribers: Vec::new(),
            tally: Tally::default(),
            publisher: Publisher::new(layout.symbols),
            layout,
        };
        if matches!(engine.server.ingest, Ingest::Finnhub(_)) {
            let ready = http::wait_for(engine.server.address, "/readyz", SETTLE);
            engine.turn_until("the server to be ready", |_| match ready.try_recv() {
                Ok(answer) => answer.map(|_| true),
                Err(_) => Ok(false),
            })?;
        }
        Ok(engine)
    }

    /// One turn of the loop; `true` if the timer has fired.
    fn turn(&mut self, wait: Duration) -> Result<bool> {
        if let Err(error) = self.poll.poll(&mut self.events, Some(wait))
            && error.kind() != std::io::ErrorKind::Interrupted
        {
            return Err(error.into());
        }
        let mut timer = false;
        for event in &self.events {
            match event.token().0 {
                TIMER => timer = true,
                token if token >= INGEST => self.server.on_event(self.poll.registry(), token)?,
                token => {
                    let Some(subscriber) = self.subscribers.get_mut(token) else { continue };
                    if subscriber.stage == Stage::Closed {
                        continue;
                    }
                    let server = &self.server;
                    subscriber
                        .on_readable(
                            &mut self.scratch,
                            server.dialect,
                            &mut self.tally,
                            || self.clock.micros(),
                            |wanted, out| server.write_subscription(wanted, out),
                        )
                        .with_context(|| format!("subscriber {token}"))?;
                    if subscriber.stage == Stage::Closed && subscriber.is_read {
                        let complaint = self.tally.complaint.as_deref().unwrap_or("no reason given");
                        bail!("the server closed connection {token}: {complaint}");
                    }
                }
            }
        }
        Ok(timer)
    }

    fn turn_until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + SETTLE;
        loop {
            self.turn(Duration::from_millis(10))?;
            if done(self)? {
                return Ok(());
            }
            self.server.process.check()?;
            ensure!(
                Instant::now() < deadline,
                "waited {} s in vain for {what}; the server says: {}; its log: {}",
                SETTLE.as_secs(),
                self.tally.complaint.as_deref().unwrap_or("nothing"),
                self.server.process.last_words()
            );
        }
    }

    /// Opens the layout's connections, and waits until all are subscribed.
    pub(crate) fn connect(&mut self) -> Result<()> {
        self.connect_up_to(self.layout.connections)
    }

    /// Opens as many of the layout's connections as are missing from that number.
    pub(crate) fn connect_up_to(&mut self, connections: usize) -> Result<()> {
        for connection in self.subscribers.len()..connections {
            self.open(self.layout.symbols_of(connection), None)?;
        }
        self.settle()
    }

    /// Opens one connection that wants every symbol and whose socket holds little. It is not measured.
    pub(crate) fn connect_narrow(&mut self) -> Result<usize> {
        let symbols = self.layout.symbols;
        let connection = self.open(Wanted { first: 0, count: symbols, of: symbols }, Some(4 * 1024))?;
        self.subscribers[connection].is_measured = false;
        self.settle()?;
        Ok(connection)
    }

    /// That connection is read no more.
    pub(crate) fn stall(&mut self, connection: usize) -> Result<()> {
        Ok(self.subscribers[connection].stall(self.poll.registry())?)
    }

    fn open(&mut self, wanted: Wanted, receive_buffer: Option<usize>) -> Result<usize> {
        let token = self.subscribers.len();
        let place = self.tally.add_places(wanted.count);
        let subscriber = Subscriber::open(
            self.server.address,
            self.server.path,
            wanted,
            place,
            receive_buffer,
            self.poll.registry(),
            token,
        )
        .with_context(|| format!("connection {token}"))?;
        self.subscribers.push(subscriber);
        if token % OPENING_MAX == OPENING_MAX - 1 {
            self.turn_until("handshakes", |e| Ok(e.subscribers.iter().all(|s| s.stage != Stage::Opening)))?;
        }
        Ok(token)
    }

    fn settle(&mut self) -> Result<()> {
        self.turn_until("all subscriptions", |e| Ok(e.subscribers.iter().all(|s| s.stage == Stage::Live)))?;
        let mut wanted = vec![false; self.layout.symbols];
        self.subscribers.iter().flat_map(|s| s.wanted.iter()).for_each(|symbol| wanted[symbol] = true);
        let wanted = wanted.iter().filter(|w| **w).count();
        self.turn_until("the server to subscribe at its provider", |e| {
            Ok(match &e.server.ingest {
                Ingest::Finnhub(feed) => feed.subscribed() >= wanted,
                Ingest::Pipe(_) => true,
            })
        })?;
        ensure!(
            self.tally.foreign == 0,
            "the server objects: {}",
            self.tally.complaint.as_deref().unwrap_or("a value that was not asked for")
        );
        Ok(())
    }

    /// Turns the loop for a while, as a server with idle clients does.
    pub(crate) fn idle(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn(Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// Publishes blocks, each when all of the one before has arrived everywhere.
    pub(crate) fn closed(
        &mut self,
        publications: usize,
        warm_up: usize,
        blocks: usize,
        patience: Duration,
    ) -> Result<Closed> {
        ensure!(
            publications.is_multiple_of(self.layout.symbols),
            "a block must hold each of the {} symbols as often as any other",
            self.layout.symbols
        );
        let mut measured = Vec::with_capacity(blocks);
        for block in 0..warm_up + blocks {
            let due = self.clock.micros();
            let block_of: Vec<Publication> = (0..publications).map(|_| self.publisher.next(due)).collect();
            self.server.publish(&block_of, &self.clock)?;
            self.tally.expect(&self.subscribers, self.publisher.seqs());
            let (received, server, generator) =
                (self.tally.received, self.server.process.processor_time(), process::processor_time("self"));
            let begun = Instant::now();
            self.server.flush()?;
            while self.tally.remaining > 0 {
                self.turn(Duration::from_millis(100))?;
                if begun.elapsed() > patience {
                    self.server.process.check()?;
                    bail!(
                        "block {block}: after {} s the newest value had not reached {} of the places; {} values came, \
                         {} were passed over",
                        patience.as_secs(),
                        self.tally.remaining,
                        self.tally.received - received,
                        self.tally.missing
                    );
                }
            }
            let seconds = begun.elapsed().as_secs_f64();
            if block >= warm_up {
                measured.push(Block {
                    seconds,
                    values: self.tally.received - received,
                    server_seconds: (self.server.process.processor_time() - server).as_secs_f64(),
                    generator_seconds: (process::processor_time("self") - generator).as_secs_f64(),
                });
            }
        }
        // Anything sent twice would come now.
        self.idle(Duration::from_millis(50))?;
        let rates: Vec<f64> = measured.iter().map(|b| b.values as f64 / b.seconds).collect();
        let sum = |of: fn(&Block) -> f64| measured.iter().map(of).sum::<f64>();
        let per_connection = self.subscribers.iter().map(|s| s.values);
        Ok(Closed {
            values_per_second: median(&rates),
            range: (
                rates.iter().copied().fold(f64::INFINITY, f64::min),
                rates.iter().copied().fold(0.0, f64::max),
            ),
            expected: ((warm_up + blocks) * publications * self.layout.fan_out()) as u64,
            delivered: self.tally.received,
            per_connection: (per_connection.clone().min().unwrap_or(0), per_connection.max().unwrap_or(0)),
            missing: self.tally.missing,
            repeated: self.tally.repeated,
            foreign: self.tally.foreign,
            server_micros_per_value: sum(|b| b.server_seconds) * 1e6 / sum(|b| b.values as f64),
            generator_cores: sum(|b| b.generator_seconds) / sum(|b| b.seconds),
            blocks: measured,
        })
    }

    /// Publishes at a fixed rate, whatever the server does.
    pub(crate) fn open_loop(&mut self, plan: OpenPlan) -> Result<Open> {
        let timer = Timer::start(plan.tick)?;
        timer.register(&self.poll)?;
        let tick_micros = plan.tick.as_micros() as u64;
        let per_micro = plan.rate / self.layout.fan_out() as f64 / 1e6;
        let begin = self.clock.micros() + 10_000;
        let since = begin + plan.warm_up.as_micros() as u64;
        let end = since + plan.measure.as_micros() as u64;
        // The n-th value is due with the first tick at or after its own moment.
        let due = |n: u64| begin + ((n as f64 / per_micro) as u64).div_ceil(tick_micros) * tick_micros;
        let mut late = Histogram::default();
        let mut next = 0;
        let mut before = None;
        let mut batch = Vec::new();
        self.tally.latencies = Some(Histogram::default());
        self.tally.since_micros = since;
        while due(next) < end {
            if self.turn(Duration::from_millis(100))? {
                timer.rearm();
            }
            let now = self.clock.micros();
            if before.is_none() && now >= since {
                before = Some((now, self.server.process.processor_time(), process::processor_time("self")));
            }
            batch.clear();
            while due(next) <= now && due(next) < end {
                let due = due(next);
                if due >= since {
                    late.record(now - due);
                }
                batch.push(self.publisher.next(due));
                next += 1;
            }
            if !batch.is_empty() {
                self.server.publish(&batch, &self.clock)?;
                self.server.flush()?;
            }
        }
        let used = before.map_or((1, Duration::ZERO, Duration::ZERO), |(at, server, generator)| {
            (
                self.clock.micros() - at,
                self.server.process.processor_time() - server,
                process::processor_time("self") - generator,
            )
        });
        drop(timer);
        // What is still on its way counts as late, not as lost.
        self.tally.expect(&self.subscribers, self.publisher.seqs());
        let deadline = self.clock.instant(end) + Duration::from_secs(5);
        while self.tally.remaining > 0 && Instant::now() < deadline {
            self.turn(Duration::from_millis(20))?;
        }
        let drained = self.clock.micros().saturating_sub(end);
        let latencies = self.tally.latencies.take().unwrap_or_default();
        let seconds = used.0 as f64 / 1e6;
        let values = latencies.total() as f64;
        Ok(Open {
            connections: self.layout.connections,
            offered: plan.rate,
            delivered: values / (plan.measure.as_secs_f64() + drained as f64 / 1e6),
            p50: latencies.quantile(0.5),
            p99: latencies.quantile(0.99),
            p999: latencies.quantile(0.999),
            max: latencies.max(),
            missing: self.tally.missing,
            repeated: self.tally.repeated,
            kept_up: self.tally.remaining == 0 && drained < 200_000 && late.quantile(0.99) < 100_000,
            server_cores: used.1.as_secs_f64() / seconds,
            generator_cores: used.2.as_secs_f64() / seconds,
            generator_late_p99: late.quantile(0.99),
        })
    }
}

/// The middle one, or the mean of the two in the middle; 0 of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        n if n.is_multiple_of(2) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

/// Wakes the loop at a steady beat, finer than the poll's own milliseconds.
struct Timer(OwnedFd);

impl Timer {
    fn start(tick: Duration) -> Result<Self> {
        let timer = rustix::time::timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        let tick = Timespec { tv_sec: tick.as_secs().cast_signed(), tv_nsec: tick.subsec_nanos().into() };
        rustix::time::timerfd_settime(
            &timer,
            TimerfdTimerFlags::empty(),
            &Itimerspec { it_interval: tick, it_value: tick },
        )?;
        Ok(Self(timer))
    }

    fn register(&self, poll: &Poll) -> Result<()> {
        // Closing it, at the end, takes it out of the poll.
        Ok(poll.registry().register(&mut SourceFd(&self.0.as_raw_fd()), Token(TIMER), Interest::READABLE)?)
    }

    /// Lets it go on: it waits until its beats have been read.
    fn rearm(&self) {
        // Not ready, if it was another event that woke the loop.
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}
