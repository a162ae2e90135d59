//! What viewers watch, counted, and what of it the provider is asked for.
//!
//! Pure: every server reports all its viewer counts as often as it likes, each report with a
//! lease, and the newest replaces the one before. So a lost or repeated report does no harm and
//! a dead server's interest ends by itself. A symbol no one watches is let go after a grace
//! time. Above the provider's limit the most watched win; the rest wait, and are shown waiting.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use market::SymbolId;

/// The most servers whose reports are held.
pub const SERVERS_MAX: usize = 1_024;
/// The most symbols taken of one report.
pub const SYMBOLS_PER_REPORT_MAX: usize = 100_000;

/// What the feed is asked for, best first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demand {
    /// To be streamed.
    pub stream: Vec<SymbolId>,
    /// Wanted, but beyond the limit.
    pub waiting: Vec<SymbolId>,
}

impl From<Vec<SymbolId>> for Demand {
    fn from(stream: Vec<SymbolId>) -> Self {
        Self { stream, waiting: Vec::new() }
    }
}

/// A report that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More servers than [`SERVERS_MAX`].
    #[error("too many servers report interest")]
    Servers,
    /// More symbols than [`SYMBOLS_PER_REPORT_MAX`].
    #[error("a report of interest names too many symbols")]
    Symbols,
}

#[derive(Debug)]
struct Server {
    until: Instant,
    viewers: HashMap<SymbolId, u32>,
}

#[derive(Debug)]
struct Entry {
    viewers: u64,
    /// Order of first being wanted; ties go to the older.
    age: u64,
    /// Since when no one watches it.
    idle_since: Option<Instant>,
    /// The feed is asked for it.
    chosen: bool,
}

/// The count of viewers of every symbol, over all servers.
#[derive(Debug)]
pub struct Interest {
    grace: Duration,
    limit: Option<usize>,
    servers: HashMap<String, Server>,
    entries: HashMap<SymbolId, Entry>,
    next_age: u64,
}

impl Interest {
    /// Nothing watched yet. `limit` is the provider's, `grace` is how long an unwatched symbol is kept.
    pub fn new(limit: Option<u32>, grace: Duration) -> Self {
        let limit = limit.map(|n| n as usize);
        Self { grace, limit, servers: HashMap::new(), entries: HashMap::new(), next_age: 0 }
    }

    /// The provider's limit, when it turns out to be another.
    pub fn set_limit(&mut self, limit: Option<u32>) {
        self.limit = limit.map(|n| n as usize);
    }

    /// A server's viewers a symbol: all of them, replacing its former report, good for `lease`.
    ///
    /// # Errors
    /// The report is above a bound; the server's former one stands until its lease ends.
    pub fn report(
        &mut self,
        server: &str,
        viewers: impl IntoIterator<Item = (SymbolId, u32)>,
        lease: Duration,
        now: Instant,
    ) -> Result<(), Refused> {
        if !self.servers.contains_key(server) && self.servers.len() >= SERVERS_MAX {
            return Err(Refused::Servers);
        }
        let mut counts = HashMap::new();
        for (symbol, n) in viewers.into_iter().filter(|(_, n)| *n > 0) {
            if counts.len() >= SYMBOLS_PER_REPORT_MAX {
                return Err(Refused::Symbols);
            }
            let count = counts.entry(symbol).or_insert(0u32);
            *count = count.saturating_add(n);
        }
        self.servers.insert(server.to_owned(), Server { until: now + lease, viewers: counts });
        self.recount(now);
        Ok(())
    }

    /// A server says good-bye: as if its lease had ended.
    pub fn leave(&mut self, server: &str, now: Instant) {
        self.servers.remove(server);
        self.recount(now);
    }

    /// Ends leases and grace times that are over, and ranks what is left. Cheap enough for once
    /// a second and after each report.
    pub fn demand(&mut self, now: Instant) -> Demand {
        let before = self.servers.len();
        self.servers.retain(|_, server| server.until > now);
        if self.servers.len() != before {
            self.recount(now);
        }
        let grace = self.grace;
        self.entries.retain(|_, entry| entry.idle_since.is_none_or(|since| now < since + grace));
        self.choose();
        let mut ranked: Vec<(&SymbolId, &Entry)> = self.entries.iter().collect();
        ranked.sort_unstable_by_key(|(_, entry)| rank(entry));
        let (stream, waiting): (Vec<_>, Vec<_>) = ranked.into_iter().partition(|(_, entry)| entry.chosen);
        let ids = |entries: Vec<(&SymbolId, &Entry)>| entries.into_iter().map(|(id, _)| *id).collect();
        Demand { stream: ids(stream), waiting: ids(waiting) }
    }

    /// Viewers of a symbol now.
    pub fn viewers(&self, symbol: SymbolId) -> u64 {
        self.entries.get(&symbol).map_or(0, |entry| entry.viewers)
    }

    fn recount(&mut self, now: Instant) {
        let mut totals: HashMap<SymbolId, u64> = HashMap::with_capacity(self.entries.len());
        for server in self.servers.values() {
            for (symbol, n) in &server.viewers {
                *totals.entry(*symbol).or_default() += u64::from(*n);
            }
        }
        for (symbol, entry) in &mut self.entries {
            entry.viewers = totals.remove(symbol).unwrap_or(0);
            entry.idle_since = if entry.viewers > 0 { None } else { entry.idle_since.or(Some(now)) };
        }
        // What is left was not known. Sorted, because a map's order must not decide who is older.
        let mut new: Vec<(SymbolId, u64)> = totals.into_iter().collect();
        new.sort_unstable();
        for (symbol, viewers) in new {
            let entry = Entry { viewers, age: self.next_age, idle_since: None, chosen: false };
            self.entries.insert(symbol, entry);
            self.next_age += 1;
        }
    }

    /// Fills free places with the best of the others, then lets one give way only to one with
    /// clearly more viewers, so that two of nearly the same rank do not take turns.
    fn choose(&mut self) {
        let limit = self.limit.unwrap_or(usize::MAX);
        let mut inside: Vec<SymbolId> = Vec::new();
        let mut outside: Vec<SymbolId> = Vec::new();
        for (symbol, entry) in &self.entries {
            if entry.chosen { inside.push(*symbol) } else { outside.push(*symbol) }
        }
        let key = |symbol: &SymbolId| rank(&self.entries[symbol]);
        // Best last in both, so that `pop` takes from the end that matters next.
        inside.sort_unstable_by_key(key);
        outside.sort_unstable_by_key(|s| Reverse(key(s)));
        inside.truncate(limit);
        while inside.len() < limit
            && let Some(best) = outside.pop()
        {
            inside.push(best);
        }
        inside.sort_unstable_by_key(key);
        let mut places = inside.len();
        while places > 0
            && let Some(best) = outside.last()
            && clearly_more(self.entries[best].viewers, self.entries[&inside[places - 1]].viewers)
        {
            // The newcomers are already better than whom they replace, so only the old ones below
            // `places` are up for replacement.
            places -= 1;
            inside[places] = *best;
            outside.pop();
        }
        for entry in self.entries.values_mut() {
            entry.chosen = false;
        }
        for symbol in inside {
            if let Some(entry) = self.entries.get_mut(&symbol) {
                entry.chosen = true;
            }
        }
    }
}

fn rank(entry: &Entry) -> (Reverse<u64>, u64) {
    (Reverse(entry.viewers), entry.age)
}

/// A quarter more and at least two; anyone at all against none.
fn clearly_more(challenger: u64, holder: u64) -> bool {
    if holder == 0 { challenger > 0 } else { challenger > holder + (holder / 4).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEASE: Duration = Duration::from_secs(10);
    const GRACE: Duration = Duration::from_secs(30);

    fn ids(list: &[u32]) -> Vec<SymbolId> {
        list.iter().copied().map(SymbolId).collect()
    }

    fn counts(list: &[(u32, u32)]) -> Vec<(SymbolId, u32)> {
        list.iter().map(|(s, n)| (SymbolId(*s), *n)).collect()
    }

    #[test]
    fn the_most_watched_win_and_the_rest_wait() {
        let t = Instant::now();
        let mut interest = Interest::new(Some(2), GRACE);
        interest.report("a", counts(&[(1, 1), (2, 5)]), LEASE, t).unwrap();
        interest.report("b", counts(&[(1, 1), (3, 4), (4, 2)]), LEASE, t).unwrap();
        assert_eq!(interest.demand(t), Demand { stream: ids(&[2, 3]), waiting: ids(&[1, 4]) });
    }

    #[test]
    fn does_not_flap_between_near_equals() {
        let t = Instant::now();
        let mut interest = Interest::new(Some(1), GRACE);
        interest.report("a", counts(&[(1, 10)]), LEASE, t).unwrap();
        assert_eq!(interest.demand(t).stream, ids(&[1]));
        interest.report("a", counts(&[(1, 10), (2, 12)]), LEASE, t).unwrap();
        assert_eq!(interest.demand(t), Demand { stream: ids(&[1]), waiting: ids(&[2]) });
        interest.report("a", counts(&[(1, 10), (2, 13)]), LEASE, t).unwrap();
        assert_eq!(interest.demand(t).stream, ids(&[2]));
        interest.report("a", counts(&[(1, 12), (2, 11)]), LEASE, t).unwrap();
        assert_eq!(interest.demand(t).stream, ids(&[2]));
    }

    #[test]
    fn a_dead_servers_interest_ends_and_grace_keeps_it_a_while() {
        let t = Instant::now();
        let mut interest = Interest::new(None, GRACE);
        interest.report("a", counts(&[(1, 1)]), LEASE, t).unwrap();
        interest.report("b", counts(&[(2, 1)]), LEASE * 100, t).unwrap();
        assert_eq!(interest.demand(t + LEASE - Duration::from_nanos(1)).stream, ids(&[1, 2]));
        let dead = t + LEASE;
        assert_eq!(interest.demand(dead).stream, ids(&[2, 1]));
        assert_eq!(interest.demand(dead + GRACE - Duration::from_nanos(1)).stream, ids(&[2, 1]));
        assert_eq!(interest.demand(dead + GRACE).stream, ids(&[2]));
        // Back within the grace time: as if it had never gone.
        interest.leave("b", dead + GRACE);
        interest.report("b", counts(&[(2, 1)]), LEASE, dead + GRACE * 2 - Duration::from_secs(1)).unwrap();
        assert_eq!(interest.demand(dead + GRACE * 2).stream, ids(&[2]));
    }

    #[test]
    fn a_watched_symbol_takes_the_place_of_one_in_its_grace_time() {
        let t = Instant::now();
        let mut interest = Interest::new(Some(1), GRACE);
        interest.report("a", counts(&[(1, 1)]), LEASE, t).unwrap();
        interest.demand(t);
        interest.report("a", counts(&[(2, 1)]), LEASE, t).unwrap();
        assert_eq!(interest.demand(t), Demand { stream: ids(&[2]), waiting: ids(&[1]) });
    }

    #[test]
    fn follows_a_limit_that_turns_out_lower() {
        let t = Instant::now();
        let mut interest = Interest::new(Some(3), GRACE);
        interest.report("a", counts(&[(1, 1), (2, 3), (3, 2)]), LEASE, t).unwrap();
        assert_eq!(interest.demand(t).stream, ids(&[2, 3, 1]));
        interest.set_limit(Some(2));
        assert_eq!(interest.demand(t), Demand { stream: ids(&[2, 3]), waiting: ids(&[1]) });
    }

    #[test]
    fn refuses_reports_without_bound() {
        let t = Instant::now();
        let mut interest = Interest::new(None, GRACE);
        let many = (0..=SYMBOLS_PER_REPORT_MAX as u32).map(|s| (SymbolId(s), 1));
        assert_eq!(interest.report("a", many, LEASE, t), Err(Refused::Symbols));
        for at in 0..SERVERS_MAX {
            interest.servers.insert(at.to_string(), Server { until: t + LEASE, viewers: HashMap::new() });
        }
        assert_eq!(interest.report("a", counts(&[(1, 1)]), LEASE, t), Err(Refused::Servers));
    }

    proptest! {
        #[test]
        fn every_wanted_symbol_is_streamed_or_waiting_and_the_limit_holds(
            steps in proptest::collection::vec(
                (0u8..3, proptest::collection::vec((0u32..12, 0u32..9), 0..10), 0u64..20), 1..30),
            limit in 0u32..8,
        ) {
            let mut now = Instant::now();
            let mut interest = Interest::new(Some(limit), GRACE);
            for (server, viewers, pause) in steps {
                now += Duration::from_secs(pause);
                interest.report(&server.to_string(), counts(&viewers), LEASE, now).unwrap();
                let demand = interest.demand(now);
                prop_assert!(demand.stream.len() <= limit as usize);
                prop_assert!(demand.waiting.is_empty() || demand.stream.len() == limit as usize);
                let mut all: Vec<_> = demand.stream.iter().chain(&demand.waiting).copied().collect();
                all.sort();
                let n = all.len();
                all.dedup();
                prop_assert_eq!(all.len(), n);
                for (symbol, count) in viewers {
                    prop_assert!(count == 0 || all.contains(&SymbolId(symbol)));
                }
                // No one waits who is clearly more watched than one who streams.
                for w in &demand.waiting {
                    for s in &demand.stream {
                        prop_assert!(!clearly_more(interest.viewers(*w), interest.viewers(*s)));
                    }
                }
                prop_assert_eq!(interest.demand(now), demand);
            }
        }
    }
}
