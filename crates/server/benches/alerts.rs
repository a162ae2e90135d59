//! How long a trade waits until the alert it fires stands in the queue to be recorded: at 100,000 trades a second, with
//! 100,000 alerts on 26,000 symbols.
//!
//! Trades are due at even distances and come in batches of a millisecond, as they would from the log. As in the server,
//! each batch goes through the live view (the tape, rows, blocks) and to the task of alerts beside it. A firing's latency is
//! from when its batch was due to when a third thread had it from the queue, so what holds any of them up, the saving of a
//! snapshot among it, is in it.
//!
//! `cargo bench -p server --bench alerts` (`-- SECONDS` for a longer run than 20 s)

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop")]
#![allow(clippy::disallowed_methods, reason = "measuring is what a clock is for")]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bus::{EventBatch, LogPosition};
use market::tape::Limits;
use market::{
    Conditions, Hours, Instrument, Kind, MarketEvent, Price, Size, Symbol, SymbolId, Timestamp, Trade,
    Universe,
};
use server::alerts::{AlertTask, Runner};
use server::live::Live;
use server::live::publish::{Changes, Way};
use signals::alert::{Alert, AlertId, Direction, Repeat, Rule};

const SYMBOLS: u64 = 26_000;
const ACTIVE: u64 = 1_000;
const ALERTS: u64 = 100_000;
const PER_SECOND: u64 = 100_000;
const PER_BATCH: u64 = PER_SECOND / 1_000;
const CENT: i64 = 1_000_000;
const SECONDS: u64 = 20;

struct Draw(u64);

impl Draw {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn universe() -> Arc<Universe> {
    let mut universe = Universe::new();
    universe.refresh((0..SYMBOLS).map(|n| Instrument {
        symbol: Symbol::new(&format!("S{n}")).unwrap(),
        name: format!("Company {n}"),
        exchange: "NYSE".into(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::Always,
        activity: 0,
    }));
    Arc::new(universe)
}

/// The price a symbol begins with, in cents.
fn first_cents(symbol: u64) -> i64 {
    2_000 + (symbol.wrapping_mul(2_654_435_761) % 40_000) as i64
}

/// Alerts of all kinds near the price, armed again and again, so that there is something to measure.
fn alerts() -> Vec<(Alert, Hours)> {
    let mut draw = Draw(7);
    let alert = |id: u64| {
        let symbol = id % SYMBOLS;
        let cents = first_cents(symbol);
        let near = Price::from_units((cents * 99 / 100 + draw.below((cents / 50) as u64) as i64) * CENT);
        let ppm = 5_000 + 1_000 * draw.below(20) as i64;
        let rule = match draw.below(9) {
            0..3 => Rule::PriceAbove(near),
            3..6 => Rule::PriceBelow(near),
            6 => Rule::PriceCrosses(near),
            7 => Rule::PercentFromClose { ppm, direction: Direction::Either },
            _ => Rule::PercentInWindow { ppm, direction: Direction::Either, minutes: 5 },
        };
        Alert {
            id: AlertId(id),
            owner: id,
            symbol: SymbolId(symbol as u32),
            rule,
            repeat: Repeat::Rearm { hysteresis: 2_000 },
            generation: 0,
            active_from: Timestamp::MIN,
            expires_at: None,
            quiet: None,
            seen: Some(Price::from_units(cents * CENT)),
        }
    };
    (0..ALERTS).map(alert).map(|alert| (alert, Hours::Always)).collect()
}

fn now() -> Timestamp {
    Timestamp::from_nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i64)
}

/// Waits for a moment without giving the processor away for longer than is left.
fn until(due: Instant) {
    while let Some(left) = due.checked_duration_since(Instant::now()) {
        if left > Duration::from_micros(200) {
            std::thread::sleep(left - Duration::from_micros(150));
        } else {
            std::hint::spin_loop();
        }
    }
}

fn at(sorted: &[Duration], thousandths: usize) -> Duration {
    sorted[(sorted.len() * thousandths / 1_000).min(sorted.len() - 1)]
}

/// The place of a batch in a log.
fn place(batch: u64) -> LogPosition {
    let mut bytes = [0; 20];
    bytes[0] = 1;
    bytes[8..16].copy_from_slice(&(batch + 1).to_le_bytes());
    LogPosition::from_bytes(&bytes).unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` asks for nothing but a build.
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    let seconds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(SECONDS);
    let live = Arc::new(Live::new(universe(), Limits::default(), "measured", Arc::new(now)));
    let (runner, mut queue) = Runner::unrecorded(Arc::clone(&live), alerts());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let mut task = {
        let _inside = runtime.enter();
        AlertTask::start(runner)
    };
    let taker = std::thread::spawn(move || {
        let mut latencies = Vec::new();
        while let Some(due) = queue.next_fired() {
            latencies.push(Duration::from_nanos((now().nanos() - due.nanos()).max(0) as u64));
        }
        latencies
    });
    let mut draw = Draw(1);
    let mut cents: Vec<i64> = (0..SYMBOLS).map(first_cents).collect();
    let mut changes = Changes::default();
    let mut behind = Duration::ZERO;
    let mut seq = 0;
    let (begun, first) = (Instant::now(), now());
    for batch in 0..seconds * 1_000 {
        let due = begun + Duration::from_millis(batch + 1);
        let time = first.saturating_add_nanos((batch as i64 + 1) * 1_000_000);
        let events: Vec<MarketEvent> = (0..PER_BATCH)
            .map(|_| {
                let mut any = || draw.below(ACTIVE);
                let symbol = any().min(any()).min(any()) * (SYMBOLS / ACTIVE);
                let last = &mut cents[symbol as usize];
                *last = (*last + draw.below(5) as i64 - 2).max(100);
                seq += 1;
                MarketEvent::Trade(Trade {
                    symbol: SymbolId(symbol as u32),
                    ts_event: time,
                    ts_recv: time,
                    seq,
                    price: Price::from_units(*last * CENT),
                    size: Size::from_whole(100).unwrap(),
                    conditions: Conditions::REGULAR,
                })
            })
            .collect();
        until(due);
        behind = behind.max(due.elapsed());
        live.apply("measured", &events, Way::Log, false, &mut changes, |block| {
            drop(std::hint::black_box(block))
        });
        let position = place(batch);
        runtime.block_on(task.read(position, Arc::new(EventBatch { feed: "measured".into(), events })));
        if batch % 1_000 == 999 {
            std::hint::black_box(changes.take_unsaved().count());
        }
    }
    runtime.block_on(task.finish());
    let mut latencies = taker.join().unwrap();
    latencies.sort_unstable();
    println!(
        "{PER_SECOND} trades a second for {seconds} s, {ALERTS} alerts on {SYMBOLS} symbols: {} firings",
        latencies.len()
    );
    if latencies.is_empty() {
        return;
    }
    println!(
        "  from trade to queue: p50 {:?}, p99 {:?}, p99.9 {:?}, worst {:?}; a batch began late by {behind:?} at most",
        at(&latencies, 500),
        at(&latencies, 990),
        at(&latencies, 999),
        latencies[latencies.len() - 1]
    );
    let verdict = if at(&latencies, 990) < Duration::from_millis(5) { "reached" } else { "MISSED" };
    println!("  the aim, p99 under 5 ms, is {verdict}");
}
