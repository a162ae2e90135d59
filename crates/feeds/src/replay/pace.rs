//! When each row of a replay is due. Pure: the caller sleeps.

use std::str::FromStr;
use std::time::Duration;

use market::Timestamp;

/// How fast a file is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// So many thousandths of the file's own pace: 1,000 is as it was.
    Thousandths(u32),
    /// As fast as downstream takes it.
    Max,
}

/// A text that is not a speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a speed is \"max\" or a factor from 0.001 to 1000000, such as \"1x\", \"10x\", \"0.5x\"")]
pub struct NotASpeed;

impl FromStr for Speed {
    type Err = NotASpeed;

    fn from_str(text: &str) -> Result<Self, NotASpeed> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let number = text.strip_suffix('x').unwrap_or(text);
        let units = market::decimal::parse_units(number.as_bytes()).map_err(|_| NotASpeed)?;
        // Thousandths, from a count of 10⁻⁸; finer steps are refused rather than rounded.
        let thousandths = u32::try_from(units / 100_000).map_err(|_| NotASpeed)?;
        let exact = units % 100_000 == 0 && (1..=1_000_000_000).contains(&thousandths);
        exact.then_some(Self::Thousandths(thousandths)).ok_or(NotASpeed)
    }
}

/// Which times the replayed trades carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// The file's own.
    Kept,
    /// The first is now, and the others as far after it as in the file at this speed.
    Now,
}

/// The plan of one pass over a file.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    speed: Speed,
    times: Times,
    first: Timestamp,
    began: Timestamp,
    /// Added to kept times; a second pass of the same day lies after the first.
    offset_nanos: i64,
}

impl Pace {
    /// A pass that begins at `began`, whose first row carries `first`.
    pub fn new(speed: Speed, times: Times, first: Timestamp, began: Timestamp, offset_nanos: i64) -> Self {
        Self { speed, times, first, began, offset_nanos }
    }

    /// How long after the beginning a row is due.
    pub fn due(&self, time: Timestamp) -> Duration {
        // Rows may be out of order; one from before the first is due at once.
        let nanos = i128::from(time.nanos()) - i128::from(self.first.nanos());
        match self.speed {
            Speed::Max => Duration::ZERO,
            Speed::Thousandths(n) => {
                let scaled = nanos.max(0) * 1_000 / i128::from(n.max(1));
                Duration::from_nanos(u64::try_from(scaled).unwrap_or(u64::MAX))
            }
        }
    }

    /// The time a row carries downstream.
    pub fn time(&self, time: Timestamp) -> Timestamp {
        match self.times {
            Times::Kept => time.saturating_add_nanos(self.offset_nanos),
            Times::Now => {
                // At full speed the file's own distances are all there is.
                let after = match self.speed {
                    Speed::Max => time.nanos().saturating_sub(self.first.nanos()),
                    Speed::Thousandths(_) => i64::try_from(self.due(time).as_nanos()).unwrap_or(i64::MAX),
                };
                self.began.saturating_add_nanos(after)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_speeds() {
        for (text, speed) in [
            ("1x", Speed::Thousandths(1_000)),
            ("10x", Speed::Thousandths(10_000)),
            ("0.5", Speed::Thousandths(500)),
            ("1000000x", Speed::Thousandths(1_000_000_000)),
            ("max", Speed::Max),
        ] {
            assert_eq!(text.parse(), Ok(speed), "{text}");
        }
        for bad in ["", "x", "0x", "-1x", "0.0001x", "1000001x", "fast", "1e300", "NaN"] {
            assert_eq!(bad.parse::<Speed>(), Err(NotASpeed), "{bad}");
        }
    }

    #[test]
    fn scales_and_shifts_time() {
        let s = |n: i64| Timestamp::from_seconds(n).unwrap();
        let pace = Pace::new(Speed::Thousandths(10_000), Times::Now, s(1_000), s(5_000), 0);
        assert_eq!(pace.due(s(1_100)), Duration::from_secs(10));
        assert_eq!(pace.time(s(1_100)), s(5_010));
        assert_eq!((pace.due(s(900)), pace.time(s(900))), (Duration::ZERO, s(5_000)));
        let kept = Pace::new(Speed::Max, Times::Kept, s(1_000), s(5_000), 7_000_000_000);
        assert_eq!((kept.due(s(1_100)), kept.time(s(1_100))), (Duration::ZERO, s(1_107)));
        assert_eq!(Pace::new(Speed::Max, Times::Now, s(1_000), s(5_000), 0).time(s(1_100)), s(5_100));
    }
}
