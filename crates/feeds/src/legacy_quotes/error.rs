//! Why there is no quote.

use std::io;

use market::Symbol;

use super::answer::AnswerError;

/// Why there is no quote. Every caller that waited for the same request is told the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// The server would take it for another symbol: it cuts to three characters and makes them capital.
    #[error("the quote server cannot be asked for {0}: it knows symbols of one to three capitals only")]
    Unsupported(Symbol),
    /// The name is empty, too long, not printable ASCII, or has a comma or a space in it.
    #[error("the quote server cannot be asked in this user's name")]
    User,
    /// Too many symbols wait to be asked for.
    #[error("too many symbols wait for the quote server; try again")]
    Busy,
    /// The server answered for another symbol than it was asked for.
    #[error("the quote server answered for {answered} when asked for {asked}")]
    WrongSymbol {
        /// What it was asked for.
        asked: Symbol,
        /// What it answered for.
        answered: Symbol,
    },
    /// The server answered in another user's name.
    #[error("the quote server answered in another user's name")]
    WrongUser,
    /// What the server says cannot be read, again and again.
    #[error("the quote server's answer cannot be read")]
    Unreadable(#[source] AnswerError),
    /// No answer within the attempts and the time there are.
    #[error("no answer from the quote server in {attempts} attempts")]
    Unavailable {
        /// How many were made.
        attempts: u32,
        /// What went wrong with the last of them.
        #[source]
        last: Trouble,
    },
}

impl QuoteError {
    /// A word for metrics.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "unsupported",
            Self::User => "user",
            Self::Busy => "busy",
            Self::WrongSymbol { .. } => "wrong_symbol",
            Self::WrongUser => "wrong_user",
            Self::Unreadable(_) => "unreadable",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}

/// What went wrong with one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Trouble {
    /// Another connection would probably be answered sooner.
    #[error("no answer in time")]
    Slow,
    /// The name has no address, or nothing listens there.
    #[error("cannot connect: {0}")]
    Connect(io::ErrorKind),
    /// No connection within its time.
    #[error("no connection in time")]
    ConnectSlow,
    /// Cut while asking or being answered.
    #[error("the connection was cut: {0}")]
    Cut(io::ErrorKind),
    /// Closed without a word.
    #[error("closed without an answer")]
    NoAnswer,
    /// Closed before the line's end, so what came may lack a part.
    #[error("closed within the answer")]
    HalfLine,
    /// An answer that is none.
    #[error("{0}")]
    Answer(AnswerError),
    /// The task that asked was ended.
    #[error("the request was ended")]
    Ended,
}

impl Trouble {
    /// A word for metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Connect(_) => "connect",
            Self::ConnectSlow => "connect_slow",
            Self::Cut(_) => "cut",
            Self::NoAnswer => "no_answer",
            Self::HalfLine => "half_line",
            Self::Answer(error) => error.label(),
            Self::Ended => "ended",
        }
    }
}
