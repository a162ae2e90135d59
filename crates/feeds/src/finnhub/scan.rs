//! The direct reading of a trade frame: one pass from text to fixed-point.
//!
//! It knows the compact form the provider writes, with a record's members in any order, and
//! nothing more. At anything else (white space, escapes, signs, exponents, more than eight
//! decimals, further members) it gives up without a trace and the full parser decides. What
//! it does accept, it reads exactly as the full parser would.
//!
//! Inlining is forced: the cursor then lives in registers, which is worth a tenth of the whole.

use market::decimal::{PLACES, SCALE};
use market::{Conditions, Price, Size, SymbolId};

use super::parse::{FrameKind, Raw, Sink};

/// Bits of the members seen in a record.
const S: u8 = 1;
const P: u8 = 2;
const T: u8 = 4;
const V: u8 = 8;
const C: u8 = 16;

const POWERS: [u64; PLACES + 1] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, SCALE.unsigned_abs()];

/// Reads a frame, or gives up with the sink as it was.
pub(super) fn frame(text: &[u8], sink: &mut Sink<'_>) -> Option<FrameKind> {
    if text == br#"{"type":"ping"}"# {
        return Some(FrameKind::Ping);
    }
    // Either order of the two outer members is in use.
    let (records, tail): (&[u8], &[u8]) = if let Some(rest) = text.strip_prefix(br#"{"data":["#) {
        (rest, br#"],"type":"trade"}"#)
    } else {
        (text.strip_prefix(br#"{"type":"trade","data":["#)?, b"]}")
    };
    let mark = sink.mark();
    let mut cursor = Cursor { rest: records, last: None };
    let read = cursor.records(tail, sink);
    if read.is_none() {
        sink.undo(mark);
    }
    read
}

struct Cursor<'t> {
    rest: &'t [u8],
    /// The record before: trades of a frame often share their symbol.
    last: Option<(&'t [u8], Option<SymbolId>)>,
}

impl<'t> Cursor<'t> {
    fn records(&mut self, tail: &[u8], sink: &mut Sink<'_>) -> Option<FrameKind> {
        if self.rest == tail {
            return Some(FrameKind::Trades);
        }
        loop {
            let raw = self.record(sink)?;
            sink.push(raw);
            match self.rest.first()? {
                b',' => self.rest = &self.rest[1..],
                _ => return (self.rest == tail).then_some(FrameKind::Trades),
            }
        }
    }

    #[inline(always)]
    fn record(&mut self, sink: &Sink<'_>) -> Option<Raw> {
        let mut raw =
            Raw { symbol: None, price: None, size: None, time_millis: None, conditions: Conditions::REGULAR };
        let mut seen = 0;
        self.expect(b'{')?;
        loop {
            let [b'"', name, b'"', b':', rest @ ..] = self.rest else { return None };
            self.rest = rest;
            let member = match name {
                b's' => {
                    raw.symbol = self.symbol(sink)?;
                    S
                }
                b'p' => {
                    raw.price = Some(Price::from_units(self.units()?));
                    P
                }
                b't' => {
                    raw.time_millis = Some(self.millis()?);
                    T
                }
                b'v' => {
                    raw.size = Some(Size::from_units(self.units()?));
                    V
                }
                b'c' => {
                    raw.conditions = self.conditions()?;
                    C
                }
                _ => return None,
            };
            if seen & member != 0 {
                return None;
            }
            seen |= member;
            match self.next()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        // Without a symbol the full parser calls the record malformed; let it.
        (seen & S != 0).then_some(raw)
    }

    #[inline(always)]
    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    #[inline(always)]
    fn symbol(&mut self, sink: &Sink<'_>) -> Option<Option<SymbolId>> {
        self.expect(b'"')?;
        // Most symbols and their closing quote lie within eight bytes: take them as one word.
        if let Some((word, len)) = quoted_word(self.rest) {
            let id = sink.id_of_word(word, len);
            let text = &self.rest[..len];
            self.rest = &self.rest[len + 1..];
            // What is held is a plain symbol; only a stranger's characters need a look.
            return (id.is_some() || plain(text)).then_some(id);
        }
        let end = self.rest.iter().position(|b| *b == b'"')?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        if let Some((last, id)) = self.last
            && last == text
        {
            return Some(id);
        }
        if !plain(text) {
            return None;
        }
        let id = sink.id(text);
        self.last = Some((text, id));
        Some(id)
    }

    /// A JSON number without sign and exponent, with at most eight decimals, in units of 10⁻⁸.
    #[inline(always)]
    fn units(&mut self) -> Option<i64> {
        match self.units_by_word() {
            Some((units, at)) => {
                self.rest = &self.rest[at..];
                Some(units)
            }
            None => self.units_by_digit(),
        }
    }

    /// At most seven digits before the point and eight after, with eight bytes to load for each.
    #[inline(always)]
    fn units_by_word(&self) -> Option<(i64, usize)> {
        let text = self.rest;
        let (whole, n) = leading(text)?;
        if n == 0 || n == 8 || (n > 1 && text[0] == b'0') {
            return None;
        }
        // Below 10⁷ × 10⁸.
        let units = whole * POWERS[PLACES];
        if text[n] != b'.' {
            return Some((units as i64, n));
        }
        let (fraction, places) = leading(&text[n + 1..])?;
        let at = n + 1 + places;
        if places == 0 || text.get(at).is_none_or(u8::is_ascii_digit) {
            return None;
        }
        Some(((units + fraction * POWERS[PLACES - places]) as i64, at))
    }

    fn units_by_digit(&mut self) -> Option<i64> {
        let text = self.rest;
        let (whole, mut at) = digits(text)?;
        let (mut mantissa, mut places) = (whole, 0);
        if text.get(at) == Some(&b'.') {
            at += 1;
            let start = at;
            while let Some(digit) = text.get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
                // Nine decimals are given up below, so this stays within the type: the whole part
                // has at most ten digits.
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
                at += 1;
            }
            places = at - start;
            if places == 0 {
                return None;
            }
        }
        // Past eight decimals it takes rounding: the full parser's business.
        let factor = POWERS.get(PLACES.checked_sub(places)?)?;
        let units = mantissa.checked_mul(*factor)?;
        self.rest = &text[at..];
        i64::try_from(units).ok()
    }

    #[inline(always)]
    fn millis(&mut self) -> Option<i64> {
        // Every time since 1973 has twelve digits or more, and none has sixteen.
        if let Some((head, 8)) = leading(self.rest)
            && head >= POWERS[7]
            && let Some((tail, n @ 0..8)) = leading(&self.rest[8..])
        {
            self.rest = &self.rest[8 + n..];
            return i64::try_from(head * POWERS[n] + tail).ok();
        }
        let (value, at) = digits(self.rest)?;
        self.rest = &self.rest[at..];
        i64::try_from(value).ok()
    }

    #[inline(always)]
    fn conditions(&mut self) -> Option<Conditions> {
        if let Some(rest) = self.rest.strip_prefix(b"null") {
            self.rest = rest;
            return Some(Conditions::REGULAR);
        }
        self.expect(b'[')?;
        if let [b']', rest @ ..] = self.rest {
            self.rest = rest;
            return Some(Conditions::REGULAR);
        }
        let mut set = Conditions::REGULAR;
        loop {
            // The ids in use have one digit or two: look at those whole.
            let (id, rest) = match self.rest {
                [b'"', a @ b'0'..=b'9', b'"', rest @ ..] => (u32::from(a - b'0'), rest),
                [b'"', a @ b'1'..=b'9', b @ b'0'..=b'9', b'"', rest @ ..] => {
                    (u32::from(a - b'0') * 10 + u32::from(b - b'0'), rest)
                }
                _ => return None,
            };
            set = set.with_numeric(id);
            let (&next, rest) = rest.split_first()?;
            self.rest = rest;
            match next {
                b',' => {}
                b']' => return Some(set),
                _ => return None,
            }
        }
    }
}

/// One to ten digits without a leading zero, and how many they are.
#[inline(always)]
fn digits(text: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    let mut at = 0;
    while let Some(digit) = text.get(at).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    // Eleven digits of anything but time are out of range in any case.
    let plain = (1..=10).contains(&at) && (at == 1 || text[0] != b'0');
    plain.then_some((value, at))
}

/// No escape, control character or byte beyond ASCII, which would need the full parser's rules.
fn plain(text: &[u8]) -> bool {
    text.iter().all(|b| (0x20..0x7f).contains(b) && *b != b'\\')
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The bytes before a quote among the first eight, as one little-endian word, and their number.
#[inline(always)]
fn quoted_word(text: &[u8]) -> Option<(u64, usize)> {
    let word = u64::from_le_bytes(*text.first_chunk::<8>()?);
    let hit = word ^ (ONES * u64::from(b'"'));
    // The lowest high bit marks the first zero byte of `hit`; those above it may be false.
    let marks = hit.wrapping_sub(ONES) & !hit & HIGHS;
    if marks == 0 {
        return None;
    }
    let bits = marks.trailing_zeros() - 7;
    Some((word & !(u64::MAX << bits), bits as usize / 8))
}

/// The value of the digits that the first eight bytes begin with, and their number, without a branch
/// a digit; `None` when there are not eight bytes to load.
#[inline(always)]
fn leading(text: &[u8]) -> Option<(u64, usize)> {
    let word = u64::from_le_bytes(*text.first_chunk::<8>()?);
    // A digit becomes its value, anything else ten or more.
    let values = word ^ (ONES * u64::from(b'0'));
    let others = (((values & !HIGHS) + ONES * 0x76) | values) & HIGHS;
    let n = others.trailing_zeros() / 8;
    if n == 0 {
        return Some((0, 0));
    }
    // The digits move to the end of the word and zeros before them; what followed them drops out.
    let values = values << (64 - 8 * n);
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let low = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    Some((low.wrapping_add(high) >> 32, n as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_leading_digits_at_once() {
        assert_eq!(leading(b"17000000123"), Some((17_000_000, 8)));
        assert_eq!(leading(b"00000000"), Some((0, 8)));
        assert_eq!(leading(b"190.12,x"), Some((190, 3)));
        assert_eq!(leading(b",1234567"), Some((0, 0)));
        assert_eq!(leading(b"1234567"), None);
        for byte in (0..=255u8).filter(|b| !b.is_ascii_digit()) {
            for at in 0..8 {
                let mut text = *b"98765432";
                text[at] = byte;
                let value = text[..at].iter().fold(0, |v, b| v * 10 + u64::from(b - b'0'));
                assert_eq!(leading(&text), Some((value, at)), "{byte:#x} at {at}");
            }
        }
        for value in (0..100_000_000u64).step_by(7_919) {
            assert_eq!(leading(format!("{value:08}").as_bytes()), Some((value, 8)));
        }
    }

    #[test]
    fn finds_the_quote_within_a_word() {
        for (text, expected) in [
            (&b"AAPL\",\"t\""[..], Some((&b"AAPL"[..], 4))),
            (b"\"1234567", Some((b"", 0))),
            (b"1234567\"", Some((b"1234567", 7))),
            (b"A#!\"\"\"\"\"", Some((b"A#!", 3))),
            (b"12345678\"", None),
            (b"\xa2!\x22\x00\x01345", Some((b"\xa2!", 2))),
            (b"A\"", None),
        ] {
            let mut padded = [0; 8];
            let expected = expected.map(|(bytes, n): (&[u8], usize)| {
                padded[..n].copy_from_slice(bytes);
                (u64::from_le_bytes(padded), n)
            });
            assert_eq!(quoted_word(text), expected, "{text:?}");
        }
    }

    #[test]
    fn gives_up_on_numbers_it_cannot_vouch_for() {
        let units = |text: &str| Cursor { rest: text.as_bytes(), last: None }.units();
        let both = |text: &str| {
            // With and without enough bytes behind it for whole words.
            let short = units(text);
            assert_eq!(short, units(&format!("{text},                ")), "{text}");
            short
        };
        assert_eq!(both("190.12"), Some(19_012_000_000));
        assert_eq!(both("0.00000001"), Some(1));
        assert_eq!(both("0"), Some(0));
        assert_eq!(both("1234567.12345678"), Some(123_456_712_345_678));
        assert_eq!(both("12345678.5"), Some(1_234_567_850_000_000));
        assert_eq!(both("92233720368.54775807"), None);
        assert_eq!(both("9223372036.85477580"), Some(922_337_203_685_477_580));
        for odd in
            ["", "-1", "01", "1.", ".5", "1.123456789", "12345678901", "1.2345678901234567890123456789"]
        {
            assert_eq!(both(odd), None, "{odd}");
        }
    }
}
