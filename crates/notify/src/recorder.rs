//! Notes what attempts have come to. What many turns tell at about the same time is one transaction, so that one sync
//! of the disk serves all of them.

use std::sync::Arc;
use std::time::Duration;

use store::records::Records;
use store::records::delivery::{self, Step};
use tokio::sync::{mpsc, oneshot, watch};

use crate::Clock;

/// What is noted in one transaction at most.
const TOGETHER_MAX: usize = 256;
/// Between attempts to note it.
const AGAIN: Duration = Duration::from_secs(1);

/// Steps of a turn, and who waits until they are noted.
pub(crate) struct Told {
    steps: Vec<Step>,
    noted: oneshot::Sender<()>,
}

/// Tells what a turn has come to.
#[derive(Clone)]
pub(crate) struct Recorder(mpsc::Sender<Told>);

impl Recorder {
    /// The recorder, and its other end, to be given to [`run`].
    pub(crate) fn new() -> (Self, mpsc::Receiver<Told>) {
        let (sender, receiver) = mpsc::channel(TOGETHER_MAX);
        (Self(sender), receiver)
    }

    /// Notes steps; `false` where that was given up since the end began. They are then done again after the start.
    pub(crate) async fn note(&self, steps: Vec<Step>) -> bool {
        let (noted, wait) = oneshot::channel();
        self.0.send(Told { steps, noted }).await.is_ok() && wait.await.is_ok()
    }
}

/// Notes what is told, until nobody tells any more.
pub(crate) async fn run(
    records: Arc<Records>,
    by: Arc<str>,
    clock: Clock,
    mut told: mpsc::Receiver<Told>,
    stop: watch::Receiver<bool>,
) {
    let mut batch = Vec::with_capacity(TOGETHER_MAX);
    while told.recv_many(&mut batch, TOGETHER_MAX).await > 0 {
        let steps: Arc<[Step]> = batch.iter_mut().flat_map(|told| std::mem::take(&mut told.steps)).collect();
        let is_noted = loop {
            let (steps, by, now) = (Arc::clone(&steps), Arc::clone(&by), clock());
            let work = move |sql: &mut dyn store::records::Sql| {
                steps.iter().try_for_each(|step| delivery::note(sql, &by, step, now))
            };
            match records.run(work).await {
                Ok(()) => break true,
                Err(error) if *stop.borrow() => {
                    tracing::warn!(%error, "what was delivered last could not be noted; it may be delivered again");
                    break false;
                }
                Err(error) => {
                    tracing::warn!(%error, "what was delivered could not be noted; it is tried again");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        };
        for told in batch.drain(..) {
            if is_noted {
                // A turn that was given up meanwhile waits no more.
                let _ = told.noted.send(());
            }
        }
    }
}
