//! What a search asks for, and its answer.

use std::collections::HashMap;

use market::time::NANOS_PER_SECOND;
use market::{Date, Timestamp};
use serde_json::{Value, json};

use super::item::{fields, shown, tags_of};
use super::{Look, Refusal};
use crate::news::{self, Article};

/// Without a beginning a search goes back so many days, and never further back from its end than the second.
const DAYS: i64 = 7;
const DAYS_MAX: i64 = 31;
/// Larger pages are refused.
const PAGE_SIZE_MAX: usize = 200;
const PAGE_SIZE: usize = 10;
const DAY_NANOS: i64 = 86_400 * NANOS_PER_SECOND;

/// By which of its times an article is chosen and sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UseDate {
    Published,
    LastModified,
}

impl UseDate {
    fn of(self, article: &Article) -> Timestamp {
        match self {
            Self::Published => article.published_at,
            Self::LastModified => article.updated_at,
        }
    }
}

fn bad<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Bad(why.into()))
}

fn member<'q>(query: &'q HashMap<String, String>, name: &str) -> Option<&'q str> {
    query.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// `/search`
pub(super) fn search(look: &Look, query: &HashMap<String, String>, now: Timestamp) -> Result<Value, Refusal> {
    let use_date = match member(query, "use-date").unwrap_or("published") {
        "published" | "first-publication" | "newspaper-edition" => UseDate::Published,
        "last-modified" => UseDate::LastModified,
        _ => {
            return bad(
                "use-date must be one of published, first-publication, newspaper-edition, last-modified",
            );
        }
    };
    let words = signals::query::Query::parse(member(query, "q").unwrap_or_default())
        .or_else(|error| bad(format!("q: {error}")))?;
    let order = match (member(query, "order-by"), words.is_empty()) {
        // What is relevant is not known here; the newest is as good.
        (None, false) | (Some("relevance"), _) => "relevance",
        (None, true) | (Some("newest"), _) => "newest",
        (Some("oldest"), _) => "oldest",
        _ => return bad("order-by must be one of newest, oldest, relevance"),
    };
    let size = number(query, "page-size", PAGE_SIZE)?;
    if size == 0 || size > PAGE_SIZE_MAX {
        return bad("page-size must be an integer between 1 and 200");
    }
    let size = size.min(look.settings.page_size_most);
    let page = number(query, "page", 1)?.max(1);

    let mut found = chosen(look, query, use_date, now)?;
    found.retain(|article| {
        words.matches(&article.title, &article.summary)
            && fits(member(query, "section"), &[article.section])
            && fits(member(query, "tag"), &tags_of(article))
    });
    found.sort_by_key(|article| (use_date.of(article), article.number));
    if order != "oldest" {
        found.reverse();
    }
    let (total, pages) = (found.len(), found.len().div_ceil(size));
    if page > pages.max(1) {
        return bad("requested page is beyond the number of available pages");
    }
    let fields = fields(query);
    let begin = (page - 1) * size;
    let results: Vec<Value> =
        found.iter().skip(begin).take(size).map(|article| shown(article, fields.as_deref())).collect();
    Ok(json!({ "response": {
        "status": "ok", "userTier": "developer", "total": total, "startIndex": if total == 0 { 0 } else { begin + 1 },
        "pageSize": size, "currentPage": page, "pages": pages, "orderBy": order, "results": results,
    } }))
}

/// The articles of the span, both ends included, as they stand now.
fn chosen(
    look: &Look,
    query: &HashMap<String, String>,
    use_date: UseDate,
    now: Timestamp,
) -> Result<Vec<Article>, Refusal> {
    let to = match member(query, "to-date") {
        Some(text) => time(text, true).map_or_else(|| bad("to-date cannot be read"), Ok)?,
        None => now,
    };
    let to = to.min(now).saturating_add_nanos(1);
    let from = match member(query, "from-date") {
        Some(text) => time(text, false).map_or_else(|| bad("from-date cannot be read"), Ok)?,
        None => to.saturating_add_nanos(-DAYS * DAY_NANOS),
    };
    let from = from.max(to.saturating_add_nanos(-DAYS_MAX * DAY_NANOS));
    // What appeared in the span may have changed until a day later.
    let until = match use_date {
        UseDate::Published => to.saturating_add_nanos(DAY_NANOS),
        UseDate::LastModified => to,
    };
    let mut found = news::articles(&look.market, from, until, now);
    found.retain(|article| (from..to).contains(&use_date.of(article)));
    Ok(found)
}

/// A day, or a time. The day ends a span with its last moment.
fn time(text: &str, is_end: bool) -> Option<Timestamp> {
    if let Some(day) = Date::parse(text.as_bytes()) {
        let midnight = day.midnight_utc();
        return Some(if is_end { midnight.saturating_add_nanos(DAY_NANOS - 1) } else { midnight });
    }
    Timestamp::parse(text.as_bytes()).ok()
}

fn number(query: &HashMap<String, String>, name: &str, default: usize) -> Result<usize, Refusal> {
    match member(query, name) {
        None => Ok(default),
        Some(text) => text.parse().or_else(|_| bad(format!("{name} must be an integer"))),
    }
}

/// Whether ids are what is asked for: `,` is and, `|` is or, `-` is not.
fn fits(asked: Option<&str>, ids: &[impl AsRef<str>]) -> bool {
    let has = |id: &str| match id.strip_prefix('-') {
        Some(id) => !ids.iter().any(|known| known.as_ref() == id),
        None => ids.iter().any(|known| known.as_ref() == id),
    };
    asked.is_none_or(|asked| asked.split(',').all(|part| part.split('|').any(|id| has(id.trim()))))
}
