//! Bars: the exact rules of a window, and how a trade joins and leaves it.

use crate::decimal::Volume;
use crate::{Price, Timestamp};

/// How long a bar's window is. Windows are aligned to the epoch in UTC; the day's is the UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// One second.
    S1,
    /// One minute.
    M1,
    /// Five minutes.
    M5,
    /// A quarter of an hour.
    M15,
    /// One hour.
    H1,
    /// One day.
    D1,
}

/// Which trades a bar is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionFilter {
    /// 09:30 to 16:00 New York time (the early close on short days), plus opening and closing prints.
    Regular,
    /// No time filter.
    All,
    /// No time filter, and `T` counts as regular outside regular hours.
    Extended,
}

/// One finished or growing bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Start of the window.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares or coins.
    pub volume: Volume,
    /// Number of trades in `volume`.
    pub trades: u64,
    /// Volume-weighted average price in millionths, rounded half to even.
    pub vwap_micros: i64,
}
