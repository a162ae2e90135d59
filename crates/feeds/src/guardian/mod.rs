//! The Guardian: articles by words and sections, over its open platform.
//!
//! Provider's page: <https://open-platform.theguardian.com/documentation/search>.

mod answer;
mod rest;
#[cfg(test)]
mod tests;

use std::time::Duration;

use market::Timestamp;
use market::time::NANOS_PER_SECOND;

use crate::adapter::Secret;
use crate::news::{Ask, Query, QueryError, Takes};
pub use answer::read_page;
pub use rest::Guardian;

/// Articles of a page.
const PAGE_SIZE: u32 = 50;
/// What is shown of each.
const FIELDS: &str = "headline,trailText,lastModified,firstPublicationDate,shortUrl";
/// Sections a stream may have: those in which companies and markets are written about.
const SECTIONS: &[&str] = &[
    "business",
    "technology",
    "money",
    "world",
    "us-news",
    "uk-news",
    "australia-news",
    "politics",
    "environment",
    "science",
    "media",
    "law",
    "society",
    "global-development",
    "commentisfree",
];

/// What a person sets for The Guardian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The key.
    pub key: Secret,
    /// Address of the interface.
    pub url: String,
    /// Calls a day that the plan allows.
    pub calls_per_day: u32,
    /// Calls a second that the plan allows.
    pub calls_per_second: u32,
    /// The least time between two rounds of a stream; longer where the day's calls would not last.
    pub pace: Duration,
}

impl Default for Settings {
    /// The developer key's plan at The Guardian's own address, without a key.
    fn default() -> Self {
        Self {
            key: Secret::default(),
            url: "https://content.guardianapis.com".into(),
            calls_per_day: 500,
            calls_per_second: 1,
            pace: Duration::from_secs(60),
        }
    }
}

/// What a stream of it may ask for.
const TAKES: Takes = Takes { words: true, sections: SECTIONS, symbols: false };

fn check(query: &Query) -> Result<signals::query::Query, QueryError> {
    TAKES.check(query, 0)
}

/// The members of a search, but for the key.
///
/// Articles are told by when they last changed, newest first, so that edits and live blogs come again. A round's end is
/// exclusive and the provider's inclusive, in whole seconds: it is asked for the second before.
fn search(ask: Ask<'_>) -> Result<Vec<(&'static str, String)>, QueryError> {
    let words = check(ask.query)?;
    let mut members = vec![
        ("order-by", "newest".to_owned()),
        ("use-date", "last-modified".to_owned()),
        ("from-date", whole_second(ask.round.from.seconds())),
        ("page", ask.round.page.to_string()),
        ("page-size", PAGE_SIZE.to_string()),
        ("show-fields", FIELDS.to_owned()),
    ];
    if let Some(to) = ask.round.to {
        let last = to.nanos().saturating_add(NANOS_PER_SECOND - 1).div_euclid(NANOS_PER_SECOND) - 1;
        members.push(("to-date", whole_second(last)));
    }
    if !words.is_empty() {
        // With all its operators, so that it means there what it means here.
        members.push(("q", words.to_string()));
    }
    if !ask.query.sections.is_empty() {
        members.push(("section", ask.query.sections.join("|")));
    }
    Ok(members)
}

fn whole_second(second: i64) -> String {
    Timestamp::from_seconds(second).unwrap_or(Timestamp::EPOCH).to_string()
}
