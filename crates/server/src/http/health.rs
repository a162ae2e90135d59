//! `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use wire::problem::Problem;

use super::problem::Refusal;
use super::{ApiState, guard};

/// The media type of the text below.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operation",
    responses((status = 200, description = "It does", body = String, content_type = "text/plain"))
)]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether feed and store are up.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    responses(
        (status = 200, description = "They are", body = String, content_type = "text/plain"),
        (status = 503, description = "They are not, and why", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn readyz(State(state): State<ApiState>) -> Result<&'static str, Refusal> {
    ready(state.market.is_ready())
}

fn ready(is_ready: Result<(), String>) -> Result<&'static str, Refusal> {
    is_ready.map(|()| "ready\n").map_err(|reason| Refusal::unavailable(format!("not ready: {reason}")))
}

/// Everything counted, as Prometheus reads it.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "get_metrics",
    tag = "operation",
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"))
)]
pub(super) async fn metrics(State(state): State<ApiState>) -> Response {
    shown(&state.registry)
}

fn shown(registry: &Registry) -> Response {
    let mut text = String::new();
    match encode(&mut text, registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            Refusal::unavailable("metrics cannot be written now").into_response()
        }
    }
}

/// Says whether a process is ready, or what it waits for.
pub type Readiness = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// `/healthz`, `/readyz` and `/metrics` alone, for a process that serves nothing else.
pub fn operations(registry: Arc<Registry>, is_ready: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(move || std::future::ready(ready(is_ready()))))
        .route("/metrics", get(move || std::future::ready(shown(&registry))))
        .layer(middleware::from_fn(guard::headers))
}
