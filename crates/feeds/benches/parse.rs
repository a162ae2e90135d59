//! Finnhub text to trades, beside two JSON libraries into borrowed structs over the same bytes.
//!
//! `ours` does the whole job (exact numbers, checks, symbol look-up, events); the libraries only
//! fill structs whose numbers are binary floats. So the ratio understates what the direct
//! parser saves.

use std::hint::black_box;

use divan::counter::{BytesCount, ItemsCount};
use feeds::SymbolMap;
use feeds::finnhub::parse::{Sink, frame, full};
use market::{MarketEvent, Symbol, SymbolId, Timestamp};
use serde::Deserialize;

const TRADES: [usize; 3] = [1, 5, 20];
const RECV: Timestamp = Timestamp::from_nanos(1_700_000_900_000_000_000);

fn main() {
    divan::main();
}

/// Frames with `n` trades each, of changing symbols, prices and conditions.
fn frames(n: usize) -> (Vec<String>, SymbolMap) {
    let names = ["AAPL", "MSFT", "BRK.B", "F", "BINANCE:BTCUSDT", "GOOGL", "T", "NVDA"];
    let mut map = SymbolMap::default();
    for (at, name) in names.iter().enumerate() {
        map.insert(&Symbol::new(name).expect("a symbol"), SymbolId(at as u32));
    }
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let frames = (0..64)
        .map(|_| {
            let records: Vec<String> = (0..n)
                .map(|_| {
                    let name = names[draw(8) as usize];
                    let conditions =
                        [r#"["1"]"#, r#"["1","12"]"#, "null", r#"["1","8","37"]"#][draw(4) as usize];
                    let (dollars, cents) = (20 + draw(900), draw(100));
                    let (time, size) = (1_700_000_000_000 + draw(900_000), 1 + draw(900));
                    format!(
                        r#"{{"c":{conditions},"p":{dollars}.{cents:02},"s":"{name}","t":{time},"v":{size}}}"#
                    )
                })
                .collect();
            format!(r#"{{"data":[{}],"type":"trade"}}"#, records.join(","))
        })
        .collect();
    (frames, map)
}

#[derive(Deserialize)]
struct TypedFrame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    data: Vec<TypedTrade<'a>>,
}

#[derive(Deserialize)]
struct TypedTrade<'a> {
    s: &'a str,
    p: f64,
    t: i64,
    v: f64,
    #[serde(borrow)]
    c: Option<Vec<&'a str>>,
}

fn use_typed(frame: &TypedFrame<'_>) -> usize {
    frame
        .data
        .iter()
        .map(|t| t.s.len() + t.p as usize + t.t as usize + t.v as usize + t.c.as_ref().map_or(0, Vec::len))
        .sum::<usize>()
        + frame.kind.len()
}

fn run(bencher: divan::Bencher<'_, '_>, n: usize, mut read: impl FnMut(&str, &SymbolMap) -> usize) {
    let (frames, map) = frames(n);
    let bytes: usize = frames.iter().map(String::len).sum();
    bencher
        .counter(ItemsCount::new(64 * n))
        .counter(BytesCount::new(bytes))
        .bench_local(|| frames.iter().map(|text| read(black_box(text), &map)).sum::<usize>());
}

#[divan::bench(args = TRADES)]
fn ours(bencher: divan::Bencher<'_, '_>, n: usize) {
    let (mut seq, mut out) = (1u64, Vec::<MarketEvent>::with_capacity(32));
    run(bencher, n, |text, map| {
        out.clear();
        let mut sink = Sink::new(map, RECV, &mut seq, &mut out);
        frame(text.as_bytes(), &mut sink).expect("a good frame");
        assert_eq!(out.len(), n);
        out.len()
    });
}

#[divan::bench(args = TRADES)]
fn ours_full_parser(bencher: divan::Bencher<'_, '_>, n: usize) {
    let (mut seq, mut out) = (1u64, Vec::<MarketEvent>::with_capacity(32));
    run(bencher, n, |text, map| {
        out.clear();
        let mut sink = Sink::new(map, RECV, &mut seq, &mut out);
        full(text.as_bytes(), &mut sink).expect("a good frame");
        out.len()
    });
}

#[divan::bench(args = TRADES)]
fn serde_json_typed(bencher: divan::Bencher<'_, '_>, n: usize) {
    run(bencher, n, |text, _| use_typed(&serde_json::from_str(text).expect("a good frame")));
}

#[divan::bench(args = TRADES)]
fn sonic_rs_typed(bencher: divan::Bencher<'_, '_>, n: usize) {
    run(bencher, n, |text, _| use_typed(&sonic_rs::from_str(text).expect("a good frame")));
}
