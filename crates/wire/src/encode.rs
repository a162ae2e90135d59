//! Hand-written encoders of the hot frames, equal to what the typed forms serialise to.
//!
//! An update is encoded once, whatever the number of its viewers: an *entry* is the member
//! `"AAPL":{…}` of a frame's `data`, and a frame is a head, entries joined by commas, and
//! `DATA_END`. Everything is appended to a buffer the caller reuses.

use market::decimal::write_u64;
use market::{Price, Symbol, Timestamp, Volume};

use crate::frames::{BarChange, PriceValue};
use crate::http::BarBody;
use crate::names::{IntervalName, SessionName};
use crate::number::Micros;
use crate::quote::Quote;

/// Begins a `price_update`.
pub const PRICE_UPDATE_HEAD: &[u8] = br#"{"type":"price_update","data":{"#;
/// Begins a `quote_update`.
pub const QUOTE_UPDATE_HEAD: &[u8] = br#"{"type":"quote_update","data":{"#;
/// Ends `data` and the frame.
pub const DATA_END: &[u8] = b"}}";

/// Begins a `bar_update`.
pub fn bar_update_head(interval: IntervalName, session: SessionName, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"type":"bar_update","interval":""#);
    out.extend_from_slice(interval.as_str().as_bytes());
    out.extend_from_slice(br#"","session":""#);
    out.extend_from_slice(session.as_str().as_bytes());
    out.extend_from_slice(br#"","data":{"#);
}

/// Appends `"AAPL":{"price":…}`.
pub fn price_entry(symbol: &Symbol, value: &PriceValue, out: &mut Vec<u8>) {
    key(symbol, out);
    out.extend_from_slice(br#"{"price":"#);
    value.price.write(out);
    out.extend_from_slice(br#","timestamp":"#);
    time(value.timestamp, out);
    out.extend_from_slice(br#","seq":"#);
    write_u64(value.seq, out);
    out.extend_from_slice(br#","source":"#);
    string(&value.source, out);
    out.extend_from_slice(br#","state":""#);
    out.extend_from_slice(value.state.as_str().as_bytes());
    out.extend_from_slice(br#""}"#);
}

/// Appends a whole `price_update` of one symbol.
pub fn price_update(symbol: &Symbol, value: &PriceValue, out: &mut Vec<u8>) {
    out.extend_from_slice(PRICE_UPDATE_HEAD);
    price_entry(symbol, value, out);
    out.extend_from_slice(DATA_END);
}

/// Appends `"AAPL":{"price":…,"timestamp":…, …}` of a `quote_update`.
pub fn quote_entry(symbol: &Symbol, quote: &Quote, out: &mut Vec<u8>) {
    key(symbol, out);
    out.extend_from_slice(br#"{"price":"#);
    price_or_null(quote.price, out);
    out.extend_from_slice(br#","timestamp":"#);
    or_null(quote.timestamp, out, time);
    out.extend_from_slice(br#","seq":"#);
    write_u64(quote.seq, out);
    out.extend_from_slice(br#","source":"#);
    or_null(quote.source.as_deref(), out, string);
    out.extend_from_slice(br#","age_ms":"#);
    or_null(quote.age_ms, out, write_u64);
    out.extend_from_slice(br#","state":""#);
    out.extend_from_slice(quote.state.as_str().as_bytes());
    out.extend_from_slice(br#"","open":"#);
    price_or_null(quote.open, out);
    out.extend_from_slice(br#","high":"#);
    price_or_null(quote.high, out);
    out.extend_from_slice(br#","low":"#);
    price_or_null(quote.low, out);
    out.extend_from_slice(br#","volume":"#);
    or_null(quote.volume, out, Volume::write);
    out.extend_from_slice(br#","previous_close":"#);
    price_or_null(quote.previous_close, out);
    out.extend_from_slice(br#","change":"#);
    price_or_null(quote.change, out);
    out.extend_from_slice(br#","change_percent":"#);
    or_null(quote.change_percent, out, Micros::write);
    out.push(b'}');
}

/// Appends `"AAPL":[BAR,…]`.
pub fn bars_entry(symbol: &Symbol, changes: &[BarChange], out: &mut Vec<u8>) {
    key(symbol, out);
    out.push(b'[');
    for (at, change) in changes.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        bar_change(change, out);
    }
    out.push(b']');
}

/// Appends a whole `bar_update` of one symbol.
pub fn bar_update(
    interval: IntervalName,
    session: SessionName,
    symbol: &Symbol,
    changes: &[BarChange],
    out: &mut Vec<u8>,
) {
    bar_update_head(interval, session, out);
    bars_entry(symbol, changes, out);
    out.extend_from_slice(DATA_END);
}

fn bar_change(change: &BarChange, out: &mut Vec<u8>) {
    match change {
        BarChange::Bar(body) => bar(body, out),
        BarChange::Removed(removed) => {
            out.extend_from_slice(br#"{"start":"#);
            time(removed.start, out);
            out.extend_from_slice(br#","removed":true}"#);
        }
    }
}

/// Appends one bar.
pub fn bar(bar: &BarBody, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"start":"#);
    time(bar.start, out);
    out.extend_from_slice(br#","open":"#);
    bar.open.write(out);
    out.extend_from_slice(br#","high":"#);
    bar.high.write(out);
    out.extend_from_slice(br#","low":"#);
    bar.low.write(out);
    out.extend_from_slice(br#","close":"#);
    bar.close.write(out);
    out.extend_from_slice(br#","volume":"#);
    bar.volume.write(out);
    out.extend_from_slice(br#","trades":"#);
    write_u64(bar.trades, out);
    out.extend_from_slice(br#","vwap":"#);
    bar.vwap.write(out);
    out.push(b'}');
}

/// A symbol's grammar has nothing that JSON escapes.
fn key(symbol: &Symbol, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(symbol.as_bytes());
    out.extend_from_slice(br#"":"#);
}

fn time(value: Timestamp, out: &mut Vec<u8>) {
    out.push(b'"');
    value.write(out);
    out.push(b'"');
}

fn price_or_null(value: Option<Price>, out: &mut Vec<u8>) {
    or_null(value, out, Price::write);
}

fn or_null<T>(value: Option<T>, out: &mut Vec<u8>, write: impl FnOnce(T, &mut Vec<u8>)) {
    match value {
        Some(value) => write(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// A name from a configuration: nearly always free of anything to escape.
fn string(text: &str, out: &mut Vec<u8>) {
    let plain = text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\');
    if plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, text).is_err() {
        // Writing to memory does not fail.
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
