//! The tape against an independent model: bars and figures straight from their definition, over the
//! trades that remain once everything has come.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::calendar::{DayHours, Session};
use crate::decimal::{Volume, div_half_even};
use crate::{Conditions, Instrument, Kind, Size, Symbol};

const SYMBOL: SymbolId = SymbolId(0);

fn universe(hours: Hours) -> Arc<Universe> {
    let mut universe = Universe::new();
    universe.refresh([Instrument {
        symbol: Symbol::new("XXX").unwrap(),
        name: "Example".into(),
        exchange: "NYSE".into(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours,
        activity: 0,
    }]);
    Arc::new(universe)
}

fn tape(hours: Hours) -> Tape {
    Tape::new(universe(hours), Limits::UNLIMITED)
}

fn trade(at: &str, seq: u64, price: &str, size: i64, letters: &str) -> Trade {
    Trade {
        symbol: SYMBOL,
        ts_event: at.parse().unwrap(),
        ts_recv: at.parse().unwrap(),
        seq,
        price: price.parse().unwrap(),
        size: Size::from_whole(size).unwrap(),
        conditions: Conditions::from_letters(letters.as_bytes()),
    }
}

fn apply(tape: &mut Tape, events: &[MarketEvent]) -> Vec<Update> {
    let mut updates = Vec::new();
    for event in events {
        tape.apply(event, &mut updates);
    }
    updates
}

fn all_bars(tape: &Tape, interval: Interval, session: SessionFilter) -> Vec<Bar> {
    tape.bars(SYMBOL, interval, session, Timestamp::MIN, Timestamp::MAX)
}

/// The definition of sale-conditions, word by word, over valid trades in order.
fn bars_by_definition(valid: &[Trade], interval: Interval, session: SessionFilter, hours: Hours) -> Vec<Bar> {
    let mut windows: BTreeMap<Timestamp, Vec<&Trade>> = BTreeMap::new();
    for trade in valid {
        windows.entry(interval.start_of(trade.ts_event)).or_default().push(trade);
    }
    let mut bars = Vec::new();
    for (start, mut trades) in windows {
        trades.sort_by_key(|t| t.key());
        let in_session = |t: &Trade| {
            let regular = DayHours::at(t.ts_event, hours).session(t.ts_event) == Session::Regular
                || t.conditions.has(b'O')
                || t.conditions.has(b'6');
            let may = if session == SessionFilter::Extended && !regular {
                t.conditions.eligibility_extended()
            } else {
                t.conditions.eligibility()
            };
            (session != SessionFilter::Regular || regular).then_some(may)
        };
        let trades: Vec<_> = trades.into_iter().filter_map(|t| Some((t, in_session(t)?))).collect();
        let last: Vec<&Trade> = trades.iter().filter(|t| t.1.last).map(|t| t.0).collect();
        let (Some(first), Some(newest)) = (last.first(), last.last()) else { continue };
        let edges = [first.price, newest.price];
        let range = || trades.iter().filter(|t| t.1.high_low).map(|t| t.0.price).chain(edges);
        let notional: i128 =
            last.iter().map(|t| i128::from(t.price.units()) * i128::from(t.size.units())).sum();
        let size: i128 = last.iter().map(|t| i128::from(t.size.units())).sum();
        bars.push(Bar {
            start,
            open: first.price,
            high: range().max().unwrap(),
            low: range().min().unwrap(),
            close: newest.price,
            volume: Volume::from_units(
                trades.iter().filter(|t| t.1.volume).map(|t| i128::from(t.0.size.units())).sum(),
            ),
            trades: trades.iter().filter(|t| t.1.volume).count() as u64,
            vwap_micros: div_half_even(notional, size * 100).unwrap() as i64,
        });
    }
    bars
}

#[test]
fn a_regular_day_has_its_figures() {
    let mut tape = tape(Hours::UsEquity);
    apply(
        &mut tape,
        &[
            MarketEvent::Trade(trade("2018-01-02T20:59:00Z", 1, "10", 100, "")),
            MarketEvent::Trade(trade("2018-01-03T13:00:00Z", 1, "11", 100, "T")),
            MarketEvent::Trade(trade("2018-01-03T14:30:00Z", 2, "12", 100, "O")),
            MarketEvent::Trade(trade("2018-01-03T14:31:00Z", 3, "15", 10, "I")),
            MarketEvent::Trade(trade("2018-01-03T14:32:00Z", 4, "9.5", 100, "F")),
            MarketEvent::Trade(trade("2018-01-03T22:00:00Z", 5, "20", 100, "T")),
        ],
    );
    let quote = tape.quote(SYMBOL).unwrap();
    let price = |text: &str| Some(text.parse::<Price>().unwrap());
    assert_eq!((quote.open, quote.high, quote.low), (price("12"), price("12"), price("9.5")));
    assert_eq!(quote.previous_close, price("10"));
    assert_eq!(quote.volume.to_string(), "410");
    // Extended hours move the last price, so that the page lives before and after the session.
    assert_eq!(quote.last.map(|l| l.price), price("20"));
    assert_eq!(all_bars(&tape, Interval::D1, SessionFilter::All).last().map(|b| b.close), price("9.5"));
    assert_eq!(all_bars(&tape, Interval::D1, SessionFilter::Extended).last().map(|b| b.close), price("20"));
}

#[test]
fn a_cancelled_high_leaves_every_figure() {
    let mut tape = tape(Hours::Always);
    let spike = trade("2018-01-03T14:31:01Z", 2, "99", 5, "");
    apply(
        &mut tape,
        &[
            MarketEvent::Trade(trade("2018-01-03T14:31:00Z", 1, "10", 100, "")),
            MarketEvent::Trade(spike),
            MarketEvent::Cancel { symbol: SYMBOL, original: spike.key(), ts_recv: spike.ts_recv },
        ],
    );
    let mut without = super::tests::tape(Hours::Always);
    apply(&mut without, &[MarketEvent::Trade(trade("2018-01-03T14:31:00Z", 1, "10", 100, ""))]);
    assert_eq!(
        all_bars(&tape, Interval::M1, SessionFilter::All),
        all_bars(&without, Interval::M1, SessionFilter::All)
    );
    assert_eq!(
        all_bars(&tape, Interval::S1, SessionFilter::All),
        all_bars(&without, Interval::S1, SessionFilter::All)
    );
    assert_eq!(tape.last(SYMBOL).map(|l| l.price), "10".parse().ok());
    assert_eq!(tape.quote(SYMBOL).unwrap().high, "10".parse().ok());
}

#[test]
fn a_restart_goes_on_where_it_stopped() {
    let events: Vec<_> = (0..200u64)
        .map(|i| {
            MarketEvent::Trade(trade(
                &format!("2018-01-03T14:{:02}:{:02}Z", 30 + i / 60, i % 60),
                i,
                &format!("{}.5", 10 + i % 7),
                100,
                "",
            ))
        })
        .collect();
    let mut whole = tape(Hours::UsEquity);
    apply(&mut whole, &events);
    let mut before = tape(Hours::UsEquity);
    let updates = apply(&mut before, &events[..100]);
    let mut after = tape(Hours::UsEquity);
    for update in updates {
        for (span, class, window) in before.windows_at(SYMBOL, &[update.ts_event.seconds()]) {
            after.restore(SYMBOL, span, class, window);
        }
    }
    apply(&mut after, &events[100..]);
    for interval in Interval::ALL {
        assert_eq!(
            all_bars(&whole, interval, SessionFilter::All),
            all_bars(&after, interval, SessionFilter::All)
        );
    }
    let (a, b) = (whole.quote(SYMBOL).unwrap(), after.quote(SYMBOL).unwrap());
    assert_eq!((a.open, a.high, a.low, a.volume), (b.open, b.high, b.low, b.volume));
}

#[test]
fn the_provider_fills_in_what_came_before_us() {
    let mut tape = tape(Hours::Always);
    let price = |text: &str| text.parse::<Price>().ok();
    apply(
        &mut tape,
        &[MarketEvent::Reference(Box::new(Reference {
            symbol: SYMBOL,
            ts_event: "2018-01-03T15:00:00Z".parse().unwrap(),
            previous_close: price("9"),
            open: price("10"),
            high: price("12"),
            low: price("9.5"),
            last: price("11"),
            volume: Some(Volume::from_units(5_000 * 100_000_000)),
        }))],
    );
    assert_eq!(tape.last(SYMBOL).map(|l| l.price), price("11"));
    apply(&mut tape, &[MarketEvent::Trade(trade("2018-01-03T15:00:01Z", 1, "13", 100, ""))]);
    let quote = tape.quote(SYMBOL).unwrap();
    assert_eq!(
        (quote.open, quote.high, quote.low, quote.previous_close),
        (price("10"), price("13"), price("9.5"), price("9"))
    );
    assert_eq!(quote.volume.to_string(), "5100");
}

#[test]
fn nothing_grows_without_bound() {
    let mut tape = Tape::new(universe(Hours::Always), Limits { trades: 2_000, pending_cancels: 10 });
    let mut updates = Vec::new();
    for i in 0..50_000i64 {
        let at = Timestamp::from_nanos(1_515_000_000_000_000_000 + i * 1_000_000_000);
        let one = Trade {
            ts_event: at,
            ts_recv: at,
            seq: i as u64,
            ..trade("2018-01-03T15:00:01Z", 1, "13", 100, "")
        };
        tape.apply(&MarketEvent::Trade(one), &mut updates);
        let never = TradeRef { ts_event: at, seq: u64::MAX };
        tape.apply(&MarketEvent::Cancel { symbol: SYMBOL, original: never, ts_recv: at }, &mut updates);
        if i % 1_000 == 0 {
            tape.let_go_of_windows();
        }
    }
    tape.let_go_of_windows();
    assert!(tape.trades_kept <= 2_000);
    assert_eq!(tape.pending_cancels.len(), 10);
    assert!(all_bars(&tape, Interval::S1, SessionFilter::All).len() <= 181);
}

#[derive(Debug, Clone)]
struct Story {
    trades: Vec<Trade>,
    /// Index of the trade taken back, and what replaces it.
    taken_back: Vec<(usize, Option<Trade>)>,
    duplicates: Vec<usize>,
    order: u64,
}

prop_compose! {
    fn any_trade()(second in 0i64..200_000, nanos in 0i64..3, price in 1i64..2_000, size in 1i64..500, letters in "[@FTIZOM6GU9]{0,2}") -> (i64, i64, i64, String) {
        // Two days from before the open of a Tuesday in January 2018.
        (1_514_880_000_000_000_000 + second * 1_000_000_000 + nanos, price, size, letters)
    }
}

prop_compose! {
    fn any_story()(
        raw in proptest::collection::vec(any_trade(), 1..60),
        replacements in proptest::collection::vec(any_trade(), 8),
        taken in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..8),
        duplicates in proptest::collection::vec(any::<prop::sample::Index>(), 0..5),
        order in any::<u64>(),
    ) -> Story {
        let make = |seq: usize, (at, price, size, letters): &(i64, i64, i64, String)| Trade {
            symbol: SYMBOL,
            ts_event: Timestamp::from_nanos(*at),
            ts_recv: Timestamp::from_nanos(*at),
            seq: seq as u64,
            price: Price::from_units(price * 1_000_000),
            size: Size::from_units(size * 100_000_000),
            conditions: Conditions::from_letters(letters.as_bytes()),
        };
        let trades: Vec<Trade> = raw.iter().enumerate().map(|(seq, r)| make(seq, r)).collect();
        let mut taken_back: Vec<(usize, Option<Trade>)> = taken
            .iter()
            .enumerate()
            .map(|(n, (at, replaced))| (at.index(trades.len()), replaced.then(|| make(1_000 + n, &replacements[n]))))
            .collect();
        taken_back.sort_by_key(|t| t.0);
        taken_back.dedup_by_key(|t| t.0);
        let duplicates = duplicates.iter().map(|d| d.index(trades.len())).collect();
        Story { trades, taken_back, duplicates, order }
    }
}

impl Story {
    fn events(&self) -> Vec<MarketEvent> {
        let mut events: Vec<_> = self.trades.iter().copied().map(MarketEvent::Trade).collect();
        events.extend(self.duplicates.iter().map(|d| MarketEvent::Trade(self.trades[*d])));
        events.extend(self.taken_back.iter().map(|(at, replacement)| match *replacement {
            Some(replacement) => MarketEvent::Correction { original: self.trades[*at].key(), replacement },
            None => MarketEvent::Cancel {
                symbol: SYMBOL,
                original: self.trades[*at].key(),
                ts_recv: Timestamp::EPOCH,
            },
        }));
        events
    }

    fn valid(&self) -> Vec<Trade> {
        let gone = |at: &usize| self.taken_back.iter().any(|t| t.0 == *at);
        let kept = self.trades.iter().enumerate().filter(|(at, _)| !gone(at)).map(|(_, t)| *t);
        kept.chain(self.taken_back.iter().filter_map(|t| t.1)).collect()
    }
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_in_the_same_truth(story in any_story()) {
        for hours in [Hours::UsEquity, Hours::Always] {
            let mut events = story.events();
            let in_order = { let mut t = tape(hours); apply(&mut t, &events); t };
            let mut state = story.order;
            for at in (1..events.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                events.swap(at, (state >> 33) as usize % (at + 1));
            }
            let shuffled = { let mut t = tape(hours); apply(&mut t, &events); t };
            let valid = story.valid();
            for interval in Interval::ALL {
                for session in SessionFilter::ALL {
                    let truth = bars_by_definition(&valid, interval, session, hours);
                    prop_assert_eq!(&all_bars(&in_order, interval, session), &truth);
                    prop_assert_eq!(&all_bars(&shuffled, interval, session), &truth);
                }
            }
            let figures = |t: &Tape| t.quote(SYMBOL).map(|q| (q.last.map(|l| (l.price, l.key)), q.open, q.high, q.low, q.volume, q.previous_close));
            if !valid.is_empty() {
                prop_assert_eq!(figures(&in_order), figures(&shuffled));
            }
        }
    }
}

prop_compose! {
    /// Nanoseconds to the trade before, mostly forward: within a second, a few seconds, or a night.
    fn any_step()(step in prop_oneof![
        6 => 0i64..400_000_000,
        6 => 0i64..5_000_000_000,
        2 => 0i64..4_000_000_000_000,
        1 => 0i64..50_000_000_000_000,
        1 => -90_000_000_000i64..0,
    ], price in 1i64..2_000, letters in "[@FTIOM9]{0,1}", what in 0u8..20) -> (i64, i64, String, u8) {
        (step, price, letters, what)
    }
}

/// All that a reader may ask of the one symbol.
type Seen = (Vec<Vec<Bar>>, Option<Quote>, Vec<(Span, Class, Window)>);

fn seen(tape: &Tape, time: Timestamp) -> Seen {
    let each = Interval::ALL.into_iter().flat_map(|i| SessionFilter::ALL.map(|s| all_bars(tape, i, s)));
    (each.collect(), tape.quote(SYMBOL), tape.windows_at(SYMBOL, &[time.seconds()]))
}

proptest! {
    // All that a reader may ask is compared after every step.
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nobody_can_tell_that_trades_wait(steps in proptest::collection::vec(any_step(), 1..50)) {
        for hours in [Hours::UsEquity, Hours::Always] {
            let (mut waits, mut never_waits) = (tape(hours), tape(hours));
            let (mut updates, mut same_updates) = (Vec::new(), Vec::new());
            let mut valid: Vec<Trade> = Vec::new();
            let mut now = 1_514_899_800_000_000_000;
            for (seq, (step, price, letters, what)) in steps.iter().enumerate() {
                now += step;
                let at = Timestamp::from_nanos(now);
                let seq = seq as u64;
                let conditions = Conditions::from_letters(letters.as_bytes());
                let price = Price::from_units(price * 1_000_000);
                let one = Trade { ts_event: at, ts_recv: at, seq, price, conditions, ..trade("2018-01-03T15:00:01Z", 1, "1", 7, "") };
                let event = match (what, valid.last().copied()) {
                    (0, Some(newest)) => {
                        valid.pop();
                        MarketEvent::Cancel { symbol: SYMBOL, original: newest.key(), ts_recv: at }
                    }
                    (1, Some(newest)) => MarketEvent::Trade(newest),
                    _ => {
                        valid.push(one);
                        MarketEvent::Trade(one)
                    }
                };
                // The fast way may be ahead of the log.
                if *what == 2 {
                    prop_assert_eq!(waits.apply_live(&event, &mut updates), never_waits.apply_live(&event, &mut same_updates));
                }
                waits.apply(&event, &mut updates);
                never_waits.apply(&event, &mut same_updates);
                settle(never_waits.symbols[0].as_deref_mut().unwrap(), SYMBOL, &mut never_waits.chunks);
                prop_assert_eq!(seen(&waits, at), seen(&never_waits, at));
            }
            prop_assert_eq!(updates, same_updates);
            prop_assert_eq!(waits.counters(), never_waits.counters());
            prop_assert_eq!(waits.trades_kept, never_waits.trades_kept);
            for interval in Interval::ALL {
                for session in SessionFilter::ALL {
                    prop_assert_eq!(all_bars(&waits, interval, session), bars_by_definition(&valid, interval, session, hours));
                }
            }
        }
    }
}

/// A trade that waits is known to what needs the log: its double, its cancellation, a restart.
#[test]
fn a_trade_that_waits_is_known() {
    let mut tape = tape(Hours::Always);
    let trades: Vec<Trade> = (0..4)
        .map(|n| trade(&format!("2018-01-03T14:31:0{n}Z"), 1, &format!("{}", 10 + n), 100, ""))
        .collect();
    apply(&mut tape, &trades.iter().copied().map(MarketEvent::Trade).collect::<Vec<_>>());
    let known = tape.symbols[0].as_ref().unwrap();
    assert_eq!((known.front.waiting().len(), known.log().len()), (3, 1), "all but the first of the day wait");
    apply(&mut tape, &[MarketEvent::Trade(trades[3]), MarketEvent::Trade(trades[1])]);
    assert_eq!((tape.counters().duplicates, tape.counters().trades), (2, 4));
    let newest =
        MarketEvent::Cancel { symbol: SYMBOL, original: trades[3].key(), ts_recv: trades[3].ts_recv };
    let updates = apply(&mut tape, &[newest]);
    assert_eq!(updates[0].last.map(|l| l.price), "12".parse().ok());
    assert_eq!(tape.quote(SYMBOL).unwrap().high, "12".parse().ok());
    assert_eq!(tape.counters().cancels_pending, 0);
}
