//! What stands in the bodies, as text.

use ledger::{Cents, Dollars, Millis, Quote, Shares, Side};
use market::decimal::div_half_even;
use market::{Price, Timestamp};

use super::{PriceSource, SideName, TransactionKind};

/// Price units (10⁻⁸ dollars) in a hundredth of a cent.
const UNITS_PER_HUNDREDTH: i128 = 10_000;

/// The name of an entry or a ticket outside its shard.
pub(super) fn place(shard: u16, seq: u64) -> String {
    format!("{shard}-{seq}")
}

/// A time beyond what can be told (1677 to 2262) is told as the nearest that can.
pub(super) fn time(at: Millis) -> Timestamp {
    let nearest = if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millis(at.0).unwrap_or(nearest)
}

/// Dollars with both digits of the cents.
pub(super) fn money(cents: i128) -> String {
    match i64::try_from(cents) {
        Ok(cents) => Cents(cents).to_string(),
        Err(_) => {
            let (sign, magnitude) = (if cents < 0 { "-" } else { "" }, cents.unsigned_abs());
            format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
        }
    }
}

pub(super) fn price(price: Price) -> String {
    Dollars(price).to_string()
}

/// Cost by share, to a hundredth of a cent, rounded half to even; `None` without shares.
pub(super) fn average_cost(cost: Cents, shares: i128) -> Option<String> {
    let hundredths = div_half_even(i128::from(cost.0) * 100, Some(shares).filter(|shares| *shares > 0)?)?;
    let units = i64::try_from(hundredths.checked_mul(UNITS_PER_HUNDREDTH)?).ok()?;
    Some(price(Price::from_units(units)))
}

/// A number of shares that several accounts make up.
pub(super) fn sum(parts: impl IntoIterator<Item = Shares>) -> i128 {
    parts.into_iter().map(|shares| i128::from(shares.0)).sum()
}

impl PriceSource {
    /// Where a price came from that was used at this time.
    pub fn of(quote: &Quote, used: Millis) -> Self {
        Self {
            source: quote.source.to_string(),
            timestamp: time(quote.provider_time),
            arrived_at: time(quote.arrived),
            age_ms: used.0.saturating_sub(quote.provider_time.0),
        }
    }
}

impl From<Side> for SideName {
    fn from(side: Side) -> Self {
        match side {
            Side::Buy => Self::Buy,
            Side::Sell => Self::Sell,
        }
    }
}

impl From<SideName> for Side {
    fn from(side: SideName) -> Self {
        match side {
            SideName::Buy => Self::Buy,
            SideName::Sell => Self::Sell,
        }
    }
}

impl SideName {
    /// The word, as it stands in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

impl TransactionKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Deposit,
        Self::TicketOpened,
        Self::TicketCommitted,
        Self::TicketCancelled,
        Self::TicketExpired,
        Self::TriggerSet,
        Self::TriggerArmed,
        Self::TriggerRemoved,
        Self::TriggerFired,
        Self::Inquiry,
        Self::Refused,
    ];

    /// The word, as it stands in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::TicketOpened => "ticket_opened",
            Self::TicketCommitted => "ticket_committed",
            Self::TicketCancelled => "ticket_cancelled",
            Self::TicketExpired => "ticket_expired",
            Self::TriggerSet => "trigger_set",
            Self::TriggerArmed => "trigger_armed",
            Self::TriggerRemoved => "trigger_removed",
            Self::TriggerFired => "trigger_fired",
            Self::Inquiry => "inquiry",
            Self::Refused => "refused",
        }
    }
}
