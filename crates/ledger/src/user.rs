//! One user's part of the state.

use std::collections::VecDeque;

use crate::memory::{Ended, Keys};
use crate::{Side, UserName};

/// One user's part of the state; positions and tickets stand in tables of their own.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: UserName,
    pub(crate) is_open: bool,
    /// Cents available, in tickets, in triggers.
    pub(crate) cash: [i64; 3],
    pub(crate) deposited: i128,
    pub(crate) spent: i128,
    pub(crate) earned: i128,
    /// The place of the last entry.
    pub(crate) last: u64,
    /// Slots of pending buys, newest last (rule A4).
    buys: VecDeque<u32>,
    /// Slots of pending sells, newest last.
    sells: VecDeque<u32>,
    /// Slots of positions, in no order.
    pub(crate) positions: Vec<u32>,
    pub(crate) ended: Ended,
    /// Made with the first key.
    pub(crate) keys: Option<Box<Keys>>,
}

impl User {
    pub(crate) fn new(name: UserName) -> Self {
        Self {
            name,
            is_open: false,
            cash: [0; 3],
            deposited: 0,
            spent: 0,
            earned: 0,
            last: 0,
            buys: VecDeque::new(),
            sells: VecDeque::new(),
            positions: Vec::new(),
            ended: Ended::default(),
            keys: None,
        }
    }

    /// The pending tickets of one side, newest last.
    pub(crate) fn stack(&self, side: Side) -> &VecDeque<u32> {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    pub(crate) fn stack_mut(&mut self, side: Side) -> &mut VecDeque<u32> {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    pub(crate) fn ticket_count(&self) -> usize {
        self.buys.len() + self.sells.len()
    }

    /// What was put in, less what was paid, plus what was brought: the cash there must be.
    pub(crate) fn cash_due(&self) -> i128 {
        self.deposited - self.spent + self.earned
    }

    pub(crate) fn cash_total(&self) -> i128 {
        self.cash.iter().map(|&cents| i128::from(cents)).sum()
    }
}
