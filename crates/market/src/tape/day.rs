//! The figures of one New York day.

use super::symbol::Class;
use crate::bar::Window;
use crate::calendar::DayHours;
use crate::{Date, Timestamp};

/// Days kept of a symbol.
pub(super) const DAYS_KEPT: usize = 3;

/// One New York day: regular trades, and those outside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) date: Date,
    ends: Timestamp,
    pub(super) regular: Window,
    pub(super) outside: Window,
}

impl Day {
    pub(super) fn new(hours: &DayHours) -> Self {
        Self {
            date: hours.date,
            ends: hours.ends,
            regular: Window::new(hours.begins),
            outside: Window::new(hours.begins),
        }
    }

    pub(super) fn covers(&self, time: Timestamp) -> bool {
        (self.regular.start..self.ends).contains(&time)
    }

    pub(super) fn window(&mut self, class: Class) -> Option<&mut Window> {
        match class {
            Class::Regular => Some(&mut self.regular),
            Class::Outside => Some(&mut self.outside),
            Class::OutsideExtended => None,
        }
    }
}
