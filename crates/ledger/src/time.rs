//! Time as the rules count it.

use std::fmt;

use market::Timestamp;

/// How long a BUY or SELL waits for its commit, in milliseconds; the last one counts (rule A5).
pub const CONFIRM_MS: i64 = 60_000;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub i64);

impl Millis {
    /// Later by so many milliseconds, stopping at the end of the range.
    pub const fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl From<Timestamp> for Millis {
    /// Whole milliseconds, rounded down.
    fn from(time: Timestamp) -> Self {
        Self(time.millis())
    }
}

impl fmt::Debug for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}
