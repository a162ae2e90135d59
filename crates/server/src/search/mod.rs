//! Symbol search: by symbol, name, word, and in spite of typing errors.
//!
//! The order of what is found is: exact symbol, beginning of a symbol, word or beginning of a word
//! of the name, and last the same with typing errors; within each, the more active first.

/// Splits texts into the words that are compared.
mod fold;
/// Sets of instruments by rank.
mod hits;
/// The index: built once for a universe, then only read.
mod index;
/// Words within a number of typing errors.
mod trie;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use market::Universe;

pub use index::{Found, Index};

/// The index in use, and its replacement when the universe changes.
#[derive(Debug)]
pub struct Search {
    index: RwLock<Arc<Index>>,
    rebuilding: AtomicBool,
}

impl Search {
    /// Builds the first index, on the calling thread.
    pub fn new(universe: Arc<Universe>) -> Self {
        Self { index: RwLock::new(Arc::new(Index::build(universe))), rebuilding: AtomicBool::new(false) }
    }

    /// The index in use. It stays whole for as long as it is held.
    pub fn index(&self) -> Arc<Index> {
        match self.index.read() {
            Ok(index) => Arc::clone(&index),
            // Nothing that could panic runs under the lock; if it did, the index is still whole.
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// Sees to it that the index will be that of `universe`. When it is another's, a thread of its own
    /// builds the new one while the old one answers; at most one such thread runs.
    ///
    /// Cheap when nothing changed, so it may be called with every query.
    pub fn follow(self: &Arc<Self>, universe: &Arc<Universe>) {
        if Arc::ptr_eq(self.index().universe(), universe) || self.rebuilding.swap(true, Ordering::AcqRel) {
            return;
        }
        let (search, universe) = (Arc::clone(self), Arc::clone(universe));
        let thread = std::thread::Builder::new().name("search-index".into()).spawn(move || {
            let _done = Done(&search.rebuilding);
            let index = Arc::new(Index::build(universe));
            match search.index.write() {
                Ok(mut slot) => *slot = index,
                Err(poisoned) => *poisoned.into_inner() = index,
            }
        });
        if let Err(error) = thread {
            tracing::error!(%error, "cannot start a thread to rebuild the search index");
            self.rebuilding.store(false, Ordering::Release);
        }
    }
}

/// Marks the rebuilding as over, also when it panics.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
