//! The desk role: day trading, its journal, and its prices.

/// Prices of the legacy quote server.
mod legacy;
/// Prices of the live tape.
mod tape;

use std::sync::Arc;
use std::time::Duration;

use desk::{Desk, Observer, Parts, Prices};
use ledger::{AccountView, Dialect, Entry, UserName};
use prometheus_client::registry::Registry;
use server::http::desk::DeskState;
use server::hub::Hub;
use server::live::Live;
use store::journal::{Journals, PostgresConfig, PostgresJournals, Shard, SqliteJournals};
use tokio::sync::watch;
use wire::desk::{AccountBody, AccountUpdate, TransactionBody};
use wire::journal::Record;

use super::collect::DeskCollector;
use super::{House, clock};
use crate::config::{Config, DeskQuotes};
use crate::{Failure, usage};

/// The state is saved after so many entries, so that a start folds no more than these.
const SNAPSHOT_EVERY: u64 = 1_000_000;

/// From the start to the first proof of the ledger, so that starting is not slowed down by it.
const FIRST_PROOF: Duration = Duration::from_secs(60);
const PROOFS_APART: Duration = Duration::from_secs(24 * 3600);

/// Opens the journals where the settings say.
pub(crate) fn journals(config: &Config) -> Result<Arc<dyn Journals>, Failure> {
    let opened: Result<Arc<dyn Journals>, _> = match &config.desk_database {
        Some(url) => {
            PostgresJournals::open(&PostgresConfig { ca: config.ca.clone(), ..PostgresConfig::new(&**url) })
                .map(|j| Arc::new(j) as Arc<dyn Journals>)
        }
        None => SqliteJournals::open(&config.data).map(|j| Arc::new(j) as Arc<dyn Journals>),
    };
    opened.map_err(usage)
}

/// Starts trading. Blocks while the state is made again from the journal.
pub(super) fn start(
    house: &House,
    live: &Arc<Live>,
    hub: &Arc<Hub>,
    tasks: &tokio::runtime::Handle,
    registry: &mut Registry,
) -> Result<Arc<DeskState>, Failure> {
    let config = &house.config;
    let journals = journals(config)?;
    let (prices, dialect): (Arc<dyn Prices>, Dialect) = match &config.desk_quotes {
        DeskQuotes::Tape => {
            let source = tape::TapePrices::new(Arc::clone(live), config.desk_price_age);
            (Arc::new(source), Dialect::Wide)
        }
        DeskQuotes::Server(address) => {
            (Arc::new(legacy::LegacyPrices::new(address.clone(), registry)), Dialect::Classic)
        }
    };
    let observer = Arc::new(Told { live: Arc::clone(live), hub: Arc::clone(hub) });
    let desk = Desk::start(Parts {
        journals,
        prices,
        observer,
        clock: clock(),
        shards: config.desk_shards,
        runtime: tasks.clone(),
        snapshot_every: SNAPSHOT_EVERY,
    });
    let desk = Arc::new(desk.map_err(|error| Failure::Failed(error.into()))?);
    registry.register_collector(Box::new(DeskCollector(Arc::clone(&desk))));
    tasks.spawn(prove_again_and_again(Arc::clone(&desk), house.stop.clone()));
    if config.desk_quotes == DeskQuotes::Tape {
        let triggers = tape::Triggers { desk: Arc::clone(&desk), age_max: config.desk_price_age };
        live.set_watch(Arc::new(triggers));
        let mut stop = house.stop.clone();
        let watching = tape::watch_armed(Arc::clone(&desk), Arc::clone(live));
        tasks.spawn(async move {
            tokio::select! {
                () = watching => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        });
    }
    Ok(Arc::new(DeskState { desk, dialect, server: server_name(config), logs: config.data.join("logs") }))
}

/// Proves the ledger now and then, so that damage is known before somebody needs what is damaged.
async fn prove_again_and_again(desk: Arc<Desk>, mut stop: watch::Receiver<bool>) {
    let mut pause = FIRST_PROOF;
    while tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await.is_err() {
        pause = PROOFS_APART;
        let journals = Arc::clone(desk.journals());
        // Nobody waits for it: the outcome is kept with the journal, and the page shows it.
        let proving = desk::background("prove-ledger", move || match desk::verify(&journals, clock()()) {
            Ok(proofs) => {
                for proof in proofs {
                    let (shard, entries) = (proof.shard, proof.verification.entries());
                    match proof.verification.damage {
                        None => tracing::info!(%shard, entries, "the ledger is proved"),
                        Some(damage) => tracing::error!(%shard, entries, %damage, "the ledger is damaged"),
                    }
                }
            }
            Err(error) => tracing::error!(%error, "the ledger could not be proved"),
        });
        if let Err(error) = proving {
            tracing::error!(%error, "the ledger could not be proved");
        }
    }
}

/// The schema knows the server's name as any text; a short one keeps the log small.
fn server_name(config: &Config) -> String {
    config.instance.chars().filter(|c| c.is_ascii_graphic()).take(32).collect()
}

/// Tells those who watch an account what happened to it.
struct Told {
    live: Arc<Live>,
    hub: Arc<Hub>,
}

impl Observer for Told {
    fn is_watched(&self, user: &UserName) -> bool {
        self.live.accounts.is_watched(user)
    }

    fn happened(&self, shard: Shard, user: &UserName, entries: &[Entry], account: &AccountView) {
        let account = AccountBody::of(user, account, shard.number());
        let updates = entries.iter().map(|entry| AccountUpdate {
            transaction: TransactionBody::of(&Record { user: *user, entry: entry.clone() }, shard.number()),
            account: account.clone(),
        });
        let block = self.live.account_block(user, updates.collect());
        self.hub.publish(block);
    }
}
