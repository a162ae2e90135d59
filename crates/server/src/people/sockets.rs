//! The connections that somebody's login or key keeps open, by what they are tied to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::hub::guest::Tie;
use crate::live::{AccountWatch, ListsWatch};

/// How many connections there are of each tie.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    counts: Mutex<HashMap<Tie, usize>>,
}

impl Sockets {
    fn lock(&self) -> MutexGuard<'_, HashMap<Tie, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ties that connections have.
    pub(super) fn ties(&self) -> Vec<Tie> {
        self.lock().keys().copied().collect()
    }
}

/// One connection's part of it: to be kept for as long as the connection lasts.
#[derive(Debug)]
pub struct Socket {
    sockets: Arc<Sockets>,
    tie: Option<Tie>,
    /// The account it may watch.
    pub account: Option<AccountWatch>,
    /// The watch lists it may watch.
    pub lists: Option<ListsWatch>,
}

impl Socket {
    pub(super) fn open(
        sockets: &Arc<Sockets>,
        tie: Option<Tie>,
        account: Option<AccountWatch>,
        lists: Option<ListsWatch>,
    ) -> Self {
        if let Some(tie) = tie {
            *sockets.lock().entry(tie).or_default() += 1;
        }
        Self { sockets: Arc::clone(sockets), tie, account, lists }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let Some(tie) = self.tie else { return };
        let mut counts = self.sockets.lock();
        if let Some(count) = counts.get_mut(&tie) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&tie);
            }
        }
    }
}
