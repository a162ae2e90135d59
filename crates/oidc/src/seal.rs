//! What a browser keeps for us: it can neither read nor change it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::Fault;

/// The longest text that is opened, in bytes.
const TEXT_BYTES_MAX: usize = 4_096;

/// Seals with a key that servers share and nobody else has.
pub struct Seal {
    key: LessSafeKey,
    /// What it is for: what was sealed for something else does not open.
    purpose: &'static str,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl Seal {
    /// Random bytes for a key.
    ///
    /// # Errors
    /// [`Fault::Random`].
    pub fn new_key() -> Result<[u8; 32], Fault> {
        let mut key = [0; 32];
        SystemRandom::new().fill(&mut key).map_err(|_| Fault::Random)?;
        Ok(key)
    }

    /// With this key; `None` where it has another length than [`new_key`](Self::new_key) makes.
    pub fn new(key: &[u8], purpose: &'static str) -> Option<Self> {
        let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?);
        Some(Self { key, purpose })
    }

    /// A text of letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// [`Fault::Random`].
    pub fn seal(&self, plain: &[u8]) -> Result<String, Fault> {
        let mut nonce = [0; NONCE_LEN];
        // Random ones of 96 bits are good for billions of seals.
        SystemRandom::new().fill(&mut nonce).map_err(|_| Fault::Random)?;
        let mut sealed = plain.to_vec();
        let aad = Aad::from(self.purpose.as_bytes());
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(unique, aad, &mut sealed).map_err(|_| Fault::Random)?;
        Ok(BASE64.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed, if it was sealed with this key and for this.
    pub fn open(&self, text: &str) -> Option<Vec<u8>> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let bytes = BASE64.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let plain = self.key.open_in_place(nonce, Aad::from(self.purpose.as_bytes()), &mut sealed).ok()?;
        Some(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_opens() {
        let key = Seal::new_key().unwrap();
        let seal = Seal::new(&key, "tea").unwrap();
        let text = seal.seal(b"milk first").unwrap();
        assert_eq!(seal.open(&text).as_deref(), Some(&b"milk first"[..]));
        assert_ne!(seal.seal(b"milk first").unwrap(), text);
        assert_eq!(Seal::new(&key, "coffee").unwrap().open(&text), None);
        assert_eq!(Seal::new(&Seal::new_key().unwrap(), "tea").unwrap().open(&text), None);
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(seal.open(std::str::from_utf8(&other).unwrap()), None, "{at}");
        }
        for bad in ["", "A", "AAAAAAAAAAAAAAAA", "ä", &"A".repeat(5_000)] {
            assert_eq!(seal.open(bad), None);
        }
        assert!(Seal::new(&[1; 31], "tea").is_none());
    }
}
