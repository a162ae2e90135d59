//! HTTP: search, quotes, bars, status, the description of it all, and the page.

/// `GET /api/v1/bars/{symbol}`.
mod bars;
/// Places in a list, as clients carry them.
mod cursor;
/// What surrounds every request: headers, timeout, panics, counting.
mod guard;
/// `/healthz`, `/readyz`, `/metrics`.
mod health;
/// The listening socket: accepts, limits, drains.
pub mod listen;
/// What is counted of requests and connections.
pub mod metrics;
/// `/openapi.json` and `/docs`.
mod openapi;
/// The page: files built into the program.
pub mod page;
/// Refusals as `application/problem+json`.
mod problem;
/// Query strings.
mod query;
/// `GET /api/v1/quotes` and `GET /api/v1/sparklines`.
mod quotes;
/// `GET /sources` and `POST /session`.
mod session;
/// What the routes need of the live side.
pub mod source;
/// `GET /api/v1/status`.
mod status;
/// `GET /api/v1/symbols` and `GET /api/v1/symbols/{symbol}`.
mod symbols;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use prometheus_client::registry::Registry;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::search::Search;

pub use listen::{Drained, ListenError, ListenOptions, Listener, Permit};
pub use metrics::HttpMetrics;
pub use openapi::document;
pub use page::Page;
pub use problem::Refusal;
pub use source::{BarsError, BarsPage, BarsQuery, MarketData};

/// The longest request body, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The longest a request may take before it is answered with 503.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What the routes work with. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    /// The live side.
    pub market: Arc<dyn MarketData>,
    /// The symbol search; it follows the universe of `market` by itself.
    pub search: Arc<Search>,
    /// Everything `/metrics` shows.
    pub registry: Arc<Registry>,
    /// Counts of requests; registered in `registry`.
    pub metrics: HttpMetrics,
    /// Addresses the data comes from, as `/sources` lists them.
    pub sources: Arc<[String]>,
    /// The page.
    pub page: Arc<Page>,
    /// The longest a request may take.
    pub request_timeout: Duration,
}

impl ApiState {
    /// Builds the search index on the calling thread and takes the page built into the program.
    /// `metrics` must be registered in `registry`.
    pub fn new(
        market: Arc<dyn MarketData>,
        registry: Arc<Registry>,
        metrics: HttpMetrics,
        sources: Vec<String>,
    ) -> Self {
        let search = Arc::new(Search::new(market.universe()));
        Self {
            market,
            search,
            registry,
            metrics,
            sources: sources.into(),
            page: Arc::new(Page::embedded()),
            request_timeout: REQUEST_TIMEOUT,
        }
    }
}

/// All routes but the WebSocket, which the caller brings as `ws`: it is merged outside of the
/// timeout, compression and counting of requests, since a connection is none.
pub fn router(state: ApiState, ws: Router) -> Router {
    let api = Router::new()
        .route("/api/v1/symbols", get(symbols::search))
        // Symbols may have slashes, which some clients do not encode.
        .route("/api/v1/symbols/{*symbol}", get(symbols::detail))
        .route("/api/v1/quotes", get(quotes::quotes))
        .route("/api/v1/bars/{*symbol}", get(bars::bars))
        .route("/api/v1/sparklines", get(quotes::sparklines))
        .route("/api/v1/status", get(status::status))
        .route("/sources", get(session::sources))
        .route("/session", post(session::create))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .route("/docs", get(openapi::docs_redirect))
        .route("/docs/", get(openapi::docs))
        .route("/docs/{*file}", get(openapi::docs))
        .fallback(page::fallback)
        .method_not_allowed_fallback(problem::method_not_allowed);
    // The last layer is the outermost.
    api.layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(state.clone(), guard::timeout))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(state.clone(), guard::count))
        .layer(middleware::from_fn(guard::headers))
        .with_state(state)
        .merge(ws)
}

#[cfg(test)]
mod tests;
