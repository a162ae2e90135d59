//! HTTP: search, quotes, bars, status, the description of it all, and the page.

/// Who may use a route.
mod access;
/// Alerts, their firings and their back-test.
mod alerts;
/// `GET /api/v1/bars/{symbol}`.
mod bars;
/// Ways of reaching people.
pub mod channels;
/// Places in a list, as clients carry them.
mod cursor;
/// Day trading.
pub mod desk;
/// `GET /api/v1/gaps/{symbol}`.
mod gaps;
/// What surrounds every request: headers, timeout, panics, counting.
mod guard;
/// `/healthz`, `/readyz`, `/metrics`.
mod health;
/// A way past the router for many short requests on one connection.
pub mod lane;
/// The listening socket: accepts, limits, drains.
pub mod listen;
/// Watch lists and boards.
mod lists;
/// What is counted of requests and connections.
pub mod metrics;
/// Articles, and what moved.
mod news;
/// `/openapi.json` and `/docs`.
mod openapi;
/// The page: files built into the program.
pub mod page;
/// Signing in, oneself, logins, keys, users, invites.
mod people;
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
/// `/api/v1/streams`.
mod streams;
/// `GET /api/v1/symbols` and `GET /api/v1/symbols/{symbol}`.
mod symbols;
/// Who asks.
mod who;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;
use tower_http::compression::CompressionLayer;

use self::access::{Gate, Routes};
use crate::alerts::Alerting;
use crate::news::News;
use crate::people::People;
use crate::people::identity::Access;
use crate::search::Search;

pub use guard::is_same_site;
pub use health::{Readiness, operations};
pub use lane::Lane;
pub use listen::{App, Drained, ListenError, ListenOptions, Listener, Permit};
pub use metrics::HttpMetrics;
pub use openapi::document;
pub use page::Page;
pub use people::oidc::Oidc;
pub use problem::Refusal;
pub use source::{BarsError, BarsPage, BarsQuery, MarketData};
pub use who::Admitted;

/// The longest request body, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The longest a request may take before it is answered with 503.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Back-tests at once.
const BACKTESTS_AT_ONCE: usize = 2;

/// What the routes work with.
pub struct ApiParts {
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
    /// Day trading, if this process runs it.
    pub desk: Option<Arc<desk::DeskState>>,
    /// People, if this process keeps them.
    pub people: Option<Arc<People>>,
    /// Alerts, if this process decides them.
    pub alerts: Option<Arc<Alerting>>,
    /// Places for back-tests, which take a processor for a while.
    pub backtests: Semaphore,
    /// The provider people may sign in with, if there is one.
    pub oidc: Option<Arc<Oidc>>,
    /// What reaches people, if this process does.
    pub notify: Option<Arc<channels::NotifyState>>,
    /// Articles and streams, if this process keeps them.
    pub news: Option<Arc<News>>,
}

/// What the routes work with, shared by all requests.
#[derive(Clone)]
pub struct ApiState(Arc<ApiParts>);

impl Deref for ApiState {
    type Target = ApiParts;

    fn deref(&self) -> &ApiParts {
        &self.0
    }
}

impl ApiParts {
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
            desk: None,
            people: None,
            alerts: None,
            backtests: Semaphore::new(BACKTESTS_AT_ONCE),
            oidc: None,
            notify: None,
            news: None,
        }
    }
}

/// All routes but the WebSocket and the line protocol, each with who may use it.
fn routes() -> Routes {
    use Access::{Anyone, Prices};
    Routes::new()
        .get("/api/v1/symbols", Prices, symbols::search)
        // Symbols may have slashes, which some clients do not encode.
        .get("/api/v1/symbols/{*symbol}", Prices, symbols::detail)
        .get("/api/v1/quotes", Prices, quotes::quotes)
        .get("/api/v1/bars/{*symbol}", Prices, bars::bars)
        .get("/api/v1/gaps/{*symbol}", Prices, gaps::gaps)
        .get("/api/v1/sparklines", Prices, quotes::sparklines)
        .get("/api/v1/status", Prices, status::status)
        .get("/sources", Prices, session::sources)
        .post("/session", Anyone, session::create)
        .get("/healthz", Anyone, health::healthz)
        .get("/readyz", Anyone, health::readyz)
        .get("/metrics", Anyone, health::metrics)
        .get("/openapi.json", Anyone, openapi::openapi)
        .get("/docs", Anyone, openapi::docs_redirect)
        .get("/docs/", Anyone, openapi::docs)
        .get("/docs/{*file}", Anyone, openapi::docs)
        .merge(desk::routes())
        .merge(people::routes())
        .merge(lists::routes())
        .merge(alerts::routes())
        .merge(channels::routes())
        .merge(news::routes())
        .merge(streams::routes())
}

/// All there is to serve: the routes, and the lane past them for the operator's commands.
pub fn app(parts: ApiParts, ws: Router) -> App {
    let both = parts.desk.as_ref().zip(parts.people.as_ref());
    let lane = both.map(|(desk, people)| desk::lane(desk, people, &parts.metrics));
    App::new(router(parts, ws), lane)
}

/// All routes but the WebSocket, which the caller brings as `ws`: it is merged outside of the
/// timeout, compression and counting of requests, since a connection is none. What it may watch is decided
/// before it.
pub fn router(parts: ApiParts, ws: Router) -> Router {
    let state = ApiState(Arc::new(parts));
    let (api, mut table) = routes().into_parts();
    let (commands, of_commands) = desk::command_routes().into_parts();
    table.extend(of_commands);
    let gate = Gate { state: state.clone(), table: Arc::new(table) };
    let api = api.fallback(page::fallback).method_not_allowed_fallback(problem::method_not_allowed);
    // The last layer is the outermost. Answers to commands are many and short: compressing them never pays.
    api.layer(CompressionLayer::new())
        .merge(commands)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(gate, guard::guard))
        .with_state(state.clone())
        .merge(ws.layer(middleware::from_fn_with_state(state, who::greet)))
}

#[cfg(test)]
mod tests;
