//! The card of a company: profile and basic financials.

use market::decimal::div_half_even;
use market::time::NANOS_PER_SECOND;
use market::{Date, Interval, Kind, Price, Timestamp};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Query, body, listing, member, number, required_symbol};
use crate::finnhub::Look;
use crate::finnhub::rest::{Answer, Refusal};
use crate::hash;

/// An answer of `/stock/profile2`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    country: &'a str,
    currency: &'a str,
    estimate_currency: &'a str,
    exchange: &'a str,
    finnhub_industry: &'a str,
    ipo: String,
    logo: &'a str,
    market_capitalization: Option<Box<RawValue>>,
    name: &'a str,
    phone: &'a str,
    share_outstanding: Option<Box<RawValue>>,
    ticker: &'a str,
    weburl: &'a str,
}

/// `/stock/profile2`
pub(in crate::finnhub) fn profile(look: &Look, query: &Query) -> Answer {
    if member(query, "symbol").is_none() {
        return match member(query, "isin").or_else(|| member(query, "cusip")) {
            // The simulated companies have neither.
            Some(_) => body(&json!({})),
            None => Err(Refusal::BadQuery("symbol, isin or cusip is required")),
        };
    }
    let now = look.now();
    let found = listing(look, query)?.filter(|(_, listing)| listing.security.kind() == Kind::Stock);
    let Some((listing, card)) = found.and_then(|(index, l)| Some((l, look.market.card(index, now)?))) else {
        return body(&json!({}));
    };
    body(&Profile {
        country: "US",
        currency: listing.currency(),
        estimate_currency: listing.currency(),
        exchange: listing.exchange,
        finnhub_industry: listing.industry.unwrap_or("N/A"),
        ipo: first_listed(listing.symbol.as_str()).to_string(),
        logo: "",
        market_capitalization: millions(card.market_cap_dollars),
        name: &listing.name,
        phone: "",
        share_outstanding: millions(card.shares_outstanding),
        ticker: listing.symbol.as_str(),
        weburl: "",
    })
}

/// Some day from 1980 to 2018.
fn first_listed(symbol: &str) -> Date {
    Date::from_ymd(1980, 1, 1).plus_days(hash::below(hash::text(3, symbol), 14_000) as i64)
}

/// A count as a number of millions with all its digits.
fn millions(count: Option<u64>) -> Option<Box<RawValue>> {
    // A unit is a hundred-millionth, so a hundredth of a millionth.
    Some(number(i64::try_from(count?).ok()?.checked_mul(100)?))
}

/// The metrics of an answer of `/stock/metric` that the simulated market knows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(rename = "10DayAverageTradingVolume")]
    ten_day_average_trading_volume: Option<Box<RawValue>>,
    #[serde(rename = "52WeekHigh")]
    week_52_high: Box<RawValue>,
    #[serde(rename = "52WeekHighDate")]
    week_52_high_date: String,
    #[serde(rename = "52WeekLow")]
    week_52_low: Box<RawValue>,
    #[serde(rename = "52WeekLowDate")]
    week_52_low_date: String,
    beta: Box<RawValue>,
    #[serde(rename = "epsTTM")]
    eps_ttm: Option<Box<RawValue>>,
    market_capitalization: Option<Box<RawValue>>,
    #[serde(rename = "peTTM")]
    pe_ttm: Option<Box<RawValue>>,
}

/// An answer of `/stock/metric`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Financials<'a, M: Serialize> {
    metric: M,
    metric_type: &'a str,
    series: serde_json::Value,
    symbol: &'a str,
}

/// `/stock/metric`
pub(in crate::finnhub) fn metric(look: &Look, query: &Query) -> Answer {
    let symbol = required_symbol(query)?;
    let now = look.now();
    let found = listing(look, query)?.and_then(|(index, l)| Some((index, l, look.market.card(index, now)?)));
    let Some((index, listing, card)) = found else {
        let empty = Financials { metric: json!({}), metric_type: "all", series: json!({}), symbol };
        return body(&empty);
    };
    let exact = |price: Option<Price>| price.map(|price| number(price.units()));
    let date = |at: Timestamp| at.utc_date().0.to_string();
    body(&Financials {
        metric: Metric {
            ten_day_average_trading_volume: ten_day_volume(look, index, now),
            week_52_high: number(card.week_52_high.0.units()),
            week_52_high_date: date(card.week_52_high.1),
            week_52_low: number(card.week_52_low.0.units()),
            week_52_low_date: date(card.week_52_low.1),
            // From per cent to units.
            beta: number(i64::from(listing.beta) * 1_000_000),
            eps_ttm: exact(card.earnings_per_share),
            market_capitalization: millions(card.market_cap_dollars),
            pe_ttm: exact(card.pe_ratio),
        },
        metric_type: "all",
        series: json!({"annual": {}, "quarterly": {}}),
        symbol: listing.symbol.as_str(),
    })
}

/// Shares a day on average over ten days, in millions.
fn ten_day_volume(look: &Look, index: u32, now: Timestamp) -> Option<Box<RawValue>> {
    let before = now.saturating_add_nanos(-10 * 86_400 * NANOS_PER_SECOND);
    let days = look.market.bars(index, Interval::D1, before, now);
    let volume: i128 = days.iter().map(|day| day.volume.units()).sum();
    let average = div_half_even(volume, days.len() as i128 * 1_000_000)?;
    Some(number(i64::try_from(average).ok()?))
}
