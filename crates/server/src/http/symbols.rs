//! `GET /api/v1/symbols` and `GET /api/v1/symbols/{symbol}`.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use market::{Symbol, SymbolId, Universe};
use wire::http::{InstrumentBody, SymbolDetail, SymbolsPage};
use wire::problem::Problem;

use super::ApiState;
use super::cursor::Cursor;
use super::problem::Refusal;
use super::query::Query;

/// Most symbols of one page.
const LIMIT_MAX: usize = 100;

/// The longest a provider is waited for; a slow one costs the key figures, not the answer.
const CARD_TIMEOUT: Duration = Duration::from_secs(3);

/// Ranked search by symbol and name.
///
/// Exact symbols first, then beginnings of symbols, then words of names, then the same with typing
/// errors; within each, the more active first. Without `q`, all instruments, the most active first.
#[utoipa::path(
    get,
    path = "/api/v1/symbols",
    operation_id = "search_symbols",
    tag = "market data",
    params(
        ("q" = Option<String>, Query, description = "What somebody typed", max_length = 100, example = "motors"),
        ("limit" = Option<u32>, Query, description = "Most symbols to give; 20 without it", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "The best of what was found", body = SymbolsPage),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn search(State(state): State<ApiState>, uri: Uri) -> Result<Json<SymbolsPage>, Refusal> {
    let query = Query::of(&uri)?;
    let text = query.short_text("q", 100)?.unwrap_or_default();
    let limit = query.number("limit", 1..=LIMIT_MAX, 20)?;
    let offset = match query.text("cursor").map(Cursor::decode).transpose()? {
        None => 0,
        Some(Cursor::Offset(offset)) => offset,
        Some(_) => return Err(Refusal::bad_request("cursor is of another list")),
    };
    state.search.follow(&state.market.universe());
    let index = state.search.index();
    let found = index.search(text, offset, limit);
    let symbols =
        found.ids.iter().filter_map(|&id| index.universe().get(id)).map(InstrumentBody::from).collect();
    let next_cursor = found.more.then(|| Cursor::Offset(offset + found.ids.len()).encode());
    Ok(Json(SymbolsPage { symbols, next_cursor }))
}

/// One instrument with its key figures.
#[utoipa::path(
    get,
    path = "/api/v1/symbols/{symbol}",
    operation_id = "get_symbol",
    tag = "market data",
    params(("symbol" = String, Path, description = "The symbol, percent-encoded", max_length = 32, example = "GM")),
    responses(
        (status = 200, description = "The instrument; figures its provider does not give are null", body = SymbolDetail),
        (status = 404, description = "No such symbol", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn detail(
    State(state): State<ApiState>,
    symbol: Result<Path<String>, PathRejection>,
) -> Result<Json<SymbolDetail>, Refusal> {
    let text = symbol_text(symbol)?;
    let universe = state.market.universe();
    let (id, _) = find(&universe, &text)?;
    let Some(instrument) = universe.get(id) else { return Err(Refusal::unknown_symbol(&text)) };
    let card = tokio::time::timeout(CARD_TIMEOUT, state.market.card(id)).await.unwrap_or_default();
    Ok(Json(SymbolDetail { instrument: instrument.into(), card }))
}

/// The id of a symbol in a path, or 404.
pub(super) fn find(universe: &Universe, text: &str) -> Result<(SymbolId, Symbol), Refusal> {
    let symbol = Symbol::new(text).map_err(|_| Refusal::unknown_symbol(text))?;
    let id = universe.id(&symbol).ok_or_else(|| Refusal::unknown_symbol(text))?;
    Ok((id, symbol))
}

/// The symbol of a path, decoded.
pub(super) fn symbol_text(symbol: Result<Path<String>, PathRejection>) -> Result<String, Refusal> {
    let wrong = |_| Refusal::bad_request("the symbol in the path is not UTF-8 when decoded");
    symbol.map(|Path(text)| text).map_err(wrong)
}
