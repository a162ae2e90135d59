//! Numbers that look random and are the same for the same seed on every machine.

/// Spreads the bits of a number (the finaliser of SplitMix64).
pub(crate) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Numbers drawn one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Draws {
    key: u64,
    at: u64,
}

impl Draws {
    /// The numbers of a seed, from the first.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { key: mix(seed), at: 0 }
    }

    /// The next, within `0..bound`, evenly.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.at += 1;
        let random = mix(self.key ^ self.at.wrapping_mul(0xd134_2543_de82_ef95));
        ((u128::from(random) * u128::from(bound)) >> 64) as u64
    }
}
