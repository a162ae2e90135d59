//! Lists of symbols, and the search in them.

use serde::Serialize;
use serde_json::json;

use super::{Query, body, member};
use crate::finnhub::Look;
use crate::finnhub::rest::{Answer, Refusal};
use crate::hash;
use crate::universe::{Listing, Security};

/// The most rows a search gives.
const RESULTS_MAX: usize = 50;

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
pub(in crate::finnhub) fn symbols(look: &Look, query: &Query) -> Answer {
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
pub(in crate::finnhub) fn crypto_exchanges(look: &Look) -> Answer {
    let mut exchanges: Vec<&str> =
        look.market.universe().listings().iter().filter(|l| l.is_crypto()).map(|l| l.exchange).collect();
    exchanges.sort_unstable();
    exchanges.dedup();
    body(&exchanges)
}

/// `/crypto/symbol`
pub(in crate::finnhub) fn crypto_symbols(look: &Look, query: &Query) -> Answer {
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
pub(in crate::finnhub) fn search(look: &Look, query: &Query) -> Answer {
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
