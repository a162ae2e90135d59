//! What people type, and the dense number it becomes inside.

use std::fmt;
use std::str::FromStr;

/// The longest symbol, in bytes.
pub const SYMBOL_BYTES_MAX: usize = 32;

/// A symbol in the wide form: `AAPL`, `BRK.B`, `BINANCE:BTCUSDT`, `IC MARKETS:1`.
///
/// Grammar: 1 to 32 ASCII characters. The first is a letter, a digit or `^`; the others are
/// letters, digits or one of `. - _ : / ^ = $ +` or a space; the last is not a space. Case
/// matters, because some directories spell preferred shares `AAp`.
///
/// Unused bytes are zero, so that the derived equality, order and hash are those of the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    bytes: [u8; SYMBOL_BYTES_MAX],
    len: u8,
}

/// Why a text is not a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// The text is empty.
    #[error("a symbol cannot be empty")]
    Empty,
    /// The text has more than [`SYMBOL_BYTES_MAX`] bytes.
    #[error("a symbol has at most 32 characters")]
    TooLong,
    /// A character that symbols do not use, or a space at an end.
    #[error("a symbol has letters, digits and . - _ : / ^ = $ + only")]
    Character,
}

impl Symbol {
    /// Reads a symbol, refusing what the grammar does not allow.
    pub fn new(text: &str) -> Result<Self, SymbolError> {
        Self::from_bytes(text.as_bytes())
    }

    /// Reads a symbol from bytes that need not be UTF-8.
    pub fn from_bytes(text: &[u8]) -> Result<Self, SymbolError> {
        if text.is_empty() {
            return Err(SymbolError::Empty);
        }
        if text.len() > SYMBOL_BYTES_MAX {
            return Err(SymbolError::TooLong);
        }
        let first_ok = text[0].is_ascii_alphanumeric() || text[0] == b'^';
        let rest_ok = text.iter().all(|&b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'.' | b'-' | b'_' | b':' | b'/' | b'^' | b'=' | b'$' | b'+' | b' ')
        });
        if !first_ok || !rest_ok || text[text.len() - 1] == b' ' {
            return Err(SymbolError::Character);
        }
        let mut bytes = [0; SYMBOL_BYTES_MAX];
        bytes[..text.len()].copy_from_slice(text);
        // The length fits: it is at most 32.
        Ok(Self { bytes, len: text.len() as u8 })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // The constructor admits ASCII only.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    /// The text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Self, SymbolError> {
        Self::new(text)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.as_str())
    }
}

/// A symbol's place in this process's symbol table: dense, so that tables are vectors.
///
/// It means nothing outside the process that gave it out; on any wire the text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

impl SymbolId {
    /// The index into a dense table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_the_wide_forms_and_nothing_else() {
        for good in [
            "A",
            "AAPL",
            "BRK.B",
            "BINANCE:BTCUSDT",
            "OANDA:EUR_USD",
            "IC MARKETS:1",
            "^GSPC",
            "AA$",
            "BTC/USD",
            "TRUE",
        ] {
            assert_eq!(Symbol::new(good).map(|s| s.as_str().to_owned()), Ok(good.to_owned()));
        }
        assert_eq!(Symbol::new(""), Err(SymbolError::Empty));
        assert_eq!(Symbol::new(&"A".repeat(33)), Err(SymbolError::TooLong));
        for bad in [" A", "A ", "A\n", "Ä", ".A", "A,B", "<b>", "A\0", "A*", "A>"] {
            assert_eq!(Symbol::new(bad), Err(SymbolError::Character), "{bad:?}");
        }
    }

    #[test]
    fn orders_like_its_text() {
        let mut symbols = ["BRK.B", "A", "AA", "B"].map(|s| Symbol::new(s).unwrap());
        symbols.sort();
        assert_eq!(symbols.map(|s| s.to_string()), ["A", "AA", "B", "BRK.B"]);
    }
}
