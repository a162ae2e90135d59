//! From a provider's symbol text to our number, for what is subscribed: small and quick.

use market::symbol::SYMBOL_BYTES_MAX;
use market::{Symbol, SymbolId};

/// Text to id, open addressing over padded keys.
///
/// Every trade asks it, so it hashes whole words and compares padded keys; a standard map with
/// its keyed hash costs several times as much.
#[derive(Debug, Default, Clone)]
pub struct SymbolMap {
    /// A power of two, at most half full; empty before the first insertion.
    slots: Vec<Option<(Key, SymbolId)>>,
    len: usize,
}

/// Text padded with zeros, and its length: a text that ends in a zero byte is another text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    words: [u64; SYMBOL_BYTES_MAX / 8],
    len: usize,
}

#[inline]
fn key(text: &[u8]) -> Option<Key> {
    let mut words = [0; SYMBOL_BYTES_MAX / 8];
    // Nearly every symbol fits one word: build it without a copy of variable length.
    if text.len() <= 8 {
        let word = text.iter().rev().fold(0u64, |word, &b| (word << 8) | u64::from(b));
        words[0] = word;
        return Some(Key { words, len: text.len() });
    }
    if text.len() > SYMBOL_BYTES_MAX {
        return None;
    }
    for (word, chunk) in words.iter_mut().zip(text.chunks(8)) {
        *word = chunk.iter().rev().fold(0u64, |word, &b| (word << 8) | u64::from(b));
    }
    Some(Key { words, len: text.len() })
}

#[inline]
fn hash(key: &Key) -> usize {
    // Multiplicative mixing; the high bits are the good ones. Short symbols need one step.
    let mix = |h: u64| h.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut mixed = mix(key.words[0]);
    if key.len > 8 {
        mixed = key.words[1..].iter().fold(mixed, |h, w| mix(h.rotate_left(5) ^ w));
    }
    (mixed >> 32) as usize
}

impl SymbolMap {
    /// Adds or replaces a symbol.
    pub fn insert(&mut self, symbol: &Symbol, id: SymbolId) {
        let Some(key) = key(symbol.as_bytes()) else { return };
        if (self.len + 1) * 2 > self.slots.len() {
            self.grow();
        }
        self.put(key, id);
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let old = std::mem::replace(&mut self.slots, vec![None; size]);
        self.len = 0;
        for (key, id) in old.into_iter().flatten() {
            self.put(key, id);
        }
    }

    fn put(&mut self, key: Key, id: SymbolId) {
        let mask = self.slots.len() - 1;
        let mut at = hash(&key) & mask;
        loop {
            match &mut self.slots[at] {
                Some((held, old)) if *held == key => {
                    *old = id;
                    return;
                }
                Some(_) => at = (at + 1) & mask,
                empty => {
                    *empty = Some((key, id));
                    self.len += 1;
                    return;
                }
            }
        }
    }

    /// Takes a symbol out.
    pub fn remove(&mut self, symbol: &Symbol) {
        let Some(mut hole) = self.find(symbol.as_bytes()) else { return };
        let mask = self.slots.len() - 1;
        self.len -= 1;
        // Close the hole: whatever probed past it moves back, so that no tombstone is needed.
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let Some((key, _)) = &self.slots[at] else { break };
            let home = hash(key) & mask;
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
        }
        self.slots[hole] = None;
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.len = 0;
    }

    /// The id of a text, if it is subscribed.
    #[inline]
    pub fn get(&self, text: &[u8]) -> Option<SymbolId> {
        self.find(text).and_then(|at| self.slots[at]).map(|(_, id)| id)
    }

    /// As [`Self::get`], for a text of at most eight bytes that is already one little-endian word.
    #[inline]
    pub(crate) fn get_word(&self, word: u64, len: usize) -> Option<SymbolId> {
        let key = Key { words: [word, 0, 0, 0], len };
        self.find_key(&key).and_then(|at| self.slots[at]).map(|(_, id)| id)
    }

    #[inline]
    fn find(&self, text: &[u8]) -> Option<usize> {
        self.find_key(&key(text)?)
    }

    #[inline]
    fn find_key(&self, key: &Key) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = hash(key) & mask;
        // Ends: the table is at most half full.
        while let Some((held, _)) = &self.slots[at] {
            if held == key {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// How many symbols are held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn agrees_with_a_standard_map(
            steps in proptest::collection::vec(("[A-Z]{1,2}|[A-Z]{4}:[A-Z]{6,20}", any::<bool>(), 0u32..99), 0..300)
        ) {
            let (mut ours, mut theirs) = (SymbolMap::default(), HashMap::new());
            for (text, insert, id) in steps {
                let symbol = Symbol::new(&text).unwrap();
                if insert {
                    ours.insert(&symbol, SymbolId(id));
                    theirs.insert(symbol, SymbolId(id));
                } else {
                    ours.remove(&symbol);
                    theirs.remove(&symbol);
                }
                prop_assert_eq!(ours.get(text.as_bytes()), theirs.get(&symbol).copied());
                prop_assert_eq!(ours.len(), theirs.len());
            }
            for (symbol, id) in theirs {
                prop_assert_eq!(ours.get(symbol.as_bytes()), Some(id));
            }
        }
    }

    #[test]
    fn takes_any_text() {
        let mut map = SymbolMap::default();
        assert_eq!(map.get(b"A"), None);
        map.insert(&Symbol::new("A").unwrap(), SymbolId(1));
        assert_eq!(map.get(b""), None);
        assert_eq!(map.get(&[b'A'; 100]), None);
        // A trailing zero byte must not pass for padding.
        assert_eq!(map.get(b"A\0"), None);
    }
}
