//! Each rule by example, as its owner would tell it.

use std::collections::BTreeMap;
use std::sync::Arc;

use market::tape::{Limits, Tape};
use market::{Conditions, Hours, Instrument, Kind, MarketEvent, Price, Symbol, Trade, Universe, Volume};
use proptest::prelude::*;
use signals::alert::{
    Alert, Alerts, Cause, Cross, Direction, Firing, Leg, Measured, Mention, QuietHours, Refused, Repeat,
    Rule, State, UsualVolume, Zone, usual_volume,
};

use crate::market_day::{AGAIN, SYMBOL, alert, at, engine, price, run, trade};

/// Price and seconds after 15:00 of each firing.
fn told(firings: &[Firing]) -> Vec<(String, i64)> {
    let begin = at("2018-01-03T15:00:00Z");
    firings
        .iter()
        .map(|firing| {
            let Cause::Trade { price, key, .. } = firing.cause else { panic!("no trade: {firing:?}") };
            (price.to_string(), key.ts_event.seconds() - begin.seconds())
        })
        .collect()
}

/// One trade a second from 15:00 on.
fn walk(prices: &[&str]) -> Vec<Trade> {
    let each = prices.iter().enumerate();
    each.map(|(n, paid)| trade(&format!("15:{:02}:{:02}", n / 60, n % 60), n as u64, paid, "")).collect()
}

fn check(rule: Rule, repeat: Repeat, prices: &[&str], fires: &[(&str, i64)]) {
    let mut engine = engine([alert(1, rule.clone(), repeat)]);
    let firings = run(&mut engine, &walk(prices));
    let want: Vec<(String, i64)> = fires.iter().map(|(p, s)| ((*p).to_owned(), *s)).collect();
    assert_eq!(told(&firings), want, "{rule:?} {repeat:?}");
}

#[test]
fn above_is_strict_and_fires_once() {
    check(
        Rule::PriceAbove(price("190")),
        Repeat::Once,
        &["189", "190", "190.01", "189", "191"],
        &[("190.01", 2)],
    );
    check(
        Rule::PriceBelow(price("190")),
        Repeat::Once,
        &["191", "190", "189.99", "191", "189"],
        &[("189.99", 2)],
    );
    // True when it is made: the next trade says so.
    check(Rule::PriceAbove(price("190")), Repeat::Once, &["195", "196"], &[("195", 0)]);
}

#[test]
fn a_repeating_alert_waits_for_the_hysteresis() {
    let wide = Repeat::Rearm { hysteresis: price("2").units() };
    let prices = ["191", "189", "191", "188.01", "191", "188", "190", "191"];
    check(Rule::PriceAbove(price("190")), wide, &prices, &[("191", 0), ("191", 7)]);
    check(Rule::PriceAbove(price("190")), AGAIN, &prices, &[("191", 0), ("191", 2), ("191", 4), ("191", 7)]);
}

#[test]
fn crossing_needs_a_side_and_goes_both_ways() {
    let rule = || Rule::PriceCrosses(price("190"));
    check(rule(), AGAIN, &["191", "190", "191", "189", "190", "191"], &[("189", 3), ("191", 5)]);
    check(rule(), Repeat::Once, &["190", "190", "191", "189", "191"], &[("189", 3)]);
    // The price its owner saw is a side too.
    let seen = Alert { seen: Some(price("189.9")), ..alert(1, rule(), Repeat::Once) };
    assert_eq!(told(&run(&mut engine([seen]), &walk(&["190.5"]))), [("190.5".into(), 0)]);
}

#[test]
fn per_cent_in_a_window_is_from_its_lowest() {
    let rise = |ppm, minutes| Rule::PercentInWindow { ppm, direction: Direction::Up, minutes };
    check(rise(50_000, 1), Repeat::Once, &["100", "98", "102.89", "102.90"], &[("102.9", 3)]);
    let firings = run(
        &mut engine([alert(1, rise(50_000, 1), Repeat::Once)]),
        &[
            trade("15:00:00", 1, "98", ""),
            trade("15:00:30.5", 2, "100", ""),
            // The bucket of the low is the 61st back: it no longer counts.
            trade("15:01:01", 3, "103", ""),
            trade("15:01:31", 4, "105", ""),
        ],
    );
    assert_eq!(told(&firings), [], "5 % above 100 is 105, but 100 is gone by then");
    let firings = run(
        &mut engine([alert(1, rise(50_000, 1), Repeat::Once)]),
        &[trade("15:00:00.9", 1, "98", ""), trade("15:01:00", 2, "103", "")],
    );
    let measured = Measured::Window { from: price("98"), bucket: at("2018-01-03T15:00:00Z"), ppm: 51_020 };
    assert_eq!(firings[0].measured, measured);
    let either = Rule::PercentInWindow { ppm: 50_000, direction: Direction::Either, minutes: 5 };
    check(either, AGAIN, &["100", "95", "100", "94"], &[("95", 1), ("100", 2), ("94", 3)]);
}

#[test]
fn per_cent_from_the_close_begins_anew_each_day() {
    let rule = Rule::PercentFromClose { ppm: 100_000, direction: Direction::Up };
    let on = |day: &str, seq: u64, paid: &str| Trade {
        ts_event: at(&format!("2018-01-{day}:00:00Z")),
        ..trade("15:00:00", seq, paid, "")
    };
    let days = [
        on("02T15", 1, "150"),
        on("02T20", 2, "100"),
        on("03T15", 3, "110"),
        on("03T16", 4, "120"),
        on("04T15", 5, "132"),
    ];
    let firings = run(&mut engine([alert(1, rule.clone(), AGAIN)]), &days);
    let closes: Vec<_> = firings.iter().map(|f| f.measured).collect();
    let measured = |close: &str, day: i64, ppm: i64| Measured::Close {
        close: price(close),
        date: market::Date::from_ymd(2018, 1, day),
        ppm,
    };
    assert_eq!(closes, [measured("100", 3, 100_000), measured("120", 4, 100_000)]);
    // What the provider says goes before what was seen here.
    let mut told_better = engine([alert(1, rule, AGAIN)]);
    told_better.previous_close(SYMBOL, market::Date::from_ymd(2018, 1, 3), price("101"));
    let firings = run(&mut told_better, &days[2..4]);
    assert_eq!(firings.iter().map(|f| f.cause.time()).collect::<Vec<_>>(), [days[3].ts_event]);
}

#[test]
fn volume_is_of_the_minute_against_the_hour() {
    let rule = Rule::VolumeAboveUsual { times_thousandths: 3_000 };
    let mut engine = engine([alert(1, rule, AGAIN)]);
    // 6,000 an hour is 100 a minute; each trade is 100 shares.
    engine.usual_volume(SYMBOL, UsualVolume { hours: [Volume::from_units(600_000_000_000); 24] });
    let times = [
        "15:00:00", "15:00:20", "15:00:40", "15:00:50", "15:01:00", "15:01:01", "15:01:02", "15:02:00",
        "15:03:00",
    ];
    let minute = times.iter().enumerate().map(|(n, time)| trade(time, n as u64, "10", "I"));
    let mut trades: Vec<Trade> = minute.collect();
    trades.extend(
        ["15:04:01", "15:04:02", "15:04:03"].iter().enumerate().map(|(n, t)| trade(t, n as u64, "10", "")),
    );
    // The third of a minute reaches three times; the next minute has to stay below before it counts again.
    assert_eq!(told(&run(&mut engine, &trades)), [("10".into(), 40), ("10".into(), 243)]);
}

#[test]
fn the_usual_volume_is_the_mean_of_the_days() {
    let bar = |start: &str, volume: i128| market::Bar {
        start: at(start),
        open: price("1"),
        high: price("1"),
        low: price("1"),
        close: price("1"),
        volume: Volume::from_units(volume),
        trades: 1,
        vwap_micros: 0,
    };
    // 10:00 in New York is 15:00 UTC in winter and 14:00 in summer.
    let bars =
        [bar("2018-01-03T15:00:00Z", 10), bar("2018-07-03T14:00:00Z", 21), bar("2018-07-03T15:00:00Z", 8)];
    let usual = usual_volume(&bars);
    let of = |hour: usize| usual.hours[hour].units();
    assert_eq!((of(10), of(11), of(12)), (15, 4, 0));
}

#[test]
fn only_trades_that_move_the_last_price_count() {
    let rule = || Rule::PriceAbove(price("190"));
    let late =
        [trade("15:00:10", 1, "180", ""), trade("15:00:05", 2, "200", ""), trade("15:00:10", 1, "200", "")];
    assert_eq!(run(&mut engine([alert(1, rule(), Repeat::Once)]), &late), []);
    for letters in ["I", "W", "Z", "T"] {
        let odd = [trade("15:00:00", 1, "200", letters)];
        assert_eq!(run(&mut engine([alert(1, rule(), Repeat::Once)]), &odd), [], "{letters}");
    }
    // Before the open T moves the last price.
    let early = [trade("13:00:00", 1, "200", "T")];
    assert_eq!(run(&mut engine([alert(1, rule(), Repeat::Once)]), &early).len(), 1);
}

#[test]
fn a_cancelled_trade_is_not_crossed_back_from() {
    let mut engine = engine([alert(1, Rule::PriceCrosses(price("190")), AGAIN)]);
    let bad = trade("15:00:01", 2, "500", "");
    assert_eq!(run(&mut engine, &[trade("15:00:00", 1, "180", ""), bad]).len(), 1);
    let cancel = MarketEvent::Cancel { symbol: SYMBOL, original: bad.key(), ts_recv: bad.ts_recv };
    let mut out = Vec::new();
    engine.apply(&cancel, &mut out);
    assert_eq!(run(&mut engine, &[trade("15:00:02", 3, "181", "")]), []);
    assert_eq!(engine.status(signals::alert::AlertId(1)).unwrap().state, State::Cross(Cross::Below));
    assert_eq!(out, []);
}

#[test]
fn a_cancelled_low_is_no_base_of_a_rise() {
    let rise = Rule::PercentInWindow { ppm: 50_000, direction: Direction::Up, minutes: 5 };
    let mut engine = engine([alert(1, rise, Repeat::Once)]);
    let bad = trade("15:00:07", 2, "1", "");
    run(&mut engine, &[trade("15:00:00", 1, "100", ""), bad]);
    let cancel = MarketEvent::Cancel { symbol: SYMBOL, original: bad.key(), ts_recv: bad.ts_recv };
    engine.apply(&cancel, &mut Vec::new());
    assert_eq!(run(&mut engine, &[trade("15:00:12", 3, "101", "")]), []);
    assert_eq!(run(&mut engine, &[trade("15:00:13", 4, "105", "")]).len(), 1, "100 is still known");
}

#[test]
fn quiet_hours_hold_the_message_and_name_the_trade() {
    let quiet = QuietHours { from_minute: 600, to_minute: 660, zone: Zone::NewYork };
    let alert = Alert { quiet: Some(quiet), ..alert(1, Rule::PriceAbove(price("190")), Repeat::Once) };
    let firings = run(&mut engine([alert]), &[trade("15:30:00", 1, "191", "")]);
    assert_eq!(firings[0].not_before, Some(at("2018-01-03T16:00:00Z")));
    assert_eq!(firings[0].cause.time(), at("2018-01-03T15:30:00Z"));
}

#[test]
fn nothing_counts_before_the_beginning_or_after_the_end() {
    let span = Alert {
        active_from: at("2018-01-03T15:00:02Z"),
        expires_at: Some(at("2018-01-03T15:00:04Z")),
        ..alert(1, Rule::PriceAbove(price("190")), AGAIN)
    };
    let mut engine = engine([span]);
    let prices = ["191", "189", "192", "189", "193"];
    assert_eq!(told(&run(&mut engine, &walk(&prices))), [("192".into(), 2)]);
    engine.tick(at("2018-01-03T15:00:04Z"), &mut Vec::new());
    assert_eq!(engine.status(signals::alert::AlertId(1)).unwrap().state, State::Expired);
}

#[test]
fn silence_is_told_once_until_something_is_heard() {
    let mut engine = engine([Alert {
        active_from: at("2018-01-03T14:00:00Z"),
        ..alert(1, Rule::Stale { seconds: 5 }, AGAIN)
    }]);
    let mut out = Vec::new();
    let mut tick = |engine: &mut Alerts, time: &str| {
        engine.tick(at(&format!("2018-01-03T{time}Z")), &mut out);
        std::mem::take(&mut out)
    };
    assert_eq!(tick(&mut engine, "14:30:04.999"), []);
    let first = tick(&mut engine, "14:30:06");
    let silence = |since: &str, reached: &str| Cause::Silence {
        since: at(&format!("2018-01-03T{since}Z")),
        reached_at: at(&format!("2018-01-03T{reached}Z")),
    };
    assert_eq!(first[0].cause, silence("14:30:00", "14:30:05"), "the open counts, not the night");
    assert_eq!(tick(&mut engine, "14:31:00"), []);
    run(&mut engine, &[trade("14:31:00.5", 1, "10", "")]);
    assert_eq!(tick(&mut engine, "14:31:05.499"), []);
    assert_eq!(tick(&mut engine, "14:31:05.5")[0].cause, silence("14:31:00.5", "14:31:05.5"));
    assert_eq!(engine.status(signals::alert::AlertId(1)).unwrap().state, State::Single(Leg::Resting));
}

#[test]
fn news_is_told_of_its_symbol_and_its_words() {
    let mut engine = engine([
        alert(1, Rule::News { words: vec![] }, AGAIN),
        alert(2, Rule::News { words: vec!["Merger".into(), "buyback".into()] }, AGAIN),
    ]);
    let mut tell = |headline: u64, title: &str, symbol: u32| {
        let mut out = Vec::new();
        let symbols = [market::SymbolId(symbol)];
        let time = at("2018-01-03T15:00:00Z");
        engine.mention(&Mention { headline, symbols: &symbols, title, summary: "", at: time }, &mut out);
        out.iter().map(|f| f.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(tell(7, "A MERGER at last", SYMBOL.0), ["1.0.h7", "2.0.h7"]);
    assert_eq!(tell(8, "Submergers surface", SYMBOL.0), ["1.0.h8"]);
    assert_eq!(tell(9, "A merger elsewhere", 99), Vec::<String>::new());
}

#[test]
fn one_crossing_has_one_name() {
    let rules = [
        alert(1, Rule::PriceAbove(price("190")), Repeat::Once),
        alert(2, Rule::PriceAbove(price("190")), AGAIN),
    ];
    let ids = |engine: &mut Alerts| {
        run(engine, &walk(&["189", "191"])).iter().map(|f| f.id.to_string()).collect::<Vec<_>>()
    };
    let first = ids(&mut engine(rules.clone()));
    assert_eq!(first, ["1.0", "2.0.t1514991601000000000-1u"]);
    assert_eq!(ids(&mut engine(rules)), first);
}

#[test]
fn changed_alerts_begin_a_new_life() {
    let once = alert(1, Rule::PriceAbove(price("190")), Repeat::Once);
    let mut engine = engine([once.clone()]);
    assert_eq!(engine.add(once.clone(), Hours::UsEquity), Err(Refused::Known));
    run(&mut engine, &walk(&["191"]));
    let again = Alert { generation: 1, ..once.clone() };
    let mut kept = Alerts::restore([(once, Hours::UsEquity)], &engine.snapshot()).unwrap();
    let mut renewed = Alerts::restore([(again, Hours::UsEquity)], &engine.snapshot()).unwrap();
    let next = [trade("15:00:09", 9, "192", "")];
    assert_eq!(run(&mut kept, &next), []);
    assert_eq!(run(&mut renewed, &next)[0].id.to_string(), "1.1");
}

fn tape() -> Tape {
    let mut universe = Universe::new();
    universe.refresh((0..=SYMBOL.0).map(|n| Instrument {
        symbol: Symbol::new(&format!("S{n}")).unwrap(),
        name: "Example".into(),
        exchange: "NYSE".into(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity: 0,
    }));
    Tape::new(Arc::new(universe), Limits::UNLIMITED)
}

proptest! {
    /// Alerts and tape take the same trades for the last price, whatever comes late or twice.
    #[test]
    fn the_last_price_is_the_tapes(
        raw in proptest::collection::vec((0i64..90_000, 0u64..3, 1i64..50, "[@FTIZOM6GU9]{0,2}"), 1..80),
        step in 1i64..30_000,
    ) {
        let (mut tape, mut updates) = (tape(), Vec::new());
        let mut engine = engine([alert(1, Rule::PriceCrosses(Price::from_units(1)), AGAIN)]);
        // What has one time and number is one trade that came twice, and a trade does not change.
        let mut printed = BTreeMap::new();
        for (second, seq, units, letters) in raw {
            let second = second - second % step;
            let time = at("2018-01-02T13:00:00Z").saturating_add_nanos(second * 1_000_000_000);
            let trade = *printed.entry((second, seq)).or_insert_with(|| Trade {
                ts_event: time,
                seq,
                price: Price::from_units(units),
                conditions: Conditions::from_letters(letters.as_bytes()),
                ..trade("15:00:00", 0, "1", "")
            });
            let event = MarketEvent::Trade(trade);
            tape.apply(&event, &mut updates);
            engine.apply(&event, &mut Vec::new());
            prop_assert_eq!(engine.last_price(SYMBOL), tape.last(SYMBOL).map(|last| last.price));
        }
    }
}
