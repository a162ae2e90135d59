use std::time::{Duration, Instant};

use market::{Hours, Instrument, Kind, Symbol};
use proptest::prelude::*;

use super::*;

#[path = "../../benches/listed.rs"]
mod listed;

fn stock(symbol: &str, name: &str, activity: u64) -> Instrument {
    Instrument {
        symbol: Symbol::new(symbol).unwrap(),
        name: name.into(),
        exchange: "NYSE".into(),
        kind: if symbol.contains(':') { Kind::Crypto } else { Kind::Stock },
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity,
    }
}

fn small() -> Index {
    let mut universe = Universe::new();
    universe.refresh([
        stock("A", "Agilent Technologies Inc.", 40),
        stock("AA", "Alcoa Corporation", 12),
        stock("AAPL", "Apple Inc.", 3_000),
        stock("APLE", "Apple Hospitality REIT Inc.", 3),
        stock("AAp", "Alcoa Preferred", 1),
        stock("AAP", "Advance Auto Parts", 5),
        stock("BAC", "Bank of America Corporation", 300),
        stock("BRK.A", "Berkshire Hathaway Inc. Class A", 900),
        stock("BRK.B", "Berkshire Hathaway Inc. Class B", 800),
        stock("BTC", "Mini Bitcoin Trust", 6),
        stock("GM", "General Motors Company", 70),
        stock("MSFT", "Microsoft Corporation", 2_900),
        stock("NSU", "National Standard Motors", 2),
        stock("MTR", "Motors Liquidation Trust", 1),
        stock("SCGLY", "Société Générale SA", 20),
        stock("T", "AT&T Inc.", 130),
        stock("TSLA", "Tesla Inc.", 1_000),
        stock("BINANCE:BTCUSDT", "Bitcoin / Tether", 1_500),
        stock("BINANCE:ETHUSDT", "Ethereum / Tether", 400),
        stock("KRAKEN:XBT/USD", "Bitcoin / US Dollar", 30),
    ]);
    Index::build(Arc::new(universe))
}

fn found(index: &Index, query: &str) -> Vec<String> {
    let found = index.search(query, 0, 20);
    assert!(!found.more);
    found.ids.into_iter().map(|id| index.universe().symbol(id).unwrap().to_string()).collect()
}

#[track_caller]
fn first(index: &Index, query: &str, symbols: &[&str]) {
    let found = found(index, query);
    assert_eq!(found[..symbols.len().min(found.len())], *symbols, "{query:?} found {found:?}");
}

#[test]
fn ranks_exact_then_prefix_then_word_then_near() {
    let index = small();
    first(&index, "A", &["A", "AAPL", "AA", "AAP", "APLE", "AAp"]);
    first(&index, "aa", &["AA", "AAPL", "AAP", "AAp"]);
    first(&index, "motors", &["GM", "NSU", "MTR"]);
    first(&index, "moto", &["GM", "NSU", "MTR"]);
    first(&index, "apple", &["AAPL", "APLE"]);
    first(&index, "aplle", &["AAPL", "APLE"]);
    first(&index, "tsal", &["TSLA"]);
    first(&index, "microsfot", &["MSFT"]);
    first(&index, "mircosoftt", &["MSFT"]);
    assert_eq!(found(&index, "apl"), ["APLE"], "three letters must be right");
    assert_eq!(found(&index, "zzzz"), [""; 0]);
}

#[test]
fn looks_past_case_accents_and_punctuation() {
    let index = small();
    first(&index, "aAp", &["AAP", "AAp", "AAPL"]);
    first(&index, "AAp", &["AAp", "AAP", "AAPL"]);
    first(&index, "brk b", &["BRK.B"]);
    first(&index, "brkb", &["BRK.B"]);
    first(&index, "BRK.B", &["BRK.B"]);
    first(&index, "brk", &["BRK.A", "BRK.B"]);
    first(&index, "societe generale", &["SCGLY"]);
    first(&index, "GÉNÉRALE", &["SCGLY"]);
    first(&index, "at&t", &["T"]);
    first(&index, "att", &["T"]);
}

#[test]
fn takes_several_words_in_any_order() {
    let index = small();
    assert_eq!(found(&index, "bank america"), ["BAC"]);
    assert_eq!(found(&index, "america bank"), ["BAC"]);
    assert_eq!(found(&index, "bnak america"), ["BAC"]);
    assert_eq!(found(&index, "gm motors"), ["GM"]);
    assert_eq!(found(&index, "bank apple"), [""; 0]);
}

#[test]
fn finds_pairs_by_either_part() {
    let index = small();
    first(&index, "btc", &["BTC", "BINANCE:BTCUSDT"]);
    first(&index, "btcusdt", &["BINANCE:BTCUSDT"]);
    first(&index, "binance:btcusdt", &["BINANCE:BTCUSDT"]);
    first(&index, "bitcoin", &["BINANCE:BTCUSDT", "KRAKEN:XBT/USD", "BTC"]);
    first(&index, "usdt", &["BINANCE:BTCUSDT", "BINANCE:ETHUSDT"]);
    first(&index, "xbt", &["KRAKEN:XBT/USD"]);
    first(&index, "binance eth", &["BINANCE:ETHUSDT"]);
}

#[test]
fn nothing_typed_is_everything_and_pages_join_up() {
    let index = small();
    let all = found(&index, "  ");
    assert_eq!(all[..3], ["AAPL", "MSFT", "BINANCE:BTCUSDT"]);
    assert_eq!(all.len(), 20);
    assert_eq!(found(&index, "&!"), [""; 0]);
    for query in ["", "a", "inc", "aplle"] {
        let whole = index.search(query, 0, 100);
        let mut paged = vec![];
        loop {
            let page = index.search(query, paged.len(), 3);
            paged.extend(page.ids);
            if !page.more {
                break;
            }
        }
        assert_eq!(paged, whole.ids, "{query:?}");
    }
    let past = index.search("a", usize::MAX, usize::MAX);
    assert_eq!((past.ids.len(), past.more), (0, false));
}

#[test]
fn an_empty_universe_finds_nothing() {
    let index = Index::build(Arc::new(Universe::new()));
    for query in ["", "a", "abcd", "abcdefghi jklm"] {
        assert_eq!(index.search(query, 0, 10).ids.len(), 0);
    }
}

#[test]
fn follows_the_universe() {
    let search = Arc::new(Search::new(Arc::new(Universe::new())));
    let next = Arc::clone(small().universe());
    search.follow(&next);
    let deadline = Instant::now() + Duration::from_secs(10);
    while search.rebuilding.load(Ordering::Acquire) && Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(search.index().search("aapl", 0, 1).ids.len(), 1);
    search.follow(&next);
    assert!(!search.rebuilding.load(Ordering::Acquire), "an unchanged universe is not indexed again");
}

#[test]
fn the_listed_companies_are_found_by_name_and_in_little_memory() {
    let Some(listed) = listed::listed() else {
        println!("skipped: no us-listed-2026-08-22.csv.gz; set BELLWETHER_SHARED_DATA to its folder");
        return;
    };
    let index = Index::build(Arc::new(listed));
    for (query, symbol) in [
        ("motors", "GM"),
        ("general motors", "GM"),
        ("apple", "AAPL"),
        ("aplle", "AAPL"),
        ("microsfot", "MSFT"),
        ("nvidai", "NVDA"),
        ("bank america", "BAC"),
        ("berkshire", "BRK.B"),
        ("tesla", "TSLA"),
        ("jpmorgan", "JPM"),
        ("coca cola", "KO"),
        ("F", "F"),
    ] {
        let ids = index.search(query, 0, 5).ids;
        let symbols: Vec<String> =
            ids.iter().map(|&id| index.universe().symbol(id).unwrap().to_string()).collect();
        assert_eq!(
            symbols.first().map(|s| s.replace('/', ".")),
            Some(symbol.to_owned()),
            "{query}: {symbols:?}"
        );
    }
    let many = Index::build(Arc::new(listed::synthetic(26_000)));
    println!("index of 26,000 instruments: {} KiB", many.bytes() / 1024);
    assert!(many.bytes() < 15 << 20);
}

proptest! {
    #[test]
    fn never_panics(query in "\\PC{0,80}", offset in 0usize..30, limit in 0usize..30) {
        let found = small().search(&query, offset, limit);
        prop_assert!(found.ids.len() <= limit);
    }
}
