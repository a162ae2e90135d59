//! What a reader sees of one symbol: what has settled, what is open and what waits, added up.

use super::Last;
use super::day::Day;
use super::symbol::{Class, Span, SymbolTape};
use crate::bar::Window;
use crate::calendar::new_york_date;
use crate::{Date, Interval, Price, SessionFilter, Timestamp, Volume};

/// Last price and day figures of a symbol. Day figures follow the table of sale conditions, so extended
/// hours add to the volume and never to open, high and low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The last price; `None` until there is one.
    pub last: Option<Last>,
    /// New York day the figures are of.
    pub date: Date,
    /// The day's official open.
    pub open: Option<Price>,
    /// The day's high.
    pub high: Option<Price>,
    /// The day's low.
    pub low: Option<Price>,
    /// The day's volume, whole session and extended hours.
    pub volume: Volume,
    /// Official close of the trading day before.
    pub previous_close: Option<Price>,
}

impl SymbolTape {
    /// What of this class the series and days do not have in full yet, each trade in one part.
    fn parts(&self, class: Class) -> impl Iterator<Item = Window> + '_ {
        let open = self.open[class as usize].iter().flat_map(|o| o.parts());
        open.chain(self.waiting_parts(class))
    }

    /// The same as windows of this length, of which several may have the same start.
    fn parts_of(&self, class: Class, interval: Interval) -> impl Iterator<Item = Window> + '_ {
        let open = self.open[class as usize].iter().flat_map(move |o| o.parts_of(interval));
        let waiting = self.waiting_parts(class);
        open.chain(waiting.map(move |part| part.at(interval.start_of(part.start))))
    }

    /// A window of a second for each trade of this class that waits.
    fn waiting_parts(&self, class: Class) -> impl Iterator<Item = Window> + '_ {
        self.front.waiting().iter().filter_map(move |trade| {
            let time = trade.key.ts_event;
            self.classes_at(time, trade.conditions).contains(&class).then(|| {
                let mut part = Window::new(Interval::S1.start_of(time));
                part.add(trade.key, trade.price, trade.size, class.eligibility(trade.conditions));
                part
            })
        })
    }

    /// Everything known of one class of trades on a day.
    fn on_day(&self, day: &Day, class: Class) -> Window {
        let settled = if class == Class::Regular { day.regular } else { day.outside };
        let open = self.parts(class).filter(|p| day.covers(p.start));
        open.fold(settled, |sum, part| sum.merge(part.at(settled.start)))
    }

    /// Everything known of a day.
    pub(super) fn whole(&self, day: &Day) -> Window {
        self.on_day(day, Class::Regular).merge(self.on_day(day, Class::Outside))
    }

    pub(super) fn quote(&self) -> Option<Quote> {
        let referred = self.reference.map(|r| (new_york_date(r.ts_event), r));
        // A day whose every trade was taken back is as if it had not been.
        let newest = self.days.iter().rev().map(|d| (d.date, self.whole(d))).find(|(_, w)| !w.is_empty());
        let date = newest.map(|d| d.0).max(referred.map(|r| r.0))?;
        let today = newest.filter(|d| d.0 == date).map(|d| d.1);
        let bar = today.as_ref().and_then(Window::bar);
        let told = referred.filter(|r| r.0 == date).map(|r| r.1);
        let before = if self.volume_before.0 == Some(date) { self.volume_before.1.units() } else { 0 };
        let own_previous = self.days.iter().rev().filter(|d| d.date < date).find_map(|d| self.whole(d).last);
        Some(Quote {
            last: self.last(),
            date,
            open: told.and_then(|r| r.open).or(bar.map(|b| b.open)),
            high: told.and_then(|r| r.high).max(bar.map(|b| b.high)),
            low: match (told.and_then(|r| r.low), bar.map(|b| b.low)) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            volume: Volume::from_units(today.map_or(0, |w| w.volume.units()) + before),
            previous_close: told.and_then(|r| r.previous_close).or(own_previous.map(|l| l.close.1)),
        })
    }

    pub(super) fn windows(
        &self,
        interval: Interval,
        session: SessionFilter,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Window> {
        let mut found: Vec<Window> = Vec::new();
        for class in Class::of(session) {
            found.extend(self.series[*class as usize][interval as usize].between(from, to));
            found.extend(self.parts_of(*class, interval).filter(|w| (from..to).contains(&w.start)));
        }
        merge_by_start(found)
    }

    /// The windows that hold any of these seconds, which ascend. Every trade that waits is looked at for each
    /// window, so a tape that is settled answers much sooner.
    pub(super) fn windows_at(&self, seconds: &[i64]) -> Vec<(Span, Class, Window)> {
        let mut found = Vec::new();
        let times = || seconds.iter().filter_map(|second| Timestamp::from_seconds(*second));
        for interval in Interval::ALL {
            let mut before = None;
            for start in times().map(|time| interval.start_of(time)) {
                if before.replace(start) == Some(start) {
                    continue;
                }
                for class in Class::ALL {
                    let settled = self.series[class as usize][interval as usize].get(start).copied();
                    let parts = self.parts_of(class, interval).filter(|w| w.start == start);
                    let parts = settled.into_iter().chain(parts);
                    found.extend(parts.reduce(Window::merge).map(|w| (Span::Bar(interval), class, w)));
                }
            }
        }
        // New York's days begin and end with an hour.
        let (mut hour_before, mut date_before) = (None, None);
        for time in times() {
            let hour = Interval::H1.start_of(time);
            if hour_before.replace(hour) == Some(hour) {
                continue;
            }
            let date = new_york_date(time);
            if date_before.replace(date) == Some(date) {
                continue;
            }
            if let Some(day) = self.days.iter().find(|d| d.date == date) {
                for class in [Class::Regular, Class::Outside] {
                    found.push((Span::Day, class, self.on_day(day, class)));
                }
            }
        }
        found
    }
}

/// The windows of several sets of trades, put in order and those of one start merged.
pub fn merge_by_start(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort_by_key(|w| w.start);
    let mut merged: Vec<Window> = Vec::with_capacity(windows.len());
    for window in windows {
        match merged.last_mut() {
            Some(last) if last.start == window.start => *last = last.merge(window),
            _ => merged.push(window),
        }
    }
    merged
}
