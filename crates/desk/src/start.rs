//! From a journal to a ledger: the newest snapshot, and the fold over what came after it.

use std::sync::Arc;

use ledger::{Divergence, Ledger, SnapshotError, UserName};
use store::journal::{Block, Head, Journal, JournalError, Journals, Reader, Shard};
use wire::journal::{RecordError, read_records, read_snapshot};

/// Under which the number of shards is kept.
const SHARDS: &str = "desk.shards";

/// Why the desk cannot start. The messages say what mends it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal's entries contradict the rules.
    #[error(
        "the journal of shard {shard} does not add up: {source}; run `bellwether verify`, and restore it from a copy"
    )]
    Diverged {
        /// Whose.
        shard: Shard,
        /// Where and how.
        source: Divergence,
    },
    /// An entry cannot be read.
    #[error(
        "the journal of shard {shard} cannot be read in the block of entry {seq}: {source}; it may be of a newer version, or damaged: run `bellwether verify`"
    )]
    Unreadable {
        /// Whose.
        shard: Shard,
        /// First entry of the block.
        seq: u64,
        /// What is wrong.
        source: RecordError,
    },
    /// There are more shards than there may be, or the number was damaged.
    #[error("the desk cannot have {count} shards; it may have 1 to 4096")]
    Shards {
        /// How many.
        count: u16,
    },
    /// The system refused a thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// A shard that is ready to work.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) shard: Shard,
    pub(crate) ledger: Ledger,
    pub(crate) journal: Box<dyn Journal>,
    /// Where the newest snapshot stands.
    pub(crate) snapshot: u64,
}

/// How many shards there are: fixed when the first start made them, since users must not move.
pub(crate) fn shard_count(journals: &dyn Journals, wanted: u16) -> Result<u16, StartError> {
    let kept = journals.init_meta(SHARDS, &wanted.max(1).to_le_bytes())?;
    let count = <[u8; 2]>::try_from(&kept[..]).map_or(0, u16::from_le_bytes);
    if count == 0 || Shard::new(count - 1).is_none() {
        return Err(StartError::Shards { count });
    }
    if wanted != 0 && count != wanted {
        tracing::info!(count, wanted, "the desk keeps the number of shards it was made with");
    }
    Ok(count)
}

/// Which of so many shards a user is of: FNV-1a over the name, never changed.
pub(crate) fn place_of(user: &UserName, count: usize) -> usize {
    if count < 2 {
        return 0;
    }
    let hash = user.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // The low bits of FNV are its best mixed.
    usize::try_from(hash % count as u64).unwrap_or_default()
}

/// Opens a shard's journal for writing and makes its ledger.
pub(crate) fn load(journals: &Arc<dyn Journals>, shard: Shard) -> Result<Ready, StartError> {
    let journal = journals.writer(shard)?;
    let (ledger, snapshot) = fold(journals, shard)?;
    Ok(Ready { shard, ledger, journal, snapshot })
}

fn fold(journals: &Arc<dyn Journals>, shard: Shard) -> Result<(Ledger, u64), StartError> {
    let reader = Reader::new(Arc::clone(journals), shard);
    let mut ledger = Ledger::new();
    let mut head = Head::genesis(shard);
    if let Some(snapshot) = journals.latest_snapshot(shard)? {
        match restored(&snapshot.bytes) {
            Ok(found) if found.seq() == snapshot.head.entries() => {
                (ledger, head) = (found, snapshot.head);
            }
            Ok(_) => tracing::warn!(%shard, "a snapshot is of another place; folding the whole journal"),
            // The journal is the truth; the snapshot only spares time.
            Err(reason) => {
                tracing::warn!(%shard, reason, "a snapshot cannot be used; folding the whole journal");
            }
        }
    }
    let at = head.entries();
    reader.walk(head, |block| replay(&mut ledger, shard, block))?;
    Ok((ledger, at))
}

fn restored(bytes: &[u8]) -> Result<Ledger, String> {
    let snapshot = read_snapshot(bytes).map_err(|error| error.to_string())?;
    Ledger::restore(snapshot).map_err(|error: SnapshotError| error.to_string())
}

/// Folds a block into a ledger.
///
/// # Errors
/// What is not as the rules say, or cannot be read.
pub(crate) fn replay(ledger: &mut Ledger, shard: Shard, block: &Block) -> Result<(), StartError> {
    let seq = block.first_seq;
    for record in read_records(&block.bytes, seq) {
        let mut record = record.map_err(|source| StartError::Unreadable { shard, seq, source })?;
        record.entry.user = ledger.intern(&record.user).map_err(|refusal| StartError::Diverged {
            shard,
            source: Divergence { seq: record.entry.seq, reason: refusal.to_string() },
        })?;
        ledger.replay(&record.entry).map_err(|source| StartError::Diverged { shard, source })?;
    }
    if ledger.seq() + 1 != block.next_seq() {
        let reason = format!("its block says that it has {} entries", block.count);
        let source = Divergence { seq: ledger.seq() + 1, reason };
        return Err(StartError::Diverged { shard, source });
    }
    Ok(())
}
