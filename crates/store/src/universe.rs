//! The universe at rest: one row an instrument, in the order of its ids.

use market::{Hours, Instrument, Kind, Symbol, SymbolId, Timestamp, Universe};
use rusqlite::{Connection, Row, Transaction, params};

use crate::bar;
use crate::error::Fault;

/// Where the time of the last refresh is kept.
const REFRESHED_AT: &str = "universe.refreshed_at";

/// The universe as it was saved.
#[derive(Debug, Clone, Default)]
pub struct SavedUniverse {
    /// The instruments, each with the id it had.
    pub universe: Universe,
    /// When the list was last refreshed; `None` when never.
    pub refreshed_at: Option<Timestamp>,
}

const ALL: &str = "SELECT place, symbol, name, exchange, kind, currency, sector, industry, hours, activity
                   FROM instrument ORDER BY place";
const PUT: &str = "REPLACE INTO instrument VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(crate) fn load(connection: &Connection) -> Result<SavedUniverse, Fault> {
    // One transaction, so that list and time belong together.
    let transaction = connection.unchecked_transaction()?;
    let mut universe = Universe::new();
    let list = instruments(&transaction)?;
    let n = list.len();
    universe.refresh(list);
    if universe.len() != n {
        return Err(Fault::Damaged("an instrument is there twice".into()));
    }
    let refreshed_at = match bar::value(&transaction, REFRESHED_AT)? {
        Some(bytes) => {
            let nanos = bytes.try_into().map_err(|_| Fault::Damaged("the universe's time".into()))?;
            Some(Timestamp::from_nanos(i64::from_le_bytes(nanos)))
        }
        None => None,
    };
    Ok(SavedUniverse { universe, refreshed_at })
}

/// Writes what differs; the number of instruments written.
pub(crate) fn save(
    transaction: &Transaction<'_>,
    universe: &Universe,
    refreshed_at: Timestamp,
) -> Result<usize, Fault> {
    let saved = instruments(transaction)?;
    for (at, known) in saved.iter().enumerate() {
        let id = SymbolId(at as u32);
        if universe.symbol(id) != Some(known.symbol) {
            return Err(Fault::Moved { id: id.0, saved: known.symbol.to_string() });
        }
    }
    let mut n_written = 0;
    let mut put = transaction.prepare_cached(PUT)?;
    for (id, instrument) in universe.iter().filter(|(id, i)| saved.get(id.index()) != Some(*i)) {
        put.execute(params![
            id.0,
            instrument.symbol.as_str(),
            instrument.name,
            instrument.exchange,
            kind_code(instrument.kind),
            instrument.currency,
            instrument.sector,
            instrument.industry,
            hours_code(instrument.hours),
            // All 64 bits, whatever their sign.
            instrument.activity as i64,
        ])?;
        n_written += 1;
    }
    bar::put_value(transaction, REFRESHED_AT, Some(&refreshed_at.nanos().to_le_bytes()))?;
    Ok(n_written)
}

fn instruments(connection: &Connection) -> Result<Vec<Instrument>, Fault> {
    let mut all = connection.prepare_cached(ALL)?;
    let mut rows = all.query([])?;
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(0)? != list.len() as i64 {
            return Err(Fault::Damaged("the universe has a hole".into()));
        }
        list.push(instrument(row)?);
    }
    Ok(list)
}

fn instrument(row: &Row<'_>) -> Result<Instrument, Fault> {
    Ok(Instrument {
        symbol: symbol(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?,
        name: row.get(2)?,
        exchange: row.get(3)?,
        kind: kind(row.get(4)?)?,
        currency: row.get(5)?,
        sector: row.get(6)?,
        industry: row.get(7)?,
        hours: hours(row.get(8)?)?,
        activity: row.get::<_, i64>(9)? as u64,
    })
}

pub(crate) fn symbol(text: &str) -> Result<Symbol, Fault> {
    Symbol::new(text).map_err(|_| Fault::Damaged(format!("`{text}` is not a symbol")))
}

fn kind_code(kind: Kind) -> i64 {
    match kind {
        Kind::Stock => 0,
        Kind::Etf => 1,
        Kind::Crypto => 2,
        Kind::Forex => 3,
        Kind::Other => 4,
    }
}

fn kind(code: i64) -> Result<Kind, Fault> {
    Ok(match code {
        0 => Kind::Stock,
        1 => Kind::Etf,
        2 => Kind::Crypto,
        3 => Kind::Forex,
        4 => Kind::Other,
        _ => return Err(Fault::Damaged(format!("{code} is not a kind of instrument"))),
    })
}

fn hours_code(hours: Hours) -> i64 {
    match hours {
        Hours::UsEquity => 0,
        Hours::Always => 1,
    }
}

fn hours(code: i64) -> Result<Hours, Fault> {
    Ok(match code {
        0 => Hours::UsEquity,
        1 => Hours::Always,
        _ => return Err(Fault::Damaged(format!("{code} is not a kind of trading hours"))),
    })
}
