//! Minute bars of one symbol, to be asked by time.

use market::{Bar, Hours, Price, Timestamp};

pub(super) const SECONDS_PER_MINUTE: i64 = 60;

/// The bars are not in order, or two have one start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bars must ascend by start, each start once")]
pub struct NotAscending;

/// Minute bars of one symbol, ascending.
#[derive(Debug, Clone, Copy)]
pub struct Minutes<'a> {
    pub(super) bars: &'a [Bar],
    pub(super) hours: Hours,
}

impl<'a> Minutes<'a> {
    /// Takes minute bars of a symbol that trades in these hours.
    ///
    /// # Errors
    /// They are not in order.
    pub fn new(bars: &'a [Bar], hours: Hours) -> Result<Self, NotAscending> {
        if bars.is_sorted_by(|a, b| a.start < b.start) { Ok(Self { bars, hours }) } else { Err(NotAscending) }
    }

    /// The last bar that is over at this moment.
    pub(super) fn last_over(&self, time: Timestamp) -> Option<&'a Bar> {
        let n_over = self.bars.partition_point(|bar| end_of(bar) <= time);
        self.bars[..n_over].last()
    }

    /// Bars that begin at or after `from` and are over at `to`.
    pub(super) fn within(&self, from: Timestamp, to: Timestamp) -> &'a [Bar] {
        let first = self.bars.partition_point(|bar| bar.start < from);
        let end = self.bars.partition_point(|bar| end_of(bar) <= to).max(first);
        &self.bars[first..end]
    }
}

pub(super) fn end_of(bar: &Bar) -> Timestamp {
    plus_seconds(bar.start, SECONDS_PER_MINUTE)
}

pub(super) fn plus_seconds(time: Timestamp, seconds: i64) -> Timestamp {
    time.saturating_add_nanos(seconds.saturating_mul(market::time::NANOS_PER_SECOND))
}

/// The change between two prices as a fraction, for statistics.
pub(super) fn simple_return(from: Price, to: Price) -> f64 {
    // The difference is exact; the quotient is rounded once.
    (to.units() - from.units()) as f64 / from.units() as f64
}
