//! Proving a journal, and the outcome of the last time.

use market::Timestamp;

use super::{Block, Damage, Hash, Head, JournalError, Journals, Reader, Shard};

/// The outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// When it ended, as its caller says.
    pub time: Timestamp,
    /// Up to where everything was right: all of the journal when nothing was wrong.
    pub head: Head,
    /// The first thing wrong.
    pub damage: Option<Damage>,
}

impl Verification {
    /// How many entries were right.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.head.entries()
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.damage.is_none()
    }

    /// `time (8) | next_seq (8) | hash (32)`, and of damage `seq (8) | what`.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend(self.time.nanos().to_le_bytes());
        bytes.extend(self.head.next_seq.to_le_bytes());
        bytes.extend(self.head.hash.as_bytes());
        if let Some(damage) = &self.damage {
            bytes.extend(damage.seq.to_le_bytes());
            bytes.extend(damage.what.as_bytes());
        }
        bytes
    }

    /// What was stored; `None` when another version stored it.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (time, rest) = bytes.split_first_chunk()?;
        let (next_seq, rest) = rest.split_first_chunk()?;
        let (hash, rest) = rest.split_first_chunk()?;
        let damage = match rest.split_first_chunk() {
            Some((seq, what)) => {
                Some(Damage::new(u64::from_le_bytes(*seq), String::from_utf8_lossy(what).into_owned()))
            }
            None if rest.is_empty() => None,
            None => return None,
        };
        Some(Self {
            time: Timestamp::from_nanos(i64::from_le_bytes(*time)),
            head: Head { next_seq: u64::from_le_bytes(*next_seq), hash: Hash::from_bytes(*hash) },
            damage,
        })
    }
}

/// Under which the outcome is kept.
pub(super) fn key(shard: Shard) -> String {
    format!("verification.{shard}")
}

/// See [`Reader::verify`].
pub(super) fn run(
    journals: &dyn Journals,
    reader: &Reader,
    now: Timestamp,
    mut each: impl FnMut(&Block) -> Result<(), Damage>,
) -> Result<Verification, JournalError> {
    let shard = reader.shard();
    // An earlier outcome proves how long the journal was, wherever its own end is now.
    let before = journals.last_verification(shard)?.map(|before| before.head);
    let mut head = Head::genesis(shard);
    let walked = reader.walk(head, |block| {
        let damaged = |damage| JournalError::Damaged { shard, damage };
        let reaches = |before: &Head| (block.first_seq + 1..=block.next_seq()).contains(&before.next_seq);
        if before.as_ref().is_some_and(|before| reaches(before) && *before != block.head()) {
            let what = "its block is not the one that was verified before";
            return Err(damaged(Damage::new(block.first_seq, what)));
        }
        each(block).map_err(damaged)?;
        head = block.head();
        Ok(())
    });
    let damage = match walked {
        Ok(end) => before.filter(|before| before.next_seq > end.next_seq).map(|before| {
            let what =
                format!("is missing; the journal had {} entries when it was last verified", before.entries());
            Damage::new(end.next_seq, what)
        }),
        Err(JournalError::Damaged { damage, .. }) => Some(damage),
        Err(other) => return Err(other),
    };
    let verification = Verification { time: now, head, damage };
    journals.set_meta(&key(shard), &verification.encode())?;
    Ok(verification)
}
