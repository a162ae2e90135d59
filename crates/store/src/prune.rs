//! Removing bars that are older than is to be kept.

use market::{Interval, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::Retention;
use crate::bar::interval_of;
use crate::error::Fault;

/// Series looked at in one transaction, and bars removed in one: others get their turn in between.
const SERIES_PER_STEP: usize = 2_000;
const BARS_PER_STEP: u64 = 20_000;

/// For each interval, the first start that stays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cutoffs([i64; Interval::ALL.len()]);

impl Cutoffs {
    pub(crate) fn new(retention: &Retention, now: Timestamp) -> Self {
        Self(Interval::ALL.map(|interval| {
            let kept = i64::try_from(retention.of(interval).as_nanos()).unwrap_or(i64::MAX);
            now.nanos().saturating_sub(kept)
        }))
    }

    fn of(&self, interval: Interval) -> i64 {
        // The intervals are numbered in the order of the list.
        Interval::ALL.iter().zip(self.0).find(|(i, _)| **i == interval).map_or(i64::MIN, |(_, at)| at)
    }
}

/// Where pruning stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// The first series not yet looked at; `None` when done.
    pub(crate) next: Option<i64>,
    pub(crate) n_removed: u64,
}

/// Looks at some series from one on. Series without bars cost nothing: the key leads from one that
/// exists to the next.
pub(crate) fn step(transaction: &Transaction<'_>, cutoffs: &Cutoffs, from: i64) -> Result<Step, Fault> {
    let mut find =
        transaction.prepare_cached("SELECT series FROM bar WHERE series >= ? ORDER BY series LIMIT 1")?;
    let mut remove = transaction.prepare_cached(
        "DELETE FROM bar WHERE series = ?1 AND start < ?2 AND start <= coalesce(
             (SELECT start FROM bar WHERE series = ?1 AND start < ?2 ORDER BY start LIMIT 1 OFFSET ?3), ?2)",
    )?;
    let (mut next, mut n_removed) = (from, 0);
    for _ in 0..SERIES_PER_STEP {
        let Some(series) = find.query_row([next], |row| row.get::<_, i64>(0)).optional()? else {
            return Ok(Step { next: None, n_removed });
        };
        next = series;
        if let Some(interval) = interval_of(series) {
            n_removed += remove.execute(params![series, cutoffs.of(interval), BARS_PER_STEP as i64])? as u64;
            if n_removed >= BARS_PER_STEP {
                // The same series again: it may have more.
                return Ok(Step { next: Some(next), n_removed });
            }
        }
        next = series.saturating_add(1);
    }
    Ok(Step { next: Some(next), n_removed })
}
