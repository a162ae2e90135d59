//! Lock-out: who has guessed wrong too often waits, longer each time, and is forgiven with time.
//!
//! Counted by user name, so that many addresses cannot guess one password, and by address, so that one address
//! cannot guess many. An attempt is counted before its password is looked at, so that many at once gain
//! nothing; one that succeeds is taken back. Unknown names are counted as known ones are.
//!
//! The price is known: whoever guesses at somebody's name makes them wait too, five minutes at most. Logins that are open
//! go on meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use market::Timestamp;

/// Names, or addresses, that are remembered. With one more those longest quiet are forgotten.
pub const REMEMBERED_MAX: usize = 10_000;

/// How much is forgiven, and how long one waits then.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// Attempts without a wait.
    free: u32,
    /// The longest wait.
    wait_max: Duration,
}

const OF_USER: Rule = Rule { free: 5, wait_max: Duration::from_secs(300) };
const OF_ADDRESS: Rule = Rule { free: 50, wait_max: Duration::from_secs(900) };

/// After so long without an attempt everything is forgiven.
const FORGIVEN_AFTER: Duration = Duration::from_secs(3_600);

impl Rule {
    /// The wait after so many attempts: 1 s, doubled with each, to the longest.
    fn wait(self, attempts: u32) -> Duration {
        let Some(over) = attempts.checked_sub(self.free) else { return Duration::ZERO };
        Duration::from_secs(1 << over.min(20)).min(self.wait_max)
    }
}

#[derive(Debug, Clone, Copy)]
struct Count {
    attempts: u32,
    last: Timestamp,
}

#[derive(Debug)]
struct Table {
    rule: Rule,
    counts: HashMap<Box<str>, Count>,
}

impl Table {
    fn new(rule: Rule) -> Self {
        Self { rule, counts: HashMap::new() }
    }

    /// How long is still to be waited.
    fn wait(&mut self, key: &str, now: Timestamp) -> Duration {
        let Some(count) = self.counts.get(key) else { return Duration::ZERO };
        let quiet = since(count.last, now);
        if quiet >= FORGIVEN_AFTER {
            self.counts.remove(key);
            return Duration::ZERO;
        }
        self.rule.wait(count.attempts).saturating_sub(quiet)
    }

    fn count(&mut self, key: &str, now: Timestamp) {
        if !self.counts.contains_key(key) && self.counts.len() >= REMEMBERED_MAX {
            self.make_room(now);
        }
        let count = self.counts.entry(key.into()).or_insert(Count { attempts: 0, last: now });
        count.attempts = count.attempts.saturating_add(1);
        count.last = now;
    }

    /// Forgets what is forgiven, and else the quarter that has been quiet for longest.
    fn make_room(&mut self, now: Timestamp) {
        self.counts.retain(|_, count| since(count.last, now) < FORGIVEN_AFTER);
        if self.counts.len() < REMEMBERED_MAX {
            return;
        }
        let mut times: Vec<Timestamp> = self.counts.values().map(|count| count.last).collect();
        times.sort_unstable();
        let bound = times[REMEMBERED_MAX / 4];
        // Of those of one moment all go, so that room is made whatever the times are.
        self.counts.retain(|_, count| count.last > bound);
    }
}

fn since(before: Timestamp, now: Timestamp) -> Duration {
    Duration::from_nanos(u64::try_from(now.nanos().saturating_sub(before.nanos())).unwrap_or(0))
}

/// Who has tried how often.
#[derive(Debug)]
pub struct Lockout {
    users: Table,
    addresses: Table,
}

impl Default for Lockout {
    fn default() -> Self {
        Self { users: Table::new(OF_USER), addresses: Table::new(OF_ADDRESS) }
    }
}

impl Lockout {
    /// Counts an attempt, or tells how long is to be waited before the next.
    ///
    /// # Errors
    /// The time to wait. The attempt was not counted.
    pub fn attempt(&mut self, user: &str, address: &str, now: Timestamp) -> Result<(), Duration> {
        let wait = self.users.wait(user, now).max(self.addresses.wait(address, now));
        if wait > Duration::ZERO {
            return Err(wait);
        }
        self.users.count(user, now);
        self.addresses.count(address, now);
        Ok(())
    }

    /// The attempt had the right password: of the name everything is forgiven, of the address this one.
    pub fn succeeded(&mut self, user: &str, address: &str) {
        self.users.counts.remove(user);
        self.taken_back(address);
    }

    /// The attempt came to nothing, without a password having been looked at.
    pub fn withdrawn(&mut self, user: &str, address: &str) {
        if let Some(count) = self.users.counts.get_mut(user) {
            count.attempts = count.attempts.saturating_sub(1);
        }
        self.taken_back(address);
    }

    fn taken_back(&mut self, address: &str) {
        if let Some(count) = self.addresses.counts.get_mut(address) {
            count.attempts = count.attempts.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    /// Waits as long as is asked for, and tells the waits.
    fn waits(lockout: &mut Lockout, user: &str, attempts: usize) -> Vec<u64> {
        let (mut now, mut waits, mut left) = (0, Vec::new(), attempts);
        while left > 0 {
            match lockout.attempt(user, "10.0.0.1", at(now)) {
                Ok(()) => left -= 1,
                Err(wait) => {
                    waits.push(wait.as_secs());
                    now += wait.as_secs() as i64;
                }
            }
        }
        waits
    }

    #[test]
    fn the_wait_doubles_to_its_longest() {
        let mut lockout = Lockout::default();
        assert_eq!(waits(&mut lockout, "ada", 16), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        // Nobody else waits, and time forgives.
        let later = at(100_000);
        assert_eq!(lockout.attempt("grace", "10.0.0.2", at(1_500)), Ok(()));
        for _ in 0..5 {
            assert_eq!(lockout.attempt("ada", "10.0.0.1", later), Ok(()));
        }
        assert_eq!(lockout.attempt("ada", "10.0.0.1", later), Err(Duration::from_secs(1)));
    }

    #[test]
    fn the_right_password_forgives() {
        let mut lockout = Lockout::default();
        for _ in 0..200 {
            for _ in 0..4 {
                assert_eq!(lockout.attempt("ada", "a", at(0)), Ok(()));
                lockout.withdrawn("ada", "a");
            }
            assert_eq!(lockout.attempt("ada", "a", at(0)), Ok(()));
            lockout.succeeded("ada", "a");
        }
    }

    #[test]
    fn an_address_cannot_guess_at_many_names() {
        let mut lockout = Lockout::default();
        for n in 0..50 {
            assert_eq!(lockout.attempt(&format!("user{n}"), "a", at(0)), Ok(()));
        }
        assert_eq!(lockout.attempt("another", "a", at(0)), Err(Duration::from_secs(1)));
        assert_eq!(lockout.attempt("another", "b", at(0)), Ok(()));
    }

    #[test]
    fn the_tables_are_bounded_whatever_comes() {
        let mut lockout = Lockout::default();
        for n in 0..3 * REMEMBERED_MAX {
            let _ = lockout.attempt(&format!("user{n}"), &format!("address{n}"), at(0));
            assert!(lockout.users.counts.len() <= REMEMBERED_MAX);
        }
        // What was tried last is remembered where times differ.
        let mut lockout = Lockout::default();
        for n in 0..=REMEMBERED_MAX {
            let _ = lockout.attempt(&format!("user{n}"), &format!("address{n}"), at(n as i64 / 10));
        }
        assert!(lockout.users.counts.contains_key(&*format!("user{REMEMBERED_MAX}")));
        assert!(!lockout.users.counts.contains_key("user0"));
        assert!(lockout.users.counts.contains_key(&*format!("user{}", REMEMBERED_MAX / 2)));
    }
}
