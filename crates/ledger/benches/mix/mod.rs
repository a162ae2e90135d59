//! The mix of commands of the classic workloads, for every benchmark that plays it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use market::{Price, Symbol};

/// A workload file, from the shared data beside the repository or in `BELLWETHER_SHARED_DATA`.
pub(crate) fn file(name: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = ["../../../shared/data", "../../../../shared/data"].map(|folder| root.join(folder));
    let named = std::env::var_os("BELLWETHER_SHARED_DATA").map(PathBuf::from);
    let mut folders = named.into_iter().chain(beside);
    let path = folders
        .find_map(|folder| Some(folder.join("day-trading").join(name)).filter(|file| file.exists()))?;
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    Some(text)
}

/// A day of the same mix as the files, for want of one.
pub(crate) fn made_up(users: u64, symbols: u64) -> String {
    let mix = [
        (730, "ADD"),
        (1337, "BUY"),
        (495, "CANCEL_BUY"),
        (493, "CANCEL_SELL"),
        (465, "CANCEL_SET_BUY"),
        (513, "CANCEL_SET_SELL"),
        (1106, "COMMIT_BUY"),
        (774, "COMMIT_SELL"),
        (717, "DISPLAY_SUMMARY"),
        (1219, "QUOTE"),
        (655, "SELL"),
        (267, "SET_BUY_AMOUNT"),
        (472, "SET_BUY_TRIGGER"),
        (293, "SET_SELL_AMOUNT"),
        (463, "SET_SELL_TRIGGER"),
    ];
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut text = String::new();
    for n in 1..=10_000 {
        let mut place = draw(mix.iter().map(|(weight, _)| weight).sum());
        let verb = mix.iter().find(|(weight, _)| {
            let here = place < *weight;
            place = place.saturating_sub(*weight);
            here
        });
        let verb = verb.unwrap().1;
        let (user, number) = (draw(users), draw(symbols));
        let symbol = [number / 26 % 26, number % 26].map(|letter| char::from(b'A' + letter as u8));
        let symbol = String::from_iter(symbol);
        let cents = if verb == "ADD" { draw(10_000_000) } else { draw(75_000) };
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
        let arguments = match verb {
            "ADD" => format!(",{amount}"),
            "QUOTE" | "CANCEL_SET_BUY" | "CANCEL_SET_SELL" => format!(",{symbol}"),
            _ if verb.starts_with("CO") || verb.starts_with("CA") || verb.starts_with("DI") => String::new(),
            _ => format!(",{symbol},{amount}"),
        };
        text.push_str(&format!("[{n}] {verb},user{user:06}{arguments} \n"));
    }
    text
}

/// The one price of a symbol.
pub(crate) fn price(symbol: &Symbol) -> Price {
    let sum = symbol.as_bytes().iter().fold(7u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(*b)));
    Price::from_units((100 + (sum % 19_900) as i64) * 1_000_000)
}
