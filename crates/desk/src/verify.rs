//! Proving a ledger: the chain of its journal, every entry by the rules, and the balances in the end.

use std::sync::Arc;

use ledger::Ledger;
use market::Timestamp;
use store::journal::{Damage, JournalError, Journals, Reader, Shard, Verification};

use crate::start::{StartError, replay};

/// The proof of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Whose.
    pub shard: Shard,
    /// What was found.
    pub verification: Verification,
    /// Users who have an entry.
    pub users: usize,
}

/// Proves every shard from its first entry, and keeps the outcome with the journal. May run beside a desk at
/// work: what comes meanwhile is left to the next time.
///
/// # Errors
/// Only when it could not be proved; damage is an outcome.
pub fn verify(journals: &Arc<dyn Journals>, now: Timestamp) -> Result<Vec<Proof>, JournalError> {
    let mut proofs = Vec::new();
    for shard in journals.shards()? {
        let reader = Reader::new(Arc::clone(journals), shard);
        let mut ledger = Ledger::new();
        // Balances are proved at the end as it is now; what comes meanwhile is left to the next time.
        let end = reader.head()?.next_seq;
        let verification = reader.verify(now, |block| {
            replay(&mut ledger, shard, block).map_err(damage)?;
            if block.next_seq() == end {
                ledger.audit().map_err(|broken| Damage::new(block.first_seq, broken.to_string()))?;
            }
            Ok(())
        })?;
        // The first user is the system.
        proofs.push(Proof { shard, verification, users: ledger.user_count().saturating_sub(1) });
    }
    Ok(proofs)
}

fn damage(error: StartError) -> Damage {
    match error {
        StartError::Diverged { source, .. } => Damage::new(source.seq, source.reason),
        StartError::Unreadable { seq, source, .. } => Damage::new(seq, source.to_string()),
        other => Damage::new(1, other.to_string()),
    }
}
