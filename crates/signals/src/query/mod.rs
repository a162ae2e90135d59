//! A language to choose articles by: words, `AND`, `OR`, `NOT`, "phrases" and parentheses.
//!
//! It is The Guardian's, so that a query means the same whether a provider answers it or we do. Operators are in capitals;
//! words next to each other are joined by `AND`, which binds closer than `OR`; `NOT` binds closest. Words are runs of
//! letters and digits of any script, and capitals do not matter, so that `Apple` finds "Apple's" and `AT&T` is
//! the phrase "at t".

mod parse;
mod words;

use std::fmt;

use words::Words;

/// The longest query, in characters.
pub const CHARS_MAX: usize = 500;
/// The most words and phrases in one.
pub const TERMS_MAX: usize = 64;
/// How deep parentheses and `NOT` may be nested.
pub const DEPTH_MAX: usize = 16;

/// Why a text is no query, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {why}", .at + 1)]
pub struct QueryError {
    /// The character, from 0.
    pub at: usize,
    /// What is wrong there.
    pub why: &'static str,
}

/// A query, to be asked of articles. The empty one finds all.
///
/// `Display` writes it with all its operators; what is written reads as the same query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    root: Option<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    /// Words that follow each other.
    Term(Vec<String>),
    Not(Box<Node>),
    /// Two or more.
    And(Vec<Node>),
    /// Two or more.
    Or(Vec<Node>),
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// It is too long, too deep, or not of the language.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        parse::parse(text).map(|root| Self { root })
    }

    /// It asks for nothing, and finds everything.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Whether an article is what is asked for. A phrase must be in its title or in its summary, as a whole.
    pub fn matches(&self, title: &str, summary: &str) -> bool {
        let Some(root) = &self.root else { return true };
        root.matches(&[Words::of(title), Words::of(summary)])
    }
}

impl Node {
    fn matches(&self, texts: &[Words; 2]) -> bool {
        match self {
            Self::Term(words) => texts.iter().any(|text| text.have(words)),
            Self::Not(node) => !node.matches(texts),
            Self::And(nodes) => nodes.iter().all(|node| node.matches(texts)),
            Self::Or(nodes) => nodes.iter().any(|node| node.matches(texts)),
        }
    }

    /// Writes it as a part of another: lists in parentheses.
    fn write_within(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(_) | Self::Or(_) => write!(f, "({self})"),
            Self::Term(_) | Self::Not(_) => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (nodes, between) = match self {
            Self::Term(words) if words.len() == 1 => return f.write_str(&words[0]),
            Self::Term(words) => return write!(f, "\"{}\"", words.join(" ")),
            Self::Not(node) => {
                f.write_str("NOT ")?;
                return node.write_within(f);
            }
            Self::And(nodes) => (nodes, " AND "),
            Self::Or(nodes) => (nodes, " OR "),
        };
        for (number, node) in nodes.iter().enumerate() {
            if number > 0 {
                f.write_str(between)?;
            }
            node.write_within(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| root.fmt(f))
    }
}
