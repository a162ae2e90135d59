//! Hours in which messages wait.

use market::Timestamp;
use market::calendar::new_york_offset_seconds;
use market::time::{NANOS_PER_SECOND, SECONDS_PER_DAY};

/// Whose clock quiet hours go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// New York's, with its summer time.
    NewYork,
    /// A fixed distance from UTC, in minutes: 60 is an hour ahead of it.
    Offset(i32),
}

/// Hours of each day in which an alert decides as ever, but its message waits.
///
/// So the crossing trade itself is named, once, and nobody is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuietHours {
    /// First minute of the day, 0 to 1,439.
    pub from_minute: u32,
    /// First minute that is no longer quiet. Smaller than `from_minute` when the hours span midnight;
    /// equal means never quiet.
    pub to_minute: u32,
    /// By whose clock.
    pub zone: Zone,
}

impl QuietHours {
    /// When the quiet hours that hold this moment end; `None` outside them. Over a clock change the end is
    /// that of the offset in force at `time`.
    pub fn end_of(&self, time: Timestamp) -> Option<Timestamp> {
        let offset = match self.zone {
            Zone::NewYork => new_york_offset_seconds(time),
            Zone::Offset(minutes) => i64::from(minutes) * 60,
        };
        let second = (time.seconds() + offset).rem_euclid(SECONDS_PER_DAY);
        let (from, to) = (i64::from(self.from_minute) * 60, i64::from(self.to_minute) * 60);
        let length = (to - from).rem_euclid(SECONDS_PER_DAY);
        let gone = (second - from).rem_euclid(SECONDS_PER_DAY);
        let left = length - gone;
        (left > 0).then(|| {
            let whole = Timestamp::from_seconds(time.seconds()).unwrap_or(time);
            whole.saturating_add_nanos(left * NANOS_PER_SECOND)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(from: u32, to: u32, zone: Zone, at: &str) -> Option<String> {
        let quiet = QuietHours { from_minute: from, to_minute: to, zone };
        quiet.end_of(at.parse().unwrap()).map(|end| end.to_string())
    }

    #[test]
    fn quiet_hours_end_by_their_own_clock() {
        let utc = Zone::Offset(0);
        assert_eq!(end(60, 120, utc, "2026-01-05T00:59:59Z"), None);
        assert_eq!(end(60, 120, utc, "2026-01-05T01:00:00Z").as_deref(), Some("2026-01-05T02:00:00Z"));
        assert_eq!(end(60, 120, utc, "2026-01-05T01:59:59.5Z").as_deref(), Some("2026-01-05T02:00:00Z"));
        assert_eq!(end(60, 120, utc, "2026-01-05T02:00:00Z"), None);
        // Over midnight.
        assert_eq!(end(1_320, 420, utc, "2026-01-05T23:00:00Z").as_deref(), Some("2026-01-06T07:00:00Z"));
        assert_eq!(end(1_320, 420, utc, "2026-01-06T06:59:00Z").as_deref(), Some("2026-01-06T07:00:00Z"));
        assert_eq!(end(1_320, 420, utc, "2026-01-06T12:00:00Z"), None);
        assert_eq!(end(600, 600, utc, "2026-01-05T10:00:00Z"), None);
        // 22:00 in New York is 03:00 UTC in winter, 02:00 in summer.
        assert_eq!(end(1_320, 0, Zone::NewYork, "2026-01-05T02:30:00Z"), None);
        assert_eq!(
            end(1_320, 0, Zone::NewYork, "2026-07-05T02:30:00Z").as_deref(),
            Some("2026-07-05T04:00:00Z")
        );
        assert_eq!(
            end(0, 60, Zone::Offset(120), "2026-01-05T22:30:00Z").as_deref(),
            Some("2026-01-05T23:00:00Z")
        );
    }
}
