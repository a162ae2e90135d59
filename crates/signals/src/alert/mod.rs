//! Alerts: rules, and the engine that decides them on the log.
//!
//! `Alerts` is a deterministic fold over the log of market events, with headlines and the passing of
//! time beside it. What counts, exactly:
//!
//! - **Which trades.** Price rules look at trades that move the last price as the tape moves it: by their
//!   sale conditions ([`market::Conditions::may_move_last`]), and only if they are newer by (time,
//!   sequence) than every trade that moved it before. A late trade therefore fires nothing, and neither
//!   does one reported twice.
//! - **Cancellations** do not take a firing back: the message has been sent. They do see to it that a
//!   trade that never was is not crossed back from: an alert on crossing that the cancelled trade fired
//!   last stands again on the side it came from, silently, and the bucket of a window that held the trade
//!   is forgotten. The key of a cancelled trade stays the newest seen, so that until a newer one comes
//!   nothing moves. A replacement counts as the trade it is.
//! - **Price above or below** compares strictly: 190.00 is not above 190. An alert that is true when it is
//!   made fires at the next such trade. **Crossing** is a change of strict side; a trade at the threshold
//!   itself has no side of its own.
//! - **Percent in a window** is the change from the lowest (highest) price of the window, which is kept in
//!   sixtieths: a window of *m* minutes has buckets of *m* seconds, aligned to the epoch, and holds the
//!   bucket of the trade and the 60 before it. So it reaches back at least *m* minutes and at most a
//!   sixtieth further. It begins when the first alert on it is made.
//! - **Percent against the previous close** takes the close from the provider's reference, from
//!   `Alerts::previous_close`, or, where neither came for the day, from the last official price of the
//!   day before as seen here. A new day arms repeating alerts again.
//! - **Volume** is that of the clock minute (UTC), of trades that may move volume and are not late,
//!   against a sixtieth of the usual volume of that hour in New York. A cancelled trade stays in its
//!   minute's sum.
//! - **Silence** counts in regular market hours, from the last trade that moved the price or the open.
//!   It is decided by `Alerts::tick`, so the moment of a message depends on who ticks; which silence is
//!   meant does not.
//!
//! What makes messages unique: `FiringId`. What it costs: per symbol the nearest thresholds above and
//! below lie in one cache line beside the last price (`engine`), so a trade that crosses nothing is two
//! comparisons, and a trade of a symbol nobody watches is one look at that line.

mod book;
mod engine;
mod firing;
mod ladder;
mod levels;
mod quiet;
mod rule;
mod silence;
mod slot;
mod snapshot;
mod state;
mod volume;
mod window;

pub use engine::{Alerts, Refused, Status};
pub use firing::{Cause, CauseId, Firing, FiringId, Measured, Mention, Way};
pub(crate) use levels::change_ppm;
pub use quiet::{QuietHours, Zone};
pub use rule::{Alert, AlertId, Direction, Repeat, Rule, RuleError, WINDOW_MINUTES_MAX};
pub use snapshot::{AlertState, BucketState, MinuteState, Snapshot, SymbolState, WindowState};
pub use state::{Cross, Leg, State};
pub use volume::{UsualVolume, usual_volume};
