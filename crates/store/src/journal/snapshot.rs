//! Which snapshot a start goes on from.

use super::{Head, JournalError, Journals, Shard, Snapshot};

/// Snapshots kept of each shard.
pub(super) const KEPT: usize = 2;

/// What became of reading a snapshot.
pub(super) enum Loaded {
    /// It is whole.
    Whole(Vec<u8>),
    /// It cannot be used, and why.
    Damaged(String),
}

/// The newest of these, by what their heads say, that is whole and belongs to the shard's chain.
pub(super) fn latest(
    journals: &dyn Journals,
    shard: Shard,
    mut heads: Vec<Head>,
    load: impl Fn(Head) -> Result<Loaded, JournalError>,
) -> Result<Option<Snapshot>, JournalError> {
    heads.sort_by_key(|head| std::cmp::Reverse(head.next_seq));
    for head in heads {
        let why = if !is_on_chain(journals, shard, head)? {
            "the journal has no such entry, or another one; was it restored from a copy?".to_owned()
        } else {
            match load(head)? {
                Loaded::Whole(bytes) => return Ok(Some(Snapshot { head, bytes })),
                Loaded::Damaged(why) => why,
            }
        };
        tracing::warn!(
            "the snapshot of shard {shard} up to entry {} is passed over: {why}; starting takes longer",
            head.entries()
        );
    }
    Ok(None)
}

fn is_on_chain(journals: &dyn Journals, shard: Shard, head: Head) -> Result<bool, JournalError> {
    if head.entries() == 0 {
        return Ok(head == Head::genesis(shard));
    }
    match journals.block_at(shard, head.entries()) {
        Ok(block) => Ok(block.is_some_and(|block| block.head() == head)),
        Err(JournalError::Damaged { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}
