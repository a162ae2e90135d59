//! What a person asks to be told.

use market::{Price, SymbolId, Timestamp};

use super::levels::MILLION;
use super::quiet::QuietHours;

/// The longest window of a percent rule.
pub const WINDOW_MINUTES_MAX: u32 = 60;
/// The longest silence that can be asked for: a day.
const SILENCE_SECONDS_MAX: u32 = 86_400;
/// The largest rise that can be asked for: ten-thousandfold.
const RISE_PPM_MAX: i64 = 10_000 * MILLION;
/// The most words of a news rule, and the most bytes of one.
const WORDS_MAX: usize = 16;
const WORD_BYTES_MAX: usize = 64;

/// Names an alert for ever; given out by whoever stores alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub u64);

/// Which way a price has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Rises only.
    Up,
    /// Falls only.
    Down,
    /// Both; each is armed and fires by itself.
    Either,
}

/// What an alert is about. The exact meaning of each is at the top of [`crate::alert`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The last price is above this.
    PriceAbove(Price),
    /// The last price is below this.
    PriceBelow(Price),
    /// The last price goes from one side of this to the other.
    PriceCrosses(Price),
    /// The last price has changed by at least so much within a window.
    PercentInWindow {
        /// The change, in millionths of the price it is measured from: 1 % is 10,000.
        ppm: i64,
        /// Rise, fall or both.
        direction: Direction,
        /// Length of the window, 1 to 60 minutes.
        minutes: u32,
    },
    /// The last price has changed by at least so much since the previous close.
    PercentFromClose {
        /// The change, in millionths of the close.
        ppm: i64,
        /// Rise, fall or both.
        direction: Direction,
    },
    /// The volume of this minute is at least so many times that of a usual minute of this hour.
    VolumeAboveUsual {
        /// How many times, in thousandths: 3,000 is three times.
        times_thousandths: i64,
    },
    /// No trade has moved the price for so long in regular hours.
    Stale {
        /// The silence, in seconds.
        seconds: u32,
    },
    /// An article is about the symbol.
    News {
        /// One of these words must be in its title or summary, whatever its case; with none, any article
        /// counts.
        words: Vec<String>,
    },
}

/// What happens after an alert has fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// It is done.
    Once,
    /// It rests until the value has gone back by the hysteresis, then is armed again.
    Rearm {
        /// How far the value must go back beyond the threshold: for price rules in 10⁻⁸ of the currency,
        /// for percent rules in millionths, for volume in thousandths. Silence and news do not use it.
        /// Percent rules take 0 for 1 millionth, volume 0 for 1 thousandth.
        hysteresis: i64,
    },
}

/// An alert as its owner made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its name.
    pub id: AlertId,
    /// Whose it is, for whoever delivers; nothing here looks into it.
    pub owner: u64,
    /// On what.
    pub symbol: SymbolId,
    /// About what.
    pub rule: Rule,
    /// Once, or again and again.
    pub repeat: Repeat,
    /// Raised whenever the owner changes the alert or arms it again, so that a new life's messages are
    /// told from an old one's.
    pub generation: u32,
    /// Trades and articles before this do not count.
    pub active_from: Timestamp,
    /// From this moment on nothing counts.
    pub expires_at: Option<Timestamp>,
    /// When messages wait.
    pub quiet: Option<QuietHours>,
    /// The last price when the alert was made: from which side a crossing begins. Without it the first
    /// trade off the threshold says.
    pub seen: Option<Price>,
}

/// Why a rule cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A threshold that no price crosses.
    #[error("the price must be above zero and below 90 billion")]
    Price,
    /// A change that no price makes.
    #[error("the percentage must be at least 0.0001; a fall less than 100, a rise at most 1,000,000")]
    Percent,
    /// A window of another length.
    #[error("the window must be 1 to 60 whole minutes")]
    Window,
    /// A multiple that says nothing.
    #[error("the multiple of the usual volume must be at least 0.001 and at most 1,000,000")]
    Times,
    /// A silence that is none, or lasts longer than a day.
    #[error("the silence must be 1 to 86,400 seconds")]
    Silence,
    /// Too many words, or one that is empty or too long.
    #[error("at most 16 words, of 1 to 64 bytes each")]
    Words,
    /// A hysteresis below zero, or so large that the alert could never be armed again.
    #[error("the hysteresis must be 0 or more, and smaller than what the rule waits for")]
    Hysteresis,
}

impl Rule {
    /// Refuses what could never be meant, with the hysteresis it is to repeat by.
    ///
    /// # Errors
    /// What is wrong, the rule itself first.
    pub fn check(&self, repeat: Repeat) -> Result<(), RuleError> {
        // The largest hysteresis by which the alert can still be armed again.
        let room = match self {
            Self::PriceAbove(price) | Self::PriceBelow(price) | Self::PriceCrosses(price) => {
                // Room above, so that sums of a price and a hysteresis stay numbers.
                if !price.is_positive() || price.units() > i64::MAX / 2 {
                    return Err(RuleError::Price);
                }
                price.units() - 1
            }
            Self::PercentInWindow { ppm, direction, minutes } => {
                if !(1..=WINDOW_MINUTES_MAX).contains(minutes) {
                    return Err(RuleError::Window);
                }
                check_percent(*ppm, *direction)?
            }
            Self::PercentFromClose { ppm, direction } => check_percent(*ppm, *direction)?,
            Self::VolumeAboveUsual { times_thousandths } => {
                if !(1..=1_000_000_000).contains(times_thousandths) {
                    return Err(RuleError::Times);
                }
                *times_thousandths
            }
            Self::Stale { seconds } => {
                if !(1..=SILENCE_SECONDS_MAX).contains(seconds) {
                    return Err(RuleError::Silence);
                }
                i64::MAX
            }
            Self::News { words } => {
                let is_bad = |word: &String| word.trim().is_empty() || word.len() > WORD_BYTES_MAX;
                if words.len() > WORDS_MAX || words.iter().any(is_bad) {
                    return Err(RuleError::Words);
                }
                i64::MAX
            }
        };
        match repeat {
            Repeat::Rearm { hysteresis } if !(0..=room).contains(&hysteresis) => Err(RuleError::Hysteresis),
            _ => Ok(()),
        }
    }
}

fn check_percent(ppm: i64, direction: Direction) -> Result<i64, RuleError> {
    let most = if direction == Direction::Up { RISE_PPM_MAX } else { MILLION - 1 };
    if (1..=most).contains(&ppm) { Ok(ppm) } else { Err(RuleError::Percent) }
}

impl Repeat {
    /// The hysteresis, at least `least`; nothing for an alert that fires once.
    pub(super) fn hysteresis(self, least: i64) -> i64 {
        match self {
            Self::Once => least,
            Self::Rearm { hysteresis } => hysteresis.max(least),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_never_fire_is_refused() {
        let once = Repeat::Once;
        let price = |units| Price::from_units(units);
        let percent = |ppm, direction, minutes| Rule::PercentInWindow { ppm, direction, minutes };
        for (rule, error) in [
            (Rule::PriceAbove(price(0)), RuleError::Price),
            (Rule::PriceCrosses(price(-1)), RuleError::Price),
            (Rule::PriceBelow(price(i64::MAX)), RuleError::Price),
            (percent(10_000, Direction::Up, 0), RuleError::Window),
            (percent(10_000, Direction::Up, 61), RuleError::Window),
            (percent(0, Direction::Up, 5), RuleError::Percent),
            (percent(MILLION, Direction::Down, 5), RuleError::Percent),
            (percent(MILLION, Direction::Either, 5), RuleError::Percent),
            (Rule::VolumeAboveUsual { times_thousandths: 0 }, RuleError::Times),
            (Rule::Stale { seconds: 0 }, RuleError::Silence),
            (Rule::News { words: vec![" ".into()] }, RuleError::Words),
        ] {
            assert_eq!(rule.check(once), Err(error), "{rule:?}");
        }
        assert_eq!(percent(2 * MILLION, Direction::Up, 60).check(once), Ok(()));
    }

    #[test]
    fn a_hysteresis_leaves_room_to_be_armed_again() {
        let rule = Rule::PriceAbove(Price::from_units(100));
        assert_eq!(rule.check(Repeat::Rearm { hysteresis: 99 }), Ok(()));
        assert_eq!(rule.check(Repeat::Rearm { hysteresis: 100 }), Err(RuleError::Hysteresis));
        assert_eq!(rule.check(Repeat::Rearm { hysteresis: -1 }), Err(RuleError::Hysteresis));
    }
}
