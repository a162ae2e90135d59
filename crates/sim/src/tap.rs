//! Follows some symbols of the simulated market in time: what arrives when, each print once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use market::Timestamp;
use market::time::{NANOS_PER_MILLI, NANOS_PER_SECOND};

use crate::market::{Market, Print, second_start};

/// One call goes this far at most, so that what a stall has heaped up comes in pieces.
const STEP_NANOS: i64 = 250 * NANOS_PER_MILLI;

/// What was left out because the listener had fallen too far behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// Last moment known to be complete.
    pub(crate) from: Timestamp,
    /// First moment known to be complete again.
    pub(crate) to: Timestamp,
}

/// A position in the market's time, and the prints that are still on their way.
#[derive(Debug)]
pub(crate) struct Tap {
    market: Arc<Market>,
    /// Trades before it have been taken up.
    position: Timestamp,
    catch_up_nanos: i64,
    /// Prints of trades taken up that have not arrived; bounded by the few per mille that come late
    /// and the seconds by which they do.
    pending: BinaryHeap<Reverse<Pending>>,
    order: u64,
    fresh: Vec<Print>,
}

/// Ordered by arrival, then by the order of the tape.
#[derive(Debug)]
struct Pending {
    arrives: Timestamp,
    order: u64,
    print: Print,
}

impl Tap {
    /// A tap that starts now. After a stall it goes back at most `catch_up_seconds`.
    pub(crate) fn new(market: Arc<Market>, now: Timestamp, catch_up_seconds: u32) -> Self {
        Self {
            market,
            position: now,
            catch_up_nanos: i64::from(catch_up_seconds) * NANOS_PER_SECOND,
            pending: BinaryHeap::new(),
            order: 0,
            fresh: Vec::new(),
        }
    }

    /// Appends what has arrived for these listings since the last call, in the order of arrival, and
    /// tells what was skipped. A call goes on by a quarter of a second at most: whoever calls more
    /// often than that catches up. Between two calls `indices` may change: a listing that was there the
    /// time before misses nothing, a new one begins at the last call's moment. Prints about a listing
    /// that is gone are dropped by `wanted`. A clock that steps back is waited for, or, when it goes
    /// back further than the tap would catch up, followed.
    pub(crate) fn advance(
        &mut self,
        now: Timestamp,
        indices: &[u32],
        wanted: impl Fn(u32) -> bool,
        out: &mut Vec<Print>,
    ) -> Option<Skipped> {
        let behind = now.nanos().saturating_sub(self.position.nanos());
        let skipped = if behind > self.catch_up_nanos {
            let to = now.saturating_add_nanos(-self.catch_up_nanos);
            Some(Skipped { from: std::mem::replace(&mut self.position, to), to })
        } else if behind < -self.catch_up_nanos {
            self.position = now;
            self.pending.clear();
            None
        } else {
            None
        };
        let now = now.min(self.position.saturating_add_nanos(STEP_NANOS));
        while self.position < now {
            let second = self.market.second(self.position.seconds());
            let end = second_start(self.position.seconds() + 1).min(now);
            for &index in indices {
                self.market.trades_within(index, &second, self.position, end, &mut self.fresh);
            }
            self.position = end;
        }
        for print in self.fresh.drain(..) {
            self.order += 1;
            self.pending.push(Reverse(Pending { arrives: print.arrives, order: self.order, print }));
        }
        while self.pending.peek().is_some_and(|Reverse(next)| next.arrives <= now) {
            if let Some(Reverse(next)) = self.pending.pop()
                && wanted(next.print.index)
            {
                out.push(next.print);
            }
        }
        skipped
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.arrives, self.order).cmp(&(other.arrives, other.order))
    }
}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Pending {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::MarketConfig;

    fn market() -> Arc<Market> {
        Arc::new(Market::new(MarketConfig { rate: 100_000, ..MarketConfig::default() }))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000 + millis).unwrap()
    }

    #[test]
    fn gives_each_print_once_in_the_order_of_arrival() {
        let market = market();
        let mut whole = Vec::new();
        market.trades_in(0, at(0), at(30_000), &mut whole);
        let mut tap = Tap::new(market, at(0), 5);
        let mut got = Vec::new();
        for step in 1..=1_300 {
            // Nothing new is taken up after 30 s; what is late still arrives.
            let indices: &[u32] = if step <= 1_000 { &[0] } else { &[] };
            assert_eq!(tap.advance(at(step * 30), indices, |_| true, &mut got), None);
        }
        assert!(got.is_sorted_by_key(|p| p.arrives));
        let key = |p: &Print| (p.ts_event(), p.arrives);
        let (mut got, mut whole) = (got, whole);
        got.sort_by_key(key);
        whole.sort_by_key(key);
        assert_eq!(got, whole);
    }

    #[test]
    fn skips_after_a_stall_and_says_so() {
        let mut tap = Tap::new(market(), at(0), 5);
        let mut out = Vec::new();
        let skipped = tap.advance(at(60_000), &[0], |_| true, &mut out);
        assert_eq!(skipped, Some(Skipped { from: at(0), to: at(55_000) }));
        assert!(out.iter().all(|p| p.ts_event() >= at(55_000)) && !out.is_empty());
        // Catching up goes in steps.
        let until = out.last().map(|p| p.arrives);
        assert!(until <= Some(at(55_250)));
        for _ in 0..20 {
            assert_eq!(tap.advance(at(60_000), &[0], |_| true, &mut out), None);
        }
        assert!(out.last().is_some_and(|p| p.arrives > at(59_800)));
        // A small step back is waited for, a large one followed.
        out.clear();
        tap.advance(at(58_000), &[0], |_| true, &mut out);
        assert!(out.is_empty(), "{out:?}");
        tap.advance(at(10_000), &[0], |_| true, &mut out);
        tap.advance(at(11_000), &[0], |_| true, &mut out);
        assert!(!out.is_empty());
    }
}
