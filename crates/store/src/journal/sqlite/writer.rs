//! Appending to one shard's journal.

use std::sync::Arc;

use rusqlite::TransactionBehavior;

use super::fault::Fault;
use super::{Shared, rows};
use crate::journal::{Head, Journal, JournalError, NewBlock, Shard};

/// The writer of one shard.
#[derive(Debug)]
pub(super) struct SqliteJournal {
    shared: Arc<Shared>,
    shard: Shard,
    head: Head,
    /// What became of the last append is not known.
    is_unknown: bool,
}

impl SqliteJournal {
    pub(super) fn open(shared: Arc<Shared>, shard: Shard) -> Result<Self, JournalError> {
        let head = shared.head(shard)?;
        Ok(Self { shared, shard, head, is_unknown: false })
    }

    fn commit(&self, block: &NewBlock<'_>) -> Result<Head, JournalError> {
        let (place, shard) = (&*self.shared.place, self.shard);
        let early = |error| Fault(error).before_commit(place);
        let after = self.head.after(shard, block);
        let mut connection = self.shared.writer();
        // From here on nobody else writes, so what is read is what is appended to.
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(early)?;
        let reading = |error| Fault(error).of_reading(place, shard, self.head.next_seq);
        let found = rows::head_of(&transaction, shard).map_err(reading)?;
        if found != self.head {
            let expected = self.head.next_seq;
            return Err(JournalError::Fenced { shard, expected, found: found.next_seq });
        }
        rows::insert(&transaction, shard, self.head.next_seq, block, &after.hash).map_err(early)?;
        transaction.commit().map_err(|error| Fault(error).of_commit(place, shard))?;
        Ok(after)
    }
}

impl Journal for SqliteJournal {
    fn shard(&self) -> Shard {
        self.shard
    }

    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, expected_next: u64, block: &NewBlock<'_>) -> Result<Head, JournalError> {
        let shard = self.shard;
        if self.is_unknown {
            return Err(JournalError::Unknown {
                shard,
                reason: "the journal was not recovered since".into(),
            });
        }
        if expected_next != self.head.next_seq {
            return Err(JournalError::Fenced { shard, expected: expected_next, found: self.head.next_seq });
        }
        if let Some(reason) = block.fault(expected_next) {
            return Err(JournalError::Invalid { shard, reason });
        }
        let committed = self.commit(block);
        match &committed {
            Ok(head) => {
                self.head = *head;
                self.shared.grew(block.bytes.len());
            }
            Err(error) => self.is_unknown = matches!(error, JournalError::Unknown { .. }),
        }
        committed
    }

    fn recover(&mut self) -> Result<Head, JournalError> {
        self.head = self.shared.reopen(self.shard)?;
        self.is_unknown = false;
        Ok(self.head)
    }
}
