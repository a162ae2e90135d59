//! Exact decimals as JSON numbers, and as decimal strings.
//!
//! serde knows numbers as integers and binary floats only, and a float changes the digits
//! of a price. A raw JSON value goes through as its text instead, both ways. Two limits
//! follow: these modules work with `serde_json` only, and reading does not work inside
//! `#[serde(flatten)]` or tagged enums, which buffer what they read.
//!
//! Use as `#[serde(with = "number::price")]`, `number::price_option`, and so on. `number::price_text` and the like write
//! strings, as alerts and the desk tell prices (with at least two decimals), and read both.

use ledger::Dollars;
use market::decimal::{DecimalError, div_half_even, write_units};
use market::{Price, Size, Volume};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Millionths: volume-weighted prices and per cents, which are quotients and have no exact
/// decimal form of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub i64);

impl Micros {
    /// Appends the shortest exact decimal: at most six places, no trailing zeros.
    pub fn write(self, out: &mut Vec<u8>) {
        match self.0.checked_mul(100) {
            Some(units) => write_units(units, out),
            // Beyond 92 billion: wide arithmetic, which nothing on the hot path needs.
            None => Volume::from_units(i128::from(self.0) * 100).write(out),
        }
    }

    /// `part` as per cent of `whole`, rounded half to even; `None` when the whole is not above
    /// zero or the quotient is beyond what can be held.
    pub fn percent_of(part: Price, whole: Price) -> Option<Self> {
        let scaled = i128::from(part.units()).checked_mul(100 * 1_000_000)?;
        let micros = div_half_even(scaled, i128::from(whole.units()))?;
        i64::try_from(micros).ok().map(Self)
    }
}

/// A decimal of a fixed scale that knows its JSON text.
trait Decimal: Sized {
    fn text(&self, out: &mut Vec<u8>);
    /// As it stands in a string.
    fn string(&self, out: &mut Vec<u8>) {
        self.text(out);
    }
    fn read(text: &[u8]) -> Result<Self, DecimalError>;
}

impl Decimal for Price {
    fn text(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
    /// With both digits of the cents, as the desk tells prices.
    fn string(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(Dollars(*self).to_string().as_bytes());
    }
    fn read(text: &[u8]) -> Result<Self, DecimalError> {
        Self::parse(text)
    }
}

impl Decimal for Size {
    fn text(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
    fn read(text: &[u8]) -> Result<Self, DecimalError> {
        Self::parse(text)
    }
}

impl Decimal for Micros {
    fn text(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
    fn read(text: &[u8]) -> Result<Self, DecimalError> {
        // Read exactly to 10⁻⁸ and cut to 10⁻⁶; what we wrote has no digits there.
        Volume::read(text)
            .and_then(|v| i64::try_from(v.units() / 100).map_err(|_| DecimalError::OutOfRange))
            .map(Self)
    }
}

impl Decimal for Volume {
    fn text(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    /// Plain decimals without exponent, to eight places: what [`Volume::write`] makes.
    fn read(text: &[u8]) -> Result<Self, DecimalError> {
        if let Ok(units) = market::decimal::parse_units(text) {
            return Ok(Self::from_units(i128::from(units)));
        }
        let (negative, digits) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mut units, mut places) = (0i128, None);
        for &b in digits {
            match (b, places) {
                (b'.', None) => places = Some(0),
                (b'0'..=b'9', Some(8)) if b == b'0' => {}
                (b'0'..=b'9', Some(8)) => return Err(DecimalError::Malformed),
                (b'0'..=b'9', _) => {
                    units = units
                        .checked_mul(10)
                        .and_then(|u| u.checked_add(i128::from(b - b'0')))
                        .ok_or(DecimalError::OutOfRange)?;
                    places = places.map(|p| p + 1);
                }
                _ => return Err(DecimalError::Malformed),
            }
        }
        if digits.is_empty() {
            return Err(DecimalError::Malformed);
        }
        let missing = 8 - places.unwrap_or(0);
        let units = 10i128.pow(missing).checked_mul(units).ok_or(DecimalError::OutOfRange)?;
        Ok(Self::from_units(if negative { -units } else { units }))
    }
}

fn serialize_decimal<T: Decimal, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = Vec::with_capacity(24);
    value.text(&mut text);
    let text = String::from_utf8(text).map_err(S::Error::custom)?;
    RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
}

fn deserialize_decimal<'de, T: Decimal, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    T::read(raw.get().as_bytes()).map_err(D::Error::custom)
}

fn deserialize_option<'de, T: Decimal, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    match Option::<Box<RawValue>>::deserialize(deserializer)? {
        Some(raw) => T::read(raw.get().as_bytes()).map(Some).map_err(D::Error::custom),
        None => Ok(None),
    }
}

macro_rules! with {
    ($(#[$doc:meta])* $module:ident, $(#[$option_doc:meta])* $option:ident, $type:ty) => {
        $(#[$doc])*
        pub mod $module {
            use super::*;

            /// Writes a JSON number with the exact digits.
            pub fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                serialize_decimal(value, serializer)
            }

            /// Reads a JSON number exactly; fails on anything else and out of range.
            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                deserialize_decimal(deserializer)
            }
        }

        $(#[$option_doc])*
        pub mod $option {
            use super::*;

            /// Writes a JSON number with the exact digits, or `null`.
            pub fn serialize<S: Serializer>(value: &Option<$type>, serializer: S) -> Result<S::Ok, S::Error> {
                match value {
                    Some(value) => serialize_decimal(value, serializer),
                    None => serializer.serialize_none(),
                }
            }

            /// Reads a JSON number exactly, or `null`.
            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$type>, D::Error> {
                deserialize_option(deserializer)
            }
        }
    };
}

fn serialize_text<T: Decimal, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = Vec::with_capacity(24);
    value.string(&mut text);
    serializer.serialize_str(std::str::from_utf8(&text).map_err(S::Error::custom)?)
}

/// A decimal in a string or as a number.
fn read_either<T: Decimal, E: serde::de::Error>(raw: &RawValue) -> Result<T, E> {
    let text = raw.get();
    let told = |error: DecimalError| E::custom(format!("{error}: a decimal is wanted, such as \"190.05\""));
    if text.starts_with('"') {
        let text: String = serde_json::from_str(text).map_err(E::custom)?;
        return T::read(text.as_bytes()).map_err(told);
    }
    T::read(text.as_bytes()).map_err(told)
}

macro_rules! with_text {
    ($(#[$doc:meta])* $module:ident, $(#[$option_doc:meta])* $option:ident, $type:ty) => {
        $(#[$doc])*
        pub mod $module {
            use super::*;

            /// Writes a string with the exact digits.
            pub fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                serialize_text(value, serializer)
            }

            /// Reads a decimal string, or a number, exactly.
            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                read_either(&Box::<RawValue>::deserialize(deserializer)?)
            }
        }

        $(#[$option_doc])*
        pub mod $option {
            use super::*;

            /// Writes a string with the exact digits, or `null`.
            pub fn serialize<S: Serializer>(value: &Option<$type>, serializer: S) -> Result<S::Ok, S::Error> {
                match value {
                    Some(value) => serialize_text(value, serializer),
                    None => serializer.serialize_none(),
                }
            }

            /// Reads a decimal string, or a number, exactly; or `null`.
            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$type>, D::Error> {
                Option::<Box<RawValue>>::deserialize(deserializer)?.map(|raw| read_either(&raw)).transpose()
            }
        }
    };
}

with! {
    /// A [`Price`] as a JSON number.
    price,
    /// A [`Price`] as a JSON number or `null`.
    price_option, Price
}
with! {
    /// A [`Size`] as a JSON number.
    size,
    /// A [`Size`] as a JSON number or `null`.
    size_option, Size
}
with! {
    /// A [`Volume`] as a JSON number.
    volume,
    /// A [`Volume`] as a JSON number or `null`.
    volume_option, Volume
}
with! {
    /// [`Micros`] as a JSON number.
    micros,
    /// [`Micros`] as a JSON number or `null`.
    micros_option, Micros
}

with_text! {
    /// A [`Price`] as a decimal string; a number is read, too.
    price_text,
    /// A [`Price`] as a decimal string or `null`; a number is read, too.
    price_text_option, Price
}
with_text! {
    /// A [`Size`] as a decimal string; a number is read, too.
    size_text,
    /// A [`Size`] as a decimal string or `null`; a number is read, too.
    size_text_option, Size
}
with_text! {
    /// [`Micros`] as a decimal string; a number is read, too.
    micros_text,
    /// [`Micros`] as a decimal string or `null`; a number is read, too.
    micros_text_option, Micros
}

/// A list of prices as JSON numbers.
pub mod prices {
    use super::*;
    use serde::ser::SerializeSeq;

    struct One<'a>(&'a Price);

    impl Serialize for One<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serialize_decimal(self.0, serializer)
        }
    }

    /// Writes an array of exact numbers.
    pub fn serialize<S: Serializer>(value: &[Price], serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(value.len()))?;
        for price in value {
            seq.serialize_element(&One(price))?;
        }
        seq.end()
    }

    /// Reads an array of numbers exactly.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Price>, D::Error> {
        let raw = Vec::<Box<RawValue>>::deserialize(deserializer)?;
        raw.iter().map(|r| Price::read(r.get().as_bytes()).map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        #[serde(with = "price")]
        price: Price,
        #[serde(with = "volume_option")]
        volume: Option<Volume>,
        #[serde(with = "micros")]
        vwap: Micros,
        #[serde(with = "prices")]
        closes: Vec<Price>,
    }

    #[test]
    fn keeps_the_digits() {
        let text = r#"{"price":0.1,"volume":1000000000000.00000001,"vwap":1.537,"closes":[1.5,150]}"#;
        let read: All = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let none: All = serde_json::from_str(r#"{"price":1,"volume":null,"vwap":0,"closes":[]}"#).unwrap();
        assert_eq!(none.volume, None);
        assert!(serde_json::from_str::<All>(r#"{"price":"1","volume":1,"vwap":0,"closes":[]}"#).is_err());
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Texts {
        #[serde(with = "price_text")]
        price: Price,
        #[serde(default, with = "micros_text_option")]
        percent: Option<Micros>,
    }

    #[test]
    fn decimal_strings_are_written_and_numbers_are_read_too() {
        let read = |text: &str| serde_json::from_str::<Texts>(text);
        let strings = read(r#"{"price":"190.00","percent":"2.5"}"#).unwrap();
        assert_eq!(strings, read(r#"{"price":190,"percent":2.50}"#).unwrap());
        assert_eq!(serde_json::to_string(&strings).unwrap(), r#"{"price":"190.00","percent":"2.5"}"#);
        assert_eq!(read(r#"{"price":"0.00000001","percent":null}"#).unwrap().price, Price::from_units(1));
        assert_eq!(read(r#"{"price":"0.00000001"}"#).unwrap().percent, None);
        for bad in [r#""""#, r#""a""#, r#"" 1""#, "null", "true", r#""\"1\"""#] {
            let told = read(&format!(r#"{{"price":{bad}}}"#)).unwrap_err().to_string();
            assert!(told.contains("a decimal is wanted"), "{bad}: {told}");
        }
    }

    #[test]
    fn per_cents_round_half_to_even() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        assert_eq!(Micros::percent_of(price("0.73"), price("149.5")), Some(Micros(488_294)));
        assert_eq!(Micros::percent_of(price("-1"), price("3")), Some(Micros(-33_333_333)));
        assert_eq!(Micros::percent_of(price("1"), Price::ZERO), None);
    }

    proptest! {
        #[test]
        fn goes_round(units in -i64::MAX..=i64::MAX, volume in -(10i128.pow(30))..10i128.pow(30), vwap in any::<i64>()) {
            let all = All {
                price: Price::from_units(units),
                volume: Some(Volume::from_units(volume)),
                vwap: Micros(vwap),
                closes: vec![Price::from_units(units)],
            };
            let text = serde_json::to_string(&all).unwrap();
            prop_assert_eq!(serde_json::from_str::<All>(&text).unwrap(), all);
        }
    }
}
