//! Where a firing goes once it is recorded.

use futures_util::future::BoxFuture;
use wire::alerts::FiringBody;

/// A firing that was recorded, with what whoever delivers it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// Whose: a person's id, or 0 for the local user.
    pub owner: i64,
    /// What happened. Its `name` is the same for the same crossing, on every server and after every restart: what is
    /// queued by it is queued once.
    pub body: FiringBody,
    /// To which of the owner's channels, as the alert named them; none named is all that are on.
    pub channels: Vec<i64>,
}

/// Takes recorded firings, each at least once: after a crash the last ones may come again, and are known by their names.
pub trait Outbox: Send + Sync {
    /// Takes firings: all of them are queued durably once this has answered, or none is and they come again.
    ///
    /// # Errors
    /// Why not, for the log.
    fn put(&self, firings: Vec<Firing>) -> BoxFuture<'_, Result<(), String>>;
}
