//! How many calls a plan still allows. Pure: the caller sleeps.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The provider's windows are measured by its clock and the way there takes time: ours are longer.
const MARGIN: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// The largest plan that is taken at its word; the times of so many calls are kept.
const CALLS_MAX: u32 = 10_000;

/// The calls of the last minute, or of the last day, and what the provider itself says of them.
///
/// It holds for every window of that length and of a second, however the provider aligns its own;
/// a bucket that refills while it is spent would allow twice the plan in its first window.
#[derive(Debug)]
pub struct Budget {
    /// The long window.
    window: Duration,
    per_window: usize,
    per_second: usize,
    /// Times of the calls of the last window, oldest first.
    calls: VecDeque<Instant>,
    /// No call before: the provider said so.
    not_before: Option<Instant>,
}

impl Budget {
    /// The whole budget of a plan that counts minutes.
    pub fn new(per_minute: u32, per_second: u32) -> Self {
        Self::of(MINUTE, per_minute, per_second)
    }

    /// The whole budget of a plan that counts days.
    pub fn daily(per_day: u32, per_second: u32) -> Self {
        Self::of(DAY, per_day, per_second)
    }

    fn of(window: Duration, per_window: u32, per_second: u32) -> Self {
        Self {
            window,
            per_window: per_window.clamp(1, CALLS_MAX) as usize,
            per_second: per_second.clamp(1, CALLS_MAX) as usize,
            calls: VecDeque::new(),
            not_before: None,
        }
    }

    /// How many calls a window allows.
    pub fn limit(&self) -> u32 {
        // At most `CALLS_MAX`.
        self.per_window as u32
    }

    /// How many calls the window has left; none while the provider wants none.
    pub fn left(&mut self, now: Instant) -> u32 {
        self.forget(now);
        let left = self.per_window.saturating_sub(self.calls.len()) as u32;
        if self.not_before.is_some_and(|at| now < at) { 0 } else { left }
    }

    /// How long until there is a call left; no time if there is.
    pub fn free_in(&mut self, now: Instant) -> Duration {
        self.forget(now);
        let told = self.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let full = self.calls.len().checked_sub(self.per_window).and_then(|at| self.calls.get(at));
        told.max(
            full.map_or(Duration::ZERO, |at| (*at + self.window + MARGIN).saturating_duration_since(now)),
        )
    }

    /// Takes one call, leaving at least `reserve` of the window for others.
    ///
    /// # Errors
    /// How long to wait before asking again.
    pub fn take(&mut self, reserve: u32, now: Instant) -> Result<(), Duration> {
        if let Some(at) = self.not_before {
            if now < at {
                return Err(at - now);
            }
            self.not_before = None;
        }
        self.forget(now);
        // A reserve as large as the plan could never be met.
        let most = self.per_window.saturating_sub(reserve as usize).max(1);
        let wait = |most: usize, window: Duration| {
            let at = self.calls.len().checked_sub(most)?;
            let free = *self.calls.get(at)? + window + MARGIN;
            (free > now).then(|| free - now)
        };
        match wait(most, self.window).max(wait(self.per_second, SECOND)) {
            Some(wait) => Err(wait),
            None => {
                self.calls.push_back(now);
                Ok(())
            }
        }
    }

    fn forget(&mut self, now: Instant) {
        while self.calls.front().is_some_and(|at| *at + self.window + MARGIN <= now) {
            self.calls.pop_front();
        }
    }

    /// The provider's own count: `limit` calls a minute, of which `remaining` are left until it
    /// counts anew in `reset`. It knows of the key's calls from elsewhere too.
    pub fn learn(
        &mut self,
        limit: Option<u32>,
        remaining: Option<u32>,
        reset: Option<Duration>,
        now: Instant,
    ) {
        self.forget(now);
        if let Some(limit) = limit.filter(|n| (1..=CALLS_MAX).contains(n)) {
            self.per_window = limit as usize;
        }
        let Some(remaining) = remaining else { return };
        // Calls from elsewhere count as if made now. Never the other way: our count may know of
        // calls that are still under way.
        let used = self.per_window.saturating_sub(remaining as usize);
        for _ in self.calls.len()..used {
            self.calls.push_back(now);
        }
        if remaining == 0
            && let Some(reset) = reset.filter(|r| *r <= self.window * 2)
        {
            self.not_before = self.not_before.max(Some(now + reset));
        }
    }

    /// The provider refused a call as one too many.
    pub fn refused(&mut self, wait: Duration, now: Instant) {
        // A window at most: an absurd figure must not end all calls.
        self.not_before = self.not_before.max(Some(now + wait.clamp(SECOND, self.window)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spend(budget: &mut Budget, reserve: u32, now: Instant) -> usize {
        (0..999).filter(|_| budget.take(reserve, now).is_ok()).count()
    }

    #[test]
    fn holds_the_second_and_the_minute() {
        let t = Instant::now();
        let mut budget = Budget::new(60, 30);
        assert_eq!(spend(&mut budget, 0, t), 30);
        assert_eq!(budget.take(0, t), Err(SECOND + MARGIN));
        let later = t + SECOND + MARGIN;
        assert_eq!(spend(&mut budget, 0, later), 30);
        assert_eq!(budget.take(0, later), Err(MINUTE - SECOND));
        assert_eq!(spend(&mut budget, 0, t + MINUTE), 0);
        assert_eq!(spend(&mut budget, 0, t + MINUTE + MARGIN), 30);
    }

    #[test]
    fn leaves_a_reserve_and_obeys_the_provider() {
        let t = Instant::now();
        let mut budget = Budget::new(60, 100);
        assert_eq!((spend(&mut budget, 15, t), spend(&mut budget, 0, t)), (45, 15));
        let mut budget = Budget::new(60, 100);
        budget.learn(Some(60), Some(3), None, t);
        assert_eq!(spend(&mut budget, 0, t), 3);
        let mut budget = Budget::new(60, 100);
        budget.learn(Some(300), None, None, t);
        assert_eq!(spend(&mut budget, 0, t), 100);
        let mut budget = Budget::new(60, 100);
        budget.learn(None, Some(0), Some(Duration::from_secs(20)), t);
        assert_eq!(budget.take(0, t), Err(Duration::from_secs(20)));
        let mut budget = Budget::new(60, 100);
        budget.refused(Duration::from_secs(30), t);
        assert_eq!(budget.take(0, t), Err(Duration::from_secs(30)));
        assert!(budget.take(0, t + Duration::from_secs(30)).is_ok());
        // Absurd figures are bounded.
        budget.learn(Some(u32::MAX), Some(u32::MAX), Some(Duration::MAX), t);
        budget.refused(Duration::MAX, t);
        assert!(budget.take(0, t + MINUTE).is_ok());
    }

    #[test]
    fn a_day_is_a_window_too_and_what_is_left_is_told() {
        let t = Instant::now();
        let mut budget = Budget::daily(3, 1);
        assert_eq!((budget.limit(), budget.left(t), budget.free_in(t)), (3, 3, Duration::ZERO));
        let step = SECOND + MARGIN;
        for n in 0..3 {
            assert_eq!(budget.take(0, t + step * n), Ok(()));
        }
        let now = t + step * 3;
        assert_eq!((budget.left(now), budget.free_in(now)), (0, DAY + MARGIN - step * 3));
        assert_eq!(budget.take(0, now), Err(DAY + MARGIN - step * 3));
        assert_eq!((budget.left(t + DAY + MARGIN), budget.free_in(t + DAY + MARGIN)), (1, Duration::ZERO));
        let mut refused = Budget::daily(3, 1);
        refused.refused(Duration::from_secs(3_600), t);
        assert_eq!((refused.left(t), refused.free_in(t)), (0, Duration::from_secs(3_600)));
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_plan(
            pauses in proptest::collection::vec(0u64..400, 1..600), reserve in 0u32..99) {
            let mut now = Instant::now();
            let mut taken = Vec::new();
            let mut budget = Budget::new(60, 5);
            for pause in pauses {
                now += Duration::from_millis(pause);
                match budget.take(reserve, now) {
                    Ok(()) => taken.push(now),
                    Err(wait) => {
                        prop_assert!(wait > Duration::ZERO);
                        now += wait;
                        prop_assert!(budget.take(reserve, now).is_ok(), "the wait was not enough");
                        taken.push(now);
                    }
                }
            }
            for window in taken.windows(61) {
                prop_assert!(window[60] - window[0] > MINUTE);
            }
            for window in taken.windows(6) {
                prop_assert!(window[5] - window[0] > SECOND);
            }
        }
    }
}
