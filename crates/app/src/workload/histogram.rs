//! Latencies in buckets whose width grows with the value: every quantile is right to 1 %.

/// Buckets an octave, as a power of two.
const BITS: u32 = 7;
const PER_OCTAVE: usize = 1 << BITS;

/// A log-linear histogram of microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; PER_OCTAVE * 34], total: 0, max: 0 }
    }
}

/// Values below one octave have a bucket each; above, the leading bits choose.
fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(BITS + 1);
    (shift as usize) * PER_OCTAVE + (value >> shift) as usize
}

/// The largest value that falls into a bucket.
fn top(bucket: usize) -> u64 {
    if bucket < 2 * PER_OCTAVE {
        return bucket as u64;
    }
    let shift = bucket / PER_OCTAVE - 1;
    (((bucket - shift * PER_OCTAVE + 1) as u64) << shift) - 1
}

impl Histogram {
    /// Counts one value.
    pub(crate) fn record(&mut self, value: u64) {
        let at = bucket(value).min(self.counts.len() - 1);
        self.counts[at] += 1;
        self.total += 1;
        self.max = self.max.max(value);
    }

    /// Counts all that another has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// How many were counted.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The largest.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// The value that this share of all values does not exceed; 0 when there are none.
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        let rank = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return top(at).min(self.max);
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_falls_into_them() {
        for value in (0..5_000).chain([65_535, 65_536, 1_000_000, 99_999_999]) {
            let at = bucket(value);
            assert!(top(at) >= value, "{value}");
            assert!(at == 0 || top(at - 1) < value, "{value}");
            assert!(top(at) - value <= value / 100, "{value}");
        }
    }

    #[test]
    fn quantiles_of_a_ramp() {
        let mut h = Histogram::default();
        assert_eq!(h.quantile(0.5), 0);
        for value in 1..=10_000 {
            h.record(value);
        }
        for (share, exact) in [(0.5, 5_000.0), (0.99, 9_900.0), (0.999, 9_990.0)] {
            let got = h.quantile(share) as f64;
            assert!((got - exact).abs() / exact < 0.01, "{share}: {got}");
        }
        assert_eq!((h.quantile(1.0), h.max(), h.total()), (10_000, 10_000, 10_000));
        let mut sum = h.clone();
        sum.add(&h);
        assert_eq!((sum.quantile(0.5), sum.max(), sum.total()), (h.quantile(0.5), 10_000, 20_000));
    }
}
