//! What the client of the quote server counts.

use std::sync::atomic::AtomicI64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::error::{QuoteError, Trouble};

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// The counters of a client; clones share them.
#[derive(Debug, Clone)]
pub struct QuoteMetrics {
    fetched: Counter,
    cost_cents: Counter,
    pub(super) hits: Counter,
    pub(super) collapsed: Counter,
    pub(super) retries: Counter,
    pub(super) open: Gauge<i64, AtomicI64>,
    troubles: Family<Reason, Counter>,
    failures: Family<Reason, Counter>,
    pub(super) seconds: Histogram,
}

impl Default for QuoteMetrics {
    fn default() -> Self {
        // Seconds: from a good answer to the most that is waited.
        let buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        Self {
            fetched: Counter::default(),
            cost_cents: Counter::default(),
            hits: Counter::default(),
            collapsed: Counter::default(),
            retries: Counter::default(),
            open: Gauge::default(),
            troubles: Family::default(),
            failures: Family::default(),
            seconds: Histogram::new(buckets),
        }
    }
}

impl QuoteMetrics {
    /// Registers all names, each beginning with `legacy_quotes_`.
    pub fn register(registry: &mut Registry) -> Self {
        let m = Self::default();
        let r = registry.sub_registry_with_prefix("legacy_quotes");
        r.register("fetched", "Quotes the server answered, each of them paid", m.fetched.clone());
        r.register("cost_cents", "What those cost, in cents", m.cost_cents.clone());
        r.register("hits", "Quotes taken from the cache", m.hits.clone());
        r.register("collapsed", "Callers that joined a request already made", m.collapsed.clone());
        r.register("retries", "Connections made after the first of a request", m.retries.clone());
        r.register("connections", "Connections to the server open now", m.open.clone());
        r.register("troubles", "Attempts without a quote, by reason", m.troubles.clone());
        r.register("failures", "Requests that ended without a quote, by reason", m.failures.clone());
        r.register("fetch_seconds", "From a miss to its quote, with all attempts", m.seconds.clone());
        m
    }

    /// Counts a quote that was answered.
    pub(super) fn paid(&self) {
        self.fetched.inc();
        self.cost_cents.inc_by(super::QUOTE_CENTS);
    }

    /// Counts an attempt without a quote.
    pub(super) fn trouble(&self, trouble: Trouble) {
        self.troubles.get_or_create(&Reason { reason: trouble.label() }).inc();
    }

    /// Counts a request that ended without a quote.
    pub(super) fn failure(&self, error: &QuoteError) {
        self.failures.get_or_create(&Reason { reason: error.label() }).inc();
    }

    /// Quotes answered so far.
    pub fn fetched(&self) -> u64 {
        self.fetched.get()
    }

    /// What they cost, in cents.
    pub fn cost_cents(&self) -> u64 {
        self.cost_cents.get()
    }

    /// Quotes taken from the cache so far.
    pub fn hits(&self) -> u64 {
        self.hits.get()
    }

    /// Callers so far that joined a request already made.
    pub fn collapsed(&self) -> u64 {
        self.collapsed.get()
    }

    /// Connections so far that were made after the first of a request.
    pub fn retries(&self) -> u64 {
        self.retries.get()
    }

    /// Connections open now.
    pub fn connections(&self) -> i64 {
        self.open.get()
    }

    /// Attempts so far that had this trouble.
    pub fn troubles(&self, trouble: Trouble) -> u64 {
        self.troubles.get_or_create(&Reason { reason: trouble.label() }).get()
    }

    /// Requests so far that ended with this error.
    pub fn failures(&self, error: &QuoteError) -> u64 {
        self.failures.get_or_create(&Reason { reason: error.label() }).get()
    }
}
