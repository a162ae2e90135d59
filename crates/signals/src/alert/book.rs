//! The alerts of one symbol.

use market::calendar::{DayHours, new_york_date};
use market::{Date, Hours, Price, SymbolId, Timestamp, Trade, TradeRef};

use super::firing::{Cause, CauseId, Firing, Measured, Way};
use super::ladder::{Ladder, Rung};
use super::levels::{at_least, at_most, change_ppm};
use super::rule::Rule;
use super::slot::{Slot, Slots, Standing, first_state};
use super::state::{Cross, Leg, State};
use super::volume::{Minute, Tally};
use super::window::{Window, over};

/// The previous close of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close {
    /// The day whose previous close it is.
    pub(super) date: Date,
    pub(super) price: Price,
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) symbol: SymbolId,
    pub(super) hours: Hours,
    /// Places of all alerts on this symbol.
    pub(super) alerts: Vec<u32>,
    /// Places of those on news.
    pub(super) news: Vec<u32>,
    /// Places of those measured from the close.
    closes: Vec<u32>,
    ladder: Ladder,
    pub(super) close: Option<Close>,
    /// The last official price before the newest trade, in units; 0 while there is none.
    pub(super) official: i64,
    /// End of the New York day of the newest price; the earliest time while it is not known.
    day_ends: Timestamp,
    pub(super) windows: Vec<Window>,
    pub(super) minute: Option<Box<Minute>>,
}

impl Book {
    pub(super) fn new(symbol: SymbolId, hours: Hours) -> Self {
        Self {
            symbol,
            hours,
            alerts: Vec::new(),
            news: Vec::new(),
            closes: Vec::new(),
            ladder: Ladder::default(),
            close: None,
            official: 0,
            day_ends: Timestamp::MIN,
            windows: Vec::new(),
            minute: None,
        }
    }

    /// Prices between these, exclusively, change nothing before the time returned.
    pub(super) fn quiet_band(&self) -> (i64, i64, Timestamp) {
        let mut band = (self.ladder.nearest_down(), self.ladder.nearest_up());
        let mut until = if self.closes.is_empty() { Timestamp::MAX } else { self.day_ends };
        for window in &self.windows {
            let (below, above) = window.quiet_band();
            band = (band.0.max(below), band.1.min(above));
            until = until.min(window.wakes_at());
        }
        (band.0, band.1, until)
    }

    /// Takes an alert in, which has its place already.
    pub(super) fn add(&mut self, tally: &mut Tally, slots: &Slots, at: u32) {
        let Some(slot) = slots.get(at) else { return };
        self.alerts.push(at);
        match &slot.alert.rule {
            Rule::PriceAbove(_) | Rule::PriceBelow(_) | Rule::PriceCrosses(_) => self.place(slot, at),
            Rule::PercentFromClose { .. } => {
                self.closes.push(at);
                self.place(slot, at);
            }
            Rule::PercentInWindow { minutes, .. } => self.window(*minutes).put(slots, at),
            Rule::VolumeAboveUsual { .. } => {
                self.minute.get_or_insert_default().put(tally, slots, at);
            }
            Rule::News { .. } => self.news.push(at),
            Rule::Stale { .. } => {}
        }
    }

    fn window(&mut self, minutes: u32) -> &mut Window {
        let at = self.windows.iter().position(|w| w.minutes == minutes).unwrap_or_else(|| {
            self.windows.push(Window::new(minutes));
            self.windows.len() - 1
        });
        &mut self.windows[at]
    }

    /// Takes an alert out.
    pub(super) fn remove(&mut self, tally: &mut Tally, slot: &Slot, at: u32) {
        self.withdraw(tally, slot, at);
        for list in [&mut self.alerts, &mut self.news, &mut self.closes] {
            list.retain(|other| *other != at);
        }
    }

    /// Takes an alert from where it waits.
    pub(super) fn withdraw(&mut self, tally: &mut Tally, slot: &Slot, at: u32) {
        self.displace(slot, at);
        match (&slot.alert.rule, &mut self.minute) {
            (Rule::PercentInWindow { minutes, .. }, _) => self.window(*minutes).remove(at),
            (Rule::VolumeAboveUsual { .. }, Some(minute)) => minute.remove(tally, at),
            _ => {}
        }
    }

    /// Forgets windows and minutes that no alert is about any more.
    pub(super) fn tidy(&mut self, tally: &mut Tally, slots: &Slots) {
        let rules = || self.alerts.iter().filter_map(|at| Some(&slots.get(*at)?.alert.rule));
        let lengths: Vec<u32> = rules()
            .filter_map(|rule| match rule {
                Rule::PercentInWindow { minutes, .. } => Some(*minutes),
                _ => None,
            })
            .collect();
        if !rules().any(|rule| matches!(rule, Rule::VolumeAboveUsual { .. })) {
            (self.minute, *tally) = (None, Tally::EMPTY);
        }
        self.windows.retain(|window| lengths.contains(&window.minutes));
    }

    /// The thresholds an alert waits for: at most two.
    fn rungs(&self, slot: &Slot, at: u32) -> [Option<(Way, Rung)>; 2] {
        let up = |level: i64, leg: Way| Some((Way::Up, Rung { level, slot: at, leg }));
        let down = |level: i64, leg: Way| Some((Way::Down, Rung { level, slot: at, leg }));
        let back = slot.alert.repeat.hysteresis(0);
        match (&slot.alert.rule, slot.state) {
            (Rule::PriceAbove(price), State::Legs { up: leg, .. }) => match leg {
                Leg::Armed => [up(price.units() + 1, Way::Up), None],
                Leg::Resting => [down(price.units() - back, Way::Up), None],
                Leg::Off => [None, None],
            },
            (Rule::PriceBelow(price), State::Legs { down: leg, .. }) => match leg {
                Leg::Armed => [down(price.units() - 1, Way::Down), None],
                Leg::Resting => [up(price.units() + back, Way::Down), None],
                Leg::Off => [None, None],
            },
            (Rule::PriceCrosses(price), State::Cross(cross)) => {
                let away = if cross == Cross::Resting { back.max(1) } else { 1 };
                let above = up(price.units() + away, Way::Up);
                let below = down(price.units() - away, Way::Down);
                match cross {
                    Cross::Below => [above, None],
                    Cross::Above => [None, below],
                    Cross::Unsided | Cross::Resting => [above, below],
                }
            }
            (Rule::PercentFromClose { ppm, .. }, State::Legs { up: rise, down: fall }) => {
                let Some(close) = self.close.map(|c| c.price.units()) else { return [None, None] };
                let resting = ppm - back.max(1);
                let rise = match rise {
                    Leg::Armed => up(at_least(close, *ppm), Way::Up),
                    Leg::Resting => down(at_most(close, resting), Way::Up),
                    Leg::Off => None,
                };
                let fall = match fall {
                    Leg::Armed => down(at_most(close, -ppm), Way::Down),
                    Leg::Resting => up(at_least(close, -resting), Way::Down),
                    Leg::Off => None,
                };
                [rise, fall]
            }
            _ => [None, None],
        }
    }

    fn place(&mut self, slot: &Slot, at: u32) {
        for (way, rung) in self.rungs(slot, at).into_iter().flatten() {
            self.ladder.put(way, rung);
        }
    }

    fn displace(&mut self, slot: &Slot, at: u32) {
        for (way, rung) in self.rungs(slot, at).into_iter().flatten() {
            self.ladder.take(way, rung);
        }
    }

    /// Takes the previous close of a day, unless a later day's is known. A new day arms repeating alerts
    /// again.
    pub(super) fn set_close(&mut self, slots: &mut Slots, close: Close) {
        if self.close.is_some_and(|known| known.date > close.date || known == close) {
            return;
        }
        let is_new_day = self.close.is_none_or(|known| known.date < close.date);
        for at in self.closes.clone() {
            if let Some(slot) = slots.get(at) {
                self.displace(slot, at);
            }
        }
        self.close = Some(close);
        for at in self.closes.clone() {
            let Some(slot) = slots.get_mut(at) else { continue };
            if is_new_day && !slot.state.is_over() {
                slot.state = first_state(&slot.alert);
            }
            self.place(slot, at);
        }
    }

    /// Takes a trade that moves the price: begins the day it belongs to, and decides. `before` is the
    /// newest trade until now and the last official price.
    pub(super) fn take_price(
        &mut self,
        slots: &mut Slots,
        before: (TradeRef, Option<Price>),
        trade: &Trade,
        out: &mut Vec<Firing>,
    ) {
        let (key, price) = (trade.key(), trade.price);
        if !self.closes.is_empty() && key.ts_event >= self.day_ends {
            self.begin_day(slots, before, key.ts_event);
        }
        let mut later = Vec::new();
        while let Some((way, rung)) = self.ladder.pop(price) {
            let Some(slot) = slots.get_mut(rung.slot) else { continue };
            match slot.standing(key.ts_event) {
                Standing::NotYet => later.push((way, rung)),
                Standing::Over => {
                    self.displace(slot, rung.slot);
                    slot.state = over(slot.state);
                }
                Standing::Counts => {
                    // The other threshold of this alert goes, whatever becomes of this one.
                    self.displace(slot, rung.slot);
                    self.reach(slot, way, rung.leg, (key, price), out);
                    self.place(slot, rung.slot);
                }
            }
        }
        for (way, rung) in later {
            self.ladder.put(way, rung);
        }
        for window in &mut self.windows {
            window.take(slots, key, price, out);
        }
    }

    fn begin_day(
        &mut self,
        slots: &mut Slots,
        (newest, official): (TradeRef, Option<Price>),
        time: Timestamp,
    ) {
        let day = DayHours::at(time, self.hours);
        self.day_ends = day.ends;
        let is_known = self.close.is_some_and(|close| close.date >= day.date);
        if let Some(official) = official
            && new_york_date(newest.ts_event) < day.date
            && !is_known
        {
            self.set_close(slots, Close { date: day.date, price: official });
        }
    }

    /// A price has reached a threshold of this alert: it fires, or is armed again.
    fn reach(
        &self,
        slot: &mut Slot,
        way: Way,
        leg: Way,
        (key, price): (TradeRef, Price),
        out: &mut Vec<Firing>,
    ) {
        let fires = match slot.state {
            State::Legs { up, .. } if leg == Way::Up => up == Leg::Armed,
            State::Legs { down, .. } => down == Leg::Armed,
            State::Cross(cross) => matches!(cross, Cross::Below | Cross::Above),
            State::Single(_) | State::Done | State::Expired => return,
        };
        if !fires {
            match slot.state {
                State::Cross(_) => {
                    slot.state = State::Cross(if way == Way::Up { Cross::Above } else { Cross::Below });
                }
                _ => slot.arm(leg),
            }
            return;
        }
        let measured = match (&slot.alert.rule, self.close) {
            (Rule::PercentFromClose { .. }, Some(Close { date, price: close })) => {
                Measured::Close { close, date, ppm: change_ppm(close.units(), price.units()) }
            }
            (
                Rule::PriceAbove(threshold) | Rule::PriceBelow(threshold) | Rule::PriceCrosses(threshold),
                _,
            ) => Measured::Threshold(*threshold),
            // No other rule has a threshold.
            _ => return,
        };
        slot.fire(Cause::Trade { key, price, way }, measured, out);
    }

    /// A trade was taken back. `newest` is the newest trade and its price, if that is known.
    pub(super) fn cancel(
        &mut self,
        slots: &mut Slots,
        original: TradeRef,
        newest: (TradeRef, Option<Price>),
    ) {
        for window in &mut self.windows {
            window.forget(original.ts_event);
        }
        for at in self.alerts.clone() {
            let Some(slot) = slots.get_mut(at) else { continue };
            let (Rule::PriceCrosses(threshold), Some(CauseId::Trade(key, way)), State::Cross(_)) =
                (&slot.alert.rule, slot.last, slot.state)
            else {
                continue;
            };
            let origin = if way == Way::Up { Cross::Below } else { Cross::Above };
            let is_back = match newest {
                (newest, _) if newest == original => true,
                (_, Some(price)) if way == Way::Up => price < *threshold,
                (_, Some(price)) => price > *threshold,
                _ => false,
            };
            if key == original && is_back {
                self.displace(slot, at);
                slot.state = State::Cross(origin);
                self.place(slot, at);
            }
        }
    }
}
