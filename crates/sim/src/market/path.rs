//! Where a price stands at any moment, computed from nothing but its key and the time.
//!
//! The logarithm of the price is a Brownian path built the way Lévy and Schauder built it: a hat
//! for every dyadic piece of time, of random height, from two years down to two seconds. A moment
//! lies under one hat of each length, so a value costs one random number a length, whatever was
//! asked before. Fewer than two hats meet at any second's edge, so neighbouring values are cheap
//! together, and the steepness of a hat bounds how far a price moves within a second.
//!
//! Integers only: no result depends on a machine's floating point.

use super::news::News;
use crate::hash;

/// One in the logarithm's fixed point: logarithms are to base 2, in units of 2⁻³².
#[cfg(test)]
const ONE: i64 = 1 << 32;

/// The longest hat is 2²⁶ seconds, a little over two years.
const LEVELS: u32 = 26;

/// Hats shorter than this many seconds (as a power of two, 68 minutes) share a factor that makes
/// some hours lively and others quiet. They are all zero at its edges, so the path stays unbroken.
pub(super) const MOOD_LEVEL: u32 = 12;

/// The market as a whole moves in hats of at least this many seconds (as a power of two).
const COMMON_LEVEL: u32 = 6;

/// The square root of 2^level in 1/4096.
const ROOTS: [i64; LEVELS as usize + 1] = roots();

/// Turns a yearly volatility in per cent into the scale of the path: 0.01 / (ln 2 · √31557600 s) in
/// units of 2⁻³², over twice the deviation of a bell and the scale of the roots, times 2⁴⁰.
const SCALE_PER_PERCENT: i64 = 39_127_000;

/// The yearly volatility of the market as a whole, in per cent.
const COMMON_VOLATILITY: u32 = 13;

/// How lively an hour is, in 1/256; the mean is 256.
const MOODS: [i64; 8] = [140, 166, 192, 218, 243, 282, 346, 461];

const fn roots() -> [i64; LEVELS as usize + 1] {
    let mut roots = [0; LEVELS as usize + 1];
    let mut level = 0;
    while level <= LEVELS {
        // √2 · 4096 = 5792.6
        let odd = if level % 2 == 0 { 4096 } else { 5793 };
        roots[level as usize] = odd << (level / 2);
        level += 1;
    }
    roots
}

/// The path of one price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    key: u64,
    common_key: u64,
    /// Its own scale, and how strongly it follows the market.
    scale: i64,
    common_scale: i64,
    /// Shifts its hats against those of others, so that not all turn at once.
    phase: i64,
    news: News,
    /// A usual move by news, in the logarithm's units.
    news_scale: i64,
}

/// A hundredth of a per cent in the logarithm's units: log₂ e · 2³² / 10,000.
const BASIS_POINT: i64 = 619_628;

impl Path {
    /// The path of a key in the market of a seed; volatility and beta in per cent.
    pub(super) fn new(key: u64, seed: u64, volatility: u32, beta: u32) -> Self {
        Self {
            key,
            common_key: common_key(seed),
            scale: i64::from(volatility) * SCALE_PER_PERCENT,
            common_scale: i64::from(COMMON_VOLATILITY) * SCALE_PER_PERCENT * i64::from(beta) / 100,
            phase: (hash::mix(key) & ((1 << LEVELS) - 1)) as i64,
            news: News::default(),
            // From one per cent for what is calm to three for what is not.
            news_scale: (70 + 3 * i64::from(volatility)) * BASIS_POINT,
        }
    }

    /// The same path with news.
    pub(super) fn with_news(self, news: News) -> Self {
        Self { news, ..self }
    }

    /// What happens to the company.
    pub(super) fn news(&self) -> News {
        self.news
    }

    /// The logarithm of the price over its base, at a second since the epoch.
    pub(super) fn log_at(&self, second: i64) -> i64 {
        self.log_with(second, Common::at(self.common_key, second))
    }

    /// As [`log_at`](Self::log_at), with the market's own part worked out before.
    pub(super) fn log_with(&self, second: i64, common: Common) -> i64 {
        let at = second.wrapping_add(self.phase);
        let fine = hats(self.key, at, 1..=MOOD_LEVEL);
        let coarse = hats(self.key, at, MOOD_LEVEL + 1..=LEVELS);
        self.log_of(second, fine, coarse, common.0)
    }

    /// How lively the path is around a second, in 1/256 with a mean of 256; trading follows it.
    pub(super) fn mood(&self, second: i64) -> i64 {
        mood(self.key, second.wrapping_add(self.phase))
    }

    /// How busy trading is by mood and by news, in 1/256.
    pub(super) fn bustle(&self, second: i64) -> i64 {
        (self.mood(second) * self.news.burst(second)) >> 8
    }

    fn log_of(&self, second: i64, fine: i64, coarse: i64, common: i64) -> i64 {
        let own = ((fine * mood(self.key, second.wrapping_add(self.phase))) >> 8) + coarse;
        let news = (i128::from(self.news.shift(second)) * i128::from(self.news_scale)) >> 26;
        scaled(own, self.scale) + scaled(common, self.common_scale) + news as i64
    }
}

/// The part of all paths that is the market's as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Common(i64);

impl Common {
    /// Of the market of a seed.
    pub(super) fn of(seed: u64, second: i64) -> Self {
        Self::at(common_key(seed), second)
    }

    fn at(key: u64, second: i64) -> Self {
        Self(hats(key, second, COMMON_LEVEL..=LEVELS))
    }
}

fn common_key(seed: u64) -> u64 {
    hash::mix(seed ^ 0x3a7_1e7)
}

/// Goes along a path and remembers the hats it is under: a good deal cheaper than asking for one
/// moment after another, with the same answers.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    path: &'a Path,
    own: Hats,
    common: Hats,
}

impl<'a> Walk<'a> {
    /// Along this path.
    pub(super) fn new(path: &'a Path) -> Self {
        Self { path, own: Hats::new(path.key), common: Hats::new(path.common_key) }
    }

    /// As [`Path::log_at`].
    pub(super) fn log_at(&mut self, second: i64) -> i64 {
        let at = second.wrapping_add(self.path.phase);
        let fine = self.own.sum(at, 1..=MOOD_LEVEL);
        let coarse = self.own.sum(at, MOOD_LEVEL + 1..=LEVELS);
        let common =
            if self.path.common_scale == 0 { 0 } else { self.common.sum(second, COMMON_LEVEL..=LEVELS) };
        self.path.log_of(second, fine, coarse, common)
    }
}

/// The hats last met, one of each length.
#[derive(Debug)]
struct Hats {
    key: u64,
    pieces: [i64; LEVELS as usize + 1],
    heights: [i64; LEVELS as usize + 1],
}

impl Hats {
    fn new(key: u64) -> Self {
        // No piece of time has this number.
        Self { key, pieces: [i64::MIN; LEVELS as usize + 1], heights: [0; LEVELS as usize + 1] }
    }

    fn sum(&mut self, at: i64, levels: std::ops::RangeInclusive<u32>) -> i64 {
        // A fold, because a `for` over an inclusive range costs a third more here.
        levels.fold(0, |sum, level| {
            let (slot, piece) = (level as usize, at >> level);
            if self.pieces[slot] != piece {
                self.pieces[slot] = piece;
                self.heights[slot] = height(self.key, level, piece);
            }
            sum + under(self.heights[slot], at, level)
        })
    }
}

fn mood(key: u64, at: i64) -> i64 {
    MOODS[(hash::draw(key ^ 0x0b00d, (at >> MOOD_LEVEL) as u64) & 7) as usize]
}

/// The sum of the hats of these lengths over a moment: at most 2¹⁷ · 2²⁵ each, so that 26 of them
/// stay far below 2⁶³, also times a mood.
fn hats(key: u64, at: i64, levels: std::ops::RangeInclusive<u32>) -> i64 {
    levels.map(|level| under(height(key, level, at >> level), at, level)).sum()
}

/// How high the hat over a piece of time is.
fn height(key: u64, level: u32, piece: i64) -> i64 {
    hash::bell(hash::draw(key ^ (u64::from(level) << 56), piece as u64))
}

/// The hat's part in the path at a moment.
fn under(height: i64, at: i64, level: u32) -> i64 {
    let within = at & ((1 << level) - 1);
    let to_edge = within.min((1 << level) - within);
    // In 1/65536 of the whole hat, which peaks at half its length.
    let part = (to_edge << 17) >> level;
    ((height * part) >> 16) * ROOTS[level as usize]
}

fn scaled(sum: i64, scale: i64) -> i64 {
    ((i128::from(sum) * i128::from(scale)) >> 40) as i64
}

/// 2 to the power of a logarithm, in units of 2⁻³².
pub(super) fn exp2(log: i64) -> u64 {
    // ln(2)ⁿ / n! in units of 2⁻³²: good to 2⁻²², far below a tick.
    const TERMS: [u64; 6] = [661_577, 5_726_720, 41_309_550, 238_388_332, 1_031_764_990, 2_977_044_472];
    let fraction = (log & 0xffff_ffff) as u64;
    let mut sum = 0u64;
    for term in TERMS {
        sum = ((u128::from(sum + term) * u128::from(fraction)) >> 32) as u64;
    }
    let mantissa = (1 << 32) + sum;
    match log >> 32 {
        whole @ 0..=24 => mantissa << whole,
        25.. => u64::MAX,
        whole @ -33..=-1 => mantissa >> -whole,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn raises_two_to_powers() {
        for tenth in -80i64..80 {
            let log = ONE * tenth / 10;
            let exact = (tenth as f64 / 10.0).exp2();
            let got = exp2(log) as f64 / ONE as f64;
            assert!((got / exact - 1.0).abs() < 1e-5, "{tenth}: {got} {exact}");
        }
        assert_eq!(exp2(0), 1 << 32);
        assert_eq!(exp2(i64::MIN), 0);
    }

    #[test]
    fn moves_as_much_as_asked() {
        // The daily deviation of a yearly 30 % is 1.57 %, here of the logarithm to base 2.
        let mut sum = 0.0;
        let n = 4_000;
        for at in 0..n {
            let path = Path::new(hash::mix(at), 1, 30, 0);
            let day = 20_000 * 86_400 + at as i64 * 17;
            let change = (path.log_at(day + 86_400) - path.log_at(day)) as f64 / ONE as f64;
            sum += change * change;
        }
        let deviation = (sum / n as f64).sqrt() * std::f64::consts::LN_2;
        assert!((0.0135..0.0175).contains(&deviation), "{deviation}");
    }

    proptest! {
        #[test]
        fn no_second_moves_more_than_a_hat_is_steep(
            key in any::<u64>(), second in 0i64..4_000_000_000, volatility in 1u32..100, beta in 0u32..300,
        ) {
            let path = Path::new(key, 9, volatility, beta);
            let change = (path.log_at(second + 1) - path.log_at(second)).abs();
            // The steepness of all hats together: 2·3.464/2 deviations a root second, each √2 less,
            // summed (2.42), times the liveliest mood; the market's own are 8 times flatter.
            let bound = i64::from(volatility) * 11_030 * 16 + i64::from(beta) * 11_030 * 2;
            prop_assert!(change <= bound, "{} > {}", change, bound);
        }

        #[test]
        fn walking_gives_what_asking_gives(key in any::<u64>(), seconds in prop::collection::vec(0i64..100_000, 1..40)) {
            let path = Path::new(key, 9, 30, 80);
            let mut walk = Walk::new(&path);
            for second in seconds {
                prop_assert_eq!(walk.log_at(1_790_000_000 + second), path.log_at(1_790_000_000 + second));
            }
        }

        #[test]
        fn exp2_grows(log in -(20 * ONE)..20 * ONE) {
            prop_assert!(exp2(log + 4096) >= exp2(log));
        }
    }
}
