//! How many trades there are in a second: the symbol's share of the rate, the shape of the
//! session, and bursts.

use market::calendar::DayHours;
use market::{Hours, Timestamp};

use super::HoursMode;
use crate::hash;
use crate::universe::Listing;

/// One, for the factors here.
const ONE: u64 = 1 << 16;

/// Trades of one symbol within one second never exceed this, so that their sequence numbers fit.
pub(super) const TRADES_MAX: u64 = 1 << 20;

/// An always-open session repeats its shape every eight hours.
const SHAPE_SECONDS: i64 = 8 * 3600;

/// Seconds that are lively together.
const BURST_LEVEL: u32 = 6;

/// The part of a busy market's trades that a listing has, before scaling to the rate: its dollars
/// a day to the power of three quarters, since large orders make up for some of the difference.
pub(super) fn weight(listing: &Listing) -> u64 {
    let dollars = listing.activity;
    (u128::from(dollars) * u128::from(dollars.isqrt())).isqrt() as u64
}

/// Which part of the trading day a second is in, and how busy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// How busy the time of day is; [`ONE`] on average over the regular session.
    shape: u64,
    /// Outside the regular session.
    pub(super) extended: bool,
    /// The session opens with this second.
    pub(super) opening: bool,
    /// The session closes with this second.
    pub(super) closing: bool,
}

/// Opening and closing print of these are worth an auction of their own.
const AUCTION_RATE: u64 = 1 << 26;

impl Moment {
    const CLOSED: Self = Self { shape: 0, extended: false, opening: false, closing: false };

    /// The moment for shares; `day` covers it.
    pub(super) fn of_shares(second: i64, mode: HoursMode, day: &DayHours) -> Self {
        match mode {
            HoursMode::Open => Self::always(second),
            HoursMode::Us => Self::us(second, day),
        }
    }

    /// The moment for pairs, and for all when the session never closes.
    pub(super) fn always(second: i64) -> Self {
        let shape = u_shape(second.rem_euclid(SHAPE_SECONDS), SHAPE_SECONDS);
        Self { shape, extended: false, opening: false, closing: false }
    }

    fn us(second: i64, day: &DayHours) -> Self {
        let [pre, opens, closes, post] =
            [day.pre_opens, day.opens, day.closes, day.post_closes].map(Timestamp::seconds);
        if (opens..closes).contains(&second) {
            Self {
                shape: u_shape(second - opens, closes - opens),
                extended: false,
                opening: second == opens,
                closing: second == closes - 1,
            }
        } else if (pre..opens).contains(&second) {
            // Grows towards the open.
            Self { shape: ramp(second - pre, opens - pre), extended: true, ..Self::CLOSED }
        } else if (closes..post).contains(&second) {
            Self { shape: ramp(post - second, post - closes), extended: true, ..Self::CLOSED }
        } else {
            Self::CLOSED
        }
    }

    /// Nothing trades.
    pub(super) fn is_closed(&self) -> bool {
        self.shape == 0
    }

    /// The trades of a symbol in a second: `rate` is its mean in units of 2⁻³² trades a second,
    /// `mood` that of its path.
    pub(super) fn trades(&self, key: u64, second: i64, rate: u64, mood: i64) -> u64 {
        if self.is_closed() {
            return 0;
        }
        let random = hash::draw(key ^ 0x7ade5, second as u64);
        // Three times a square of an even number: mostly few, sometimes many, one on average.
        let even = random & 0xffff;
        let spread = (3 * even * even) >> 16;
        let burst = match hash::draw(key ^ 0xb0457, (second >> BURST_LEVEL) as u64) & 7 {
            0 => ONE * 31 / 10,
            _ => ONE * 7 / 10,
        };
        let busy = (((self.shape * burst) >> 16) * mood.unsigned_abs()) >> 8;
        let mean = (((u128::from(rate) * u128::from(busy)) >> 16) * u128::from(spread)) >> 16;
        // Rounding up by chance keeps the mean of symbols that trade less than once a second.
        let count = ((mean + u128::from(random >> 32)) >> 32).min(u128::from(TRADES_MAX) - 1) as u64;
        let auction = (self.opening || self.closing) && rate > AUCTION_RATE;
        count.max(u64::from(auction))
    }

    /// The mean of [`trades`](Self::trades) at a mood, in units of 2⁻³².
    pub(super) fn mean(&self, rate: u64, mood: i64) -> u128 {
        (u128::from(rate) * u128::from((self.shape * mood.unsigned_abs()) >> 8)) >> 16
    }
}

/// Busy at both ends, quiet in the middle, [`ONE`] on average: 0.7 + 0.9 x², x from −1 to 1.
fn u_shape(at: i64, whole: i64) -> u64 {
    let x = ((2 * at - whole) * 256 / whole.max(1)).unsigned_abs();
    ONE * 7 / 10 + x * x * 9 / 10
}

/// From a hundredth to a seventh of the regular session's.
fn ramp(at: i64, whole: i64) -> u64 {
    let x = (at * 256 / whole.max(1)).unsigned_abs();
    ONE / 100 + x * x / 8
}

/// When a listing trades, in the calendar's words.
pub(super) fn hours(listing: &Listing, mode: HoursMode) -> Hours {
    if mode == HoursMode::Open || listing.is_crypto() { Hours::Always } else { Hours::UsEquity }
}
