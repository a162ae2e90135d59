//! What others have counted, shown with the metrics.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bus::{NatsBus, NatsCounters};
use desk::Desk;
use market::tape::Counters;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use server::alerts::{Alerting, Counts};
use server::live::Live;

fn counters(encoder: &mut DescriptorEncoder<'_>, shown: &[(&str, &str, u64)]) -> fmt::Result {
    for (name, help, value) in shown {
        let counter = ConstCounter::new(*value);
        counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
    }
    Ok(())
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}

/// What the tape met.
#[derive(Debug)]
pub(super) struct TapeCollector(pub(super) Arc<Live>);

impl Collector for TapeCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Counters {
            trades,
            duplicates,
            refused,
            unknown_conditions,
            late,
            beyond_reach,
            cancelled,
            cancels_pending,
            uncertain,
            gaps,
        } = self.0.counters();
        let shown = [
            ("tape_trades", "Trades that entered the tape", trades),
            ("tape_duplicates", "Trades reported twice", duplicates),
            ("tape_refused", "Trades without a positive price and size, or of an unknown symbol", refused),
            ("tape_unknown_conditions", "Trades with a sale condition outside the table", unknown_conditions),
            ("tape_late", "Trades that came after a later one of their symbol", late),
            ("tape_beyond_reach", "Windows a trade or cancellation came too late for", beyond_reach),
            ("tape_cancelled", "Trades cancelled or corrected", cancelled),
            ("tape_cancels_pending", "Cancellations that came before their trade", cancels_pending),
            ("tape_gaps", "Times at which a feed said that it may have missed trades", gaps),
            ("tape_uncertain", "Windows whose extremes may include a cancelled trade", uncertain),
        ];
        counters(&mut encoder, &shown)?;
        gauge(&mut encoder, "instruments", "Instruments known", self.0.universe().len() as u64)
    }
}

/// What runs.
#[derive(Debug)]
pub(super) struct TasksCollector(pub(super) tokio::runtime::Handle);

impl Collector for TasksCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        gauge(&mut encoder, "tasks", "Tasks that are alive", self.0.metrics().num_alive_tasks() as u64)
    }
}

/// What alerts did.
#[derive(Debug)]
pub(super) struct AlertsCollector(pub(super) Arc<Alerting>);

impl Collector for AlertsCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Counts { alerts, decided, recorded, dropped } = self.0.counts();
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let shown = [
            ("alerts_decided", "Firings decided, those that were recorded before among them", of(decided)),
            ("alerts_recorded", "Firings recorded by this server", of(recorded)),
            ("alerts_dropped", "Firings let go because the records were too far behind", of(dropped)),
        ];
        counters(&mut encoder, &shown)?;
        gauge(&mut encoder, "alerts", "Alerts being decided", of(alerts))
    }
}

/// What the bus over NATS did.
#[derive(Debug)]
pub(super) struct NatsCollector(pub(super) NatsBus);

impl Collector for NatsCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let NatsCounters {
            n_log_messages,
            log_buffer_bytes,
            n_retries,
            n_live_messages,
            n_live_dropped,
            n_unknown_symbols,
            n_unreadable,
        } = self.0.counters();
        let shown = [
            ("nats_log_messages", "Messages of the log that NATS stored", n_log_messages),
            ("nats_retries", "Attempts to store a message that failed and were repeated", n_retries),
            ("nats_live_messages", "Messages of live values sent", n_live_messages),
            ("nats_live_dropped", "Batches of live values dropped; they are in the log", n_live_dropped),
            ("nats_unknown_symbols", "Events read that name a symbol unknown here", n_unknown_symbols),
            ("nats_unreadable", "Messages that could not be read", n_unreadable),
        ];
        counters(&mut encoder, &shown)?;
        gauge(
            &mut encoder,
            "nats_connected",
            "1 while the NATS server is there",
            u64::from(self.0.is_connected()),
        )?;
        gauge(
            &mut encoder,
            "nats_log_buffer_bytes",
            "Bytes that wait to be stored in the log",
            log_buffer_bytes,
        )
    }
}

/// What the desk did.
#[derive(Debug)]
pub(super) struct DeskCollector(pub(super) Arc<Desk>);

impl Collector for DeskCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let desk::Counters {
            accepted,
            refused,
            repeated,
            expired,
            fired,
            entries,
            blocks,
            append_failures,
            turned_away,
            quotes_fetched,
            quote_hits,
        } = self.0.counters();
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let fetched = value(quotes_fetched);
        let shown = [
            ("desk_accepted", "Commands carried out", value(accepted)),
            ("desk_refused", "Commands refused", value(refused)),
            ("desk_repeated", "Commands that came again under their key", value(repeated)),
            ("desk_tickets_expired", "Tickets not committed in time", value(expired)),
            ("desk_triggers_fired", "Triggers that met their price", value(fired)),
            ("desk_entries", "Entries made durable", value(entries)),
            ("desk_blocks", "Blocks made durable, one sync of the disk each", value(blocks)),
            (
                "desk_append_failures",
                "Appends to the journal that failed and were repeated",
                value(append_failures),
            ),
            (
                "desk_turned_away",
                "Commands not taken, since too many waited or the journal could not be written",
                value(turned_away),
            ),
            ("desk_quotes_fetched", "Prices used that were fetched for the purpose", fetched),
            ("desk_quote_hits", "Prices used that were at hand", value(quote_hits)),
            ("desk_quote_cost_cents", "What the fetched prices cost, at five cents each", 5 * fetched),
        ];
        counters(&mut encoder, &shown)
    }
}
