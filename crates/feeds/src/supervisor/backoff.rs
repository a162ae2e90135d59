//! How long to wait before the next attempt. Pure: the caller sleeps.

use std::time::Duration;

use crate::{FeedError, Retry};

/// Pauses between attempts; each doubles up to its maximum, and up to half as much again is added by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffSettings {
    /// First pause after a cut or a failure of the network.
    pub first: Duration,
    /// Longest such pause.
    pub max: Duration,
    /// First pause after the provider said no: it counts connections, so hurry makes it worse.
    pub refused_first: Duration,
    /// Longest such pause, and the most of a Retry-After that is honoured.
    pub refused_max: Duration,
    /// A connection that lived so long was good: the next pause is the first again.
    pub stable: Duration,
    /// Seed of the chance, so that instances started together do not return together.
    pub seed: u64,
}

impl Default for BackoffSettings {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            max: Duration::from_secs(30),
            refused_first: Duration::from_secs(5),
            refused_max: Duration::from_secs(3_600),
            stable: Duration::from_secs(30),
            seed: 0,
        }
    }
}

/// The count of failures, and what follows from it.
#[derive(Debug)]
pub struct Backoff {
    settings: BackoffSettings,
    failures: u32,
    state: u64,
}

impl Backoff {
    /// Nothing has failed yet.
    pub fn new(settings: BackoffSettings) -> Self {
        Self { settings, failures: 0, state: settings.seed }
    }

    /// A connection ended after having lived so long.
    pub fn lived(&mut self, lived: Duration) {
        if lived >= self.settings.stable {
            self.failures = 0;
        }
    }

    /// The pause after this failure; `None` when trying again makes no sense.
    pub fn pause(&mut self, error: &FeedError) -> Option<Duration> {
        let s = self.settings;
        let doublings = self.failures.min(20);
        self.failures = self.failures.saturating_add(1);
        let grown = |first: Duration, max: Duration| first.saturating_mul(1 << doublings).min(max);
        let base = match (error.retry(), error.is_refusal()) {
            (Retry::Never, _) => return None,
            // What the provider asks for, and never less than our own patience.
            (Retry::After(asked), _) => asked.min(s.refused_max).max(grown(s.first, s.max)),
            (Retry::Backoff, true) => grown(s.refused_first, s.refused_max),
            (Retry::Backoff, false) => grown(s.first, s.max),
        };
        Some(base + self.chance(base / 2))
    }

    /// From nothing up to `most`. SplitMix64: a few lines, and good enough to spread attempts.
    fn chance(&mut self, most: Duration) -> Duration {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(((u128::from(z) * u128::from(most)) >> 64) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn error(kind: ErrorKind) -> FeedError {
        FeedError::new(kind, "")
    }

    #[test]
    fn grows_with_chance_and_forgets_after_a_good_connection() {
        let mut backoff = Backoff::new(BackoffSettings { seed: 7, ..BackoffSettings::default() });
        let mut expected = Duration::from_millis(500);
        for _ in 0..12 {
            let pause = backoff.pause(&error(ErrorKind::Network)).unwrap();
            assert!(pause >= expected && pause <= expected * 3 / 2, "{pause:?} {expected:?}");
            expected = (expected * 2).min(Duration::from_secs(30));
        }
        backoff.lived(Duration::from_secs(29));
        assert!(backoff.pause(&error(ErrorKind::Network)).unwrap() >= Duration::from_secs(30));
        backoff.lived(Duration::from_secs(30));
        assert!(backoff.pause(&error(ErrorKind::Network)).unwrap() < Duration::from_secs(1));
    }

    #[test]
    fn a_refusal_waits_well_over_a_second_and_as_long_as_it_asks() {
        let mut backoff = Backoff::new(BackoffSettings::default());
        assert!(backoff.pause(&error(ErrorKind::Limit)).unwrap() >= Duration::from_secs(5));
        assert!(backoff.pause(&error(ErrorKind::Status(503))).unwrap() >= Duration::from_secs(10));
        let asked = |s| error(ErrorKind::Limit).retrying(Retry::After(Duration::from_secs(s)));
        assert!(backoff.pause(&asked(70)).unwrap() >= Duration::from_secs(70));
        // A year is a mistake, and nothing is no licence to hammer.
        assert!(backoff.pause(&asked(31_536_000)).unwrap() <= Duration::from_secs(5_400));
        assert!(backoff.pause(&asked(0)).unwrap() >= Duration::from_secs(1));
        assert_eq!(backoff.pause(&error(ErrorKind::Key)), None);
    }

    #[test]
    fn seeds_part_the_ways() {
        let pauses = |seed| {
            let mut backoff = Backoff::new(BackoffSettings { seed, ..BackoffSettings::default() });
            [(); 5].map(|()| backoff.pause(&error(ErrorKind::Network)))
        };
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1), pauses(2));
    }
}
