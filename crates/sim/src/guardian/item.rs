//! What of an article is shown, and how.

use std::collections::HashMap;

use market::{Date, Timestamp};
use serde_json::{Map, Value, json};

use super::{Look, Refusal};
use crate::news::{self, Article};

/// The sections that the simulated market's articles are in.
const SECTIONS: [(&str, &str); 3] =
    [("business", "Business"), ("technology", "Technology"), ("money", "Money")];
/// What marks a live blog.
const LIVE_TAG: &str = "tone/minutebyminute";
const NEWS_TAG: &str = "tone/news";

/// `/sections`
pub(super) fn sections() -> Value {
    let results: Vec<Value> = SECTIONS
        .iter()
        .map(|(id, title)| json!({ "id": id, "webTitle": title, "webUrl": format!("https://example.com/simulated/{id}") }))
        .collect();
    json!({ "response": { "status": "ok", "userTier": "developer", "total": results.len(), "results": results } })
}

/// `/tags`
pub(super) fn tags() -> Value {
    let ids = SECTIONS.iter().map(|(id, _)| format!("{id}/{id}"));
    let results: Vec<Value> = ids
        .chain([LIVE_TAG.to_owned(), NEWS_TAG.to_owned()])
        .map(|id| json!({ "id": id, "type": if id.starts_with("tone") { "tone" } else { "keyword" } }))
        .collect();
    json!({ "response": {
        "status": "ok", "userTier": "developer", "total": results.len(), "startIndex": 1, "pageSize": results.len(),
        "currentPage": 1, "pages": 1, "results": results,
    } })
}

/// An article's tags.
pub(super) fn tags_of(article: &Article) -> [String; 2] {
    let tone = if article.is_live { LIVE_TAG } else { NEWS_TAG };
    [format!("{0}/{0}", article.section), tone.to_owned()]
}

/// `/{id}`
pub(super) fn one(
    look: &Look,
    id: &str,
    query: &HashMap<String, String>,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let day = day_of(id).ok_or(Refusal::NotFound)?;
    let (from, to) = (day.midnight_utc(), day.plus_days(2).midnight_utc());
    let article = news::articles(&look.market, from, to, now).into_iter().find(|article| article.id == id);
    let content = shown(&article.ok_or(Refusal::NotFound)?, fields(query).as_deref());
    Ok(json!({ "response": { "status": "ok", "userTier": "developer", "total": 1, "content": content } }))
}

/// The day in an id: `business/2026/nov/21/some-words`.
fn day_of(id: &str) -> Option<Date> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut parts = id.rsplit('/').skip(1);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    Date::parse(format!("{year}-{month:02}-{day}").as_bytes())
}

/// The fields that a call wants shown.
pub(super) fn fields(query: &HashMap<String, String>) -> Option<Vec<String>> {
    let list = query.get("show-fields").filter(|list| !list.is_empty())?;
    Some(list.split(',').map(|name| name.trim().to_owned()).collect())
}

/// An article as results have it.
pub(super) fn shown(article: &Article, fields: Option<&[String]>) -> Value {
    let title = SECTIONS.iter().find(|(id, _)| *id == article.section).map_or("", |(_, title)| title);
    let mut item = json!({
        "id": article.id,
        "type": if article.is_live { "liveblog" } else { "article" },
        "sectionId": article.section,
        "sectionName": title,
        "webPublicationDate": article.published_at.to_string(),
        "webTitle": article.title,
        "webUrl": article.url(),
        "apiUrl": format!("https://example.com/simulated/api/{}", article.id),
        "isHosted": false,
        "pillarId": "pillar/news",
        "pillarName": "News",
    });
    if let Some(fields) = fields {
        item["fields"] = Value::Object(values(article, fields));
    }
    item
}

fn values(article: &Article, fields: &[String]) -> Map<String, Value> {
    let html = escaped(&article.summary);
    let words = article.summary.split_whitespace().count().to_string();
    let all = [
        ("headline", json!(article.title)),
        ("trailText", json!(html)),
        ("body", json!(format!("<p>{html}</p>"))),
        ("bodyText", json!(article.summary)),
        ("byline", json!("Bellwether simulated market")),
        ("wordcount", json!(words)),
        ("lastModified", json!(article.updated_at.to_string())),
        ("firstPublicationDate", json!(article.published_at.to_string())),
        ("shortUrl", json!(format!("https://example.com/simulated/p/{:x}", article.number))),
        ("liveBloggingNow", json!(article.is_live)),
    ];
    let is_wanted = |name: &str| fields.iter().any(|field| field == name || field == "all");
    all.into_iter()
        .filter(|(name, _)| is_wanted(name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
