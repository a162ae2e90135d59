//! The simulated market's news, as Finnhub gives them.

use std::collections::HashMap;

use bytes::Bytes;
use market::{Date, Timestamp};
use serde_json::{Value, json};

use super::Look;
use super::answer::{body, listing};
use super::rest::{Answer, Refusal};
use crate::news::{self, Article};

/// The longest span of company news in one call, in days.
const DAYS_MAX: i64 = 370;
/// General news has so many articles, the newest.
const GENERAL_MAX: usize = 100;

/// `/company-news`
pub(super) fn of_company(look: &Look, query: &HashMap<String, String>) -> Answer {
    let day = |name: &str, why| {
        query.get(name).and_then(|text| Date::parse(text.as_bytes())).ok_or(Refusal::BadQuery(why))
    };
    let from = day("from", "from is required, as 2026-01-31")?;
    let to = day("to", "to is required, as 2026-01-31")?;
    let Some((index, listing)) = listing(look, query)? else { return Ok(Bytes::from_static(b"[]")) };
    let now = look.now();
    let to = to.min(now.utc_date().0);
    let from = from.max(to.plus_days(-DAYS_MAX)).midnight_utc();
    let end = to.plus_days(1).midnight_utc();
    let mut articles = news::articles_about(&look.market, index, from, end, now);
    // It dates an article by its first appearance.
    articles.retain(|article| (from..end).contains(&article.published_at));
    articles.sort_by_key(|article| std::cmp::Reverse(article.number));
    let items: Vec<Value> =
        articles.iter().map(|article| item(article, "company", listing.symbol.as_str())).collect();
    body(&items)
}

/// `/news`
pub(super) fn general(look: &Look, query: &HashMap<String, String>) -> Answer {
    let category = query.get("category").map(String::as_str).unwrap_or_default();
    let days = match category {
        "general" => 2,
        "crypto" | "merger" => 7,
        // The simulated market has no currencies.
        "forex" => return Ok(Bytes::from_static(b"[]")),
        _ => return Err(Refusal::BadQuery("category must be one of general, forex, crypto, merger")),
    };
    let after: i64 = query.get("minId").and_then(|id| id.parse().ok()).unwrap_or(0);
    let now = look.now();
    let from = now.saturating_add_nanos(-days * 86_400 * market::time::NANOS_PER_SECOND);
    let mut articles: Vec<Article> = news::articles(&look.market, from, now_and_after(now), now)
        .into_iter()
        .filter(|article| article.category == category && article.number > after)
        .collect();
    articles.sort_by_key(|article| std::cmp::Reverse(article.number));
    articles.truncate(GENERAL_MAX);
    let items: Vec<Value> = articles.iter().map(|article| item(article, category, "")).collect();
    body(&items)
}

fn now_and_after(now: Timestamp) -> Timestamp {
    now.saturating_add_nanos(1)
}

fn item(article: &Article, category: &str, related: &str) -> Value {
    json!({
        "category": category,
        "datetime": article.published_at.seconds(),
        "headline": article.title,
        "id": article.number,
        "image": "",
        "related": related,
        "source": "Bellwether simulated market",
        "summary": article.summary,
        "url": article.url(),
    })
}
