//! The engine alone, in memory: commands a second on the mix of the classic workloads.
//!
//! Commands are read and prices are at hand before the clock runs. What is timed is what a desk
//! does for each command: asking what it needs, applying it, and having its entries in a list. The
//! days are played over and over in one ledger, at a fixed price a symbol, a command a millisecond,
//! so that tickets expire as they would. Without the files a day of the same mix is made up.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop")]

mod mix;

use std::collections::HashMap;

use divan::Bencher;
use divan::counter::ItemsCount;
use ledger::{Command, Dialect, Entry, Ledger, Millis, Need, Quote, Source, parse_line};
use market::Symbol;
use mix::{file, made_up, price};

/// Entries are handed on in batches of this many commands.
const BATCH: usize = 256;

fn main() {
    divan::main();
}

/// A day's commands, each with the price it would be given.
struct Day {
    ledger: Ledger,
    commands: Vec<(Command, Option<Quote>)>,
}

fn day(text: &str) -> Day {
    let mut ledger = Ledger::new();
    let mut quotes: HashMap<Symbol, Quote> = HashMap::new();
    let source = Source::new("fixed").unwrap();
    let commands = text.lines().filter_map(|line| parse_line(line, Dialect::Classic).ok()).map(|line| {
        let user = ledger.intern(&line.user).unwrap();
        let quote = line.action.symbol().map(|symbol| {
            let quote = quotes.entry(symbol).or_insert_with(|| Quote {
                price: price(&symbol),
                source,
                provider_time: Millis(0),
                arrived: Millis(0),
                fresh: false,
                answer: None,
            });
            quote.clone()
        });
        (Command { user, n: line.n.unwrap_or(1), key: None, action: line.action }, quote)
    });
    let commands = commands.collect();
    Day { ledger, commands }
}

fn run(bencher: Bencher, text: &str) {
    let Day { mut ledger, commands } = day(text);
    let mut entries: Vec<Entry> = Vec::new();
    let mut now = Millis(0);
    bencher.counter(ItemsCount::new(commands.len())).bench_local(|| {
        for batch in commands.chunks(BATCH) {
            entries.clear();
            for (command, quote) in batch {
                now = now.plus(1);
                let quote = match ledger.check(command, now) {
                    Need::Price(_) | Need::PriceIfAny(_) => quote.as_ref(),
                    Need::Nothing | Need::Refused(_) | Need::Repeated(_) => None,
                };
                ledger.apply(command, quote, now, &mut entries);
            }
            divan::black_box(&entries);
        }
    });
    ledger.audit().unwrap();
}

#[divan::bench]
fn two_users(bencher: Bencher) {
    run(bencher, &file("2-user.txt.gz").unwrap_or_else(|| made_up(2, 20)));
}

#[divan::bench]
fn ten_users(bencher: Bencher) {
    run(bencher, &file("10-user.txt.gz").unwrap_or_else(|| made_up(10, 50)));
}

/// Reading the lines themselves.
#[divan::bench]
fn lines(bencher: Bencher) {
    let text = file("10-user.txt.gz").unwrap_or_else(|| made_up(10, 50));
    let lines: Vec<&str> = text.lines().collect();
    bencher.counter(ItemsCount::new(lines.len())).bench(|| {
        for line in &lines {
            divan::black_box(parse_line(line, Dialect::Classic).is_ok());
        }
    });
}

/// A thousand users of a made-up day: the state does not fit the nearest caches.
#[divan::bench]
fn thousand_users(bencher: Bencher) {
    run(bencher, &made_up(1_000, 400));
}
