//! Reads the tables of well-known instruments that are part of the program.

use market::{Price, Size, Symbol};

use super::listing::{Listing, Security};
use crate::hash;

/// The shares, receipts and funds of `known.txt`.
pub(super) fn listings(seed: u64) -> Vec<Listing> {
    rows(include_str!("known.txt")).filter_map(|row| known(seed, &row)).collect()
}

/// The crypto pairs of `pairs.txt`.
pub(super) fn pairs(seed: u64) -> Vec<Listing> {
    rows(include_str!("pairs.txt")).filter_map(|row| pair(seed, &row)).collect()
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('|').map(str::trim).collect())
}

/// A row of `known.txt`; a test reads every row, so that none is left out unnoticed.
fn known(seed: u64, row: &[&'static str]) -> Option<Listing> {
    let &[symbol, name, exchange, kind, sector, industry, price, value, pe] = row else { return None };
    let security = match kind {
        "stock" => Security::Common,
        "adr" => Security::Adr,
        "etf" => Security::Fund,
        _ => return None,
    };
    let base: Price = price.parse().ok()?;
    // The table counts in billions of dollars with up to two decimals.
    let value: Price = value.parse().ok()?;
    let value_dollars = u64::try_from(value.units()).ok()? * 10;
    let path = path_key(seed, symbol);
    let draw = hash::draw(path, 1);
    Some(Listing {
        symbol: Symbol::new(symbol).ok()?,
        name: name.to_owned(),
        exchange,
        security,
        sector: (sector != "-").then_some(sector),
        industry: (industry != "-").then_some(industry),
        base,
        tick: Price::from_units(1_000_000),
        lot: Size::from_whole(1)?,
        shares: shares(value_dollars, base),
        pe_tenths: pe.parse::<Price>().ok().and_then(|pe| u32::try_from(pe.units() / 10_000_000).ok()),
        // Small and loss-making companies move more than large and earning ones.
        volatility: match (security, value_dollars / 1_000_000_000) {
            (Security::Fund, _) => 3 + hash::below(draw, 6) as u32,
            (_, 500..) => 18 + hash::below(draw, 10) as u32,
            (_, 50..) => 20 + hash::below(draw, 14) as u32,
            _ => 32 + hash::below(draw, 30) as u32,
        },
        beta: if security == Security::Fund { 100 } else { 60 + hash::below(hash::mix(draw), 90) as u32 },
        activity: turnover(value_dollars, security, draw),
        path,
    })
}

fn pair(seed: u64, row: &[&'static str]) -> Option<Listing> {
    let &[symbol, name, exchange, price, tick, lot, millions] = row else { return None };
    Some(Listing {
        symbol: Symbol::new(symbol).ok()?,
        name: name.to_owned(),
        exchange,
        security: Security::Pair,
        sector: None,
        industry: None,
        base: price.parse().ok()?,
        tick: tick.parse().ok()?,
        lot: lot.parse().ok()?,
        shares: 0,
        pe_tenths: None,
        volatility: 52,
        beta: 0,
        activity: millions.parse::<u64>().ok()? * 1_000_000,
        path: hash::text(seed ^ 0xc01_4000, coin(symbol)),
    })
}

/// What moves a pair: the coin for those priced in dollars, the pair itself for the others.
fn coin(symbol: &str) -> &str {
    let pair = symbol.split_once(':').map_or(symbol, |(_, pair)| pair);
    let coin = ["USDT", "-USD", "USD"].iter().find_map(|quote| pair.strip_suffix(quote));
    match coin {
        Some("XBT") => "BTC",
        Some(coin) => coin,
        None => pair,
    }
}

/// The key of a symbol's price path, shared by the classes of one company's shares.
pub(super) fn path_key(seed: u64, symbol: &str) -> u64 {
    let company = symbol.split_once('.').map_or(symbol, |(company, _)| company);
    hash::text(seed ^ 0x70a7_4000, company)
}

/// How many shares make up a value.
pub(super) fn shares(value_dollars: u64, base: Price) -> u64 {
    let units = u128::from(value_dollars) * market::decimal::SCALE as u128;
    (units / u128::from(base.units().unsigned_abs().max(1))) as u64
}

/// Dollars traded a day: a share of the value, larger for funds, which are traded more than held.
pub(super) fn turnover(value_dollars: u64, security: Security, draw: u64) -> u64 {
    let per_mille = match security {
        Security::Fund => 8 + hash::below(hash::mix(draw ^ 1), 30),
        _ => 2 + hash::below(hash::mix(draw ^ 1), 9),
    };
    (value_dollars / 1_000 * per_mille).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_row() {
        for (table, read) in
            [(include_str!("known.txt"), listings(1).len()), (include_str!("pairs.txt"), pairs(1).len())]
        {
            assert_eq!(read, rows(table).count());
        }
    }

    #[test]
    fn reads_the_figures_of_a_row() {
        let listings = listings(1);
        let gm = listings.iter().find(|l| l.symbol.as_str() == "GM").unwrap();
        assert_eq!(gm.name, "General Motors Company");
        assert_eq!((gm.exchange, gm.pe_tenths), ("NYSE", Some(58)));
        assert_eq!(gm.shares, 1_090_909_090);
        let [a, b] = ["BRK.A", "BRK.B"].map(|s| listings.iter().find(|l| l.symbol.as_str() == s).unwrap());
        assert_eq!(a.path, b.path);
    }
}
