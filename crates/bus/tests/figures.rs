//! How fast the bus is on this machine; printed, not judged. Run it alone and optimised:
//!
//! `cargo test --release -p bus --test figures -- --ignored --nocapture --test-threads 1`

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::time::{Duration, Instant};

use bus::{Bus, LiveReader, LocalBus, LocalConfig, LogStart, NatsBus, NatsConfig};
use market::Symbol;
use support::{NatsServer, SYMBOLS, batch, nats_config, soon, universe};

async fn nats_bus(nats: &NatsServer) -> Bus {
    let config = NatsConfig { owns_universe: true, ..nats_config(&nats.url(), "feeds-1") };
    let bus = Bus::Nats(NatsBus::connect(config).await.unwrap());
    bus.publish_universe(universe()).await.unwrap();
    bus
}

/// Publishes and reads events in batches of so many; events a second, end to end.
async fn rate(bus: &Bus, n_events: usize, events_per_batch: usize) -> f64 {
    let mut reader = bus.events(LogStart::New).await.unwrap();
    let trades = events_per_batch / SYMBOLS.len();
    let n_batches = n_events / (trades * SYMBOLS.len());
    let begin = Instant::now();
    let publishing = bus.clone();
    let publisher = tokio::spawn(async move {
        for at in 0..n_batches as u64 {
            publishing.publish_events(batch(at, at + trades as u64)).await.unwrap();
        }
    });
    let mut n = 0;
    while n < n_batches * trades * SYMBOLS.len() {
        n += soon("events flow", reader.next()).await.unwrap().1.events.len();
    }
    publisher.await.unwrap();
    n as f64 / begin.elapsed().as_secs_f64()
}

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("{what}: p50 {} µs, p99 {} µs", p50.as_micros(), p99.as_micros());
}

async fn delay(bus: &Bus, what: &str) {
    let mut reader = bus.events(LogStart::New).await.unwrap();
    let mut times = Vec::new();
    for at in 0..1_000 {
        let begin = Instant::now();
        bus.publish_events(batch(at, at + 1)).await.unwrap();
        soon("an event", reader.next()).await.unwrap();
        times.push(begin.elapsed());
    }
    show(&format!("{what}, log, one batch at a time"), times);
}

async fn live_delay(bus: &Bus, live: &mut LiveReader) {
    live.watch(&[Symbol::new("BRK.B").unwrap()]).await.unwrap();
    bus.publish_events(batch(0, 1)).await.unwrap();
    soon("live values flow", live.next()).await;
    let mut times = Vec::new();
    for at in 1..1_000 {
        let begin = Instant::now();
        bus.publish_events(batch(at, at + 1)).await.unwrap();
        soon("a value", live.next()).await;
        times.push(begin.elapsed());
    }
    show("nats, live, one batch at a time", times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn figures() {
    let local = Bus::Local(LocalBus::new(LocalConfig::default()));
    delay(&local, "local").await;
    let nats = NatsServer::start().await;
    let remote = nats_bus(&nats).await;
    delay(&remote, "nats").await;
    live_delay(&remote, &mut remote.live()).await;
    for events_per_batch in [6, 60, 600] {
        let n = if events_per_batch == 6 { 300_000 } else { 1_500_000 };
        println!(
            "local, {events_per_batch} a batch: {:.0} events/s",
            rate(&local, n, events_per_batch).await
        );
        println!(
            "nats, {events_per_batch} a batch: {:.0} events/s",
            rate(&remote, n, events_per_batch).await
        );
    }
}
