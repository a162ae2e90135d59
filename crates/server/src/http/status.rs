//! `GET /api/v1/status`.

use axum::Json;
use axum::extract::State;
use wire::http::StatusAnswer;

use super::ApiState;

/// Server clock, market session, feeds.
#[utoipa::path(
    get,
    path = "/api/v1/status",
    operation_id = "get_status",
    tag = "market data",
    responses((status = 200, description = "How things stand", body = StatusAnswer))
)]
pub(super) async fn status(State(state): State<ApiState>) -> Json<StatusAnswer> {
    Json(state.market.status())
}
