//! The US equity calendar by rule: holidays, early closes, daylight saving.
//!
//! The rules are those of the New York Stock Exchange as they stand since 1998 (Martin Luther King
//! Day) and 2022 (Juneteenth), with the clock changes of the US since 1967. Closures that no rule
//! foretells are a table.

use crate::time::{NANOS_PER_SECOND, SECONDS_PER_DAY};
use crate::{Date, Hours, Timestamp};

/// Part of a trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Session {
    /// 04:00 to 09:30 New York time.
    Pre,
    /// 09:30 to 16:00, or to 13:00 on short days.
    Regular,
    /// The four hours after the close.
    Post,
    /// Any other time.
    Closed,
}

/// The hours of one New York calendar day for one kind of instrument.
///
/// On days without trading the three spans are empty and lie at midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayHours {
    /// The day, in New York.
    pub date: Date,
    /// Midnight in New York.
    pub begins: Timestamp,
    /// The next midnight in New York; 23, 24 or 25 hours later.
    pub ends: Timestamp,
    /// Pre-market opens.
    pub pre_opens: Timestamp,
    /// The regular session opens.
    pub opens: Timestamp,
    /// The regular session closes.
    pub closes: Timestamp,
    /// After-hours trading ends.
    pub post_closes: Timestamp,
}

/// Days on which the exchange stayed shut though no rule says so.
const UNFORESEEN_CLOSURES: [(i64, i64, i64); 12] = [
    (1985, 9, 27),
    (1994, 4, 27),
    (2001, 9, 11),
    (2001, 9, 12),
    (2001, 9, 13),
    (2001, 9, 14),
    (2004, 6, 11),
    (2007, 1, 2),
    (2012, 10, 29),
    (2012, 10, 30),
    (2018, 12, 5),
    (2025, 1, 9),
];

impl DayHours {
    /// The hours of the New York day that holds this moment.
    pub fn at(time: Timestamp, hours: Hours) -> Self {
        Self::of(new_york_date(time), hours)
    }

    /// The hours of a New York day.
    pub fn of(date: Date, hours: Hours) -> Self {
        let begins = new_york(date, 0);
        let ends = new_york(date.plus_days(1), 0);
        let shut = Self {
            date,
            begins,
            ends,
            pre_opens: begins,
            opens: begins,
            closes: begins,
            post_closes: begins,
        };
        match hours {
            Hours::Always => Self { closes: ends, post_closes: ends, ..shut },
            Hours::UsEquity if !is_trading_day(date) => shut,
            Hours::UsEquity => {
                let close_minute = if is_early_close(date) { 13 * 60 } else { 16 * 60 };
                Self {
                    pre_opens: new_york(date, 4 * 60),
                    opens: new_york(date, 9 * 60 + 30),
                    closes: new_york(date, close_minute),
                    post_closes: new_york(date, close_minute + 4 * 60),
                    ..shut
                }
            }
        }
    }

    /// This moment is within the day these hours describe.
    pub fn covers(&self, time: Timestamp) -> bool {
        self.begins <= time && time < self.ends
    }

    /// Which session this moment of the day is in; bounds belong to the later one.
    pub fn session(&self, time: Timestamp) -> Session {
        if self.opens <= time && time < self.closes {
            Session::Regular
        } else if self.pre_opens <= time && time < self.opens {
            Session::Pre
        } else if self.closes <= time && time < self.post_closes {
            Session::Post
        } else {
            Session::Closed
        }
    }

    /// There is a regular session on this day.
    pub fn is_trading_day(&self) -> bool {
        self.opens < self.closes
    }
}

/// Which session a moment is in.
pub fn session_at(time: Timestamp, hours: Hours) -> Session {
    DayHours::at(time, hours).session(time)
}

/// The hours of the current or next day with a regular session that has not closed by `time`.
pub fn next_session(time: Timestamp, hours: Hours) -> DayHours {
    let mut day = DayHours::at(time, hours);
    // The longest closure in a century was under two weeks.
    for _ in 0..14 {
        if day.is_trading_day() && time < day.closes {
            break;
        }
        day = DayHours::of(day.date.plus_days(1), hours);
    }
    day
}

/// The last day before `date` with a regular session.
pub fn previous_trading_date(date: Date, hours: Hours) -> Date {
    let mut day = date.plus_days(-1);
    if hours == Hours::UsEquity {
        for _ in 0..14 {
            if is_trading_day(day) {
                break;
            }
            day = day.plus_days(-1);
        }
    }
    day
}

/// The calendar day in New York at this moment.
pub fn new_york_date(time: Timestamp) -> Date {
    let local = time.seconds() + new_york_offset_seconds(time);
    Date::from_days(local.div_euclid(SECONDS_PER_DAY))
}

/// Seconds to add to UTC for New York's clock: −5 h, or −4 h in summer.
pub fn new_york_offset_seconds(time: Timestamp) -> i64 {
    let (date, _) = time.utc_date();
    let year = date.ymd().0;
    let (starts, ends) = daylight_saving(year);
    // Clocks change at 02:00 local time: 07:00 UTC in spring, 06:00 UTC in autumn.
    let begins = starts.midnight_utc().saturating_add_nanos(7 * 3600 * NANOS_PER_SECOND);
    let finishes = ends.midnight_utc().saturating_add_nanos(6 * 3600 * NANOS_PER_SECOND);
    if begins <= time && time < finishes { -4 * 3600 } else { -5 * 3600 }
}

/// The moment of a minute of the day on New York's clock, for minutes that no clock change skips.
fn new_york(date: Date, minute: i64) -> Timestamp {
    let as_utc = date.midnight_utc().saturating_add_nanos(minute * 60 * NANOS_PER_SECOND);
    let guess = as_utc.saturating_add_nanos(5 * 3600 * NANOS_PER_SECOND);
    // Correct for summer with the offset in force at the moment itself; midnights and trading hours
    // are never within the hour that a clock change repeats.
    let summer = as_utc.saturating_add_nanos(4 * 3600 * NANOS_PER_SECOND);
    if new_york_offset_seconds(summer) == -4 * 3600 { summer } else { guess }
}

/// First and last day of daylight saving time in a year.
fn daylight_saving(year: i64) -> (Date, Date) {
    match year {
        2007.. => (nth_weekday(year, 3, 6, 2), nth_weekday(year, 11, 6, 1)),
        1987..=2006 => (nth_weekday(year, 4, 6, 1), last_weekday(year, 10, 6)),
        _ => (last_weekday(year, 4, 6), last_weekday(year, 10, 6)),
    }
}

/// The exchange holds a regular session on this day.
pub fn is_trading_day(date: Date) -> bool {
    date.weekday() < 5 && !is_holiday(date) && !UNFORESEEN_CLOSURES.contains(&date.ymd())
}

/// The regular session ends at 13:00.
pub fn is_early_close(date: Date) -> bool {
    if !is_trading_day(date) {
        return false;
    }
    let (year, month, day) = date.ymd();
    match (month, day) {
        // When the feast falls on a Saturday its eve is the holiday itself, which is no trading day.
        (12, 24) | (7, 3) => true,
        (11, _) => date == nth_weekday(year, 11, 3, 4).plus_days(1),
        _ => false,
    }
}

/// A holiday of the exchange, on the weekday on which it is kept.
pub fn is_holiday(date: Date) -> bool {
    let (year, month, _) = date.ymd();
    let monday = 0;
    match month {
        // New Year's Day on a Saturday is not kept on the Friday before, which closes the books.
        1 => {
            date == after_sunday(Date::from_ymd(year, 1, 1))
                || (year >= 1998 && date == nth_weekday(year, 1, monday, 3))
        }
        2 => date == nth_weekday(year, 2, monday, 3),
        3 | 4 => date == easter_sunday(year).plus_days(-2),
        5 => date == last_weekday(year, 5, monday),
        6 => year >= 2022 && date == nearest_weekday(Date::from_ymd(year, 6, 19)),
        7 => date == nearest_weekday(Date::from_ymd(year, 7, 4)),
        9 => date == nth_weekday(year, 9, monday, 1),
        11 => date == nth_weekday(year, 11, 3, 4),
        12 => date == nearest_weekday(Date::from_ymd(year, 12, 25)),
        _ => false,
    }
}

/// Saturdays move to Friday, Sundays to Monday.
fn nearest_weekday(date: Date) -> Date {
    match date.weekday() {
        5 => date.plus_days(-1),
        6 => date.plus_days(1),
        _ => date,
    }
}

fn after_sunday(date: Date) -> Date {
    if date.weekday() == 6 { date.plus_days(1) } else { date }
}

/// The `n`-th (from 1) such weekday (0 is Monday) of a month.
fn nth_weekday(year: i64, month: i64, weekday: i64, n: i64) -> Date {
    let first = Date::from_ymd(year, month, 1);
    first.plus_days((weekday - first.weekday()).rem_euclid(7) + 7 * (n - 1))
}

fn last_weekday(year: i64, month: i64, weekday: i64) -> Date {
    let next_month =
        if month == 12 { Date::from_ymd(year + 1, 1, 1) } else { Date::from_ymd(year, month + 1, 1) };
    let last = next_month.plus_days(-1);
    last.plus_days(-(last.weekday() - weekday).rem_euclid(7))
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876).
fn easter_sunday(year: i64) -> Date {
    let a = year % 19;
    let (b, c) = (year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::from_ymd(year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text.as_bytes()).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// All weekdays of a year on which the exchange is shut.
    fn closures(year: i64) -> Vec<String> {
        let first = Date::from_ymd(year, 1, 1);
        (0..366)
            .map(|d| first.plus_days(d))
            .filter(|d| d.ymd().0 == year && d.weekday() < 5 && !is_trading_day(*d))
            .map(|d| d.to_string()[5..].to_owned())
            .collect()
    }

    fn early_closes(year: i64) -> Vec<String> {
        let first = Date::from_ymd(year, 1, 1);
        (0..366)
            .map(|d| first.plus_days(d))
            .filter(|d| d.ymd().0 == year && is_early_close(*d))
            .map(|d| d.to_string()[5..].to_owned())
            .collect()
    }

    #[test]
    fn keeps_the_published_holidays() {
        // As the exchange published them.
        assert_eq!(
            closures(2018),
            ["01-01", "01-15", "02-19", "03-30", "05-28", "07-04", "09-03", "11-22", "12-05", "12-25"]
        );
        assert_eq!(
            closures(2021),
            ["01-01", "01-18", "02-15", "04-02", "05-31", "07-05", "09-06", "11-25", "12-24"]
        );
        assert_eq!(
            closures(2022),
            ["01-17", "02-21", "04-15", "05-30", "06-20", "07-04", "09-05", "11-24", "12-26"]
        );
        assert_eq!(
            closures(2025),
            [
                "01-01", "01-09", "01-20", "02-17", "04-18", "05-26", "06-19", "07-04", "09-01", "11-27",
                "12-25"
            ]
        );
        assert_eq!(
            closures(2026),
            ["01-01", "01-19", "02-16", "04-03", "05-25", "06-19", "07-03", "09-07", "11-26", "12-25"]
        );
        assert_eq!(
            closures(2027),
            ["01-01", "01-18", "02-15", "03-26", "05-31", "06-18", "07-05", "09-06", "11-25", "12-24"]
        );
    }

    #[test]
    fn keeps_the_published_early_closes() {
        assert_eq!(early_closes(2018), ["07-03", "11-23", "12-24"]);
        assert_eq!(early_closes(2021), ["11-26"]);
        assert_eq!(early_closes(2022), ["11-25"]);
        assert_eq!(early_closes(2024), ["07-03", "11-29", "12-24"]);
        assert_eq!(early_closes(2025), ["07-03", "11-28", "12-24"]);
        assert_eq!(early_closes(2026), ["11-27", "12-24"]);
    }

    #[test]
    fn follows_new_yorks_clock() {
        assert_eq!(new_york(date("2018-01-03"), 570), at("2018-01-03T14:30:00Z"));
        assert_eq!(new_york(date("2018-07-03"), 570), at("2018-07-03T13:30:00Z"));
        assert_eq!(new_york_offset_seconds(at("2026-03-08T06:59:59Z")), -18_000);
        assert_eq!(new_york_offset_seconds(at("2026-03-08T07:00:00Z")), -14_400);
        assert_eq!(new_york_offset_seconds(at("2026-11-01T05:59:59Z")), -14_400);
        assert_eq!(new_york_offset_seconds(at("2026-11-01T06:00:00Z")), -18_000);
        // Spring day has 23 hours, autumn day 25.
        let spring = DayHours::of(date("2026-03-08"), Hours::Always);
        assert_eq!(spring.ends.seconds() - spring.begins.seconds(), 23 * 3600);
        let autumn = DayHours::of(date("2026-11-01"), Hours::Always);
        assert_eq!(autumn.ends.seconds() - autumn.begins.seconds(), 25 * 3600);
    }

    #[test]
    fn tells_sessions_apart() {
        let session = |text: &str| session_at(at(text), Hours::UsEquity);
        assert_eq!(session("2018-01-02T08:59:59Z"), Session::Closed);
        assert_eq!(session("2018-01-02T09:00:00Z"), Session::Pre);
        assert_eq!(session("2018-01-02T14:30:00Z"), Session::Regular);
        assert_eq!(session("2018-01-02T20:59:59.999999999Z"), Session::Regular);
        assert_eq!(session("2018-01-02T21:00:00Z"), Session::Post);
        assert_eq!(session("2018-01-03T01:00:00Z"), Session::Closed);
        assert_eq!(session("2026-11-27T18:00:00Z"), Session::Post);
        assert_eq!(session("2026-11-21T15:00:00Z"), Session::Closed);
        assert_eq!(session_at(at("2026-11-21T15:00:00Z"), Hours::Always), Session::Regular);
        assert_eq!(next_session(at("2026-11-25T22:00:00Z"), Hours::UsEquity).date, date("2026-11-27"));
        assert_eq!(previous_trading_date(date("2026-11-30"), Hours::UsEquity), date("2026-11-27"));
    }
}
