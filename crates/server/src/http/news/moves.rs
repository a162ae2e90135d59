//! `GET /api/v1/moves/{symbol}`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use market::Timestamp;
use signals::headline::HeadlineId;
use signals::impact::MoveSettings;
use store::records::article::{self, Article, Filter};
use wire::news::{MovesAnswer, NearBody};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::super::query::Query;
use super::super::symbols::{find, symbol_text};
use super::{news_of, no_bars, unread};
use crate::news::{Around, MOVES_NOTE, News, article_body};

/// Most moves told.
const LIMIT_MAX: usize = 200;
/// Articles looked at beside them.
const ARTICLES_MAX: usize = 2_000;
/// Articles told with one move.
const NEAR_MAX: usize = 10;

/// What moved this? Unusual moves of a symbol, the newest first, with the articles just before and after.
///
/// A move is unusual if it is large against the usual minutes of its half hour, by what was known before it. An article
/// near it need not have to do with it.
#[utoipa::path(
    get,
    path = "/api/v1/moves/{symbol}",
    operation_id = "get_moves",
    tag = "news",
    params(
        ("symbol" = String, Path, description = "The symbol, percent-encoded", max_length = 32, example = "AAPL"),
        ("from" = Option<String>, Query, description = "Moves that begin then or later", example = "2026-01-05T14:30:00Z"),
        ("to" = Option<String>, Query, description = "Moves that begin before"),
        ("limit" = Option<u32>, Query, description = "Most moves to give; 50 without it", minimum = 1, maximum = 200),
    ),
    responses(
        (status = 200, description = "The moves; none is an empty list", body = MovesAnswer),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such symbol", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "News or bars cannot be read now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn moves(
    State(state): State<ApiState>,
    symbol: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Json<MovesAnswer>, Refusal> {
    let news = news_of(&state)?;
    let (id, symbol) = find(&state.market.universe(), &symbol_text(symbol)?)?;
    let query = Query::of(&uri)?;
    let within = (query.time("from")?.unwrap_or(Timestamp::MIN), query.time("to")?.unwrap_or(Timestamp::MAX));
    let limit = query.number("limit", 1..=LIMIT_MAX, 50)?;
    let (moves, looked_from) = news.moves(id, within, limit).await.map_err(no_bars)?;
    let articles: HashMap<u64, Article> = match News::reach(&moves) {
        Some((from, to)) => {
            let filter = Filter {
                symbol: Some(symbol.to_string()),
                from: Some(from),
                to: Some(to),
                ..Filter::default()
            };
            let found = news.records().run(move |sql| article::list(sql, &filter, ARTICLES_MAX)).await;
            found.map_err(unread)?.into_iter().map(|one| (one.id, one)).collect()
        }
        None => HashMap::new(),
    };
    let times: Vec<(HeadlineId, Timestamp)> =
        articles.values().map(|one| (HeadlineId(one.id), one.published_at)).collect();
    let told = News::around(&moves, &times).into_iter().map(|Around { mut body, near }| {
        let near = near.iter().take(NEAR_MAX).filter_map(|near| {
            let article = article_body(articles.get(&near.article.0)?.clone(), None);
            Some(NearBody { lag_s: near.lag_seconds, article })
        });
        body.articles = near.collect();
        body
    });
    Ok(Json(MovesAnswer {
        symbol: symbol.to_string(),
        minutes: MoveSettings::default().minutes,
        moves: told.collect(),
        looked_from,
        note: MOVES_NOTE.to_owned(),
    }))
}
