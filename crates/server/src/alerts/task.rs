//! The task that decides alerts, beside the one that folds the log into the tape.
//!
//! Both read the same batches. They are two so that neither the deciding of a hundred thousand alerts nor the snapshot
//! of what is known of them holds prices up.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use bus::{EventBatch, LogPosition};
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Runner;

/// Alerts are told the time so often.
const TICK_EVERY: Duration = Duration::from_secs(1);
/// Batches that may wait; then the log is read no faster than alerts are decided.
const BATCHES_MAX: usize = 256;
/// After it has decided what waits the task rests for so long. To be woken costs whoever reads the log more than all that is
/// decided of a batch; so it is woken once for all batches of that time.
const REST: Duration = Duration::from_millis(1);

/// The next of the log.
enum Read {
    Batch(LogPosition, Arc<EventBatch>),
    Lost,
}

/// The task, as the reader of the log has it.
#[derive(Debug)]
pub struct AlertTask {
    log: mpsc::Sender<Read>,
    /// Half of the batches that may wait do.
    is_filling: Arc<Notify>,
    task: JoinHandle<()>,
}

impl AlertTask {
    /// Starts it, on the runtime this is called from.
    pub fn start(runner: Runner) -> Self {
        let (log, reads) = mpsc::channel(BATCHES_MAX);
        let is_filling = Arc::new(Notify::new());
        let task = tokio::spawn(work(runner, reads, Arc::clone(&is_filling)));
        Self { log, is_filling, task }
    }

    /// Has the next batch of the log decided.
    pub async fn read(&mut self, position: LogPosition, batch: Arc<EventBatch>) {
        self.tell(Read::Batch(position, batch)).await;
    }

    /// The log is gone in part; see [`Runner::lost`].
    pub async fn lost(&mut self) {
        self.tell(Read::Lost).await;
    }

    async fn tell(&mut self, read: Read) {
        if self.log.send(read).await.is_err() {
            // It ends before its sender only by a panic. That is the reader's too: nobody is to take prices that go on for
            // alerts that do.
            ended((&mut self.task).await);
            // Or with the runtime, which ends this too.
            std::future::pending::<()>().await;
        }
        if self.log.capacity() == BATCHES_MAX / 2 {
            self.is_filling.notify_one();
        }
    }

    /// Decides what waits, has what is known stored, and ends.
    pub async fn finish(self) {
        drop(self.log);
        ended(self.task.await);
    }
}

/// Goes on with the panic that ended a task, if one did.
fn ended(how: Result<(), JoinError>) {
    if let Err(error) = how
        && error.is_panic()
    {
        resume_unwind(error.into_panic());
    }
}

fn take(runner: &mut Runner, read: Read) {
    match read {
        Read::Batch(position, batch) => runner.take(position, &batch.events),
        Read::Lost => runner.lost(),
    }
}

async fn work(mut runner: Runner, mut reads: mpsc::Receiver<Read>, is_filling: Arc<Notify>) {
    let mut second = interval(TICK_EVERY);
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            first = reads.recv() => {
                let Some(first) = first else { break };
                take(&mut runner, first);
                for _ in 0..BATCHES_MAX {
                    let Ok(next) = reads.try_recv() else { break };
                    take(&mut runner, next);
                }
                tokio::select! {
                    () = sleep(REST) => {}
                    () = is_filling.notified() => {}
                }
            }
            told = runner.told() => runner.on_told(told),
            _ = second.tick() => runner.tick(),
        }
    }
    runner.save();
}
