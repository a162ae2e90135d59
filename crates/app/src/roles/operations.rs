//! Health and metrics of a process that serves no pages: feeds that run apart.

use std::sync::Arc;

use market::FeedState;
use prometheus_client::registry::Registry;
use server::http::{HttpMetrics, ListenOptions, Listener, operations};
use tokio::task::JoinHandle;

use super::House;

/// Serves until the end begins.
pub(super) fn start(house: &House, door: Listener, mut registry: Registry) -> JoinHandle<()> {
    let metrics = HttpMetrics::register(&mut registry);
    let statuses = house.bus.statuses();
    let is_ready = move || {
        let is_up = statuses.borrow().values().any(|status| status.state == FeedState::Up);
        if is_up { Ok(()) } else { Err("no feed is up".to_owned()) }
    };
    let app = operations(Arc::new(registry), Arc::new(is_ready));
    let options = ListenOptions {
        connections_max: house.config.connections,
        connections_per_address_max: house.config.connections_per_address,
        ..ListenOptions::default()
    };
    let mut stop = house.stop.clone();
    tokio::spawn(async move {
        door.serve(app, options, metrics, async move { drop(stop.wait_for(|s| *s).await) }).await;
    })
}
