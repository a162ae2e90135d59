//! Exact decimal numbers: prices, sizes, and how they are read and shown.
//!
//! Both are signed 64-bit counts of 10⁻⁸, so that sub-penny prices, crypto prices and
//! fractional sizes survive end to end, up to about 92 billion. No binary floating point
//! is used anywhere on the way.

use std::fmt;

/// Units in one: prices are counted in 10⁻⁸ dollars, sizes in 10⁻⁸ shares or coins.
pub const SCALE: i64 = 100_000_000;

/// Decimal places kept.
pub const PLACES: usize = 8;

/// Why a text is not a number we can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not a decimal number (`NaN`, empty, letters, two points).
    #[error("not a decimal number")]
    Malformed,
    /// A number too large to hold: 92 billion and above.
    #[error("number out of range")]
    OutOfRange,
}

/// Reads a JSON-like decimal (`-12.5`, `1.5e-3`) into units of 10⁻⁸.
///
/// Digits past the eighth place are rounded half to even. Leading zeros and a leading `+`
/// are admitted, since CSV files have them; `.5` and `5.` too.
pub fn parse_units(text: &[u8]) -> Result<i64, DecimalError> {
    let (negative, rest) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&rest[..at], parse_exponent(&rest[at + 1..])?),
        None => (rest, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|&b| b == b'.') {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &[][..]),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DecimalError::Malformed);
    }
    if !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return Err(DecimalError::Malformed);
    }
    let units = scale_digits(whole, fraction, exponent)?;
    Ok(if negative { -units } else { units })
}

fn parse_exponent(text: &[u8]) -> Result<i32, DecimalError> {
    let (negative, digits) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(DecimalError::Malformed);
    }
    // Beyond four digits the number is out of range or zero whatever the exact value.
    let value = digits.iter().fold(0i32, |acc, d| (acc * 10 + i32::from(d - b'0')).min(99_999));
    Ok(if negative { -value } else { value })
}

/// `whole.fraction × 10^exponent` in units, rounded half to even at the last place.
fn scale_digits(whole: &[u8], fraction: &[u8], exponent: i32) -> Result<i64, DecimalError> {
    // Digits that count towards units: those of the whole part, and `keep` of the fraction.
    let keep = i64::from(exponent) + PLACES as i64;
    let all = whole.iter().chain(fraction);
    let point = whole.len() as i64 + keep;
    let (mut units, mut index) = (0i64, 0i64);
    let (mut round_digit, mut sticky) = (0u8, false);
    for &b in all {
        let digit = b - b'0';
        if index < point {
            units = units
                .checked_mul(10)
                .and_then(|u| u.checked_add(i64::from(digit)))
                .ok_or(DecimalError::OutOfRange)?;
        } else if index == point {
            round_digit = digit;
        } else {
            sticky |= digit != 0;
        }
        index += 1;
    }
    if point < 0 {
        // Every digit lies beyond the place that rounds: less than a twentieth of a unit.
        return Ok(0);
    }
    if units != 0 {
        for _ in index..point {
            units = units.checked_mul(10).ok_or(DecimalError::OutOfRange)?;
        }
    }
    let up = round_digit > 5 || (round_digit == 5 && (sticky || units % 2 == 1));
    units.checked_add(i64::from(up)).ok_or(DecimalError::OutOfRange)
}

/// Writes units of 10⁻⁸ as the shortest exact decimal: `150.23`, `0.00001234`, `7`.
pub fn write_units(units: i64, out: &mut Vec<u8>) {
    if units < 0 {
        out.push(b'-');
    }
    let magnitude = units.unsigned_abs();
    write_u64(magnitude / SCALE as u64, out);
    let mut fraction = magnitude % SCALE as u64;
    if fraction != 0 {
        let mut digits = [b'0'; PLACES];
        for slot in digits.iter_mut().rev() {
            *slot = b'0' + (fraction % 10) as u8;
            fraction /= 10;
        }
        let end = digits.iter().rposition(|&d| d != b'0').map_or(0, |at| at + 1);
        out.push(b'.');
        out.extend_from_slice(&digits[..end]);
    }
}

/// Writes an unsigned integer in decimal.
pub fn write_u64(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

macro_rules! decimal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i64);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(0);

            /// From a count of 10⁻⁸.
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }

            /// The count of 10⁻⁸.
            pub const fn units(self) -> i64 {
                self.0
            }

            /// From a whole number; `None` when it does not fit.
            pub const fn from_whole(whole: i64) -> Option<Self> {
                match whole.checked_mul(SCALE) {
                    Some(units) => Some(Self(units)),
                    None => None,
                }
            }

            /// Reads a decimal text; see [`parse_units`] for the grammar and the rounding.
            pub fn parse(text: &[u8]) -> Result<Self, DecimalError> {
                parse_units(text).map(Self)
            }

            /// Above zero.
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Appends the shortest exact decimal, as JSON and CSV show it.
            pub fn write(self, out: &mut Vec<u8>) {
                write_units(self.0, out);
            }
        }

        impl std::str::FromStr for $name {
            type Err = DecimalError;

            fn from_str(text: &str) -> Result<Self, DecimalError> {
                Self::parse(text.as_bytes())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = Vec::with_capacity(24);
                self.write(&mut text);
                f.pad(std::str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

decimal! {
    /// A price in dollars (or the quote currency of a pair), exact to 10⁻⁸.
    Price
}

decimal! {
    /// A number of shares or coins, exact to 10⁻⁸.
    Size
}

/// A sum of sizes, in units of 10⁻⁸. Wider than [`Size`], because a day of a coin worth a
/// thousandth of a cent is more than 92 billion coins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Volume(i128);

impl Volume {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// From a count of 10⁻⁸.
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// The count of 10⁻⁸.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Appends the shortest exact decimal.
    pub fn write(self, out: &mut Vec<u8>) {
        let scale = SCALE as i128;
        if self.0 < 0 {
            out.push(b'-');
        }
        let magnitude = self.0.unsigned_abs();
        let whole = magnitude / scale.unsigned_abs();
        match u64::try_from(whole) {
            Ok(whole) => write_u64(whole, out),
            Err(_) => out.extend_from_slice(whole.to_string().as_bytes()),
        }
        // The remainder is below 10⁸, so it fits; its own leading zero is dropped.
        let fraction = (magnitude % scale.unsigned_abs()) as i64;
        if fraction != 0 {
            let at = out.len();
            write_units(fraction, out);
            out.remove(at);
        }
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(24);
        self.write(&mut text);
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Volume({self})")
    }
}

/// `numerator / denominator` rounded half to even.
///
/// `None` when the denominator is not positive.
pub fn div_half_even(numerator: i128, denominator: i128) -> Option<i128> {
    if denominator <= 0 {
        return None;
    }
    let quotient = numerator.div_euclid(denominator);
    let remainder = numerator.rem_euclid(denominator);
    // `denominator - remainder` cannot overflow, doubling the remainder might.
    let up = match remainder.cmp(&(denominator - remainder)) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient.rem_euclid(2) == 1,
        std::cmp::Ordering::Less => false,
    };
    Some(quotient + i128::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str) -> Result<i64, DecimalError> {
        parse_units(text.as_bytes())
    }

    #[test]
    fn reads_what_feeds_and_files_write() {
        assert_eq!(units("190.12"), Ok(19_012_000_000));
        assert_eq!(units("157.8"), Ok(15_780_000_000));
        assert_eq!(units("0.00001234"), Ok(1_234));
        assert_eq!(units("1.5e-3"), Ok(150_000));
        assert_eq!(units("2E2"), Ok(20_000_000_000));
        assert_eq!(units("-0.5"), Ok(-50_000_000));
        assert_eq!(units(".5"), Ok(50_000_000));
        assert_eq!(units("5."), Ok(500_000_000));
        assert_eq!(units("0e99999"), Ok(0));
        assert_eq!(units("000000000000000000000000001"), Ok(100_000_000));
    }

    #[test]
    fn rounds_half_to_even_at_the_eighth_place() {
        assert_eq!(units("0.000000005"), Ok(0));
        assert_eq!(units("0.000000015"), Ok(2));
        assert_eq!(units("0.0000000050001"), Ok(1));
        assert_eq!(units("0.123456789123"), Ok(12_345_679));
        assert_eq!(units("9e-9"), Ok(1));
        assert_eq!(units("9e-10"), Ok(0));
        assert_eq!(units("9e-400"), Ok(0));
    }

    #[test]
    fn refuses_what_is_not_a_number_or_too_large() {
        for bad in ["", "-", ".", "NaN", "inf", "1e", "1.2.3", "1 ", "0x1", "--1", "1,5", "e5"] {
            assert_eq!(units(bad), Err(DecimalError::Malformed), "{bad:?}");
        }
        for big in ["1e300", "92233720369", "1e99999999999"] {
            assert_eq!(units(big), Err(DecimalError::OutOfRange), "{big:?}");
        }
    }

    #[test]
    fn shows_volumes_beyond_64_bits() {
        assert_eq!(Volume::from_units(12_050_000_000).to_string(), "120.5");
        assert_eq!(Volume::from_units(1).to_string(), "0.00000001");
        assert_eq!(Volume::from_units(10i128.pow(30)).to_string(), format!("1{}", "0".repeat(22)));
        assert_eq!(Volume::from_units(-150_000_000).to_string(), "-1.5");
    }

    #[test]
    fn divides_half_to_even() {
        assert_eq!(div_half_even(5, 2), Some(2));
        assert_eq!(div_half_even(7, 2), Some(4));
        assert_eq!(div_half_even(-5, 2), Some(-2));
        assert_eq!(div_half_even(-7, 2), Some(-4));
        assert_eq!(div_half_even(8, 3), Some(3));
        assert_eq!(div_half_even(1, 0), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(units in any::<i64>().prop_filter("has a magnitude", |u| *u != i64::MIN)) {
            let mut text = Vec::new();
            write_units(units, &mut text);
            prop_assert_eq!(parse_units(&text), Ok(units));
        }

        #[test]
        fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse_units(&text);
        }
    }
}
