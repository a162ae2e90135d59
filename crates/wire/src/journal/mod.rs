//! What the desk's journal stores: entries and snapshots as bytes.
//!
//! A block's bytes are the version (one byte, `begin_block`) and one record an entry
//! (`write_entry`), each after its length. A record is
//!
//! ```text
//! flags, what | user, entries since the previous one, time, n | key? | quote? | the event's fields
//! ```
//!
//! Numbers are the integers of `varint`, texts stand after their length. A record says its user's
//! name, since an id is only a place in memory, and not its own number, which follows from the
//! block's first. What can be told from something before it in the same record (the amount of a
//! deposit from the ADD that asked for it) is the difference to that, most often one byte of zero:
//! a record takes some 20 to 60 bytes.
//!
//! Everything here is checked when read, since a disk may give back something else than it was
//! given: counts are bounded by the bytes that are there, an unknown version is refused, no input
//! panics. Old versions stay readable: see `tests/golden`.

mod code;
mod read;
mod snapshot;
mod write;

#[cfg(test)]
pub(crate) mod any;
#[cfg(test)]
pub(crate) mod day;
#[cfg(test)]
mod tests;

use ledger::{Entry, UserName};

pub use read::{Kind, Records, Skim, Skims, read_records, skim};
pub use snapshot::{SNAPSHOT_VERSION, read_snapshot, write_snapshot};
pub use write::{begin_block, write_entry};

use crate::varint::CursorError;

/// The version of blocks that this program writes, and the only one it reads.
pub const BLOCK_VERSION: u8 = 1;

/// One entry as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose.
    pub user: UserName,
    /// What happened. Its `user` is [`UserId::SYSTEM`](ledger::UserId::SYSTEM), whoever it was,
    /// until the reader puts there what [`Ledger::intern`](ledger::Ledger::intern) says of the name.
    pub entry: Entry,
}

/// Why bytes of the journal could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Written by a newer program than this one, or not by this product.
    #[error("version {0} of the journal's bytes is not known here")]
    Version(u8),
    /// They end in the middle of something.
    #[error("the bytes are cut short")]
    Truncated,
    /// A value that cannot stand where it stands; the text names the field.
    #[error("the bytes are malformed: {0}")]
    Malformed(&'static str),
}

impl From<CursorError> for RecordError {
    fn from(error: CursorError) -> Self {
        match error {
            CursorError::Truncated => Self::Truncated,
            CursorError::Malformed(what) => Self::Malformed(what),
        }
    }
}
