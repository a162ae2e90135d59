//! An answer of the quote server: `PRICE,SYMBOL,USER,TIME,CRYPTOKEY` and a line end. Pure.

use std::ops::Range;
use std::sync::Arc;

use market::{Price, Symbol, Timestamp};

/// The longest answer with its line end, in bytes. Real ones have about a hundred.
pub const ANSWER_BYTES_MAX: usize = 1_024;

/// The most digits of a price before its point; the dearest real quote had four.
const DOLLAR_DIGITS_MAX: usize = 9;

/// Why a line is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AnswerError {
    /// More than [`ANSWER_BYTES_MAX`] bytes.
    #[error("the line is too long")]
    TooLong,
    /// A byte that is not printable ASCII before the line end.
    #[error("the line has characters that are not printable ASCII")]
    Characters,
    /// Other than five fields.
    #[error("the line does not have five fields")]
    Fields,
    /// Not digits with at most two decimals, or zero, or a billion dollars and more.
    #[error("the price is not a positive number of dollars with at most two decimals")]
    Price,
    /// Empty, or not a symbol.
    #[error("the symbol cannot be one")]
    Symbol,
    /// Empty.
    #[error("the user is empty")]
    User,
    /// Not digits, or beyond the year 2262.
    #[error("the time is not a number of milliseconds")]
    Time,
    /// Empty, or with a space in it.
    #[error("the key is empty or has a space in it")]
    Key,
}

impl AnswerError {
    /// A word for metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Characters => "characters",
            Self::Fields => "fields",
            Self::Price => "price",
            Self::Symbol => "symbol",
            Self::User => "user",
            Self::Time => "time",
            Self::Key => "key",
        }
    }
}

/// An answer that can be used. Its fields are also kept exactly as they came, since the key proves them
/// only so, and a log must show them so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Dollars, with at most two decimals, above zero.
    pub price: Price,
    /// As answered.
    pub symbol: Symbol,
    /// When the server answered by its own clock, in Unix milliseconds.
    pub server_time_ms: i64,
    /// The line without its end.
    pub line: Arc<str>,
    fields: [Range<u16>; 5],
}

impl Answer {
    /// Reads a line, with or without its line end (any carriage returns, line feeds and spaces).
    pub fn parse(line: &[u8]) -> Result<Self, AnswerError> {
        if line.len() > ANSWER_BYTES_MAX {
            return Err(AnswerError::TooLong);
        }
        let line = str::from_utf8(line).map_err(|_| AnswerError::Characters)?;
        let line = line.trim_end_matches(['\r', '\n', ' ']);
        if !line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(AnswerError::Characters);
        }
        let mut fields = [const { 0..0 }; 5];
        let mut from = 0;
        let mut found = 0;
        for text in line.split(',') {
            let field = fields.get_mut(found).ok_or(AnswerError::Fields)?;
            let to = from + text.len();
            // A line is at most 1,024 bytes long.
            *field = from as u16..to as u16;
            (from, found) = (to + 1, found + 1);
        }
        if found != fields.len() {
            return Err(AnswerError::Fields);
        }
        let [price, symbol, user, time, key] = fields.each_ref().map(|field| part(line, field));
        let price = read_price(price).ok_or(AnswerError::Price)?;
        let symbol = Symbol::new(symbol).map_err(|_| AnswerError::Symbol)?;
        if user.is_empty() {
            return Err(AnswerError::User);
        }
        let server_time_ms = read_time(time).ok_or(AnswerError::Time)?;
        if key.is_empty() || key.contains(' ') {
            return Err(AnswerError::Key);
        }
        Ok(Self { price, symbol, server_time_ms, line: line.into(), fields })
    }

    /// The price as it came: dollars with up to two decimals.
    pub fn price_text(&self) -> &str {
        part(&self.line, &self.fields[0])
    }

    /// The user in whose name the quote was fetched, as it came.
    pub fn user(&self) -> &str {
        part(&self.line, &self.fields[2])
    }

    /// The server's time as it came: Unix milliseconds.
    pub fn time_text(&self) -> &str {
        part(&self.line, &self.fields[3])
    }

    /// The key as it came: base64 that proves the other fields.
    pub fn cryptokey(&self) -> &str {
        part(&self.line, &self.fields[4])
    }
}

fn part<'a>(line: &'a str, field: &Range<u16>) -> &'a str {
    line.get(usize::from(field.start)..usize::from(field.end)).unwrap_or_default()
}

fn read_price(text: &str) -> Option<Price> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=DOLLAR_DIGITS_MAX).contains(&whole.len()) && (1..=2).contains(&decimals.len());
    if !fits || !digits(whole) || !digits(decimals) {
        return None;
    }
    Price::parse(text.as_bytes()).ok().filter(|price| price.is_positive())
}

fn read_time(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let millis = text.parse().ok().filter(|_| digits)?;
    Timestamp::from_millis(millis).map(|_| millis)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "IRrR7UeTO35kSWUgG0QJKmB35sL27FKM7AVhP5qpjCgmWQeXFJs35g==";

    fn read(line: &str) -> Result<Answer, AnswerError> {
        Answer::parse(line.as_bytes())
    }

    #[test]
    fn reads_the_fields_and_keeps_them_as_they_came() {
        // The quote of the course's example log.
        for end in ["", "\n", "\r\n", " \r\n"] {
            let answer = read(&format!("10.00,ABC,jiosesdo,1167631203000,{KEY}{end}")).unwrap();
            assert_eq!(answer.price, Price::from_whole(10).unwrap());
            assert_eq!((answer.price_text(), answer.symbol.as_str()), ("10.00", "ABC"));
            assert_eq!((answer.user(), answer.cryptokey()), ("jiosesdo", KEY));
            assert_eq!((answer.server_time_ms, answer.time_text()), (1_167_631_203_000, "1167631203000"));
            assert_eq!(&*answer.line, format!("10.00,ABC,jiosesdo,1167631203000,{KEY}"));
        }
    }

    #[test]
    fn prices_have_at_most_two_decimals_and_are_above_zero() {
        let price = |text: &str| read(&format!("{text},S,u,1,k")).map(|answer| answer.price.units());
        for (text, cents) in [("4999.07", 499_907), ("46.7", 4_670), ("830", 83_000), ("0.01", 1)] {
            assert_eq!(price(text), Ok(cents * 1_000_000), "{text}");
        }
        for bad in
            ["", "0", "0.00", "-1", "+1", "1.005", "1.", ".5", "1e3", "NaN", " 1", "1.5.0", "1000000000", "٣"]
        {
            let error = if bad.is_ascii() { AnswerError::Price } else { AnswerError::Characters };
            assert_eq!(price(bad), Err(error), "{bad:?}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        use AnswerError::*;
        let long = format!("1.00,S,u,1,{}", "k".repeat(ANSWER_BYTES_MAX));
        for (line, error) in [
            ("", Fields),
            ("\n", Fields),
            ("1.00,S,u,1", Fields),
            ("1.00,S,u,1,k,more", Fields),
            ("1.00,S,u,1,k\0", Characters),
            ("1.00,S,u,1,k\n1.00,S,u,1,k", Characters),
            ("1.00,,u,1,k", Symbol),
            ("1.00,.A,u,1,k", Symbol),
            ("1.00,S,,1,k", User),
            ("1.00,S,u,,k", Time),
            ("1.00,S,u,-1,k", Time),
            ("1.00,S,u,+1,k", Time),
            ("1.00,S,u,1.5,k", Time),
            ("1.00,S,u,9300000000000000,k", Time),
            ("1.00,S,u,99999999999999999999,k", Time),
            ("1.00,S,u,1,", Key),
            ("1.00,S,u,1,a b", Key),
            (&long, TooLong),
        ] {
            assert_eq!(read(line), Err(error), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn reads_back_every_answer_there_can_be(
            cents in 1u64..100_000_000_000,
            symbol in "[A-Z]{1,3}",
            user in "[A-Za-z0-9]{1,20}",
            millis in 0i64..9_000_000_000_000,
            key in "[A-Za-z0-9+/]{4,80}={0,2}",
        ) {
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            let line = format!("{price},{symbol},{user},{millis},{key}");
            let answer = read(&format!("{line}\n")).unwrap();
            prop_assert_eq!(answer.price.units() as u64, cents * 1_000_000);
            prop_assert_eq!((answer.price_text(), answer.symbol.as_str()), (&*price, &*symbol));
            prop_assert_eq!((answer.user(), answer.cryptokey()), (&*user, &*key));
            prop_assert_eq!((answer.server_time_ms, &*answer.line), (millis, &*line));
        }

        #[test]
        fn survives_anything(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Answer::parse(&line);
        }
    }
}
