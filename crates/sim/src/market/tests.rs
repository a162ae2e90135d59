use super::*;
use market::Interval;
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::LazyLock;

static OPEN: LazyLock<Market> =
    LazyLock::new(|| Market::new(MarketConfig { rate: 100_000, ..MarketConfig::default() }));
static US: LazyLock<Market> =
    LazyLock::new(|| Market::new(MarketConfig { hours: HoursMode::Us, rate: 100_000, ..OPEN.config }));
static WILD: LazyLock<Market> = LazyLock::new(|| {
    let mishaps =
        Mishaps { late: 50_000, out_of_order: 50_000, duplicate: 50_000, cancel: 50_000, correction: 50_000 };
    Market::new(MarketConfig { mishaps, rate: 100_000, ..MarketConfig::default() })
});

/// 2026-11-20 was a Friday; its regular session ran from 14:30 to 21:00 UTC.
fn friday(clock: &str) -> Timestamp {
    format!("2026-11-20T{clock}Z").parse().unwrap()
}

fn index(symbol: &str) -> u32 {
    OPEN.universe().index(&market::Symbol::new(symbol).unwrap()).unwrap()
}

fn prints(market: &Market, symbol: &str, from: Timestamp, to: Timestamp) -> Vec<Print> {
    let mut out = Vec::new();
    market.trades_in(index(symbol), from, to, &mut out);
    out
}

fn sales(prints: &[Print]) -> Vec<Sale> {
    prints.iter().filter_map(|p| if let What::Trade(sale) = p.what { Some(sale) } else { None }).collect()
}

#[test]
fn same_seed_same_bytes() {
    // Written down once; it differs when the market of a seed changes, on purpose or between machines.
    let mut all = Vec::new();
    for second in 0..3 {
        OPEN.trades_of_all(1_795_000_000 + second, &mut all);
    }
    let day = OPEN.day(index("AAPL"), friday("15:00:00.25"));
    let bars = OPEN.bars(index("GM"), Interval::D1, friday("00:00:00"), friday("23:00:00"));
    let hash = hash::text(0, &format!("{all:?}{day:?}{bars:?}"));
    expect_test::expect!["199893 prints, 957394fca056fe64"]
        .assert_eq(&format!("{} prints, {hash:016x}", all.len()));
}

#[test]
fn keeps_the_rate_it_was_asked_for() {
    let count = |rate: u64, seconds: i64| {
        let market = Market::new(MarketConfig { rate, mishaps: Mishaps::NONE, ..MarketConfig::default() });
        let mut all = Vec::new();
        for n in 0..seconds {
            // Coprime to the periods of bursts, moods and shape.
            market.trades_of_all(1_795_000_000 + n * 1_009, &mut all);
        }
        all.len() as f64 / seconds as f64
    };
    for (rate, seconds) in [(1, 40), (1_000, 40), (20_000, 30)] {
        let got = count(rate, seconds) / rate as f64;
        let tolerance = if rate == 1 { 0.5 } else { 0.15 };
        assert!((got - 1.0).abs() < tolerance, "{rate}: {got}");
    }
}

#[test]
fn keeps_us_hours_when_told() {
    for (clock, traded) in [("08:59:00", false), ("15:00:00", true), ("22:00:00", true)] {
        let from = friday(clock);
        let prints = prints(&US, "AAPL", from, from.saturating_add_nanos(30 * NANOS_PER_SECOND));
        assert_eq!(!prints.is_empty(), traded, "{clock}");
        let extended = clock == "22:00:00";
        assert!(sales(&prints).iter().all(|s| s.conditions.has(b'T') == extended), "{clock}");
    }
    let at_night = friday("04:00:00");
    assert!(!prints(&US, "BINANCE:BTCUSDT", at_night, friday("04:00:10")).is_empty());
    assert!(!prints(&OPEN, "AAPL", at_night, friday("04:00:10")).is_empty());
}

#[test]
fn opens_and_closes_with_an_auction() {
    let open = sales(&prints(&US, "AAPL", friday("14:30:00"), friday("14:30:05")));
    assert_eq!(open.iter().filter(|s| s.conditions.has(b'O')).count(), 1);
    assert!(open[0].conditions.has(b'O') && !open[0].conditions.has(b'I'));
    let close = sales(&prints(&US, "AAPL", friday("20:59:50"), friday("21:00:10")));
    assert_eq!(close.iter().filter(|s| s.conditions.has(b'6')).count(), 1);
    let at = close.iter().position(|s| s.conditions.has(b'6')).unwrap();
    assert!(close[at + 1..].iter().all(|s| s.conditions.has(b'T')));
}

#[test]
fn the_day_fits_its_prices() {
    let gm = index("GM");
    for (market, at) in [(&*OPEN, friday("03:00:00.7")), (&*US, friday("18:00:00.7"))] {
        let day = market.day(gm, at).unwrap();
        assert_eq!(Some(day.last), market.price_at(gm, at));
        let (low, high) = (day.low.unwrap(), day.high.unwrap());
        assert!(low <= day.last && day.last <= high);
        assert!(low <= day.open.unwrap() && day.open.unwrap() <= high);
    }
    // Before the open there is no day yet; on Saturday it is Friday's still.
    let early = US.day(gm, friday("10:00:00")).unwrap();
    assert_eq!((early.open, early.date.to_string().as_str()), (None, "2026-11-20"));
    let [saturday, sunday] =
        ["2026-11-21T15:00:00Z", "2026-11-22T15:00:00Z"].map(|t| US.day(gm, t.parse().unwrap()).unwrap());
    assert_eq!(saturday, sunday);
    assert_eq!(saturday.date.to_string(), "2026-11-20");
    let monday = US.day(gm, "2026-11-23T15:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(Some(monday.previous_close), US.price_at(gm, friday("21:00:00")));
}

#[test]
fn the_card_fits_the_tables() {
    let card = OPEN.card(index("GM"), friday("15:00:00")).unwrap();
    let (low, high) = (card.week_52_low.0, card.week_52_high.0);
    let price = OPEN.price_at(index("GM"), friday("15:00:00")).unwrap();
    assert!(low <= price && price <= high, "{low} {price} {high}");
    assert!(high.units() < 3 * low.units(), "a calm year: {low} to {high}");
    assert!((20_000_000_000..180_000_000_000).contains(&card.market_cap_dollars.unwrap()));
    assert!(card.pe_ratio.unwrap().is_positive());
    let pair = OPEN.card(index("BINANCE:BTCUSDT"), friday("15:00:00")).unwrap();
    assert_eq!((pair.market_cap_dollars, pair.pe_ratio), (None, None));
}

#[test]
fn a_year_of_bars_is_whole_and_cheap() {
    let to = friday("15:00:00");
    let from = to.saturating_add_nanos(-365 * 86_400 * NANOS_PER_SECOND);
    assert!(OPEN.price_at(0, from).is_some(), "the market is made before the clock starts");
    // The best of some runs, because other tests share the machine.
    let run = || {
        let started = std::time::Instant::now();
        let bars = OPEN.bars(index("AAPL"), Interval::D1, from, to);
        (started.elapsed(), bars)
    };
    let (took, bars) = (0..5).map(|_| run()).min_by_key(|(took, _)| *took).unwrap();
    assert_eq!(bars.len(), 365);
    let limit = if cfg!(debug_assertions) { 500 } else { 5 };
    assert!(took.as_millis() < limit, "{took:?}");
    for pair in bars.windows(2) {
        assert_eq!(pair[0].close, pair[1].open, "days join");
    }
    assert!(bars.iter().all(|b| b.low <= b.open.min(b.close) && b.high >= b.open.max(b.close)));
    let us = US.bars(index("AAPL"), Interval::D1, from, to);
    assert_eq!(us.len(), 251, "trading days from 2025-11-21 to 2026-11-20");
    let minutes = US.bars(index("AAPL"), Interval::M1, friday("00:00:00"), friday("23:59:59"));
    assert!(minutes.len() > 700 && minutes[0].start >= friday("00:00:00"), "{}", minutes.len());
}

#[test]
fn history_agrees_with_the_trades() {
    let (from, to) = (friday("15:00:00"), friday("15:01:00"));
    let bar = OPEN.bars(index("AAPL"), Interval::M1, from, to)[0];
    let sales = sales(&prints(&OPEN, "AAPL", from, to));
    let spread = bar.open.units() / 1_000;
    assert!((sales[0].price.units() - bar.open.units()).abs() < spread);
    assert!((sales.last().unwrap().price.units() - bar.close.units()).abs() < spread);
    let shares: i64 = sales.iter().map(|s| s.size.units() / market::decimal::SCALE).sum();
    let mean = shares * 100 / sales.len() as i64;
    assert!((i128::from(mean) - print::MEAN_SHARES_HUNDREDTHS).abs() < 6_000, "{mean}");
}

#[test]
fn all_at_once_is_one_by_one() {
    let second = 1_795_000_000;
    let (mut all, mut each) = (Vec::new(), Vec::new());
    WILD.trades_of_all(second, &mut all);
    for index in 0..WILD.universe().listings().len() as u32 {
        WILD.trades_in(index, second_start(second), second_start(second + 1), &mut each);
    }
    assert_eq!(all, each);
}

#[test]
fn takes_back_only_what_it_printed() {
    let all = prints(&WILD, "AAPL", friday("15:00:00"), friday("15:01:00"));
    let mut seen = HashSet::new();
    let (mut cancels, mut corrections, mut duplicates, mut late) = (0, 0, 0, 0);
    for print in &all {
        match print.what {
            What::Trade(sale) => {
                duplicates += usize::from(!seen.insert(sale.key()));
                late += usize::from(print.arrives.millis_since(sale.ts_event) > 900);
            }
            What::Cancel(original) => {
                assert!(seen.contains(&original));
                cancels += 1;
            }
            What::Correction { original, replacement } => {
                assert!(seen.contains(&original) && !seen.contains(&replacement.key()));
                corrections += 1;
            }
        }
        assert!(print.arrives >= print.ts_event());
        assert!(print.arrives.millis_since(print.ts_event()) < 11_300);
    }
    for count in [cancels, corrections, duplicates, late] {
        assert!(count * 100 > all.len() * 3, "{count} of {}", all.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_order_of_asking_gives_the_same(
        symbol in 0u32..26_400, second in 1_700_000_000i64..1_900_000_000, cuts in prop::collection::vec(0i64..3_000_000_000, 0..6),
    ) {
        let at = |nanos| second_start(second).saturating_add_nanos(nanos);
        let mut whole = Vec::new();
        WILD.trades_in(symbol, at(0), at(3_000_000_000), &mut whole);
        let mut edges = cuts;
        edges.extend([0, 3_000_000_000]);
        edges.sort_unstable();
        // The pieces, asked for from the last to the first.
        let mut pieces: Vec<Vec<Print>> = edges
            .windows(2)
            .rev()
            .map(|edge| {
                let mut out = Vec::new();
                WILD.trades_in(symbol, at(edge[0]), at(edge[1]), &mut out);
                out
            })
            .collect();
        pieces.reverse();
        prop_assert_eq!(pieces.concat(), whole);
    }

    #[test]
    fn trades_are_plausible(symbol in 0u32..26_400, second in 1_700_000_000i64..1_900_000_000) {
        let mut out = Vec::new();
        let (from, to) = (second_start(second), second_start(second + 20));
        OPEN.trades_in(symbol, from, to, &mut out);
        let listing = OPEN.universe().get(symbol).unwrap();
        let mut last = 0;
        for sale in sales(&out) {
            prop_assert!(sale.price.is_positive() && sale.size.is_positive());
            let sub_penny = !listing.is_crypto() && sale.price.units() < market::decimal::SCALE;
            let tick = if sub_penny { listing.tick.units() / 100 } else { listing.tick.units() };
            prop_assert_eq!(sale.price.units() % tick, 0);
            prop_assert_eq!(sale.size.units() % listing.lot.units(), 0);
            prop_assert!(sale.seq >= last && sale.seq < 1 << 53);
            last = sale.seq;
            prop_assert_eq!(sale.conditions.has(b'I'), !listing.is_crypto() && sale.size.units() < 100 * market::decimal::SCALE);
            prop_assert_eq!(sale.seq >> 21, sale.ts_event.seconds() as u64);
        }
        // Within a second a price moves by less than half a per cent, or a tick.
        let [a, b] = [from, second_start(second + 1)].map(|t| OPEN.price_at(symbol, t).unwrap().units());
        prop_assert!((a - b).abs() <= a / 200 + listing.tick.units(), "{} to {}", a, b);
    }
}
