//! `bellwether bars`: bars of a trade file, by the code of the live path.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use feeds::replay::TradeFile;
use market::tape::{Limits, Tape};
use market::{Hours, Instrument, Kind, MarketEvent, Symbol, SymbolId, Timestamp, Universe};
use wire::number::Micros;

use crate::cli::BarsFlags;
use crate::{Failure, usage};

const HEADER: &str = "symbol,start,open,high,low,close,volume,trades,vwap";
/// Bad rows named on stderr; the rest is counted.
const BAD_ROWS_TOLD: u64 = 10;

/// Prints the bars by symbol and time.
pub(crate) fn run(flags: &BarsFlags) -> Result<(), Failure> {
    let told = |error: &dyn std::error::Error| usage(format!("{}: {}", flags.file.display(), chain(error)));
    // Read twice: the instruments first, so that memory holds each once, and then the trades.
    let symbols = feeds::replay::symbols(&flags.file).map_err(|error| told(&error))?;
    let rows = TradeFile::open(&flags.file).map_err(|error| told(&error))?;
    let mut universe = Universe::new();
    universe.refresh(symbols.into_iter().map(instrument));
    let universe = Arc::new(universe);
    let mut tape = Tape::new(Arc::clone(&universe), Limits::UNLIMITED);
    let mut updates = Vec::new();
    let mut bad = 0u64;
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(error) if error.fatal => {
                return Err(Failure::Failed(anyhow::anyhow!("{}: {}", flags.file.display(), chain(&error))));
            }
            Err(error) => {
                bad += 1;
                if bad <= BAD_ROWS_TOLD {
                    eprintln!("bellwether: {}: {}; left out", flags.file.display(), chain(&error));
                }
                continue;
            }
        };
        if !row.counts() {
            continue;
        }
        let Some(symbol) = universe.id(&row.symbol) else { continue };
        updates.clear();
        tape.apply(&MarketEvent::Trade(row.trade(symbol)), &mut updates);
    }
    if bad > BAD_ROWS_TOLD {
        eprintln!("bellwether: {}: {} more rows left out", flags.file.display(), bad - BAD_ROWS_TOLD);
    }
    match print(&tape, &universe, flags) {
        // The reader, `head` say, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed.map_err(|error| anyhow::anyhow!("cannot write the bars: {error}"))?),
    }
}

fn print(tape: &Tape, universe: &Universe, flags: &BarsFlags) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "{HEADER}")?;
    let by_name: BTreeMap<Symbol, SymbolId> = universe.iter().map(|(id, i)| (i.symbol, id)).collect();
    let mut line = Vec::with_capacity(128);
    for (symbol, id) in by_name {
        for bar in tape.bars(id, flags.interval, flags.session, Timestamp::MIN, Timestamp::MAX) {
            line.clear();
            line.extend_from_slice(symbol.as_bytes());
            line.push(b',');
            bar.start.write(&mut line);
            for price in [bar.open, bar.high, bar.low, bar.close] {
                line.push(b',');
                price.write(&mut line);
            }
            line.push(b',');
            bar.volume.write(&mut line);
            line.push(b',');
            market::decimal::write_u64(bar.trades, &mut line);
            line.push(b',');
            Micros(bar.vwap_micros).write(&mut line);
            line.push(b'\n');
            out.write_all(&line)?;
        }
    }
    out.flush()
}

/// A file's instrument. Files hold US equities: the session filter follows New York's hours.
pub(crate) fn instrument(symbol: Symbol) -> Instrument {
    Instrument {
        symbol,
        name: symbol.to_string(),
        exchange: String::new(),
        kind: Kind::Stock,
        currency: "USD".into(),
        sector: None,
        industry: None,
        hours: Hours::UsEquity,
        activity: 0,
    }
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
