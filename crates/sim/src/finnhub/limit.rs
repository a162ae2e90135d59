//! How many calls a key may make.

use market::Timestamp;

/// Counts calls in whole minutes and whole seconds of the clock, as the headers tell them.
#[derive(Debug)]
pub(super) struct Limiter {
    per_minute: u32,
    per_second: u32,
    minute: (i64, u32),
    second: (i64, u32),
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    /// The call may be answered.
    pub(super) allowed: bool,
    /// Calls in a minute.
    pub(super) limit: u32,
    /// Calls left in this minute.
    pub(super) remaining: u32,
    /// When the next minute begins, in seconds since the epoch.
    pub(super) reset: i64,
}

impl Limiter {
    pub(super) fn new(per_minute: u32, per_second: u32) -> Self {
        Self { per_minute, per_second, minute: (i64::MIN, 0), second: (i64::MIN, 0) }
    }

    /// Counts a call. Refused calls count too, as with most providers: hammering does not help.
    pub(super) fn call(&mut self, now: Timestamp) -> Allowance {
        let second = now.seconds();
        let minute = second.div_euclid(60);
        let in_minute = count(&mut self.minute, minute);
        let in_second = count(&mut self.second, second);
        Allowance {
            allowed: in_minute <= self.per_minute && in_second <= self.per_second,
            limit: self.per_minute,
            remaining: self.per_minute.saturating_sub(in_minute),
            reset: (minute + 1) * 60,
        }
    }
}

fn count(window: &mut (i64, u32), now: i64) -> u32 {
    if window.0 != now {
        *window = (now, 0);
    }
    window.1 = window.1.saturating_add(1);
    window.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_minutes_and_seconds() {
        let mut limiter = Limiter::new(5, 3);
        let mut call = |second| limiter.call(Timestamp::from_seconds(second).unwrap());
        let allowed: Vec<bool> = [600, 600, 600, 600, 601, 602].map(|s| call(s).allowed).into();
        assert_eq!(allowed, [true, true, true, false, true, false]);
        let fresh = call(660);
        assert_eq!(fresh, Allowance { allowed: true, limit: 5, remaining: 4, reset: 720 });
    }
}
