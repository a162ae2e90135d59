//! News over HTTP: articles, and what moved.

/// `/api/v1/news`.
pub(super) mod articles;
/// `/api/v1/moves/{symbol}`.
pub(super) mod moves;

use std::sync::Arc;

use store::records::RecordError;

use super::ApiState;
use super::access::Routes;
use super::problem::Refusal;
use super::source::BarsError;
use crate::news::News;
use crate::people::identity::Access;

/// The routes.
pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/news", Access::Prices, articles::list)
        .get("/api/v1/news/{id}", Access::Prices, articles::get)
        .get("/api/v1/moves/{*symbol}", Access::Prices, moves::moves)
}

/// News, where this process has them.
pub(super) fn news_of(state: &ApiState) -> Result<&Arc<News>, Refusal> {
    state.news.as_ref().ok_or_else(|| Refusal::unavailable("news is kept by another process"))
}

fn unread(error: RecordError) -> Refusal {
    tracing::warn!(%error, "news cannot be read");
    Refusal::unavailable("news cannot be read now; try again")
}

fn no_bars(BarsError::Unavailable(reason): BarsError) -> Refusal {
    tracing::warn!(reason, "bars cannot be read for news");
    Refusal::unavailable("bars cannot be read now; try again")
}
