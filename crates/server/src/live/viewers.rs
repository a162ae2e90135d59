//! Who watches what: counts by topic, so that nothing is encoded for nobody, and by symbol, so that
//! feeds are asked for what is watched.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use market::{Interval, SessionFilter, SymbolId, Timestamp};

use crate::hub::topic::Topic;

/// Symbols whose viewers of prices are counted without a lock. Beyond it, a symbol counts as watched.
const COUNTED: usize = 1 << 17;

/// Counts of viewers.
#[derive(Debug)]
pub struct Viewers {
    prices: Box<[AtomicU32]>,
    rest: Mutex<Rest>,
}

#[derive(Debug, Default)]
struct Rest {
    /// All channels together.
    symbols: HashMap<SymbolId, u32>,
    quotes: HashMap<SymbolId, u32>,
    bars: HashMap<SymbolId, HashMap<(Interval, SessionFilter), u32>>,
    status: u32,
    /// Symbols that alerts are about, which are to be subscribed to though nobody looks at them.
    held: HashMap<SymbolId, u32>,
    /// Symbols asked for by HTTP, which has no end of interest: until when they count as watched.
    leases: HashMap<SymbolId, Timestamp>,
    /// Symbols whose count changed since it was last reported.
    changed: HashSet<SymbolId>,
}

impl Default for Viewers {
    fn default() -> Self {
        Self { prices: (0..COUNTED).map(|_| AtomicU32::new(0)).collect(), rest: Mutex::default() }
    }
}

/// The most symbols kept as watched for HTTP's sake.
const LEASES_MAX: usize = 10_000;

impl Viewers {
    fn rest(&self) -> std::sync::MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One viewer more, or fewer.
    pub fn watch(&self, topic: Topic, more: bool) {
        if let Topic::Price(symbol) = topic
            && let Some(count) = self.prices.get(symbol.index())
        {
            if more {
                count.fetch_add(1, Ordering::Relaxed);
            } else {
                count.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let mut rest = self.rest();
        match topic {
            Topic::Price(_) => {}
            Topic::Quote(symbol) => step(&mut rest.quotes, symbol, more),
            Topic::Bars(symbol, interval, session) => {
                let bars = rest.bars.entry(symbol).or_default();
                step(bars, (interval, session), more);
                if bars.is_empty() {
                    rest.bars.remove(&symbol);
                }
            }
            Topic::Account(_) | Topic::Lists(_) | Topic::Alerts(_) | Topic::News => {}
            Topic::Status => rest.status = if more { rest.status + 1 } else { rest.status.saturating_sub(1) },
        }
        if let Some(symbol) = topic.symbol() {
            step(&mut rest.symbols, symbol, more);
            rest.changed.insert(symbol);
        }
    }

    /// Somebody wants each change of this symbol's price.
    pub fn wants_price(&self, symbol: SymbolId) -> bool {
        self.prices.get(symbol.index()).is_none_or(|count| count.load(Ordering::Relaxed) > 0)
    }

    /// Somebody more, or fewer, needs the log to have this symbol, without looking at it.
    pub fn hold(&self, symbol: SymbolId, more: bool) {
        let mut rest = self.rest();
        step(&mut rest.held, symbol, more);
        rest.changed.insert(symbol);
    }

    /// Keeps symbols watched until a time, for those who ask again and again instead of subscribing.
    pub fn lease(&self, symbols: &[SymbolId], until: Timestamp) {
        let mut rest = self.rest();
        for symbol in symbols {
            if rest.leases.len() >= LEASES_MAX && !rest.leases.contains_key(symbol) {
                continue;
            }
            if rest.leases.insert(*symbol, until).is_none() {
                rest.changed.insert(*symbol);
            }
        }
    }

    /// Counts that changed since this was last asked, for the feeds.
    pub fn take_changes(&self, now: Timestamp) -> Vec<(SymbolId, u32)> {
        let mut rest = self.rest();
        let Rest { leases, changed, .. } = &mut *rest;
        leases.retain(|symbol, until| {
            let keeps = *until > now;
            if !keeps {
                changed.insert(*symbol);
            }
            keeps
        });
        let changed = std::mem::take(&mut rest.changed);
        changed.into_iter().map(|symbol| (symbol, count(&rest, symbol))).collect()
    }

    /// All counts above zero.
    pub fn all(&self) -> Vec<(SymbolId, u32)> {
        let rest = self.rest();
        let symbols: HashSet<SymbolId> =
            rest.symbols.keys().chain(rest.leases.keys()).chain(rest.held.keys()).copied().collect();
        symbols.into_iter().map(|symbol| (symbol, count(&rest, symbol))).collect()
    }

    /// Symbols that somebody looks at, and does not only need to be in the log.
    pub fn looked_at(&self) -> BTreeSet<SymbolId> {
        let rest = self.rest();
        rest.symbols.keys().chain(rest.leases.keys()).copied().collect()
    }

    /// Which of these symbols' rows somebody wants.
    pub fn wanting_quotes(&self, symbols: impl Iterator<Item = SymbolId>) -> Vec<SymbolId> {
        let rest = self.rest();
        symbols.filter(|symbol| rest.quotes.contains_key(symbol)).collect()
    }

    /// All symbols whose rows somebody wants.
    pub fn quotes(&self) -> Vec<SymbolId> {
        self.rest().quotes.keys().copied().collect()
    }

    /// The bars of a symbol that somebody wants.
    pub fn bars(&self, symbol: SymbolId) -> Vec<(Interval, SessionFilter)> {
        self.rest().bars.get(&symbol).map(|b| b.keys().copied().collect()).unwrap_or_default()
    }

    /// Somebody wants bars of something.
    pub fn wants_bars(&self) -> bool {
        !self.rest().bars.is_empty()
    }

    /// Somebody wants the status.
    pub fn wants_status(&self) -> bool {
        self.rest().status > 0
    }
}

fn count(rest: &Rest, symbol: SymbolId) -> u32 {
    let leased = u32::from(rest.leases.contains_key(&symbol));
    // However many alerts there are, they need it once.
    let held = u32::from(rest.held.contains_key(&symbol));
    rest.symbols.get(&symbol).copied().unwrap_or(0) + leased + held
}

fn step<K: std::hash::Hash + Eq + Copy>(counts: &mut HashMap<K, u32>, key: K, more: bool) {
    let count = counts.entry(key).or_default();
    *count = if more { *count + 1 } else { count.saturating_sub(1) };
    if *count == 0 {
        counts.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_symbol_and_reports_changes_once() {
        let viewers = Viewers::default();
        let (a, b) = (SymbolId(1), SymbolId(2));
        viewers.watch(Topic::Price(a), true);
        viewers.watch(Topic::Quote(a), true);
        viewers.watch(Topic::Quote(b), true);
        viewers.watch(Topic::Quote(b), false);
        let mut changes = viewers.take_changes(Timestamp::EPOCH);
        changes.sort();
        assert_eq!(changes, [(a, 2), (b, 0)]);
        assert_eq!(viewers.take_changes(Timestamp::EPOCH), []);
        assert!(viewers.wants_price(a) && !viewers.wants_price(b));
        assert_eq!(viewers.quotes(), [a]);
    }

    #[test]
    fn what_alerts_need_counts_once_and_is_not_looked_at() {
        let viewers = Viewers::default();
        let (a, b) = (SymbolId(1), SymbolId(2));
        viewers.watch(Topic::Price(b), true);
        viewers.hold(a, true);
        viewers.hold(a, true);
        let mut all = viewers.all();
        all.sort();
        assert_eq!(all, [(a, 1), (b, 1)]);
        assert_eq!(viewers.looked_at(), BTreeSet::from([b]));
        viewers.hold(a, false);
        viewers.take_changes(Timestamp::EPOCH);
        viewers.hold(a, false);
        assert_eq!(viewers.take_changes(Timestamp::EPOCH), [(a, 0)]);
    }

    #[test]
    fn a_lease_ends_by_itself() {
        let viewers = Viewers::default();
        let a = SymbolId(1);
        viewers.lease(&[a], Timestamp::from_nanos(10));
        assert_eq!(viewers.take_changes(Timestamp::from_nanos(5)), [(a, 1)]);
        viewers.lease(&[a], Timestamp::from_nanos(20));
        assert_eq!(viewers.take_changes(Timestamp::from_nanos(15)), []);
        assert_eq!(viewers.take_changes(Timestamp::from_nanos(25)), [(a, 0)]);
    }
}
