//! What alerts cost the tape: the same trades through the tape alone, and with alerts decided on them.
//!
//! 26,000 symbols, of which 1,000 trade (some far more than others), and 100,000 alerts spread over all of
//! them, near the price and repeating, so that some fire on the way. Every kind of load takes its turn, round
//! by round, alone in memory as it would be; of each chunk of ten thousand trades and each kind the fastest
//! round counts, so that what other work on the machine took away is in none of them. The second row, alerts
//! of which there are none, says how far two measurements of nearly the same differ.
//!
//! Rows that say "then" have one thread do both, a batch through the tape and then through the alerts: what all of it
//! takes of one processor. The last row is how the server does it, with alerts in a task beside the tape that reads the
//! same batches: what it takes away from the tape.
//!
//! `cargo bench -p signals --bench alerts`

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop")]
#![allow(clippy::disallowed_methods, reason = "measuring is what a clock is for")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use market::tape::{Limits, Tape, Update};
use market::{
    Conditions, Date, Hours, Instrument, MarketEvent, Price, Size, Symbol, SymbolId, Timestamp, Trade,
    Universe, Volume,
};
use signals::alert::{Alert, AlertId, Alerts, Direction, Firing, Repeat, Rule, UsualVolume};

const SYMBOLS: u64 = 26_000;
const ACTIVE: u64 = 1_000;
const ALERTS: u64 = 100_000;
const TRADES: usize = 2_000_000;
const ROUNDS: usize = 7;
/// A turn. As often as this the live path lets windows go, in market time.
const CHUNK: usize = 10_000;
/// A feed hands over what came in ten milliseconds; the live path has the tape take all of it, then the alerts.
const BATCHES_PER_SECOND: usize = 100;
const CENT: i64 = 1_000_000;

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
        kind: market::Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity: 0,
    }));
    Arc::new(universe)
}

/// The price a symbol begins with, in cents.
fn first_cents(symbol: u64) -> i64 {
    2_000 + (symbol.wrapping_mul(2_654_435_761) % 40_000) as i64
}

/// Conditions in the shares they had among the trades of a day (NYSE, 2018-01-02).
fn letters(percent: u64) -> &'static str {
    match percent {
        0..34 => "",
        34..59 => "I",
        59..80 => "F",
        80..99 => "FI",
        _ => "T",
    }
}

/// Trades at so many a second, from 10:00 in New York on, each a cent or two from the last of its symbol.
fn stream(per_second: i64) -> Vec<MarketEvent> {
    let mut draw = Draw(1);
    let mut cents: Vec<i64> = (0..SYMBOLS).map(first_cents).collect();
    let begin = Date::from_ymd(2026, 11, 20).midnight_utc().nanos() + 15 * 3_600_000_000_000;
    (0..TRADES)
        .map(|n| {
            // The active ones lie apart, as they do among all listed.
            let mut any = || draw.below(ACTIVE);
            let symbol = any().min(any()).min(any()) * (SYMBOLS / ACTIVE);
            let last = &mut cents[symbol as usize];
            *last = (*last + draw.below(5) as i64 - 2).max(100);
            let time = Timestamp::from_nanos(begin + n as i64 * (1_000_000_000 / per_second));
            MarketEvent::Trade(Trade {
                symbol: SymbolId(symbol as u32),
                ts_event: time,
                ts_recv: time,
                seq: n as u64,
                price: Price::from_units(*last * CENT),
                size: Size::from_whole(1 + draw.below(900) as i64).unwrap(),
                conditions: Conditions::from_letters(letters(draw.below(100)).as_bytes()),
            })
        })
        .collect()
}

/// A rule near the price: within five per cent of it.
fn rule(kind: u64, cents: i64, draw: &mut Draw) -> Rule {
    let near = Price::from_units((cents * 95 / 100 + draw.below((cents / 10) as u64) as i64) * CENT);
    let ppm = 10_000 + 1_000 * draw.below(40) as i64;
    match kind {
        0..3 => Rule::PriceAbove(near),
        3..6 => Rule::PriceBelow(near),
        6 => Rule::PriceCrosses(near),
        7 => Rule::PercentFromClose { ppm, direction: Direction::Either },
        8 => {
            let minutes = [5, 15, 60][draw.below(3) as usize];
            Rule::PercentInWindow { ppm, direction: Direction::Either, minutes }
        }
        _ if draw.below(2) == 0 => Rule::VolumeAboveUsual { times_thousandths: 3_000 },
        _ => Rule::Stale { seconds: 5 },
    }
}

fn alerts(kinds: u64) -> Alerts {
    let mut draw = Draw(7);
    let mut alerts = Alerts::new();
    for id in 0..ALERTS {
        let symbol = id % SYMBOLS;
        let cents = first_cents(symbol);
        let alert = Alert {
            id: AlertId(id),
            owner: id,
            symbol: SymbolId(symbol as u32),
            rule: rule(draw.below(kinds), cents, &mut draw),
            repeat: Repeat::Rearm { hysteresis: 2_000 },
            generation: 0,
            active_from: Timestamp::MIN,
            expires_at: None,
            quiet: None,
            seen: Some(Price::from_units(cents * CENT)),
        };
        alerts.add(alert, Hours::UsEquity).unwrap();
    }
    for symbol in 0..SYMBOLS {
        let id = SymbolId(symbol as u32);
        alerts.previous_close(
            id,
            Date::from_ymd(2026, 11, 20),
            Price::from_units(first_cents(symbol) * CENT),
        );
        alerts.usual_volume(id, UsualVolume { hours: [Volume::from_units(10_000_000 * 100_000_000); 24] });
    }
    alerts
}

type Batch = Arc<Vec<MarketEvent>>;

/// Between two rounds, as in the server.
const REST: Duration = Duration::from_millis(1);
/// Batches that may wait for alerts, as in the server.
const WAITING_MAX: usize = 256;

/// Who decides alerts.
enum Decider {
    Nobody,
    /// This thread, after the tape.
    Here(Box<Alerts>, usize),
    /// Another, which counts what fires, and how many batches wait for it.
    Beside(SyncSender<Batch>, JoinHandle<usize>, Arc<AtomicUsize>),
}

fn decide(alerts: &mut Alerts, batch: &[MarketEvent], firings: &mut Vec<Firing>) -> usize {
    let (mut rest, mut n_fired) = (black_box(batch), 0);
    while !rest.is_empty() {
        rest = &rest[alerts.advance(rest, firings)..];
        n_fired += firings.len();
        firings.clear();
    }
    n_fired
}

/// A tape, and perhaps alerts, on their way through the trades.
struct Runner {
    tape: Tape,
    decider: Decider,
    updates: Vec<Update>,
    firings: Vec<Firing>,
}

impl Runner {
    fn new(universe: &Arc<Universe>, kind: Kind) -> Self {
        let decider = match kind {
            Kind::Tape => Decider::Nobody,
            Kind::Then(0) => Decider::Here(Box::default(), 0),
            Kind::Then(rules) => Decider::Here(Box::new(alerts(rules)), 0),
            Kind::Beside(rules) => {
                let (log, batches) = sync_channel::<Batch>(WAITING_MAX);
                let (mut alerts, waiting) = (alerts(rules), Arc::new(AtomicUsize::new(0)));
                let n_waiting = Arc::clone(&waiting);
                let work = move || {
                    let (mut firings, mut n_fired) = (Vec::with_capacity(32), 0);
                    while let Ok(first) = batches.recv() {
                        for batch in std::iter::once(first).chain(batches.try_iter()) {
                            n_waiting.fetch_sub(1, Ordering::Relaxed);
                            n_fired += decide(&mut alerts, &batch, &mut firings);
                        }
                        std::thread::park_timeout(REST);
                    }
                    n_fired
                };
                Decider::Beside(log, std::thread::spawn(work), waiting)
            }
        };
        let tape = Tape::new(Arc::clone(universe), Limits::default());
        Self { tape, decider, updates: Vec::with_capacity(32), firings: Vec::with_capacity(32) }
    }

    /// Nanoseconds of this thread for all of these.
    fn run(&mut self, batches: &[Batch]) -> f64 {
        let begin = Instant::now();
        self.tape.let_go_of_windows();
        for batch in batches {
            for event in batch.iter() {
                self.tape.apply(black_box(event), &mut self.updates);
                black_box(&self.updates);
                self.updates.clear();
            }
            match &mut self.decider {
                Decider::Nobody => {}
                Decider::Here(alerts, n_fired) => *n_fired += decide(alerts, batch, &mut self.firings),
                Decider::Beside(log, task, waiting) => {
                    let n_waiting = waiting.fetch_add(1, Ordering::Relaxed);
                    log.send(Arc::clone(batch)).unwrap();
                    if n_waiting == WAITING_MAX / 2 {
                        task.thread().unpark();
                    }
                }
            }
        }
        begin.elapsed().as_nanos() as f64
    }

    /// How often alerts have fired.
    fn finish(self) -> usize {
        match self.decider {
            Decider::Nobody => 0,
            Decider::Here(_, n_fired) => n_fired,
            Decider::Beside(log, task, _) => {
                drop(log);
                task.join().unwrap()
            }
        }
    }
}

/// What is measured, with so many kinds of rules.
#[derive(Clone, Copy)]
enum Kind {
    Tape,
    Then(u64),
    Beside(u64),
}

const KINDS: [(&str, Kind); 6] = [
    ("tape alone", Kind::Tape),
    ("then no alerts", Kind::Then(0)),
    ("then 100,000 on price", Kind::Then(7)),
    ("then with windows too", Kind::Then(9)),
    ("then 100,000 of all kinds", Kind::Then(10)),
    ("100,000 of all kinds beside", Kind::Beside(10)),
];
/// What alerts may take away from the tape.
const AIM: f64 = 1.10;

fn measure(per_second: i64, universe: &Arc<Universe>) {
    let at_once = per_second as usize / BATCHES_PER_SECOND;
    let batches: Vec<Batch> =
        stream(per_second).chunks(at_once).map(|batch| Arc::new(batch.to_vec())).collect();
    let chunks: Vec<&[Batch]> = batches.chunks(CHUNK / at_once).collect();
    let mut best = vec![[f64::MAX; KINDS.len()]; chunks.len()];
    let mut fired = [0; KINDS.len()];
    for turn in 0..ROUNDS * KINDS.len() {
        // Each round begins with another kind.
        let kind = (turn + turn / KINDS.len()) % KINDS.len();
        let mut runner = Runner::new(universe, KINDS[kind].1);
        for (chunk, best) in chunks.iter().zip(&mut best) {
            best[kind] = best[kind].min(runner.run(chunk));
        }
        fired[kind] = runner.finish();
    }
    println!(
        "{TRADES} trades at {per_second} a second, {ACTIVE} of {SYMBOLS} symbols trade, {ROUNDS} rounds"
    );
    let cost = |kind: usize| best.iter().map(|best| best[kind]).sum::<f64>() / TRADES as f64;
    for (kind, (name, _)) in KINDS.iter().enumerate() {
        let ratio = cost(kind) / cost(0);
        println!("  {name:<28} {:>6.1} ns a trade   × {ratio:.3}   {} messages", cost(kind), fired[kind]);
    }
    let verdict = if cost(KINDS.len() - 1) / cost(0) < AIM { "reached" } else { "MISSED" };
    println!("  the aim, under 10 % of the tape's speed, is {verdict}");
}

fn main() {
    // `cargo test --benches` asks for nothing but a build.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let universe = universe();
    for per_second in [100_000, 1_000] {
        measure(per_second, &universe);
    }
}
