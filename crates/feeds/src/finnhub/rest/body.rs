//! What REST answers say, in our words. Bytes in, values out.

use std::borrow::Cow;

use market::event::Reference;
use market::{Hours, Instrument, Kind, Price, Symbol, SymbolId, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The longest name taken.
const NAME_CHARS_MAX: usize = 200;
/// The longest list taken; the US has some thirty thousand.
const INSTRUMENTS_MAX: usize = 1_000_000;

/// A row of `/stock/symbol`.
#[derive(Debug, Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    #[serde(borrow, default)]
    description: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    currency: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    mic: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

/// `/quote`. Every member is zero for an unknown symbol.
#[derive(Debug, Deserialize)]
struct Quote<'a> {
    /// Current price.
    #[serde(borrow, default)]
    c: Option<&'a RawValue>,
    #[serde(borrow, default)]
    h: Option<&'a RawValue>,
    #[serde(borrow, default)]
    l: Option<&'a RawValue>,
    #[serde(borrow, default)]
    o: Option<&'a RawValue>,
    /// Previous close.
    #[serde(borrow, default)]
    pc: Option<&'a RawValue>,
    /// UNIX seconds.
    #[serde(borrow, default)]
    t: Option<&'a RawValue>,
}

/// The instruments of a symbol list, and how many rows could not be read.
///
/// # Errors
/// The body is not a JSON list.
pub fn read_symbols(body: &[u8]) -> Result<(Vec<Instrument>, usize), serde_json::Error> {
    let rows: Vec<&RawValue> = serde_json::from_slice(body)?;
    let total = rows.len();
    let instruments: Vec<Instrument> =
        rows.into_iter().take(INSTRUMENTS_MAX).filter_map(|row| instrument(row.get())).collect();
    let skipped = total - instruments.len();
    Ok((instruments, skipped))
}

fn instrument(row: &str) -> Option<Instrument> {
    let row: Row<'_> = serde_json::from_str(row).ok()?;
    let symbol = Symbol::new(&row.symbol).ok()?;
    let name: String = row
        .description
        .as_deref()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(NAME_CHARS_MAX)
        .collect();
    let name = if name.trim().is_empty() { symbol.to_string() } else { name.trim().to_owned() };
    let currency =
        row.currency.as_deref().filter(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase()));
    Some(Instrument {
        symbol,
        name,
        exchange: exchange(row.mic.as_deref().unwrap_or_default()).to_owned(),
        kind: kind(row.kind.as_deref().unwrap_or_default()),
        currency: currency.unwrap_or("USD").to_owned(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity: 0,
    })
}

/// Market identifier codes (ISO 10383) as people know the venues.
fn exchange(mic: &str) -> &str {
    match mic {
        "XNYS" => "NYSE",
        "XNAS" | "XNGS" | "XNMS" | "XNCM" => "NASDAQ",
        "XASE" => "NYSE American",
        "ARCX" => "NYSE Arca",
        "BATS" => "Cboe BZX",
        "IEXG" => "IEX",
        "OOTC" | "OTCM" | "PINX" | "OTCB" | "OTCQ" | "PSGM" => "OTC",
        // A code no one has seen could be any text: it is shown only if it looks like one.
        other if other.len() == 4 && other.bytes().all(|b| b.is_ascii_alphanumeric()) => other,
        _ => "",
    }
}

/// The provider's classes, which are FIGI's.
fn kind(class: &str) -> Kind {
    match class {
        "Common Stock" | "ADR" | "GDR" | "REIT" | "Preference" | "PUBLIC" | "Foreign Sh." | "NY Reg Shrs"
        | "Ltd Part" | "MLP" | "Royalty Trst" | "Tracking Stk" | "Dutch Cert" | "Savings Share" => {
            Kind::Stock
        }
        "ETP" | "ETF" | "ETN" | "ETC" => Kind::Etf,
        "Crypto" => Kind::Crypto,
        "Forex" => Kind::Forex,
        _ => Kind::Other,
    }
}

/// A quote's figures; `None` for an unknown symbol. Without a plausible time of its own it carries `now`.
///
/// # Errors
/// The body is not the JSON object it should be.
pub fn read_quote(
    body: &[u8],
    symbol: SymbolId,
    now: Timestamp,
) -> Result<Option<Reference>, serde_json::Error> {
    let quote: Quote<'_> = serde_json::from_slice(body)?;
    let price = |raw: Option<&RawValue>| {
        raw.and_then(|r| Price::parse(r.get().as_bytes()).ok()).filter(|p| p.is_positive())
    };
    let ts_event = quote
        .t
        .and_then(|t| t.get().parse().ok())
        .and_then(Timestamp::from_seconds)
        .filter(|t| *t > Timestamp::EPOCH && t.millis_since(now) <= 86_400_000)
        .unwrap_or(now);
    let reference = Reference {
        symbol,
        ts_event,
        previous_close: price(quote.pc),
        open: price(quote.o),
        high: price(quote.h),
        low: price(quote.l),
        last: price(quote.c),
        // Finnhub's quote has no volume: ours counts from the first trade we see.
        volume: None,
    };
    let known = reference.last.is_some() || reference.previous_close.is_some();
    Ok(known.then_some(reference))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_symbol_list_and_leaves_bad_rows_out() {
        let (list, skipped) = read_symbols(include_bytes!("../fixtures/symbols.json")).unwrap();
        let shown: Vec<String> = list
            .iter()
            .map(|i| format!("{} | {} | {} | {:?}", i.symbol, i.name, i.exchange, i.kind))
            .collect();
        assert_eq!(
            shown,
            [
                "AAPL | APPLE INC | NASDAQ | Stock",
                "BRK.B | BERKSHIRE HATHAWAY INC-CL B | NYSE | Stock",
                "SPY | SPDR S&P 500 ETF TRUST | NYSE Arca | Etf",
                "XYZWS | XYZWS |  | Other",
            ]
        );
        assert_eq!(skipped, 3);
        assert!(read_symbols(br#"{"error":"x"}"#).is_err());
    }

    #[test]
    fn reads_quotes_exactly() {
        let now: Timestamp = "2023-11-14T22:13:30Z".parse().unwrap();
        let read = |body: &[u8]| read_quote(body, SymbolId(1), now);
        let quote = read(include_bytes!("../fixtures/quote.json")).unwrap().unwrap();
        assert_eq!(quote.last.unwrap().to_string(), "261.74");
        assert_eq!(quote.previous_close.unwrap().to_string(), "259.45");
        assert_eq!(quote.ts_event.to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(read(br#"{"c":0,"d":null,"dp":null,"h":0,"l":0,"o":0,"pc":0,"t":0}"#).unwrap(), None);
        let odd = read(br#"{"c":1e300,"pc":"1","h":-1,"o":0.5,"l":null,"t":32503680000}"#).unwrap();
        assert_eq!(odd, None);
        let early = read(br#"{"c":5,"t":99999999999999999999}"#).unwrap().unwrap();
        assert_eq!((early.ts_event, early.open), (now, None));
        assert!(read(b"null").is_err() && read(b"").is_err());
    }
}
