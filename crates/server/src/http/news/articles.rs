//! `/api/v1/news`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use market::{SymbolId, Timestamp};
use signals::query::Query as Words;
use store::records::article::{self, Article, Filter};
use wire::news::{ArticleAnswer, ImpactBody, NewsAnswer};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::super::query::Query;
use super::super::symbols::find;
use super::{news_of, no_bars, unread};
use crate::news::{News, article_body};

/// Most articles of one page.
const LIMIT_MAX: usize = 200;
/// Articles read at once while words are looked for.
const BATCH: usize = 500;
/// And at most in one request; the next page goes on from there.
const SCANNED_MAX: usize = 20_000;

/// Where the next page begins, as clients carry it: time and id of the last article.
fn cursor_of((at, id): (Timestamp, u64)) -> String {
    format!("{}-{id:x}", at.nanos())
}

fn read_cursor(text: &str) -> Option<(Timestamp, u64)> {
    // The time may have a sign of its own.
    let (nanos, id) = text.rsplit_once('-')?;
    Some((Timestamp::from_nanos(nanos.parse().ok()?), u64::from_str_radix(id, 16).ok()?))
}

/// Articles that a filter and words choose, and where to go on.
async fn found(
    news: &News,
    mut filter: Filter,
    words: &Words,
    limit: usize,
) -> Result<(Vec<Article>, Option<String>), Refusal> {
    let (mut articles, mut scanned): (Vec<Article>, usize) = (Vec::new(), 0);
    // Beside a symbol the records do not look at the stream.
    let stream = filter.stream.filter(|_| filter.symbol.is_some());
    let is_plain = words.is_empty() && stream.is_none();
    let batch = if is_plain { limit + 1 } else { BATCH };
    // Others wait for the records, too: few search at a time.
    let _place = if is_plain { None } else { Some(news.place().await.map_err(no_bars)?) };
    loop {
        let asked = filter.clone();
        let page = news.records().run(move |sql| article::list(sql, &asked, batch)).await.map_err(unread)?;
        let is_last = page.len() < batch;
        scanned += page.len();
        for one in page {
            let place = (one.published_at, one.id);
            let is_of_stream = stream.is_none_or(|stream| one.streams.contains(&stream));
            if !is_of_stream || !words.matches(&one.title, &one.summary) {
                filter.after = Some(place);
                continue;
            }
            if articles.len() == limit {
                // There is another one: the next page begins behind the last of this.
                let next = articles.last().map(|last| cursor_of((last.published_at, last.id)));
                return Ok((articles, next));
            }
            filter.after = Some(place);
            articles.push(one);
        }
        if is_last {
            return Ok((articles, None));
        }
        if scanned >= SCANNED_MAX {
            return Ok((articles, filter.after.map(cursor_of)));
        }
    }
}

/// Articles, the newest first. With a symbol, each with what its price did after it, compared with the usual.
///
/// `q` chooses by words: `AND`, `OR`, `NOT`, "phrases" and parentheses. A page may be short, or even empty, while there
/// is a `next_cursor`: then what was looked through had no more with these words.
#[utoipa::path(
    get,
    path = "/api/v1/news",
    operation_id = "get_news",
    tag = "news",
    params(
        ("symbol" = Option<String>, Query, description = "Only those about this symbol", max_length = 32, example = "AAPL"),
        ("q" = Option<String>, Query, description = "Only those with these words in title or summary", max_length = 500, example = "chips AND NOT crisps"),
        ("source" = Option<String>, Query, description = "Only those of this source", max_length = 64),
        ("stream" = Option<String>, Query, description = "Only those that this stream found", max_length = 20),
        ("from" = Option<String>, Query, description = "Published then or later", example = "2026-01-05T14:30:00Z"),
        ("to" = Option<String>, Query, description = "Published before"),
        ("limit" = Option<u32>, Query, description = "Most articles to give; 50 without it", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "The articles", body = NewsAnswer),
        (status = 400, description = "A parameter is wrong; of `q` it says where", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such symbol", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "News or bars cannot be read now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Json<NewsAnswer>, Refusal> {
    let news = news_of(&state)?;
    let query = Query::of(&uri)?;
    let symbol = match query.short_text("symbol", 64)? {
        Some(text) => Some(find(&state.market.universe(), text)?),
        None => None,
    };
    let words = query.text("q").unwrap_or_default();
    let words = Words::parse(words).map_err(|error| Refusal::bad_request(format!("q: {error}")))?;
    let stream = query.short_text("stream", 20)?.map(str::parse::<i64>).transpose();
    let limit = query.number("limit", 1..=LIMIT_MAX, 50)?;
    let after = match query.text("cursor") {
        Some(text) => {
            Some(read_cursor(text).ok_or_else(|| Refusal::bad_request("cursor is of another list"))?)
        }
        None => None,
    };
    let filter = Filter {
        symbol: symbol.as_ref().map(|(_, symbol)| symbol.to_string()),
        stream: stream.map_err(|_| Refusal::bad_request("stream must be the id of a stream"))?,
        source: query.short_text("source", 64)?.map(str::to_owned),
        from: query.time("from")?,
        to: query.time("to")?,
        after,
    };
    let (articles, next_cursor) = found(news, filter, &words, limit).await?;
    let Some((id, symbol)) = symbol else {
        let articles = articles.into_iter().map(|one| article_body(one, None)).collect();
        return Ok(Json(NewsAnswer { articles, pooled: None, next_cursor }));
    };
    let moments = articles.iter().map(|one| one.published_at).collect();
    let studied = news.studied(id, symbol.as_str(), moments).await.map_err(no_bars)?;
    let told = articles.into_iter().zip(studied.impacts);
    let articles = told.map(|(one, impact)| article_body(one, Some(impact))).collect();
    Ok(Json(NewsAnswer { articles, pooled: studied.pooled, next_cursor }))
}

/// An article, with what followed it for each symbol that it is about.
#[utoipa::path(
    get,
    path = "/api/v1/news/{id}",
    operation_id = "get_article",
    tag = "news",
    params(("id" = String, Path, description = "The article", example = "0123456789abcdef")),
    responses(
        (status = 200, description = "The article", body = ArticleAnswer),
        (status = 404, description = "There is no such article", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "News or bars cannot be read now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(state): State<ApiState>,
    Path(text): Path<String>,
) -> Result<Json<ArticleAnswer>, Refusal> {
    let news = news_of(&state)?;
    let missing = || Refusal::none("article", &text);
    let id = Some(&text).filter(|text| text.len() == 16).and_then(|text| u64::from_str_radix(text, 16).ok());
    let id = id.ok_or_else(missing)?;
    let found = news.records().run(move |sql| article::get(sql, id)).await.map_err(unread)?;
    let article = found.ok_or_else(missing)?;
    let universe = state.market.universe();
    let known: Vec<(SymbolId, &String)> = article
        .symbols
        .iter()
        .filter_map(|text| Some((universe.id(&text.parse().ok()?)?, text)))
        .take(STUDIED_MAX)
        .collect();
    let mut impacts: Vec<ImpactBody> = Vec::with_capacity(known.len());
    for (id, text) in known {
        let studied = news.studied(id, text, vec![article.published_at]).await.map_err(no_bars)?;
        impacts.extend(studied.impacts);
    }
    Ok(Json(ArticleAnswer { article: article_body(article, None), impacts }))
}

/// Symbols of one article that are studied in one request.
const STUDIED_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        for place in [(Timestamp::EPOCH, 0), (Timestamp::from_nanos(-5), u64::MAX), (Timestamp::MAX, 1)] {
            assert_eq!(read_cursor(&cursor_of(place)), Some(place));
        }
        for bad in ["", "-", "1", "1-", "x-1", "1-g", "1--1"] {
            assert_eq!(read_cursor(bad), None, "{bad}");
        }
    }
}
