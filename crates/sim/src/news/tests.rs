use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use signals::linking::Linker;
use signals::sentiment::{Tone, sentiment};

use super::*;
use crate::hash;
use crate::market::MarketConfig;

static MARKET: LazyLock<Market> = LazyLock::new(|| Market::new(MarketConfig::default()));

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day() -> Vec<Article> {
    versions(&MARKET, at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z"))
}

#[test]
fn same_seed_same_news() {
    let day = day();
    let hash = hash::text(0, &format!("{day:?}"));
    expect_test::expect!["959 versions, 30a90836c775ad47"]
        .assert_eq(&format!("{} versions, {hash:016x}", day.len()));
    assert_ne!(
        day,
        versions(
            &Market::new(MarketConfig { seed: 2, ..MarketConfig::default() }),
            at("2026-11-20T00:00:00Z"),
            at("2026-11-21T00:00:00Z")
        )
    );
}

#[test]
fn a_day_has_what_a_demonstration_needs() {
    let day = day();
    let articles: HashSet<i64> = day.iter().map(|a| a.number).collect();
    assert!((600..1_100).contains(&articles.len()), "{}", articles.len());
    let aapl = MARKET.universe().index(&market::Symbol::new("AAPL").unwrap()).unwrap();
    let about = day.iter().filter(|a| a.companies[0] == aapl && a.version == 0).count();
    assert!((4..16).contains(&about), "{about} about Apple");
    assert_eq!(day.iter().filter(|a| a.is_live).count(), 26);
    assert!(day.iter().filter(|a| a.version > 0 && !a.is_live).count() > 80);
    assert!(day.iter().filter(|a| a.companies.len() > 1).count() > 80);
    let count = |of: fn(&Truth) -> bool| day.iter().filter(|a| of(&a.truth)).count() * 100 / day.len();
    let shares = [
        count(|t| matches!(t, Truth::Moves { .. })),
        count(|t| matches!(t, Truth::Reports { .. })),
        count(|t| *t == Truth::Noise),
    ];
    assert!(shares[0] > 45 && shares[1] > 8 && shares[2] > 20, "{shares:?}");
    for section in ["business", "technology", "money"] {
        assert!(day.iter().filter(|a| a.section == section).count() > 10, "{section}");
    }
    for article in &day {
        assert!(article.url().starts_with("https://example.com/simulated/"));
        assert!(
            article.summary.ends_with("[Simulated]")
                && !article.title.contains('{')
                && !article.summary.contains('{')
        );
    }
}

#[test]
fn the_tone_fits_the_move_most_of_the_time() {
    let (mut fits, mut all, mut wrong) = (0, 0, 0);
    for article in day() {
        let (Truth::Moves { up, .. } | Truth::Reports { up, .. }) = article.truth else { continue };
        all += 1;
        match (sentiment(&article.title).tone(), up) {
            (Tone::Positive, true) | (Tone::Negative, false) => fits += 1,
            (Tone::Neutral, _) => {}
            _ => wrong += 1,
        }
    }
    assert!(fits * 100 > all * 70, "{fits} of {all}");
    assert!(wrong * 100 < all * 5, "{wrong} of {all}");
}

#[test]
fn an_article_is_tied_to_its_company() {
    let mut universe = market::Universe::new();
    universe.refresh(MARKET.universe().instruments(true));
    let linker = Linker::new(&universe);
    let (mut tied, mut all) = (0, 0);
    let mut untied: HashMap<String, u32> = HashMap::new();
    for article in day() {
        let symbol = MARKET.universe().get(article.companies[0]).unwrap().symbol;
        // The names of pairs are not those of companies.
        if symbol.as_str().contains(':') {
            continue;
        }
        all += 1;
        let links = linker.link(&article.title, &article.summary, &[]);
        if links.iter().any(|link| universe.get(link.symbol).is_some_and(|i| i.symbol == symbol)) {
            tied += 1;
        } else {
            *untied.entry(article.title).or_default() += 1;
        }
    }
    assert!(tied * 100 > all * 85, "{tied} of {all}; not {untied:?}");
}

#[test]
fn companies_are_called_what_newspapers_call_them() {
    let name = |symbol: &str| {
        let index = MARKET.universe().index(&market::Symbol::new(symbol).unwrap()).unwrap();
        text::name(MARKET.universe().get(index).unwrap())
    };
    let names = ["AAPL", "AMZN", "GOOGL", "GM", "PG", "MRK", "BRK.B", "BINANCE:BTCUSDT", "JPM"].map(name);
    let want = [
        "Apple",
        "Amazon",
        "Alphabet",
        "General Motors",
        "Procter & Gamble",
        "Merck",
        "Berkshire Hathaway",
        "Bitcoin",
        "JPMorgan Chase",
    ];
    assert_eq!(names, want);
}

#[test]
fn a_day_is_cheap() {
    let run = || {
        let started = std::time::Instant::now();
        assert!(!day().is_empty());
        started.elapsed()
    };
    let took = (0..5).map(|_| run()).min().unwrap();
    let limit = if cfg!(debug_assertions) { 300 } else { 10 };
    assert!(took.as_millis() < limit, "{took:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_cut_of_time_has_the_same_versions(from in 1_700_000_000i64..1_900_000_000, cut in 0i64..20_000, length in 0i64..20_000) {
        let at = |second| Timestamp::from_seconds(second).unwrap();
        let (middle, to) = (from + cut.min(length), from + length);
        let mut parts = versions(&MARKET, at(from), at(middle));
        parts.extend(versions(&MARKET, at(middle), at(to)));
        let whole = versions(&MARKET, at(from), at(to));
        prop_assert_eq!(&parts, &whole);
        let about: Vec<Article> = whole.iter().filter(|a| a.companies[0] == 0 && !a.is_live).cloned().collect();
        prop_assert_eq!(versions_about(&MARKET, 0, at(from), at(to)), about);
    }

    #[test]
    fn what_stands_is_the_newest_version(from in 1_700_000_000i64..1_900_000_000, length in 0i64..40_000, later in 0i64..8_000) {
        let at = |second| Timestamp::from_seconds(second).unwrap();
        let now = at(from + length + later);
        let standing = articles(&MARKET, at(from), at(from + length), now);
        let mut newest: HashMap<i64, Article> = HashMap::new();
        for version in versions(&MARKET, at(from - 86_400), now.saturating_add_nanos(1)) {
            newest.insert(version.number, version);
        }
        let in_span = |a: &&Article| a.updated_at >= at(from) && a.updated_at < at(from + length);
        let mut want: Vec<Article> = newest.values().filter(in_span).cloned().collect();
        want.sort_by_key(|a| (a.updated_at, a.number));
        prop_assert_eq!(standing, want);
    }
}
