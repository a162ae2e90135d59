//! Places in a list, as clients carry them: opaque to them, and checked when they come back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use market::Timestamp;

use super::problem::Refusal;

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cursor {
    /// After so many results.
    Offset(usize),
    /// Bars from this start on.
    From(Timestamp),
    /// Bars that start before this.
    Before(Timestamp),
}

impl Cursor {
    /// The text a client carries.
    pub(super) fn encode(self) -> String {
        let plain = match self {
            Self::Offset(offset) => format!("o{offset}"),
            Self::From(time) => format!("f{}", time.nanos()),
            Self::Before(time) => format!("b{}", time.nanos()),
        };
        URL_SAFE_NO_PAD.encode(plain)
    }

    /// Reads what a client brought back.
    pub(super) fn decode(text: &str) -> Result<Self, Refusal> {
        Self::read(text).ok_or_else(|| Refusal::bad_request("cursor must be the next_cursor of an answer"))
    }

    fn read(text: &str) -> Option<Self> {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let time = |text: &str| text.parse().ok().map(Timestamp::from_nanos);
        match (plain.get(..1)?, plain.get(1..)?) {
            ("o", offset) => offset.parse().ok().map(Self::Offset),
            ("f", nanos) => time(nanos).map(Self::From),
            ("b", nanos) => time(nanos).map(Self::Before),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_round_and_refuses_the_rest() {
        for cursor in [
            Cursor::Offset(40),
            Cursor::From(Timestamp::from_nanos(-1)),
            Cursor::Before(Timestamp::from_nanos(i64::MAX)),
        ] {
            assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }
        for bad in ["", "x", "====", "bzQw!", &URL_SAFE_NO_PAD.encode("é1"), &URL_SAFE_NO_PAD.encode("o-1")]
        {
            assert!(Cursor::decode(bad).is_err(), "{bad}");
        }
    }
}
