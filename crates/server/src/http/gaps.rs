//! `GET /api/v1/gaps/{symbol}`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use wire::http::GapsAnswer;
use wire::problem::Problem;

use super::ApiState;
use super::problem::Refusal;
use super::symbols::{find, symbol_text};

/// The newest times in which trades of a symbol may be missing, because the connection to its feed was lost.
///
/// A time is told once the connection is there again. The status counts a feed's gaps (`feeds[].gaps`): ask anew when
/// the count has changed.
#[utoipa::path(
    get,
    path = "/api/v1/gaps/{symbol}",
    operation_id = "get_gaps",
    tag = "market data",
    params(("symbol" = String, Path, description = "The symbol, percent-encoded", max_length = 32, example = "AAPL")),
    responses(
        (status = 200, description = "The gaps; none is an empty list", body = GapsAnswer),
        (status = 404, description = "No such symbol", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn gaps(
    State(state): State<ApiState>,
    symbol: Result<Path<String>, PathRejection>,
) -> Result<Json<GapsAnswer>, Refusal> {
    let (id, symbol) = find(&state.market.universe(), &symbol_text(symbol)?)?;
    Ok(Json(GapsAnswer { symbol: symbol.into(), gaps: state.market.gaps(id) }))
}
