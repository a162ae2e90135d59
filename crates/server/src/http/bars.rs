//! `GET /api/v1/bars/{symbol}`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use market::{Bar, Timestamp};
use wire::http::{BarBody, BarsAnswer};
use wire::names::{IntervalName, SessionName};
use wire::problem::Problem;

use super::ApiState;
use super::cursor::Cursor;
use super::problem::Refusal;
use super::query::Query;
use super::source::{BarsError, BarsQuery};
use super::symbols::{find, symbol_text};

/// Most bars of one page.
const LIMIT_MAX: usize = 10_000;

/// Bars, ascending.
///
/// With `from`, the earliest `limit` bars that start there or later, and `next_cursor` leads to
/// later ones. Without it, the newest `limit` bars that start before `to`, and `next_cursor` leads
/// to earlier ones. Send a cursor together with the other parameters of the first request.
#[utoipa::path(
    get,
    path = "/api/v1/bars/{symbol}",
    operation_id = "get_bars",
    tag = "market data",
    params(
        ("symbol" = String, Path, description = "The symbol, percent-encoded", max_length = 32, example = "AAPL"),
        ("interval" = Option<IntervalName>, Query, description = "Length of each window; `1m` without it"),
        ("session" = Option<SessionName>, Query, description = "Which trades count; `extended` without it"),
        ("from" = Option<String>, Query, description = "First start of a bar, RFC 3339", format = DateTime),
        ("to" = Option<String>, Query, description = "Bars that start before this, RFC 3339", format = DateTime),
        ("limit" = Option<u32>, Query, description = "Most bars to give; 1000 without it", minimum = 1, maximum = 10000),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "The bars", body = BarsAnswer),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such symbol", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Bars cannot be read now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn bars(
    State(state): State<ApiState>,
    symbol: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Json<BarsAnswer>, Refusal> {
    let query = Query::of(&uri)?;
    let interval = query.word("interval", IntervalName::M1)?;
    let session = query.word("session", SessionName::Extended)?;
    let limit = query.number("limit", 1..=LIMIT_MAX, 1000)?;
    let (from, to) = range(&query)?;
    let (id, symbol) = find(&state.market.universe(), &symbol_text(symbol)?)?;

    // One more than asked for tells whether there is another page.
    let asked = BarsQuery {
        symbol: id,
        interval: interval.into(),
        session: session.into(),
        from,
        to,
        limit: limit + 1,
    };
    let page = state.market.bars(asked).await.map_err(|error| {
        let BarsError::Unavailable(reason) = &error;
        tracing::warn!(symbol = %symbol, %reason, "bars cannot be read");
        Refusal::unavailable("bars cannot be read now; try again")
    })?;
    let (bars, next) = cut(page.bars, limit, from.is_some());
    Ok(Json(BarsAnswer {
        symbol: symbol.into(),
        interval,
        session,
        source: page.source,
        bars: bars.into_iter().map(BarBody::from).collect(),
        next_cursor: next.map(Cursor::encode),
    }))
}

type Range = (Option<Timestamp>, Option<Timestamp>);

/// `from` and `to`, moved on by the cursor.
fn range(query: &Query) -> Result<Range, Refusal> {
    let (from, to) = (query.time("from")?, query.time("to")?);
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Refusal::bad_request("from must be before to"));
    }
    match query.text("cursor").map(Cursor::decode).transpose()? {
        None => Ok((from, to)),
        Some(Cursor::From(start)) => Ok((Some(from.map_or(start, |from| from.max(start))), to)),
        // A page without `from` stays one without.
        Some(Cursor::Before(end)) if from.is_none() => Ok((None, Some(to.map_or(end, |to| to.min(end))))),
        Some(_) => Err(Refusal::bad_request("cursor is of another list")),
    }
}

/// Takes off the bar too many: the last going forward, the first going back.
fn cut(mut bars: Vec<Bar>, limit: usize, forward: bool) -> (Vec<Bar>, Option<Cursor>) {
    if bars.len() <= limit {
        return (bars, None);
    }
    if forward {
        let next = bars.get(limit).map(|bar| Cursor::From(bar.start));
        bars.truncate(limit);
        (bars, next)
    } else {
        bars.drain(..bars.len() - limit);
        let next = bars.first().map(|bar| Cursor::Before(bar.start));
        (bars, next)
    }
}
