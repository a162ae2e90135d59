//! How long an answer takes.

use std::sync::Arc;
use std::time::Duration;

use crate::hash;

/// Of 1,200 requests one after the other (2017), how many took so many whole seconds longer.
const SECONDS: [(u32, u64); 5] = [(0, 789), (1, 189), (2, 100), (3, 71), (4, 51)];

/// Of the same, how many took so many milliseconds beside the whole seconds.
const MILLIS: [(u32, u64); 13] = [
    (7, 11),
    (8, 176),
    (9, 508),
    (10, 434),
    (11, 40),
    (12, 6),
    (13, 6),
    (14, 2),
    (15, 6),
    (16, 7),
    (17, 2),
    (20, 1),
    (26, 1),
];

/// How long answers take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delays {
    /// As measured on the real one: 65.75 % take 7 to 26 ms, the rest whole seconds more, up to four.
    Measured {
        /// Of the measured times; 100 for the times themselves.
        percent: u32,
    },
    /// No longer than they must.
    None,
    /// The requests in turn, then from the first again.
    Given(Arc<[Duration]>),
}

impl Delays {
    /// The delay of the `at`-th request under a seed.
    pub(super) fn of(&self, seed: u64, at: u64) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Measured { percent } => measured(seed, at) * *percent / 100,
            Self::Given(given) => {
                given.get((at % given.len().max(1) as u64) as usize).copied().unwrap_or_default()
            }
        }
    }
}

fn measured(seed: u64, at: u64) -> Duration {
    let chance = hash::draw(hash::mix(seed ^ 0xde1a), at);
    let seconds = pick(&SECONDS, chance);
    let millis = pick(&MILLIS, hash::mix(chance));
    Duration::from_millis(u64::from(seconds) * 1_000 + u64::from(millis))
}

fn pick(weights: &[(u32, u64)], chance: u64) -> u32 {
    let mut left = hash::below(chance, weights.iter().map(|(_, weight)| weight).sum());
    for (value, weight) in weights {
        if left < *weight {
            return *value;
        }
        left -= weight;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_distributed_as_measured() {
        let many = 40_000;
        let drawn: Vec<u128> = (0..many).map(|at| measured(1, at).as_millis()).collect();
        assert!(drawn.iter().all(|millis| (7..=26).contains(&(millis % 1_000))));
        for (seconds, of_1200) in SECONDS {
            let found = drawn.iter().filter(|millis| **millis / 1_000 == u128::from(seconds)).count() as u64;
            assert!((found * 1_200 / many).abs_diff(of_1200) < 12, "{seconds} s: {found} of {many}");
        }
    }

    #[test]
    fn can_be_scaled_given_and_switched_off() {
        let real = Delays::Measured { percent: 100 };
        let tenth = Delays::Measured { percent: 10 };
        assert_eq!(real.of(3, 5) / 10, tenth.of(3, 5));
        assert_eq!(Delays::None.of(3, 5), Duration::ZERO);
        let second = Duration::from_secs(1);
        let given = Delays::Given([second, Duration::ZERO].into());
        assert_eq!([0, 1, 2].map(|at| given.of(3, at)), [second, Duration::ZERO, second]);
        assert_eq!(Delays::Given([].into()).of(3, 5), Duration::ZERO);
    }
}
