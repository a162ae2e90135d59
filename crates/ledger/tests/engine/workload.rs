//! The classic workload files, and how much of them is refused.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use ledger::{Command, Dialect, Entry, Event, Ledger, Millis, Need, Outcome, UserName, parse_line};
use market::{Price, Symbol};

use crate::desk::quote;

/// A file, where the shared data is beside the repository or named by `BELLWETHER_SHARED_DATA`.
fn text(name: &str) -> Option<String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let further = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let named = std::env::var_os("BELLWETHER_SHARED_DATA").map(PathBuf::from);
    let folders = named.into_iter().chain([beside, further]);
    let Some(file) = folders.map(|folder| folder.join("day-trading").join(name)).find(|file| file.exists())
    else {
        println!(
            "skipped: {name} is not here; name the folder above day-trading with BELLWETHER_SHARED_DATA"
        );
        return None;
    };
    let bytes = fs::read(file).unwrap();
    let mut text = String::new();
    match name.ends_with(".gz") {
        true => GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap(),
        false => (&bytes[..]).read_to_string(&mut text).unwrap(),
    };
    Some(text)
}

/// A price for each symbol that never moves, spread as those of the legacy quote server: a factor
/// of 5,000 from the lowest to the highest, the median at a few tens of dollars.
fn fixed(symbol: &Symbol) -> Price {
    let sum = symbol.as_bytes().iter().fold(7u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(*b)));
    let (steps, rest) = (sum % 12, sum / 12 % 100);
    let cents = 100 * (1u64 << steps) * (100 + rest) / 100;
    Price::from_units(i64::try_from(cents).unwrap() * 1_000_000)
}

struct Day {
    commands: usize,
    refused: usize,
    quotes: usize,
    entries: Vec<Entry>,
    ledger: Ledger,
}

fn play(text: &str) -> Day {
    let mut day = Day { commands: 0, refused: 0, quotes: 0, entries: Vec::new(), ledger: Ledger::new() };
    let now = Millis(0);
    for (at, line) in text.lines().enumerate() {
        let line =
            parse_line(line, Dialect::Classic).unwrap_or_else(|bad| panic!("line {}: {bad:?}", at + 1));
        assert_eq!(line.n, Some(at as u64 + 1));
        let user = day.ledger.intern(&line.user).unwrap();
        let command = Command { user, n: at as u64 + 1, key: None, action: line.action };
        let price = match day.ledger.check(&command, now) {
            Need::Price(symbol) | Need::PriceIfAny(symbol) => Some(quote(fixed(&symbol))),
            _ => None,
        };
        day.quotes += usize::from(price.is_some());
        day.ledger.apply(&command, price.as_ref(), now, &mut day.entries);
        day.commands += 1;
    }
    let refused = day
        .entries
        .iter()
        .filter(|entry| matches!(entry.event, Event::Command { outcome: Outcome::Refused(_), .. }));
    day.refused = refused.count();
    day.ledger.audit().unwrap();
    day
}

#[test]
fn the_share_of_refused_commands_is_that_of_the_rule_book() {
    // Users, commands and the share refused at fixed prices, in percent.
    for (name, users, commands, percent) in
        [("1-user.txt", 1, 100, 27), ("2-user.txt.gz", 2, 10_000, 38), ("10-user.txt.gz", 10, 10_000, 47)]
    {
        let Some(text) = text(name) else { return };
        let day = play(&text);
        println!("{name}: {} refused of {}, {} quotes", day.refused, day.commands, day.quotes);
        assert_eq!((day.commands, day.ledger.user_count()), (commands, users + 1));
        let share = day.refused as f64 * 100.0 / day.commands as f64;
        // The book does not say which prices its own were, and few symbols make a rough mean.
        assert!((share - f64::from(percent)).abs() < 5.0, "{name}: {share} %, the book says {percent} %");
        let mut again = Ledger::new();
        for id in 1..day.ledger.user_count() {
            again.intern(day.ledger.name(ledger::UserId(id as u32))).unwrap();
        }
        for entry in &day.entries {
            again.replay(entry).unwrap();
        }
        assert_eq!(again.snapshot(), day.ledger.snapshot());
    }
}

#[test]
fn carriage_returns_change_nothing() {
    let (Some(plain), Some(crlf)) = (text("1-user.txt"), text("1-user.crlf.txt")) else { return };
    assert!(crlf.contains('\r'));
    let lines = crlf.split('\n').filter(|line| !line.is_empty());
    for (ours, theirs) in plain.lines().zip(lines) {
        assert_eq!(parse_line(ours, Dialect::Classic), parse_line(theirs, Dialect::Classic));
    }
    assert_eq!(play(&plain).entries, play(&crlf).entries);
    let last = parse_line(plain.lines().last().unwrap(), Dialect::Classic).unwrap();
    assert_eq!(last.user, UserName::SYSTEM);
}
