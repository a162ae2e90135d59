//! How fast the simulated market is made: `cargo run --release -p sim --example pace`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use market::{Interval, Timestamp};
use sim::market::{Market, MarketConfig};

/// 2026-11-20T15:00:00Z, a Friday's session.
const SECOND: i64 = 1_795_186_800;

fn main() {
    let started = Instant::now();
    let market = Market::new(MarketConfig::default());
    println!("made {} instruments in {:?}", market.universe().listings().len(), started.elapsed());
    for rate in [1, 2_000, 100_000, 1_000_000, 5_000_000] {
        bulk(rate);
    }
    let Some(to) = Timestamp::from_seconds(SECOND) else { return };
    let Some(from) = Timestamp::from_seconds(SECOND - 365 * 86_400) else { return };
    each("daily bars of a year", |n| drop(black_box(market.bars(n, Interval::D1, from, to))));
    each("figures of the day", |n| _ = black_box(market.day(n, to)));
    each("card", |n| _ = black_box(market.card(n, to)));
    each("price", |n| _ = black_box(market.price_at(n, to)));
}

/// All symbols' trades, second after second, for about a second of work.
fn bulk(rate: u64) {
    let market = Market::new(MarketConfig { rate, ..MarketConfig::default() });
    let (mut prints, mut count, mut seconds) = (Vec::new(), 0, 0);
    market.trades_of_all(SECOND, &mut prints);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(1) {
        prints.clear();
        // Seconds far apart, so that bursts and the time of day even out.
        market.trades_of_all(SECOND + seconds * 1_009, &mut prints);
        count += prints.len();
        seconds += 1;
    }
    let took = started.elapsed();
    let speed = count as f64 / took.as_secs_f64() / 1e6;
    println!(
        "rate {rate}: {speed:.2} million prints/s, {:?} for a second of all symbols",
        took / seconds as u32
    );
}

fn each(what: &str, work: impl Fn(u32)) {
    let started = Instant::now();
    for n in 0..200 {
        work(n);
    }
    println!("{what}: {:?}", started.elapsed() / 200);
}
