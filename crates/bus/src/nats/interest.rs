//! Interest over NATS: absolute counts, numbered, and said again when asked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::Subscriber;
use bytes::Bytes;
use futures_util::StreamExt;
use market::Symbol;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use wire::bus::{DecodeError, InterestReport};

use super::link::{Link, State};
use crate::error::BusError;
use crate::interest::Heard;
use crate::zip::{unzip, zip};

/// Symbols in one message; at the longest they take 200 kB before compression.
const SYMBOLS_PER_MESSAGE: usize = 4_096;
/// Asking more often than this would bring no more.
const ASK_PAUSE: Duration = Duration::from_millis(200);

/// What this process's instances want, kept so that it can be said again.
#[derive(Debug, Default)]
pub(super) struct OwnInterest {
    instances: Mutex<HashMap<String, Own>>,
}

#[derive(Debug)]
struct Own {
    counts: HashMap<Symbol, u32>,
    paused: Vec<String>,
    number: u64,
    lease: Duration,
    until: Instant,
}

impl OwnInterest {
    /// Folds a report in; the messages to send.
    pub(super) fn report(&self, report: &InterestReport) -> Result<Vec<Bytes>, DecodeError> {
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let own = instances.entry(report.instance.clone()).or_insert_with(|| Own {
            counts: HashMap::new(),
            paused: Vec::new(),
            number: 0,
            lease: report.lease,
            until: now,
        });
        if report.full {
            own.counts.clear();
        }
        own.counts.extend(report.counts.iter().copied());
        own.counts.retain(|_, n| *n > 0);
        own.lease = report.lease;
        own.paused.clone_from(&report.paused);
        own.until = now + report.lease;
        messages(report, &mut own.number)
    }

    /// Everything that still counts, in full.
    pub(super) fn again(&self) -> Result<Vec<(String, Vec<Bytes>)>, DecodeError> {
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        instances.retain(|_, own| own.until > now);
        instances
            .iter_mut()
            .map(|(instance, own)| {
                let report = InterestReport {
                    instance: instance.clone(),
                    full: true,
                    // Not renewed by being repeated: that is for the instance itself to do.
                    lease: own.until - now,
                    counts: own.counts.iter().map(|(s, n)| (*s, *n)).collect(),
                    paused: own.paused.clone(),
                };
                Ok((instance.clone(), messages(&report, &mut own.number)?))
            })
            .collect()
    }
}

/// A long report is one that says all, and others that add to it.
fn messages(report: &InterestReport, number: &mut u64) -> Result<Vec<Bytes>, DecodeError> {
    let head = &report.counts[..report.counts.len().min(SYMBOLS_PER_MESSAGE)];
    let rest = report.counts[head.len()..].chunks(SYMBOLS_PER_MESSAGE);
    std::iter::once(head)
        .chain(rest)
        .enumerate()
        .map(|(at, counts)| {
            *number += 1;
            let part = InterestReport {
                full: report.full && at == 0,
                counts: counts.to_vec(),
                ..report.clone_head()
            };
            Ok(zip(part.encode(*number)?).into())
        })
        .collect()
}

trait CloneHead {
    fn clone_head(&self) -> Self;
}

impl CloneHead for InterestReport {
    /// Without the counts.
    fn clone_head(&self) -> Self {
        Self {
            instance: self.instance.clone(),
            full: self.full,
            lease: self.lease,
            counts: Vec::new(),
            paused: self.paused.clone(),
        }
    }
}

/// Hears what all instances want.
#[derive(Debug)]
pub(crate) struct NatsInterest {
    link: Link,
    reports: Subscriber,
    state: watch::Receiver<State>,
    generation: u64,
    /// When everyone was last asked, or will be.
    asked: Mutex<Option<Instant>>,
}

impl NatsInterest {
    pub(super) async fn new(link: Link) -> Result<Self, BusError> {
        let reports = link.client.subscribe(link.subjects.interest_all()).await.map_err(|source| {
            BusError::NoAnswer { what: "listening for interest", source: Some(source.into()) }
        })?;
        let state = link.state();
        let generation = state.borrow().generation;
        let reader = Self { link, reports, state, generation, asked: Mutex::default() };
        reader.ask();
        Ok(reader)
    }

    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            let generation = self.generation;
            let heard = tokio::select! {
                report = self.reports.next() => Ok(report),
                changed = self.state.wait_for(|s| s.closed || s.connected && s.generation != generation) => {
                    Err(changed.map(|s| *s).ok())
                }
            };
            match heard {
                Ok(Some(message)) => {
                    match unzip(&message.payload).and_then(|payload| InterestReport::decode(&payload)) {
                        Ok((report, number)) => return Heard::Report(report, number),
                        Err(_) => self.link.counts.unreadable(),
                    }
                }
                Err(Some(state)) if !state.closed => {
                    self.generation = state.generation;
                    self.ask();
                    return Heard::Reconnected;
                }
                Ok(None) | Err(_) => return Heard::Closed,
            }
        }
    }

    /// Asks everyone to say everything again: now, or when the pause since the last time is over.
    pub(crate) fn ask(&self) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // One that is still to come will bring all that this one would.
        if asked.is_some_and(|at| at > now) || !self.link.is_connected() {
            return;
        }
        let at = asked.map_or(now, |last| now.max(last + ASK_PAUSE));
        *asked = Some(at);
        let link = self.link.clone();
        tokio::spawn(async move {
            sleep_until(at).await;
            link.client.publish(link.subjects.ask_interest(), Bytes::new()).await
        });
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.link.is_connected()
    }
}
