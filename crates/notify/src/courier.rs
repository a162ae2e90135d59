//! Takes what is due, delivers it, tries again.
//!
//! One task looks at the queue: when something was put, when a turn is over, and when the next thing is due. It takes
//! channels, the longest due first, and gives each a turn of its own: a task that makes the channel's deliveries one after
//! another. So no channel waits for another, however slow that is; and a channel that fails is left alone for a while.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use store::records::delivery::{self, Due, Step, Turn};
use store::records::{RecordError, Records};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::metrics::AttemptLabels;
use crate::policy::{Policy, after};
use crate::recorder::{self, Recorder};
use crate::{Adapter, Adapters, Clock, Fault, Metrics, Outbox, random};

/// Turns at once.
const TURNS_MAX: usize = 128;
/// Deliveries of a turn.
const DELIVERIES_PER_TURN: i64 = 16;
/// A turn begins nothing new after so long.
const TURN_MAX: Duration = Duration::from_secs(20);
/// A turn is over after so long, or its process has ended: a turn, an attempt, and time to note it.
const LEASE: Duration = Duration::from_secs(60);
/// The longest pause between two looks: other processes may have put something, too.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often house is kept.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// How long attempts that are on their way may take at the end.
const LAST_ATTEMPTS: Duration = Duration::from_secs(3);

/// What a courier is made of.
pub struct CourierParts {
    /// Where the queue is.
    pub records: Arc<Records>,
    /// What wakes it.
    pub outbox: Outbox,
    /// How it delivers.
    pub adapters: Arc<Adapters>,
    /// How patient it is.
    pub policy: Policy,
    /// Its name among those that share the records; the same after a start.
    pub name: String,
    /// No other process has these records.
    pub is_alone: bool,
    /// The time.
    pub clock: Clock,
    /// What it counts.
    pub metrics: Metrics,
}

/// Delivers.
pub struct Courier {
    parts: CourierParts,
    name: Arc<str>,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Courier {
    /// A courier that has not begun.
    pub fn new(parts: CourierParts) -> Self {
        let name = parts.name.as_str().into();
        Self { parts, name }
    }

    /// Delivers until the end begins. Attempts that are on their way then have a moment; what does not come to an end is
    /// tried again after the next start.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let Self { parts, name } = self;
        let (recorder, told) = Recorder::new();
        let recording = recorder::run(
            Arc::clone(&parts.records),
            Arc::clone(&name),
            Arc::clone(&parts.clock),
            told,
            stop.clone(),
        );
        let recording = tokio::spawn(recording);
        let parts = Arc::new(parts);
        let mut turns = JoinSet::new();
        let mut is_released = false;
        let mut house_due = Instant::now();
        while !*stop.borrow() {
            let looked = look(&parts, &name, &mut is_released, &mut house_due, TURNS_MAX - turns.len()).await;
            let pause = match looked {
                Ok((taken, pause)) => {
                    for turn in taken {
                        turns.spawn(delivered(Arc::clone(&parts), recorder.clone(), turn, stop.clone()));
                    }
                    // Where there is no room, the end of a turn makes some.
                    if turns.len() >= TURNS_MAX { LOOK_EVERY } else { pause }
                }
                Err(error) => {
                    tracing::warn!(%error, "the queue of notices cannot be looked at; it is tried again");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = parts.outbox.woken().notified() => {}
                Some(_) = turns.join_next(), if !turns.is_empty() => {
                    // All that are over by now make room together.
                    while turns.try_join_next().is_some() {}
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
        let last = async { while turns.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_ATTEMPTS, last).await.is_err() {
            tracing::info!("attempts to deliver are cut short; they are made again after the next start");
        }
        turns.shutdown().await;
        drop(recorder);
        // Ends when nobody can tell it anything any more.
        let _ = recording.await;
    }
}

/// Looks once: what is taken, and how long until the next look.
async fn look(
    parts: &CourierParts,
    name: &Arc<str>,
    is_released: &mut bool,
    house_due: &mut Instant,
    room: usize,
) -> Result<(Vec<Turn>, Duration), RecordError> {
    let now = (parts.clock)();
    if !*is_released {
        let (whose, is_alone) = (Arc::clone(name), parts.is_alone);
        let release = move |sql: &mut dyn store::records::Sql| {
            delivery::release(sql, Some(&*whose).filter(|_| !is_alone), now)
        };
        parts.records.run(release).await?;
        *is_released = true;
    }
    if Instant::now() >= *house_due {
        let counts = parts.records.run(move |sql| delivery::keep_house(sql, now)).await?;
        parts.metrics.set(&counts);
        *house_due = Instant::now() + HOUSEKEEPING;
    }
    let by = Arc::clone(name);
    let until = after(now, LEASE);
    let room = i64::try_from(room).unwrap_or(0);
    let look = move |sql: &mut dyn store::records::Sql| {
        let taken = match room {
            0 => Vec::new(),
            _ => delivery::take(sql, &by, (now, until), (room, DELIVERIES_PER_TURN))?,
        };
        Ok((taken, delivery::next_due(sql)?))
    };
    let (taken, next) = parts.records.run(look).await?;
    let until_next = next.map(|next| {
        let nanos = next.nanos().saturating_sub((parts.clock)().nanos());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
    });
    // Never without a breath, so that no mistake of time or data makes this a busy loop.
    let pause = until_next.map_or(LOOK_EVERY, |pause| pause.clamp(Duration::from_millis(2), LOOK_EVERY));
    Ok((taken, pause))
}

/// A turn: the deliveries of a channel, one after another, until one fails.
async fn delivered(parts: Arc<CourierParts>, recorder: Recorder, turn: Turn, stop: watch::Receiver<bool>) {
    let begun = Instant::now();
    let channel = turn.channel.id;
    let mut failures = u32::try_from(turn.channel.health.failures).unwrap_or(u32::MAX);
    let mut steps = Vec::new();
    let mut not_before = None;
    let mut due = turn.due.iter().peekable();
    while let Some(one) = due.next() {
        if *stop.borrow() || begun.elapsed() > TURN_MAX {
            break;
        }
        let attempt = attempt(&parts, &turn, one).await;
        let now = (parts.clock)();
        match attempt {
            Ok(()) => {
                failures = 0;
                steps.push(Step::Sent { channel, delivery: one.id });
            }
            Err(Fault::Gone { why }) => {
                tracing::info!(channel, why, "a channel has ended and is removed");
                parts.metrics.given_up.inc();
                recorder.note(vec![Step::Gone { channel }]).await;
                return;
            }
            Err(fault) => {
                failures = failures.saturating_add(1);
                let verdict = parts.policy.verdict(&fault, one, failures, now, chance());
                if verdict.is_dead {
                    parts.metrics.given_up.inc();
                }
                let (why, is_dead) = (verdict.why, verdict.is_dead);
                tracing::debug!(channel, delivery = one.id, why, is_dead, "an attempt to deliver failed");
                steps.push(Step::Failed { channel, delivery: one.id, why, is_dead });
                not_before = Some(verdict.not_before);
                break;
            }
        }
        // What was delivered is noted before the next begins: after a crash one is doubled at the most. The last is
        // noted with the end of the turn.
        if due.peek().is_some() && !recorder.note(std::mem::take(&mut steps)).await {
            return;
        }
    }
    let not_before = not_before.unwrap_or_else(|| (parts.clock)());
    steps.push(Step::Over { channel, not_before });
    recorder.note(steps).await;
}

async fn attempt(parts: &CourierParts, turn: &Turn, due: &Due) -> Result<(), Fault> {
    if parts.policy.is_too_old(due, (parts.clock)()) {
        return Err(Fault::never("given up: it could not be delivered for a day"));
    }
    let begun = Instant::now();
    let message = parts.adapters.message(due);
    let deliver = parts.adapters.deliver(&turn.channel, &message);
    let done = tokio::time::timeout(parts.policy.attempt_max, deliver).await;
    let done = done.unwrap_or_else(|_| Err(Fault::later("the receiver did not answer in time")));
    let outcome = match &done {
        Ok(()) => "sent",
        Err(Fault::Later { .. }) => "later",
        Err(Fault::Never { .. }) => "never",
        Err(Fault::Gone { .. }) => "gone",
    };
    let labels = AttemptLabels { kind: kind(&turn.channel.kind), outcome };
    parts.metrics.attempts.get_or_create(&labels).observe(begun.elapsed().as_secs_f64());
    done
}

/// The kind as it is counted: what is stored must not make up labels.
fn kind(text: &str) -> &'static str {
    let kinds = [crate::webhook::Webhook::KIND, crate::push::Push::KIND, crate::email::Email::KIND];
    kinds.into_iter().find(|kind| *kind == text).unwrap_or("other")
}

/// Between 0 and 1. Without random numbers there is no jitter, which is no harm.
fn chance() -> f64 {
    random::<4>().map_or(0.5, |octets| f64::from(u32::from_le_bytes(octets)) / f64::from(u32::MAX))
}
