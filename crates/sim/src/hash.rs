//! Random numbers without state: a number is a function of what it is about.
//!
//! Everything the simulated market shows is drawn this way, so that any moment of it can be
//! computed on its own, in any order, with the same result on every machine.

/// Spreads the bits of a number (the finaliser of SplitMix64).
pub(crate) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number for the `at`-th draw under a key.
pub(crate) const fn draw(key: u64, at: u64) -> u64 {
    mix(key ^ at.wrapping_mul(0xd134_2543_de82_ef95))
}

/// A number for a text under a key.
pub(crate) fn text(key: u64, text: &str) -> u64 {
    text.bytes().fold(mix(key), |hash, byte| mix(hash ^ u64::from(byte)))
}

/// Maps a random number onto `0..bound`, evenly.
pub(crate) const fn below(random: u64, bound: u64) -> u64 {
    ((random as u128 * bound as u128) >> 64) as u64
}

/// A bell-shaped number from a random one: the sum of its four 16-bit parts about zero, within
/// ±[`BELL_MAX`], with a standard deviation of 37,837.
pub(crate) const fn bell(random: u64) -> i64 {
    let sum = (random & 0xffff) + ((random >> 16) & 0xffff) + ((random >> 32) & 0xffff) + (random >> 48);
    sum as i64 - BELL_MAX
}

/// The largest magnitude that [`bell`] gives.
pub(crate) const BELL_MAX: i64 = 131_070;

/// A source of numbers drawn one after the other, for building tables.
#[derive(Debug, Clone)]
pub(crate) struct Draws {
    key: u64,
    at: u64,
}

impl Draws {
    /// The numbers under a key, from the first.
    pub(crate) const fn new(key: u64) -> Self {
        Self { key, at: 0 }
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.at += 1;
        draw(self.key, self.at)
    }

    /// The next number, within `0..bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        below(self.next(), bound)
    }

    /// One of these; the slice must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_bells_are_centred() {
        let mut draws = Draws::new(7);
        let mut counts = [0u32; 10];
        let mut sum = 0;
        for _ in 0..100_000 {
            counts[draws.below(10) as usize] += 1;
            let bell = bell(draws.next());
            assert!(bell.abs() <= BELL_MAX);
            sum += bell;
        }
        assert!(counts.iter().all(|c| (9_500..10_500).contains(c)), "{counts:?}");
        assert!((sum / 100_000).abs() < 600, "{sum}");
    }

    #[test]
    fn is_the_same_everywhere() {
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(text(1, "AAPL"), text(1, "AAPL"));
        assert_ne!(text(1, "AAPL"), text(1, "AAPM"));
    }
}
