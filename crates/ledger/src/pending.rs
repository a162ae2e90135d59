//! Tickets that wait for their commit, found by id and by age.
//!
//! All live for the same time and time never goes back, so the order in which they were opened
//! is the order in which they expire: a chain through the slots, from which any is taken at once.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::{Millis, Ticket, UserId};

/// No slot.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone)]
struct Slot {
    ticket: Ticket,
    user: UserId,
    older: u32,
    newer: u32,
}

/// All pending tickets of a ledger, in slots that are used again.
#[derive(Debug)]
pub(crate) struct Pending {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_id: HashMap<u64, u32, RandomState>,
    oldest: u32,
    newest: u32,
}

impl Default for Pending {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), by_id: HashMap::default(), oldest: NONE, newest: NONE }
    }
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn ticket(&self, slot: u32) -> &Ticket {
        &self.slots[slot as usize].ticket
    }

    pub(crate) fn user(&self, slot: u32) -> UserId {
        self.slots[slot as usize].user
    }

    pub(crate) fn by_id(&self, id: u64) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// The one that expires first.
    pub(crate) fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    /// Some ticket, of whomever, has expired.
    pub(crate) fn has_expired(&self, now: Millis) -> bool {
        self.oldest().is_some_and(|slot| self.ticket(slot).is_expired(now))
    }

    /// Adds the newest ticket.
    pub(crate) fn push(&mut self, user: UserId, ticket: Ticket) -> u32 {
        let entry = Slot { ticket, user, older: self.newest, newer: NONE };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = entry;
                slot
            }
            None => {
                self.slots.push(entry);
                // At most `TICKETS_MAX`.
                (self.slots.len() - 1) as u32
            }
        };
        match self.newest {
            NONE => self.oldest = slot,
            newest => self.slots[newest as usize].newer = slot,
        }
        self.newest = slot;
        self.by_id.insert(ticket.id, slot);
        slot
    }

    /// Takes a ticket out.
    pub(crate) fn remove(&mut self, slot: u32) {
        let Slot { older, newer, ticket, .. } = self.slots[slot as usize];
        match older {
            NONE => self.oldest = newer,
            older => self.slots[older as usize].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.slots[newer as usize].older = older,
        }
        self.by_id.remove(&ticket.id);
        self.free.push(slot);
    }
}
