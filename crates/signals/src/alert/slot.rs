//! An alert and where it stands.

use market::Timestamp;

use super::firing::{Cause, CauseId, Firing, FiringId, Measured, Way};
use super::rule::{Alert, Direction, Repeat, Rule};
use super::state::{Cross, Leg, State};

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) alert: Alert,
    pub(super) state: State,
    /// Messages so far.
    pub(super) fired: u32,
    /// What the last of them was about.
    pub(super) last: Option<CauseId>,
    /// When silence is looked at next; for rules on silence.
    pub(super) look_at: Option<Timestamp>,
}

/// Whether an alert counts at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    NotYet,
    Counts,
    Over,
}

impl Slot {
    pub(super) fn new(alert: Alert) -> Self {
        let state = first_state(&alert);
        Self { alert, state, fired: 0, last: None, look_at: None }
    }

    pub(super) fn standing(&self, time: Timestamp) -> Standing {
        if self.state.is_over() || self.alert.expires_at.is_some_and(|end| time >= end) {
            Standing::Over
        } else if time < self.alert.active_from {
            Standing::NotYet
        } else {
            Standing::Counts
        }
    }

    /// Tells the message, and moves on to what follows it.
    pub(super) fn fire(&mut self, cause: Cause, measured: Measured, out: &mut Vec<Firing>) {
        let alert = &self.alert;
        let once = alert.repeat == Repeat::Once;
        let id =
            FiringId { alert: alert.id, generation: alert.generation, cause: (!once).then(|| cause.id()) };
        let not_before = alert.quiet.and_then(|quiet| quiet.end_of(cause.time()));
        out.push(Firing { id, owner: alert.owner, symbol: alert.symbol, cause, measured, not_before });
        self.fired = self.fired.saturating_add(1);
        self.last = Some(cause.id());
        let way = match cause {
            Cause::Trade { way, .. } => way,
            Cause::Silence { .. } | Cause::Headline { .. } => Way::Up,
        };
        self.state = if once { State::Done } else { self.rested(way) };
    }

    fn rested(&self, way: Way) -> State {
        match self.state {
            State::Legs { down, .. } if way == Way::Up => State::Legs { up: Leg::Resting, down },
            State::Legs { up, .. } => State::Legs { up, down: Leg::Resting },
            State::Cross(_) => State::Cross(Cross::Resting),
            // Every article is one of its own.
            State::Single(leg) if matches!(self.alert.rule, Rule::News { .. }) => State::Single(leg),
            State::Single(_) => State::Single(Leg::Resting),
            over @ (State::Done | State::Expired) => over,
        }
    }

    /// Arms one direction again.
    pub(super) fn arm(&mut self, way: Way) {
        match &mut self.state {
            State::Legs { up, .. } if way == Way::Up => *up = Leg::Armed,
            State::Legs { down, .. } => *down = Leg::Armed,
            State::Single(leg) => *leg = Leg::Armed,
            State::Cross(_) | State::Done | State::Expired => {}
        }
    }
}

pub(super) fn first_state(alert: &Alert) -> State {
    let armed_if = |looks: bool| if looks { Leg::Armed } else { Leg::Off };
    let legs = |direction: Direction| State::Legs {
        up: armed_if(direction != Direction::Down),
        down: armed_if(direction != Direction::Up),
    };
    match &alert.rule {
        Rule::PriceAbove(_) => legs(Direction::Up),
        Rule::PriceBelow(_) => legs(Direction::Down),
        Rule::PercentInWindow { direction, .. } | Rule::PercentFromClose { direction, .. } => {
            legs(*direction)
        }
        Rule::PriceCrosses(threshold) => State::Cross(match alert.seen {
            Some(seen) if seen > *threshold => Cross::Above,
            Some(seen) if seen < *threshold => Cross::Below,
            _ => Cross::Unsided,
        }),
        Rule::VolumeAboveUsual { .. } | Rule::Stale { .. } | Rule::News { .. } => State::Single(Leg::Armed),
    }
}

/// Alerts by their places, which are given out again once they are free.
#[derive(Debug, Default)]
pub(super) struct Slots {
    list: Vec<Option<Slot>>,
    free: Vec<u32>,
}

impl Slots {
    pub(super) fn put(&mut self, slot: Slot) -> u32 {
        if let Some(at) = self.free.pop() {
            self.list[at as usize] = Some(slot);
            return at;
        }
        self.list.push(Some(slot));
        // Four billion alerts do not fit in memory.
        (self.list.len() - 1) as u32
    }

    pub(super) fn take(&mut self, at: u32) -> Option<Slot> {
        let slot = self.list.get_mut(at as usize)?.take()?;
        self.free.push(at);
        Some(slot)
    }

    pub(super) fn get(&self, at: u32) -> Option<&Slot> {
        self.list.get(at as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Slot> {
        self.list.get_mut(at as usize)?.as_mut()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Slot> {
        self.list.iter().flatten()
    }
}
