//! What is counted of requests and connections.

use std::hash::{Hash, Hasher};

use axum::extract::MatchedPath;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper ends of the buckets of a request's duration, in seconds.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// What a request is counted under.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The method, or `other`.
    pub method: &'static str,
    /// The route.
    pub route: Route,
    /// The status.
    pub status: u16,
}

/// A route as it is written in the program, not the path.
#[derive(Debug, Clone)]
pub enum Route {
    /// One of the router's.
    Matched(MatchedPath),
    /// Another.
    Named(&'static str),
}

impl Route {
    /// What the router matched; `page` where that was nothing.
    pub(super) fn of(matched: Option<&MatchedPath>) -> Self {
        matched.map_or(Self::Named("page"), |path| Self::Matched(path.clone()))
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Matched(path) => path.as_str(),
            Self::Named(name) => name,
        }
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        EncodeLabelValue::encode(&self.as_str(), encoder)
    }
}

/// Why a connection was not served.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabels {
    /// `total` or `address`: which limit was reached.
    pub limit: &'static str,
}

/// Counts of requests and connections. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    pub(super) requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    pub(super) panics: Counter,
    pub(super) timeouts: Counter,
    pub(super) connections: Gauge,
    pub(super) connections_accepted: Counter,
    pub(super) connections_refused: Family<RefusalLabels, Counter>,
    pub(super) accept_errors: Counter,
}

impl HttpMetrics {
    /// Makes the counts and registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            panics: Counter::default(),
            timeouts: Counter::default(),
            connections: Gauge::default(),
            connections_accepted: Counter::default(),
            connections_refused: Family::default(),
            accept_errors: Counter::default(),
        };
        let m = &metrics;
        registry.register(
            "http_request_duration_seconds",
            "Requests, and how long each took to its answer's head",
            m.requests.clone(),
        );
        registry.register("http_panics", "Requests that ended in a panic", m.panics.clone());
        registry.register("http_timeouts", "Requests that took too long", m.timeouts.clone());
        registry.register("connections", "Connections held now, WebSockets included", m.connections.clone());
        registry.register("connections_accepted", "Connections accepted", m.connections_accepted.clone());
        registry.register(
            "connections_refused",
            "Connections refused because a limit was reached",
            m.connections_refused.clone(),
        );
        registry.register("accept_errors", "Failures to accept a connection", m.accept_errors.clone());
        metrics
    }
}
