//! Sale conditions: which trades move which figures.
//!
//! Source of the table: the processing guidelines of the consolidated US tapes (CTA, UTP).
//! A trade with several letters moves a figure only if every letter allows it; no letters,
//! blanks and `@` mean a regular sale.

use std::fmt;

/// The set of sale-condition letters of a trade.
///
/// A bit a letter: `@` is the absence of all bits, `A` to `Z` are bits 0 to 25, `0` to `9` bits
/// 26 to 35, and bit 63 records that some letter was not one of these.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Conditions(u64);

const UNKNOWN: u64 = 1 << 63;

const fn bit(letter: u8) -> u64 {
    match letter {
        b'A'..=b'Z' => 1 << (letter - b'A'),
        b'0'..=b'9' => 1 << (26 + letter - b'0'),
        b'@' | b' ' => 0,
        _ => UNKNOWN,
    }
}

const fn mask(letters: &[u8]) -> u64 {
    let mut bits = 0;
    let mut at = 0;
    while at < letters.len() {
        bits |= bit(letters[at]);
        at += 1;
    }
    bits
}

/// Letters the table lists; any other counts as regular, and is counted.
const KNOWN: u64 = mask(b"ABCDEFGHIKLMNOPQRSTUVWXYZ1456789");
const NOT_LAST: u64 = mask(b"CGHIMNPQRTUVWZ47");
const NOT_HIGH_LOW: u64 = mask(b"CHIMNQTUVW7");
const NOT_VOLUME: u64 = mask(b"MQ9");
const FORM_T: u64 = mask(b"T");
const AUCTION_PRINT: u64 = mask(b"O6");

/// Which figures a trade may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eligibility {
    /// The last price, and so a bar's open, close and vwap.
    pub last: bool,
    /// High and low.
    pub high_low: bool,
    /// Volume and the count of trades.
    pub volume: bool,
}

impl Conditions {
    /// A regular sale.
    pub const REGULAR: Self = Self(0);

    /// From letters as the tapes write them, such as `FTI` or `@ O`.
    pub fn from_letters(letters: &[u8]) -> Self {
        letters.iter().fold(Self(0), |set, &letter| set.with(letter))
    }

    /// With one more letter.
    #[must_use]
    pub const fn with(self, letter: u8) -> Self {
        Self(self.0 | bit(letter))
    }

    /// With the letter of a numeric condition id of the Polygon and Finnhub feeds.
    ///
    /// An id without a letter in the table counts as an unknown letter.
    #[must_use]
    pub const fn with_numeric(self, id: u32) -> Self {
        let letter = match id {
            0 => b'@',
            1 => b'A',
            2 => b'W',
            3 => b'E',
            4 => b'B',
            5 => b'G',
            7 => b'C',
            8 => b'6',
            9 => b'X',
            10 => b'4',
            11 => b'D',
            12 => b'T',
            13 => b'U',
            14 => b'F',
            15 => b'M',
            16 => b'Q',
            20 => b'N',
            21 => b'H',
            22 => b'P',
            23 => b'K',
            25 => b'O',
            27 => b'1',
            28 => b'5',
            29 => b'R',
            30 => b'L',
            33 => b'Z',
            34 => b'S',
            36 => b'Y',
            37 => b'I',
            38 => b'9',
            52 => b'V',
            53 => b'7',
            _ => return Self(self.0 | UNKNOWN),
        };
        self.with(letter)
    }

    /// The bits, for storage and transport inside this product.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// From stored bits.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Has this letter.
    pub const fn has(self, letter: u8) -> bool {
        let bit = bit(letter);
        bit != 0 && self.0 & bit == bit
    }

    /// Some letter is not in the table; it counts as regular.
    pub const fn has_unknown(self) -> bool {
        self.0 & !KNOWN != 0
    }

    /// An opening or closing print (`O`, `6`), which belongs to the regular session whenever it is reported.
    pub const fn is_auction_print(self) -> bool {
        self.0 & AUCTION_PRINT != 0
    }

    /// What the table allows.
    pub const fn eligibility(self) -> Eligibility {
        Eligibility {
            last: self.0 & NOT_LAST == 0,
            high_low: self.0 & NOT_HIGH_LOW == 0,
            volume: self.0 & NOT_VOLUME == 0,
        }
    }

    /// A trade with these may move the last price, which lives before and after the session too: by the
    /// table, or outside regular hours with `T` as a regular sale. Whether the trade's own time is in the
    /// regular session is asked only where it matters.
    pub fn may_move_last(self, is_regular: impl FnOnce() -> bool) -> bool {
        self.eligibility().last
            || (self.eligibility_extended().last && !self.is_auction_print() && !is_regular())
    }

    /// What the table allows when `T` counts as regular, as it does outside regular hours in the
    /// `extended` session.
    pub const fn eligibility_extended(self) -> Eligibility {
        Self(self.0 & !FORM_T).eligibility()
    }
}

impl fmt::Debug for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Conditions {
    /// The letters in order, `@` for a regular sale, `?` for an unknown letter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("@");
        }
        for letter in (b'A'..=b'Z').chain(b'0'..=b'9') {
            if self.has(letter) {
                write!(f, "{}", char::from(letter))?;
            }
        }
        if self.0 & UNKNOWN != 0 {
            f.write_str("?")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table once more, row by row, as the reference page writes it.
    const TABLE: &str = "
        @ yes yes yes|A yes yes yes|B yes yes yes|C no no yes|D yes yes yes|E yes yes yes
        F yes yes yes|G no yes yes|H no no yes|I no no yes|K yes yes yes|L yes yes yes
        M no no no|N no no yes|O yes yes yes|P no yes yes|Q no no no|R no yes yes
        S yes yes yes|T no no yes|U no no yes|V no no yes|W no no yes|X yes yes yes
        Y yes yes yes|Z no yes yes|1 yes yes yes|4 no yes yes|5 yes yes yes|6 yes yes yes
        7 no no yes|8 yes yes yes|9 yes yes no";

    #[test]
    fn follows_the_table_letter_by_letter() {
        let rows: Vec<&str> = TABLE.split(['|', '\n']).map(str::trim).filter(|r| !r.is_empty()).collect();
        assert_eq!(rows.len(), 33);
        for row in rows {
            let mut words = row.split(' ');
            let letter = words.next().unwrap();
            let [last, high_low, volume] = [(); 3].map(|()| words.next() == Some("yes"));
            let conditions = Conditions::from_letters(letter.as_bytes());
            assert_eq!(conditions.eligibility(), Eligibility { last, high_low, volume }, "{letter}");
            assert!(!conditions.has_unknown(), "{letter}");
        }
    }

    #[test]
    fn every_letter_must_allow_it() {
        let both = Conditions::from_letters(b"FTI");
        assert_eq!(both.eligibility(), Eligibility { last: false, high_low: false, volume: true });
        assert_eq!(both.to_string(), "FIT");
        assert!(Conditions::from_letters(b"FT").eligibility_extended().last);
        assert!(!Conditions::from_letters(b"TI").eligibility_extended().last);
    }

    #[test]
    fn unknown_letters_count_as_regular_and_are_told() {
        for odd in [&b"J"[..], b"2", b"x", b"\xff"] {
            let conditions = Conditions::from_letters(odd);
            assert_eq!(conditions.eligibility(), Conditions::REGULAR.eligibility());
            assert!(conditions.has_unknown());
        }
        assert!(Conditions::REGULAR.with_numeric(99).has_unknown());
        assert!(Conditions::REGULAR.with_numeric(12).has(b'T'));
        assert_eq!(Conditions::from_letters(b" @ "), Conditions::REGULAR);
    }
}
