use super::*;
use proptest::prelude::*;

const SYMBOLS: [&str; 5] = ["AAPL", "BRK.B", "BINANCE:BTCUSDT", "IC MARKETS:1", "^GSPC"];

fn symbol_of(id: SymbolId) -> Option<Symbol> {
    SYMBOLS.get(id.index()).and_then(|s| Symbol::new(s).ok())
}

fn id_of(symbol: &Symbol) -> Option<SymbolId> {
    SYMBOLS.iter().position(|s| *s == symbol.as_str()).map(|at| SymbolId(at as u32))
}

fn write(feed: &str, events: &[MarketEvent]) -> Vec<u8> {
    let mut encoder = BatchEncoder::new(feed).unwrap();
    for event in events {
        encoder.push(event, symbol_of).unwrap();
    }
    pack([encoder.finish().as_slice()])
}

fn read(payload: &[u8]) -> Result<Vec<(String, Vec<MarketEvent>)>, DecodeError> {
    unpack(payload)?
        .into_iter()
        .map(|body| {
            let view = BatchView::new(body)?;
            let ids: Vec<_> = view.symbols.iter().map(id_of).collect();
            Ok((view.feed.to_owned(), view.events(&ids)?.0))
        })
        .collect()
}

fn a_day() -> Vec<MarketEvent> {
    let at = |nanos: i64| Timestamp::from_nanos(1_763_735_400_000_000_000 + nanos);
    let trade = Trade {
        symbol: SymbolId(1),
        ts_event: at(479_000_000),
        ts_recv: at(481_250_000),
        seq: 17,
        price: Price::from_units(50_412_340_000),
        size: Size::from_units(10_000_000_000),
        conditions: Conditions::from_letters(b"FT"),
    };
    let key = trade.key();
    vec![
        MarketEvent::Reference(Box::new(Reference {
            symbol: SymbolId(2),
            ts_event: at(0),
            previous_close: Some(Price::from_units(9_100_012_345_678)),
            open: None,
            high: None,
            low: None,
            last: Some(Price::from_units(1)),
            volume: Some(Volume::from_units(10i128.pow(25))),
        })),
        MarketEvent::Trade(trade),
        MarketEvent::Correction {
            original: key,
            replacement: Trade { seq: 18, price: Price::from_units(1), ..trade },
        },
        MarketEvent::Cancel { symbol: SymbolId(1), original: key, ts_recv: at(500_000_000) },
        MarketEvent::Gap { symbols: vec![SymbolId(3), SymbolId(4)], from: at(1), to: at(2) },
        MarketEvent::Gap { symbols: vec![], from: Timestamp::MIN, to: Timestamp::MAX },
    ]
}

/// What version 1 looked like when it was first written. It must be readable for as long as a log
/// may hold it: never change the file, add another version instead.
#[test]
fn version_1_reads_as_it_was_written() {
    let golden = include_str!("../../tests/golden/bus-events-v1.hex");
    let bytes: Vec<u8> = golden
        .split_whitespace()
        .flat_map(|line| {
            (0..line.len()).step_by(2).map(move |at| u8::from_str_radix(&line[at..at + 2], 16).unwrap())
        })
        .collect();
    let hex: String = write("finnhub", &a_day()).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        golden.split_whitespace().collect::<String>(),
        "the format changed without a new version"
    );
    assert_eq!(read(&bytes).unwrap(), [("finnhub".to_owned(), a_day())]);
}

#[test]
fn refuses_other_versions_and_lies() {
    let good = write("f", &a_day());
    let mut other = good.clone();
    other[0] = 2;
    assert!(matches!(read(&other), Err(DecodeError::Version(2))));
    assert!(read(&[]).is_err());
    assert!(read(&[MESSAGE_VERSION]).is_err());
    for cut in 1..good.len() {
        assert!(read(&good[..cut]).is_err(), "cut at {cut}");
    }
    // A count of four billion symbols in a payload of ten bytes.
    assert!(read(&[1, 8, 1, b'f', 0xff, 0xff, 0xff, 0xff, 0x0f, 0]).is_err());
}

#[test]
fn an_unknown_symbol_is_said_and_changes_nothing() {
    let mut encoder = BatchEncoder::new("f").unwrap();
    let gap =
        |id| MarketEvent::Gap { symbols: vec![SymbolId(id)], from: Timestamp::EPOCH, to: Timestamp::EPOCH };
    assert_eq!(encoder.push(&gap(9), symbol_of), Err(EncodeError::UnknownSymbol(9)));
    assert!(encoder.is_empty());
    assert_eq!(BatchEncoder::new("").unwrap_err(), EncodeError::FeedName);
}

#[test]
fn events_of_symbols_without_an_id_are_left_out_and_counted() {
    let payload = write("f", &a_day());
    let view = BatchView::new(unpack(&payload).unwrap()[0]).unwrap();
    let only_one: Vec<_> = view.symbols.iter().map(|s| id_of(s).filter(|id| id.0 == 4)).collect();
    let (events, n_left_out) = view.events(&only_one).unwrap();
    assert_eq!(n_left_out, 4);
    assert!(matches!(&events[0], MarketEvent::Gap { symbols, .. } if *symbols == [SymbolId(4)]));
    assert!(matches!(&events[1], MarketEvent::Gap { symbols, .. } if symbols.is_empty()));
}

#[test]
fn a_gap_of_very_many_symbols_is_several() {
    let symbols: Vec<_> = (0..2_500).map(|n| SymbolId(n % 5)).collect();
    let payload = write("f", &[MarketEvent::Gap { symbols, from: Timestamp::EPOCH, to: Timestamp::EPOCH }]);
    let sizes: Vec<usize> = read(&payload).unwrap()[0]
        .1
        .iter()
        .map(|e| if let MarketEvent::Gap { symbols, .. } = e { symbols.len() } else { 0 })
        .collect();
    assert_eq!(sizes, [1_024, 1_024, 452]);
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_nanos)
}

fn any_key() -> impl Strategy<Value = TradeRef> {
    (any_time(), any::<u64>()).prop_map(|(ts_event, seq)| TradeRef { ts_event, seq })
}

fn any_id() -> impl Strategy<Value = SymbolId> {
    (0..SYMBOLS.len() as u32).prop_map(SymbolId)
}

fn any_price() -> impl Strategy<Value = Price> {
    any::<i64>().prop_map(Price::from_units)
}

fn any_trade() -> impl Strategy<Value = Trade> {
    (any_id(), any_key(), any_time(), any_price(), any::<i64>(), any::<u64>()).prop_map(
        |(symbol, key, ts_recv, price, size, bits)| Trade {
            symbol,
            ts_event: key.ts_event,
            ts_recv,
            seq: key.seq,
            price,
            size: Size::from_units(size),
            conditions: Conditions::from_bits(bits),
        },
    )
}

fn any_reference() -> impl Strategy<Value = Reference> {
    let price = || proptest::option::of(any_price());
    let volume = proptest::option::of(any::<i128>().prop_map(Volume::from_units));
    (any_id(), any_time(), price(), price(), price(), price(), price(), volume).prop_map(
        |(symbol, ts_event, previous_close, open, high, low, last, volume)| Reference {
            symbol,
            ts_event,
            previous_close,
            open,
            high,
            low,
            last,
            volume,
        },
    )
}

fn any_event() -> impl Strategy<Value = MarketEvent> {
    prop_oneof![
        any_trade().prop_map(MarketEvent::Trade),
        (any_id(), any_key(), any_time()).prop_map(|(symbol, original, ts_recv)| MarketEvent::Cancel {
            symbol,
            original,
            ts_recv
        }),
        (any_key(), any_trade())
            .prop_map(|(original, replacement)| MarketEvent::Correction { original, replacement }),
        any_reference().prop_map(Box::new).prop_map(MarketEvent::Reference),
        (proptest::collection::vec(any_id(), 0..8), any_time(), any_time())
            .prop_map(|(symbols, from, to)| MarketEvent::Gap { symbols, from, to }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        events in proptest::collection::vec(any_event(), 0..40),
        more in proptest::collection::vec(any_event(), 0..4),
    ) {
        prop_assert_eq!(read(&write("sim", &events)).unwrap(), [("sim".to_owned(), events.clone())]);
        let payloads = [write("a", &events), write("b", &more)];
        let bodies: Vec<&[u8]> = payloads.iter().flat_map(|p| unpack(p).unwrap()).collect();
        prop_assert_eq!(read(&pack(bodies)).unwrap(), [("a".to_owned(), events), ("b".to_owned(), more)]);
    }

    #[test]
    fn reading_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        if let Some(version) = bytes.first_mut() {
            *version = MESSAGE_VERSION;
        }
        let _ = read(&bytes);
        let _ = BatchView::new(&bytes).and_then(|view| view.events(&[]));
    }

    #[test]
    fn reading_a_damaged_payload_never_panics(
        events in proptest::collection::vec(any_event(), 1..10),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut payload = write("sim", &events);
        let at = at.index(payload.len());
        payload[at] = byte;
        let _ = read(&payload);
    }
}
