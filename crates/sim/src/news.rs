//! News of the simulated market: invented articles that move its prices, report moves, or do neither.
//!
//! A pure function of seed and time, as the market itself. What an article does is known (`Truth`): its company's price
//! begins to move `LAG_SECONDS` after it appears and has arrived `SETTLE_SECONDS` later, with a burst of trading
//! for `BURST_SECONDS`. So what finds links between news and prices can be tried against what is true.
//!
//! Nothing in it is real but the names of companies, and every summary says so.

/// A live blog a day.
mod blog;
/// What articles say.
mod text;

use std::collections::HashSet;

use market::Timestamp;
use market::time::NANOS_PER_SECOND;

use crate::hash::{below, draw};
use crate::market::news::{Event, Kind};
pub use crate::market::{BURST_SECONDS, LAG_SECONDS, SETTLE_SECONDS};
use crate::market::{Market, second_start};

/// From an article to its last edit, in seconds, but for live blogs.
const EDITS_SECONDS: i64 = 4_800;
/// Some articles name another company that people know; it is one of so many.
const KNOWN: usize = 400;

/// What an article has to do with prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// The price of the first company it names moves after it.
    Moves {
        /// When it begins.
        at: Timestamp,
        /// The way it goes.
        up: bool,
    },
    /// The price of the first company it names had moved before; it says so.
    Reports {
        /// When it began.
        at: Timestamp,
        /// The way it went.
        up: bool,
    },
    /// Nothing.
    Noise,
}

/// A version of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its name, which its edits share: `business/2026/nov/21/some-words-1a2b3c`.
    pub id: String,
    /// The same as a number, which grows with the time of publication.
    pub number: i64,
    /// `business`, `technology` or `money`.
    pub section: &'static str,
    /// What Finnhub would call it: `general`, `crypto` or `merger`.
    pub category: &'static str,
    /// The title.
    pub title: String,
    /// Two or three sentences.
    pub summary: String,
    /// When it appeared.
    pub published_at: Timestamp,
    /// When this version did.
    pub updated_at: Timestamp,
    /// Edits before this version.
    pub version: u32,
    /// It is a live blog.
    pub is_live: bool,
    /// Numbers of the listings it names, the one it is about first.
    pub companies: Vec<u32>,
    /// What it has to do with prices.
    pub truth: Truth,
}

impl Article {
    /// Where it would be read. There is nothing there.
    pub fn url(&self) -> String {
        format!("https://example.com/simulated/{}", self.id)
    }
}

/// Articles as they stand at `now`: of each the newest version, if that appeared in `[from, to)`; the oldest version
/// first. It costs about a millisecond, and a little more for each article.
pub fn articles(market: &Market, from: Timestamp, to: Timestamp, now: Timestamp) -> Vec<Article> {
    newest(versions(market, from, last_of(to, now)), to)
}

/// As [`articles`], of the articles about one listing only.
pub fn articles_about(
    market: &Market,
    index: u32,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
) -> Vec<Article> {
    newest(versions_about(market, index, from, last_of(to, now)), to)
}

/// Versions after this are of no article that has one before `to`, or are not there yet.
fn last_of(to: Timestamp, now: Timestamp) -> Timestamp {
    now.saturating_add_nanos(1).min(to.saturating_add_nanos(86_400 * NANOS_PER_SECOND))
}

/// The newest version of each article, if that appeared before `to`.
fn newest(mut versions: Vec<Article>, to: Timestamp) -> Vec<Article> {
    let mut seen = HashSet::new();
    versions.reverse();
    versions.retain(|article| seen.insert(article.number) && article.updated_at < to);
    versions.reverse();
    versions
}

/// All versions of articles that appear in `[from, to)`, the oldest first.
pub fn versions(market: &Market, from: Timestamp, to: Timestamp) -> Vec<Article> {
    let mut found = Vec::new();
    for (index, news) in market.newsworthy() {
        of_events(market, index, news.events(first(from) - EDITS_SECONDS, first(to)), (from, to), &mut found);
    }
    blog::versions(market, (from, to), &mut found);
    found.sort_by_key(|article| (article.updated_at, article.number, article.version));
    found
}

/// As [`versions`], of the articles about one listing only; where listings share their news (classes of one company's
/// shares, pairs of one coin), these are about the first of them.
pub fn versions_about(market: &Market, index: u32, from: Timestamp, to: Timestamp) -> Vec<Article> {
    let mut found = Vec::new();
    if let Some((index, news)) = market.news_about(index) {
        of_events(market, index, news.events(first(from) - EDITS_SECONDS, first(to)), (from, to), &mut found);
    }
    found.sort_by_key(|article| (article.updated_at, article.number, article.version));
    found
}

/// The first second that begins at a moment or after it.
fn first(at: Timestamp) -> i64 {
    at.nanos().saturating_add(NANOS_PER_SECOND - 1).div_euclid(NANOS_PER_SECOND)
}

fn of_events(
    market: &Market,
    index: u32,
    events: impl Iterator<Item = Event>,
    (from, to): (Timestamp, Timestamp),
    out: &mut Vec<Article>,
) {
    for event in events {
        let times = times(&event);
        for (version, at) in times.into_iter().enumerate() {
            if let Some(at) = at.map(second_start).filter(|at| (from..to).contains(at)) {
                out.extend(article(market, index, &event, at, version as u32));
            }
        }
    }
}

/// When its versions appear: one article in five is edited, some of these twice.
fn times(event: &Event) -> [Option<i64>; 3] {
    let random = draw(event.random, 1);
    let gap = |n| 180 + below(draw(random, n), (EDITS_SECONDS / 2 - 180) as u64) as i64;
    let second = random.is_multiple_of(5).then(|| event.article_at + gap(1));
    let third = second.filter(|_| random.is_multiple_of(4)).map(|at| at + gap(2));
    [Some(event.article_at), second, third]
}

fn article(
    market: &Market,
    index: u32,
    event: &Event,
    updated_at: Timestamp,
    version: u32,
) -> Option<Article> {
    let listing = market.universe().get(index)?;
    let other = other(market, index, event);
    let published_at = second_start(event.article_at);
    let words = text::of(listing, other.and_then(|other| market.universe().get(other)), event, version);
    let truth = match (event.kind, event.moves_at.map(second_start)) {
        (Kind::Shock, Some(at)) => Truth::Moves { at, up: event.up },
        (Kind::Report, Some(at)) => Truth::Reports { at, up: event.up },
        _ => Truth::Noise,
    };
    let number = number(event.article_at, index);
    let mut companies = vec![index];
    companies.extend(other.filter(|_| words.names_other));
    Some(Article {
        id: id(words.section, published_at, &words.slug, number),
        number,
        section: words.section,
        category: words.category,
        title: words.title,
        summary: words.summary,
        published_at,
        updated_at,
        version,
        is_live: false,
        companies,
        truth,
    })
}

/// Seconds from 2020 on and the listing: below 2⁵³ for some thousand years.
fn number(second: i64, index: u32) -> i64 {
    (second - 1_577_836_800) * 32_768 + i64::from(index)
}

fn id(section: &str, published_at: Timestamp, slug: &str, number: i64) -> String {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let day = published_at.utc_date().0.to_string();
    let mut parts = day.split('-');
    let year = parts.next().unwrap_or_default();
    let month = parts.next().and_then(|m| MONTHS.get(m.parse::<usize>().ok()?.checked_sub(1)?));
    let (month, day) = (month.unwrap_or(&"jan"), parts.next().unwrap_or_default());
    format!("{section}/{year}/{month}/{day}/{slug}-{:06x}", draw(1, number as u64) & 0xff_ffff)
}

/// Another company of the sector, for one article in four.
fn other(market: &Market, index: u32, event: &Event) -> Option<u32> {
    let random = draw(event.random, 2);
    let sector = market.universe().get(index)?.sector.filter(|_| random.is_multiple_of(4))?;
    let known = || market.newsworthy().take(KNOWN).map(|(index, _)| index);
    let from = below(draw(random, 1), KNOWN as u64) as usize;
    known().skip(from).chain(known().take(from)).find(|other| {
        *other != index && market.universe().get(*other).is_some_and(|l| l.sector == Some(sector))
    })
}

#[cfg(test)]
mod tests;
