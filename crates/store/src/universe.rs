//! The instruments, with ids that stay.

use std::collections::HashSet;

use market::universe::Difference;
use market::{Hours, Instrument, Kind, Symbol, SymbolId, Universe};
use rusqlite::{Row, params};

use crate::{Store, StoreError};

impl Store {
    /// The instruments as last saved, under the ids they had. Rows that cannot be read, or that would
    /// break the order of ids, end the list: they come again with the next refresh.
    pub fn load_universe(&self) -> Result<Universe, StoreError> {
        let instruments = self.read(|c| {
            let mut statement = c.prepare(
                "SELECT id, symbol, name, exchange, kind, currency, sector, industry, hours, activity, listed FROM instrument ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(10)?, instrument(row)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut seen = HashSet::new();
        let readable = instruments
            .into_iter()
            .enumerate()
            .map_while(|(at, (id, listed, instrument))| {
                Some((listed, instrument.filter(|_| id == at as i64)?))
            })
            .take_while(|(_, instrument)| seen.insert(instrument.symbol));
        let mut universe = Universe::new();
        let mut retired = Vec::new();
        universe.refresh(readable.enumerate().map(|(at, (listed, instrument))| {
            if !listed {
                retired.push(SymbolId(at as u32));
            }
            instrument
        }));
        universe.retire(&retired);
        Ok(universe)
    }

    /// Saves what a refresh changed.
    pub fn save_universe(&self, universe: &Universe, difference: &Difference) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO instrument (id, symbol, name, exchange, kind, currency, sector, industry, hours, activity, listed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT (id) DO UPDATE SET symbol = ?2, name = ?3, exchange = ?4, kind = ?5, currency = ?6,
                     sector = ?7, industry = ?8, hours = ?9, activity = ?10, listed = ?11",
            )?;
            for id in difference.added.iter().chain(&difference.changed).chain(&difference.missing) {
                let Some(instrument) = universe.get(*id) else { continue };
                statement.execute(params![
                    id.0,
                    instrument.symbol.as_str(),
                    instrument.name,
                    instrument.exchange,
                    kind_code(instrument.kind),
                    instrument.currency,
                    instrument.sector,
                    instrument.industry,
                    hours_code(instrument.hours),
                    i64::try_from(instrument.activity).unwrap_or(i64::MAX),
                    universe.is_listed(*id),
                ])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

/// Ids of instruments as a list of all.
pub(crate) fn all_ids(universe: &Universe) -> Vec<SymbolId> {
    universe.all().map(|(id, _)| id).collect()
}

impl Store {
    /// Saves every instrument of a universe.
    pub fn save_whole_universe(&self, universe: &Universe) -> Result<(), StoreError> {
        self.save_universe(universe, &Difference { added: all_ids(universe), ..Difference::default() })
    }
}

fn instrument(row: &Row<'_>) -> rusqlite::Result<Option<Instrument>> {
    let symbol: String = row.get(1)?;
    let (Ok(symbol), Some(kind), Some(hours)) =
        (Symbol::new(&symbol), kind_of(row.get(4)?), hours_of(row.get(8)?))
    else {
        return Ok(None);
    };
    Ok(Some(Instrument {
        symbol,
        name: row.get(2)?,
        exchange: row.get(3)?,
        kind,
        currency: row.get(5)?,
        sector: row.get(6)?,
        industry: row.get(7)?,
        hours,
        activity: u64::try_from(row.get::<_, i64>(9)?).unwrap_or(0),
    }))
}

const KINDS: [Kind; 5] = [Kind::Stock, Kind::Etf, Kind::Crypto, Kind::Forex, Kind::Other];
const HOURS: [Hours; 2] = [Hours::UsEquity, Hours::Always];

fn kind_code(kind: Kind) -> i64 {
    KINDS.iter().position(|k| *k == kind).unwrap_or_default() as i64
}

fn kind_of(code: i64) -> Option<Kind> {
    KINDS.get(usize::try_from(code).ok()?).copied()
}

fn hours_code(hours: Hours) -> i64 {
    HOURS.iter().position(|h| *h == hours).unwrap_or_default() as i64
}

fn hours_of(code: i64) -> Option<Hours> {
    HOURS.get(usize::try_from(code).ok()?).copied()
}
