//! The truth about one symbol.

use std::hint::black_box;

use super::Last;
use super::day::{DAYS_KEPT, Day};
use super::front::Front;
use super::log::{Inserted, Logged, TradeLog};
use super::open::Open;
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
    pub(super) const fn of(session: SessionFilter) -> &'static [Self] {
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

    pub(super) fn eligibility(self, conditions: Conditions) -> Eligibility {
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

/// What became of a trade in order.
pub(super) struct Taken {
    pub(super) last: Option<Last>,
    pub(super) late: bool,
    /// No other has room to wait: the tape is to be settled.
    pub(super) is_full: bool,
}

/// What was so when windows were last let go.
#[derive(Debug, Default, Clone, Copy)]
struct LetGo {
    /// The open second.
    second: Option<Timestamp>,
    /// Windows longer than it were closed or changed since.
    others_changed: bool,
}

/// Trades that wait in `front` are in no other field. Methods that change anything but the front ask for
/// a settled tape, in which none waits.
#[derive(Debug)]
pub(super) struct SymbolTape {
    pub(super) front: Front,
    hours: Hours,
    /// The newest windows of each class, whose trades `series` and `days` do not have in full yet.
    pub(super) open: [Option<Box<Open>>; Class::ALL.len()],
    pub(super) series: [[Series; Interval::ALL.len()]; Class::ALL.len()],
    /// The newest days, ascending.
    pub(super) days: Vec<Day>,
    pub(super) reference: Option<Reference>,
    /// Volume of the day when `reference` came, to be added to: the provider's figure less ours.
    pub(super) volume_before: (Option<Date>, Volume),
    log: TradeLog,
    let_go: [LetGo; Class::ALL.len()],
}

impl SymbolTape {
    pub(super) fn new(hours: Hours) -> Self {
        Self {
            front: Front::new(hours),
            hours,
            open: Default::default(),
            series: Default::default(),
            days: Vec::new(),
            reference: None,
            volume_before: (None, Volume::ZERO),
            log: TradeLog::default(),
            let_go: Default::default(),
        }
    }

    pub(super) fn log(&self) -> &TradeLog {
        &self.log
    }

    pub(super) fn log_mut(&mut self) -> &mut TradeLog {
        &mut self.log
    }

    pub(super) fn last(&self) -> Option<Last> {
        self.front.last
    }

    /// Up to where trades and windows reach.
    #[inline(always)]
    pub(super) fn newest_key(&self) -> TradeRef {
        self.front.newest
    }

    /// Takes a trade in that is newer than all others; `None` for one that is not, or whose day has no
    /// record yet.
    #[inline(always)]
    pub(super) fn take_in_order(&mut self, trade: &Trade) -> Option<Taken> {
        let key = trade.key();
        if !self.front.may_wait(key) {
            return None;
        }
        let is_full = self.front.wait(Logged::from(trade));
        let late = self.front.last.is_some_and(|l| key < l.key);
        Some(Taken { last: self.move_last(trade), late, is_full })
    }

    /// Puts what waits into log and windows.
    pub(super) fn settle(&mut self) {
        self.fetch();
        self.log.append(self.front.waiting());
        for at in 0..self.front.waiting().len() {
            let trade = self.front.waiting()[at];
            let hours = self.hours_at(trade.key.ts_event);
            let beyond_reach = self.count(&hours, &trade);
            debug_assert_eq!(beyond_reach, 0, "only trades in order wait");
        }
        self.front.settled();
    }

    /// Reads the beginning of what settling reads, so that memory is waited for once: the processor
    /// fetches what does not depend on another all at the same time.
    #[inline(always)]
    fn fetch(&self) {
        black_box(self.log.newest_chunk_len());
        for open in self.open.iter().flatten() {
            black_box(open.starts());
        }
        black_box(self.days.last().map(|day| day.date));
    }

    /// Puts a trade into the log. The tape is settled.
    pub(super) fn insert(&mut self, trade: Logged) -> Inserted {
        self.front.reached(trade.key);
        self.log.insert(trade)
    }

    fn hours_at(&mut self, time: Timestamp) -> DayHours {
        if !self.front.today.covers(time) {
            let day = DayHours::at(time, self.hours);
            if day.date < self.front.today.date {
                return day;
            }
            self.front.today = day;
        }
        self.front.today
    }

    fn classes(hours: &DayHours, time: Timestamp, conditions: Conditions) -> &'static [Class] {
        if hours.session(time) == Session::Regular || conditions.is_auction_print() {
            &[Class::Regular]
        } else {
            &[Class::Outside, Class::OutsideExtended]
        }
    }

    /// Those of a trade that came some time ago.
    pub(super) fn classes_at(&self, time: Timestamp, conditions: Conditions) -> &'static [Class] {
        Self::classes(&self.hours_of(time), time, conditions)
    }

    fn hours_of(&self, time: Timestamp) -> DayHours {
        let today = Some(self.front.today).filter(|today| today.covers(time));
        today.unwrap_or_else(|| DayHours::at(time, self.hours))
    }

    /// Lets a logged trade into every window and figure it belongs to. The tape is settled.
    pub(super) fn join(&mut self, trade: &Trade) -> Joined {
        let hours = self.hours_at(trade.ts_event);
        let beyond_reach = self.count(&hours, &Logged::from(trade));
        self.front.entered(trade.key(), hours.ends);
        let late = self.front.last.is_some_and(|l| trade.key() < l.key);
        Joined { last: self.move_last(trade), late, beyond_reach }
    }

    /// Lets a logged trade into every window; tells how many of them were let go before.
    fn count(&mut self, hours: &DayHours, trade: &Logged) -> u64 {
        let (key, time) = (trade.key, trade.key.ts_event);
        let mut beyond_reach = 0;
        for &class in Self::classes(hours, time, trade.conditions) {
            let may = class.eligibility(trade.conditions);
            if let Some(open) = &mut self.open[class as usize]
                && let Some(second) = open.second_of(time)
            {
                second.add(key, trade.price, trade.size, may);
            } else if self.is_newest(class, time) {
                let mut second = Window::new(Interval::S1.start_of(time));
                second.add(key, trade.price, trade.size, may);
                self.begin_second(class, hours, second);
            } else {
                beyond_reach += self.join_late(class, hours, trade, may);
            }
        }
        beyond_reach
    }

    /// No window of this class is newer than those that hold this moment.
    fn is_newest(&self, class: Class, time: Timestamp) -> bool {
        match &self.open[class as usize] {
            Some(open) => open.second().is_none_or(|second| second.start <= time),
            // Stored windows may be newer than what a feed begins with.
            None => Interval::ALL.into_iter().all(|interval| {
                let newest = self.series[class as usize][interval as usize].newest_start();
                newest.is_none_or(|start| start <= interval.start_of(time))
            }),
        }
    }

    /// Opens a second that is newer than all others. What it closes goes where it belongs.
    fn begin_second(&mut self, class: Class, hours: &DayHours, second: Window) {
        let series = &mut self.series[class as usize];
        let open = self.open[class as usize].get_or_insert_default();
        let let_go = &mut self.let_go[class as usize];
        let hour = open.begin(second, |interval, closed| {
            series[interval as usize].merge_in(closed);
            if interval != Interval::S1 {
                let_go.others_changed = true;
            }
        });
        if let Some(hour) = hour {
            series[Interval::D1 as usize].merge_in(&hour.at(Interval::D1.start_of(hour.start)));
            let day_then = self.hours_at(hour.start);
            self.merge_into_day(class, &day_then, hour);
        }
        if !self.days.iter().any(|day| day.date == hours.date) {
            self.day(hours);
        }
    }

    fn merge_into_day(&mut self, class: Class, hours: &DayHours, part: Window) {
        if let Some(window) = self.day(hours).and_then(|d| d.window(class)) {
            window.absorb(&part.at(window.start));
        }
    }

    /// Lets a trade into windows that newer ones have followed.
    fn join_late(&mut self, class: Class, hours: &DayHours, trade: &Logged, may: Eligibility) -> u64 {
        self.close_all();
        let (key, mut beyond_reach) = (trade.key, 0);
        for interval in Interval::ALL {
            let start = interval.start_of(key.ts_event);
            if let Some(window) = self.series[class as usize][interval as usize].window(start) {
                window.add(key, trade.price, trade.size, may);
            } else if let Some(window) = self.remake(start, end_of(start, interval), class) {
                self.series[class as usize][interval as usize].put(window);
            } else {
                beyond_reach += 1;
            }
        }
        if let Some(window) = self.day(hours).and_then(|d| d.window(class)) {
            window.add(key, trade.price, trade.size, may);
        }
        beyond_reach
    }

    /// Brings what is open into every series and day, so that they tell everything.
    fn close_all(&mut self) {
        for class in Class::ALL {
            self.let_go[class as usize].others_changed = true;
            let Some(open) = self.open[class as usize].take() else { continue };
            for interval in Interval::ALL {
                for part in open.parts_of(interval) {
                    self.series[class as usize][interval as usize].merge_in(&part);
                }
            }
            for part in open.parts() {
                let hours = self.hours_at(part.start);
                self.merge_into_day(class, &hours, part);
            }
        }
    }

    /// Moves the last price if this trade may and is the newest.
    #[inline(always)]
    pub(super) fn move_last(&mut self, trade: &Trade) -> Option<Last> {
        let is_regular = || self.hours_of(trade.ts_event).session(trade.ts_event) == Session::Regular;
        if trade.conditions.may_move_last(is_regular) {
            self.move_last_to(trade.key(), trade.price)
        } else {
            None
        }
    }

    fn move_last_to(&mut self, key: TradeRef, price: Price) -> Option<Last> {
        if self.front.last.is_some_and(|l| l.key >= key) {
            return None;
        }
        Some(self.set_last(key, price))
    }

    fn set_last(&mut self, key: TradeRef, price: Price) -> Last {
        let last = Last { price, key, seq: self.front.last.map_or(1, |l| l.seq + 1) };
        self.front.last = Some(last);
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
        let mut hours = self.front.today;
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

    /// Takes a trade back out of everything it entered. The tape is settled.
    pub(super) fn remove(&mut self, key: TradeRef) -> Removal {
        let Some(trade) = self.log.cancel(key) else { return Removal::NotHere };
        if trade.cancelled {
            return Removal::AlreadyGone;
        }
        self.close_all();
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
        let last = if self.front.last.is_some_and(|l| l.key == key) { self.last_without() } else { None };
        Removal::Done { last, uncertain, beyond_reach }
    }

    /// The newest remaining trade that may move last becomes the last price.
    fn last_without(&mut self) -> Option<Last> {
        let mut hours = self.front.today;
        let newest = self.log.newest_first().find(|t| {
            if !hours.covers(t.key.ts_event) {
                hours = DayHours::at(t.key.ts_event, self.hours);
            }
            t.conditions.may_move_last(|| hours.session(t.key.ts_event) == Session::Regular)
        });
        let newest = newest.map(|t| (t.key, t.price));
        // What the windows remember reaches further back than the trades we keep.
        let known = newest.or_else(|| self.close_in_windows());
        match known.max(self.referred_last()) {
            Some((key, price)) => Some(self.set_last(key, price)),
            None => {
                self.front.last = None;
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

    /// Takes the provider's own figures. The tape is settled.
    pub(super) fn refer(&mut self, reference: &Reference) -> Option<Last> {
        if self.reference.is_some_and(|r| r.ts_event > reference.ts_event) {
            return None;
        }
        self.reference = Some(*reference);
        let date = new_york_date(reference.ts_event);
        if let Some(volume) = reference.volume {
            let ours = self.days.iter().find(|d| d.date == date).map_or(0, |d| self.whole(d).volume.units());
            let before = volume.units().saturating_sub(ours).max(0);
            self.volume_before = (Some(date), Volume::from_units(before));
        }
        let (key, price) = self.referred_last()?;
        self.move_last_to(key, price)
    }

    /// Puts a stored window back. The tape is settled.
    pub(super) fn restore(&mut self, span: Span, class: Class, window: Window) {
        self.front.reached(TradeRef { ts_event: window.start, seq: 0 });
        // Trades up to here were counted before; which ones, only their windows remember.
        if let Some(last) = window.last {
            self.front.reached(last.close.0);
            self.log.begin_after(last.close.0);
            if class != Class::Outside {
                self.move_last_to(last.close.0, last.close.1);
            }
        }
        self.close_all();
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

    /// Lets windows go that are too old. The tape is settled.
    pub(super) fn let_go_of_windows(&mut self) {
        for class in Class::ALL {
            // While the open second moves within one minute, and none closed, minutes and longer windows
            // have nothing to let go; nor has a class without trades anything.
            let second = self.open[class as usize].as_ref().and_then(|open| open.second()).map(|s| s.start);
            let seen = std::mem::take(&mut self.let_go[class as usize]);
            self.let_go[class as usize] = LetGo { second, others_changed: false };
            let moved = |interval: &Interval| {
                seen.others_changed
                    || seen.second.map(|s| interval.start_of(s)) != second.map(|s| interval.start_of(s))
            };
            for interval in Interval::ALL.into_iter().take_while(moved) {
                let series = &mut self.series[class as usize][interval as usize];
                if let Some(newest) = second.map(|s| interval.start_of(s)).or(series.newest_start()) {
                    series.let_go_before(
                        newest.saturating_add_nanos(-windows_kept(interval) * interval.nanos()),
                    );
                }
            }
        }
    }
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
