//! The newest windows of one symbol and one set of trades, side by side.
//!
//! A trade touches the open second alone. When a later second begins, the closed one is counted into
//! the open minute; when the minute closes, the minute into the open five minutes, and so on: as on a
//! clock, the slow hands seldom move. So a trade costs one or two windows instead of one a length, and
//! a reader adds up at most one part a length. That adding parts gives the same window as adding
//! trades is what [`Window::merge`] promises and tests.

use crate::bar::Window;
use crate::{Interval, Timestamp};

/// The lengths kept open, each dividing the next.
const HANDS: [Interval; 5] = [Interval::S1, Interval::M1, Interval::M5, Interval::M15, Interval::H1];

/// For each of [`HANDS`] the trades of its newest window that the next longer one does not have yet.
/// The parts share no trade; an empty part has no meaningful start.
#[derive(Debug)]
pub(super) struct Open {
    hands: [Window; HANDS.len()],
}

impl Default for Open {
    fn default() -> Self {
        Self { hands: [Window::new(Timestamp::MIN); HANDS.len()] }
    }
}

impl Open {
    /// Starts of the two windows that change most.
    pub(super) fn starts(&self) -> [Timestamp; 2] {
        [self.hands[0].start, self.hands[1].start]
    }

    /// The open second, if there is one.
    pub(super) fn second(&self) -> Option<&Window> {
        Some(&self.hands[0]).filter(|second| second.start != Timestamp::MIN)
    }

    /// The open second, if it holds this moment.
    pub(super) fn second_of(&mut self, time: Timestamp) -> Option<&mut Window> {
        Some(&mut self.hands[0]).filter(|second| holds(second, Interval::S1, time))
    }

    /// Opens a later second. Each window this closes is shown to `close`; the closed hour, which belongs
    /// to a day, is returned. A window beyond which time has gone is closed only once a shorter one
    /// reaches beyond it.
    pub(super) fn begin(
        &mut self,
        second: Window,
        mut close: impl FnMut(Interval, &Window),
    ) -> Option<Window> {
        let hands = &mut self.hands;
        let mut hour = None;
        if hands[0].start != Timestamp::MIN {
            let takes = |at: &usize| {
                let hand = &hands[*at];
                hand.start == Timestamp::MIN || holds(hand, HANDS[*at], hands[*at - 1].start)
            };
            let moved = (1..HANDS.len()).find(takes).unwrap_or(HANDS.len());
            for at in 0..moved {
                close(HANDS[at], &hands[at]);
            }
            match hands.split_at_mut(moved) {
                (shorter, [hand, ..]) if hand.start == Timestamp::MIN => {
                    let part = shorter[moved - 1];
                    *hand = part.at(HANDS[moved].start_of(part.start));
                }
                (shorter, [hand, ..]) => hand.absorb(&shorter[moved - 1]),
                (hands, []) => hour = hands.last().copied(),
            }
            for at in (1..moved).rev() {
                hands[at] = hands[at - 1].at(HANDS[at].start_of(hands[at - 1].start));
            }
        }
        hands[0] = second;
        hour
    }

    /// What is open, each trade in one part.
    pub(super) fn parts(&self) -> impl Iterator<Item = Window> + '_ {
        self.hands.iter().filter(|part| part.start != Timestamp::MIN).copied()
    }

    /// What is open and not yet in the closed windows of this length, as windows of this length; several
    /// may have the same start.
    pub(super) fn parts_of(&self, interval: Interval) -> impl Iterator<Item = Window> + '_ {
        let reached = HANDS.iter().take_while(move |hand| **hand <= interval).count();
        let parts = self.hands[..reached].iter().filter(|part| part.start != Timestamp::MIN);
        parts.map(move |part| part.at(interval.start_of(part.start)))
    }
}

fn holds(window: &Window, interval: Interval, time: Timestamp) -> bool {
    (0..interval.nanos()).contains(&time.nanos().wrapping_sub(window.start.nanos()))
}
