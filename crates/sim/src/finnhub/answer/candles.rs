//! Candles: the market's history in Finnhub's resolutions.

use market::time::NANOS_PER_SECOND;
use market::{Bar, Date, Interval, Timestamp};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Query, body, listing, member, number};
use crate::finnhub::Look;
use crate::finnhub::rest::{Answer, Refusal};

/// Intraday candles reach back this far in one call.
const MONTH_SECONDS: i64 = 31 * 86_400;

/// `/stock/candle`
pub(in crate::finnhub) fn candle(look: &Look, query: &Query) -> Answer {
    let read = |name, why| {
        let seconds: Option<i64> = member(query, name).and_then(|text| text.parse().ok());
        seconds.and_then(Timestamp::from_seconds).ok_or(Refusal::BadQuery(why))
    };
    let from = read("from", "from is required, in seconds")?;
    let to = read("to", "to is required, in seconds")?;
    let resolution = member(query, "resolution").ok_or(Refusal::BadQuery("resolution is required"))?;
    let (interval, group): (_, fn(Date, i64) -> i64) = match resolution {
        "1" => (Interval::M1, |_, second| second),
        "5" => (Interval::M5, |_, second| second),
        "15" => (Interval::M15, |_, second| second),
        "30" => (Interval::M15, |_, second| second.div_euclid(1_800)),
        "60" => (Interval::H1, |_, second| second),
        "D" => (Interval::D1, |_, second| second),
        "W" => (Interval::D1, |date, _| date.days() - date.weekday()),
        "M" => (Interval::D1, |date, _| date.ymd().0 * 12 + date.ymd().1),
        _ => return Err(Refusal::BadQuery("resolution must be one of 1, 5, 15, 30, 60, D, W, M")),
    };
    let Some((index, _)) = listing(look, query)? else { return body(&json!({"s": "no_data"})) };
    // The end is included; nothing is known of the future.
    let to = to.saturating_add_nanos(NANOS_PER_SECOND).min(look.now());
    let month = to.saturating_add_nanos(-MONTH_SECONDS * NANOS_PER_SECOND);
    let from = if interval == Interval::D1 { from } else { from.max(month) };
    let bars = look.market.bars(index, interval, from, to);
    let groups: Vec<&[Bar]> = bars
        .chunk_by(|a, b| {
            let [a, b] = [a, b].map(|bar| group(bar.start.utc_date().0, bar.start.seconds()));
            a == b
        })
        .collect();
    if groups.is_empty() {
        return body(&json!({"s": "no_data"}));
    }
    let column = |of: &dyn Fn(&[Bar]) -> i64| groups.iter().map(|bars| number(of(bars))).collect::<Vec<_>>();
    body(&Candles {
        c: column(&|bars| bars[bars.len() - 1].close.units()),
        h: column(&|bars| bars.iter().map(|b| b.high.units()).max().unwrap_or_default()),
        l: column(&|bars| bars.iter().map(|b| b.low.units()).min().unwrap_or_default()),
        o: column(&|bars| bars[0].open.units()),
        s: "ok",
        t: groups.iter().map(|bars| bars[0].start.seconds()).collect(),
        v: column(&|bars| {
            i64::try_from(bars.iter().map(|b| b.volume.units()).sum::<i128>()).unwrap_or(i64::MAX)
        }),
    })
}

/// An answer of `/stock/candle`; no group is empty.
#[derive(Serialize)]
struct Candles {
    c: Vec<Box<RawValue>>,
    h: Vec<Box<RawValue>>,
    l: Vec<Box<RawValue>>,
    o: Vec<Box<RawValue>>,
    s: &'static str,
    t: Vec<i64>,
    v: Vec<Box<RawValue>>,
}
