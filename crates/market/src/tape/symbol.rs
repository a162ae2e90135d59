//! The truth about one symbol.

use super::Last;
use super::log::{Inserted, Logged, TradeLog};
use super::series::{Series, windows_kept};
use crate::bar::Window;
use crate::calendar::{DayHours, Session, new_york_date};
use crate::condition::Eligibility;
use crate::event::Reference;
use crate::{Conditions, Date, Hours, Interval, Price, SessionFilter, Timestamp, Trade, TradeRef, Volume};

/// Disjoint or alternative sets of trades, from which the sessions' bars are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Trades of the regular session, by the table.
    Regular,
    /// Trades outside it, by the table.
    Outside,
    /// Trades outside it, with `T` as a regular sale.
    OutsideExtended,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Regular, Self::Outside, Self::OutsideExtended];

    /// The sets of trades that make up a session's bars.
    const fn of(session: SessionFilter) -> &'static [Self] {
        match session {
            SessionFilter::Regular => &[Self::Regular],
            SessionFilter::All => &[Self::Regular, Self::Outside],
            SessionFilter::Extended => &[Self::Regular, Self::OutsideExtended],
        }
    }

    /// Its trades count for this session's bars.
    pub fn is_of(self, session: SessionFilter) -> bool {
        Self::of(session).contains(&self)
    }

    fn eligibility(self, conditions: Conditions) -> Eligibility {
        match self {
            Self::Regular | Self::Outside => conditions.eligibility(),
            Self::OutsideExtended => conditions.eligibility_extended(),
        }
    }
}

/// What a stored window spans: a bar's interval, or a New York calendar day for the day's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// A bar's window.
    Bar(Interval),
    /// A New York day; the window starts at its midnight.
    Day,
}

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

/// What became of a trade that joined.
pub(super) struct Joined {
    pub(super) last: Option<Last>,
    pub(super) late: bool,
    pub(super) beyond_reach: u64,
}

/// What became of a cancellation.
pub(super) enum Removal {
    Done { last: Option<Last>, uncertain: u64, beyond_reach: u64 },
    AlreadyGone,
    NotHere,
}

/// One New York day: regular trades, and those outside.
#[derive(Debug, Clone, Copy)]
struct Day {
    date: Date,
    regular: Window,
    outside: Window,
}

impl Day {
    fn new(hours: &DayHours) -> Self {
        Self { date: hours.date, regular: Window::new(hours.begins), outside: Window::new(hours.begins) }
    }

    fn window(&mut self, class: Class) -> Option<&mut Window> {
        match class {
            Class::Regular => Some(&mut self.regular),
            Class::Outside => Some(&mut self.outside),
            Class::OutsideExtended => None,
        }
    }

    fn whole(&self) -> Window {
        self.regular.merge(self.outside)
    }
}

const DAYS_KEPT: usize = 3;

#[derive(Debug)]
pub(super) struct SymbolTape {
    hours: Hours,
    /// Hours of the day of the newest trades, so that the calendar is asked once a day.
    today: DayHours,
    last: Option<Last>,
    series: [[Series; Interval::ALL.len()]; Class::ALL.len()],
    /// The newest days, ascending.
    days: Vec<Day>,
    reference: Option<Reference>,
    /// Volume of the day when `reference` came, to be added to: the provider's figure less ours.
    volume_before: (Option<Date>, Volume),
    log: TradeLog,
}

impl SymbolTape {
    pub(super) fn new(hours: Hours) -> Self {
        Self {
            hours,
            today: DayHours::at(Timestamp::EPOCH, hours),
            last: None,
            series: Default::default(),
            days: Vec::new(),
            reference: None,
            volume_before: (None, Volume::ZERO),
            log: TradeLog::default(),
        }
    }

    pub(super) fn log(&self) -> &TradeLog {
        &self.log
    }

    pub(super) fn log_mut(&mut self) -> &mut TradeLog {
        &mut self.log
    }

    pub(super) fn last(&self) -> Option<Last> {
        self.last
    }

    pub(super) fn insert(&mut self, trade: &Trade, cancelled: bool) -> Inserted {
        self.log.insert(Logged {
            key: trade.key(),
            price: trade.price,
            size: trade.size,
            conditions: trade.conditions,
            cancelled,
        })
    }

    fn hours_at(&mut self, time: Timestamp) -> DayHours {
        if !self.today.covers(time) {
            let day = DayHours::at(time, self.hours);
            if day.date < self.today.date {
                return day;
            }
            self.today = day;
        }
        self.today
    }

    fn classes(hours: &DayHours, time: Timestamp, conditions: Conditions) -> &'static [Class] {
        if hours.session(time) == Session::Regular || conditions.is_auction_print() {
            &[Class::Regular]
        } else {
            &[Class::Outside, Class::OutsideExtended]
        }
    }

    /// Lets a logged trade into every window and figure it belongs to.
    pub(super) fn join(&mut self, trade: &Trade) -> Joined {
        let hours = self.hours_at(trade.ts_event);
        let key = trade.key();
        let mut beyond_reach = 0;
        let mut may_move_last = false;
        for &class in Self::classes(&hours, trade.ts_event, trade.conditions) {
            let may = class.eligibility(trade.conditions);
            may_move_last |= may.last;
            for interval in Interval::ALL {
                let series = &mut self.series[class as usize][interval as usize];
                // The newest window is the right one nearly always, and spares a division.
                let newest = series.newest_mut().filter(|w| {
                    let since = trade.ts_event.nanos().wrapping_sub(w.start.nanos());
                    (0..interval.nanos()).contains(&since)
                });
                if let Some(window) = newest {
                    window.add(key, trade.price, trade.size, may);
                    continue;
                }
                let start = interval.start_of(trade.ts_event);
                if let Some(window) = series.window(start) {
                    window.add(key, trade.price, trade.size, may);
                } else if let Some(window) = self.remake(start, end_of(start, interval), class) {
                    self.series[class as usize][interval as usize].put(window);
                } else {
                    beyond_reach += 1;
                }
            }
            if let Some(window) = self.day(&hours).and_then(|d| d.window(class)) {
                window.add(key, trade.price, trade.size, may);
            }
        }
        let late = self.last.is_some_and(|l| key < l.key);
        let last = if may_move_last { self.move_last_to(key, trade.price) } else { None };
        Joined { last, late, beyond_reach }
    }

    /// Moves the last price if this trade may and is the newest.
    pub(super) fn move_last(&mut self, trade: &Trade) -> Option<Last> {
        let hours = self.hours_at(trade.ts_event);
        let may = Self::classes(&hours, trade.ts_event, trade.conditions)
            .iter()
            .any(|class| class.eligibility(trade.conditions).last);
        if may { self.move_last_to(trade.key(), trade.price) } else { None }
    }

    fn move_last_to(&mut self, key: TradeRef, price: Price) -> Option<Last> {
        if self.last.is_some_and(|l| l.key >= key) {
            return None;
        }
        Some(self.set_last(key, price))
    }

    fn set_last(&mut self, key: TradeRef, price: Price) -> Last {
        let last = Last { price, key, seq: self.last.map_or(1, |l| l.seq + 1) };
        self.last = Some(last);
        last
    }

    /// The day's record, made if it is among the newest; `None` for a day long past.
    fn day(&mut self, hours: &DayHours) -> Option<&mut Day> {
        let at = self.days.partition_point(|d| d.date < hours.date);
        if self.days.get(at).is_none_or(|d| d.date != hours.date) {
            if at == 0 && self.days.len() == DAYS_KEPT {
                return None;
            }
            self.days.insert(at, Day::new(hours));
            if self.days.len() > DAYS_KEPT {
                self.days.remove(0);
                return self.days.get_mut(at - 1);
            }
        }
        self.days.get_mut(at)
    }

    /// A window from the kept trades alone; `None` if some may have been let go.
    fn remake(&self, start: Timestamp, end: Timestamp, class: Class) -> Option<Window> {
        if !self.log.is_complete_from(start) {
            return None;
        }
        let mut window = Window::new(start);
        let mut hours = self.today;
        for trade in self.log.between(start, end) {
            let time = trade.key.ts_event;
            if !hours.covers(time) {
                hours = DayHours::at(time, self.hours);
            }
            if Self::classes(&hours, time, trade.conditions).contains(&class) {
                window.add(trade.key, trade.price, trade.size, class.eligibility(trade.conditions));
            }
        }
        Some(window)
    }

    /// Takes a trade back out of everything it entered.
    pub(super) fn remove(&mut self, key: TradeRef) -> Removal {
        let Some(trade) = self.log.cancel(key) else { return Removal::NotHere };
        if trade.cancelled {
            return Removal::AlreadyGone;
        }
        let hours = self.hours_at(key.ts_event);
        let (mut uncertain, mut beyond_reach) = (0, 0);
        for &class in Self::classes(&hours, key.ts_event, trade.conditions) {
            let may = class.eligibility(trade.conditions);
            for interval in Interval::ALL {
                let start = interval.start_of(key.ts_event);
                let remade = || self.remake(start, end_of(start, interval), class);
                let known = self.series[class as usize][interval as usize].get(start).copied();
                let window = match known {
                    Some(window) => take_out(window, &trade, may, remade, &mut uncertain),
                    None => match remade() {
                        Some(window) => window,
                        None => {
                            beyond_reach += 1;
                            continue;
                        }
                    },
                };
                self.series[class as usize][interval as usize].put(window);
            }
            let remade = self.remake(hours.begins, hours.ends, class);
            if let Some(window) =
                self.days.iter_mut().find(|d| d.date == hours.date).and_then(|d| d.window(class))
            {
                *window = take_out(*window, &trade, may, || remade, &mut uncertain);
            }
        }
        let last = if self.last.is_some_and(|l| l.key == key) { self.last_without() } else { None };
        Removal::Done { last, uncertain, beyond_reach }
    }

    /// The newest remaining trade that may move last becomes the last price.
    fn last_without(&mut self) -> Option<Last> {
        let mut hours = self.today;
        let newest = self.log.newest_first().find(|t| {
            if !hours.covers(t.key.ts_event) {
                hours = DayHours::at(t.key.ts_event, self.hours);
            }
            Self::classes(&hours, t.key.ts_event, t.conditions)
                .iter()
                .any(|class| class.eligibility(t.conditions).last)
        });
        let newest = newest.map(|t| (t.key, t.price));
        // What the windows remember reaches further back than the trades we keep.
        let known = newest.or_else(|| self.close_in_windows());
        match known.max(self.referred_last()) {
            Some((key, price)) => Some(self.set_last(key, price)),
            None => {
                self.last = None;
                None
            }
        }
    }

    fn close_in_windows(&self) -> Option<(TradeRef, Price)> {
        let daily = Class::of(SessionFilter::Extended)
            .iter()
            .map(|c| &self.series[*c as usize][Interval::D1 as usize]);
        daily.filter_map(|s| s.newest()?.last).map(|l| l.close).max_by_key(|c| c.0)
    }

    fn referred_last(&self) -> Option<(TradeRef, Price)> {
        let reference = self.reference?;
        Some((TradeRef { ts_event: reference.ts_event, seq: 0 }, reference.last?))
    }

    /// Takes the provider's own figures.
    pub(super) fn refer(&mut self, reference: &Reference) -> Option<Last> {
        if self.reference.is_some_and(|r| r.ts_event > reference.ts_event) {
            return None;
        }
        self.reference = Some(*reference);
        let date = new_york_date(reference.ts_event);
        if let Some(volume) = reference.volume {
            let ours = self.days.iter().find(|d| d.date == date).map_or(0, |d| d.whole().volume.units());
            let before = volume.units().saturating_sub(ours).max(0);
            self.volume_before = (Some(date), Volume::from_units(before));
        }
        let (key, price) = self.referred_last()?;
        self.move_last_to(key, price)
    }

    pub(super) fn quote(&self) -> Option<Quote> {
        let referred = self.reference.map(|r| (new_york_date(r.ts_event), r));
        // A day whose every trade was taken back is as if it had not been.
        let newest = self.days.iter().rev().find(|d| !d.whole().is_empty());
        let date = newest.map(|d| d.date).max(referred.map(|r| r.0))?;
        let today = newest.filter(|d| d.date == date).map(Day::whole);
        let bar = today.as_ref().and_then(Window::bar);
        let told = referred.filter(|r| r.0 == date).map(|r| r.1);
        let before = if self.volume_before.0 == Some(date) { self.volume_before.1.units() } else { 0 };
        let own_previous = self.days.iter().rev().filter(|d| d.date < date).find_map(|d| d.whole().last);
        Some(Quote {
            last: self.last,
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
        }
        merge_by_start(found)
    }

    pub(super) fn windows_at(&self, time: Timestamp) -> Vec<(Span, Class, Window)> {
        let mut found = Vec::new();
        for class in Class::ALL {
            for interval in Interval::ALL {
                let series = &self.series[class as usize][interval as usize];
                found.extend(series.get(interval.start_of(time)).map(|w| (Span::Bar(interval), class, *w)));
            }
        }
        let date = new_york_date(time);
        if let Some(day) = self.days.iter().find(|d| d.date == date) {
            found.push((Span::Day, Class::Regular, day.regular));
            found.push((Span::Day, Class::Outside, day.outside));
        }
        found
    }

    pub(super) fn restore(&mut self, span: Span, class: Class, window: Window) {
        // Trades up to here were counted before; which ones, only their windows remember.
        if let Some(last) = window.last {
            self.log.begin_after(last.close.0);
            if class != Class::Outside {
                self.move_last_to(last.close.0, last.close.1);
            }
        }
        match span {
            Span::Bar(interval) => self.series[class as usize][interval as usize].put(window),
            Span::Day => {
                let hours = DayHours::at(window.start, self.hours);
                if let Some(place) = self.day(&hours).and_then(|d| d.window(class)) {
                    *place = window;
                }
            }
        }
    }

    pub(super) fn let_go_of_windows(&mut self) {
        for class in &mut self.series {
            for interval in Interval::ALL {
                let series = &mut class[interval as usize];
                if let Some(newest) = series.newest().map(|w| w.start) {
                    series.let_go_before(
                        newest.saturating_add_nanos(-windows_kept(interval) * interval.nanos()),
                    );
                }
            }
        }
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

fn end_of(start: Timestamp, interval: Interval) -> Timestamp {
    start.saturating_add_nanos(interval.nanos())
}

/// The window without this trade: by subtraction where that is exact, else made anew, else by
/// subtraction of the sums alone.
fn take_out(
    mut window: Window,
    trade: &Logged,
    may: Eligibility,
    remade: impl FnOnce() -> Option<Window>,
    uncertain: &mut u64,
) -> Window {
    if window.remove(trade.key, trade.price, trade.size, may) {
        return window;
    }
    if let Some(window) = remade() {
        return window;
    }
    *uncertain += 1;
    let sums_only = Eligibility { last: false, high_low: false, volume: may.volume };
    let removed = window.remove(trade.key, trade.price, trade.size, sums_only);
    debug_assert!(removed, "sums can always be taken out");
    window
}
