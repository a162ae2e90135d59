//! `GET /api/v1/quotes` and `GET /api/v1/sparklines`.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use market::{Symbol, SymbolId, Universe};
use wire::http::{QuotesAnswer, SparklinesAnswer};
use wire::problem::Problem;
use wire::text::excerpt;

use super::ApiState;
use super::problem::Refusal;
use super::query::Query;

/// Most symbols of one request.
pub(super) const SYMBOLS_MAX: usize = 500;

/// Latest values and day figures.
#[utoipa::path(
    get,
    path = "/api/v1/quotes",
    operation_id = "get_quotes",
    tag = "market data",
    params(("symbols" = String, Query, description = "1 to 500 symbols, comma-separated", example = "AAPL,MSFT")),
    responses(
        (status = 200, description = "A row for each known symbol", body = QuotesAnswer),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn quotes(State(state): State<ApiState>, uri: Uri) -> Result<Json<QuotesAnswer>, Refusal> {
    let query = Query::of(&uri)?;
    let universe = state.market.universe();
    let (known, unknown) = split(&universe, &query.list("symbols", SYMBOLS_MAX)?);
    let ids: Vec<SymbolId> = known.iter().map(|&(id, _)| id).collect();
    Ok(Json(QuotesAnswer { quotes: state.market.quotes(&ids), unknown }))
}

/// Small lines: recent closes of each symbol.
#[utoipa::path(
    get,
    path = "/api/v1/sparklines",
    operation_id = "get_sparklines",
    tag = "market data",
    params(("symbols" = String, Query, description = "1 to 500 symbols, comma-separated", example = "AAPL,MSFT")),
    responses(
        (status = 200, description = "A line for each known symbol", body = SparklinesAnswer),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn sparklines(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Json<SparklinesAnswer>, Refusal> {
    let query = Query::of(&uri)?;
    let universe = state.market.universe();
    let (known, _) = split(&universe, &query.list("symbols", SYMBOLS_MAX)?);
    let ids: Vec<SymbolId> = known.iter().map(|&(id, _)| id).collect();
    let lines = state.market.sparklines(&ids).await;
    let sparklines = known.into_iter().map(|(_, symbol)| symbol.into()).zip(lines).collect();
    Ok(Json(SparklinesAnswer { sparklines }))
}

/// Which of the texts are instruments, and which are not.
fn split(universe: &Universe, texts: &[&str]) -> (Vec<(SymbolId, Symbol)>, Vec<String>) {
    let (mut known, mut unknown) = (Vec::with_capacity(texts.len()), Vec::new());
    for text in texts {
        match Symbol::new(text).ok().and_then(|symbol| Some((universe.id(&symbol)?, symbol))) {
            Some(found) => known.push(found),
            None => unknown.push(excerpt(text).to_owned()),
        }
    }
    (known, unknown)
}
