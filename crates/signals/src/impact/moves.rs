//! Unusual moves, and the articles around them.

use market::calendar::new_york_offset_seconds;
use market::{Bar, Price, Timestamp};

use super::minutes::{Minutes, SECONDS_PER_MINUTE, end_of, simple_return};
use crate::alert::change_ppm;
use crate::headline::HeadlineId;

const HALF_HOURS: usize = 48;
const SECONDS_PER_HALF_HOUR: i64 = 1_800;
/// A return of so many deviations is a jump, and says nothing of what is usual.
const JUMP_DEVIATIONS: f64 = 5.0;

/// What counts as unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveSettings {
    /// Length of a move, in minutes.
    pub minutes: u32,
    /// How many usual deviations it must be, in thousandths: 4,000 is four.
    pub deviations_thousandths: u32,
    /// And at least so large, in millionths, so that a calm hour's ripple is none.
    pub ppm_min: i64,
    /// Minute returns that must be known of the half hour before anything of it is judged.
    pub references_min: u32,
}

impl Default for MoveSettings {
    /// Five minutes, four deviations, half a per cent, an hour of minutes.
    fn default() -> Self {
        Self { minutes: 5, deviations_thousandths: 4_000, ppm_min: 5_000, references_min: 60 }
    }
}

/// A move that is unusual for its half hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Move {
    /// End of the bar it is measured from.
    pub from: Timestamp,
    /// End of its last bar.
    pub to: Timestamp,
    /// Start of the minute of the largest step, from which lags are counted.
    pub onset: Timestamp,
    /// The price before.
    pub before: Price,
    /// The price after.
    pub after: Price,
    /// The change, in millionths, towards zero.
    pub ppm: i64,
    /// The change in usual deviations of this half hour.
    pub deviations: f64,
}

/// An article near a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near {
    /// Which.
    pub article: HeadlineId,
    /// Seconds from the move's onset to it; below zero when the article came first.
    pub lag_seconds: i64,
}

/// A normal distribution's deviation over its median absolute one.
const OVER_MEDIAN: f64 = 1.482_602_218_505_602;
/// And over its mean absolute one: the root of π / 2.
const OVER_MEAN: f64 = 1.253_314_137_315_5;

/// Sizes of the minute returns of a half hour of the day, ascending.
#[derive(Debug, Clone, Default)]
struct Usual {
    sizes: Vec<f64>,
    sum: f64,
}

impl Usual {
    fn learn(&mut self, size: f64) {
        let at = self.sizes.partition_point(|known| *known < size);
        self.sizes.insert(at, size);
        self.sum += size;
    }

    /// The usual deviation of a minute, which jumps do not move: the root of the mean square of those returns that are no
    /// jumps. What a jump is, the median says, which a few of them cannot shift: more than five times the deviation that a
    /// normal distribution of this median absolute deviation has. Where most minutes do not change the price at all the
    /// median is zero, and the mean says it.
    fn deviation(&self) -> f64 {
        let n = self.sizes.len();
        let Some(upper) = self.sizes.get(n / 2) else { return 0.0 };
        let median = if n.is_multiple_of(2) { f64::midpoint(self.sizes[n / 2 - 1], *upper) } else { *upper };
        let scale = if median > 0.0 { OVER_MEDIAN * median } else { OVER_MEAN * self.sum / n as f64 };
        let calm = &self.sizes[..self.sizes.partition_point(|size| *size <= JUMP_DEVIATIONS * scale)];
        (calm.iter().map(|size| size * size).sum::<f64>() / calm.len().max(1) as f64).sqrt()
    }
}

/// Finds unusual moves.
///
/// A move is the change of the closing price over `minutes` bars without a gap between them. It is
/// unusual if it is at least so many times √minutes × the usual deviation of a minute in its half hour: the root of the
/// mean square of the returns of all gapless minutes in the same half hour of New York's clock that were over **before the move began**, jumps left out. So nothing is judged by what came later,
/// and moves before do not hide it. Of moves that overlap, the one
/// with the most deviations is told, and of equals the first.
pub fn unusual_moves(minutes: Minutes<'_>, settings: MoveSettings) -> Vec<Move> {
    let bars = minutes.bars;
    let length = settings.minutes.max(1) as usize;
    let mut usual: [Usual; HALF_HOURS] = std::array::from_fn(|_| Usual::default());
    let mut n_learnt = 1;
    let mut found: Vec<Move> = Vec::new();
    for last in length..bars.len() {
        let first = last - length;
        // What was over when this move began: steps up to the bar it is measured from.
        while n_learnt <= first {
            learn(&mut usual, &bars[n_learnt - 1..=n_learnt]);
            n_learnt += 1;
        }
        let window = &bars[first..=last];
        if !window.windows(2).all(is_gapless) {
            continue;
        }
        let Some(one) = judge(window, &usual, settings) else { continue };
        match found.last_mut() {
            Some(known) if one.from < known.to => {
                if one.deviations.abs() > known.deviations.abs() {
                    *known = one;
                }
            }
            _ => found.push(one),
        }
    }
    found
}

fn is_gapless(pair: &[Bar]) -> bool {
    pair[1].start.seconds() - pair[0].start.seconds() == SECONDS_PER_MINUTE
}

fn half_hour_of(time: Timestamp) -> usize {
    let local = time.seconds() + new_york_offset_seconds(time);
    // Between 0 and 47 by the remainder.
    local.div_euclid(SECONDS_PER_HALF_HOUR).rem_euclid(HALF_HOURS as i64) as usize
}

fn learn(usual: &mut [Usual; HALF_HOURS], pair: &[Bar]) {
    if is_gapless(pair) {
        usual[half_hour_of(pair[1].start)].learn(simple_return(pair[0].close, pair[1].close).abs());
    }
}

fn judge(window: &[Bar], usual: &[Usual; HALF_HOURS], settings: MoveSettings) -> Option<Move> {
    let (base, last) = (window.first()?, window.last()?);
    let ppm = change_ppm(base.close.units(), last.close.units());
    let around = &usual[half_hour_of(last.start)];
    if around.sizes.len() < settings.references_min.max(1) as usize || ppm.abs() < settings.ppm_min {
        return None;
    }
    let deviation = around.deviation() * f64::from(settings.minutes.max(1)).sqrt();
    let change = simple_return(base.close, last.close);
    if change.abs() * 1_000.0 < deviation * f64::from(settings.deviations_thousandths) || deviation == 0.0 {
        return None;
    }
    // Integers, so that equal steps are equal; of those the first.
    let size = |pair: &&[Bar]| change_ppm(pair[0].close.units(), pair[1].close.units()).abs();
    let onset = window.windows(2).rev().max_by_key(size)?[1].start;
    Some(Move {
        from: end_of(base),
        to: end_of(last),
        onset,
        before: base.close,
        after: last.close,
        ppm,
        deviations: change / deviation,
    })
}

/// Articles from so many seconds before a move's onset to so many after its end, the nearest to the onset
/// first.
pub fn articles_around(
    found: &Move,
    articles: &[(HeadlineId, Timestamp)],
    before_seconds: i64,
    after_seconds: i64,
) -> Vec<Near> {
    let (from, to) = (found.onset.seconds() - before_seconds, found.to.seconds() + after_seconds);
    let mut near: Vec<Near> = articles
        .iter()
        .filter(|(_, published)| (from..=to).contains(&published.seconds()))
        .map(|(article, published)| Near {
            article: *article,
            lag_seconds: published.seconds() - found.onset.seconds(),
        })
        .collect();
    near.sort_by_key(|one| (one.lag_seconds.abs(), one.lag_seconds, one.article));
    near
}
