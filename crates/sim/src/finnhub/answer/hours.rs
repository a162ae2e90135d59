//! Opening hours and holidays of the simulated exchange.

use market::calendar::{DayHours, Session, is_early_close, is_trading_day};
use market::{Date, Hours};
use serde_json::json;

use super::{Query, body, member};
use crate::finnhub::Look;
use crate::finnhub::rest::{Answer, Refusal};
use crate::market::HoursMode;

fn us_exchange(query: &Query) -> Result<(), Refusal> {
    match member(query, "exchange") {
        Some("US") => Ok(()),
        Some(_) => Err(Refusal::NoAccess),
        None => Err(Refusal::BadQuery("exchange is required")),
    }
}

/// `/stock/market-status`
pub(in crate::finnhub) fn market_status(look: &Look, query: &Query) -> Answer {
    us_exchange(query)?;
    let now = look.now();
    let hours = match look.market.config().hours {
        HoursMode::Open => Hours::Always,
        HoursMode::Us => Hours::UsEquity,
    };
    let day = DayHours::at(now, hours);
    let session = match day.session(now) {
        Session::Pre => Some("pre-market"),
        Session::Regular => Some("regular"),
        Session::Post => Some("post-market"),
        Session::Closed => None,
    };
    let holiday = (day.date.weekday() < 5 && !day.is_trading_day()).then_some("Market holiday");
    body(&json!({
        "exchange": "US",
        "holiday": holiday,
        "isOpen": session == Some("regular"),
        "session": session,
        "t": now.seconds(),
        "timezone": "America/New_York",
    }))
}

/// `/stock/market-holiday`: none when the simulated session never closes.
pub(in crate::finnhub) fn market_holiday(look: &Look, query: &Query) -> Answer {
    us_exchange(query)?;
    let today = DayHours::at(look.now(), Hours::Always).date;
    let days = match look.market.config().hours {
        HoursMode::Open => 0,
        HoursMode::Us => 366,
    };
    let data: Vec<_> = (0..days)
        .map(|n| today.plus_days(n))
        .filter(|date| date.weekday() < 5 && (!is_trading_day(*date) || is_early_close(*date)))
        .map(|date| {
            let hour = if is_early_close(date) { "09:30-13:00" } else { "" };
            json!({"eventName": holiday(date), "atDate": date.to_string(), "tradingHour": hour})
        })
        .collect();
    body(&json!({"data": data, "exchange": "US", "timezone": "America/New_York"}))
}

/// What a day off is for.
fn holiday(date: Date) -> &'static str {
    match date.ymd() {
        (_, 1, 1..=3) => "New Year's Day",
        (_, 1, _) => "Martin Luther King Jr. Day",
        (_, 2, _) => "Presidents' Day",
        (_, 3 | 4, _) => "Good Friday",
        (_, 5, _) => "Memorial Day",
        (_, 6, _) => "Juneteenth",
        (_, 7, _) => "Independence Day",
        (_, 9, _) => "Labor Day",
        (_, 11, _) => "Thanksgiving Day",
        (_, 12, _) => "Christmas",
        _ => "Market holiday",
    }
}
