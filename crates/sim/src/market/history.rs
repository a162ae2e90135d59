//! Bars of times past, as a provider's own history gives them.
//!
//! They are computed from the path, not from the trades: open and close lie on it exactly, high and
//! low are the extremes of some looks at it, volume and trades are what is to be expected of the
//! time of day. So a bar costs microseconds whatever the rate, and agrees with the bars of the
//! trades to within a spread, as any two vendors' bars do.

use market::calendar::DayHours;
use market::decimal::{SCALE, Volume, div_half_even};
use market::{Bar, Hours, Interval, Price, Timestamp};

use super::pace::{self, Moment};
use super::path::Walk;
use super::print::{MEAN_DOLLARS, MEAN_SHARES_HUNDREDTHS};
use super::{HoursMode, Market, Mover, second_start};
use crate::hash;

/// The most bars given at once; a longer span gives its newest.
pub const BARS_MAX: usize = 20_000;

impl Market {
    /// The bars with starts in `[from, to)`, oldest first, at most [`BARS_MAX`] of them, the newest.
    /// The last one is cut off at `to`. Hours without trading have none, nor have times in which, by
    /// chance, a quiet symbol did not trade. When the session keeps US hours a day's bar is that of
    /// the regular session. A number without a listing has none.
    pub fn bars(&self, index: u32, interval: Interval, from: Timestamp, to: Timestamp) -> Vec<Bar> {
        let (Some(mover), Some(listing)) = (self.movers.get(index as usize), self.universe.get(index)) else {
            return Vec::new();
        };
        let length = seconds(interval);
        let to_second = to.seconds();
        let first = from.seconds().div_euclid(length) * length;
        let oldest = to_second - length.saturating_mul(BARS_MAX as i64 - 1);
        let mut start = first.max(oldest.div_euclid(length) * length);
        if second_start(start) < from {
            start += length;
        }
        let hours = pace::hours(listing, self.config.hours);
        let mut bars = Vec::new();
        let mut walk = Walk::new(&mover.path);
        while start < to_second {
            let end = (start + length).min(to_second);
            let open = self.trading(mover, hours, interval, start, end);
            bars.extend(
                open.map(|(from, to, trades)| {
                    mover.bar(&mut walk, start, (from, to), looks(interval), trades)
                }),
            );
            start += length;
        }
        bars
    }

    /// When a bar's trading begins and ends, and how many trades it has; `None` without any.
    fn trading(
        &self,
        mover: &Mover,
        hours: Hours,
        interval: Interval,
        start: i64,
        end: i64,
    ) -> Option<(i64, i64, u64)> {
        let (open, close, moment) = match (hours, interval) {
            (Hours::Always, _) => (start, end, Moment::always(start.midpoint(end))),
            (Hours::UsEquity, Interval::D1) => {
                let day = DayHours::of(second_start(start).utc_date().0, hours);
                // The middle of the day is quieter than its mean, about which the day scatters anyway.
                let noon = day.opens.seconds().midpoint(day.closes.seconds());
                let moment = Moment::of_shares(noon, HoursMode::Us, &day);
                (day.opens.seconds(), day.closes.seconds().min(end), moment)
            }
            (Hours::UsEquity, _) => {
                let day = DayHours::at(second_start(start), hours);
                let (open, close) = (start.max(day.pre_opens.seconds()), end.min(day.post_closes.seconds()));
                (open, close, Moment::of_shares(open.midpoint(close), HoursMode::Us, &day))
            }
        };
        if open >= close || moment.is_closed() {
            return None;
        }
        Some((open, close, mover.expected(&moment, open, close, interval)?))
    }
}

impl Mover {
    /// How many trades there may have been; `None` for none.
    fn expected(&self, moment: &Moment, from: i64, to: i64, interval: Interval) -> Option<u64> {
        let random = hash::draw(self.key ^ 0x4157, from as u64);
        // A day has many moods; a shorter bar has its own.
        let mood = match interval {
            Interval::D1 => 256,
            // News is a matter of minutes.
            Interval::S1 | Interval::M1 | Interval::M5 => self.path.bustle(from.midpoint(to)),
            Interval::M15 | Interval::H1 => self.path.mood(from),
        };
        let mean = moment.mean(self.rate, mood) * u128::from(to.abs_diff(from));
        // From 0.6 to 1.4 of what is usual.
        let scattered = (mean * u128::from(39_321 + hash::below(random, 52_430))) >> 16;
        let trades = ((scattered + u128::from(random as u32)) >> 32) as u64;
        match interval {
            Interval::D1 => Some(trades.max(1)),
            _ => (trades > 0).then_some(trades),
        }
    }

    fn bar(&self, walk: &mut Walk<'_>, start: i64, (from, to): (i64, i64), looks: i64, trades: u64) -> Bar {
        let steps = looks.min(to - from).max(1);
        let mut middle = |second| self.at_log(walk.log_at(second));
        let open = middle(from);
        let (mut high, mut low, mut close, mut sum) = (open, open, open, i128::from(open));
        for n in 1..=steps {
            close = middle(from + (to - from) * n / steps);
            high = high.max(close);
            low = low.min(close);
            sum += i128::from(close);
        }
        let [open, high, low, close] = [open, high, low, close].map(|u| Price::from_units(self.on_tick(u)));
        // Units are hundred-millionths, the vwap is in millionths.
        let vwap = div_half_even(sum, i128::from(steps + 1) * 100).unwrap_or_default() as i64;
        let volume = self.usual_volume(trades, close.units());
        Bar {
            start: second_start(start),
            open,
            high,
            low,
            close,
            volume,
            trades,
            vwap_micros: vwap.clamp(low.units() / 100, high.units() / 100),
        }
    }
}

impl Mover {
    /// What so many trades at about this price usually add up to.
    fn usual_volume(&self, trades: u64, price: i64) -> Volume {
        Volume::from_units(if self.crypto {
            let dollars = i128::from(trades) * MEAN_DOLLARS * i128::from(self.dollar);
            let lot = i128::from(self.lot.max(1));
            (dollars * i128::from(SCALE) / i128::from(price.max(1)) / lot).max(1) * lot
        } else {
            (i128::from(trades) * MEAN_SHARES_HUNDREDTHS / 100).max(1) * i128::from(SCALE)
        })
    }

    /// What usually has been traded after so many seconds of a session.
    pub(super) fn volume_after(&self, seconds: i64, price: Price) -> Volume {
        let trades = (u128::from(self.rate) * u128::from(seconds.max(0).unsigned_abs())) >> 32;
        self.usual_volume(trades as u64, price.units())
    }
}

/// How often the path is looked at within a bar.
fn looks(interval: Interval) -> i64 {
    match interval {
        Interval::S1 => 1,
        Interval::M1 => 12,
        Interval::M5 => 20,
        Interval::M15 => 24,
        Interval::H1 => 30,
        Interval::D1 => 24,
    }
}

fn seconds(interval: Interval) -> i64 {
    match interval {
        Interval::S1 => 1,
        Interval::M1 => 60,
        Interval::M5 => 300,
        Interval::M15 => 900,
        Interval::H1 => 3_600,
        Interval::D1 => 86_400,
    }
}
