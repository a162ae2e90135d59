//! The past: the same code over trades and over bars.

use market::{Bar, Hours, Interval, MarketEvent, Price, Timestamp, Trade, Volume};
use proptest::prelude::*;
use signals::alert::{Direction, Repeat, Rule, UsualVolume};
use signals::backtest::{BacktestError, Fired, over_bars, over_trades};

use crate::market_day::{AGAIN, alert, at, price, trade};

const US: Hours = Hours::UsEquity;

fn bar(minute: usize, [open, high, low, close]: [&str; 4]) -> Bar {
    Bar {
        start: at(&format!("2018-01-03T15:{minute:02}:00Z")),
        open: price(open),
        high: price(high),
        low: price(low),
        close: price(close),
        volume: Volume::from_units(300 * 100_000_000),
        trades: 4,
        vwap_micros: 0,
    }
}

fn told(fired: &[Fired]) -> Vec<(String, String)> {
    fired
        .iter()
        .map(|f| {
            (f.timestamp.to_string()[11..16].to_owned(), f.price.map_or("none".into(), |p| p.to_string()))
        })
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn every_crossing_of_an_alert_that_fires_once_is_told() {
    let events: Vec<MarketEvent> =
        [("15:00:00", "189"), ("15:01:00", "191"), ("15:02:00", "189"), ("15:03:00", "192")]
            .iter()
            .enumerate()
            .map(|(n, (time, paid))| MarketEvent::Trade(trade(time, n as u64, paid, "")))
            .collect();
    let once = alert(1, Rule::PriceAbove(price("190")), Repeat::Once);
    let fired = over_trades(&once, US, None, &events).unwrap();
    assert_eq!(told(&fired), pairs(&[("15:01", "191"), ("15:03", "192")]));
}

#[test]
fn a_bar_crosses_with_its_high_or_low() {
    let bars = [
        bar(0, ["188", "189", "187", "188"]),
        bar(1, ["188", "191", "187", "189"]),
        bar(2, ["189", "190", "188", "190"]),
        bar(3, ["191", "193", "190.5", "192"]),
        bar(4, ["192", "192", "185", "186"]),
    ];
    let run = |rule: Rule| told(&over_bars(&alert(1, rule, AGAIN), US, None, Interval::M1, &bars).unwrap());
    assert_eq!(run(Rule::PriceAbove(price("190"))), pairs(&[("15:01", "191"), ("15:03", "191")]));
    assert_eq!(run(Rule::PriceBelow(price("187"))), pairs(&[("15:04", "185")]));
    let crosses = [("15:01", "191"), ("15:01", "189"), ("15:03", "191"), ("15:04", "185")];
    assert_eq!(run(Rule::PriceCrosses(price("190"))), pairs(&crosses));
    let fall = Rule::PercentInWindow { ppm: 30_000, direction: Direction::Down, minutes: 5 };
    assert_eq!(run(fall), pairs(&[("15:04", "185")]));
}

#[test]
fn volume_of_a_minute_bar_is_the_minutes() {
    let bars = [bar(0, ["1"; 4]), bar(1, ["1"; 4])];
    let run = |times_thousandths: i64| {
        let usual = UsualVolume { hours: [Volume::from_units(60 * 100 * 100_000_000); 24] };
        let rule = alert(1, Rule::VolumeAboveUsual { times_thousandths }, AGAIN);
        over_bars(&rule, US, Some(usual), Interval::M1, &bars).unwrap().len()
    };
    assert_eq!((run(3_000), run(3_001)), (1, 0), "300 is three times 100, and stays there");
}

#[test]
fn silence_shows_between_trades() {
    let events = [("14:30:01", 1), ("14:30:04", 2), ("14:30:30", 3), ("20:59:59", 4)]
        .map(|(time, seq)| MarketEvent::Trade(trade(time, seq, "10", "")));
    let rule = alert(1, Rule::Stale { seconds: 10 }, AGAIN);
    let fired = over_trades(&rule, US, None, &events).unwrap();
    let times: Vec<String> = fired.iter().map(|f| f.timestamp.to_string()[11..19].to_owned()).collect();
    assert_eq!(times, ["14:30:14", "14:30:40"]);
}

#[test]
fn what_cannot_be_told_is_refused() {
    let bars = |rule: Rule, interval| over_bars(&alert(1, rule, AGAIN), US, None, interval, &[]);
    let rise = |minutes| Rule::PercentInWindow { ppm: 10_000, direction: Direction::Up, minutes };
    assert_eq!(bars(rise(4), Interval::M5), Err(BacktestError::TooCoarse));
    assert_eq!(bars(rise(5), Interval::M5), Ok(vec![]));
    let volume = Rule::VolumeAboveUsual { times_thousandths: 2_000 };
    assert_eq!(bars(volume, Interval::M5), Err(BacktestError::TooCoarse));
    assert_eq!(bars(Rule::Stale { seconds: 5 }, Interval::M1), Err(BacktestError::NeedsTrades));
    assert_eq!(bars(Rule::News { words: vec![] }, Interval::M1), Err(BacktestError::News));
    assert!(matches!(bars(Rule::PriceAbove(Price::ZERO), Interval::M1), Err(BacktestError::Rule(_))));
}

fn bars_of(trades: &[Trade]) -> Vec<Bar> {
    let mut windows: Vec<market::bar::Window> = Vec::new();
    for trade in trades {
        let start = Interval::M1.start_of(trade.ts_event);
        if windows.last().is_none_or(|w| w.start != start) {
            windows.push(market::bar::Window::new(start));
        }
        let may = trade.conditions.eligibility();
        windows.last_mut().unwrap().add(trade.key(), trade.price, trade.size, may);
    }
    windows.iter().filter_map(market::bar::Window::bar).collect()
}

proptest! {
    /// Bars never tell of more crossings than the trades they are made of, and miss none that lasts to
    /// the end of a bar. No trade is at the threshold: a bar that closes there has lost the side.
    #[test]
    fn bars_are_a_conservative_witness(
        steps in proptest::collection::vec((1i64..50, -3i64..4), 1..200),
        mark in 80i64..120,
    ) {
        let (mut time, mut paid) = (at("2018-01-03T15:00:00Z"), 100i64);
        let trades: Vec<Trade> = steps.iter().enumerate().map(|(n, (pause, step))| {
            time = time.saturating_add_nanos(pause * 1_000_000_000);
            paid = (paid + step).max(1);
            Trade { ts_event: time, seq: n as u64, price: Price::from_units(2 * paid), ..trade("15:00:00", 0, "1", "") }
        }).collect();
        let events: Vec<MarketEvent> = trades.iter().copied().map(MarketEvent::Trade).collect();
        let bars = bars_of(&trades);
        let rule = alert(1, Rule::PriceCrosses(Price::from_units(2 * mark + 1)), AGAIN);
        let by_trades = over_trades(&rule, US, None, &events).unwrap();
        let by_bars = over_bars(&rule, US, None, Interval::M1, &bars).unwrap();
        let start = |fired: &Fired| Interval::M1.start_of(fired.timestamp);
        let count = |list: &[Fired], bar: Timestamp| list.iter().filter(|f| start(f) == bar).count();
        for bar in &bars {
            let (many, few) = (count(&by_trades, bar.start), count(&by_bars, bar.start));
            prop_assert!(few <= many && (many - few) % 2 == 0, "{} {} {:?}", few, many, bar);
        }
    }
}
