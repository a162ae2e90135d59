//! What the feeds count.

use std::sync::atomic::AtomicI64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::adapter::{Signals, Skip};

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Feed {
    feed: String,
}

/// One feed, one reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FeedReason {
    feed: String,
    reason: &'static str,
}

#[derive(Debug, Clone, Copy)]
struct DelayBuckets;

impl MetricConstructor<Histogram> for DelayBuckets {
    fn new_metric(&self) -> Histogram {
        // Seconds: from a good line to a delayed plan.
        Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 900.0])
    }
}

type Counters = Family<Feed, Counter>;
type Gauges = Family<Feed, Gauge<i64, AtomicI64>>;

/// The counters of all feeds; clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    frames: Counters,
    bytes: Counters,
    trades: Counters,
    skipped: Family<FeedReason, Counter>,
    unknown_conditions: Counters,
    complaints: Counters,
    failures: Family<FeedReason, Counter>,
    reconnects: Counters,
    gaps: Counters,
    stalls: Counters,
    calls: Family<FeedReason, Counter>,
    subscribed: Gauges,
    waiting: Gauges,
    delay: Family<Feed, Histogram, DelayBuckets>,
}

impl Metrics {
    /// Registers all names, each beginning with `feed_`.
    pub fn register(registry: &mut Registry) -> Self {
        let m = Self {
            frames: Family::default(),
            bytes: Family::default(),
            trades: Family::default(),
            skipped: Family::default(),
            unknown_conditions: Family::default(),
            complaints: Family::default(),
            failures: Family::default(),
            reconnects: Family::default(),
            gaps: Family::default(),
            stalls: Family::default(),
            calls: Family::default(),
            subscribed: Family::default(),
            waiting: Family::default(),
            delay: Family::new_with_constructor(DelayBuckets),
        };
        let r = registry.sub_registry_with_prefix("feed");
        r.register("frames", "Frames received", m.frames.clone());
        r.register("received_bytes", "Bytes received in frames", m.bytes.clone());
        r.register("trades", "Trades passed on", m.trades.clone());
        r.register("skipped", "Frames and records left out, by reason", m.skipped.clone());
        r.register(
            "unknown_conditions",
            "Trades with an unknown sale condition, taken as regular",
            m.unknown_conditions.clone(),
        );
        r.register("complaints", "Errors the provider sent in its stream", m.complaints.clone());
        r.register("failures", "Connections refused or ended, by reason", m.failures.clone());
        r.register("reconnects", "Connections made after the first", m.reconnects.clone());
        r.register("gaps", "Gaps told downstream", m.gaps.clone());
        r.register("stalls", "Times that downstream was full and the socket waited", m.stalls.clone());
        r.register("calls", "REST calls, by outcome", m.calls.clone());
        r.register("subscribed_symbols", "Symbols the provider sends now", m.subscribed.clone());
        r.register("waiting_symbols", "Symbols wanted beyond the provider's limit", m.waiting.clone());
        r.register("delay_seconds", "From a trade's own time to its arrival", m.delay.clone());
        m
    }

    /// One feed's counters, resolved once so that counting on the hot path takes no lock.
    pub fn feed(&self, name: &str) -> FeedMetrics {
        let feed = Feed { feed: name.to_owned() };
        let skipped = Skip::ALL.map(|reason| {
            let labels = FeedReason { feed: name.to_owned(), reason: reason.label() };
            self.skipped.get_or_create_owned(&labels)
        });
        FeedMetrics {
            frames: self.frames.get_or_create_owned(&feed),
            bytes: self.bytes.get_or_create_owned(&feed),
            trades: self.trades.get_or_create_owned(&feed),
            skipped,
            unknown_conditions: self.unknown_conditions.get_or_create_owned(&feed),
            complaints: self.complaints.get_or_create_owned(&feed),
            reconnects: self.reconnects.get_or_create_owned(&feed),
            gaps: self.gaps.get_or_create_owned(&feed),
            stalls: self.stalls.get_or_create_owned(&feed),
            subscribed: self.subscribed.get_or_create_owned(&feed),
            waiting: self.waiting.get_or_create_owned(&feed),
            delay: self.delay.get_or_create_owned(&feed),
            failures: self.failures.clone(),
            calls: self.calls.clone(),
            name: name.to_owned(),
        }
    }
}

/// One feed's counters.
#[derive(Debug, Clone)]
pub struct FeedMetrics {
    name: String,
    pub(crate) frames: Counter,
    pub(crate) bytes: Counter,
    pub(crate) trades: Counter,
    skipped: [Counter; Skip::ALL.len()],
    unknown_conditions: Counter,
    pub(crate) complaints: Counter,
    pub(crate) reconnects: Counter,
    pub(crate) gaps: Counter,
    pub(crate) stalls: Counter,
    pub(crate) subscribed: Gauge<i64, AtomicI64>,
    pub(crate) waiting: Gauge<i64, AtomicI64>,
    pub(crate) delay: Histogram,
    failures: Family<FeedReason, Counter>,
    calls: Family<FeedReason, Counter>,
}

impl FeedMetrics {
    /// Counts what a frame meant.
    pub(crate) fn signals(&self, signals: &Signals) {
        self.trades.inc_by(signals.trades.into());
        if signals.unknown_conditions != 0 {
            self.unknown_conditions.inc_by(signals.unknown_conditions.into());
        }
        for (reason, n) in signals.skipped.iter() {
            self.skipped[reason as usize].inc_by(n.into());
        }
    }

    /// Counts something left out.
    pub(crate) fn skip(&self, reason: Skip) {
        self.skipped[reason as usize].inc();
    }

    /// How many were left out for a reason.
    pub fn skipped(&self, reason: Skip) -> u64 {
        self.skipped[reason as usize].get()
    }

    /// Counts the end of a connection or a refused one.
    pub(crate) fn failure(&self, reason: &'static str) {
        self.failures.get_or_create(&FeedReason { feed: self.name.clone(), reason }).inc();
    }

    /// How many connections ended for a reason.
    #[cfg(test)]
    pub(crate) fn failures_of(&self, reason: &'static str) -> u64 {
        self.failures.get_or_create(&FeedReason { feed: self.name.clone(), reason }).get()
    }

    /// Counts a REST call.
    pub(crate) fn call(&self, reason: &'static str) {
        self.calls.get_or_create(&FeedReason { feed: self.name.clone(), reason }).inc();
    }
}
