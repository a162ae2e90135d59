//! What a trade in order touches of its symbol: a few neighbouring cache lines.
//!
//! Most trades are the newest of their symbol and day. Such a trade moves the last price and then
//! waits here; a handful is put into log and windows together, so that their memory is waited for
//! once and not with each trade. Readers add up what waits, so nobody can tell the difference.

use super::Last;
use super::log::Logged;
use crate::calendar::DayHours;
use crate::{Hours, Timestamp, TradeRef};

/// Trades that may wait. More would wait for memory less often, but each symbol has this room.
const ROOM: usize = 8;

/// In this order: a cache line that every trade reads and writes, one that some do, the trades.
#[derive(Debug)]
#[repr(C, align(128))]
pub(super) struct Front {
    /// No trade that entered and no window that was put back is later.
    pub(super) newest: TradeRef,
    /// Times before this, and not before `newest`, are of a day that has its record.
    day_ends: Timestamp,
    /// The last price.
    pub(super) last: Option<Last>,
    len: usize,
    /// Hours of the day of the newest trades, so that the calendar is asked once a day.
    pub(super) today: DayHours,
    waiting: [Logged; ROOM],
}

impl Front {
    pub(super) fn new(hours: Hours) -> Self {
        Self {
            newest: TradeRef { ts_event: Timestamp::MIN, seq: 0 },
            day_ends: Timestamp::MIN,
            last: None,
            len: 0,
            today: DayHours::at(Timestamp::EPOCH, hours),
            waiting: [Logged::NONE; ROOM],
        }
    }

    /// This trade is later than all others and of the day of the newest, so that it may wait.
    #[inline(always)]
    pub(super) fn may_wait(&self, key: TradeRef) -> bool {
        key > self.newest && key.ts_event < self.day_ends && self.len < ROOM
    }

    /// Lets a trade wait that may; `true` when the room is full.
    #[inline(always)]
    pub(super) fn wait(&mut self, trade: Logged) -> bool {
        self.newest = trade.key;
        if let Some(place) = self.waiting.get_mut(self.len) {
            *place = trade;
            self.len += 1;
        }
        self.len == ROOM
    }

    /// The trades that wait, in order.
    pub(super) fn waiting(&self) -> &[Logged] {
        &self.waiting[..self.len]
    }

    /// Nothing waits any more: it is in log and windows.
    pub(super) fn settled(&mut self) {
        self.len = 0;
    }

    /// A trade entered directly; `day_ends` is the end of its day, whose record was made.
    pub(super) fn entered(&mut self, key: TradeRef, day_ends: Timestamp) {
        if key >= self.newest {
            self.newest = key;
            self.day_ends = day_ends;
        }
    }

    /// Something up to this key came, perhaps without a record of its day.
    pub(super) fn reached(&mut self, key: TradeRef) {
        if key > self.newest {
            self.newest = key;
            self.day_ends = Timestamp::MIN;
        }
    }
}
