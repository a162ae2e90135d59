//! News made from price moves: nothing happened but the move, and the text says so.

use std::collections::HashMap;

use bytes::Bytes;
use market::decimal::div_half_even;
use market::{Date, Price, Timestamp};
use serde_json::{Value, json};

use super::Look;
use super::answer::{body, listing};
use super::rest::{Answer, Refusal};
use crate::universe::Listing;

/// The longest span of company news in one call, in days.
const DAYS_MAX: i64 = 370;

/// General news reaches back so many days.
const GENERAL_DAYS: i64 = 7;

/// A move of this many hundredths of a per cent in a day makes news.
const COMPANY_MOVE: i64 = 150;
const GENERAL_MOVE: i64 = 300;

/// Ids count from this day on, so that they stay small and grow with time.
const FIRST_DAY: i64 = 15_000;

/// `/company-news`
pub(super) fn of_company(look: &Look, query: &HashMap<String, String>) -> Answer {
    let day = |name: &str, why| {
        query.get(name).and_then(|text| Date::parse(text.as_bytes())).ok_or(Refusal::BadQuery(why))
    };
    let from = day("from", "from is required, as 2026-01-31")?;
    let to = day("to", "to is required, as 2026-01-31")?;
    let Some((index, listing)) = listing(look, query)? else { return Ok(Bytes::from_static(b"[]")) };
    let today = look.now().utc_date().0;
    let to = to.min(today);
    let from = from.max(to.plus_days(-DAYS_MAX));
    let mut items: Vec<Value> = (from.days()..=to.days())
        .rev()
        .filter_map(|day| item(look, index, listing, Date::from_days(day), COMPANY_MOVE, "company"))
        .collect();
    // A company without a single move still has its day's report.
    if items.is_empty() {
        items.extend((from <= to).then(|| item(look, index, listing, to, 0, "company")).flatten());
    }
    body(&items)
}

/// `/news`
pub(super) fn general(look: &Look, query: &HashMap<String, String>) -> Answer {
    let category = query.get("category").map(String::as_str).unwrap_or_default();
    let crypto = match category {
        "general" => false,
        "crypto" => true,
        // The simulated market has neither currencies nor mergers.
        "forex" | "merger" => return Ok(Bytes::from_static(b"[]")),
        _ => return Err(Refusal::BadQuery("category must be one of general, forex, crypto, merger")),
    };
    let after: i64 = query.get("minId").and_then(|id| id.parse().ok()).unwrap_or(0);
    let today = look.now().utc_date().0;
    // The first few hundred listings are those that people know.
    let known = look.market.universe().listings().iter().enumerate().take(300);
    let listings: Vec<(u32, &Listing)> = known
        .filter(|(_, l)| l.is_crypto() == crypto && l.activity > 500_000_000)
        .map(|(at, l)| (at as u32, l))
        .collect();
    let mut items: Vec<Value> = Vec::new();
    for day in (0..=GENERAL_DAYS).map(|n| today.plus_days(-n)) {
        for (index, listing) in &listings {
            items.extend(item(look, *index, listing, day, GENERAL_MOVE, category));
        }
    }
    items.retain(|item| item["id"].as_i64().is_some_and(|id| id > after));
    items.sort_by_key(|item| std::cmp::Reverse(item["id"].as_i64()));
    items.truncate(100);
    body(&items)
}

/// The report of a listing's day, when it moved by at least so much; a day that is not over is
/// reported as it stands at the full hour.
fn item(look: &Look, index: u32, listing: &Listing, day: Date, least: i64, category: &str) -> Option<Value> {
    let begins = day.midnight_utc();
    let hour = Timestamp::from_seconds(look.now().seconds().div_euclid(3_600) * 3_600)?;
    let ends = day.plus_days(1).midnight_utc().saturating_add_nanos(-1).min(hour);
    if ends < begins {
        return None;
    }
    let [before, now] = [begins, ends].map(|at| look.market.price_at(index, at));
    let (before, now) = (before?, now?);
    let moved = hundredths(before, now)?;
    if moved.abs() < least {
        return None;
    }
    let percent = format!("{}.{:02} %", moved.abs() / 100, moved.abs() % 100);
    let verb = if moved < 0 { "loses" } else { "gains" };
    let symbol = listing.symbol.as_str();
    Some(json!({
        "category": category,
        "datetime": ends.seconds(),
        "headline": format!("{} {verb} {percent} to {now}", listing.name),
        "id": (day.days() - FIRST_DAY) * 30_000 + i64::from(index),
        "image": "",
        "related": symbol,
        "source": "Bellwether simulated market",
        "summary": format!(
            "In simulated trading on {day}, {symbol} went from {before} to {now}. No event is behind the move."
        ),
        "url": format!("https://example.com/simulated/{day}/{}", symbol.replace([':', '.'], "-")),
    }))
}

/// A change in hundredths of a per cent.
fn hundredths(before: Price, now: Price) -> Option<i64> {
    let change = i128::from(now.units() - before.units()) * 10_000;
    i64::try_from(div_half_even(change, i128::from(before.units()))?).ok()
}
