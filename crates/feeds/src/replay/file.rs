//! Trade files: CSV or CSV.gz with the columns of the consolidated tape's daily files.
//!
//! `time,exchange,symbol,conditions,size,price,correction`, in any order, found by name. Read as
//! a stream: memory does not grow with the file.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};
use flate2::read::MultiGzDecoder;
use market::{Conditions, Price, Size, Symbol, SymbolId, Timestamp, Trade};

/// The longest line that is read. A file without line ends must not fill the memory.
const LINE_BYTES_MAX: usize = 64 << 10;
/// The columns, in the order of [`Columns`].
const NAMES: [&str; 6] = ["time", "symbol", "conditions", "size", "price", "correction"];

/// One row: a trade as it was reported, or a later correction's mark on one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Number of the row, from 1, not counting the header: the trade's sequence.
    pub number: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What traded.
    pub symbol: Symbol,
    /// Sale conditions.
    pub conditions: Conditions,
    /// Shares.
    pub size: Size,
    /// Price.
    pub price: Price,
    /// Correction code: 0 and 1 are good trades, anything else is not one.
    pub correction: u8,
}

impl Row {
    /// A good trade. Originals later cancelled or found wrong, and the cancels and corrections
    /// themselves, are not: off-line the good ones already stand in the file.
    pub fn counts(&self) -> bool {
        matches!(self.correction, 0 | 1)
    }

    /// The trade, as if it had reached us at its own time.
    pub fn trade(&self, symbol: SymbolId) -> Trade {
        Trade {
            symbol,
            ts_event: self.time,
            ts_recv: self.time,
            seq: self.number,
            price: self.price,
            size: self.size,
            conditions: self.conditions,
        }
    }
}

/// A row that cannot be read; the next one still can, unless `fatal`.
#[derive(Debug)]
pub struct RowError {
    /// Line of the file, from 1; 0 for the file as a whole.
    pub line: u64,
    /// What is wrong with it.
    pub what: What,
    /// Nothing more can be read.
    pub fatal: bool,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.what),
            line => write!(f, "line {line}: {}", self.what),
        }
    }
}

impl std::error::Error for RowError {
    /// The cause of what went wrong, which is part of this error's own words.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.what.source()
    }
}

/// What can be wrong with a row or a file.
#[derive(Debug, thiserror::Error)]
pub enum What {
    /// The file cannot be opened or read on.
    #[error("cannot be read")]
    Read(#[source] io::Error),
    /// The file is not CSV.
    #[error("is not CSV")]
    Csv(#[source] csv::Error),
    /// A column is not in the header.
    #[error("the header has no column \"{0}\"")]
    Column(&'static str),
    /// A row has fewer fields than the header.
    #[error("no field \"{0}\"")]
    Missing(&'static str),
    /// A field cannot be read.
    #[error("cannot read the {0}")]
    Field(&'static str),
}

/// Where each of [`NAMES`] stands.
#[derive(Debug, Clone, Copy)]
struct Columns([usize; NAMES.len()]);

/// An open trade file: an iterator over its rows.
pub struct TradeFile {
    reader: Reader<Box<dyn Read + Send>>,
    columns: Columns,
    record: ByteRecord,
    number: u64,
    ended: bool,
}

impl TradeFile {
    /// Opens a file; whether it is compressed is told by its first bytes, not by its name.
    ///
    /// # Errors
    /// The file cannot be opened, or its header lacks a column.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RowError> {
        let file = File::open(path).map_err(|e| fatal(0, What::Read(e)))?;
        Self::read(file)
    }

    /// Reads from anything.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn read(source: impl Read + Send + 'static) -> Result<Self, RowError> {
        let mut buffered = BufReader::with_capacity(64 << 10, source);
        let magic = buffered.fill_buf().map_err(|e| fatal(0, What::Read(e)))?;
        let plain: Box<dyn Read + Send> = if magic.starts_with(&[0x1f, 0x8b]) {
            Box::new(LineLimit::new(MultiGzDecoder::new(buffered)))
        } else {
            Box::new(LineLimit::new(buffered))
        };
        // Quotes mean nothing in these files, and taking them at their word would let one stray
        // quote swallow the rest of the file as a single field.
        let mut reader = ReaderBuilder::new().flexible(true).quoting(false).from_reader(plain);
        let header = reader.byte_headers().map_err(|e| csv_error(1, e))?;
        let mut columns = [0; NAMES.len()];
        for (column, name) in columns.iter_mut().zip(NAMES) {
            let found = header.iter().position(|field| field.trim_ascii() == name.as_bytes());
            *column = found.ok_or_else(|| fatal(1, What::Column(name)))?;
        }
        Ok(Self { reader, columns: Columns(columns), record: ByteRecord::new(), number: 0, ended: false })
    }
}

impl Iterator for TradeFile {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let line = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {
                self.number += 1;
                // The reader may have skipped empty lines before the record.
                let line = self.record.position().map_or(line, csv::Position::line);
                Some(row(&self.record, &self.columns, self.number).map_err(|what| RowError {
                    line,
                    what,
                    fatal: false,
                }))
            }
            Ok(false) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
                Some(Err(csv_error(line, error)))
            }
        }
    }
}

fn row(record: &ByteRecord, columns: &Columns, number: u64) -> Result<Row, What> {
    let field = |at: usize| record.get(columns.0[at]).map(<[u8]>::trim_ascii).ok_or(What::Missing(NAMES[at]));
    let bad = |at: usize| What::Field(NAMES[at]);
    let correction =
        std::str::from_utf8(field(5)?).ok().and_then(|t| t.parse().ok()).ok_or_else(|| bad(5))?;
    let row = Row {
        number,
        time: Timestamp::parse(field(0)?).map_err(|_| bad(0))?,
        symbol: Symbol::from_bytes(field(1)?).map_err(|_| bad(1))?,
        conditions: Conditions::from_letters(field(2)?),
        size: Size::parse(field(3)?).map_err(|_| bad(3))?,
        price: Price::parse(field(4)?).map_err(|_| bad(4))?,
        correction,
    };
    // Marks of cancels may carry nothing; a good trade has a price and a size.
    if row.counts() && !row.price.is_positive() {
        return Err(bad(4));
    }
    if row.counts() && !row.size.is_positive() {
        return Err(bad(3));
    }
    Ok(row)
}

fn fatal(line: u64, what: What) -> RowError {
    RowError { line, what, fatal: true }
}

fn csv_error(line: u64, error: csv::Error) -> RowError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => fatal(line, What::Read(error)),
        other => fatal(line, What::Csv(csv::Error::from(io::Error::other(format!("{other:?}"))))),
    }
}

/// Fails when a line is too long, so that no reader above has to hold it.
struct LineLimit<R> {
    inner: R,
    line_bytes: usize,
}

impl<R> LineLimit<R> {
    fn new(inner: R) -> Self {
        Self { inner, line_bytes: 0 }
    }
}

impl<R: Read> Read for LineLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Short reads, so that a line over the limit is noticed before much of it is held.
        let room = buffer.len().min(LINE_BYTES_MAX);
        let n = self.inner.read(&mut buffer[..room])?;
        match memchr::memrchr2(b'\n', b'\r', &buffer[..n]) {
            Some(at) => self.line_bytes = n - at - 1,
            None => self.line_bytes += n,
        }
        if self.line_bytes > LINE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is too long"));
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const HEAD: &str = "time,exchange,symbol,conditions,size,price,correction\n";

    fn read(text: &str) -> Vec<Result<Row, String>> {
        let file = TradeFile::read(io::Cursor::new(text.to_owned().into_bytes()));
        match file {
            Ok(file) => file.map(|row| row.map_err(|e| e.to_string())).collect(),
            Err(error) => vec![Err(error.to_string())],
        }
    }

    #[test]
    fn reads_rows_and_numbers_them() {
        let rows = read(&format!(
            "{HEAD}2018-01-02T10:01:21.479000,P,XXX,FTI,2,157.8,0\n\n2018-01-02T10:01:21.479000,P,XXX,,100,158,8\n"
        ));
        let row = rows[0].as_ref().unwrap();
        assert_eq!((row.number, row.symbol.as_str(), row.price.to_string()), (1, "XXX", "157.8".into()));
        assert_eq!(
            (row.time.to_string(), row.conditions.to_string()),
            ("2018-01-02T10:01:21.479Z".into(), "FIT".into())
        );
        assert!(row.counts());
        let cancelled = rows[1].as_ref().unwrap();
        assert_eq!((cancelled.number, cancelled.counts()), (2, false));
    }

    #[test]
    fn a_bad_row_names_its_line_and_the_rest_is_read() {
        let rows = read(&format!(
            "{HEAD}yesterday,P,X,,1,1,0\n2018-01-02T10:01:21,P,X,,1,NaN,0\n2018-01-02T10:01:21,P,X,,1,0,0\n\
             2018-01-02T10:01:21,P,X,,-1,1,0\n2018-01-02T10:01:21,P,X\n2018-01-02T10:01:21,P,\"X,,1,1,0\n\
             2018-01-02T10:01:21,P,X,,1,1,0,more\n"
        ));
        let shown: Vec<String> =
            rows.iter().map(|r| r.as_ref().map_or_else(String::clone, |r| r.number.to_string())).collect();
        assert_eq!(
            shown,
            [
                "line 2: cannot read the time",
                "line 3: cannot read the price",
                "line 4: cannot read the price",
                "line 5: cannot read the size",
                "line 6: no field \"correction\"",
                "line 7: cannot read the symbol",
                "7"
            ]
        );
    }

    #[test]
    fn a_file_that_is_none_is_refused() {
        assert_eq!(read(""), [Err("line 1: the header has no column \"time\"".into())]);
        assert_eq!(read("a,b\n1,2\n"), [Err("line 1: the header has no column \"time\"".into())]);
        assert!(read(&"x".repeat(1 << 20))[0].is_err());
        let endless = format!("{HEAD}{}", "x".repeat(1 << 20));
        assert_eq!(read(&endless), [Err("line 2: cannot be read".into())]);
        let missing = TradeFile::open("/no/such/file").map(|_| ()).unwrap_err();
        assert!(missing.fatal);
    }

    #[test]
    fn compressed_or_not_is_the_same_and_a_cut_file_says_so() {
        let text = format!("{HEAD}2018-01-02T10:01:21,P,X,,1,1,0\n").repeat(1);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        let gz = gz.finish().unwrap();
        let rows = |bytes: Vec<u8>| TradeFile::read(io::Cursor::new(bytes)).unwrap().collect::<Vec<_>>();
        assert_eq!(rows(gz.clone())[0].as_ref().unwrap(), rows(text.into_bytes())[0].as_ref().unwrap());
        let cut = TradeFile::read(io::Cursor::new(gz[..gz.len() - 9].to_vec()));
        let ends_badly = cut.map_or(true, |file| file.last().is_some_and(|row| row.is_err()));
        assert!(ends_badly);
    }
}
