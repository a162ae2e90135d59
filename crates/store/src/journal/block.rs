//! Blocks and the chain of hashes that joins them. Pure: no disk, no clock.
//!
//! The hash of a block is BLAKE3 over the hash before it, its header and its bytes:
//!
//! ```text
//! previous hash (32) | shard (2) | first_seq (8) | count (4) | time (8) | length of bytes (8) | bytes
//! ```
//!
//! Numbers are little-endian. The hash before the first block is made from the shard's number alone, so a
//! block of one shard never fits into the chain of another. Changing, leaving out, doubling or moving
//! anything changes every hash from there on.

use std::fmt;

use market::Timestamp;

/// Entries a block may hold at most.
pub const BLOCK_ENTRIES_MAX: u32 = 4_096;
/// Bytes a block may hold at most.
pub const BLOCK_BYTES_MAX: usize = 16 << 20;
/// Shards there may be at most: numbers are below it.
pub const SHARDS_MAX: u16 = 4_096;
/// No entry has this number or a higher one.
pub const SEQ_END: u64 = 1 << 48;

/// From which the hash before the first block of a shard is made. Never changed.
const GENESIS: &str = "bellwether 2025 journal of the desk: hash before the first block";

/// The number of a journal: users are spread over shards, and each shard has a journal of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u16);

impl Shard {
    /// A shard by its number, from 0; `None` from [`SHARDS_MAX`] on.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number < SHARDS_MAX { Some(Self(number)) } else { None }
    }

    /// Its number, from 0.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A BLAKE3 hash. Shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// A hash that was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What is stored of it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
            *byte = u8::try_from(high? << 4 | low?).ok()?;
        }
        Some(Self(bytes))
    }

    /// Of bytes that stand alone, such as those of a snapshot.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a journal, or a part of it from its beginning, ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the entry that comes next: 1 while there is none.
    pub next_seq: u64,
    /// The hash of the last block, or the shard's first one while there is none.
    pub hash: Hash,
}

impl Head {
    /// The head of a shard's empty journal.
    #[must_use]
    pub fn genesis(shard: Shard) -> Self {
        Self { next_seq: 1, hash: Hash(blake3::derive_key(GENESIS, &shard.0.to_le_bytes())) }
    }

    /// How many entries there are before it.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.next_seq.saturating_sub(1)
    }

    /// The head after a block was appended here.
    #[must_use]
    pub fn after(&self, shard: Shard, block: &NewBlock<'_>) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.hash.0);
        hasher.update(&shard.0.to_le_bytes());
        hasher.update(&self.next_seq.to_le_bytes());
        hasher.update(&block.count.to_le_bytes());
        hasher.update(&block.time.nanos().to_le_bytes());
        hasher.update(&(block.bytes.len() as u64).to_le_bytes());
        hasher.update(block.bytes);
        let next_seq = self.next_seq.saturating_add(u64::from(block.count));
        Self { next_seq, hash: Hash(*hasher.finalize().as_bytes()) }
    }
}

/// A block to be appended: what one group commit holds.
#[derive(Debug, Clone, Copy)]
pub struct NewBlock<'a> {
    /// How many entries: 1 to [`BLOCK_ENTRIES_MAX`].
    pub count: u32,
    /// When, as its writer says.
    pub time: Timestamp,
    /// The entries, in whatever form: 1 to [`BLOCK_BYTES_MAX`] bytes, never looked into.
    pub bytes: &'a [u8],
}

impl NewBlock<'_> {
    /// Why this can be no block at `next_seq`.
    pub(crate) fn fault(&self, next_seq: u64) -> Option<&'static str> {
        if self.count == 0 {
            Some("it holds no entry")
        } else if self.count > BLOCK_ENTRIES_MAX {
            Some("it holds more than 4,096 entries")
        } else if self.bytes.is_empty() {
            Some("it holds no bytes")
        } else if self.bytes.len() > BLOCK_BYTES_MAX {
            Some("it holds more than 16 MiB")
        } else if next_seq == 0 || next_seq > SEQ_END - u64::from(self.count) {
            Some("its entries' numbers are out of range")
        } else {
            None
        }
    }
}

/// A block as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The number of its first entry.
    pub first_seq: u64,
    /// How many entries.
    pub count: u32,
    /// When, as its writer said.
    pub time: Timestamp,
    /// The entries.
    pub bytes: Vec<u8>,
    /// Its hash, as stored.
    pub hash: Hash,
}

impl Block {
    /// The number of the entry after its last.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.first_seq.saturating_add(self.count as u64)
    }

    /// The head after it, as stored.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head { next_seq: self.next_seq(), hash: self.hash }
    }
}

/// What is wrong with a journal, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq}: {what}")]
pub struct Damage {
    /// The first entry that cannot be trusted.
    pub seq: u64,
    /// What is wrong with it.
    pub what: String,
}

impl Damage {
    /// Damage from an entry on.
    #[must_use]
    pub fn new(seq: u64, what: impl Into<String>) -> Self {
        Self { seq, what: what.into() }
    }
}

/// Checks blocks one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Chain {
    shard: Shard,
    head: Head,
}

impl Chain {
    /// Begins at a head that is trusted: the genesis, or that of a snapshot.
    #[must_use]
    pub const fn from(shard: Shard, head: Head) -> Self {
        Self { shard, head }
    }

    /// Where it has come to.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Takes the next block, or says why it is not the next one. After damage nothing has changed.
    pub fn push(&mut self, block: &Block) -> Result<(), Damage> {
        let seq = self.head.next_seq;
        if block.first_seq > seq {
            return Err(Damage::new(
                seq,
                format!("is missing; the next block begins at {}", block.first_seq),
            ));
        }
        if block.first_seq < seq {
            return Err(Damage::new(seq, format!("a block that begins at {} overlaps it", block.first_seq)));
        }
        let written = NewBlock { count: block.count, time: block.time, bytes: &block.bytes };
        if let Some(fault) = written.fault(seq) {
            return Err(Damage::new(seq, format!("its block cannot have been written: {fault}")));
        }
        let after = self.head.after(self.shard, &written);
        if after.hash != block.hash {
            return Err(Damage::new(seq, "the hash of its block does not fit its content"));
        }
        self.head = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHARD: Shard = Shard::new(3).unwrap();

    fn stored(at: &Head, count: u32, time: i64, bytes: &[u8]) -> Block {
        let time = Timestamp::from_nanos(time);
        let head = at.after(SHARD, &NewBlock { count, time, bytes });
        Block { first_seq: at.next_seq, count, time, bytes: bytes.to_vec(), hash: head.hash }
    }

    #[test]
    fn hashes_are_what_they_always_were() {
        let genesis = Head::genesis(SHARD);
        let block = stored(&genesis, 2, 1_763_735_400_000_000_000, b"two entries");
        expect_test::expect![[r#"
            7b07a5f0f9e87c9edb0646e0a5dfb0f2d15e5bc9341faa2039f9d2057a62efeb
            b065487a7e82ca996a28b9300a7251f16ff846b915b8818379a8d885913ab8ee
        "#]]
        .assert_eq(&format!("{}\n{}\n", genesis.hash, block.hash));
    }

    #[test]
    fn shards_do_not_share_a_chain() {
        let other = Shard::new(4).unwrap();
        assert_ne!(Head::genesis(SHARD), Head::genesis(other));
        let block = NewBlock { count: 1, time: Timestamp::EPOCH, bytes: b"x" };
        let genesis = Head::genesis(SHARD);
        assert_ne!(genesis.after(SHARD, &block), genesis.after(other, &block));
        assert_eq!((Shard::new(SHARDS_MAX), Shard::new(SHARDS_MAX - 1).is_some()), (None, true));
    }

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = Hash::of(b"x");
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        for text in ["", "0", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)] {
            assert_eq!(Hash::parse(text), None, "{text}");
        }
    }

    proptest! {
        /// Whatever single bit of a stored block is flipped, the chain says where.
        #[test]
        fn every_flipped_bit_is_found(
            count in 1..=BLOCK_ENTRIES_MAX, time: i64,
            bytes in proptest::collection::vec(any::<u8>(), 1..100), which in any::<prop::sample::Index>(),
        ) {
            let first = stored(&Head::genesis(SHARD), 5, 7, b"first");
            let second = stored(&first.head(), count, time, &bytes);
            let bits = [64, 32, 64, 256, bytes.len() * 8];
            let mut bit = which.index(bits.iter().sum());
            let mut changed = second.clone();
            let field = bits.iter().position(|size| match bit.checked_sub(*size) {
                Some(rest) => { bit = rest; false }
                None => true,
            });
            match field {
                Some(0) => changed.first_seq ^= 1 << bit,
                Some(1) => changed.count ^= 1 << bit,
                Some(2) => changed.time = Timestamp::from_nanos(time ^ 1 << bit),
                Some(3) => changed.hash.0[bit / 8] ^= 1 << (bit % 8),
                _ => changed.bytes[bit / 8] ^= 1 << (bit % 8),
            }
            let mut chain = Chain::from(SHARD, Head::genesis(SHARD));
            chain.push(&first).unwrap();
            prop_assert_eq!(chain.push(&changed).unwrap_err().seq, 6);
            chain.push(&second).unwrap();
            prop_assert_eq!(chain.head(), second.head());
        }

        #[test]
        fn anything_else_is_pushed_without_panic(first_seq: u64, count: u32, time: i64) {
            let block = Block {
                first_seq, count, time: Timestamp::from_nanos(time), bytes: vec![1], hash: Hash([0; 32]),
            };
            let _ = (block.next_seq(), block.head().entries());
            let head = Head { next_seq: first_seq, hash: Hash([1; 32]) };
            prop_assert!(Chain::from(SHARD, head).push(&block).is_err());
        }
    }
}
