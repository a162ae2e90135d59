//! What each path answers, with the members and units of Finnhub's documentation.

use std::collections::HashMap;

use bytes::Bytes;
use market::calendar::{DayHours, Session, is_early_close, is_trading_day};
use market::decimal::{div_half_even, write_units};
use market::{Bar, Date, Hours, Interval, Kind, Price, Symbol, Timestamp};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::Look;
use super::rest::{Answer, Refusal};
use crate::hash;
use crate::market::HoursMode;
use crate::universe::{Listing, Security};

/// The most rows a search gives.
const RESULTS_MAX: usize = 50;

/// Intraday candles reach back this far in one call.
const MONTH_SECONDS: i64 = 31 * 86_400;

type Query = HashMap<String, String>;

/// A number with its exact decimal digits, never by way of binary floating point.
pub(super) fn number(units: i64) -> Box<RawValue> {
    let mut text = Vec::with_capacity(24);
    write_units(units, &mut text);
    // Decimal digits are always JSON.
    String::from_utf8(text)
        .ok()
        .and_then(|text| RawValue::from_string(text).ok())
        .unwrap_or_else(|| RawValue::NULL.to_owned())
}

/// Serialises an answer.
pub(super) fn body(answer: &impl Serialize) -> Answer {
    // Our own structs have nothing that JSON cannot say.
    serde_json::to_vec(answer).map(Bytes::from).map_err(|_| Refusal::NotFound)
}

fn member<'q>(query: &'q Query, name: &str) -> Option<&'q str> {
    query.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn required_symbol(query: &Query) -> Result<&str, Refusal> {
    member(query, "symbol").ok_or(Refusal::BadQuery("symbol is required"))
}

/// The number of a symbol, whatever its case.
fn index(look: &Look, symbol: &str) -> Option<u32> {
    let universe = look.market.universe();
    let find = |text: &str| universe.index(&Symbol::new(text).ok()?);
    find(symbol).or_else(|| find(&symbol.to_ascii_uppercase()))
}

/// The listing that a call asks about.
pub(super) fn listing<'l>(look: &'l Look, query: &Query) -> Result<Option<(u32, &'l Listing)>, Refusal> {
    let symbol = required_symbol(query)?;
    Ok(index(look, symbol).and_then(|index| Some((index, look.market.universe().get(index)?))))
}

fn security_type(security: Security) -> &'static str {
    match security {
        Security::Common => "Common Stock",
        Security::Adr => "ADR",
        Security::Preferred => "Preferred Stock",
        Security::Fund => "ETP",
        Security::Warrant => "Equity WRT",
        Security::Unit => "Unit",
        Security::Pair => "Crypto",
    }
}

/// A share or fund as the symbol list shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SymbolRow<'a> {
    currency: &'a str,
    description: String,
    display_symbol: &'a str,
    figi: String,
    isin: Option<&'a str>,
    mic: &'a str,
    #[serde(rename = "shareClassFIGI")]
    share_class_figi: String,
    symbol: &'a str,
    symbol2: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
}

impl<'a> SymbolRow<'a> {
    fn new(listing: &'a Listing) -> Self {
        Self {
            currency: listing.currency(),
            // Finnhub writes names in capitals.
            description: listing.name.to_uppercase(),
            display_symbol: listing.symbol.as_str(),
            figi: figi(listing.symbol.as_str(), 1),
            isin: None,
            mic: listing.mic(),
            share_class_figi: figi(listing.symbol.as_str(), 2),
            symbol: listing.symbol.as_str(),
            symbol2: "",
            kind: security_type(listing.security),
        }
    }
}

/// Something of the form of a FIGI: twelve characters that begin with `BBG`.
fn figi(symbol: &str, salt: u64) -> String {
    const LETTERS: &[u8] = b"0123456789BCDFGHJKLMNPQRSTVWXYZ";
    let mut random = hash::text(salt, symbol);
    let mut figi = String::from("BBG00");
    for _ in 0..7 {
        figi.push(char::from(LETTERS[(random % LETTERS.len() as u64) as usize]));
        random /= LETTERS.len() as u64;
    }
    figi
}

/// `/stock/symbol`
pub(super) fn symbols(look: &Look, query: &Query) -> Answer {
    match member(query, "exchange") {
        Some("US") => {}
        Some(_) => return Err(Refusal::NoAccess),
        None => return Err(Refusal::BadQuery("exchange is required")),
    }
    let filters = ["mic", "securityType", "currency"].map(|name| member(query, name));
    let rows = || {
        let shares = look.market.universe().listings().iter().filter(|l| !l.is_crypto());
        let [mic, kind, currency] = filters;
        shares.map(SymbolRow::new).filter(move |row| {
            mic.is_none_or(|mic| mic == row.mic)
                && kind.is_none_or(|kind| kind == row.kind)
                && currency.is_none_or(|currency| currency == row.currency)
        })
    };
    if filters.iter().any(Option::is_some) {
        return body(&rows().collect::<Vec<_>>());
    }
    if let Some(list) = look.symbol_list.get() {
        return Ok(list.clone());
    }
    let list = body(&rows().collect::<Vec<_>>())?;
    Ok(look.symbol_list.get_or_init(|| list).clone())
}

/// `/crypto/exchange`
pub(super) fn crypto_exchanges(look: &Look) -> Answer {
    let mut exchanges: Vec<&str> =
        look.market.universe().listings().iter().filter(|l| l.is_crypto()).map(|l| l.exchange).collect();
    exchanges.sort_unstable();
    exchanges.dedup();
    body(&exchanges)
}

/// `/crypto/symbol`
pub(super) fn crypto_symbols(look: &Look, query: &Query) -> Answer {
    let exchange = member(query, "exchange").ok_or(Refusal::BadQuery("exchange is required"))?;
    let pairs = look.market.universe().listings().iter().filter(|l| l.is_crypto() && l.exchange == exchange);
    let rows: Vec<_> = pairs
        .map(|l| {
            let display = l.name.as_str();
            json!({"description": format!("{} {display}", l.exchange), "displaySymbol": display, "symbol": l.symbol.as_str()})
        })
        .collect();
    body(&rows)
}

/// `/search`
pub(super) fn search(look: &Look, query: &Query) -> Answer {
    let wanted = member(query, "q").ok_or(Refusal::BadQuery("q is required"))?.to_uppercase();
    let mut found: Vec<(u8, std::cmp::Reverse<u64>, &Listing)> = look
        .market
        .universe()
        .listings()
        .iter()
        .filter_map(|listing| {
            let symbol = listing.symbol.as_str();
            let rank = if symbol == wanted {
                0
            } else if symbol.starts_with(&wanted) {
                1
            } else if listing.name.to_uppercase().contains(&wanted) {
                2
            } else {
                return None;
            };
            Some((rank, std::cmp::Reverse(listing.activity), listing))
        })
        .collect();
    found.sort_by_key(|&(rank, activity, _)| (rank, activity));
    let result: Vec<_> = found
        .iter()
        .take(RESULTS_MAX)
        .map(|(_, _, l)| {
            let symbol = l.symbol.as_str();
            json!({"description": l.name.to_uppercase(), "displaySymbol": symbol, "symbol": symbol, "type": security_type(l.security)})
        })
        .collect();
    body(&json!({"count": result.len(), "result": result}))
}

/// An answer of `/quote`.
#[derive(Serialize)]
struct Quote {
    c: Box<RawValue>,
    d: Option<Box<RawValue>>,
    dp: Option<Box<RawValue>>,
    h: Box<RawValue>,
    l: Box<RawValue>,
    o: Box<RawValue>,
    pc: Box<RawValue>,
    t: i64,
}

/// `/quote`
pub(super) fn quote(look: &Look, query: &Query) -> Answer {
    let day = match listing(look, query)? {
        Some((index, _)) => look.market.day(index, look.now()),
        None => None,
    };
    let Some(day) = day else {
        let zero = || number(0);
        return body(&Quote {
            c: zero(),
            d: None,
            dp: None,
            h: zero(),
            l: zero(),
            o: zero(),
            pc: zero(),
            t: 0,
        });
    };
    let change = day.last.units() - day.previous_close.units();
    let or_zero = |price: Option<Price>| number(price.unwrap_or_default().units());
    body(&Quote {
        c: number(day.last.units()),
        d: Some(number(change)),
        dp: percent(change, day.previous_close.units()),
        h: or_zero(day.high),
        l: or_zero(day.low),
        o: or_zero(day.open),
        pc: number(day.previous_close.units()),
        t: day.last_at.seconds(),
    })
}

/// A change in per cent, with four places.
fn percent(change: i64, of: i64) -> Option<Box<RawValue>> {
    let ten_thousandths = div_half_even(i128::from(change) * 1_000_000, i128::from(of))?;
    Some(number(i64::try_from(ten_thousandths * 10_000).ok()?))
}

/// `/stock/profile2`
pub(super) fn profile(look: &Look, query: &Query) -> Answer {
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
    let random = hash::text(3, listing.symbol.as_str());
    let ipo = Date::from_ymd(1980, 1, 1).plus_days(hash::below(random, 14_000) as i64);
    body(&json!({
        "country": "US",
        "currency": listing.currency(),
        "estimateCurrency": listing.currency(),
        "exchange": listing.exchange,
        "finnhubIndustry": listing.industry.unwrap_or("N/A"),
        "ipo": ipo.to_string(),
        "logo": "",
        "marketCapitalization": NUMBER,
        "name": listing.name,
        "phone": "",
        "shareOutstanding": NUMBER,
        "ticker": listing.symbol.as_str(),
        "weburl": "",
    }))
    .map(|text| fill(&text, &[millions(card.market_cap_dollars), millions(card.shares_outstanding)]))
}

/// Stands for a number that is filled in with its exact digits afterwards.
const NUMBER: &str = "\u{1}";

/// Puts exact numbers where [`NUMBER`] stands, in order; no name or symbol holds a control character.
fn fill(text: &[u8], numbers: &[Box<RawValue>]) -> Bytes {
    let text = String::from_utf8_lossy(text);
    let mut numbers = numbers.iter();
    let mut filled = String::with_capacity(text.len());
    for (at, part) in text.split("\"\\u0001\"").enumerate() {
        if at > 0 {
            filled.push_str(numbers.next().map_or("null", |number| number.get()));
        }
        filled.push_str(part);
    }
    Bytes::from(filled)
}

/// A count as a number of millions with all its digits.
fn millions(count: Option<u64>) -> Box<RawValue> {
    // A unit is a hundred-millionth, so a hundredth of a millionth.
    match count.and_then(|count| i64::try_from(count).ok()?.checked_mul(100)) {
        Some(units) => number(units),
        None => RawValue::NULL.to_owned(),
    }
}

/// `/stock/metric`
pub(super) fn metric(look: &Look, query: &Query) -> Answer {
    let symbol = required_symbol(query)?;
    let now = look.now();
    let found = listing(look, query)?.and_then(|(index, l)| Some((index, l, look.market.card(index, now)?)));
    let Some((index, listing, card)) = found else {
        return body(&json!({"metric": {}, "metricType": "all", "series": {}, "symbol": symbol}));
    };
    let before = now.saturating_add_nanos(-10 * 86_400 * market::time::NANOS_PER_SECOND);
    let days = look.market.bars(index, Interval::D1, before, now);
    let volume: i128 = days.iter().map(|day| day.volume.units()).sum();
    // Millions of shares a day.
    let average = div_half_even(volume, days.len().max(1) as i128 * 1_000_000);
    let optional = |price: Option<Price>| match price {
        Some(price) => number(price.units()),
        None => RawValue::NULL.to_owned(),
    };
    // The filled numbers come in the order of the names, which is how the map is written.
    let text = body(&json!({
        "metric": {
            "10DayAverageTradingVolume": NUMBER,
            "52WeekHigh": NUMBER,
            "52WeekHighDate": card.week_52_high.1.utc_date().0.to_string(),
            "52WeekLow": NUMBER,
            "52WeekLowDate": card.week_52_low.1.utc_date().0.to_string(),
            "beta": NUMBER,
            "epsTTM": NUMBER,
            "marketCapitalization": NUMBER,
            "peTTM": NUMBER,
        },
        "metricType": "all",
        "series": {"annual": {}, "quarterly": {}},
        "symbol": listing.symbol.as_str(),
    }))?;
    Ok(fill(
        &text,
        &[
            number(average.and_then(|units| i64::try_from(units).ok()).unwrap_or_default()),
            number(card.week_52_high.0.units()),
            number(card.week_52_low.0.units()),
            number(i64::from(listing.beta) * 1_000_000),
            optional(card.earnings_per_share),
            millions(card.market_cap_dollars),
            optional(card.pe_ratio),
        ],
    ))
}

/// `/stock/candle`
pub(super) fn candle(look: &Look, query: &Query) -> Answer {
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
    let to = to.saturating_add_nanos(market::time::NANOS_PER_SECOND).min(look.now());
    let month = to.saturating_add_nanos(-MONTH_SECONDS * market::time::NANOS_PER_SECOND);
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

fn us_exchange(query: &Query) -> Result<(), Refusal> {
    match member(query, "exchange") {
        Some("US") => Ok(()),
        Some(_) => Err(Refusal::NoAccess),
        None => Err(Refusal::BadQuery("exchange is required")),
    }
}

/// `/stock/market-status`
pub(super) fn market_status(look: &Look, query: &Query) -> Answer {
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
pub(super) fn market_holiday(look: &Look, query: &Query) -> Answer {
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
