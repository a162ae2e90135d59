//! What is remembered of commands and tickets that are done, so that a repeat is told.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use crate::snapshot::{KeyState, TicketEnd};
use crate::{ENDED_PER_USER_MAX, KEYS_PER_USER_MAX, Key};

/// The idempotency keys of one user, the newest [`KEYS_PER_USER_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Keys {
    order: VecDeque<Key>,
    known: HashMap<Key, KeyState, RandomState>,
}

impl Keys {
    pub(crate) fn get(&self, key: Key) -> Option<&KeyState> {
        self.known.get(&key)
    }

    /// Remembers a key that is not known yet, and forgets the oldest if there are too many.
    pub(crate) fn remember(&mut self, state: KeyState) {
        if self.order.len() == KEYS_PER_USER_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(state.key);
        self.known.insert(state.key, state);
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = KeyState> + '_ {
        self.order.iter().filter_map(|key| self.known.get(key).copied())
    }
}

/// How the tickets of one user ended, the newest [`ENDED_PER_USER_MAX`].
#[derive(Debug, Default)]
pub(crate) struct Ended(VecDeque<(u64, TicketEnd)>);

impl Ended {
    pub(crate) fn remember(&mut self, id: u64, end: TicketEnd) {
        if self.0.len() == ENDED_PER_USER_MAX {
            self.0.pop_front();
        }
        self.0.push_back((id, end));
    }

    pub(crate) fn get(&self, id: u64) -> Option<TicketEnd> {
        self.0.iter().rev().find(|(ended, _)| *ended == id).map(|(_, end)| *end)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, TicketEnd)> + '_ {
        self.0.iter().copied()
    }
}
