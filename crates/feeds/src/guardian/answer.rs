//! What a search answers, in our words. Bytes in, values out.

use std::borrow::Cow;

use market::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use signals::headline::Headline;

use super::PAGE_SIZE;
use crate::news::Batch;
use crate::news::text::{SUMMARY_CHARS_MAX, TITLE_CHARS_MAX, address, plain};

/// The longest id taken.
const ID_CHARS_MAX: usize = 500;

#[derive(Debug, Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    response: Response<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    total: u64,
    current_page: u32,
    pages: u32,
    // Each is read on its own, so that one that cannot be costs no more than itself.
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    web_publication_date: Cow<'a, str>,
    #[serde(borrow, default)]
    web_title: Cow<'a, str>,
    #[serde(borrow, default)]
    web_url: Cow<'a, str>,
    #[serde(borrow, default)]
    fields: Option<Fields<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields<'a> {
    #[serde(borrow)]
    headline: Option<Cow<'a, str>>,
    #[serde(borrow)]
    trail_text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    last_modified: Option<Cow<'a, str>>,
    #[serde(borrow)]
    first_publication_date: Option<Cow<'a, str>>,
    #[serde(borrow)]
    short_url: Option<Cow<'a, str>>,
}

/// A page of a search. Articles that cannot be read are left out.
///
/// # Errors
/// The body is not of the documented shape.
pub fn read_page(body: &[u8]) -> Result<Batch, serde_json::Error> {
    let response = serde_json::from_slice::<Answer<'_>>(body)?.response;
    let articles: Vec<Headline> = response
        .results
        .iter()
        // A page has no more, whatever it says.
        .take(PAGE_SIZE as usize * 4)
        .filter_map(|raw| article(serde_json::from_str(raw.get()).ok()?))
        .collect();
    let is_last = response.current_page >= response.pages || response.results.is_empty();
    Ok(Batch { articles, is_last, total: Some(response.total) })
}

fn time(text: Option<&Cow<'_, str>>) -> Option<Timestamp> {
    Timestamp::parse(text?.as_bytes()).ok().filter(|time| *time > Timestamp::EPOCH)
}

fn article(item: Item<'_>) -> Option<Headline> {
    let fields = item.fields.unwrap_or_default();
    let appeared = time(Some(&item.web_publication_date))?;
    let published_at = time(fields.first_publication_date.as_ref()).unwrap_or(appeared);
    let updated_at = time(fields.last_modified.as_ref()).unwrap_or(appeared).max(published_at);
    let mut title = plain(fields.headline.as_deref().unwrap_or_default(), TITLE_CHARS_MAX);
    if title.is_empty() {
        title = plain(&item.web_title, TITLE_CHARS_MAX);
    }
    let mut url = address(&item.web_url);
    if url.is_empty() {
        url = address(fields.short_url.as_deref().unwrap_or_default());
    }
    let is_whole = !item.id.is_empty() && item.id.len() <= ID_CHARS_MAX && !title.is_empty();
    is_whole.then(|| Headline {
        source: "guardian".into(),
        article: item.id.into_owned(),
        title,
        summary: plain(fields.trail_text.as_deref().unwrap_or_default(), SUMMARY_CHARS_MAX),
        url,
        published_at,
        updated_at,
        symbols: Vec::new(),
    })
}
