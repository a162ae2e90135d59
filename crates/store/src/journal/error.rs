//! What can go wrong with a journal. The messages name the place and the mend.

use super::{Damage, Shard};

/// What can go wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Somebody else has appended to this shard. Nothing was written. Two programs are writing: the one
    /// that hears this is the one to stop, or to [`recover`](super::Journal::recover) and fold again.
    #[error(
        "the journal of shard {shard} was written by another: it goes on at entry {found}, not {expected}; \
         let only one bellwether write it"
    )]
    Fenced {
        /// Whose journal.
        shard: Shard,
        /// The entry the append named.
        expected: u64,
        /// The entry that comes next.
        found: u64,
    },
    /// Another writer has this shard open. Nothing was written.
    #[error("the journal of shard {shard} is being written by another bellwether ({holder}); stop that one")]
    Held {
        /// Whose journal.
        shard: Shard,
        /// Who, as far as the database knows.
        holder: String,
    },
    /// Whether the append was stored is not known. Until [`recover`](super::Journal::recover) has read the
    /// truth, the handle refuses to append.
    #[error("whether the last append to the journal of shard {shard} was stored is not known: {reason}")]
    Unknown {
        /// Whose journal.
        shard: Shard,
        /// What happened.
        reason: String,
    },
    /// There is no room. Nothing was written, and appends work again once there is.
    #[error("no room for the journal at {place}: {reason}; make room there, nothing is lost")]
    Full {
        /// The folder or the server.
        place: String,
        /// What was said.
        reason: String,
    },
    /// The database cannot be reached or is locked. Nothing was written.
    #[error("the journal at {place} cannot be reached: {reason}; it is tried again with the next call")]
    Unavailable {
        /// The folder or the server.
        place: String,
        /// What was said, with the mend.
        reason: String,
    },
    /// What is stored is not what was written.
    #[error(
        "the journal of shard {shard} is damaged at {damage}; \
         run `bellwether verify`, and restore it from a copy"
    )]
    Damaged {
        /// Whose journal.
        shard: Shard,
        /// Where and what.
        damage: Damage,
    },
    /// The journal was written by a newer version of the product.
    #[error(
        "the journal at {place} was written by a newer version ({found}, this one knows {known}); run that version"
    )]
    Newer {
        /// The folder or the server.
        place: String,
        /// Version found.
        found: i64,
        /// Version known.
        known: i64,
    },
    /// This is no block, or no shard: a mistake of the caller. Nothing was written.
    #[error("the journal of shard {shard} cannot take this block: {reason}")]
    Invalid {
        /// Whose journal.
        shard: Shard,
        /// Why.
        reason: &'static str,
    },
    /// The database refused for another reason. Nothing was written.
    #[error("the journal at {place} refused: {reason}")]
    Refused {
        /// The folder or the server.
        place: String,
        /// What was said.
        reason: String,
    },
}
