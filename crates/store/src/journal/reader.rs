//! Reading one shard's journal.

use std::sync::Arc;

use market::Timestamp;

use super::{Block, Chain, Damage, Head, JournalError, Journals, Shard, Verification, verification};

/// Bytes read at a time while walking.
const WALK_BYTES: usize = 4 << 20;

/// Reads one shard's journal, with connections of its own. Cheap to clone, and any thread may have one.
#[derive(Debug, Clone)]
pub struct Reader {
    journals: Arc<dyn Journals>,
    shard: Shard,
}

impl Reader {
    /// A reader of one shard.
    #[must_use]
    pub fn new(journals: Arc<dyn Journals>, shard: Shard) -> Self {
        Self { journals, shard }
    }

    /// Whose journal this is.
    #[must_use]
    pub const fn shard(&self) -> Shard {
        self.shard
    }

    /// Where the journal ends now; see [`Journals::head`].
    pub fn head(&self) -> Result<Head, JournalError> {
        self.journals.head(self.shard)
    }

    /// The next blocks; see [`Journals::read`].
    pub fn read(&self, from_seq: u64, bytes_max: usize) -> Result<Vec<Block>, JournalError> {
        self.journals.read(self.shard, from_seq, bytes_max)
    }

    /// The block that holds an entry; see [`Journals::block_at`].
    pub fn block_at(&self, seq: u64) -> Result<Option<Block>, JournalError> {
        self.journals.block_at(self.shard, seq)
    }

    /// Hands every block from a trusted head on to `each`, its place in the chain checked, until the
    /// journal's end, and returns that end.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] names the first entry that is wrong; `each` has had all blocks before it.
    /// What `each` returns ends the walk.
    pub fn walk<E: From<JournalError>>(
        &self,
        from: Head,
        mut each: impl FnMut(&Block) -> Result<(), E>,
    ) -> Result<Head, E> {
        let mut chain = Chain::from(self.shard, from);
        loop {
            let blocks = self.read(chain.head().next_seq, WALK_BYTES)?;
            if blocks.is_empty() {
                return self.ended(chain.head()).map_err(E::from);
            }
            for block in &blocks {
                chain.push(block).map_err(|damage| JournalError::Damaged { shard: self.shard, damage })?;
                each(block)?;
            }
        }
    }

    /// Whether the journal's own head is where a walk has ended.
    fn ended(&self, walked: Head) -> Result<Head, JournalError> {
        let head = self.head()?;
        // An append may have come since the walk's last read, so it looks again.
        if head.next_seq > walked.next_seq && self.read(walked.next_seq, 0)?.is_empty() {
            let what = format!("cannot be found, although the last one is {}", head.entries());
            let damage = Damage::new(walked.next_seq, what);
            return Err(JournalError::Damaged { shard: self.shard, damage });
        }
        Ok(walked)
    }

    /// Walks the whole journal as it is now, checks hashes, numbers and counts, and hands each block to
    /// `each`, which may check what is in it and name the first wrong entry. The outcome is stored, and
    /// compared with the one before: a journal that ends before what was verified then has lost its end, which
    /// is told once.
    ///
    /// # Errors
    /// Only when it could not be verified; damage is an outcome.
    pub fn verify(
        &self,
        now: Timestamp,
        each: impl FnMut(&Block) -> Result<(), Damage>,
    ) -> Result<Verification, JournalError> {
        verification::run(&*self.journals, self, now, each)
    }
}
