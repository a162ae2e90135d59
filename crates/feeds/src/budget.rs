//! How many calls a plan still allows. Pure: the caller sleeps.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The provider's windows are measured by its clock and the way there takes time: ours are longer.
const MARGIN: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// The largest plan that is taken at its word; the times of so many calls are kept.
const CALLS_MAX: u32 = 10_000;

/// The calls of the last minute, and what the provider itself says of them.
///
/// It holds for every window of a minute and of a second, however the provider aligns its own;
/// a bucket that refills while it is spent would allow twice the plan in its first minute.
#[derive(Debug)]
pub struct Budget {
    per_minute: usize,
    per_second: usize,
    /// Times of the calls of the last minute, oldest first.
    calls: VecDeque<Instant>,
    /// No call before: the provider said so.
    not_before: Option<Instant>,
}

impl Budget {
    /// The whole budget of a plan.
    pub fn new(per_minute: u32, per_second: u32) -> Self {
        Self {
            per_minute: per_minute.clamp(1, CALLS_MAX) as usize,
            per_second: per_second.clamp(1, CALLS_MAX) as usize,
            calls: VecDeque::new(),
            not_before: None,
        }
    }

    /// Takes one call, leaving at least `reserve` of the minute for others.
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
        let most = self.per_minute.saturating_sub(reserve as usize).max(1);
        let wait = |most: usize, window: Duration| {
            let at = self.calls.len().checked_sub(most)?;
            let free = *self.calls.get(at)? + window + MARGIN;
            (free > now).then(|| free - now)
        };
        match wait(most, MINUTE).max(wait(self.per_second, SECOND)) {
            Some(wait) => Err(wait),
            None => {
                self.calls.push_back(now);
                Ok(())
            }
        }
    }

    fn forget(&mut self, now: Instant) {
        while self.calls.front().is_some_and(|at| *at + MINUTE + MARGIN <= now) {
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
            self.per_minute = limit as usize;
        }
        let Some(remaining) = remaining else { return };
        // Calls from elsewhere count as if made now. Never the other way: our count may know of
        // calls that are still under way.
        let used = self.per_minute.saturating_sub(remaining as usize);
        for _ in self.calls.len()..used {
            self.calls.push_back(now);
        }
        if remaining == 0
            && let Some(reset) = reset.filter(|r| *r <= MINUTE * 2)
        {
            self.not_before = self.not_before.max(Some(now + reset));
        }
    }

    /// The provider refused a call as one too many.
    pub fn refused(&mut self, wait: Duration, now: Instant) {
        // A minute at most: its windows are no longer, and an absurd figure must not end all calls.
        self.not_before = self.not_before.max(Some(now + wait.clamp(SECOND, MINUTE)));
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
