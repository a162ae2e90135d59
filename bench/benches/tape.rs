//! Trades a second on one core: from Finnhub's text to last prices, day figures and all the bars the
//! tape keeps, beside only parsing the same bytes with two JSON libraries into borrowed structs.
//!
//! The stream is ten minutes of a regular session: 1,000 symbols, a few of them busy, prices that
//! walk by cents, every trade in its own frame or 5 or 20 in one. Each run begins with a tape that the
//! ten minutes before went through: what counts is a day at work, not its first touch of memory.

use std::hint::black_box;

use divan::counter::{BytesCount, ItemsCount};
use feeds::Adapter;
use feeds::adapter::Incoming;
use feeds::finnhub::{Finnhub, Settings};
use market::tape::{Limits, Tape, Update};
use market::{Date, Hours, Instrument, Kind, MarketEvent, Symbol, SymbolId, Timestamp, Universe};
use serde::Deserialize;
use std::sync::Arc;

/// Measured in a run; as many go before.
const TRADES: usize = 200_000;
const SYMBOLS: usize = 1_000;
const PER_FRAME: [usize; 3] = [1, 5, 20];
/// As often as the live path does, in market time: windows that are stored leave the memory.
const LET_GO_EVERY: usize = 10_000;
/// 10:00 in New York on a Friday without a holiday, as milliseconds after midnight UTC.
const BEGIN_MILLIS: i64 = 15 * 3_600_000;

fn main() {
    divan::main();
}

struct Stream {
    before: Vec<String>,
    frames: Vec<String>,
    bytes: usize,
    universe: Arc<Universe>,
    symbols: Vec<(SymbolId, Symbol)>,
    received: Timestamp,
}

fn name(number: usize) -> String {
    [number / 676, number / 26, number].map(|n| char::from(b'A' + (n % 26) as u8)).into_iter().collect()
}

fn stream(per_frame: usize, symbols: usize) -> Stream {
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let begin = Date::from_ymd(2026, 11, 20).midnight_utc().millis() + BEGIN_MILLIS;
    let mut cents: Vec<u64> = (0..symbols).map(|_| 2_000 + draw(40_000)).collect();
    let records: Vec<String> = (0..2 * TRADES)
        .map(|at| {
            let mut any = || draw(symbols as u64) as usize;
            let number = any().min(any()).min(any());
            cents[number] = (cents[number] + draw(5)).saturating_sub(2).max(100);
            let conditions = [r#"["1"]"#, r#"["1","12"]"#, "null", r#"["1","8"]"#][draw(4) as usize];
            let time = begin + at as i64 * 600_000 / TRADES as i64;
            let (price, size) = (cents[number], 1 + draw(900));
            format!(
                r#"{{"c":{conditions},"p":{}.{:02},"s":"{}","t":{time},"v":{size}}}"#,
                price / 100,
                price % 100,
                name(number)
            )
        })
        .collect();
    let mut before: Vec<String> = records
        .chunks(per_frame)
        .map(|records| format!(r#"{{"data":[{}],"type":"trade"}}"#, records.join(",")))
        .collect();
    let frames = before.split_off(TRADES / per_frame);
    let mut universe = Universe::new();
    universe.refresh((0..symbols).map(|number| Instrument {
        symbol: Symbol::new(&name(number)).expect("a symbol"),
        name: format!("Company {number}"),
        exchange: "NYSE".into(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity: 0,
    }));
    Stream {
        bytes: frames.iter().map(String::len).sum(),
        before,
        frames,
        symbols: universe.iter().map(|(id, i)| (id, i.symbol)).collect(),
        universe: Arc::new(universe),
        received: Timestamp::from_millis(begin + 1_200_000).expect("a time"),
    }
}

fn adapter(stream: &Stream) -> Finnhub {
    let mut adapter = Finnhub::new(Settings { symbol_limit: SYMBOLS as u32, ..Settings::default() });
    let mut out = Vec::new();
    adapter.on_open(&mut out);
    adapter.subscribe(&stream.symbols, &mut out);
    adapter
}

/// Frames through the adapter and the tape, as the live path does it.
fn run(stream: &Stream, frames: &[String], per_frame: usize, adapter: &mut Finnhub, tape: &mut Tape) {
    let mut events: Vec<MarketEvent> = Vec::with_capacity(32);
    let mut updates: Vec<Update> = Vec::with_capacity(32);
    for (at, frame) in frames.iter().enumerate() {
        if (at * per_frame).is_multiple_of(LET_GO_EVERY) {
            tape.let_go_of_windows();
        }
        let frame = Incoming::Text(black_box(frame).as_bytes());
        adapter.on_frame(frame, stream.received, &mut events).expect("a good frame");
        tape.expect(&events);
        for event in &events {
            tape.apply(event, &mut updates);
        }
        black_box(&updates);
        events.clear();
        updates.clear();
    }
    // What still waits for its windows is part of the work.
    tape.let_go_of_windows();
}

/// The whole way: text, exact numbers, symbols, last prices, day figures, bars.
#[divan::bench(args = PER_FRAME, sample_count = 15, sample_size = 1)]
fn text_to_bars(bencher: divan::Bencher<'_, '_>, per_frame: usize) {
    let stream = stream(per_frame, SYMBOLS);
    bencher
        .counter(ItemsCount::new(TRADES))
        .counter(BytesCount::new(stream.bytes))
        .with_inputs(|| {
            let mut adapter = adapter(&stream);
            let mut tape =
                Tape::new(Arc::clone(&stream.universe), Limits { trades: TRADES, ..Limits::default() });
            run(&stream, &stream.before, per_frame, &mut adapter, &mut tape);
            (adapter, tape)
        })
        .bench_local_values(|(mut adapter, mut tape)| {
            run(&stream, &stream.frames, per_frame, &mut adapter, &mut tape);
            assert_eq!(tape.counters().trades, 2 * TRADES as u64);
            tape
        });
}

/// The first half of it: text to events.
#[divan::bench(args = PER_FRAME, sample_count = 15, sample_size = 1)]
fn text_to_events(bencher: divan::Bencher<'_, '_>, per_frame: usize) {
    let stream = stream(per_frame, SYMBOLS);
    bencher
        .counter(ItemsCount::new(TRADES))
        .counter(BytesCount::new(stream.bytes))
        .with_inputs(|| adapter(&stream))
        .bench_local_values(|mut adapter| {
            let mut events: Vec<MarketEvent> = Vec::with_capacity(32);
            for frame in &stream.frames {
                let frame = Incoming::Text(black_box(frame).as_bytes());
                adapter.on_frame(frame, stream.received, &mut events).expect("a good frame");
                black_box(&events);
                events.clear();
            }
        });
}

/// The second half of it: events to bars. Fewer symbols are the same work in a warmer cache.
#[divan::bench(args = [10, 100, SYMBOLS], sample_count = 15, sample_size = 1)]
fn events_to_bars(bencher: divan::Bencher<'_, '_>, symbols: usize) {
    let stream = stream(20, symbols);
    let mut adapter = adapter(&stream);
    let mut events = Vec::with_capacity(TRADES);
    for frame in &stream.frames {
        adapter
            .on_frame(Incoming::Text(frame.as_bytes()), stream.received, &mut events)
            .expect("a good frame");
    }
    bencher
        .counter(ItemsCount::new(TRADES))
        .with_inputs(|| Tape::new(Arc::clone(&stream.universe), Limits::default()))
        .bench_local_values(|mut tape| {
            let mut updates: Vec<Update> = Vec::with_capacity(32);
            for (at, event) in events.iter().enumerate() {
                if at.is_multiple_of(LET_GO_EVERY) {
                    tape.let_go_of_windows();
                }
                tape.apply(black_box(event), &mut updates);
                black_box(&updates);
                updates.clear();
            }
            tape.let_go_of_windows();
            tape
        });
}

#[derive(Deserialize)]
struct BorrowedFrame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    data: Vec<BorrowedTrade<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "they are filled, which is what is measured")]
struct BorrowedTrade<'a> {
    s: &'a str,
    p: f64,
    t: i64,
    v: f64,
    #[serde(borrow)]
    c: Option<Vec<&'a str>>,
}

fn parse_only(
    bencher: divan::Bencher<'_, '_>,
    per_frame: usize,
    parse: impl for<'a> Fn(&'a str) -> Option<BorrowedFrame<'a>>,
) {
    let stream = stream(per_frame, SYMBOLS);
    bencher.counter(ItemsCount::new(TRADES)).counter(BytesCount::new(stream.bytes)).bench_local(|| {
        for text in &stream.frames {
            let frame = parse(black_box(text)).expect("a good frame");
            assert_eq!(frame.kind, "trade");
            black_box(&frame.data);
        }
    });
}

/// Only parsing, into binary floats.
#[divan::bench(args = PER_FRAME, sample_count = 15, sample_size = 1)]
fn sonic_rs_parse_only(bencher: divan::Bencher<'_, '_>, per_frame: usize) {
    parse_only(bencher, per_frame, |text| sonic_rs::from_str(text).ok());
}

/// Only parsing, into binary floats.
#[divan::bench(args = PER_FRAME, sample_count = 15, sample_size = 1)]
fn serde_json_parse_only(bencher: divan::Bencher<'_, '_>, per_frame: usize) {
    parse_only(bencher, per_frame, |text| serde_json::from_str(text).ok());
}
