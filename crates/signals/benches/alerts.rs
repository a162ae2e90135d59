//! What alerts cost the tape: the same trades through the tape alone, and through tape and alerts.
//!
//! 26,000 symbols, of which 1,000 trade (some far more than others), and 100,000 alerts spread over all of
//! them, near the price and repeating, so that some fire on the way. Every kind of load takes its turn, round
//! by round, alone in memory as it would be; of each chunk of ten thousand trades and each kind the fastest
//! round counts, so that what other work on the machine took away is in none of them. The second row, alerts
//! of which there are none, says how far two measurements of nearly the same differ.
//!
//! `cargo bench -p signals --bench alerts`

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop")]
#![allow(clippy::disallowed_methods, reason = "measuring is what a clock is for")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use market::tape::{Limits, Tape, Update};
use market::{
    Conditions, Date, Hours, Instrument, Kind, MarketEvent, Price, Size, Symbol, SymbolId, Timestamp, Trade,
    Universe, Volume,
};
use signals::alert::{Alert, AlertId, Alerts, Direction, Firing, Repeat, Rule, UsualVolume};

const SYMBOLS: u64 = 26_000;
const ACTIVE: u64 = 1_000;
const ALERTS: u64 = 100_000;
const TRADES: usize = 300_000;
const ROUNDS: usize = 12;
/// A turn. As often as this the live path lets windows go, in market time.
const CHUNK: usize = 10_000;
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
        kind: Kind::Stock,
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

/// Trades at so many a second, from 10:00 in New York on, each a cent or two from the last of its symbol.
fn stream(per_second: i64) -> Vec<MarketEvent> {
    let mut draw = Draw(1);
    let mut cents: Vec<i64> = (0..SYMBOLS).map(first_cents).collect();
    let begin = Date::from_ymd(2026, 11, 20).midnight_utc().nanos() + 15 * 3_600_000_000_000;
    let letters = ["", "T", "", "F", "I", "", "", ""];
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
                conditions: Conditions::from_letters(letters[draw.below(8) as usize].as_bytes()),
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

/// A tape, and perhaps alerts, on their way through the trades.
struct Runner {
    tape: Tape,
    alerts: Option<Alerts>,
    updates: Vec<Update>,
    firings: Vec<Firing>,
    n_fired: usize,
}

impl Runner {
    fn new(universe: &Arc<Universe>, rules: Option<u64>) -> Self {
        Self {
            tape: Tape::new(Arc::clone(universe), Limits::default()),
            alerts: rules.map(|rules| if rules == 0 { Alerts::new() } else { alerts(rules) }),
            updates: Vec::with_capacity(32),
            firings: Vec::with_capacity(32),
            n_fired: 0,
        }
    }

    /// Nanoseconds for all of these.
    fn run(&mut self, events: &[MarketEvent]) -> f64 {
        let begin = Instant::now();
        self.tape.let_go_of_windows();
        for event in events {
            self.tape.apply(black_box(event), &mut self.updates);
            black_box(&self.updates);
            self.updates.clear();
            if let Some(alerts) = &mut self.alerts {
                alerts.apply(event, &mut self.firings);
                self.n_fired += self.firings.len();
                self.firings.clear();
            }
        }
        begin.elapsed().as_nanos() as f64
    }
}

const KINDS: [(&str, Option<u64>); 5] = [
    ("tape alone", None),
    ("and no alerts", Some(0)),
    ("and 100,000 on price", Some(7)),
    ("and windows beside", Some(9)),
    ("and 100,000 of all kinds", Some(10)),
];

fn measure(per_second: i64, universe: &Arc<Universe>) {
    let events = stream(per_second);
    let chunks: Vec<&[MarketEvent]> = events.chunks(CHUNK).collect();
    let mut best = vec![[f64::MAX; KINDS.len()]; chunks.len()];
    let mut fired = [0; KINDS.len()];
    for turn in 0..ROUNDS * KINDS.len() {
        // Each round begins with another kind.
        let kind = (turn + turn / KINDS.len()) % KINDS.len();
        let mut runner = Runner::new(universe, KINDS[kind].1);
        for (chunk, best) in chunks.iter().zip(&mut best) {
            best[kind] = best[kind].min(runner.run(chunk));
        }
        fired[kind] = runner.n_fired;
    }
    println!(
        "{TRADES} trades at {per_second} a second, {ACTIVE} of {SYMBOLS} symbols trade, {ROUNDS} rounds"
    );
    let cost = |kind: usize| best.iter().map(|best| best[kind]).sum::<f64>() / TRADES as f64;
    for (kind, (name, _)) in KINDS.iter().enumerate() {
        let ratio = cost(kind) / cost(0);
        println!("  {name:<26} {:>6.1} ns a trade   × {ratio:.3}   {} messages", cost(kind), fired[kind]);
    }
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
