//! Points in time, with nanoseconds, and their calendar form.
//!
//! The civil-calendar arithmetic is the usual one on days counted from 1970-01-01 in the
//! proleptic Gregorian calendar.

use std::fmt;

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// Nanoseconds in a millisecond.
pub const NANOS_PER_MILLI: i64 = 1_000_000;
/// Seconds in a day.
pub const SECONDS_PER_DAY: i64 = 86_400;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z. Reaches from 1677 to 2262.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// Why a text or number is not a time we can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not of the form `2018-01-02T10:01:21.479`, with an optional `Z` or offset.
    #[error("not a time of the form 2018-01-02T10:01:21Z")]
    Malformed,
    /// Before 1677 or after 2262.
    #[error("time out of range")]
    OutOfRange,
}

impl Timestamp {
    /// The epoch itself.
    pub const EPOCH: Self = Self(0);
    /// The earliest point that can be held.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest point that can be held.
    pub const MAX: Self = Self(i64::MAX);

    /// From nanoseconds since the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds since the epoch; `None` outside 1677 to 2262.
    pub const fn from_millis(millis: i64) -> Option<Self> {
        match millis.checked_mul(NANOS_PER_MILLI) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// From seconds since the epoch; `None` outside 1677 to 2262.
    pub const fn from_seconds(seconds: i64) -> Option<Self> {
        match seconds.checked_mul(NANOS_PER_SECOND) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// Nanoseconds since the epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(NANOS_PER_MILLI)
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(NANOS_PER_SECOND)
    }

    /// Later by so many nanoseconds, stopping at the ends of the range.
    pub const fn saturating_add_nanos(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Milliseconds from `earlier` to here; negative when `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(NANOS_PER_MILLI)
    }

    /// The UTC date and the nanosecond of that day.
    pub fn utc_date(self) -> (Date, i64) {
        let day = self.0.div_euclid(SECONDS_PER_DAY * NANOS_PER_SECOND);
        (Date::from_days(day), self.0.rem_euclid(SECONDS_PER_DAY * NANOS_PER_SECOND))
    }

    /// Reads RFC 3339 (`2018-01-02T10:01:21.479Z`, `…+01:00`); without an offset the time is UTC.
    /// Digits past the ninth of a second's fraction are cut off.
    pub fn parse(text: &[u8]) -> Result<Self, TimeError> {
        parse_rfc3339(text)
    }

    /// Appends RFC 3339 in UTC with as many fraction digits (0, 3, 6 or 9) as the value needs.
    pub fn write(self, out: &mut Vec<u8>) {
        let (date, nano_of_day) = self.utc_date();
        date.write(out);
        let second = nano_of_day / NANOS_PER_SECOND;
        let nanos = nano_of_day % NANOS_PER_SECOND;
        out.push(b'T');
        push_two(second / 3600, out);
        out.push(b':');
        push_two(second / 60 % 60, out);
        out.push(b':');
        push_two(second % 60, out);
        if nanos != 0 {
            out.push(b'.');
            let (value, width) = if nanos % 1_000_000 == 0 {
                (nanos / 1_000_000, 3)
            } else if nanos % 1_000 == 0 {
                (nanos / 1_000, 6)
            } else {
                (nanos, 9)
            };
            push_padded(value, width, out);
        }
        out.push(b'Z');
    }
}

fn push_two(value: i64, out: &mut Vec<u8>) {
    out.push(b'0' + (value / 10 % 10) as u8);
    out.push(b'0' + (value % 10) as u8);
}

fn push_padded(value: i64, width: u32, out: &mut Vec<u8>) {
    for place in (0..width).rev() {
        out.push(b'0' + (value / 10i64.pow(place) % 10) as u8);
    }
}

fn digits(text: &[u8]) -> Result<i64, TimeError> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(TimeError::Malformed);
    }
    Ok(text.iter().fold(0, |acc, d| acc * 10 + i64::from(d - b'0')))
}

fn parse_rfc3339(text: &[u8]) -> Result<Timestamp, TimeError> {
    let malformed = TimeError::Malformed;
    if text.len() < 19 || text.len() > 40 || !matches!(text[10], b'T' | b't' | b' ') {
        return Err(malformed);
    }
    let date = Date::parse(&text[..10]).ok_or(malformed)?;
    if text[13] != b':' || text[16] != b':' {
        return Err(malformed);
    }
    let (hour, minute, second) = (digits(&text[11..13])?, digits(&text[14..16])?, digits(&text[17..19])?);
    // A leap second is shown as :60 by some clocks; it becomes the next second.
    if hour > 23 || minute > 59 || second > 60 {
        return Err(malformed);
    }
    let mut rest = &text[19..];
    let mut nanos = 0;
    if rest.first() == Some(&b'.') {
        let end = rest[1..].iter().position(|b| !b.is_ascii_digit()).map_or(rest.len(), |at| at + 1);
        let fraction = &rest[1..end];
        let kept = &fraction[..fraction.len().min(9)];
        nanos = digits(kept)? * 10i64.pow(9 - kept.len() as u32);
        rest = &rest[end..];
    }
    let offset_seconds = parse_offset(rest)?;
    let seconds = date.days() * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset_seconds;
    seconds
        .checked_mul(NANOS_PER_SECOND)
        .and_then(|n| n.checked_add(nanos))
        .map(Timestamp)
        .ok_or(TimeError::OutOfRange)
}

fn parse_offset(text: &[u8]) -> Result<i64, TimeError> {
    match text {
        [] | [b'Z' | b'z'] => Ok(0),
        [sign @ (b'+' | b'-'), h @ .., b':', m1, m2] if h.len() == 2 => {
            let (hours, minutes) = (digits(h)?, digits(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return Err(TimeError::Malformed);
            }
            let magnitude = hours * 3600 + minutes * 60;
            Ok(if *sign == b'-' { -magnitude } else { magnitude })
        }
        _ => Err(TimeError::Malformed),
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(30);
        self.write(&mut text);
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::parse(text.as_bytes())
    }
}

/// A calendar day: days since 1970-01-01, proleptic Gregorian.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i64);

impl Date {
    /// From days since 1970-01-01.
    pub const fn from_days(days: i64) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i64 {
        self.0
    }

    /// The day of this year, month (1 to 12) and day (1 to 31); not checked for existence.
    pub const fn from_ymd(year: i64, month: i64, day: i64) -> Self {
        // Count years from March, so that the leap day is the last of its year.
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// Year, month, day.
    pub const fn ymd(self) -> (i64, i64, i64) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    /// 0 is Monday, 6 is Sunday.
    pub const fn weekday(self) -> i64 {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7)
    }

    /// The day so many days later.
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// Reads `2018-01-02`; `None` unless the day exists.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
            return None;
        }
        let (y, m, d) = (digits(&text[..4]).ok()?, digits(&text[5..7]).ok()?, digits(&text[8..]).ok()?);
        if !(1..=12).contains(&m) || !(1..=31).contains(&d) {
            return None;
        }
        let date = Self::from_ymd(y, m, d);
        (date.ymd() == (y, m, d)).then_some(date)
    }

    /// Appends `2018-01-02`.
    pub fn write(self, out: &mut Vec<u8>) {
        let (year, month, day) = self.ymd();
        push_padded(year, 4, out);
        out.push(b'-');
        push_two(month, out);
        out.push(b'-');
        push_two(day, out);
    }

    /// Midnight UTC of this day, stopping at the ends of the range of [`Timestamp`].
    pub const fn midnight_utc(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(SECONDS_PER_DAY * NANOS_PER_SECOND))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(10);
        self.write(&mut text);
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Result<Timestamp, TimeError> {
        text.parse()
    }

    #[test]
    fn reads_and_writes_rfc_3339() {
        for text in [
            "2018-01-02T10:01:21.479Z",
            "2018-01-03T14:30:00Z",
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59.000000001Z",
            "1969-12-31T23:59:59.999999Z",
        ] {
            assert_eq!(at(text).unwrap().to_string(), text);
        }
        assert_eq!(at("2018-01-02T10:01:21.479000").unwrap().to_string(), "2018-01-02T10:01:21.479Z");
        assert_eq!(at("2026-07-01T09:30:00-04:00").unwrap().to_string(), "2026-07-01T13:30:00Z");
        for bad in [
            "",
            "2018-01-02",
            "2018-02-30T00:00:00Z",
            "2018-01-02T24:00:00Z",
            "2018-01-02T10:01:21.Z",
            "2018-01-02T10:01:21X",
            "2018-13-01T00:00:00Z",
        ] {
            assert_eq!(at(bad), Err(TimeError::Malformed), "{bad}");
        }
        assert_eq!(at("3000-01-01T00:00:00Z"), Err(TimeError::OutOfRange));
    }

    #[test]
    fn knows_weekdays_and_leap_years() {
        assert_eq!(Date::from_ymd(1970, 1, 1).weekday(), 3);
        assert_eq!(Date::from_ymd(2026, 11, 21).weekday(), 5);
        assert_eq!(Date::parse(b"2023-02-29"), None);
        assert_eq!(Date::parse(b"2000-02-29").map(|d| d.plus_days(1).to_string()), Some("2000-03-01".into()));
    }

    proptest! {
        #[test]
        fn dates_go_round(days in -200_000i64..200_000) {
            let date = Date::from_days(days);
            let (y, m, d) = date.ymd();
            prop_assert_eq!(Date::from_ymd(y, m, d), date);
        }

        #[test]
        fn times_go_round(nanos in any::<i64>()) {
            let time = Timestamp::from_nanos(nanos);
            prop_assert_eq!(at(&time.to_string()), Ok(time));
        }

        #[test]
        fn reading_never_panics(text in proptest::collection::vec(any::<u8>(), 0..45)) {
            let _ = Timestamp::parse(&text);
        }
    }
}
