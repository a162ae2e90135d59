//! Reading back what happened. Blocks on the disk: call on a thread that may.

use std::ops::ControlFlow;
use std::sync::Arc;

use ledger::UserName;
use store::journal::{Block, JournalError, Reader};
use wire::journal::{Record, RecordError, read_records};

/// Bytes read at once when reading forward.
const READ_BYTES: usize = 1 << 20;
/// Blocks of a walk kept, since the next entry of a user is often in the same or the one before.
const BLOCKS_KEPT: usize = 8;

/// Why what happened cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry.
    #[error("the journal cannot be read in the block of entry {seq}: {source}")]
    Unreadable {
        /// First entry of the block.
        seq: u64,
        /// What is wrong.
        source: RecordError,
    },
    /// An entry that others point to is not there.
    #[error("the journal lacks entry {seq}")]
    Missing {
        /// Its number.
        seq: u64,
    },
}

/// What happened in one shard.
#[derive(Debug)]
pub struct History {
    reader: Reader,
    recent: Vec<Arc<Block>>,
}

impl History {
    pub(crate) fn new(reader: Reader) -> Self {
        Self { reader, recent: Vec::new() }
    }

    fn block(&mut self, seq: u64) -> Result<Arc<Block>, HistoryError> {
        let holds = |block: &Arc<Block>| (block.first_seq..block.next_seq()).contains(&seq);
        if let Some(block) = self.recent.iter().find(|block| holds(block)) {
            return Ok(Arc::clone(block));
        }
        let block = Arc::new(self.reader.block_at(seq)?.ok_or(HistoryError::Missing { seq })?);
        if self.recent.len() == BLOCKS_KEPT {
            self.recent.remove(0);
        }
        self.recent.push(Arc::clone(&block));
        Ok(block)
    }

    /// One entry.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub fn entry(&mut self, seq: u64) -> Result<Record, HistoryError> {
        let block = self.block(seq)?;
        for record in read_records(&block.bytes, block.first_seq) {
            let record =
                record.map_err(|source| HistoryError::Unreadable { seq: block.first_seq, source })?;
            if record.entry.seq == seq {
                return Ok(record);
            }
        }
        Err(HistoryError::Missing { seq })
    }

    /// Entries of the user whose newest is `last`, newest first, until there are no more or `each` breaks.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub fn back(
        &mut self,
        last: u64,
        mut each: impl FnMut(&Record) -> ControlFlow<()>,
    ) -> Result<(), HistoryError> {
        let mut seq = last;
        while seq != 0 {
            let record = self.entry(seq)?;
            if record.entry.previous >= seq {
                // No journal of ours says so; a damaged one must not be walked in a circle.
                return Err(HistoryError::Missing { seq: record.entry.previous });
            }
            seq = record.entry.previous;
            if each(&record).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Entries from a place on that are before `end`, oldest first: of one user, or of all.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub fn forward(
        &self,
        from: u64,
        end: u64,
        user: Option<&UserName>,
        mut each: impl FnMut(&Record) -> ControlFlow<()>,
    ) -> Result<(), HistoryError> {
        let mut next = from.max(1);
        while next < end {
            let blocks = self.reader.read(next, READ_BYTES)?;
            if blocks.is_empty() {
                return Err(HistoryError::Missing { seq: next });
            }
            for block in &blocks {
                let seq = block.first_seq;
                for record in read_records(&block.bytes, seq) {
                    let record = record.map_err(|source| HistoryError::Unreadable { seq, source })?;
                    let is_wanted = (next..end).contains(&record.entry.seq);
                    if is_wanted && user.is_none_or(|user| record.user == *user) && each(&record).is_break() {
                        return Ok(());
                    }
                }
                next = next.max(block.next_seq());
            }
        }
        Ok(())
    }
}
