//! The direct reading of a trade frame: one pass from text to fixed-point.
//!
//! It knows the compact form the provider writes, with a record's members in any order, and
//! nothing more. At anything else (white space, escapes, signs, exponents, more than eight
//! decimals, further members) it gives up without a trace and the full parser decides. What
//! it does accept, it reads exactly as the full parser would.

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
    let records = records.strip_suffix(tail)?;
    let mark = sink.mark();
    let mut cursor = Cursor { rest: records, last: None };
    let read = cursor.records(sink);
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
    fn records(&mut self, sink: &mut Sink<'_>) -> Option<FrameKind> {
        if self.rest.is_empty() {
            return Some(FrameKind::Trades);
        }
        loop {
            let raw = self.record(sink)?;
            sink.push(raw);
            if self.rest.is_empty() {
                return Some(FrameKind::Trades);
            }
            self.expect(b',')?;
        }
    }

    #[inline]
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

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    #[inline]
    fn symbol(&mut self, sink: &Sink<'_>) -> Option<Option<SymbolId>> {
        self.expect(b'"')?;
        let end = self.rest.iter().position(|b| *b == b'"')?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        if let Some((last, id)) = self.last
            && last == text
        {
            return Some(id);
        }
        // An escape, a control character or a byte beyond ASCII needs the full parser's rules.
        if text.iter().any(|b| !(0x20..0x7f).contains(b) || *b == b'\\') {
            return None;
        }
        let id = sink.id(text);
        self.last = Some((text, id));
        Some(id)
    }

    /// A JSON number without sign and exponent, with at most eight decimals, in units of 10⁻⁸.
    #[inline]
    fn units(&mut self) -> Option<i64> {
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

    #[inline]
    fn millis(&mut self) -> Option<i64> {
        let (value, at) = match eight(self.rest) {
            // Every time since 1973 has twelve digits or more: take eight in one step.
            Some(head) if head >= 10_000_000 => {
                let tail = &self.rest[8..];
                let mut value = head;
                let mut n = 0;
                while let Some(digit) = tail.get(n).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
                    value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
                    n += 1;
                }
                if n > 8 {
                    return None;
                }
                (value, 8 + n)
            }
            _ => digits(self.rest)?,
        };
        self.rest = &self.rest[at..];
        i64::try_from(value).ok()
    }

    #[inline]
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
            self.expect(b'"')?;
            let (id, at) = digits(self.rest)?;
            set = set.with_numeric(u32::try_from(id).ok()?);
            self.rest = &self.rest[at..];
            self.expect(b'"')?;
            match self.next()? {
                b',' => {}
                b']' => return Some(set),
                _ => return None,
            }
        }
    }
}

/// One to ten digits without a leading zero, and how many they are.
#[inline]
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

/// The value of the first eight bytes if all are digits: three multiplications for eight digits.
#[inline]
fn eight(text: &[u8]) -> Option<u64> {
    let word = u64::from_le_bytes(*text.first_chunk::<8>()?);
    let above = word.wrapping_add(0x4646_4646_4646_4646);
    let below = word.wrapping_sub(0x3030_3030_3030_3030);
    if (above | below) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = (below.wrapping_mul(10)).wrapping_add(below >> 8);
    let low = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    Some(low.wrapping_add(high) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_eight_digits_at_once() {
        assert_eq!(eight(b"17000000123"), Some(17_000_000));
        assert_eq!(eight(b"12345678"), Some(12_345_678));
        assert_eq!(eight(b"00000000"), Some(0));
        for bad in [&b"1234567"[..], b"1234567,", b"1234567:", b"/2345678", b"1234.678", b"\xff2345678"] {
            assert_eq!(eight(bad), None, "{bad:?}");
        }
        for value in (0..100_000_000u64).step_by(7_919) {
            assert_eq!(eight(format!("{value:08}").as_bytes()), Some(value));
        }
    }

    #[test]
    fn gives_up_on_numbers_it_cannot_vouch_for() {
        let units = |text: &str| Cursor { rest: text.as_bytes(), last: None }.units();
        assert_eq!(units("190.12,"), Some(19_012_000_000));
        assert_eq!(units("0.00000001"), Some(1));
        assert_eq!(units("0"), Some(0));
        assert_eq!(units("92233720368.54775807"), None);
        assert_eq!(units("9223372036.85477580"), Some(922_337_203_685_477_580));
        for odd in
            ["", "-1", "01", "1.", ".5", "1.123456789", "12345678901", "1.2345678901234567890123456789"]
        {
            assert_eq!(units(odd), None, "{odd}");
        }
    }
}
