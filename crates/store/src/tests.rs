use market::bar::{FirstLast, Window};
use market::tape::{Class, Span};
use market::{
    Hours, Instrument, Interval, Kind, Price, Symbol, SymbolId, Timestamp, TradeRef, Universe, Volume,
};
use proptest::prelude::*;

use super::*;

const M1: Span = Span::Bar(Interval::M1);

fn window(minute: i64) -> Window {
    let start = Timestamp::from_seconds(minute * 60).unwrap();
    let key = |seq| TradeRef { ts_event: start, seq };
    Window {
        start,
        last: Some(FirstLast {
            open: (key(1), Price::from_units(5)),
            close: (key(9), Price::from_units(7)),
            notional: 1 << 100,
            size: -3,
        }),
        range: Some((Price::from_units(9), Price::from_units(4))),
        volume: Volume::from_units(1 << 90),
        trades: 17,
    }
}

fn saved(minute: i64) -> Saved {
    Saved { symbol: SymbolId(3), span: M1, class: Class::Regular, window: window(minute) }
}

fn all(store: &Store, limit: usize, newest: bool) -> Vec<i64> {
    let found = store
        .windows(SymbolId(3), M1, Class::Regular, Timestamp::MIN, Timestamp::MAX, limit, newest)
        .unwrap();
    found.iter().map(|w| w.start.seconds() / 60).collect()
}

fn instrument(symbol: &str, name: &str) -> Instrument {
    Instrument {
        symbol: Symbol::new(symbol).unwrap(),
        name: name.into(),
        exchange: "NYSE".into(),
        kind: Kind::Etf,
        currency: "USD".into(),
        sector: Some("Energy".into()),
        industry: None,
        hours: Hours::Always,
        activity: u64::MAX / 4,
    }
}

#[test]
fn windows_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.save_windows(&[saved(1), saved(2), saved(3)], Some(("log", b"77"))).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    let range = |from: i64, to: i64| {
        let at = |m: i64| Timestamp::from_seconds(m * 60).unwrap();
        store.windows(SymbolId(3), M1, Class::Regular, at(from), at(to), 10, false).unwrap()
    };
    assert_eq!(range(1, 3), [window(1), window(2)]);
    assert_eq!(all(&store, 2, true), [2, 3]);
    assert_eq!(all(&store, 2, false), [1, 2]);
    assert_eq!(store.checkpoint("log").unwrap().as_deref(), Some(&b"77"[..]));
    assert_eq!(store.checkpoint("other").unwrap(), None);
    let recent = store.recent(Timestamp::EPOCH).unwrap();
    assert_eq!(recent, [saved(1), saved(2), saved(3)]);
    assert_eq!(store.recent(Timestamp::from_seconds(10_000).unwrap()).unwrap(), []);
}

#[test]
fn a_window_is_replaced_and_the_old_ones_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.save_windows(&[saved(1), saved(2 * 24 * 60)], None).unwrap();
    let mut changed = saved(1);
    changed.window.trades = 99;
    store.save_windows(&[changed], None).unwrap();
    let found =
        store.windows(SymbolId(3), M1, Class::Regular, Timestamp::MIN, Timestamp::MAX, 9, false).unwrap();
    assert_eq!((found.len(), found[0].trades), (2, 99));
    assert_eq!(store.prune(Kept { m1: 2, ..Kept::default() }).unwrap(), 0);
    assert_eq!(store.prune(Kept { m1: 1, ..Kept::default() }).unwrap(), 1);
    assert_eq!(all(&store, 9, false), [2 * 24 * 60]);
}

#[test]
fn instruments_keep_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(store.load_universe().unwrap().is_empty());
    let mut universe = Universe::new();
    let difference = universe.refresh([instrument("B", "Barnes"), instrument("A", "Agilent")]);
    store.save_universe(&universe, &difference).unwrap();
    let difference = universe.refresh([instrument("C", "Citi"), instrument("A", "Agilent Inc")]);
    store.save_universe(&universe, &difference).unwrap();
    let loaded = store.load_universe().unwrap();
    assert_eq!(loaded.iter().collect::<Vec<_>>(), universe.iter().collect::<Vec<_>>());
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path()).unwrap();
    let refused = Store::open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
    drop(first);
    Store::open(folder.path()).unwrap();
}

#[test]
fn what_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = Store::open(&file.join("data")).unwrap_err();
    assert!(matches!(refused, StoreError::Unwritable { .. }), "{refused}");
    assert!(refused.to_string().contains("--data"));
    let data = folder.path().join("newer");
    let store = Store::open(&data).unwrap();
    store.writer().pragma_update(None, "user_version", 1_000).unwrap();
    drop(store);
    assert!(matches!(Store::open(&data), Err(StoreError::Newer { found: 1_000, .. })));
}

#[test]
fn bytes_of_another_version_are_no_window() {
    assert_eq!(encode::decode(Timestamp::EPOCH, &[]), None);
    let mut bytes = encode::encode(&window(0));
    assert_eq!(encode::decode(Timestamp::EPOCH, &bytes), Some(window(0)));
    bytes.push(0);
    assert_eq!(encode::decode(Timestamp::EPOCH, &bytes), None);
    bytes[0] = 9;
    assert_eq!(encode::decode(Timestamp::EPOCH, &bytes), None);
}

proptest! {
    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = encode::decode(Timestamp::EPOCH, &bytes);
    }
}
