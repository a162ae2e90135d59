//! Volume of the minute against the usual of the hour.

use std::collections::BTreeSet;

use market::calendar::new_york_offset_seconds;
use market::{Bar, Timestamp, Trade, TradeRef, Volume};

use super::engine::NEVER;
use super::firing::{Cause, Firing, Measured, Way};
use super::ladder::Shelf;
use super::rule::Rule;
use super::slot::{Slots, Standing};
use super::snapshot::MinuteState;
use super::state::{Leg, State};
use super::window::over;

const HOURS: usize = 24;
const SECONDS_PER_MINUTE: i64 = 60;
const SECONDS_PER_HOUR: i64 = 3_600;
/// Minutes of an hour times thousandths of one.
const MINUTES_AND_THOUSANDTHS: i128 = 60 * 1_000;

/// Volume of a usual hour, for each hour of the day on New York's clock; zero where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsualVolume {
    /// From midnight on.
    pub hours: [Volume; HOURS],
}

/// The mean volume of each hour of the day over stored hour bars of one symbol: the sum of what traded in
/// that hour over the number of days with any bar, rounded down. So an hour in which it mostly does not
/// trade has a small usual.
pub fn usual_volume(bars: &[Bar]) -> UsualVolume {
    let mut sums = [0i128; HOURS];
    let mut days = BTreeSet::new();
    for bar in bars {
        let local = bar.start.seconds() + new_york_offset_seconds(bar.start);
        days.insert(local.div_euclid(SECONDS_PER_HOUR * HOURS as i64));
        sums[hour_of(bar.start)] += bar.volume.units();
    }
    let n_days = i128::try_from(days.len().max(1)).unwrap_or(1);
    UsualVolume { hours: sums.map(|sum| Volume::from_units(sum / n_days)) }
}

/// Hour of the day in New York.
fn hour_of(time: Timestamp) -> usize {
    let local = time.seconds() + new_york_offset_seconds(time);
    // Between 0 and 23 by the remainder.
    local.div_euclid(SECONDS_PER_HOUR).rem_euclid(HOURS as i64) as usize
}

/// What every trade of a symbol with alerts on volume looks at: one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Tally {
    /// The newest trade counted.
    newest: TradeRef,
    /// End of its minute.
    ends: Timestamp,
    /// Volume of the minute so far.
    volume: i128,
    /// The volume at which the next alert fires.
    fires_at: i128,
}

const _: () = assert!(size_of::<Tally>() == 64, "one line of the cache");

impl Tally {
    pub(super) const EMPTY: Self =
        Self { newest: NEVER, ends: Timestamp::MIN, volume: 0, fires_at: i128::MAX };

    /// Anything of it, for who wants it at hand.
    #[inline]
    pub(super) fn glance(&self) -> i64 {
        self.ends.nanos()
    }

    /// Counts a trade, unless it is late; `false` if there is more to do: a minute begins, or an alert
    /// fires.
    #[inline]
    pub(super) fn count(&mut self, trade: &Trade) -> bool {
        let key = trade.key();
        if key <= self.newest {
            return true;
        }
        let volume = self.volume + i128::from(trade.size.units());
        if key.ts_event >= self.ends || volume >= self.fires_at {
            return false;
        }
        (self.newest, self.volume) = (key, volume);
        true
    }
}

/// The alerts on one symbol's volume.
#[derive(Debug, Default)]
pub(super) struct Minute {
    usual: Option<Box<UsualVolume>>,
    /// Usual volume of the hour that holds the minute.
    usual_now: i128,
    /// Until when that is so, in seconds.
    usual_until: i64,
    shelf: Shelf,
}

impl Minute {
    pub(super) fn set_usual(&mut self, tally: &mut Tally, usual: Option<Box<UsualVolume>>) {
        self.usual = usual;
        self.look_up(tally.newest.ts_event);
        self.set_mark(tally);
    }

    fn look_up(&mut self, time: Timestamp) {
        self.usual_until = (time.seconds().div_euclid(SECONDS_PER_HOUR) + 1) * SECONDS_PER_HOUR;
        self.usual_now = self.usual.as_ref().map_or(0, |usual| usual.hours[hour_of(time)].units());
    }

    /// Works out anew at which volume the next alert fires.
    fn set_mark(&self, tally: &mut Tally) {
        let times = self.shelf.fires_at().filter(|_| self.usual_now > 0);
        tally.fires_at = times.map_or(i128::MAX, |times| {
            // Rounded up. The usual is at most a day's volume, which leaves room for thousandths.
            let product = self.usual_now.saturating_mul(i128::from(times));
            product / MINUTES_AND_THOUSANDTHS + i128::from(product % MINUTES_AND_THOUSANDTHS != 0)
        });
    }

    pub(super) fn put(&mut self, tally: &mut Tally, slots: &Slots, at: u32) {
        let Some(slot) = slots.get(at) else { return };
        let Rule::VolumeAboveUsual { times_thousandths } = slot.alert.rule else { return };
        match slot.state {
            State::Single(Leg::Armed) => self.shelf.put_armed(times_thousandths, at),
            State::Single(Leg::Resting) => {
                self.shelf.put_resting(times_thousandths - slot.alert.repeat.hysteresis(1), at);
            }
            _ => {}
        }
        self.set_mark(tally);
    }

    pub(super) fn remove(&mut self, tally: &mut Tally, at: u32) {
        self.shelf.remove(at);
        self.set_mark(tally);
    }

    /// Counts a trade that begins a minute or makes an alert fire.
    pub(super) fn take(
        &mut self,
        tally: &mut Tally,
        slots: &mut Slots,
        trade: &Trade,
        out: &mut Vec<Firing>,
    ) {
        let time = trade.ts_event;
        if time >= tally.ends {
            let number = time.seconds().div_euclid(SECONDS_PER_MINUTE);
            let is_next = tally.ends.seconds().div_euclid(SECONDS_PER_MINUTE) == number;
            self.arm(slots, if is_next { tally.volume } else { 0 });
            if time.seconds() >= self.usual_until || time.seconds() < self.usual_until - SECONDS_PER_HOUR {
                self.look_up(time);
            }
            tally.volume = 0;
            tally.ends = Timestamp::from_seconds((number + 1) * SECONDS_PER_MINUTE).unwrap_or(Timestamp::MAX);
        }
        tally.newest = trade.key();
        tally.volume += i128::from(trade.size.units());
        if self.usual_now > 0 {
            self.fire(tally.volume, slots, trade, out);
        }
        self.set_mark(tally);
    }

    /// A minute of this volume has ended: what came back under its mark is armed again.
    fn arm(&mut self, slots: &mut Slots, volume: i128) {
        let volume = volume.saturating_mul(MINUTES_AND_THOUSANDTHS);
        while let Some(times) = self.shelf.arms_at() {
            if volume > self.usual_now.saturating_mul(i128::from(times)) {
                break;
            }
            let Some((_, at)) = self.shelf.pop_resting() else { break };
            let Some(slot) = slots.get_mut(at) else { continue };
            if let Rule::VolumeAboveUsual { times_thousandths } = slot.alert.rule
                && !slot.state.is_over()
            {
                slot.arm(Way::Up);
                self.shelf.put_armed(times_thousandths, at);
            }
        }
    }

    fn fire(&mut self, volume: i128, slots: &mut Slots, trade: &Trade, out: &mut Vec<Firing>) {
        let hour = self.usual_now;
        let reaches = |times: i64| {
            volume.saturating_mul(MINUTES_AND_THOUSANDTHS) >= hour.saturating_mul(i128::from(times))
        };
        let mut later = Vec::new();
        while self.shelf.fires_at().is_some_and(reaches) {
            let Some((times, at)) = self.shelf.pop_armed() else { break };
            let Some(slot) = slots.get_mut(at) else { continue };
            match slot.standing(trade.ts_event) {
                Standing::NotYet => later.push((times, at)),
                Standing::Over => slot.state = over(slot.state),
                Standing::Counts => {
                    let cause = Cause::Trade { key: trade.key(), price: trade.price, way: Way::Up };
                    let measured = Measured::Usual {
                        volume: Volume::from_units(volume),
                        hour: Volume::from_units(hour),
                    };
                    slot.fire(cause, measured, out);
                    if !slot.state.is_over() {
                        self.shelf.put_resting(times - slot.alert.repeat.hysteresis(1), at);
                    }
                }
            }
        }
        for (times, at) in later {
            self.shelf.put_armed(times, at);
        }
    }

    pub(super) fn state(&self, tally: &Tally) -> MinuteState {
        MinuteState {
            newest: Some(tally.newest).filter(|key| *key != NEVER),
            volume: Volume::from_units(tally.volume),
            usual: self.usual.clone(),
        }
    }

    pub(super) fn restore(&mut self, tally: &mut Tally, state: &MinuteState) {
        if let Some(newest) = state.newest {
            let number = newest.ts_event.seconds().div_euclid(SECONDS_PER_MINUTE);
            let ends = Timestamp::from_seconds((number + 1) * SECONDS_PER_MINUTE);
            (tally.newest, tally.ends) = (newest, ends.unwrap_or(Timestamp::MAX));
        }
        tally.volume = state.volume.units();
        self.set_usual(tally, state.usual.clone());
    }
}
