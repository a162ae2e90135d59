//! How many calls a key may make.

use market::Timestamp;

/// Counts calls in whole minutes (or days) and whole seconds of the clock, as the headers tell them.
#[derive(Debug)]
pub(crate) struct Limiter {
    window_seconds: i64,
    per_window: u32,
    per_second: u32,
    window: (i64, u32),
    second: (i64, u32),
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// The call may be answered.
    pub(crate) allowed: bool,
    /// Calls in a window.
    pub(crate) limit: u32,
    /// Calls left in this window.
    pub(crate) remaining: u32,
    /// When the next window begins, in seconds since the epoch.
    pub(crate) reset: i64,
}

impl Limiter {
    /// A plan that counts minutes.
    pub(crate) fn new(per_minute: u32, per_second: u32) -> Self {
        Self::of(60, per_minute, per_second)
    }

    /// A plan that counts days.
    pub(crate) fn daily(per_day: u32, per_second: u32) -> Self {
        Self::of(86_400, per_day, per_second)
    }

    fn of(window_seconds: i64, per_window: u32, per_second: u32) -> Self {
        Self { window_seconds, per_window, per_second, window: (i64::MIN, 0), second: (i64::MIN, 0) }
    }

    /// Counts a call. Refused calls count too, as with most providers: hammering does not help.
    pub(crate) fn call(&mut self, now: Timestamp) -> Allowance {
        let second = now.seconds();
        let window = second.div_euclid(self.window_seconds);
        let in_window = count(&mut self.window, window);
        let in_second = count(&mut self.second, second);
        Allowance {
            allowed: in_window <= self.per_window && in_second <= self.per_second,
            limit: self.per_window,
            remaining: self.per_window.saturating_sub(in_window),
            reset: (window + 1) * self.window_seconds,
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
