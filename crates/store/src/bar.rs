//! Bars, last values and keys at rest.

use std::collections::HashMap;

use market::{Bar, Interval, Price, SessionFilter, Symbol, Timestamp, Volume};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::error::Fault;
use crate::universe::symbol;
use crate::{BarRange, Batch, LastValue};

/// A bar to write, and which series it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarWrite {
    /// Of what.
    pub symbol: Symbol,
    /// How long it is.
    pub interval: Interval,
    /// Which trades it is made of.
    pub session: SessionFilter,
    /// The bar and its state.
    pub saved: SavedBar,
}

/// A bar at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedBar {
    /// What is shown.
    pub bar: Bar,
    /// What its builder needs to go on with it, as the builder writes it; mostly nothing.
    pub state: Option<Vec<u8>>,
}

/// Symbol, then 3 bits of interval, then 2 bits of session: a series' bars lie together, and those of one
/// symbol beside each other.
pub(crate) const SERIES_PER_SYMBOL: i64 = 32;

fn series(symbol: i64, interval: Interval, session: SessionFilter) -> i64 {
    let interval = match interval {
        Interval::S1 => 0,
        Interval::M1 => 1,
        Interval::M5 => 2,
        Interval::M15 => 3,
        Interval::H1 => 4,
        Interval::D1 => 5,
    };
    let session = match session {
        SessionFilter::Regular => 0,
        SessionFilter::All => 1,
        SessionFilter::Extended => 2,
    };
    symbol * SERIES_PER_SYMBOL + interval * 4 + session
}

/// The interval of a series; `None` when it has none this program knows.
pub(crate) fn interval_of(series: i64) -> Option<Interval> {
    Interval::ALL.get(usize::try_from(series.rem_euclid(SERIES_PER_SYMBOL) / 4).ok()?).copied()
}

/// The numbers symbols have in the tables; they are given out once and for ever.
#[derive(Debug, Default)]
pub(crate) struct SymbolNumbers(HashMap<Symbol, i64>);

impl SymbolNumbers {
    fn of(&mut self, transaction: &Transaction<'_>, symbol: &Symbol) -> Result<i64, Fault> {
        if let Some(&number) = self.0.get(symbol) {
            return Ok(number);
        }
        transaction
            .prepare_cached("INSERT OR IGNORE INTO symbol (text) VALUES (?)")?
            .execute([symbol.as_str()])?;
        let number = transaction
            .prepare_cached("SELECT id FROM symbol WHERE text = ?")?
            .query_row([symbol.as_str()], |row| row.get(0))?;
        self.0.insert(*symbol, number);
        Ok(number)
    }

    /// After a transaction that did not commit, numbers given out in it mean nothing.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

pub(crate) fn write(
    transaction: &Transaction<'_>,
    numbers: &mut SymbolNumbers,
    batch: &Batch,
) -> Result<(), Fault> {
    let mut put_bar = transaction.prepare_cached("REPLACE INTO bar VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    for write in &batch.bars {
        let BarWrite { interval, session, saved: SavedBar { bar, state }, .. } = write;
        put_bar.execute(params![
            series(numbers.of(transaction, &write.symbol)?, *interval, *session),
            bar.start.nanos(),
            bar.open.units(),
            bar.high.units(),
            bar.low.units(),
            bar.close.units(),
            volume_value(bar.volume),
            // All 64 bits, whatever their sign.
            bar.trades as i64,
            bar.vwap_micros,
            state,
        ])?;
    }
    let mut put_last = transaction.prepare_cached("REPLACE INTO last VALUES (?, ?, ?, ?)")?;
    for (symbol, last) in &batch.last {
        let number = numbers.of(transaction, symbol)?;
        put_last.execute(params![number, last.price.units(), last.ts_event.nanos(), last.figures])?;
    }
    for (key, value) in &batch.values {
        put_value(transaction, key, value.as_deref())?;
    }
    Ok(())
}

pub(crate) fn put_value(connection: &Connection, key: &str, value: Option<&[u8]>) -> Result<(), Fault> {
    match value {
        Some(value) => {
            connection.prepare_cached("REPLACE INTO value VALUES (?, ?)")?.execute(params![key, value])?
        }
        None => connection.prepare_cached("DELETE FROM value WHERE key = ?")?.execute([key])?,
    };
    Ok(())
}

pub(crate) fn value(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>, Fault> {
    let mut get = connection.prepare_cached("SELECT value FROM value WHERE key = ?")?;
    Ok(get.query_row([key], |row| row.get(0)).optional()?)
}

pub(crate) fn first(connection: &Connection, range: &BarRange, limit: usize) -> Result<Vec<SavedBar>, Fault> {
    select(connection, range, limit, "ASC")
}

pub(crate) fn newest(
    connection: &Connection,
    range: &BarRange,
    limit: usize,
) -> Result<Vec<SavedBar>, Fault> {
    let mut bars = select(connection, range, limit, "DESC")?;
    bars.reverse();
    Ok(bars)
}

fn select(
    connection: &Connection,
    range: &BarRange,
    limit: usize,
    order: &'static str,
) -> Result<Vec<SavedBar>, Fault> {
    let mut number = connection.prepare_cached("SELECT id FROM symbol WHERE text = ?")?;
    let Some(number) = number.query_row([range.symbol.as_str()], |row| row.get(0)).optional()? else {
        return Ok(Vec::new());
    };
    let mut select = connection.prepare_cached(&format!(
        "SELECT start, open, high, low, close, volume, trades, vwap, state FROM bar
         WHERE series = ? AND start >= ? AND start < ? ORDER BY start {order} LIMIT ?"
    ))?;
    let mut rows = select.query(params![
        series(number, range.interval, range.session),
        range.from.nanos(),
        range.to.nanos(),
        i64::try_from(limit).unwrap_or(i64::MAX),
    ])?;
    let mut bars = Vec::new();
    while let Some(row) = rows.next()? {
        bars.push(saved_bar(row)?);
    }
    Ok(bars)
}

fn saved_bar(row: &Row<'_>) -> Result<SavedBar, Fault> {
    let bar = Bar {
        start: Timestamp::from_nanos(row.get(0)?),
        open: Price::from_units(row.get(1)?),
        high: Price::from_units(row.get(2)?),
        low: Price::from_units(row.get(3)?),
        close: Price::from_units(row.get(4)?),
        volume: volume(row.get_ref(5)?)?,
        trades: row.get::<_, i64>(6)? as u64,
        vwap_micros: row.get(7)?,
    };
    Ok(SavedBar { bar, state: row.get(8)? })
}

fn volume_value(volume: Volume) -> ToSqlOutput<'static> {
    let units = volume.units();
    ToSqlOutput::Owned(match i64::try_from(units) {
        Ok(small) => Value::Integer(small),
        Err(_) => Value::Blob(units.to_le_bytes().to_vec()),
    })
}

fn volume(value: ValueRef<'_>) -> Result<Volume, Fault> {
    let damaged = || Fault::Damaged("a bar's volume".into());
    Ok(Volume::from_units(match value {
        ValueRef::Integer(units) => i128::from(units),
        ValueRef::Blob(bytes) => i128::from_le_bytes(bytes.try_into().map_err(|_| damaged())?),
        _ => return Err(damaged()),
    }))
}

pub(crate) fn last_values(connection: &Connection) -> Result<Vec<(Symbol, LastValue)>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT text, price, ts_event, figures FROM last JOIN symbol ON symbol.id = last.symbol ORDER BY text",
    )?;
    let mut rows = select.query([])?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        let symbol = symbol(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        values.push((
            symbol,
            LastValue {
                price: Price::from_units(row.get(1)?),
                ts_event: Timestamp::from_nanos(row.get(2)?),
                figures: row.get(3)?,
            },
        ));
    }
    Ok(values)
}
