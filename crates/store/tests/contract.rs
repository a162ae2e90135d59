//! What the store promises.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use market::{
    Bar, Hours, Instrument, Interval, Kind, Price, SessionFilter, Symbol, SymbolId, Timestamp, Universe,
    Volume,
};
use proptest::prelude::*;
use store::{BarRange, BarWrite, Batch, LastValue, SavedBar, Store, StoreConfig, StoreError};

fn open(folder: &Path) -> Result<Store, StoreError> {
    Store::open(&StoreConfig::new(folder))
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn instrument(text: &str, name: &str) -> Instrument {
    Instrument {
        symbol: symbol(text),
        name: name.into(),
        exchange: "NYSE".into(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: Some("Änderung".into()),
        hours: Hours::UsEquity,
        activity: u64::MAX,
    }
}

fn bar(start_seconds: i64, close: i64) -> Bar {
    Bar {
        start: Timestamp::from_seconds(start_seconds).unwrap(),
        open: Price::from_units(close),
        high: Price::from_units(close + 2),
        low: Price::from_units(close - 1),
        close: Price::from_units(close),
        volume: Volume::from_units(i128::from(close) << 70),
        trades: 3,
        vwap_micros: close / 100,
    }
}

fn write(text: &str, interval: Interval, bar: Bar) -> BarWrite {
    let saved = SavedBar { bar, state: None };
    BarWrite { symbol: symbol(text), interval, session: SessionFilter::Regular, saved }
}

fn range(text: &str, interval: Interval, from: i64, to: i64) -> BarRange {
    let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
    BarRange { symbol: symbol(text), interval, session: SessionFilter::Regular, from: at(from), to: at(to) }
}

fn starts(bars: &[SavedBar]) -> Vec<i64> {
    bars.iter().map(|saved| saved.bar.start.seconds()).collect()
}

#[test]
fn the_universe_keeps_its_ids_and_is_saved_by_difference() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let empty = store.load_universe().unwrap();
    assert_eq!((empty.universe.len(), empty.refreshed_at), (0, None));
    let mut universe = Universe::new();
    universe.refresh([instrument("ZZ", "Last"), instrument("A", "First"), instrument("BRK.B", "Berkshire")]);
    let at = Timestamp::from_nanos(1_763_735_400_000_000_001);
    assert_eq!(store.save_universe(Arc::new(universe.clone()), at).unwrap(), 3);
    assert_eq!(store.save_universe(Arc::new(universe.clone()), at).unwrap(), 0);
    universe.refresh([instrument("A", "Renamed"), instrument("BINANCE:BTCUSDT", "Bitcoin")]);
    assert_eq!(store.save_universe(Arc::new(universe.clone()), Timestamp::MAX).unwrap(), 2);
    drop(store);

    let store = open(folder.path()).unwrap();
    let loaded = store.load_universe().unwrap();
    assert_eq!(loaded.refreshed_at, Some(Timestamp::MAX));
    let rows = |u: &Universe| u.iter().map(|(id, i)| (id, i.clone())).collect::<Vec<_>>();
    assert_eq!(rows(&loaded.universe), rows(&universe));
    assert_eq!(loaded.universe.id(&symbol("A")), Some(SymbolId(1)));

    let mut moved = Universe::new();
    moved.refresh([instrument("A", "First")]);
    let error = store.save_universe(Arc::new(moved), at).unwrap_err();
    assert_eq!(error.to_string(), "the universe's ids moved: id 0 was ZZ");
    assert_eq!(store.load_universe().unwrap().refreshed_at, Some(Timestamp::MAX), "nothing was changed");
}

#[test]
fn bars_are_replaced_and_read_by_range() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let minutes = (0..100).map(|n| write("BRK.B", Interval::M1, bar(n * 60, n + 10)));
    let others = [
        write("BRK.B", Interval::M5, bar(300, 1)),
        write("BRK.A", Interval::M1, bar(300, 1)),
        BarWrite { session: SessionFilter::All, ..write("BRK.B", Interval::M1, bar(300, 1)) },
    ];
    store.write(Batch { bars: minutes.chain(others).collect(), ..Batch::default() }).unwrap();
    let all = range("BRK.B", Interval::M1, 0, 6_000);
    assert_eq!(store.bars(&all, 1_000).unwrap().len(), 100);
    assert_eq!(starts(&store.bars(&range("BRK.B", Interval::M1, 120, 240), 10).unwrap()), [120, 180]);
    assert_eq!(starts(&store.bars(&all, 2).unwrap()), [0, 60]);
    assert_eq!(starts(&store.newest_bars(&range("BRK.B", Interval::M1, 0, 600), 2).unwrap()), [480, 540]);
    assert_eq!(starts(&store.bars(&range("BRK.B", Interval::M5, 0, 6_000), 10).unwrap()), [300]);
    assert!(store.bars(&range("NEVER", Interval::M1, 0, 6_000), 10).unwrap().is_empty());

    let grown = SavedBar { bar: bar(60, 500), state: Some(vec![1, 2, 3]) };
    let again = BarWrite { saved: grown.clone(), ..write("BRK.B", Interval::M1, bar(60, 0)) };
    store.write(Batch { bars: vec![again], ..Batch::default() }).unwrap();
    assert_eq!(store.bars(&all, 2).unwrap()[1], grown);
    assert_eq!(store.bars(&all, 1_000).unwrap().len(), 100);
}

#[test]
fn last_values_and_positions_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let last = |price| LastValue {
        price: Price::from_units(price),
        ts_event: Timestamp::from_nanos(price),
        figures: vec![7; 40],
    };
    let batch = Batch {
        last: vec![(symbol("Z"), last(1)), (symbol("A"), last(2)), (symbol("Z"), last(3))],
        values: vec![("reader.tape".into(), Some(vec![1, 2])), ("gone".into(), Some(vec![]))],
        ..Batch::default()
    };
    store.write(batch).unwrap();
    store.write(Batch { values: vec![("gone".into(), None)], ..Batch::default() }).unwrap();
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(store.last_values().unwrap(), [(symbol("A"), last(2)), (symbol("Z"), last(3))]);
    assert_eq!(store.value("reader.tape").unwrap(), Some(vec![1, 2]));
    assert_eq!(store.value("gone").unwrap(), None);
}

#[test]
fn old_bars_go_by_interval_and_the_rest_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = StoreConfig::new(folder.path());
    config.retention.s1 = Duration::from_secs(1_000);
    let store = Store::open(&config).unwrap();
    // More than one step's worth of one series, and of series.
    for part in 0..5 {
        let seconds = (part * 10_000..(part + 1) * 10_000).map(|n| write("AAPL", Interval::S1, bar(n, 5)));
        store.write(Batch { bars: seconds.collect(), ..Batch::default() }).unwrap();
    }
    let many = (0..2_500).map(|n| write(&format!("T{n}"), Interval::S1, bar(1, 5)));
    let kept = [write("AAPL", Interval::M1, bar(0, 5)), write("AAPL", Interval::D1, bar(0, 5))];
    store.write(Batch { bars: many.chain(kept).collect(), ..Batch::default() }).unwrap();
    let now = Timestamp::from_seconds(50_000).unwrap();
    assert_eq!(store.prune(now).unwrap(), 49_000 + 2_500);
    assert_eq!(store.prune(now).unwrap(), 0);
    let left = store.bars(&range("AAPL", Interval::S1, 0, 100_000), 10_000).unwrap();
    assert_eq!((left.len(), starts(&left)[0]), (1_000, 49_000));
    for interval in [Interval::M1, Interval::D1] {
        assert_eq!(store.bars(&range("AAPL", interval, 0, 100_000), 10).unwrap().len(), 1);
    }
}

#[test]
fn readers_do_not_wait_for_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store.write(Batch { bars: vec![write("A", Interval::M1, bar(0, 1))], ..Batch::default() }).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (store, done) = (&store, &done);
        scope.spawn(move || {
            for round in 0..20 {
                let bars = (0..500).map(|n| write("A", Interval::M1, bar(n * 60, round))).collect();
                store.write(Batch { bars, ..Batch::default() }).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        for _ in 0..8 {
            scope.spawn(move || {
                while !done.load(std::sync::atomic::Ordering::SeqCst) {
                    let bars = store.bars(&range("A", Interval::M1, 0, 100_000), 1_000).unwrap();
                    // Whole batches only: all of one round, or of the next.
                    assert!(bars.len() == 1 || bars.iter().all(|b| b.bar.close == bars[0].bar.close));
                }
            });
        }
    });
}

#[test]
fn a_full_store_says_so_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let config = StoreConfig { bytes_max: 256 * 1024, ..StoreConfig::new(folder.path()) };
    let store = Store::open(&config).unwrap();
    let batch = |from: i64| Batch {
        bars: (from..from + 500).map(|n| write("A", Interval::S1, bar(n, 1 << 40))).collect(),
        values: vec![("position".into(), Some(from.to_le_bytes().to_vec()))],
        ..Batch::default()
    };
    let mut n_written = 0;
    let error = loop {
        match store.write(batch(n_written)) {
            Ok(()) => n_written += 500,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(n_written > 0);
    let kept = store.bars(&range("A", Interval::S1, 0, 1 << 30), 100_000).unwrap();
    assert_eq!(kept.len() as i64, n_written, "half a batch is never there");
    assert_eq!(store.value("position").unwrap(), Some((n_written - 500).to_le_bytes().to_vec()));
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = open(&file.join("data")).unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }), "{error}");
    assert!(error.to_string().starts_with("cannot write to the data folder"));
}

#[test]
fn what_is_no_database_or_a_newer_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("bellwether.db"),
        "this is not a database, it is a letter ".repeat(100),
    )
    .unwrap();
    assert!(matches!(open(folder.path()), Err(StoreError::Damaged { .. })));
    let folder = tempfile::tempdir().unwrap();
    let outside = rusqlite::Connection::open(folder.path().join("bellwether.db")).unwrap();
    outside.pragma_update(None, "user_version", 99).unwrap();
    drop(outside);
    assert!(matches!(open(folder.path()), Err(StoreError::Newer { found: 99, .. })));
}

/// Runs one of the two tests below in a process of its own.
fn child(name: &str, folder: &Path) -> std::process::ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--quiet"])
        .env("STORE_TEST_FOLDER", folder)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap()
}

#[test]
fn a_second_process_is_kept_out_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(StoreError::Locked { .. })), "also in this process");
    assert!(!child("child_opens", folder.path()).success());
    drop(first);
    assert!(child("child_opens", folder.path()).success());
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_opens() {
    if let Some(folder) = std::env::var_os("STORE_TEST_FOLDER") {
        open(Path::new(&folder)).unwrap();
    }
}

#[test]
fn what_was_written_survives_the_death_of_the_process() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!child("child_writes_and_dies", folder.path()).success());
    let store = open(folder.path()).unwrap();
    assert_eq!(store.bars(&range("AAPL", Interval::M1, 0, 100_000), 1_000).unwrap().len(), 500);
    assert_eq!(store.value("position").unwrap(), Some(b"500".to_vec()));
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_writes_and_dies() {
    if let Some(folder) = std::env::var_os("STORE_TEST_FOLDER") {
        let store = open(Path::new(&folder)).unwrap();
        let bars = (0..500).map(|n| write("AAPL", Interval::M1, bar(n * 60, n))).collect();
        let values = vec![("position".into(), Some(b"500".to_vec()))];
        store.write(Batch { bars, values, ..Batch::default() }).unwrap();
        std::process::abort();
    }
}

fn any_write() -> impl Strategy<Value = BarWrite> {
    let which = (
        proptest::sample::select(vec!["A", "BRK.B", "IC MARKETS:1", "AAp"]),
        proptest::sample::select(Interval::ALL.to_vec()),
        proptest::sample::select(SessionFilter::ALL.to_vec()),
    );
    let price = || any::<i64>().prop_map(Price::from_units);
    let bar = (-5i64..5, price(), price(), price(), price(), any::<i128>(), any::<u64>(), any::<i64>());
    let state = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20));
    (which, bar, state).prop_map(|((text, interval, session), bar, state)| {
        let (start, open, high, low, close, volume, trades, vwap_micros) = bar;
        let start = Timestamp::from_nanos(start);
        let volume = Volume::from_units(volume);
        let bar = Bar { start, open, high, low, close, volume, trades, vwap_micros };
        BarWrite { symbol: symbol(text), interval, session, saved: SavedBar { bar, state } }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_was_written_is_what_is_read(
        batches in proptest::collection::vec(proptest::collection::vec(any_write(), 0..40), 1..4),
    ) {
        use std::collections::BTreeMap;
        let folder = tempfile::tempdir().unwrap();
        let mut wanted: BTreeMap<(Symbol, Interval, SessionFilter), BTreeMap<Timestamp, SavedBar>> = BTreeMap::new();
        for bars in batches {
            // Reopened in between: nothing depends on what the process remembers.
            let store = open(folder.path()).unwrap();
            for write in &bars {
                let series = wanted.entry((write.symbol, write.interval, write.session)).or_default();
                series.insert(write.saved.bar.start, write.saved.clone());
            }
            store.write(Batch { bars, ..Batch::default() }).unwrap();
        }
        let store = open(folder.path()).unwrap();
        for ((symbol, interval, session), bars) in wanted {
            let range = BarRange { symbol, interval, session, from: Timestamp::MIN, to: Timestamp::MAX };
            let bars: Vec<SavedBar> = bars.into_values().collect();
            prop_assert_eq!(&store.bars(&range, usize::MAX).unwrap(), &bars);
            prop_assert_eq!(&store.newest_bars(&range, usize::MAX).unwrap(), &bars);
        }
    }
}
