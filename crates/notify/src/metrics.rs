//! What is counted of notices and deliveries.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use store::records::delivery::Counts;

/// Upper ends of the buckets of an attempt's duration, in seconds.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0];

/// Under what an attempt is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct AttemptLabels {
    /// `webhook`, `web_push`, `email`, or `other`.
    pub(crate) kind: &'static str,
    /// `sent`, `later`, `never`, `gone`.
    pub(crate) outcome: &'static str,
}

/// Under what a notice is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct NoticeLabels {
    /// `queued`, `nowhere` (none of the channels it is for is on), `known`.
    pub(crate) outcome: &'static str,
}

/// Counts. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    pub(crate) notices: Family<NoticeLabels, Counter>,
    pub(crate) attempts: Family<AttemptLabels, Histogram, fn() -> Histogram>,
    pub(crate) given_up: Counter,
    waiting: Gauge,
    dead: Gauge,
    failing: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            notices: Family::default(),
            attempts: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            given_up: Counter::default(),
            waiting: Gauge::default(),
            dead: Gauge::default(),
            failing: Gauge::default(),
        }
    }
}

impl Metrics {
    /// Makes the counts and registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let m = &metrics;
        registry.register(
            "notify_notices",
            "Notices that were put, by what became of them",
            m.notices.clone(),
        );
        registry.register(
            "notify_attempt_duration_seconds",
            "Attempts to deliver, by kind of channel and outcome, and how long each took",
            m.attempts.clone(),
        );
        registry.register("notify_given_up", "Deliveries that became dead letters", m.given_up.clone());
        registry.register(
            "notify_waiting",
            "Deliveries that wait, looked at every minute",
            m.waiting.clone(),
        );
        registry.register(
            "notify_dead_letters",
            "Dead letters that are remembered, looked at every minute",
            m.dead.clone(),
        );
        registry.register(
            "notify_channels_failing",
            "Channels whose last attempt failed, looked at every minute",
            m.failing.clone(),
        );
        metrics
    }

    pub(crate) fn set(&self, counts: &Counts) {
        self.waiting.set(counts.waiting);
        self.dead.set(counts.dead);
        self.failing.set(counts.failing);
    }
}
