//! What `signals::impact` finds in the simulated market is what the simulator knows to be true.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashMap;
use std::sync::LazyLock;

use market::{Bar, Hours, Interval, Symbol, Timestamp};
use signals::headline::HeadlineId;
use signals::impact::{
    Minutes, MoveSettings, Study, StudySettings, articles_around, pooled, study, unusual_moves,
};
use sim::market::{Market, MarketConfig};
use sim::news::{Article, LAG_SECONDS, Truth, versions_about};

/// Of the most traded, so that there are many articles in few days.
const SYMBOLS: [&str; 3] = ["AAPL", "TSLA", "NVDA"];
const FROM: &str = "2026-11-06T00:00:00Z";
const TO: &str = "2026-11-19T00:00:00Z";

struct Stock {
    bars: Vec<Bar>,
    /// First versions only.
    articles: Vec<Article>,
}

static STOCKS: LazyLock<Vec<Stock>> = LazyLock::new(|| {
    let market = Market::new(MarketConfig::default());
    let (from, to) = (FROM.parse().unwrap(), TO.parse().unwrap());
    let stock = |symbol: &str| {
        let index = market.universe().index(&Symbol::new(symbol).unwrap()).unwrap();
        let bars = market.bars(index, Interval::M1, from, to);
        assert!(bars.len() > 18_000, "a minute without a bar is rare here");
        let mut articles = versions_about(&market, index, from, to);
        articles.retain(|article| article.version == 0);
        Stock { bars, articles }
    };
    SYMBOLS.iter().map(|symbol| stock(symbol)).collect()
});

/// Studies of the ten minutes after articles that are so.
fn studies(is_so: impl Fn(&Truth) -> bool) -> Vec<Study> {
    let settings = StudySettings { minutes: 10, ..StudySettings::default() };
    let of = |stock: &Stock| {
        let minutes = Minutes::new(&stock.bars, Hours::Always).unwrap();
        let articles = stock.articles.iter().filter(|article| is_so(&article.truth));
        articles.filter_map(|article| study(minutes, article.published_at, settings).ok()).collect::<Vec<_>>()
    };
    STOCKS.iter().flat_map(of).collect()
}

#[test]
fn what_moves_is_told_from_what_does_not() {
    let good = pooled(&studies(|truth| matches!(truth, Truth::Moves { up: true, .. }))).unwrap();
    assert!(good.n > 60 && good.t > 10.0 && (0.008..0.03).contains(&good.mean), "{good:?}");
    let bad = pooled(&studies(|truth| matches!(truth, Truth::Moves { up: false, .. }))).unwrap();
    assert!(bad.n > 60 && bad.t < -10.0 && (-0.03..-0.008).contains(&bad.mean), "{bad:?}");
    // What moves nothing, and what only reports, is followed by nothing.
    let noise = pooled(&studies(|truth| *truth == Truth::Noise)).unwrap();
    assert!(noise.n > 80 && noise.t.abs() < 3.0 && noise.mean.abs() < 0.001, "{noise:?}");
    for way in [true, false] {
        let late =
            pooled(&studies(|truth| matches!(truth, Truth::Reports { up, .. } if *up == way))).unwrap();
        assert!(late.n > 20 && late.t.abs() < 3.0 && late.mean.abs() < 0.002, "{late:?}");
    }
    // And there is more trading after the former.
    let busier = |studies: &[Study]| {
        let more = studies.iter().filter(|study| study.volume > study.usual_volume).count();
        more * 100 / studies.len()
    };
    assert!(busier(&studies(|truth| matches!(truth, Truth::Moves { .. }))) > 75);
    assert!(busier(&studies(|truth| *truth == Truth::Noise)) < 65);
}

#[test]
fn the_lag_is_found_within_a_minute() {
    let (mut found, mut all, mut lags) = (0, 0, Vec::new());
    for stock in STOCKS.iter() {
        let minutes = Minutes::new(&stock.bars, Hours::Always).unwrap();
        let moves = unusual_moves(minutes, MoveSettings::default());
        let ids = |n: usize| HeadlineId(n as u64);
        let published: Vec<(HeadlineId, Timestamp)> =
            stock.articles.iter().enumerate().map(|(n, article)| (ids(n), article.published_at)).collect();
        let truth: HashMap<HeadlineId, i64> = stock
            .articles
            .iter()
            .enumerate()
            .filter_map(|(n, article)| match article.truth {
                Truth::Moves { at, .. } => Some((ids(n), at.seconds())),
                _ => None,
            })
            .collect();
        // Two days until it is known what is usual.
        let known = FROM.parse::<Timestamp>().unwrap().seconds() + 2 * 86_400;
        for (id, at) in truth.iter().filter(|(_, at)| **at > known) {
            all += 1;
            let near = moves.iter().find(|one| (one.onset.seconds() - at).abs() <= 60);
            let Some(near) = near else { continue };
            let around = articles_around(near, &published, 600, 600);
            if let Some(link) = around.iter().find(|link| link.article == *id) {
                found += 1;
                assert!((link.lag_seconds + LAG_SECONDS).abs() <= 60, "{link:?}");
                lags.push(link.lag_seconds);
            }
        }
    }
    assert!(found * 100 > all * 90, "{found} of {all}");
    let mean = lags.iter().sum::<i64>() / lags.len() as i64;
    assert!((mean + LAG_SECONDS).abs() < 15, "{mean} s on average");
}
