//! Bars: the exact rules of a window, and how a trade joins and leaves it.
//!
//! A window is `[start, start + interval)` in UTC, aligned to the epoch, by the trade's own time.
//! A bar exists when at least one trade in its window may move the last price. Open and close are
//! the first and last such trade by (time, sequence); high and low range over the trades that may
//! move high and low; volume and the count range over those that may move volume; the vwap over
//! those that may move last.

use crate::condition::Eligibility;
use crate::decimal::{SCALE, Volume, div_half_even};
use crate::time::NANOS_PER_SECOND;
use crate::{Price, Size, Timestamp, TradeRef};

/// How long a bar's window is. Windows are aligned to the epoch in UTC; the day's is the UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// One second.
    S1,
    /// One minute.
    M1,
    /// Five minutes.
    M5,
    /// A quarter of an hour.
    M15,
    /// One hour.
    H1,
    /// One day.
    D1,
}

impl Interval {
    /// All of them, shortest first.
    pub const ALL: [Self; 6] = [Self::S1, Self::M1, Self::M5, Self::M15, Self::H1, Self::D1];

    /// Length in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::S1 => 1,
            Self::M1 => 60,
            Self::M5 => 300,
            Self::M15 => 900,
            Self::H1 => 3_600,
            Self::D1 => 86_400,
        }
    }

    /// Length in nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.seconds() * NANOS_PER_SECOND
    }

    /// Start of the window that holds this moment.
    pub const fn start_of(self, time: Timestamp) -> Timestamp {
        Timestamp::from_nanos(time.nanos().saturating_sub(time.nanos().rem_euclid(self.nanos())))
    }

    /// The name people type: `1s 1m 5m 15m 1h 1d`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::S1 => "1s",
            Self::M1 => "1m",
            Self::M5 => "5m",
            Self::M15 => "15m",
            Self::H1 => "1h",
            Self::D1 => "1d",
        }
    }

    /// The interval of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|i| i.name() == name)
    }
}

/// Which trades a bar is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionFilter {
    /// 09:30 to 16:00 New York time (the early close on short days), plus opening and closing prints.
    Regular,
    /// No time filter.
    All,
    /// No time filter, and `T` counts as regular outside regular hours.
    Extended,
}

impl SessionFilter {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Regular, Self::All, Self::Extended];

    /// The name people type: `regular all extended`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::All => "all",
            Self::Extended => "extended",
        }
    }

    /// The filter of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// One finished or growing bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Start of the window.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares or coins.
    pub volume: Volume,
    /// Number of trades in `volume`.
    pub trades: u64,
    /// Volume-weighted average price in millionths, rounded half to even.
    pub vwap_micros: i64,
}

/// What is known of one window: enough to show its bar, to merge it with another set of trades of the
/// same window, and to let one more trade in, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Start of the window.
    pub start: Timestamp,
    /// First and last trade that may move last; `None` until there is one.
    pub last: Option<FirstLast>,
    /// Highest and lowest price of trades that may move them.
    pub range: Option<(Price, Price)>,
    /// Sizes of trades that may move volume.
    pub volume: Volume,
    /// Number of those trades.
    pub trades: u64,
}

/// The trades of a window that may move the last price, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstLast {
    /// First by (time, sequence).
    pub open: (TradeRef, Price),
    /// Last by (time, sequence).
    pub close: (TradeRef, Price),
    /// Sum of price × size, in 10⁻¹⁶.
    pub notional: i128,
    /// Sum of size, in 10⁻⁸.
    pub size: i128,
}

impl Window {
    /// An empty window.
    pub const fn new(start: Timestamp) -> Self {
        Self { start, last: None, range: None, volume: Volume::ZERO, trades: 0 }
    }

    /// The same trades as part of a window that starts then: the longer one that holds this.
    #[must_use]
    pub const fn at(self, start: Timestamp) -> Self {
        Self { start, ..self }
    }

    /// Lets a trade in. The sums are 128 bits wide and a trade's product is under 2¹²⁶ / 10¹⁸, so no
    /// window that fits in memory overflows them; they saturate all the same.
    pub fn add(&mut self, key: TradeRef, price: Price, size: Size, may: Eligibility) {
        if may.volume {
            self.volume = Volume::from_units(self.volume.units().saturating_add(i128::from(size.units())));
            self.trades += 1;
        }
        if may.high_low {
            self.range = Some(match self.range {
                Some((high, low)) => (high.max(price), low.min(price)),
                None => (price, price),
            });
        }
        if may.last {
            let one = FirstLast {
                open: (key, price),
                close: (key, price),
                notional: i128::from(price.units()) * i128::from(size.units()),
                size: i128::from(size.units()),
            };
            match &mut self.last {
                Some(known) => known.absorb(&one),
                none => *none = Some(one),
            }
        }
    }

    /// Takes a trade back out, if what remains can be told without the other trades: it was neither
    /// first nor last nor at the high or low. `false` means nothing was changed.
    #[must_use]
    pub fn remove(&mut self, key: TradeRef, price: Price, size: Size, may: Eligibility) -> bool {
        let edges = self.last.is_some_and(|l| may.last && (l.open.0 == key || l.close.0 == key));
        let extreme = self.range.is_some_and(|(high, low)| may.high_low && (price == high || price == low));
        if edges || extreme {
            return false;
        }
        if may.volume {
            self.volume = Volume::from_units(self.volume.units() - i128::from(size.units()));
            self.trades = self.trades.saturating_sub(1);
        }
        if let (true, Some(last)) = (may.last, &mut self.last) {
            last.notional -= i128::from(price.units()) * i128::from(size.units());
            last.size -= i128::from(size.units());
        }
        true
    }

    /// The two sets of trades of one window together.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        debug_assert_eq!(self.start, other.start, "windows of different times do not merge");
        self.absorb(&other);
        self
    }

    /// Takes in the trades of a part of this window: another set of trades, or a shorter window.
    pub fn absorb(&mut self, part: &Self) {
        match (&mut self.last, &part.last) {
            (Some(all), Some(part)) => all.absorb(part),
            (all @ None, part) => *all = *part,
            (Some(_), None) => {}
        }
        match (&mut self.range, part.range) {
            (Some((high, low)), Some((part_high, part_low))) => {
                *high = part_high.max(*high);
                *low = part_low.min(*low);
            }
            (all @ None, part) => *all = part,
            (Some(_), None) => {}
        }
        self.volume = Volume::from_units(self.volume.units().saturating_add(part.volume.units()));
        self.trades += part.trades;
    }

    /// No trade in it moved anything.
    pub const fn is_empty(&self) -> bool {
        self.last.is_none() && self.range.is_none() && self.trades == 0
    }

    /// The bar, if the window has one.
    pub fn bar(&self) -> Option<Bar> {
        let last = self.last?;
        let (open, close) = (last.open.1, last.close.1);
        let (high, low) = self.range.unwrap_or((open, open));
        Some(Bar {
            start: self.start,
            open,
            high: high.max(open).max(close),
            low: low.min(open).min(close),
            close,
            volume: self.volume,
            trades: self.trades,
            vwap_micros: last.vwap_micros(),
        })
    }
}

impl FirstLast {
    fn absorb(&mut self, part: &Self) {
        if part.open.0 < self.open.0 {
            self.open = part.open;
        }
        if part.close.0 > self.close.0 {
            self.close = part.close;
        }
        self.notional = self.notional.saturating_add(part.notional);
        self.size = self.size.saturating_add(part.size);
    }

    /// Millionths of the price; a vwap lies between two prices, so it fits.
    fn vwap_micros(&self) -> i64 {
        let price_units_per_micro = i128::from(SCALE) / 1_000_000;
        let denominator = self.size.saturating_mul(price_units_per_micro);
        let vwap = div_half_even(self.notional, denominator).unwrap_or_default();
        i64::try_from(vwap).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Conditions;
    use proptest::prelude::*;

    fn key(nanos: i64, seq: u64) -> TradeRef {
        TradeRef { ts_event: Timestamp::from_nanos(nanos), seq }
    }

    fn add(window: &mut Window, at: i64, price: i64, size: i64, letters: &str) {
        let may = Conditions::from_letters(letters.as_bytes()).eligibility();
        window.add(key(at, 0), Price::from_units(price), Size::from_whole(size).unwrap(), may);
    }

    #[test]
    fn windows_align_to_the_epoch() {
        let at: Timestamp = "2018-01-02T14:31:07.5Z".parse().unwrap();
        let starts = Interval::ALL.map(|i| i.start_of(at).to_string());
        let want = ["14:31:07", "14:31:00", "14:30:00", "14:30:00", "14:00:00", "00:00:00"];
        assert_eq!(starts, want.map(|t| format!("2018-01-02T{t}Z")));
        assert_eq!(Interval::M1.start_of(Timestamp::from_nanos(-1)).to_string(), "1969-12-31T23:59:00Z");
    }

    #[test]
    fn an_odd_lot_moves_the_volume_of_a_bar_but_makes_none() {
        let mut window = Window::new(Timestamp::EPOCH);
        add(&mut window, 1, 900, 5, "I");
        assert_eq!(window.bar(), None);
        add(&mut window, 2, 100, 10, "@");
        add(&mut window, 3, 120, 10, "Z");
        let bar = window.bar().unwrap();
        assert_eq!(
            (bar.open, bar.high, bar.low, bar.close),
            (Price::from_units(100), Price::from_units(120), Price::from_units(100), Price::from_units(100))
        );
        assert_eq!((bar.volume.to_string(), bar.trades), ("25".into(), 3));
    }

    #[test]
    fn vwap_rounds_half_to_even() {
        let mut window = Window::new(Timestamp::EPOCH);
        // 1.000000 and 1.000001 in equal parts: 1.0000005 goes to the even 1.000000.
        add(&mut window, 1, 100_000_000, 1, "");
        add(&mut window, 2, 100_000_100, 1, "");
        assert_eq!(window.bar().unwrap().vwap_micros, 1_000_000);
        add(&mut window, 3, 100_000_200, 2, "");
        // (1 + 1.000001 + 2 × 1.000002) / 4 = 1.00000125.
        assert_eq!(window.bar().unwrap().vwap_micros, 1_000_001);
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_give_the_same_window(
            trades in proptest::collection::vec((0i64..50, 1i64..1_000, 1i64..100, "[@FTIZMQ9]"), 1..30),
            cut in 0usize..30,
            seed in any::<u64>(),
        ) {
            type Row = (i64, i64, i64, String);
            let feed = |list: &[(usize, &Row)]| {
                let mut window = Window::new(Timestamp::EPOCH);
                for (seq, (at, price, size, letters)) in list {
                    let may = Conditions::from_letters(letters.as_bytes()).eligibility();
                    window.add(key(*at, *seq as u64), Price::from_units(*price), Size::from_units(*size), may);
                }
                window
            };
            let ordered: Vec<_> = trades.iter().enumerate().collect();
            let mut shuffled = ordered.clone();
            shuffled.sort_by_key(|(seq, _)| (*seq as u64).wrapping_mul(seed | 1).rotate_left(17));
            let cut = cut.min(shuffled.len());
            let whole = feed(&ordered);
            prop_assert_eq!(whole, feed(&shuffled));
            prop_assert_eq!(whole, feed(&shuffled[..cut]).merge(feed(&shuffled[cut..])));
        }
    }
}
