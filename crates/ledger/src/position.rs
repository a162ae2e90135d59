//! What a user has of a symbol, found by both.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use foldhash::fast::RandomState;
use market::Symbol;

use crate::snapshot::SettingState;
use crate::{Cents, UserId};

/// What one user has or had of one symbol.
#[derive(Debug, Clone)]
pub(crate) struct Position {
    pub(crate) user: UserId,
    pub(crate) symbol: Symbol,
    /// Its place in the user's list.
    place: u32,
    /// Shares available, in tickets, in triggers.
    pub(crate) shares: [i64; 3],
    /// What those shares cost.
    pub(crate) cost: Cents,
    pub(crate) realised: i128,
    pub(crate) bought: i128,
    pub(crate) sold: i128,
    pub(crate) buy: Option<SettingState>,
    pub(crate) sell: Option<SettingState>,
}

impl Position {
    /// All shares, wherever they are.
    pub(crate) fn total(&self) -> i128 {
        self.shares.iter().map(|&shares| i128::from(shares)).sum()
    }

    /// The part of the cost that so many shares take with them: rounded down, so that the last
    /// share takes the rest.
    pub(crate) fn basis(&self, shares: i64) -> Cents {
        let (cost, total) = (i128::from(self.cost.0), self.total());
        if total <= i128::from(shares) {
            return self.cost;
        }
        // At most the cost, since the shares are fewer than the total.
        Cents((cost * i128::from(shares) / total) as i64)
    }

    /// Nothing of it needs to be kept.
    fn is_blank(&self) -> bool {
        self.bought == 0 && self.buy.is_none() && self.sell.is_none()
    }
}

#[derive(Debug, PartialEq, Eq)]
struct At {
    user: UserId,
    symbol: Symbol,
}

impl Hash for At {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.user.0);
        // Symbols are padded with zeros, so the text alone tells them apart.
        state.write(self.symbol.as_bytes());
    }
}

/// All positions of a ledger, in slots that are used again.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    at: HashMap<At, u32, RandomState>,
    slots: Vec<Position>,
    free: Vec<u32>,
}

impl Positions {
    pub(crate) fn find(&self, user: UserId, symbol: &Symbol) -> Option<u32> {
        self.at.get(&At { user, symbol: *symbol }).copied()
    }

    pub(crate) fn get(&self, user: UserId, symbol: &Symbol) -> Option<&Position> {
        self.find(user, symbol).map(|slot| self.slot(slot))
    }

    pub(crate) fn slot(&self, slot: u32) -> &Position {
        &self.slots[slot as usize]
    }

    pub(crate) fn slot_mut(&mut self, slot: u32) -> &mut Position {
        &mut self.slots[slot as usize]
    }

    /// The slot of a position, which is made when there is none; `list` is the user's own.
    pub(crate) fn ensure(&mut self, user: UserId, symbol: &Symbol, list: &mut Vec<u32>) -> u32 {
        if let Some(slot) = self.find(user, symbol) {
            return slot;
        }
        let position = Position {
            user,
            symbol: *symbol,
            // A user has far fewer than 2³² symbols.
            place: list.len() as u32,
            shares: [0; 3],
            cost: Cents::ZERO,
            realised: 0,
            bought: 0,
            sold: 0,
            buy: None,
            sell: None,
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = position;
                slot
            }
            None => {
                self.slots.push(position);
                // Bounded by users and symbols, far below 2³² in any memory.
                (self.slots.len() - 1) as u32
            }
        };
        list.push(slot);
        self.at.insert(At { user, symbol: *symbol }, slot);
        slot
    }

    /// Lets a position go when nothing of it needs to be kept.
    pub(crate) fn release_if_blank(&mut self, slot: u32, list: &mut Vec<u32>) {
        let position = self.slot(slot);
        if !position.is_blank() {
            return;
        }
        let place = position.place;
        self.at.remove(&At { user: position.user, symbol: position.symbol });
        list.swap_remove(place as usize);
        if let Some(&moved) = list.get(place as usize) {
            self.slot_mut(moved).place = place;
        }
        self.free.push(slot);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.at.len()
    }
}
