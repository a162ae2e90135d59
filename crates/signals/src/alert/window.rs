//! Percent rules of one symbol over windows of one length.

use std::collections::VecDeque;
use std::hint::select_unpredictable;

use market::{Price, Timestamp, TradeRef};

use super::firing::{Cause, Firing, Measured, Way};
use super::ladder::Shelf;
use super::levels::{at_least, at_most, change_ppm};
use super::rule::Rule;
use super::slot::{Slots, Standing};
use super::state::{Leg, State};

/// Buckets a window reaches back, beside the one of the trade.
const BUCKETS_BACK: i64 = 60;

/// Lowest and highest price of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Its number: the second of the epoch over the minutes of the window, rounded down.
    pub(super) number: i64,
    pub(super) low: i64,
    pub(super) high: i64,
}

/// Lowest and highest of the prices that a symbol's windows have not been told of yet: none of them changed more than
/// the newest bucket of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    low: i64,
    high: i64,
}

impl Span {
    pub(super) const EMPTY: Self = Self { low: i64::MAX, high: i64::MIN };

    /// Anything of it, for who wants it at hand.
    #[inline]
    pub(super) fn glance(&self) -> i64 {
        self.low
    }

    #[inline]
    pub(super) fn take_if(&mut self, counts: bool, price: i64) {
        self.low = select_unpredictable(counts, self.low.min(price), self.low);
        self.high = select_unpredictable(counts, self.high.max(price), self.high);
    }
}

/// A price of the window and the bucket it was paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extreme {
    price: i64,
    bucket: i64,
}

impl Bucket {
    pub(super) fn widened(self, span: Span) -> Self {
        Self { number: self.number, low: self.low.min(span.low), high: self.high.max(span.high) }
    }
}

#[derive(Debug)]
pub(super) struct Window {
    pub(super) minutes: u32,
    /// At most 61, ascending.
    pub(super) buckets: VecDeque<Bucket>,
    low: Option<Extreme>,
    high: Option<Extreme>,
    rises: Shelf,
    falls: Shelf,
    /// Between these, exclusively, no alert changes.
    band: (i64, i64),
}

impl Window {
    pub(super) fn new(minutes: u32) -> Self {
        Self {
            minutes,
            buckets: VecDeque::new(),
            low: None,
            high: None,
            rises: Shelf::default(),
            falls: Shelf::default(),
            band: (i64::MIN, i64::MAX),
        }
    }

    pub(super) fn with_buckets(minutes: u32, buckets: impl Iterator<Item = Bucket>) -> Self {
        let mut window = Self::new(minutes);
        window.buckets.extend(buckets);
        window.find_extremes();
        window
    }

    fn bucket_of(&self, time: Timestamp) -> i64 {
        time.seconds().div_euclid(i64::from(self.minutes))
    }

    fn start_of(&self, bucket: i64) -> Timestamp {
        Timestamp::from_seconds(bucket.saturating_mul(i64::from(self.minutes))).unwrap_or(Timestamp::MIN)
    }

    /// The first moment at which the newest bucket is over; the earliest time while there is none.
    pub(super) fn wakes_at(&self) -> Timestamp {
        self.buckets.back().map_or(Timestamp::MIN, |bucket| self.start_of(bucket.number + 1))
    }

    /// Prices between these, exclusively, and before [`Self::wakes_at`], change nothing here but the newest bucket, which
    /// may be told of them later, by [`Self::widen`].
    pub(super) fn quiet_band(&self) -> (i64, i64) {
        match (self.low, self.high) {
            (Some(low), Some(high)) => (self.band.0.max(low.price - 1), self.band.1.min(high.price + 1)),
            _ => (i64::MAX, i64::MIN),
        }
    }

    /// Takes in prices of the newest bucket that were in the quiet band.
    pub(super) fn widen(&mut self, span: Span) {
        if let Some(bucket) = self.buckets.back_mut() {
            *bucket = bucket.widened(span);
        }
    }

    /// Puts an alert where its state says.
    pub(super) fn put(&mut self, slots: &Slots, at: u32) {
        let Some(slot) = slots.get(at) else { return };
        let (Rule::PercentInWindow { ppm, .. }, State::Legs { up, down }) = (&slot.alert.rule, slot.state)
        else {
            return;
        };
        let resting = ppm - slot.alert.repeat.hysteresis(1);
        for (shelf, leg) in [(&mut self.rises, up), (&mut self.falls, down)] {
            match leg {
                Leg::Armed => shelf.put_armed(*ppm, at),
                Leg::Resting => shelf.put_resting(resting, at),
                Leg::Off => {}
            }
        }
        self.find_band();
    }

    pub(super) fn remove(&mut self, at: u32) {
        self.rises.remove(at);
        self.falls.remove(at);
        self.find_band();
    }

    /// Takes a price in that is newer than all before, and decides.
    pub(super) fn take(&mut self, slots: &mut Slots, key: TradeRef, price: Price, out: &mut Vec<Firing>) {
        self.record(key.ts_event, price.units());
        if price.units() > self.band.0 && price.units() < self.band.1 {
            return;
        }
        for way in [Way::Up, Way::Down] {
            self.judge(way, slots, key, price, out);
        }
        self.find_band();
    }

    fn record(&mut self, time: Timestamp, price: i64) {
        let number = self.bucket_of(time);
        match self.buckets.back_mut() {
            Some(bucket) if bucket.number == number => {
                bucket.low = bucket.low.min(price);
                bucket.high = bucket.high.max(price);
            }
            _ => {
                self.buckets.push_back(Bucket { number, low: price, high: price });
            }
        }
        let mut lost_extreme = false;
        while let Some(oldest) = self.buckets.front().filter(|b| b.number < number - BUCKETS_BACK) {
            let is_extreme = |extreme: Option<Extreme>| extreme.is_some_and(|e| e.bucket == oldest.number);
            lost_extreme |= is_extreme(self.low) || is_extreme(self.high);
            self.buckets.pop_front();
        }
        if lost_extreme {
            self.find_extremes();
            return;
        }
        let here = Some(Extreme { price, bucket: number });
        let (is_low, is_high) =
            (self.low.is_none_or(|e| price < e.price), self.high.is_none_or(|e| price > e.price));
        if is_low {
            self.low = here;
        }
        if is_high {
            self.high = here;
        }
        if is_low || is_high {
            self.find_band();
        }
    }

    /// Of equal prices the oldest counts, as it would have had they come one by one.
    fn find_extremes(&mut self) {
        let low = self.buckets.iter().min_by_key(|b| (b.low, b.number));
        self.low = low.map(|b| Extreme { price: b.low, bucket: b.number });
        let high = self.buckets.iter().min_by_key(|b| (-b.high, b.number));
        self.high = high.map(|b| Extreme { price: b.high, bucket: b.number });
        self.find_band();
    }

    fn find_band(&mut self) {
        let (mut below, mut above) = (i64::MIN, i64::MAX);
        if let (Some(low), Some(high)) = (self.low, self.high) {
            if let Some(ppm) = self.rises.fires_at() {
                above = above.min(at_least(low.price, ppm));
            }
            if let Some(ppm) = self.rises.arms_at() {
                below = below.max(at_most(low.price, ppm));
            }
            if let Some(ppm) = self.falls.fires_at() {
                below = below.max(at_most(high.price, -ppm));
            }
            if let Some(ppm) = self.falls.arms_at() {
                above = above.min(at_least(high.price, -ppm));
            }
        }
        self.band = (below, above);
    }

    /// Fires what the price reaches, and arms again what it went back from.
    fn judge(&mut self, way: Way, slots: &mut Slots, key: TradeRef, price: Price, out: &mut Vec<Firing>) {
        let Some(from) = (if way == Way::Up { self.low } else { self.high }) else { return };
        let bucket = self.start_of(from.bucket);
        let shelf = if way == Way::Up { &mut self.rises } else { &mut self.falls };
        let reaches = |ppm: i64| match way {
            Way::Up => price.units() >= at_least(from.price, ppm),
            Way::Down => price.units() <= at_most(from.price, -ppm),
        };
        let is_back = |ppm: i64| match way {
            Way::Up => price.units() <= at_most(from.price, ppm),
            Way::Down => price.units() >= at_least(from.price, -ppm),
        };
        let mut later = Vec::new();
        while shelf.fires_at().is_some_and(reaches) {
            let Some((ppm, at)) = shelf.pop_armed() else { break };
            let Some(slot) = slots.get_mut(at) else { continue };
            match slot.standing(key.ts_event) {
                Standing::NotYet => later.push((ppm, at)),
                Standing::Over => slot.state = over(slot.state),
                Standing::Counts => {
                    let measured = Measured::Window {
                        from: Price::from_units(from.price),
                        bucket,
                        ppm: change_ppm(from.price, price.units()),
                    };
                    slot.fire(Cause::Trade { key, price, way }, measured, out);
                    if !slot.state.is_over() {
                        shelf.put_resting(ppm - slot.alert.repeat.hysteresis(1), at);
                    }
                }
            }
        }
        while shelf.arms_at().is_some_and(is_back) {
            let Some((_, at)) = shelf.pop_resting() else { break };
            let Some(slot) = slots.get_mut(at) else { continue };
            if let (Standing::Counts, Rule::PercentInWindow { ppm, .. }) =
                (slot.standing(key.ts_event), &slot.alert.rule)
            {
                shelf.put_armed(*ppm, at);
                slot.arm(way);
            }
        }
        for (ppm, at) in later {
            shelf.put_armed(ppm, at);
        }
    }

    /// Forgets the bucket that holds this moment.
    pub(super) fn forget(&mut self, time: Timestamp) {
        let number = self.bucket_of(time);
        self.buckets.retain(|bucket| bucket.number != number);
        self.find_extremes();
    }
}

/// What remains of an alert that is over: done, or else expired.
pub(super) fn over(state: State) -> State {
    if state.is_over() { state } else { State::Expired }
}
