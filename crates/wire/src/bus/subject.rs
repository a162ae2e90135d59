//! The names of subjects, and symbols within them. Nothing else in the product spells a subject.
//!
//! | subject | what travels | how |
//! | --- | --- | --- |
//! | `P.log.FEED` | event batches | JetStream, kept |
//! | `P.universe.INSTANCE` | the list of instruments, in parts | JetStream, kept |
//! | `P.live.SYMBOL` | event batches of one symbol | core, may be lost |
//! | `P.interest.INSTANCE` | what an instance's viewers watch | core, repeated |
//! | `P.status.FEED` | how a feed is doing | core, repeated |
//! | `P.ask.interest`, `P.ask.status` | "say it again, I am new here" | core |
//! | `P.question` | a question to the feeds role | core, one answer |
//!
//! `P` is the configured prefix, so that two systems can share a server. The capital words are
//! one token each, escaped by [`token`](crate::bus::subject::token).

use market::Symbol;

/// One word of a subject that stands for any text, reversibly: letters, digits, `-` and `_` stand
/// for themselves, any other byte is `~` and two capital hexadecimal digits, and nothing at all is
/// a single `~`. So a dot never splits it and a wildcard never widens it.
///
/// ```
/// assert_eq!(wire::bus::subject::token("BRK.B"), "BRK~2EB");
/// assert_eq!(wire::bus::subject::token("BINANCE:BTCUSDT"), "BINANCE~3ABTCUSDT");
/// ```
pub fn token(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            let digit = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble & 15)]);
            out.extend(['~', digit(byte >> 4), digit(byte)]);
        }
    }
    if out.is_empty() { "~".into() } else { out }
}

/// The text of a [`token`]; `None` for anything [`token`] does not write.
pub fn untoken(token: &str) -> Option<String> {
    if token == "~" {
        return Some(String::new());
    }
    let mut out = Vec::with_capacity(token.len());
    let mut bytes = token.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'~' {
            let nibble = |b: u8| char::from(b).to_digit(16).filter(|_| !b.is_ascii_lowercase());
            let (high, low) = (nibble(bytes.next()?)?, nibble(bytes.next()?)?);
            // Two hexadecimal digits are below 256.
            out.push((high << 4 | low) as u8);
        } else {
            out.push(byte);
        }
    }
    let text = String::from_utf8(out).ok()?;
    // One spelling each: what stands for itself must not also be escaped.
    (!text.is_empty() && self::token(&text) == token).then_some(text)
}

/// The subjects under one prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subjects {
    prefix: String,
}

impl Subjects {
    /// Under a prefix, which is escaped to be one token.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: token(prefix) }
    }

    /// A name for a stream or the like; streams must not have dots in their names.
    pub fn stream(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }

    /// Where a feed's events are logged.
    pub fn log(&self, feed: &str) -> String {
        format!("{}.log.{}", self.prefix, token(feed))
    }

    /// The log of all feeds.
    pub fn log_all(&self) -> String {
        format!("{}.log.*", self.prefix)
    }

    /// Live values of a symbol.
    pub fn live(&self, symbol: &Symbol) -> String {
        format!("{}.live.{}", self.prefix, token(symbol.as_str()))
    }

    /// The list of instruments as an instance publishes it.
    pub fn universe(&self, instance: &str) -> String {
        format!("{}.universe.{}", self.prefix, token(instance))
    }

    /// The lists of all instances.
    pub fn universe_all(&self) -> String {
        format!("{}.universe.*", self.prefix)
    }

    /// What an instance's viewers watch.
    pub fn interest(&self, instance: &str) -> String {
        format!("{}.interest.{}", self.prefix, token(instance))
    }

    /// What everyone's viewers watch.
    pub fn interest_all(&self) -> String {
        format!("{}.interest.*", self.prefix)
    }

    /// How a feed is doing.
    pub fn status(&self, feed: &str) -> String {
        format!("{}.status.{}", self.prefix, token(feed))
    }

    /// How all feeds are doing.
    pub fn status_all(&self) -> String {
        format!("{}.status.*", self.prefix)
    }

    /// Asks every instance to report its interest again, in full.
    pub fn ask_interest(&self) -> String {
        format!("{}.ask.interest", self.prefix)
    }

    /// Asks every feed to report its status again.
    pub fn ask_status(&self) -> String {
        format!("{}.ask.status", self.prefix)
    }

    /// Questions to the feeds role.
    pub fn question(&self) -> String {
        format!("{}.question", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_one_plain_token(token: &str) -> bool {
        !token.is_empty()
            && token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'~'))
    }

    #[test]
    fn spells_subjects() {
        let subjects = Subjects::new("bellwether");
        let symbol = Symbol::new("IC MARKETS:1").unwrap();
        assert_eq!(subjects.live(&symbol), "bellwether.live.IC~20MARKETS~3A1");
        assert_eq!(subjects.log("finnhub"), "bellwether.log.finnhub");
        assert_eq!(Subjects::new("a.b").log_all(), "a~2Eb.log.*");
        assert_eq!(untoken("~2e"), None);
        assert_eq!(untoken("~41"), None, "A has one spelling");
        assert_eq!(untoken("~4"), None);
        assert_eq!(untoken("a.b"), None);
        assert_eq!(untoken(""), None);
    }

    proptest! {
        #[test]
        fn every_symbol_is_one_token_and_comes_back(
            text in "[A-Za-z0-9^]([-A-Za-z0-9._:/^=$+ ]{0,30}[-A-Za-z0-9._:/^=$+])?",
        ) {
            let symbol = Symbol::new(&text).unwrap();
            let token = token(symbol.as_str());
            prop_assert!(is_one_plain_token(&token), "{}", token);
            prop_assert_eq!(untoken(&token), Some(text));
        }

        #[test]
        fn any_text_is_one_token_and_comes_back(text in any::<String>()) {
            let token = token(&text);
            prop_assert!(is_one_plain_token(&token), "{}", token);
            prop_assert_eq!(untoken(&token), Some(text));
        }

        #[test]
        fn reading_a_token_never_panics(text in any::<String>()) {
            if let Some(read) = untoken(&text) {
                prop_assert_eq!(token(&read), text);
            }
        }
    }
}
