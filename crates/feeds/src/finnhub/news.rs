//! News of companies and of a few sections, from Finnhub.
//!
//! Finnhub knows neither pages nor words: a page here is one symbol or section of the query, whole, and words are looked
//! for here. Its calls come out of the budget of `Rest`, and leave a quarter of it to people who wait.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use market::{Symbol, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use signals::headline::{Headline, Round};

use super::rest::{Rest, SMALL, Urgency};
use crate::news::text::{SUMMARY_CHARS_MAX, TITLE_CHARS_MAX, address, plain};
use crate::news::{Ask, Batch, Calls, Provider, Query, STREAM_SYMBOLS_MAX, Takes};
use crate::{ErrorKind, FeedError};

/// Its sections, which it calls categories.
const SECTIONS: &[&str] = &["general", "forex", "crypto", "merger"];
/// The most articles taken of one answer.
const ARTICLES_MAX: usize = 10_000;
const TAKES: Takes = Takes { words: true, sections: SECTIONS, symbols: true };

/// Finnhub's news.
#[derive(Debug)]
pub struct FinnhubNews {
    rest: Arc<Rest>,
    pace: Duration,
}

/// What one page asks for.
enum Part<'a> {
    Company(Symbol),
    Section(&'a str),
}

/// An article of `/company-news` and `/news`.
#[derive(Debug, Deserialize)]
struct Item<'a> {
    /// UNIX seconds.
    datetime: i64,
    #[serde(borrow)]
    headline: Cow<'a, str>,
    #[serde(default)]
    id: i64,
    #[serde(borrow, default)]
    related: Cow<'a, str>,
    #[serde(borrow, default)]
    summary: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Cow<'a, str>,
}

/// The articles of an answer, newest first. Those that cannot be read are left out.
///
/// # Errors
/// The body is not a JSON list.
pub fn read_articles(body: &[u8]) -> Result<Vec<Headline>, serde_json::Error> {
    let rows: Vec<&RawValue> = serde_json::from_slice(body)?;
    let read = |raw: &&RawValue| article(serde_json::from_str(raw.get()).ok()?);
    let mut articles: Vec<Headline> = rows.iter().take(ARTICLES_MAX).filter_map(read).collect();
    articles.sort_by_key(|article| std::cmp::Reverse(article.updated_at));
    Ok(articles)
}

fn article(item: Item<'_>) -> Option<Headline> {
    let published_at = Timestamp::from_seconds(item.datetime).filter(|time| *time > Timestamp::EPOCH)?;
    let title = plain(&item.headline, TITLE_CHARS_MAX);
    let url = address(&item.url);
    let article = if item.id > 0 { item.id.to_string() } else { String::new() };
    let is_nameless = article.is_empty() && url.is_empty();
    (!title.is_empty() && !is_nameless).then(|| Headline {
        source: "finnhub".into(),
        article,
        title,
        summary: plain(&item.summary, SUMMARY_CHARS_MAX),
        url,
        published_at,
        // It does not tell of edits: a text that differs is a later version.
        updated_at: published_at,
        symbols: item.related.split(',').filter_map(|text| Symbol::new(text.trim()).ok()).take(20).collect(),
    })
}

impl FinnhubNews {
    /// By the calls of this client; each stream is asked anew after `pace`.
    pub fn new(rest: Arc<Rest>, pace: Duration) -> Self {
        Self { rest, pace }
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<Batch, FeedError> {
        let words = TAKES.check(ask.query, STREAM_SYMBOLS_MAX).map_err(|error| {
            FeedError::new(ErrorKind::Settings, "finnhub cannot be asked this").caused_by(error)
        })?;
        let parts = parts(ask.query);
        let number = ask.round.page.max(1) as usize;
        let Some(part) = parts.get(number - 1) else {
            return Ok(Batch { articles: Vec::new(), is_last: true, total: None });
        };
        let body = match part {
            Part::Company(symbol) => {
                let (from, to) = self.dates(ask.round);
                let query = [("symbol", symbol.as_str()), ("from", from.as_str()), ("to", to.as_str())];
                self.rest.get("company-news", &query, Urgency::Ahead, SMALL).await?
            }
            Part::Section(section) => {
                self.rest.get("news", &[("category", section)], Urgency::Ahead, SMALL).await?
            }
        };
        let mut articles = read_articles(&body).map_err(|e| self.rest.garbage("news", e))?;
        let round = ask.round;
        articles.retain(|article| {
            article.updated_at >= round.from
                && round.to.is_none_or(|to| article.updated_at < to)
                && words.matches(&article.title, &article.summary)
        });
        Ok(Batch { articles, is_last: number >= parts.len(), total: None })
    }

    /// The days that a round touches, and one on either side: whose midnight counts is not documented.
    fn dates(&self, round: Round) -> (String, String) {
        let to = round.to.unwrap_or_else(|| self.rest.now());
        let [from, to] = [(round.from, -1), (to, 1)].map(|(at, days)| at.utc_date().0.plus_days(days));
        (from.to_string(), to.to_string())
    }
}

/// Symbols, then sections; with neither, the general one.
fn parts(query: &Query) -> Vec<Part<'_>> {
    let symbols = query.symbols.iter().map(|symbol| Part::Company(*symbol));
    let sections = query.sections.iter().map(|section| Part::Section(section.as_str()));
    let mut parts: Vec<Part<'_>> = symbols.chain(sections).collect();
    if parts.is_empty() {
        parts.push(Part::Section("general"));
    }
    parts
}

impl Provider for FinnhubNews {
    fn takes(&self) -> Takes {
        TAKES
    }

    fn page<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Batch, FeedError>> {
        Box::pin(self.ask(ask))
    }

    fn calls(&self) -> Calls {
        self.rest.calls()
    }

    fn pace(&self) -> Duration {
        self.pace
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::news::QueryError;

    #[test]
    fn reads_articles_newest_first_and_leaves_bad_rows_out() {
        let articles = read_articles(include_bytes!("fixtures/company_news.json")).unwrap();
        let titles: Vec<&str> = articles.iter().map(|article| article.title.as_str()).collect();
        assert_eq!(titles, ["A later one", "Chipmaker’s sales rise"]);
        let known = &articles[1];
        assert_eq!((known.article.as_str(), known.source.as_str()), ("7512345", "finnhub"));
        assert_eq!(known.symbols, [Symbol::new("AAPL").unwrap()]);
        assert_eq!(known.published_at, Timestamp::from_seconds(1_700_000_000).unwrap());
        assert_eq!((articles[0].article.as_str(), articles[0].symbols.len()), ("", 0));
        assert!(read_articles(b"{}").is_err() && read_articles(b"[").is_err());
        assert_eq!(read_articles(b"[]").unwrap(), []);
    }

    #[test]
    fn a_page_is_a_symbol_or_a_section() {
        let symbols = vec![Symbol::new("AAPL").unwrap(), Symbol::new("TSLA").unwrap()];
        let query = Query { symbols, sections: vec!["crypto".into()], ..Query::default() };
        assert_eq!(parts(&query).len(), 3);
        assert!(matches!(parts(&query)[..], [Part::Company(_), Part::Company(_), Part::Section("crypto")]));
        assert!(matches!(parts(&Query::default())[..], [Part::Section("general")]));
        let sport = Query { sections: vec!["sport".into()], ..Query::default() };
        assert_eq!(TAKES.check(&sport, STREAM_SYMBOLS_MAX), Err(QueryError::Section("sport".into())));
        let many =
            Query { symbols: vec![Symbol::new("A").unwrap(); STREAM_SYMBOLS_MAX + 1], ..Query::default() };
        let error = TAKES.check(&many, STREAM_SYMBOLS_MAX).unwrap_err();
        assert_eq!(error.to_string(), "at most 110 symbols");
    }
}
