//! The encoders beside serde: the same bytes for everything that can be said.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::frames::{BarUpdate, PriceUpdate, QuoteUpdate, RemovedBar, ServerFrame};
use crate::names::Freshness;

fn price() -> impl Strategy<Value = Price> {
    // i64::MIN has no magnitude and no price comes near it.
    prop_oneof![(-i64::MAX..=i64::MAX), 0i64..100_000_000_000].prop_map(Price::from_units)
}

fn time_() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_nanos)
}

fn source() -> impl Strategy<Value = Arc<str>> {
    prop_oneof!["sim|finnhub|replay", "\\PC{0,12}", "[\\x00-\\x7f]{0,6}"].prop_map(|s: String| Arc::from(s))
}

fn state() -> impl Strategy<Value = Freshness> {
    prop::sample::select(Freshness::ALL)
}

fn volume() -> impl Strategy<Value = Volume> {
    prop_oneof![any::<i64>().prop_map(i128::from), -(10i128.pow(30))..10i128.pow(30)]
        .prop_map(Volume::from_units)
}

fn symbol() -> impl Strategy<Value = Symbol> {
    "[A-Z0-9^][A-Z0-9.:/ ^=$+_-]{0,10}[A-Z0-9]".prop_map(|s| Symbol::new(&s).unwrap())
}

fn bar_body() -> impl Strategy<Value = BarBody> {
    (time_(), price(), price(), price(), price(), volume(), any::<u64>(), any::<i64>()).prop_map(
        |(start, open, high, low, close, volume, trades, vwap)| BarBody {
            start,
            open,
            high,
            low,
            close,
            volume,
            trades,
            vwap: Micros(vwap),
        },
    )
}

fn quote() -> impl Strategy<Value = Quote> {
    let option = prop::option::of::<BoxedStrategy<Price>>;
    let figures = (
        option(price().boxed()),
        option(price().boxed()),
        option(price().boxed()),
        option(price().boxed()),
        prop::option::of(volume()),
        option(price().boxed()),
    );
    let head = (
        prop::option::of(time_()),
        any::<u64>(),
        prop::option::of(source()),
        prop::option::of(any::<u64>()),
        state(),
    );
    (figures, head).prop_map(
        |((price, open, high, low, volume, previous_close), (timestamp, seq, source, age_ms, state))| {
            Quote {
                price,
                timestamp,
                seq,
                source,
                age_ms,
                state,
                open,
                high,
                low,
                volume,
                previous_close,
                change: None,
                change_percent: None,
            }
            .with_changes()
        },
    )
}

fn same(hand: Vec<u8>, typed: &ServerFrame) -> Result<(), TestCaseError> {
    prop_assert_eq!(String::from_utf8(hand).unwrap(), serde_json::to_string(typed).unwrap());
    Ok(())
}

proptest! {
    #[test]
    fn prices(symbol in symbol(), price in price(), timestamp in time_(), seq: u64, source in source(), state in state()) {
        let value = PriceValue { price, timestamp, seq, source, state };
        let mut hand = Vec::new();
        price_update(&symbol, &value, &mut hand);
        let data = BTreeMap::from([(symbol.into(), value)]);
        same(hand, &ServerFrame::PriceUpdate(PriceUpdate { data }))?;
    }

    #[test]
    fn quotes(symbol in symbol(), quote in quote()) {
        let mut hand = Vec::new();
        hand.extend_from_slice(QUOTE_UPDATE_HEAD);
        quote_entry(&symbol, &quote, &mut hand);
        hand.extend_from_slice(DATA_END);
        let data = BTreeMap::from([(symbol.into(), quote)]);
        same(hand, &ServerFrame::QuoteUpdate(QuoteUpdate { data }))?;
    }

    #[test]
    fn bars(
        symbol in symbol(),
        bodies in prop::collection::vec(bar_body(), 0..4),
        removed in prop::option::of(time_()),
        interval in prop::sample::select(IntervalName::ALL),
        session in prop::sample::select(SessionName::ALL),
    ) {
        let changes: Vec<BarChange> = bodies
            .into_iter()
            .map(BarChange::Bar)
            .chain(removed.map(|start| BarChange::Removed(RemovedBar::new(start))))
            .collect();
        let mut hand = Vec::new();
        bar_update(interval, session, &symbol, &changes, &mut hand);
        let data = BTreeMap::from([(symbol.into(), changes)]);
        same(hand, &ServerFrame::BarUpdate(BarUpdate { interval, session, data }))?;
    }
}

#[test]
fn the_frame_of_the_contract() {
    let value = PriceValue {
        price: "150.23".parse().unwrap(),
        timestamp: "2024-09-14T12:34:56Z".parse().unwrap(),
        seq: 812,
        source: "sim".into(),
        state: Freshness::Simulated,
    };
    let mut out = Vec::new();
    price_update(&Symbol::new("AAPL").unwrap(), &value, &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        concat!(
            r#"{"type":"price_update","data":{"AAPL":{"price":150.23,"timestamp":"2024-09-14T12:34:56Z","#,
            r#""seq":812,"source":"sim","state":"simulated"}}}"#
        )
    );
}
