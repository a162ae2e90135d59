//! What travels between roles: payloads and subjects.
//!
//! Market events are binary and versioned, because there are many of them and they are kept
//! in the log; the rest is JSON, because a person debugging a cluster reads it. Symbols always
//! travel as text: a [`market::SymbolId`] means nothing outside the process that gave it out.
//!
//! Everything here is checked when read: counts are bounded by the bytes that are there, an
//! unknown version is refused, and no input panics. JSON objects may gain members, which older
//! readers ignore; a change of meaning raises the version.

/// Market events, many to a payload.
mod event;
/// Who watches what.
mod interest;
/// Questions to the feeds role, and their answers.
mod request;
/// How feeds are doing.
mod status;
/// The names of subjects, and symbols within them.
pub mod subject;
/// The list of instruments.
mod universe;

pub use event::{BatchEncoder, BatchView, EventBatch, MESSAGE_VERSION, pack, unpack};
pub use interest::InterestReport;
pub use request::{
    Answer, Question, Refusal, decode_answer, decode_question, encode_answer, encode_question,
};
pub use status::{decode_status, encode_status};
pub use universe::{Part, decode_instruments, encode_instruments};

use crate::varint::CursorError;

/// Why a payload could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer program than this one, or not by this product.
    #[error("payload version {0} is not known here")]
    Version(u64),
    /// It ends in the middle of something.
    #[error("payload is cut short")]
    Truncated,
    /// A value that cannot stand where it stands; the text names the field.
    #[error("payload is malformed: {0}")]
    Malformed(&'static str),
    /// Not the JSON it should be.
    #[error("payload is not the expected JSON")]
    Json(#[from] serde_json::Error),
}

impl From<CursorError> for DecodeError {
    fn from(error: CursorError) -> Self {
        match error {
            CursorError::Truncated => Self::Truncated,
            CursorError::Malformed(what) => Self::Malformed(what),
        }
    }
}

/// Why a value could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The event names an id that the universe did not give out.
    #[error("symbol id {0} is not in the universe")]
    UnknownSymbol(u32),
    /// A feed's name is empty or longer than 64 bytes.
    #[error("a feed's name has 1 to 64 bytes")]
    FeedName,
}
