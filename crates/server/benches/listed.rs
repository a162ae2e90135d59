//! Universes to search in: the listed companies where the file is at hand, made-up ones otherwise.

use std::path::PathBuf;

use market::{Hours, Instrument, Kind, Symbol, Universe};

const FILE: &str = "us-listed-2026-08-22.csv.gz";

/// The real list; `None` where the file is not at hand.
#[allow(dead_code)]
pub(crate) fn listed() -> Option<Universe> {
    let mut universe = Universe::new();
    universe.refresh(instruments()?);
    Some(universe)
}

/// `len` instruments: the listed ones as far as they are at hand, then made-up ones of their words.
#[allow(dead_code)]
pub(crate) fn synthetic(len: usize) -> Universe {
    let mut list = instruments().unwrap_or_default();
    let fallback = ["General", "Motors", "Apple", "United", "Bank", "America", "Trust", "Holdings", "Energy"];
    let mut words: Vec<String> =
        list.iter().flat_map(|i| i.name.split_whitespace().map(str::to_owned)).collect();
    words.extend(fallback.map(str::to_owned));
    words.sort();
    words.dedup();
    let mut state = 1u64;
    let mut next = |below: usize| {
        // xorshift: the same universe each time.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    while list.len() < len {
        let n = list.len();
        let letters: String = (0..5)
            .scan(n, |rest, _| {
                let c = (b'A' + (*rest % 26) as u8) as char;
                *rest /= 26;
                Some(c)
            })
            .collect();
        // A made-up stem besides, so that there are as many different words as real names have.
        let stem: String = (0..4 + next(5))
            .map(|at| {
                let set: &[u8] = if at % 2 == 0 { b"bcdfglmnprstv" } else { b"aeiou" };
                set[next(set.len())] as char
            })
            .collect();
        let name = format!("{stem} {} {} Inc.", words[next(words.len())], words[next(words.len())]);
        let Ok(symbol) = Symbol::new(&letters) else { continue };
        list.push(instrument(symbol, name, next(1_000_000_000) as u64));
    }
    let mut universe = Universe::new();
    universe.refresh(list);
    universe
}

fn instrument(symbol: Symbol, name: String, activity: u64) -> Instrument {
    Instrument {
        symbol,
        name,
        exchange: "NYSE".into(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity,
    }
}

fn instruments() -> Option<Vec<Instrument>> {
    let folder = std::env::var_os("BELLWETHER_SHARED_DATA").map(PathBuf::from);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let file = std::fs::File::open(folder.unwrap_or(root).join(FILE)).ok()?;
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let rows = reader.records().filter_map(Result::ok);
    let instruments = rows.filter_map(|row| {
        let cap = row.get(5)?.split('.').next()?.parse().unwrap_or(0);
        Some(instrument(Symbol::new(row.get(0)?.trim()).ok()?, row.get(1)?.to_owned(), cap))
    });
    Some(instruments.collect())
}
