//! What is counted.

use std::sync::atomic::AtomicU64;

/// What the desk did since its start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Commands carried out.
    pub accepted: AtomicU64,
    /// Commands refused, malformed ones included.
    pub refused: AtomicU64,
    /// Commands that came a second time under their key.
    pub repeated: AtomicU64,
    /// Tickets that were not committed in time.
    pub expired: AtomicU64,
    /// Triggers that met their price.
    pub fired: AtomicU64,
    /// Entries made durable.
    pub entries: AtomicU64,
    /// Blocks made durable: one sync of the disk each.
    pub blocks: AtomicU64,
    /// Attempts to append a block that failed and were repeated.
    pub append_failures: AtomicU64,
    /// Commands not taken, because the journal could not be written or too many waited.
    pub turned_away: AtomicU64,
    /// Prices used that were fetched for the purpose.
    pub quotes_fetched: AtomicU64,
    /// Prices used that were at hand.
    pub quote_hits: AtomicU64,
}
