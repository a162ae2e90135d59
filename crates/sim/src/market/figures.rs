//! Figures of the day and of the company, as a provider's quote and profile give them.

use market::calendar::{DayHours, previous_trading_date};
use market::decimal::{SCALE, Volume};
use market::{Date, Hours, Price, Timestamp};

use super::path::Walk;
use super::{Market, Mover, pace};

/// A listing's day, as far as it has come at the moment asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The trading day, in New York; on a day without trading the last one with.
    pub date: Date,
    /// Close of the trading day before.
    pub previous_close: Price,
    /// The day's open; `None` before it.
    pub open: Option<Price>,
    /// The day's high so far; `None` before the open.
    pub high: Option<Price>,
    /// The day's low so far; `None` before the open.
    pub low: Option<Price>,
    /// Shares or coins traded so far, about; `None` before the open.
    pub volume: Option<Volume>,
    /// The last price.
    pub last: Price,
    /// When that was: the moment asked about, or the last one before at which it could trade.
    pub last_at: Timestamp,
}

/// What a company's card shows, computed from the price at the moment asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// Highest price of the 52 weeks before, and when.
    pub week_52_high: (Price, Timestamp),
    /// Lowest price of the 52 weeks before, and when.
    pub week_52_low: (Price, Timestamp),
    /// Value of all shares in whole dollars; `None` for pairs.
    pub market_cap_dollars: Option<u64>,
    /// Shares outstanding; `None` for pairs.
    pub shares_outstanding: Option<u64>,
    /// Price to yearly earnings; `None` without earnings.
    pub pe_ratio: Option<Price>,
    /// Earnings a share a year; `None` without earnings.
    pub earnings_per_share: Option<Price>,
}

const WEEKS_52_SECONDS: i64 = 364 * 86_400;

impl Market {
    /// The figures of the day; `None` for a number without a listing.
    pub fn day(&self, index: u32, at: Timestamp) -> Option<Day> {
        let listing = self.universe.get(index)?;
        let mover = self.movers.get(index as usize)?;
        let hours = pace::hours(listing, self.config.hours);
        let mut day = DayHours::at(at, hours);
        if !day.is_trading_day() || at < day.pre_opens {
            day = DayHours::of(previous_trading_date(day.date, hours), hours);
        }
        let before = DayHours::of(previous_trading_date(day.date, hours), hours);
        let last_at = self.last_open_moment(index, at);
        let range = (last_at >= day.opens)
            .then(|| mover.range(day.opens.seconds(), last_at.min(day.closes).seconds(), 64));
        let last = mover.price_at(last_at);
        let regular = hours == Hours::Always || last_at <= day.closes;
        Some(Day {
            date: day.date,
            previous_close: mover.price_at(before.closes),
            open: range.map(|_| mover.price_at(day.opens)),
            // The last price lies a little after the last whole second.
            high: range.map(|r| if regular { r.high.0.max(last) } else { r.high.0 }),
            low: range.map(|r| if regular { r.low.0.min(last) } else { r.low.0 }),
            volume: range.map(|_| {
                let until = last_at.min(day.closes);
                mover.volume_after(until.seconds() - day.opens.seconds(), last)
            }),
            last,
            last_at,
        })
    }

    /// The figures of the company or pair; `None` for a number without a listing.
    pub fn card(&self, index: u32, at: Timestamp) -> Option<Card> {
        let listing = self.universe.get(index)?;
        let mover = self.movers.get(index as usize)?;
        let last_at = self.last_open_moment(index, at);
        let price = mover.price_at(last_at);
        let year = mover.range(last_at.seconds() - WEEKS_52_SECONDS, last_at.seconds(), 730);
        let shares = (!listing.is_crypto()).then_some(listing.shares);
        // Earnings are what they are; the ratio moves with the price.
        let earnings = listing
            .pe_tenths
            .map(|tenths| listing.base.units() / i64::from(tenths.max(1)) * 10)
            .filter(|units| *units > 0);
        let ratio = |earnings: i64| {
            let hundredths = i128::from(price.units()) * 100 / i128::from(earnings);
            Price::from_units(hundredths as i64 * (SCALE / 100))
        };
        Some(Card {
            week_52_high: year.high,
            week_52_low: year.low,
            market_cap_dollars: shares
                .map(|s| (u128::from(s) * u128::from(price.units().unsigned_abs()) / SCALE as u128) as u64),
            shares_outstanding: shares,
            pe_ratio: earnings.map(ratio),
            earnings_per_share: earnings.map(|e| Price::from_units(e / 10_000 * 10_000)),
        })
    }
}

/// The highest and the lowest price of a span.
#[derive(Debug, Clone, Copy)]
struct Range {
    high: (Price, Timestamp),
    low: (Price, Timestamp),
}

impl Mover {
    /// Highest and lowest price between two seconds: found by so many looks at even distances and a
    /// closer look around both. A spike between two looks may be missed, by design: it is cheap.
    fn range(&self, from: i64, to: i64, looks: i64) -> Range {
        let step = ((to - from) / looks).max(1);
        let (mut high, mut low) = ((i64::MIN, from), (i64::MAX, from));
        let mut walk = Walk::new(&self.path);
        let mut look = |second: i64| {
            let units = self.at_log(walk.log_at(second));
            high = high.max((units, second));
            low = low.min((units, second));
            (high.1, low.1)
        };
        let mut ends = look(to);
        for n in 0..=(to - from) / step {
            ends = look(from + n * step);
        }
        for end in [ends.0, ends.1] {
            let (from, to) = ((end - step).max(from), (end + step).min(to));
            let step = ((to - from) / 32).max(1);
            for n in 0..=(to - from) / step {
                look(from + n * step);
            }
        }
        let shown = |(units, second)| (Price::from_units(self.on_tick(units)), super::second_start(second));
        Range { high: shown(high), low: shown(low) }
    }
}
