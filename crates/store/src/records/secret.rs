//! What somebody shows to be let in: a login's cookie, an API key, the end of a link.

use std::fmt;

/// 256 random bits as text, with a prefix that says what it is for. Never stored and never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Writes random bits as 64 hexadecimal digits behind a prefix.
    #[must_use]
    pub fn new(prefix: &str, random: [u8; 32]) -> Self {
        let mut text = String::with_capacity(prefix.len() + 64);
        text.push_str(prefix);
        for byte in random {
            text.extend(
                [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
            );
        }
        Self(text)
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The BLAKE3 hash of a [`Secret`]. A fast hash is right here: 256 random bits cannot be guessed, however fast
/// one guesses. Looking for it in an index tells nothing about the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Of the text as it was shown.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(*blake3::hash(text.as_bytes()).as_bytes())
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_written_whole_and_shown_never() {
        let mut random = [0; 32];
        (random[0], random[31]) = (0xa5, 0x0f);
        let secret = Secret::new("bwk_", random);
        assert_eq!(secret.text(), format!("bwk_a5{}0f", "00".repeat(30)));
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert_eq!(secret.hash(), SecretHash::of(secret.text()));
        assert_ne!(secret.hash(), SecretHash::of("bwk_"));
    }
}
