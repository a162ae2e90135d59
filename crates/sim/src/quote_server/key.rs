//! The key at the end of an answer: its other fields, encrypted.
//!
//! The real keys are base64 of whole 8-byte blocks whose lengths fit the text
//! `price,symbol,user,time`; how they are made was never published. These are made by XTEA in
//! cipher-block chaining with the usual padding (as many bytes as are missing, each of that value, a
//! whole block where none is), so that their lengths are the real ones: 56 characters for a symbol of
//! three and a user of ten. It proves where a line comes from within a simulation, and hides nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hash;

const BLOCK: usize = 8;
const ROUNDS: u32 = 32;
const DELTA: u32 = 0x9e37_79b9;

/// Encrypts and decrypts under one key.
#[derive(Clone, Copy)]
pub(super) struct Cipher([u32; 4]);

impl Cipher {
    /// The cipher of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let [a, b] = [1, 2].map(|at| hash::draw(hash::mix(seed ^ 0xc1f3), at));
        Self([a as u32, (a >> 32) as u32, b as u32, (b >> 32) as u32])
    }

    /// Another one: what it makes does not pass for this one's.
    pub(super) const fn spoilt(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([!a, b, c, d])
    }

    /// The key that goes with a text, in base64.
    pub(super) fn seal(self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let missing = BLOCK - bytes.len() % BLOCK;
        bytes.resize(bytes.len() + missing, missing as u8);
        let mut before = [0; BLOCK];
        for block in bytes.as_chunks_mut::<BLOCK>().0 {
            *block = self.encrypt(xor(*block, before));
            before = *block;
        }
        STANDARD.encode(bytes)
    }

    /// The text that a key was made from; `None` when it was not made by this cipher.
    pub(super) fn open(self, key: &str) -> Option<String> {
        let mut bytes = STANDARD.decode(key).ok()?;
        let (blocks, []) = bytes.as_chunks_mut::<BLOCK>() else { return None };
        let mut before = [0; BLOCK];
        for block in blocks {
            let sealed = *block;
            *block = xor(self.decrypt(sealed), before);
            before = sealed;
        }
        let added = usize::from(*bytes.last()?);
        let length = bytes.len().checked_sub(added).filter(|_| (1..=BLOCK).contains(&added))?;
        let padding = bytes.split_off(length);
        let whole = padding.iter().all(|byte| usize::from(*byte) == added);
        whole.then(|| String::from_utf8(bytes).ok()).flatten()
    }

    fn encrypt(self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let (mut left, mut right) = halves(block);
        let mut sum = 0u32;
        for _ in 0..ROUNDS {
            left = left.wrapping_add(spread(right) ^ self.part(sum, sum));
            sum = sum.wrapping_add(DELTA);
            right = right.wrapping_add(spread(left) ^ self.part(sum, sum >> 11));
        }
        joined(left, right)
    }

    fn decrypt(self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let (mut left, mut right) = halves(block);
        let mut sum = DELTA.wrapping_mul(ROUNDS);
        for _ in 0..ROUNDS {
            right = right.wrapping_sub(spread(left) ^ self.part(sum, sum >> 11));
            sum = sum.wrapping_sub(DELTA);
            left = left.wrapping_sub(spread(right) ^ self.part(sum, sum));
        }
        joined(left, right)
    }

    const fn part(self, sum: u32, which: u32) -> u32 {
        sum.wrapping_add(self.0[(which & 3) as usize])
    }
}

const fn spread(half: u32) -> u32 {
    ((half << 4) ^ (half >> 5)).wrapping_add(half)
}

const fn halves([a, b, c, d, e, f, g, h]: [u8; BLOCK]) -> (u32, u32) {
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

const fn joined(left: u32, right: u32) -> [u8; BLOCK] {
    ((left as u64) << 32 | right as u64).to_be_bytes()
}

const fn xor(one: [u8; BLOCK], other: [u8; BLOCK]) -> [u8; BLOCK] {
    (u64::from_be_bytes(one) ^ u64::from_be_bytes(other)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_the_published_cipher() {
        let cipher = Cipher([0x0001_0203, 0x0405_0607, 0x0809_0a0b, 0x0c0d_0e0f]);
        let sealed = cipher.encrypt(*b"ABCDEFGH");
        assert_eq!(sealed, [0x49, 0x7d, 0xf3, 0xd0, 0x72, 0x61, 0x2c, 0xb5]);
        assert_eq!(cipher.decrypt(sealed), *b"ABCDEFGH");
    }

    #[test]
    fn has_the_length_of_the_real_ones() {
        let cipher = Cipher::new(1);
        // The text of the course's example log, and the ends of the prices with a user of ten.
        for text in [
            "10.00,ABC,jiosesdo,1167631203000",
            "1.0,ABC,oY01WVirLr,1578000000000",
            "46.7,ABC,oY01WVirLr,1578000000000",
            "4999.07,ABC,oY01WVirLr,1578000000000",
        ] {
            assert_eq!(cipher.seal(text).len(), 56, "{text}");
        }
    }

    proptest! {
        #[test]
        fn opens_what_it_sealed_and_nothing_else(seed: u64, text in "[ -~]{0,60}", other in "[ -~]{0,80}") {
            let cipher = Cipher::new(seed);
            let key = cipher.seal(&text);
            prop_assert_eq!(cipher.open(&key), Some(text.clone()));
            prop_assert_ne!(cipher.spoilt().open(&key), Some(text.clone()));
            prop_assert_ne!(cipher.open(&other), Some(text));
        }
    }
}
