//! Where an alert stands.

/// One direction of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Leg {
    /// The rule does not look this way.
    Off,
    /// Waits for its threshold.
    Armed,
    /// Has fired, and waits for the value to go back.
    Resting,
}

/// Where an alert on crossing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cross {
    /// No price has been off the threshold yet.
    Unsided,
    /// The price was below last; above fires.
    Below,
    /// The price was above last; below fires.
    Above,
    /// Has fired, and waits for the price to go away from the threshold by the hysteresis.
    Resting,
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Price above and below, per cent: up and down stand by themselves.
    Legs {
        /// Rises.
        up: Leg,
        /// Falls.
        down: Leg,
    },
    /// Crossing.
    Cross(Cross),
    /// Volume, silence, news.
    Single(Leg),
    /// Fired once; it is over.
    Done,
    /// Its time is over.
    Expired,
}

impl State {
    /// Nothing more will come of it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Expired)
    }
}
