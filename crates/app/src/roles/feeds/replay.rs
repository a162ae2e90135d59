//! A past day, played again.

use std::sync::Arc;

use ::feeds::replay::{Replay, Settings, Speed, Times, initial_status, symbols};
use bus::Refusal;
use market::{Bar, Card, HistoryRequest, SymbolId, Universe};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Desk, Later, Links, Started};
use crate::bars::{chain, instrument};
use crate::config::ReplayConfig;
use crate::roles::clock;
use crate::{Failure, usage};

/// A file knows its trades and nothing else.
struct NoDesk;

impl Desk for NoDesk {
    fn card(&self, _: SymbolId, _: &Universe) -> Later<Card> {
        Box::pin(async { Err(Refusal::NotAvailable) })
    }

    fn history(&self, _: SymbolId, _: HistoryRequest) -> Later<Vec<Bar>> {
        Box::pin(async { Err(Refusal::NotAvailable) })
    }
}

/// Reads which symbols the file has and starts to play it.
pub(super) fn start(
    config: &ReplayConfig,
    links: Links,
    tasks: &mut JoinSet<()>,
) -> Result<Started, Failure> {
    let text = config.speed.as_deref().unwrap_or("1x");
    let speed: Speed = text.parse().map_err(|error| usage(format!("speed = {text:?}: {error}")))?;
    let found = symbols(&config.file)
        .map_err(|error| usage(format!("{}: {}", config.file.display(), chain(&error))))?;
    links.listing.send_replace(Some(Arc::new(found.iter().copied().map(instrument).collect())));
    let settings = Settings {
        path: config.file.clone(),
        speed,
        times: if config.now { Times::Now } else { Times::Kept },
        looping: config.looping,
    };
    let (status, told) = watch::channel(initial_status(&links.name));
    let mut universe = links.universe.clone();
    let ours = ::feeds::replay::Links { universe: links.universe, events: links.events, status };
    let replay = Replay::new(settings, ours, clock(), links.metrics);
    let mut stop = links.stop;
    tasks.spawn(async move {
        // A trade of an instrument that nobody has heard of yet would be left out.
        let known = universe.wait_for(|known| found.iter().all(|symbol| known.id(symbol).is_some()));
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            known = known => if known.is_err() { return },
        }
        replay.run(async move { drop(stop.wait_for(|stop| *stop).await) }).await;
    });
    Ok(Started { status: told, desk: Arc::new(NoDesk), limit: None })
}
