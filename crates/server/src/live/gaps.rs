//! Times in which a feed may have missed trades, and whose.

use std::collections::VecDeque;

use market::{SymbolId, Timestamp};
use wire::http::GapBody;

/// Gaps of a feed that are told.
const TOLD: usize = 16;

/// What one feed may have missed.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    count: u64,
    /// The newest, oldest first.
    recent: VecDeque<Gap>,
}

#[derive(Debug)]
struct Gap {
    from: Timestamp,
    to: Timestamp,
    /// Whose trades may be missing, ascending; empty is all of the feed's.
    symbols: Box<[SymbolId]>,
}

impl Gaps {
    /// How many there were.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Notes one more; without symbols it is one of all of the feed's.
    pub(super) fn note(&mut self, symbols: &[SymbolId], from: Timestamp, to: Timestamp) {
        self.count += 1;
        if self.recent.len() == TOLD {
            self.recent.pop_front();
        }
        let mut symbols: Box<[SymbolId]> = symbols.into();
        symbols.sort_unstable();
        self.recent.push_back(Gap { from, to, symbols });
    }

    /// The newest, oldest first.
    pub(super) fn bodies(&self) -> Vec<GapBody> {
        let body = |gap: &Gap| GapBody {
            from: gap.from,
            to: gap.to,
            symbols: (!gap.symbols.is_empty()).then_some(gap.symbols.len() as u64),
        };
        self.recent.iter().map(body).collect()
    }

    /// From when to when trades of a symbol may be missing. A gap of the whole feed concerns the symbols whose
    /// prices are the feed's.
    pub(super) fn of(
        &self,
        symbol: SymbolId,
        is_of_feed: bool,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let concerns = move |gap: &&Gap| match gap.symbols.is_empty() {
            true => is_of_feed,
            false => gap.symbols.binary_search(&symbol).is_ok(),
        };
        self.recent.iter().filter(concerns).map(|gap| (gap.from, gap.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(s: i64) -> Timestamp {
        Timestamp::EPOCH.saturating_add_nanos(s * 1_000_000_000)
    }

    #[test]
    fn a_gap_concerns_its_symbols_or_all_of_the_feed() {
        let [a, b, c] = [1, 2, 3].map(SymbolId);
        let mut gaps = Gaps::default();
        gaps.note(&[c, a], second(10), second(12));
        gaps.note(&[], second(20), second(21));
        let of = |symbol, is_of_feed| gaps.of(symbol, is_of_feed).collect::<Vec<_>>();
        assert_eq!(of(a, true), [(second(10), second(12)), (second(20), second(21))]);
        assert_eq!(of(c, false), [(second(10), second(12))]);
        assert_eq!(of(b, true), [(second(20), second(21))]);
        assert_eq!(of(b, false), []);
    }

    #[test]
    fn the_newest_are_told_and_all_are_counted() {
        let mut gaps = Gaps::default();
        for s in 0..20 {
            gaps.note(&[SymbolId(1)], second(s), second(s + 1));
        }
        let told = gaps.bodies();
        assert_eq!((gaps.count(), told.len()), (20, TOLD));
        assert_eq!((told[0].from, told[0].symbols), (second(4), Some(1)));
    }
}
