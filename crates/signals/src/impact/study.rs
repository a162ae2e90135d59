//! What followed an article: an event study.

use market::calendar::DayHours;
use market::{Price, Timestamp, Volume};

use super::minutes::{Minutes, SECONDS_PER_MINUTE, plus_seconds, simple_return};
use crate::alert::change_ppm;

/// How an article is studied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StudySettings {
    /// Length of what followed, in minutes.
    pub minutes: u32,
    /// How many days before are looked at for the same time of the day.
    pub days: u32,
    /// References that are needed; fewer than three say nothing.
    pub references_min: u32,
    /// The oldest price that still stands for the one at the moment, in seconds.
    pub price_age_seconds: i64,
}

impl Default for StudySettings {
    /// Half an hour, against at least ten of thirty days, by prices at most ten minutes old.
    fn default() -> Self {
        Self { minutes: 30, days: 30, references_min: 10, price_age_seconds: 600 }
    }
}

/// What the return is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum References {
    /// The same time of the day, by New York's clock, on days before.
    SameHour,
    /// Spans of the same length directly before the article, since too few days are known.
    Earlier,
}

/// What followed an article.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Study {
    /// The article's moment.
    pub from: Timestamp,
    /// End of what is looked at.
    pub to: Timestamp,
    /// The last close before.
    pub before: Price,
    /// The last close within.
    pub after: Price,
    /// The return, in millionths, towards zero.
    pub ppm: i64,
    /// The return less the mean of the references', as a fraction.
    pub abnormal: f64,
    /// The abnormal return over its standard error, s·√(1 + 1/n): under no effect, and were returns
    /// normal, a draw of Student's t with n − 1 degrees of freedom.
    pub t: f64,
    /// What it is compared with.
    pub references: References,
    /// How many.
    pub n: u32,
    /// Volume of the bars within.
    pub volume: Volume,
    /// Mean volume of the references, rounded down.
    pub usual_volume: Volume,
}

/// Why an article cannot be studied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unstudied {
    /// No price young enough before it.
    #[error("no price shortly before the article")]
    NoPriceBefore,
    /// No bar after it, or none yet.
    #[error("no trade in the time after the article")]
    NoPriceAfter,
    /// Too little is known of before.
    #[error("too few earlier days to compare with")]
    TooFewReferences,
    /// All references are alike, so that nothing can be said of deviations.
    #[error("the price did not move in the times compared with")]
    NoVariation,
}

/// Return and volume of a span.
struct Span {
    before: Price,
    after: Price,
    volume: i128,
}

/// Studies what followed a moment.
///
/// The span is `[from, from + minutes)`, of bars that begin and end within; the return goes from the last
/// close over before it to the last close within. References are the same span on each of the `days`
/// before, or, if too few of these have prices, as many spans of its length directly before it, back to
/// back. Nothing after the span is looked at.
///
/// # Errors
/// Too little is known.
pub fn study(minutes: Minutes<'_>, from: Timestamp, settings: StudySettings) -> Result<Study, Unstudied> {
    let length = i64::from(settings.minutes.max(1)) * SECONDS_PER_MINUTE;
    let here = span(minutes, from, length, settings)?;
    let least = settings.references_min.max(3) as usize;
    let mut kind = References::SameHour;
    let mut spans = same_hour(minutes, from, length, settings);
    if spans.len() < least {
        kind = References::Earlier;
        spans = (1..=i64::from(settings.days))
            .filter_map(|n| span(minutes, plus_seconds(from, -n * length), length, settings).ok())
            .collect();
    }
    if spans.len() < least {
        return Err(Unstudied::TooFewReferences);
    }
    let returns: Vec<f64> = spans.iter().map(|span| simple_return(span.before, span.after)).collect();
    let (mean, deviation) = mean_and_deviation(&returns);
    if deviation == 0.0 {
        return Err(Unstudied::NoVariation);
    }
    let n = returns.len();
    let abnormal = simple_return(here.before, here.after) - mean;
    let usual = spans.iter().map(|span| span.volume).sum::<i128>() / n as i128;
    Ok(Study {
        from,
        to: plus_seconds(from, length),
        before: here.before,
        after: here.after,
        ppm: change_ppm(here.before.units(), here.after.units()),
        abnormal,
        t: abnormal / (deviation * (1.0 + 1.0 / n as f64).sqrt()),
        references: kind,
        // At most `days`.
        n: n as u32,
        volume: Volume::from_units(here.volume),
        usual_volume: Volume::from_units(usual),
    })
}

fn span(
    minutes: Minutes<'_>,
    from: Timestamp,
    length: i64,
    settings: StudySettings,
) -> Result<Span, Unstudied> {
    let to = plus_seconds(from, length);
    let before = minutes.last_over(from).filter(|bar| {
        from.seconds() - bar.start.seconds() <= settings.price_age_seconds + SECONDS_PER_MINUTE
    });
    let before = before.ok_or(Unstudied::NoPriceBefore)?;
    let within = minutes.within(from, to);
    let after = within.last().ok_or(Unstudied::NoPriceAfter)?;
    let volume = within.iter().map(|bar| bar.volume.units()).sum();
    Ok(Span { before: before.close, after: after.close, volume })
}

/// The same time of the day on the days before that have prices then.
fn same_hour(minutes: Minutes<'_>, from: Timestamp, length: i64, settings: StudySettings) -> Vec<Span> {
    let day = DayHours::at(from, minutes.hours);
    let into_day = from.nanos() - day.begins.nanos();
    (1..=i64::from(settings.days))
        .filter_map(|n| {
            let then = DayHours::of(day.date.plus_days(-n), minutes.hours);
            span(minutes, then.begins.saturating_add_nanos(into_day), length, settings).ok()
        })
        .collect()
}

/// Mean, and the deviation of a sample (n − 1).
fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// Many articles together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// How many.
    pub n: u32,
    /// Mean abnormal return, as a fraction.
    pub mean: f64,
    /// The mean over its standard error, s/√n, across articles.
    pub t: f64,
}

/// The mean abnormal return after several articles; `None` for fewer than three, or if all are alike.
pub fn pooled(studies: &[Study]) -> Option<Pooled> {
    let abnormal: Vec<f64> = studies.iter().map(|study| study.abnormal).collect();
    let (mean, deviation) = mean_and_deviation(&abnormal);
    if abnormal.len() < 3 || deviation == 0.0 {
        return None;
    }
    let n = abnormal.len();
    Some(Pooled { n: u32::try_from(n).unwrap_or(u32::MAX), mean, t: mean / (deviation / (n as f64).sqrt()) })
}
