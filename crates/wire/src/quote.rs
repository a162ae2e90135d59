//! The row of day figures, shared by `GET /api/v1/quotes` and `quote_update`.

use std::sync::Arc;

use market::{Price, Timestamp, Volume};
use serde::Serialize;
use utoipa::ToSchema;

use crate::names::Freshness;
use crate::number::{self, Micros};
use crate::text::{self, SymbolName};
use crate::time;

/// A symbol's last price and day figures. What is not known is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Quote {
    /// Price of the last trade.
    #[serde(with = "number::price_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required, example = 150.23)]
    pub price: Option<Price>,
    /// That trade's own time.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub timestamp: Option<Timestamp>,
    /// Grows by at least one with every change of this symbol within one epoch.
    pub seq: u64,
    /// Where the price comes from: `sim`, `finnhub`, `replay`.
    #[serde(with = "text::shared_option")]
    #[schema(value_type = Option<String>, required, example = "sim")]
    pub source: Option<Arc<str>>,
    /// Milliseconds from the trade to this answer.
    #[schema(required)]
    pub age_ms: Option<u64>,
    /// How far the price can be trusted to be the present one.
    pub state: Freshness,
    /// First price of the day.
    #[serde(with = "number::price_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub open: Option<Price>,
    /// Highest price of the day.
    #[serde(with = "number::price_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub high: Option<Price>,
    /// Lowest price of the day.
    #[serde(with = "number::price_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub low: Option<Price>,
    /// Shares or coins traded in the day.
    #[serde(with = "number::volume_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub volume: Option<Volume>,
    /// Close of the day before.
    #[serde(with = "number::price_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub previous_close: Option<Price>,
    /// `price` less `previous_close`.
    #[serde(with = "number::price_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required)]
    pub change: Option<Price>,
    /// `change` in per cent of `previous_close`, to six places, half to even.
    #[serde(with = "number::micros_option")]
    #[schema(value_type = Option<f64>, format = "decimal", required, example = 0.488294)]
    pub change_percent: Option<Micros>,
}

impl Quote {
    /// A symbol of which nothing is known yet.
    pub fn waiting() -> Self {
        Self {
            price: None,
            timestamp: None,
            seq: 0,
            source: None,
            age_ms: None,
            state: Freshness::Waiting,
            open: None,
            high: None,
            low: None,
            volume: None,
            previous_close: None,
            change: None,
            change_percent: None,
        }
    }

    /// Sets `change` and `change_percent` by `price` and `previous_close`; both are `None` where
    /// one of these is missing or the day before closed at nothing.
    pub fn with_changes(mut self) -> Self {
        (self.change, self.change_percent) = match (self.price, self.previous_close) {
            (Some(price), Some(close)) if close.is_positive() => {
                let change = price.units().checked_sub(close.units()).map(Price::from_units);
                (change, change.and_then(|change| Micros::percent_of(change, close)))
            }
            _ => (None, None),
        };
        self
    }

    /// Sets `age_ms` by `timestamp`; a trade ahead of our clock is of age 0.
    pub fn at(mut self, now: Timestamp) -> Self {
        self.age_ms = self.timestamp.map(|ts| u64::try_from(now.millis_since(ts)).unwrap_or(0));
        self
    }
}

/// A symbol with its last price and day figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuoteRow {
    /// The symbol.
    #[schema(value_type = String, example = "AAPL")]
    pub symbol: SymbolName,
    /// The figures.
    #[serde(flatten)]
    pub quote: Quote,
}
