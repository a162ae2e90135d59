//! What can go wrong with records. The messages name the place and the mend.

/// What can go wrong with records.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// There is one already that must be the only one. Nothing was written.
    #[error("there is one already")]
    Taken,
    /// There are as many as there may be. Nothing was written.
    #[error("there are {most} already, which is the most")]
    TooMany {
        /// How many there may be.
        most: usize,
    },
    /// More waits to be stored than may wait. Nothing was written.
    #[error("more waits to be stored than may wait; try again")]
    Busy,
    /// The records are closed.
    #[error("the records are closed")]
    Closed,
    /// The database cannot be reached, is locked or has no room. Nothing was written, and it is tried again
    /// with the next call.
    #[error("the records at {place} cannot be reached: {reason}")]
    Unavailable {
        /// The folder or the server.
        place: String,
        /// What was said, with the mend.
        reason: String,
    },
    /// The connection was lost while the change was on its way: it was made whole, or not at all.
    #[error("whether the last change to the records at {place} was stored is not known: {reason}")]
    Unknown {
        /// The server.
        place: String,
        /// What happened.
        reason: String,
    },
    /// The records were written by a newer version of the product.
    #[error(
        "the records at {place} were written by a newer version ({found}, this one knows {known}); run that version"
    )]
    Newer {
        /// The folder or the server.
        place: String,
        /// Version found.
        found: i64,
        /// Version known.
        known: i64,
    },
    /// What is stored is not what was written.
    #[error("the records are damaged: {what}; restore them from a copy")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// The database refused for another reason. Nothing was written.
    #[error("the records at {place} were refused: {reason}")]
    Refused {
        /// The folder or the server.
        place: String,
        /// What was said.
        reason: String,
    },
}
