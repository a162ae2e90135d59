//! The windows of one symbol, one length and one set of trades, in order of time.

use std::collections::VecDeque;

use crate::bar::Window;
use crate::{Interval, Timestamp};

/// Windows by start, ascending, without gaps in meaning: a window that is not here had no trades,
/// or was let go because it is older than the series keeps.
#[derive(Debug)]
pub struct Series {
    windows: VecDeque<Window>,
    /// Windows that start before this were let go.
    kept_from: Timestamp,
    /// Start of the newest window while there is one: known without waiting for its memory.
    newest: Timestamp,
}

impl Default for Series {
    fn default() -> Self {
        Self { windows: VecDeque::new(), kept_from: Timestamp::MIN, newest: Timestamp::MIN }
    }
}

impl Series {
    /// The window that starts then, made if the series reaches back so far; `None` for one let go.
    pub fn window(&mut self, start: Timestamp) -> Option<&mut Window> {
        if !self.windows.is_empty() && self.newest == start {
            return self.windows.back_mut();
        }
        if start < self.kept_from {
            return None;
        }
        if self.windows.is_empty() || self.newest < start {
            self.push(Window::new(start));
            return self.windows.back_mut();
        }
        let at = self.windows.partition_point(|w| w.start < start);
        if self.windows.get(at).is_none_or(|w| w.start != start) {
            self.windows.insert(at, Window::new(start));
        }
        self.windows.get_mut(at)
    }

    /// Adds what a window holds to the one of the same start, made if there is none. For windows that
    /// are not older than the newest, which this keeps whatever was let go.
    pub fn merge_in(&mut self, part: &Window) {
        if self.windows.is_empty() || self.newest < part.start {
            self.push(*part);
        } else if let Some(window) = self.window(part.start) {
            window.absorb(part);
        }
    }

    fn push(&mut self, window: Window) {
        self.newest = window.start;
        self.windows.push_back(window);
    }

    /// Puts a window in, replacing one of the same start: what a restart does with what was stored,
    /// and what a very late trade does with a window made anew.
    pub fn put(&mut self, window: Window) {
        let at = self.windows.partition_point(|w| w.start < window.start);
        match self.windows.get_mut(at) {
            Some(known) if known.start == window.start => *known = window,
            _ => self.windows.insert(at, window),
        }
        self.newest = self.windows.back().map_or(self.newest, |newest| newest.start);
    }

    /// Lets windows that start before this go.
    pub fn let_go_before(&mut self, start: Timestamp) {
        // Few go at a time, so looking from the old end touches less than a search.
        while self.windows.front().is_some_and(|oldest| oldest.start < start) {
            self.windows.pop_front();
        }
        self.kept_from = self.kept_from.max(start);
    }

    /// A window by its start.
    pub fn get(&self, start: Timestamp) -> Option<&Window> {
        let at = self.windows.partition_point(|w| w.start < start);
        self.windows.get(at).filter(|w| w.start == start)
    }

    /// Start of the newest window.
    pub fn newest_start(&self) -> Option<Timestamp> {
        Some(self.newest).filter(|_| !self.windows.is_empty())
    }

    /// The newest window.
    pub fn newest(&self) -> Option<&Window> {
        self.windows.back()
    }

    /// Windows with `from <= start < to`, ascending.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> impl DoubleEndedIterator<Item = &Window> {
        let first = self.windows.partition_point(|w| w.start < from);
        let end = self.windows.partition_point(|w| w.start < to).max(first);
        self.windows.range(first..end)
    }

    /// Windows kept.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Nothing kept.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }
}

/// How many windows of each length the tape keeps in memory: enough that late trades find theirs;
/// older ones are in the store.
pub const fn windows_kept(interval: Interval) -> i64 {
    match interval {
        Interval::S1 => 180,
        Interval::M1 => 90,
        Interval::M5 => 36,
        Interval::M15 => 16,
        Interval::H1 => 8,
        Interval::D1 => 3,
    }
}
