//! Frames in, trades out: fixtures, and the two parsers held to each other.

use expect_test::{Expect, expect};
use market::{MarketEvent, Symbol, SymbolId, Timestamp};
use proptest::prelude::*;

use super::parse::{self, FrameKind, Sink};
use super::*;
use crate::adapter::SkipCounts;

/// 2023-11-14T22:13:21Z
const RECV: Timestamp = Timestamp::from_nanos(1_700_000_001_000_000_000);

fn symbols() -> SymbolMap {
    let mut map = SymbolMap::default();
    for (at, text) in ["AAPL", "MSFT", "BRK.B", "BINANCE:BTCUSDT", "IC MARKETS:1"].iter().enumerate() {
        map.insert(&Symbol::new(text).unwrap(), SymbolId(at as u32));
    }
    map
}

type Read = (Option<FrameKind>, Vec<MarketEvent>, SkipCounts, u32, u32, u64);

fn read(text: &[u8], with: fn(&[u8], &mut Sink<'_>) -> Option<FrameKind>) -> Read {
    let (map, mut seq, mut out) = (symbols(), 7, Vec::new());
    let mut sink = Sink::new(&map, RECV, &mut seq, &mut out);
    let kind = with(text, &mut sink);
    let (skipped, trades, unknown) = (sink.skipped, sink.trades, sink.unknown_conditions);
    (kind, out, skipped, trades, unknown, seq)
}

fn direct(text: &[u8]) -> Read {
    read(text, super::scan::frame)
}

fn full(text: &[u8]) -> Read {
    read(text, |text, sink| parse::full(text, sink).ok())
}

fn either(text: &[u8]) -> Read {
    read(text, |text, sink| parse::frame(text, sink).ok())
}

/// Whatever the direct parser accepts, it reads as the full one does; what it gives up leaves no trace.
fn hold_together(text: &[u8]) {
    let (direct, full, either) = (direct(text), full(text), either(text));
    if direct.0.is_some() {
        assert_eq!(direct, full, "{}", String::from_utf8_lossy(text));
    } else {
        assert_eq!((direct.1.len(), direct.2.total(), direct.5), (0, 0, 7));
    }
    assert_eq!(either, full, "{}", String::from_utf8_lossy(text));
}

fn check(text: &str, expected: Expect) {
    hold_together(text.as_bytes());
    let (kind, events, skipped, ..) = either(text.as_bytes());
    let mut shown = format!("{kind:?}\n");
    for event in events {
        let MarketEvent::Trade(t) = event else { panic!("only trades come from this feed") };
        shown += &format!("{} {} {} x {} {}\n", t.symbol.0, t.ts_event, t.price, t.size, t.conditions);
    }
    for (reason, n) in skipped.iter() {
        shown += &format!("skipped {} {n}\n", reason.label());
    }
    expected.assert_eq(&shown);
}

macro_rules! fixtures {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("fixtures/", $name)))),*] };
}

const FIXTURES: [(&str, &str); 10] = fixtures![
    "trade.json",
    "trade_documented.json",
    "trade_several.json",
    "trade_crypto.json",
    "trade_without_conditions.json",
    "price_update.json",
    "ping.json",
    "error_too_many_symbols.json",
    "news.json",
    "trade_broken_records.json",
];

#[test]
fn reads_every_fixture_alike_with_both_parsers() {
    for (name, text) in FIXTURES {
        hold_together(text.trim_end().as_bytes());
        assert!(either(text.trim_end().as_bytes()).0.is_some(), "{name}");
    }
    // The direct parser must take the usual frames itself, or its speed is a fiction.
    for (name, text) in &FIXTURES[..7] {
        assert!(direct(text.trim_end().as_bytes()).0.is_some(), "{name}");
    }
}

#[test]
fn reads_trades_in_either_order_of_members() {
    check(
        FIXTURES[0].1.trim_end(),
        expect![[r#"
            Some(Trades)
            0 2023-11-14T22:13:20.123Z 190.12 x 40 IT
        "#]],
    );
    check(
        r#"{"type":"trade","data":[{"s":"MSFT","p":370.1,"t":1700000000123,"v":1,"c":null},{"s":"IC MARKETS:1","p":1,"t":1700000000124,"v":0.5}]}"#,
        expect![[r#"
            Some(Trades)
            1 2023-11-14T22:13:20.123Z 370.1 x 1 @
            4 2023-11-14T22:13:20.124Z 1 x 0.5 @
        "#]],
    );
}

#[test]
fn a_bad_record_costs_only_itself() {
    check(
        FIXTURES[9].1.trim_end(),
        expect![[r#"
            Some(Trades)
            0 2023-11-14T22:13:20.123Z 190.12 x 1 @
            1 2023-11-14T22:13:20.123Z 0.00000001 x 1 @
            1 2023-11-14T22:13:20.123Z 370.25 x 0.00000001 ?
            skipped malformed 3
            skipped price 8
            skipped size 4
            skipped time 7
            skipped symbol 2
            skipped no_trade 2
        "#]],
    );
    check(
        r#"{"data":[{"p":NaN,"s":"AAPL","t":1700000000123,"v":1},{"p":1,"s":"AAPL","t":1700000000123,"v":-Infinity},{"p":190.5,"s":"AAPL","t":1700000000123,"v":2}],"type":"trade"}"#,
        expect![[r#"
            Some(Trades)
            0 2023-11-14T22:13:20.123Z 190.5 x 2 @
            skipped price 1
            skipped size 1
        "#]],
    );
}

#[test]
fn times_must_be_plausible() {
    let at = |t: i64| format!(r#"{{"data":[{{"p":1,"s":"AAPL","t":{t},"v":1}}],"type":"trade"}}"#);
    for (millis, good) in [
        (631_151_999_999, false),
        (631_152_000_000, true),
        (RECV.millis() + 86_400_000, true),
        (RECV.millis() + 86_400_001, false),
        (0, false),
        (-5, false),
        (32_503_680_000_000, false),
        (i64::MAX, false),
    ] {
        hold_together(at(millis).as_bytes());
        assert_eq!(either(at(millis).as_bytes()).1.len() == 1, good, "{millis}");
    }
}

#[test]
fn frames_that_are_none_are_refused_whole() {
    for bad in ["", "{", "[]", "null", "\"trade\"", r#"{"data":[]}"#, r#"{"type":7}"#, "\u{0}", "hello"] {
        hold_together(bad.as_bytes());
        assert_eq!(either(bad.as_bytes()).0, None, "{bad}");
    }
    check(
        r#"{"type":"quote","data":[{"s":"AAPL"}]}"#,
        expect![[r#"
        Some(Unknown)
    "#]],
    );
}

#[test]
fn speaks_for_itself() {
    let mut finnhub = Finnhub::new(Settings { key: Secret::new("abc123"), ..Settings::default() });
    let endpoint = finnhub.endpoint().unwrap();
    assert_eq!(endpoint.url.expose(), "wss://ws.finnhub.io/?token=abc123");
    assert!(!format!("{endpoint:?} {finnhub:?}").contains("abc123"));
    let (mut frames, mut events) = (Vec::new(), Vec::new());
    let btc = (SymbolId(3), Symbol::new("BINANCE:BTCUSDT").unwrap());
    assert_eq!(finnhub.on_open(&mut frames), Opened::Ready);
    finnhub.subscribe(&[btc], &mut frames);
    assert_eq!(frames, [Outgoing::Text(r#"{"type":"subscribe","symbol":"BINANCE:BTCUSDT"}"#.into())]);
    let trade = FIXTURES[3].1.trim_end().as_bytes();
    let signals = finnhub.on_frame(Incoming::Text(trade), RECV, &mut events).unwrap();
    assert_eq!((signals.trades, events.len()), (2, 2));
    let seqs: Vec<u64> =
        events.iter().map(|e| if let MarketEvent::Trade(t) = e { t.seq } else { 0 }).collect();
    assert_eq!(seqs, [1_700_000_001_000 << 20, (1_700_000_001_000 << 20) + 1]);
    let limit = FIXTURES[7].1.trim_end().as_bytes();
    assert!(finnhub.on_frame(Incoming::Text(limit), RECV, &mut events).unwrap().too_many_symbols);
    finnhub.unsubscribe(&[btc], &mut frames);
    assert_eq!(
        finnhub.on_frame(Incoming::Text(trade), RECV, &mut events).unwrap().skipped.get(Skip::Symbol),
        2
    );
}

#[test]
fn a_missing_or_mangled_key_says_what_to_do() {
    for key in ["", " abc", "a&b"] {
        let finnhub = Finnhub::new(Settings { key: Secret::new(key), ..Settings::default() });
        let error = finnhub.endpoint().unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Key, crate::Retry::Never), "{key:?}");
    }
}

/// Numbers as feeds and faults write them.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[0-9]{1,6}(\\.[0-9]{1,4})?",
        2 => "[0-9]{1,12}(\\.[0-9]{1,10})?",
        1 => "-?[0-9]{1,3}(\\.[0-9]{1,3})?[eE][+-]?[0-9]{1,3}",
        1 => Just("null".to_owned()),
        1 => Just("\"1.5\"".to_owned()),
        1 => Just("1700000000123".to_owned()),
        1 => Just("NaN".to_owned()),
    ]
}

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => number().prop_map(|n| format!(r#""p":{n}"#)),
        4 => number().prop_map(|n| format!(r#""v":{n}"#)),
        3 => prop_oneof![3 => Just("1700000000123".to_owned()), 1 => number()].prop_map(|n| format!(r#""t":{n}"#)),
        3 => "AAPL|MSFT|BRK\\.B|XX|A\\\\u0041PL|Ä| ".prop_map(|s| format!(r#""s":"{s}""#)),
        3 => "null|\\[\\]|\\[\"1\"\\]|\\[\"1\",\"12\"\\]|\\[1\\]|\\[\"x\"\\]|\"1\"|\\[\"999\"\\]|\\[\"01\"\\]"
            .prop_map(|c| format!(r#""c":{c}"#)),
        1 => Just(r#""x":{"y":[1,{}]}"#.to_owned()),
    ]
}

fn trade_frame() -> impl Strategy<Value = String> {
    let record = proptest::collection::vec(member(), 0..7).prop_map(|m| format!("{{{}}}", m.join(",")));
    let usual =
        ("[0-9]{1,5}(\\.[0-9]{1,8})?", "AAPL|MSFT", 0u32..500_000, "[0-9]{1,4}").prop_map(|(p, s, t, v)| {
            format!(r#"{{"c":["1"],"p":{p},"s":"{s}","t":{},"v":{v}}}"#, 1_700_000_000_000u64 + u64::from(t))
        });
    let records = proptest::collection::vec(prop_oneof![2 => usual, 1 => record], 0..5);
    (records, any::<bool>(), prop_oneof![5 => Just("trade"), 1 => Just("news")]).prop_map(
        |(records, first, kind)| {
            let data = records.join(",");
            if first {
                format!(r#"{{"type":"{kind}","data":[{data}]}}"#)
            } else {
                format!(r#"{{"data":[{data}],"type":"{kind}"}}"#)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn both_parsers_agree_on_frames(text in trade_frame()) {
        hold_together(text.as_bytes());
    }

    #[test]
    fn both_parsers_agree_on_mangled_frames(
        text in trade_frame(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 0..4),
    ) {
        let mut bytes = text.into_bytes();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        hold_together(&bytes);
    }
}
