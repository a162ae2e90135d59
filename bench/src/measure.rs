//! One measurement each, on a server started for it alone.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::engine::{Closed, Engine, Open, OpenPlan, UNIVERSE, median};
use crate::frame::{self, Opcode};
use crate::histogram::Histogram;
use crate::http;
use crate::load::Layout;
use crate::peer::{Peer, Programs, Target};
use crate::process::{Process, free_port};

/// How long a block may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a server is left alone before its memory is read.
const REST: Duration = Duration::from_secs(3);
/// Symbols the simulated market certainly has; one of them never sleeps.
const KNOWN: [&str; 4] = ["AAPL", "MSFT", "TSLA", "BINANCE:BTCUSDT"];

/// How a closed loop is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClosedPlan {
    /// Publications of a block.
    pub(crate) publications: usize,
    /// Blocks that do not count.
    pub(crate) warm_up: usize,
    /// Blocks that do.
    pub(crate) blocks: usize,
}

/// Values delivered a second.
pub(crate) fn closed(
    target: Target,
    programs: &Programs,
    layout: Layout,
    plan: ClosedPlan,
) -> Result<Closed> {
    let mut engine = Engine::start(target, programs, layout)?;
    engine.connect()?;
    engine.closed(plan.publications, plan.warm_up, plan.blocks, PATIENCE)
}

/// Latency at a fixed rate.
pub(crate) fn open(target: Target, programs: &Programs, layout: Layout, plan: OpenPlan) -> Result<Open> {
    let mut engine = Engine::start(target, programs, layout)?;
    engine.connect()?;
    engine.open_loop(plan)
}

/// Latency of the others, with and without one connection that stops reading.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stalled {
    /// All read.
    pub(crate) without: Open,
    /// One does not.
    pub(crate) with: Open,
}

/// One connection wants every symbol, reads in the first run and stops reading in the second.
pub(crate) fn stalled(
    target: Target,
    programs: &Programs,
    layout: Layout,
    plan: OpenPlan,
) -> Result<Stalled> {
    let run = |stall: bool| -> Result<Open> {
        let mut engine = Engine::start(target, programs, layout)?;
        engine.connect()?;
        let narrow = engine.connect_narrow()?;
        if stall {
            engine.stall(narrow)?;
        }
        engine.open_loop(plan)
    };
    Ok(Stalled { without: run(false)?, with: run(true)? })
}

/// Memory of idle connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Connections, of ten symbols each.
    pub(crate) connections: usize,
    /// Resident before the first of them, in KiB.
    pub(crate) before_kib: u64,
    /// With half of them.
    pub(crate) half_kib: u64,
    /// And with all of them.
    pub(crate) with_kib: u64,
    /// What one of the second half takes. The first half may live in memory that the start has left
    /// behind, and would flatter.
    pub(crate) per_connection_kib: f64,
}

/// User-space memory of idle connections with ten symbols each.
pub(crate) fn memory(peer: Peer, programs: &Programs, connections: usize) -> Result<Memory> {
    let layout = Layout { connections, symbols: 1_000, per: 10 };
    let mut engine = Engine::start(peer.into(), programs, layout)?;
    engine.idle(REST)?;
    let before_kib = engine.server.process.resident_kib()?;
    let half = connections / 2;
    engine.connect_up_to(half)?;
    engine.idle(REST)?;
    let half_kib = engine.server.process.resident_kib()?;
    engine.connect()?;
    engine.idle(REST)?;
    let with_kib = engine.server.process.resident_kib()?;
    let per_connection_kib = (with_kib as f64 - half_kib as f64) / (connections - half) as f64;
    Ok(Memory { connections, before_kib, half_kib, with_kib, per_connection_kib })
}

/// Memory with every symbol loaded and nothing to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Loaded {
    /// With 26,000 symbols of a provider, in KiB.
    pub(crate) provider_kib: u64,
    /// With the defaults: the simulated market.
    pub(crate) defaults_kib: u64,
    /// How many symbols the provider had.
    pub(crate) symbols: usize,
}

/// Bellwether's memory with 26,000 symbols, loaded and idle.
pub(crate) fn loaded(programs: &Programs) -> Result<Loaded> {
    let layout = Layout { connections: 1, symbols: 1, per: 1 };
    let mut engine = Engine::start(Peer::Bellwether.into(), programs, layout)?;
    engine.idle(REST * 2)?;
    let provider_kib = engine.server.process.resident_kib()?;
    drop(engine);
    let up = Up::start(programs)?;
    up.ready()?;
    thread::sleep(REST * 2);
    Ok(Loaded { provider_kib, defaults_kib: up.process.resident_kib()?, symbols: UNIVERSE })
}

/// `bellwether up` with its defaults.
struct Up {
    process: Process,
    address: SocketAddr,
    started: Instant,
    _folder: tempfile::TempDir,
}

impl Up {
    fn start(programs: &Programs) -> Result<Self> {
        let programs = programs.check(Peer::Bellwether)?;
        let folder = tempfile::Builder::new().prefix("bellwether-bench-").tempdir()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let data = folder.path().join("data").display().to_string();
        let arguments = ["up", "--listen", &address.to_string(), "--data", &data].map(str::to_owned);
        let started = Instant::now();
        let process = Process::start(&programs.bellwether, &arguments, folder.path())?;
        Ok(Self { process, address, started, _folder: folder })
    }

    fn ready(&self) -> Result<Duration> {
        let at = http::wait_for(self.address, "/readyz", Duration::from_secs(20))
            .recv()
            .context("asking for readiness")?
            .with_context(|| self.process.last_words())?;
        Ok(at - self.started)
    }

    /// Until a WebSocket client has its first price.
    fn first_price(&self) -> Result<Duration> {
        let deadline = self.started + Duration::from_secs(20);
        loop {
            match self.price() {
                Ok(()) => return Ok(self.started.elapsed()),
                Err(error) if Instant::now() > deadline => {
                    bail!("no price within 20 s: {error:#}; {}", self.process.last_words());
                }
                Err(_) => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn price(&self) -> Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut out = frame::request(&self.address.to_string(), "/ws");
        let symbols = KNOWN.map(|s| format!("\"{s}\"")).join(",");
        frame::write(
            &mut out,
            Opcode::Text,
            true,
            format!(r#"{{"type":"subscribe","symbols":[{symbols}]}}"#).as_bytes(),
        );
        stream.write_all(&out)?;
        let mut heard = Vec::new();
        let mut scratch = [0; 4 * 1024];
        while memchr::memmem::find(&heard, br#""type":"price_update""#).is_none() {
            let n = stream.read(&mut scratch)?;
            ensure!(n > 0, "closed: {}", String::from_utf8_lossy(&heard));
            heard.extend_from_slice(&scratch[..n]);
            // Not all symbols may be known before the universe is: then all over again.
            ensure!(memchr::memmem::find(&heard, br#""type":"error""#).is_none(), "not yet");
            ensure!(!heard.starts_with(b"HTTP/1.1 5"), "not yet");
        }
        Ok(())
    }
}

/// Time from the start of the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Startup {
    /// To the first price at a WebSocket client, in milliseconds; the median.
    pub(crate) first_price_ms: f64,
    /// To `/readyz` answering 200.
    pub(crate) ready_ms: f64,
    /// How often it was measured.
    pub(crate) runs: usize,
}

/// Starts `bellwether up` with its defaults, in an empty folder.
pub(crate) fn startup(programs: &Programs, runs: usize) -> Result<Startup> {
    let (mut prices, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let up = Up::start(programs)?;
        let (is_ready, price) = thread::scope(|scope| {
            let price = scope.spawn(|| up.first_price());
            (up.ready(), price.join())
        });
        let price = price.map_err(|_| anyhow::anyhow!("waiting for a price failed"))??;
        prices.push(price.as_secs_f64() * 1e3);
        ready.push(is_ready?.as_secs_f64() * 1e3);
    }
    Ok(Startup { first_price_ms: median(&prices), ready_ms: median(&ready), runs })
}

/// Latency of the symbol search.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Search {
    /// Time from question to answer over a kept connection, in microseconds.
    pub(crate) p50: u64,
    /// As `p50`.
    pub(crate) p99: u64,
    /// As `p50`.
    pub(crate) max: u64,
    /// The same way to `/healthz`, which does next to nothing: what HTTP and the loopback take.
    pub(crate) bare_p50: u64,
    /// As `bare_p50`.
    pub(crate) bare_p99: u64,
    /// Questions asked.
    pub(crate) queries: usize,
}

/// Types symbols and names letter by letter, right and wrong.
pub(crate) fn search(programs: &Programs, queries: usize) -> Result<Search> {
    const TYPED: [&str; 10] = [
        "aapl",
        "motors",
        "general%20mot",
        "pharmaceutical",
        "micorsoft",
        "brk.b",
        "energy",
        "berkshire%20hath",
        "zzzz",
        "btc",
    ];
    let up = Up::start(programs)?;
    up.ready()?;
    let mut client = http::Client::connect(up.address, Duration::from_secs(5))?;
    let mut ask = |path: &str, histogram: &mut Histogram| -> Result<()> {
        let asked = Instant::now();
        let answer = client.get(path)?;
        histogram.record(asked.elapsed().as_micros() as u64);
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        Ok(())
    };
    let (mut found, mut bare) = (Histogram::default(), Histogram::default());
    let prefixes: Vec<&str> = TYPED
        .iter()
        .flat_map(|text| (1..=text.len()).map(move |n| &text[..n]))
        .filter(|t| !ends_in_escape(t))
        .collect();
    for prefix in prefixes.iter().cycle().take(queries) {
        ask(&format!("/api/v1/symbols?q={prefix}&limit=20"), &mut found)?;
        ask("/healthz", &mut bare)?;
    }
    Ok(Search {
        p50: found.quantile(0.5),
        p99: found.quantile(0.99),
        max: found.max(),
        bare_p50: bare.quantile(0.5),
        bare_p99: bare.quantile(0.99),
        queries,
    })
}

/// Cut within `%20`.
fn ends_in_escape(text: &str) -> bool {
    text.ends_with('%') || text.ends_with("%2")
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.3} M values/s (blocks {:.3} to {:.3}), server {:.2} µs a value, generator {:.2} cores; ",
            self.values_per_second / 1e6,
            self.range.0 / 1e6,
            self.range.1 / 1e6,
            self.server_micros_per_value,
            self.generator_cores
        )?;
        if self.is_exact() {
            write!(
                f,
                "all {} values delivered once and in order, {} to each connection",
                self.delivered, self.per_connection.0
            )
        } else {
            write!(
                f,
                "NOT EXACT: {} of {} delivered ({} to {} a connection), {} passed over, {} repeated, {} foreign",
                self.delivered,
                self.expected,
                self.per_connection.0,
                self.per_connection.1,
                self.missing,
                self.repeated,
                self.foreign
            )
        }
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |micros: u64| micros as f64 / 1e3;
        write!(
            f,
            "{} connections, {:.0} of {:.0} values/s: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, max {:.2} ms; \
             server {:.2} cores, generator {:.2}, its own lateness p99 {:.2} ms; {} passed over, {} repeated{}",
            self.connections,
            self.delivered,
            self.offered,
            ms(self.p50),
            ms(self.p99),
            ms(self.p999),
            ms(self.max),
            self.server_cores,
            self.generator_cores,
            ms(self.generator_late_p99),
            self.missing,
            self.repeated,
            if self.kept_up { "" } else { "; FELL BEHIND" }
        )
    }
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p99 of the others {:+.1} %\n  all read: {}\n  one stalled: {}",
            (self.with.p99 as f64 / self.without.p99.max(1) as f64 - 1.0) * 100.0,
            self.without,
            self.with
        )
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} idle connections: {:.1} KiB each (resident {} KiB before, {} KiB with half of them, {} KiB with all)",
            self.connections, self.per_connection_kib, self.before_kib, self.half_kib, self.with_kib
        )
    }
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "idle: {:.1} MiB with {} symbols of a provider, {:.1} MiB with the defaults",
            self.provider_kib as f64 / 1024.0,
            self.symbols,
            self.defaults_kib as f64 / 1024.0
        )
    }
}

impl fmt::Display for Startup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "first price after {:.0} ms, ready after {:.0} ms (medians of {})",
            self.first_price_ms, self.ready_ms, self.runs
        )
    }
}

impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {} µs, p99 {} µs, max {} µs over HTTP, of which the way itself p50 {} µs, p99 {} µs ({} queries)",
            self.p50, self.p99, self.max, self.bare_p50, self.bare_p99, self.queries
        )
    }
}
