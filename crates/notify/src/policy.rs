//! When a delivery is tried again, and when it is given up. Pure: time and chance are arguments.

use std::time::Duration;

use market::Timestamp;
use store::records::delivery::Due;

use crate::Fault;

/// How patient we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Attempts after which a delivery is a dead letter.
    pub tries_max: u32,
    /// The pause after a channel's first failure; each next is three times as long.
    pub pause_first: Duration,
    /// The longest pause, except where the other side asks for more.
    pub pause_max: Duration,
    /// The longest that `Retry-After` is obeyed.
    pub retry_after_max: Duration,
    /// A notice that was not delivered for so long is news no more.
    pub age_max: Duration,
    /// The longest an attempt may take.
    pub attempt_max: Duration,
}

impl Default for Policy {
    /// Ten attempts over an hour and a quarter: 5 s, 15 s, 45 s, 2 min, 7 min and then every 15 minutes, each a
    /// little less by chance.
    fn default() -> Self {
        Self {
            tries_max: 10,
            pause_first: Duration::from_secs(5),
            pause_max: Duration::from_secs(15 * 60),
            retry_after_max: Duration::from_secs(6 * 3_600),
            age_max: Duration::from_secs(24 * 3_600),
            attempt_max: Duration::from_secs(20),
        }
    }
}

/// What follows from a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The delivery is given up.
    pub is_dead: bool,
    /// Nothing is sent to this channel before.
    pub not_before: Timestamp,
    /// What its owner is told.
    pub why: String,
}

impl Policy {
    /// The pause after so many failures of a channel in a row, 1 at least. `chance` is 0 to 1 and takes up to half of it,
    /// so that those who failed together do not come back together.
    pub fn pause(&self, failures: u32, chance: f64) -> Duration {
        let factor = 3u32.saturating_pow(failures.saturating_sub(1));
        let whole = self.pause_first.saturating_mul(factor).min(self.pause_max);
        whole.mul_f64(1.0 - chance.clamp(0.0, 1.0) / 2.0)
    }

    /// What follows from a fault of a delivery. `failures` counts those of its channel in a row, this one among them.
    pub fn verdict(&self, fault: &Fault, due: &Due, failures: u32, now: Timestamp, chance: f64) -> Verdict {
        let pause = self.pause(failures, chance);
        let tries = due.tries.saturating_add(1);
        let (is_dead, pause, why) = match fault {
            Fault::Later { why, after } => {
                // Who asks for time gets it; who asks for none is not hurried after.
                let pause = after.map_or(pause, |after| after.min(self.retry_after_max).max(pause));
                let is_last = due.is_test || tries >= i64::from(self.tries_max);
                let why = match is_last && !due.is_test {
                    true => format!("given up after {tries} attempts: {why}"),
                    false => why.clone(),
                };
                (is_last, pause, why)
            }
            Fault::Never { why } | Fault::Gone { why } => (true, pause, why.clone()),
        };
        Verdict { is_dead, not_before: after(now, pause), why }
    }

    /// A notice that has waited for too long is told as given up, without another attempt.
    pub fn is_too_old(&self, due: &Due, now: Timestamp) -> bool {
        after(due.queued_at, self.age_max) < now
    }
}

/// A moment later by so much.
pub(crate) fn after(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add_nanos(i64::try_from(pause.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use store::records::delivery::Notice;

    use super::*;

    fn due(tries: i64, is_test: bool) -> Due {
        let at = Timestamp::EPOCH;
        let notice = Notice {
            owner: 1,
            dedupe: "a".into(),
            kind: "alert".into(),
            title: "t".into(),
            body: String::new(),
            symbol: None,
            price: None,
            link: "/".into(),
            happened_at: at,
            details: None,
            channels: Vec::new(),
        };
        Due { id: 1, tries, is_test, queued_at: at, notice }
    }

    #[test]
    fn pauses_grow_to_a_limit_and_differ_by_chance() {
        let policy = Policy::default();
        let seconds = |failures| policy.pause(failures, 0.0).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 40].map(seconds), [5, 15, 45, 135, 405, 900, 900, 900]);
        assert_eq!(policy.pause(1, 1.0), Duration::from_millis(2_500));
        assert_eq!(policy.pause(0, 0.0), policy.pause(1, 0.0));
    }

    #[test]
    fn retry_after_is_obeyed_within_reason() {
        let (policy, now) = (Policy::default(), Timestamp::EPOCH);
        let wait = |seconds: u64| {
            let fault = Fault::Later { why: "429".into(), after: Some(Duration::from_secs(seconds)) };
            policy.verdict(&fault, &due(0, false), 1, now, 0.0).not_before.seconds()
        };
        assert_eq!((wait(60), wait(0), wait(1_000_000)), (60, 5, 6 * 3_600));
    }

    #[test]
    fn what_fails_for_good_or_too_often_is_given_up() {
        let (policy, now) = (Policy::default(), Timestamp::EPOCH);
        let verdict =
            |fault: &Fault, tries, is_test| policy.verdict(fault, &due(tries, is_test), 1, now, 0.0);
        let later = Fault::later("no answer");
        assert!(!verdict(&later, 8, false).is_dead);
        let last = verdict(&later, 9, false);
        assert_eq!((last.is_dead, last.why.as_str()), (true, "given up after 10 attempts: no answer"));
        assert!(verdict(&later, 0, true).is_dead);
        assert!(verdict(&Fault::never("404"), 0, false).is_dead);
        assert!(policy.is_too_old(&due(0, false), Timestamp::from_nanos(86_400_000_000_001)));
        assert!(!policy.is_too_old(&due(0, false), Timestamp::from_nanos(86_400_000_000_000)));
    }
}
