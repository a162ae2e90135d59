//! The price a command met, and where it came from.

use std::fmt;
use std::sync::Arc;

use market::Price;

use crate::Millis;

/// The longest name of a source, in bytes.
pub const SOURCE_BYTES_MAX: usize = 15;

/// What a price is labelled with: `finnhub`, `sim`, `legacy`.
///
/// Unused bytes are zero, so that the derived equality and order are those of the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    bytes: [u8; SOURCE_BYTES_MAX],
    len: u8,
}

/// Why a text is not the name of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a price source is named by 1 to 15 visible ASCII characters")]
pub struct SourceError;

impl Source {
    /// The live tape, for a feed whose own name is none here.
    pub const TAPE: Self = Self { bytes: *b"tape\0\0\0\0\0\0\0\0\0\0\0", len: 4 };

    /// Reads the name of a source: 1 to 15 visible ASCII characters.
    pub fn new(text: &str) -> Result<Self, SourceError> {
        let text = text.as_bytes();
        if text.is_empty() || text.len() > SOURCE_BYTES_MAX || !text.iter().all(u8::is_ascii_graphic) {
            return Err(SourceError);
        }
        let mut bytes = [0; SOURCE_BYTES_MAX];
        bytes[..text.len()].copy_from_slice(text);
        // The length fits: it is at most 15.
        Ok(Self { bytes, len: text.len() as u8 })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // The constructor admits ASCII only.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.as_str())
    }
}

/// A price as somebody said it, with when and who.
///
/// How old a price may be is not decided here: whoever asks the engine hands it a price that
/// is good (section 3.3 of the rules, clock 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Dollars a share.
    pub price: Price,
    /// Who said it.
    pub source: Source,
    /// When it was so, by the provider's clock.
    pub provider_time: Millis,
    /// When it reached us, by ours.
    pub arrived: Millis,
    /// It was fetched for this very command. `false` when it was at hand already (rule A7).
    pub fresh: bool,
    /// What the legacy quote server answered, to the letter: `PRICE,SYMBOL,USER,TIME,CRYPTOKEY`
    /// without its line end. Only with the first use of a fetched price, since the log must show
    /// each real answer once (section 7 of the rules).
    pub answer: Option<Arc<str>>,
}

impl Quote {
    /// The same price as one that was at hand already.
    pub fn reused(&self) -> Self {
        Self { fresh: false, answer: None, ..*self }
    }
}
