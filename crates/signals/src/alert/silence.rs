//! How long nothing was heard, in market hours.

use market::calendar::{DayHours, next_session};
use market::time::NANOS_PER_SECOND;
use market::{Hours, Timestamp};

/// The day after, a short day, and the day after that: what does not fit there fits nowhere.
const SESSIONS_TRIED: usize = 4;

/// When a silence that began at `heard` has lasted `seconds` of one regular session, and from when it
/// counts: the trade itself, or the open if that is later. A silence that the close interrupts begins
/// anew at the next open; one that fits into no session is reached at the end of time.
pub(super) fn silence(heard: Timestamp, seconds: u32, hours: Hours) -> (Timestamp, Timestamp) {
    let length = i64::from(seconds) * NANOS_PER_SECOND;
    let mut day = next_session(heard, hours);
    let mut since = heard.max(day.opens);
    for _ in 0..SESSIONS_TRIED {
        let reached = since.saturating_add_nanos(length);
        if hours == Hours::Always || reached <= day.closes {
            return (since, reached);
        }
        day = next_session(DayHours::of(day.date.plus_days(1), hours).begins, hours);
        since = day.opens;
    }
    (since, Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(heard: &str, seconds: u32, hours: Hours, since: &str, reached: &str) {
        let (from, at) = silence(heard.parse().unwrap(), seconds, hours);
        assert_eq!((from.to_string().as_str(), at.to_string().as_str()), (since, reached), "{heard}");
    }

    #[test]
    fn silence_counts_in_regular_hours() {
        let us = Hours::UsEquity;
        check("2018-01-03T15:00:00.5Z", 5, us, "2018-01-03T15:00:00.500Z", "2018-01-03T15:00:05.500Z");
        // Before the open it counts from the open, after the close from the next one.
        check("2018-01-03T13:00:00Z", 5, us, "2018-01-03T14:30:00Z", "2018-01-03T14:30:05Z");
        check("2018-01-03T22:00:00Z", 5, us, "2018-01-04T14:30:00Z", "2018-01-04T14:30:05Z");
        // The close ends a silence; Monday was a holiday.
        check("2018-01-12T20:59:58Z", 5, us, "2018-01-16T14:30:00Z", "2018-01-16T14:30:05Z");
        check("2018-01-12T20:59:58Z", 5, Hours::Always, "2018-01-12T20:59:58Z", "2018-01-12T21:00:03Z");
        // Always open means over midnight too.
        check("2018-01-13T04:59:58Z", 5, Hours::Always, "2018-01-13T04:59:58Z", "2018-01-13T05:00:03Z");
    }

    #[test]
    fn a_silence_longer_than_any_session_never_comes() {
        let heard = "2018-01-03T15:00:00Z".parse().unwrap();
        assert_eq!(silence(heard, 86_400, Hours::UsEquity).1, Timestamp::MAX);
    }
}
