//! The recent trades of one symbol, in the order of their keys.
//!
//! What makes cancellations, corrections and duplicates exact: a trade can be found again, and a
//! window can be made anew from what remains. Kept in chunks, so that a late trade moves few others
//! and the oldest can be let go together.

use crate::trade::TradeRef;
use crate::{Conditions, Price, Size, Timestamp, Trade};

const CHUNK: usize = 256;
/// Room of a symbol's first chunk. Most symbols trade a few times a day; a full chunk for each of
/// 26,000 would be 250 MB.
const FIRST_ROOM: usize = 4;

/// A trade as the log keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logged {
    /// Time and sequence.
    pub key: TradeRef,
    /// Its price.
    pub price: Price,
    /// Its size.
    pub size: Size,
    /// Its conditions.
    pub conditions: Conditions,
    /// Taken back by a cancellation or correction; kept, so that a second report of it is known.
    pub cancelled: bool,
}

impl From<&Trade> for Logged {
    /// A trade that was not taken back.
    fn from(trade: &Trade) -> Self {
        Self {
            key: trade.key(),
            price: trade.price,
            size: trade.size,
            conditions: trade.conditions,
            cancelled: false,
        }
    }
}

impl Logged {
    /// Fills a place in which there is no trade yet.
    pub(super) const NONE: Self = Self {
        key: TradeRef { ts_event: Timestamp::MIN, seq: 0 },
        price: Price::from_units(0),
        size: Size::ZERO,
        conditions: Conditions::REGULAR,
        cancelled: false,
    };
}

/// Trades of one symbol by key. Chunks are sorted and so are the trades in them.
#[derive(Debug, Default)]
pub struct TradeLog {
    chunks: Vec<Vec<Logged>>,
    /// Everything at or after this key was kept; earlier trades may have been let go.
    complete_from: Option<TradeRef>,
}

/// What an insertion found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// A new trade.
    New,
    /// This key was there already.
    Duplicate,
    /// Older than everything kept: nobody can tell whether it is new.
    TooOld,
}

impl TradeLog {
    /// Puts a trade in its place.
    pub fn insert(&mut self, trade: Logged) -> Inserted {
        if self.complete_from.is_some_and(|from| trade.key < from) {
            return Inserted::TooOld;
        }
        let newest = self.chunks.last().and_then(|c| c.last()).map(|t| t.key);
        if newest.is_none_or(|newest| newest < trade.key) {
            self.append(&[trade]);
            return Inserted::New;
        }
        let at = self.chunk_of(trade.key);
        let chunk = &mut self.chunks[at];
        match chunk.binary_search_by_key(&trade.key, |t| t.key) {
            Ok(_) => return Inserted::Duplicate,
            Err(place) => chunk.insert(place, trade),
        }
        if chunk.len() >= 2 * CHUNK {
            let upper = chunk.split_off(CHUNK);
            self.chunks.insert(at + 1, upper);
        }
        Inserted::New
    }

    /// Puts trades at the end, which are in order and later than all others.
    pub fn append(&mut self, trades: &[Logged]) {
        let room = self.chunks.last().map_or(0, |chunk| CHUNK.saturating_sub(chunk.len()));
        let (here, rest) = trades.split_at(room.min(trades.len()));
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.extend_from_slice(here);
        }
        for more in rest.chunks(CHUNK) {
            let room = if self.chunks.is_empty() { FIRST_ROOM.max(more.len()) } else { CHUNK };
            let mut chunk = Vec::with_capacity(room);
            chunk.extend_from_slice(more);
            self.chunks.push(chunk);
        }
    }

    /// The chunk in which this key is or belongs.
    fn chunk_of(&self, key: TradeRef) -> usize {
        self.chunks.partition_point(|c| c.first().is_some_and(|t| t.key <= key)).saturating_sub(1)
    }

    /// Marks a trade as taken back and returns it as it was; `None` if it is not here.
    pub fn cancel(&mut self, key: TradeRef) -> Option<Logged> {
        let at = self.chunk_of(key);
        let chunk = self.chunks.get_mut(at)?;
        let place = chunk.binary_search_by_key(&key, |t| t.key).ok()?;
        let was = chunk[place];
        chunk[place].cancelled = true;
        Some(was)
    }

    /// Valid trades with `from <= time < to`, in order.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = &Logged> {
        let lowest = TradeRef { ts_event: from, seq: 0 };
        self.chunks[self.chunk_of(lowest).min(self.chunks.len())..]
            .iter()
            .flatten()
            .skip_while(move |t| t.key < lowest)
            .take_while(move |t| t.key.ts_event < to)
            .filter(|t| !t.cancelled)
    }

    /// Valid trades, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Logged> {
        self.chunks.iter().rev().flat_map(|c| c.iter().rev()).filter(|t| !t.cancelled)
    }

    /// Every trade at or after this moment is here.
    pub fn is_complete_from(&self, time: Timestamp) -> bool {
        self.complete_from.is_none_or(|from| from.ts_event < time)
    }

    /// Says that trades up to this key are not kept, because they came before this log began.
    pub fn begin_after(&mut self, key: TradeRef) {
        self.complete_from = Some(self.complete_from.map_or(key, |from| from.max(key)));
    }

    /// Chunks begun and not let go.
    pub fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// Trades in the newest chunk.
    pub(super) fn newest_chunk_len(&self) -> usize {
        self.chunks.last().map_or(0, Vec::len)
    }

    /// Trades kept.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }

    /// Nothing kept.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Lets the oldest chunk go and tells how many trades that were. The newest chunk stays.
    pub fn let_go_of_oldest(&mut self) -> usize {
        if self.chunks.len() < 2 {
            return 0;
        }
        let gone = self.chunks.remove(0);
        self.complete_from = self.chunks[0].first().map(|t| t.key);
        gone.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn logged(nanos: i64, seq: u64) -> Logged {
        Logged {
            key: TradeRef { ts_event: Timestamp::from_nanos(nanos), seq },
            price: Price::from_units(1),
            size: Size::from_units(1),
            conditions: Conditions::REGULAR,
            cancelled: false,
        }
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(keys in proptest::collection::vec((0i64..2_000, 0u64..3), 0..1_500), from in 0i64..2_000, width in 0i64..500) {
            let mut log = TradeLog::default();
            let mut model = std::collections::BTreeMap::new();
            for (nanos, seq) in keys {
                let trade = logged(nanos, seq);
                let expected = if model.insert(trade.key, trade).is_some() { Inserted::Duplicate } else { Inserted::New };
                prop_assert_eq!(log.insert(trade), expected);
            }
            prop_assert_eq!(log.len(), model.len());
            let to = from + width;
            let found: Vec<_> = log.between(Timestamp::from_nanos(from), Timestamp::from_nanos(to)).map(|t| t.key).collect();
            let wanted: Vec<_> = model.keys().copied().filter(|k| (from..to).contains(&k.ts_event.nanos())).collect();
            prop_assert_eq!(found, wanted);
            let newest: Vec<_> = log.newest_first().map(|t| t.key).collect();
            prop_assert!(newest.is_sorted_by(|a, b| a > b));
        }
    }

    #[test]
    fn a_cancelled_trade_is_gone_but_known() {
        let mut log = TradeLog::default();
        log.insert(logged(1, 0));
        log.insert(logged(2, 0));
        assert_eq!(log.cancel(logged(1, 0).key), Some(logged(1, 0)));
        assert_eq!(log.cancel(logged(9, 9).key), None);
        assert_eq!(log.newest_first().count(), 1);
        assert_eq!(log.insert(logged(1, 0)), Inserted::Duplicate);
    }

    #[test]
    fn letting_go_is_remembered() {
        let mut log = TradeLog::default();
        for at in 0..1_000 {
            log.insert(logged(at, 0));
        }
        assert!(log.is_complete_from(Timestamp::EPOCH));
        assert_eq!(log.let_go_of_oldest(), CHUNK);
        assert!(!log.is_complete_from(Timestamp::EPOCH));
        assert!(log.is_complete_from(Timestamp::from_nanos(CHUNK as i64 + 1)));
        assert_eq!(log.insert(logged(3, 1)), Inserted::TooOld);
    }
}
