//! The quotes that may still be used. Pure: the time is an argument.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use market::{Symbol, Timestamp};

use super::LegacyQuote;
use super::answer::Answer;

/// A quote as it was fetched.
#[derive(Debug)]
pub(super) struct Fetched {
    answer: Answer,
    asked_at: Timestamp,
    arrived_at: Timestamp,
    /// From when its life is counted.
    born_at: Timestamp,
    used: AtomicBool,
}

impl Fetched {
    /// A quote just arrived. Its life begins at the server's own stamp if that lies, give or take the
    /// tolerance, between asking and arrival, so that the clocks agree; else at its arrival.
    pub(super) fn new(
        answer: Answer,
        asked_at: Timestamp,
        arrived_at: Timestamp,
        tolerance: Duration,
    ) -> Self {
        let tolerance = nanos(tolerance);
        let early = asked_at.saturating_add_nanos(-tolerance);
        let late = arrived_at.saturating_add_nanos(tolerance);
        let stamp = Timestamp::from_millis(answer.server_time_ms);
        let born_at = stamp.filter(|stamp| (early..=late).contains(stamp)).unwrap_or(arrived_at);
        Self { answer, asked_at, arrived_at, born_at, used: AtomicBool::new(false) }
    }

    /// The quote for one more user of it; the first learns that it is fresh.
    pub(super) fn hand_out(&self) -> LegacyQuote {
        LegacyQuote {
            answer: self.answer.clone(),
            asked_at: self.asked_at,
            arrived_at: self.arrived_at,
            born_at: self.born_at,
            fresh: !self.used.swap(true, Ordering::Relaxed),
        }
    }
}

/// Whose quotes are how good for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) span: Duration,
    pub(super) tolerance: Duration,
}

impl Life {
    /// At exactly the span's end a quote is still good. One from the future is not: a clock has jumped.
    fn covers(self, quote: &Fetched, now: Timestamp) -> bool {
        let end = quote.born_at.saturating_add_nanos(nanos(self.span));
        now <= end && now >= quote.arrived_at.saturating_add_nanos(-nanos(self.tolerance))
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[derive(Debug)]
struct Entry {
    quote: Arc<Fetched>,
    order: u64,
}

/// The newest quote of each symbol, the oldest out when there are too many.
#[derive(Debug)]
pub(super) struct Cache {
    life: Life,
    symbols_max: usize,
    entries: HashMap<Symbol, Entry>,
    /// Symbols in the order in which their quotes came.
    by_order: BTreeMap<u64, Symbol>,
    next: u64,
}

impl Cache {
    pub(super) fn new(life: Life, symbols_max: usize) -> Self {
        let (entries, by_order) = (HashMap::new(), BTreeMap::new());
        Self { life, symbols_max: symbols_max.max(1), entries, by_order, next: 0 }
    }

    /// A symbol's quote if it is still good.
    pub(super) fn get(&self, symbol: &Symbol, now: Timestamp) -> Option<&Arc<Fetched>> {
        let quote = &self.entries.get(symbol)?.quote;
        self.life.covers(quote, now).then_some(quote)
    }

    /// Takes up a symbol's new quote, and lets go of those that are no longer good or too many.
    pub(super) fn insert(&mut self, symbol: Symbol, quote: Arc<Fetched>, now: Timestamp) {
        let order = self.next;
        self.next += 1;
        if let Some(before) = self.entries.insert(symbol, Entry { quote, order }) {
            self.by_order.remove(&before.order);
        }
        self.by_order.insert(order, symbol);
        while let Some((&oldest, &of)) = self.by_order.first_key_value() {
            let good = self.entries.get(&of).is_some_and(|entry| self.life.covers(&entry.quote, now));
            if oldest == order || good && self.entries.len() <= self.symbols_max {
                break;
            }
            self.by_order.remove(&oldest);
            self.entries.remove(&of);
        }
    }

    /// How many symbols have a quote, good or not.
    #[cfg(test)]
    fn len(&self) -> usize {
        assert_eq!(self.entries.len(), self.by_order.len());
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;
    const T: i64 = 1_578_000_000_000;
    const LIFE: Life = Life { span: Duration::from_secs(60), tolerance: Duration::from_secs(1) };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn symbol(text: &str) -> Symbol {
        Symbol::new(text).unwrap()
    }

    /// Asked at `T`, arrived 10 ms later, with this stamp of the server.
    fn quote(stamp: i64) -> Arc<Fetched> {
        let answer = Answer::parse(format!("1.00,S,u,{stamp},k").as_bytes()).unwrap();
        Arc::new(Fetched::new(answer, at(T), at(T + 10), LIFE.tolerance))
    }

    /// The last millisecond at which it is good; one nanosecond later it is not.
    fn end(quote: &Fetched) -> i64 {
        let end = (T..T + 70_000).rfind(|now| LIFE.covers(quote, at(*now))).unwrap();
        assert!(!LIFE.covers(quote, at(end).saturating_add_nanos(1)));
        end
    }

    #[test]
    fn lives_sixty_seconds_from_the_servers_stamp_where_clocks_agree() {
        for stamp in [T, T + 5, T + 10, T - 1_000, T + 1_010] {
            assert_eq!(end(&quote(stamp)), stamp + 60_000);
        }
        for stamp in [0, T - 1_001, T + 1_011, T - 180_000, T + 180_000] {
            assert_eq!(end(&quote(stamp)), T + 10 + 60_000, "{stamp}");
        }
    }

    #[test]
    fn a_clock_that_jumps_back_makes_no_quote_live_longer() {
        let quote = quote(T + 5);
        assert!(LIFE.covers(&quote, at(T + 10 - 1_000)));
        assert!(!LIFE.covers(&quote, at(T + 10 - 1_000).saturating_add_nanos(-1)));
        assert!(!LIFE.covers(&quote, Timestamp::MIN) && !LIFE.covers(&quote, Timestamp::MAX));
    }

    #[test]
    fn only_the_first_use_is_fresh() {
        let quote = quote(T);
        assert!(quote.hand_out().fresh);
        assert!(!quote.hand_out().fresh && !quote.hand_out().fresh);
    }

    #[test]
    fn holds_no_more_than_it_may_and_nothing_dead() {
        let mut cache = Cache::new(LIFE, 3);
        let names = ["A", "B", "C", "D"].map(symbol);
        for name in &names[..3] {
            cache.insert(*name, quote(T), at(T + 10));
        }
        // Renewed, so that B is now the oldest.
        cache.insert(names[0], quote(T), at(T + 11));
        cache.insert(names[3], quote(T), at(T + 12));
        assert_eq!(cache.len(), 3);
        let held = names.map(|name| cache.get(&name, at(T + 13)).is_some());
        assert_eq!(held, [true, false, true, true]);
        cache.insert(names[1], quote(T + 10), at(T).saturating_add_nanos(60_000 * MS + 1));
        assert_eq!(cache.len(), 1, "the dead went first");
        // A clock at the end of time leaves the newest, and no more.
        cache.insert(names[2], quote(T), Timestamp::MAX);
        assert_eq!(cache.len(), 1);
    }
}
