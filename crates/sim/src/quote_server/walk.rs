//! The price of a symbol: a walk that moves on nearly every request.
//!
//! Of 13,002 real quotes of 2020 a quarter were below 4.18, half below 46.70, a quarter above 830, and
//! one in twenty lay at either end, 1.00 and 4999.07. A walk over the *ranks* of that distribution, with
//! steps that do not depend on where it is and ends that throw it back, is at each rank equally often; so
//! the prices are distributed as the real ones were, from the first request on.

use crate::hash;

/// Ranks are counted in millionths.
const RANKS: i64 = 1_000_000;
/// Below this rank the price is the lowest, and as far from the other end the highest.
const END: i64 = 50_000;
/// Ranks from one of [`CENTS`] to the next.
const APART: i64 = 25_000;
/// A step in ranks; among the prices that is about 9 to 20 % of the price.
const STEP_MIN: u64 = 12_500;
const STEP_MAX: u64 = 15_500;
/// So many requests in a thousand find the price where it was.
const STILL: u64 = 30;

/// Prices in cents at the ranks from 5 to 95 %, between the measured quartiles on an even curve.
const CENTS: [u32; 37] = [
    100, 120, 143, 171, 204, 244, 292, 350, 418, 532, 677, 862, 1_098, 1_397, 1_779, 2_264, 2_882, 3_669,
    4_670, 6_227, 8_304, 11_072, 14_765, 19_688, 26_253, 35_007, 46_679, 62_245, 83_000, 103_885, 130_026,
    162_745, 203_697, 254_953, 319_107, 399_404, 499_907,
];

/// Where a symbol's price stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    key: u64,
    rank: i64,
    /// Requests so far.
    requests: u64,
}

impl Walk {
    /// A symbol's walk under a seed, before its first request.
    pub(super) fn new(seed: u64, symbol: &str) -> Self {
        let key = hash::text(hash::mix(seed ^ 0x90e7), symbol);
        Self { key, rank: hash::below(hash::draw(key, 0), RANKS as u64) as i64, requests: 0 }
    }

    /// The price of the next request, in cents.
    pub(super) fn next(&mut self) -> u32 {
        self.requests += 1;
        let chance = hash::draw(self.key, self.requests);
        if hash::below(hash::mix(chance), 1_000) >= STILL {
            let step = (STEP_MIN + hash::below(chance, STEP_MAX - STEP_MIN + 1)) as i64;
            let to = if chance & 1 == 0 { self.rank + step } else { self.rank - step };
            // Thrown back at the ends.
            self.rank = if to < 0 { -to } else { to };
            if self.rank > RANKS {
                self.rank = 2 * RANKS - self.rank;
            }
        }
        cents(self.rank)
    }
}

fn cents(rank: i64) -> u32 {
    let within = (rank - END).clamp(0, RANKS - 2 * END);
    let (at, rest) = ((within / APART) as usize, within % APART);
    let low = CENTS[at.min(CENTS.len() - 1)];
    let high = CENTS[(at + 1).min(CENTS.len() - 1)];
    // Not above the difference of two prices.
    low + (i64::from(high - low) * rest / APART) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_distributed_and_move_as_measured() {
        let mut prices = Vec::new();
        let (mut moves, mut usual) = (0u32, 0u32);
        for symbol in 0..400 {
            let mut walk = Walk::new(1, &format!("S{symbol}"));
            let mut before = walk.next();
            for _ in 0..100 {
                let price = walk.next();
                prices.push(price);
                if (200..400_000).contains(&before) {
                    moves += 1;
                    let part = u64::from(price.abs_diff(before)) * 1_000 / u64::from(price.min(before));
                    usual += u32::from((80..=220).contains(&part));
                }
                before = price;
            }
        }
        prices.sort_unstable();
        let at = |percent: usize| prices[(prices.len() - 1) * percent / 100];
        assert_eq!((at(0), at(100)), (100, 499_907));
        assert_eq!((at(3), at(97)), (100, 499_907), "one in twenty at each end, about");
        assert!((300..600).contains(&at(25)), "{}", at(25));
        assert!((3_300..6_600).contains(&at(50)), "{}", at(50));
        assert!((60_000..110_000).contains(&at(75)), "{}", at(75));
        assert!(usual * 100 > moves * 95, "{usual} of {moves}");
    }

    #[test]
    fn a_seed_walks_one_way_and_symbols_their_own() {
        let steps = |seed, symbol| {
            let mut walk = Walk::new(seed, symbol);
            [(); 50].map(|()| walk.next())
        };
        assert_eq!(steps(1, "ABC"), steps(1, "ABC"));
        assert_ne!(steps(1, "ABC"), steps(2, "ABC"));
        assert_ne!(steps(1, "ABC"), steps(1, "ABD"));
    }
}
