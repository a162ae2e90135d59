//! Thresholds of one symbol in order of price, so that only the nearest are looked at.

use market::Price;

use super::firing::Way;

/// A threshold, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rung {
    pub(super) level: i64,
    pub(super) slot: u32,
    /// Which direction of the alert it belongs to.
    pub(super) leg: Way,
}

/// Thresholds above and below the last price; the nearest is at the end of its list.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    /// Descending.
    up: Vec<Rung>,
    /// Ascending.
    down: Vec<Rung>,
}

impl Ladder {
    /// The lowest price that reaches a threshold above.
    pub(super) fn nearest_up(&self) -> i64 {
        self.up.last().map_or(i64::MAX, |rung| rung.level)
    }

    /// The highest price that reaches a threshold below.
    pub(super) fn nearest_down(&self) -> i64 {
        self.down.last().map_or(i64::MIN, |rung| rung.level)
    }

    pub(super) fn put(&mut self, way: Way, rung: Rung) {
        let (list, at) = self.place(way, &rung);
        list.insert(at, rung);
    }

    /// Takes a threshold away, if it is there.
    pub(super) fn take(&mut self, way: Way, rung: Rung) {
        let (list, at) = self.place(way, &rung);
        if list.get(at) == Some(&rung) {
            list.remove(at);
        }
    }

    fn place(&mut self, way: Way, rung: &Rung) -> (&mut Vec<Rung>, usize) {
        match way {
            Way::Up => {
                let at = self.up.partition_point(|other| other > rung);
                (&mut self.up, at)
            }
            Way::Down => {
                let at = self.down.partition_point(|other| other < rung);
                (&mut self.down, at)
            }
        }
    }

    /// The next threshold that this price reaches, taken away.
    pub(super) fn pop(&mut self, price: Price) -> Option<(Way, Rung)> {
        if price.units() >= self.nearest_up() {
            return self.up.pop().map(|rung| (Way::Up, rung));
        }
        if price.units() <= self.nearest_down() {
            return self.down.pop().map(|rung| (Way::Down, rung));
        }
        None
    }
}

/// Alerts of one kind by how far away they are: those armed by the value that fires them, those that
/// rest by the value that arms them again. The nearest is at the end of its list.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// By the value at or above which they fire, descending.
    armed: Vec<(i64, u32)>,
    /// By the value at or below which they are armed, ascending.
    resting: Vec<(i64, u32)>,
}

impl Shelf {
    /// The smallest value that fires one.
    pub(super) fn fires_at(&self) -> Option<i64> {
        self.armed.last().map(|item| item.0)
    }

    /// The largest value that arms one again.
    pub(super) fn arms_at(&self) -> Option<i64> {
        self.resting.last().map(|item| item.0)
    }

    pub(super) fn put_armed(&mut self, value: i64, slot: u32) {
        let at = self.armed.partition_point(|other| *other > (value, slot));
        self.armed.insert(at, (value, slot));
    }

    pub(super) fn put_resting(&mut self, value: i64, slot: u32) {
        let at = self.resting.partition_point(|other| *other < (value, slot));
        self.resting.insert(at, (value, slot));
    }

    pub(super) fn pop_armed(&mut self) -> Option<(i64, u32)> {
        self.armed.pop()
    }

    pub(super) fn pop_resting(&mut self) -> Option<(i64, u32)> {
        self.resting.pop()
    }

    pub(super) fn remove(&mut self, slot: u32) {
        self.armed.retain(|item| item.1 != slot);
        self.resting.retain(|item| item.1 != slot);
    }
}
