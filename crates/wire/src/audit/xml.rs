//! Text and numbers as XML.

use std::fmt;

use ledger::money::UNITS_PER_CENT;
use market::Price;
use market::decimal::write_u64;

/// Appends text, with `&`, `<` and `>` as references and every character that XML 1.0 forbids
/// as U+FFFD.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    let mut plain_from = 0;
    for (at, c) in text.char_indices() {
        let instead = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            // A reader would make a line feed of it.
            '\r' => "&#13;",
            '\t' | '\n' => continue,
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}",
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[plain_from..at]);
        out.extend_from_slice(instead.as_bytes());
        plain_from = at + c.len_utf8();
    }
    out.extend_from_slice(&text.as_bytes()[plain_from..]);
}

/// What can be displayed is text.
pub(super) struct Text<'a>(pub(super) &'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_text(text, self.0);
        Ok(())
    }
}

/// Appends a number.
pub(super) fn write_i64(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_u64(value.unsigned_abs(), out);
}

/// Appends dollars with both digits of the cents.
pub(super) fn write_cents(cents: i64, out: &mut Vec<u8>) {
    if cents < 0 {
        out.push(b'-');
    }
    let magnitude = cents.unsigned_abs();
    write_u64(magnitude / 100, out);
    let rest = (magnitude % 100) as u8;
    out.extend_from_slice(&[b'.', b'0' + rest / 10, b'0' + rest % 10]);
}

/// Appends a price with all its digits and at least both of the cents.
pub(super) fn write_price(price: Price, out: &mut Vec<u8>) {
    if price.units() % UNITS_PER_CENT == 0 {
        write_cents(price.units() / UNITS_PER_CENT, out);
    } else {
        price.write(out);
    }
}
