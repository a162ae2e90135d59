//! News: what a provider of articles is, and the loop that reads one stream of them.
//!
//! A stream is a provider with a `Query`. `read_stream` asks for it round by round
//! (`signals::headline`) and puts every version of every article on the `Shelf` exactly once, whatever fails in
//! between.

mod stream;
/// A provider's texts as plain ones.
pub(crate) mod text;

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use market::{Symbol, Timestamp};
use signals::headline::{Headline, Round, Watermark};

use crate::FeedError;
pub use stream::read_stream;

/// What a stream asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Query {
    /// In the language of `signals::query`; empty for everything.
    pub words: String,
    /// The provider's sections, any of them; empty for all.
    pub sections: Vec<String>,
    /// Symbols, any of them, where the provider knows symbols.
    pub symbols: Vec<Symbol>,
}

/// One page that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// By what.
    pub query: &'a Query,
    /// Which span and page.
    pub round: Round,
}

/// A page that came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Its articles, newest first.
    pub articles: Vec<Headline>,
    /// There is no page after it.
    pub is_last: bool,
    /// How many articles all pages have, where the provider says so.
    pub total: Option<u64>,
}

/// How many calls were made, and how many the plan allows still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Made since the start.
    pub used: u64,
    /// Those that failed.
    pub failed: u64,
    /// What the plan's window has left.
    pub left: Option<u32>,
    /// What the plan's window allows.
    pub limit: Option<u32>,
    /// When it has room again, if it is used up.
    pub resets_at: Option<Timestamp>,
}

/// What a stream of a provider may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    /// Words.
    pub words: bool,
    /// These sections; none where it is empty.
    pub sections: &'static [&'static str],
    /// Symbols.
    pub symbols: bool,
}

/// Why a provider does not take a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The words are not of the language.
    #[error("{0}")]
    Words(#[from] signals::query::QueryError),
    /// The provider does not take these at all.
    #[error("this provider takes no {0}")]
    NotTaken(&'static str),
    /// A section it does not have.
    #[error("this provider has no section \"{0}\"")]
    Section(String),
    /// More than it is asked for in one stream.
    #[error("at most {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
}

/// Symbols of one stream at most: those that it names, which are up to a hundred, and the ten that viewers watch most.
pub const STREAM_SYMBOLS_MAX: usize = 110;

impl Takes {
    /// The checks that all providers share.
    ///
    /// # Errors
    /// What is wrong with the query.
    pub fn check(&self, query: &Query, symbols_most: usize) -> Result<signals::query::Query, QueryError> {
        let words = signals::query::Query::parse(&query.words)?;
        if !self.words && !words.is_empty() {
            return Err(QueryError::NotTaken("words"));
        }
        if self.sections.is_empty() && !query.sections.is_empty() {
            return Err(QueryError::NotTaken("sections"));
        }
        if let Some(unknown) = query.sections.iter().find(|one| !self.sections.contains(&one.as_str())) {
            return Err(QueryError::Section(unknown.chars().take(40).collect()));
        }
        if query.sections.len() > self.sections.len() {
            return Err(QueryError::TooMany { what: "sections", most: self.sections.len() });
        }
        if !self.symbols && !query.symbols.is_empty() {
            return Err(QueryError::NotTaken("symbols"));
        }
        if query.symbols.len() > symbols_most {
            return Err(QueryError::TooMany { what: "symbols", most: symbols_most });
        }
        Ok(words)
    }
}

/// A provider of articles.
pub trait Provider: Send + Sync {
    /// What a stream of it may ask for.
    fn takes(&self) -> Takes;

    /// Asks for a page, within the plan's budget.
    fn page<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Batch, FeedError>>;

    /// How many calls were made.
    fn calls(&self) -> Calls;

    /// How long a stream waits before it asks again, once it has everything.
    fn pace(&self) -> Duration;
}

/// Where articles are kept.
pub trait Shelf: Send + Sync {
    /// Up to where the articles of a stream were taken; `None` when nothing was yet.
    fn watermark(&self, stream: i64) -> BoxFuture<'_, Result<Option<Watermark>, String>>;

    /// Keeps articles and watermark in one transaction: both or neither.
    fn put(
        &self,
        stream: i64,
        fresh: Vec<Headline>,
        watermark: Watermark,
    ) -> BoxFuture<'_, Result<(), String>>;
}

/// How a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StreamState {
    /// Nothing has come of it yet.
    #[default]
    Waiting,
    /// The last page came and was kept.
    Running,
    /// The last page did not.
    Failing,
}

impl fmt::Display for StreamState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Failing => "failing",
        })
    }
}

/// What is told of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamStatus {
    /// How it is.
    pub state: StreamState,
    /// When a new version of an article was last kept.
    pub last_event: Option<Timestamp>,
    /// What last went wrong; kept when it is well again.
    pub last_error: Option<String>,
    /// Versions kept since the start.
    pub articles: u64,
    /// Pages that failed since the start.
    pub errors: u64,
}
