//! What can go wrong on the bus.

use wire::bus::{DecodeError, EncodeError};

/// Why the bus did not do what it was asked. Nothing was sent, unless a variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// The message server could not be reached, or refused us.
    #[error("cannot connect to NATS at {address}")]
    Connect {
        /// Where, without the credentials.
        address: String,
        /// The client's own words.
        #[source]
        source: async_nats::ConnectError,
    },
    /// The message server cannot carry the log.
    #[error("NATS at {address} cannot keep the log: {hint}")]
    JetStream {
        /// Where, without the credentials.
        address: String,
        /// What to do about it.
        hint: String,
        /// The client's own words.
        #[source]
        source: Option<async_nats::Error>,
    },
    /// The message server did not answer in time. A message may or may not have arrived.
    #[error("NATS did not answer: {what}")]
    NoAnswer {
        /// What was tried.
        what: &'static str,
        /// The client's own words.
        #[source]
        source: Option<async_nats::Error>,
    },
    /// No feeds role is there to answer a question.
    #[error("no feeds role is running to answer")]
    NobodyAnswers,
    /// A feeds role is there and took too long.
    #[error("the feeds role took too long to answer")]
    AnswerLate,
    /// Only the role that owns the universe publishes it.
    #[error("this instance follows the universe of others and does not publish one")]
    NotTheOwner,
    /// A published universe gives an id to another symbol than the one before did.
    #[error("the universe's ids moved: it must only grow")]
    UniverseMoved,
    /// A value that cannot be written.
    #[error("cannot write the message")]
    Encode(#[from] EncodeError),
    /// A message that cannot be read or written as JSON.
    #[error("cannot read the message")]
    Decode(#[from] DecodeError),
    /// A message larger than the server takes, after compression.
    #[error("a message of {bytes} bytes is too large")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The bus was closed.
    #[error("the bus is closed")]
    Closed,
}
