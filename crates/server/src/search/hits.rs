//! Sets of instruments by rank: one bit each, so that joining long lists costs little.

/// A set of ranks below a fixed number.
#[derive(Debug, Clone)]
pub(super) struct Hits {
    bits: Vec<u64>,
}

impl Hits {
    /// The empty set of ranks below `len`.
    pub(super) fn new(len: usize) -> Self {
        Self { bits: vec![0; len.div_ceil(64)] }
    }

    /// Adds a rank; one out of range is not added.
    pub(super) fn add(&mut self, rank: u32) {
        if let Some(word) = self.bits.get_mut(rank as usize / 64) {
            *word |= 1 << (rank % 64);
        }
    }

    /// Keeps what is in `other` too.
    pub(super) fn keep(&mut self, other: &Self) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(a, b)| *a &= b);
    }

    /// Adds what is in `other`.
    pub(super) fn join(&mut self, other: &Self) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(a, b)| *a |= b);
    }

    /// Takes out what is in `other`.
    pub(super) fn remove(&mut self, other: &Self) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(a, b)| *a &= !b);
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.bits.iter().all(|&word| word == 0)
    }

    /// The ranks in it, best first.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.bits.iter().enumerate().flat_map(|(at, &word)| {
            let nonzero = |word: u64| (word != 0).then_some(word);
            // Each step drops the lowest bit.
            std::iter::successors(nonzero(word), move |w| nonzero(w & (w - 1)))
                .map(move |w| at as u32 * 64 + w.trailing_zeros())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_set_in_order() {
        let mut hits = Hits::new(130);
        for rank in [129, 0, 64, 63, 0, 500] {
            hits.add(rank);
        }
        assert_eq!(hits.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        let mut other = Hits::new(130);
        other.add(64);
        hits.remove(&other);
        assert_eq!(hits.iter().collect::<Vec<_>>(), [0, 63, 129]);
        hits.keep(&other);
        assert!(hits.is_empty());
        hits.join(&other);
        assert_eq!(hits.iter().collect::<Vec<_>>(), [64]);
    }
}
