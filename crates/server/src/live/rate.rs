//! How much comes in, counted by the minute.

use market::Timestamp;

/// Counts by minutes of the clock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rate {
    minute: i64,
    now: u64,
    before: Option<u64>,
}

impl Rate {
    /// Counts some more.
    pub(super) fn count(&mut self, time: Timestamp, n: usize) {
        self.turn(time);
        self.now += n as u64;
    }

    /// What came in the last full minute; nothing before there was one.
    pub(super) fn per_minute(mut self, time: Timestamp) -> Option<u64> {
        self.turn(time);
        self.before
    }

    fn turn(&mut self, time: Timestamp) {
        let minute = time.seconds().div_euclid(60);
        if minute == self.minute {
            return;
        }
        // Only a minute that was counted from its beginning says something.
        let is_next = self.minute != 0 && minute == self.minute + 1;
        self.before = match (is_next, self.minute) {
            (_, 0) => None,
            (true, _) => Some(self.now),
            (false, _) => Some(0),
        };
        (self.minute, self.now) = (minute, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_last_full_minute() {
        let at = |seconds: i64| Timestamp::from_seconds(1_767_625_200 + seconds).unwrap();
        let mut rate = Rate::default();
        assert_eq!(rate.per_minute(at(0)), None);
        rate.count(at(5), 3);
        rate.count(at(59), 4);
        assert_eq!(rate.per_minute(at(59)), None);
        assert_eq!(rate.per_minute(at(61)), Some(7));
        rate.count(at(62), 1);
        assert_eq!(rate.per_minute(at(63)), Some(7));
        assert_eq!(rate.per_minute(at(121)), Some(1));
        assert_eq!(rate.per_minute(at(400)), Some(0));
    }
}
