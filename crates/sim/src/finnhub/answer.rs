//! What each path answers, with the members and units of Finnhub's documentation.

use std::collections::HashMap;

use bytes::Bytes;
use market::decimal::{div_half_even, write_units};
use market::{Price, Symbol};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Look;
use super::rest::{Answer, Refusal};
use crate::universe::Listing;

/// Candles.
mod candles;
/// The card of a company: profile and basic financials.
mod company;
/// Opening hours and holidays.
mod hours;
/// Lists of symbols, and the search in them.
mod symbols;

pub(super) use candles::candle;
pub(super) use company::{metric, profile};
pub(super) use hours::{market_holiday, market_status};
pub(super) use symbols::{crypto_exchanges, crypto_symbols, search, symbols};

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
