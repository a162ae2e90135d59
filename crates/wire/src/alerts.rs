//! Bodies of alerts, their firings and their back-test.

use market::{Price, Size, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::names::{AlertState, DirectionName, IntervalName, RuleType};
use crate::number::{self, Micros};
use crate::time;

/// What an alert is about: its type, and the members that this type has. Others must be left out.
///
/// Prices, per cents and multiples are told as decimal strings, and taken as strings or numbers.
//
// Not an enum with a tag: exact numbers cannot be read inside of one (see `number`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleBody {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: RuleType,
    /// For rules on the price: the threshold, above zero.
    #[serde(default, with = "number::price_text_option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "decimal", nullable = false, example = "190.00")]
    pub price: Option<Price>,
    /// For `percent_change`: by how many per cent, at least 0.0001.
    #[serde(default, with = "number::micros_text_option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "decimal", nullable = false, example = "2.5")]
    pub percent: Option<Micros>,
    /// For `percent_change`: which way; `either` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub direction: Option<DirectionName>,
    /// For `percent_change`: within so many seconds, whole minutes up to an hour; without it since the previous close.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 60, maximum = 3600, multiple_of = 60)]
    pub window_s: Option<u32>,
    /// For `volume_above_usual`: how many times the usual volume, to three places; 3 without it.
    #[serde(default, with = "number::micros_text_option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "decimal", nullable = false, example = "3")]
    pub times: Option<Micros>,
    /// For `stale`: the silence, in seconds; 60 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 86400)]
    pub seconds: Option<u32>,
    /// For `news`: at most 16 words of which one must be in the article; without any, every article counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub words: Option<Vec<String>>,
}

impl RuleBody {
    /// A rule of this type, with nothing that it needs yet.
    pub const fn of(kind: RuleType) -> Self {
        Self {
            kind,
            price: None,
            percent: None,
            direction: None,
            window_s: None,
            times: None,
            seconds: None,
            words: None,
        }
    }
}

/// That an alert is armed again after it has fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RearmBody {
    /// How far the value must go back beyond the threshold first: in the currency for rules on the price, in per cent
    /// for rules on a change, in times the usual for volume. Silence and news do not use it.
    #[serde(with = "number::price_text")]
    #[schema(value_type = String, format = "decimal", example = "0.50")]
    pub hysteresis: Price,
}

/// Hours of each day in which an alert decides as ever, but its message waits until they end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietBody {
    /// From this time of the day on, `HH:MM`.
    #[schema(example = "22:00")]
    pub from: String,
    /// Until this time of the day; before `from` where the hours span midnight.
    #[schema(example = "07:00")]
    pub to: String,
    /// By whose clock: `new_york`, or a distance from UTC such as `+01:00`.
    #[schema(example = "+01:00")]
    pub zone: String,
}

/// An alert as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertRequest {
    /// On what.
    #[schema(example = "AAPL")]
    pub symbol: String,
    /// About what.
    pub rule: RuleBody,
    /// To which of one's channels, by id; left out or empty, to all that are on.
    #[serde(default)]
    #[schema(example = json!(["31"]))]
    pub channels: Vec<String>,
    /// Armed again after it has fired. Left out, as `rearm` says; `false` without `rearm` fires once.
    #[serde(default)]
    pub repeat: Option<bool>,
    /// How it is armed again. Left out or `null` with `repeat`, once the value has gone back by a thousandth of the price, or
    /// by a tenth of the change or of the multiple.
    #[serde(default)]
    pub rearm: Option<RearmBody>,
    /// From then on it fires no more; left out or `null`, never.
    #[serde(default, with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When its messages wait; left out or `null`, never.
    #[serde(default)]
    pub quiet: Option<QuietBody>,
    /// One's own words, at most 200 characters.
    #[serde(default)]
    pub note: String,
    /// It is to wait.
    #[serde(default)]
    pub is_paused: bool,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertBody {
    /// Names it in `/api/v1/alerts/{id}`.
    #[schema(example = "42")]
    pub id: String,
    /// On what.
    pub symbol: String,
    /// About what.
    pub rule: RuleBody,
    /// The rule in words.
    #[schema(example = "AAPL above 190")]
    pub text: String,
    /// To which channels, by id; empty: to all that are on. Those that were removed since stay named and get nothing.
    #[schema(example = json!(["31"]))]
    pub channels: Vec<String>,
    /// Armed again after it has fired.
    pub repeat: bool,
    /// How it is armed again; `null` fires once.
    #[schema(required)]
    pub rearm: Option<RearmBody>,
    /// From then on it fires no more.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub expires_at: Option<Timestamp>,
    /// When its messages wait.
    #[schema(required)]
    pub quiet: Option<QuietBody>,
    /// Its owner's words.
    pub note: String,
    /// Where it stands.
    pub state: AlertState,
    /// How often it has fired since it was made or changed.
    pub fired: i64,
    /// When it last fired.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_fired_at: Option<Timestamp>,
    /// Grows with each change: what `If-Match` names.
    pub version: i64,
    /// When it was made.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its owner last changed it.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// `GET /api/v1/alerts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertsAnswer {
    /// Newest first.
    pub alerts: Vec<AlertBody>,
}

/// `PATCH /api/v1/alerts/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseRequest {
    /// It is to wait, or to go on: then it begins anew, and what happened meanwhile does not count.
    pub is_paused: bool,
}

/// The trade that made an alert fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CrossingTrade {
    /// Its price.
    #[serde(with = "number::price_text")]
    #[schema(value_type = String, format = "decimal", example = "190.05")]
    pub price: Price,
    /// Its size, in shares or coins.
    #[serde(with = "number::size_text")]
    #[schema(value_type = String, format = "decimal", example = "100")]
    pub size: Size,
    /// Its own time.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Its sequence: with symbol and time it names the trade.
    pub seq: u64,
}

/// That an alert has fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiringBody {
    /// Grows from firing to firing.
    #[schema(example = "57")]
    pub id: String,
    /// Which alert.
    pub alert: String,
    /// Names the crossing: the same on every server and after every restart.
    #[schema(example = "42.0.t1763735400000000000-12u")]
    pub name: String,
    /// On what.
    pub symbol: String,
    /// What happened, in words.
    #[schema(example = "AAPL traded at 190.05, above 190")]
    pub text: String,
    /// The rule, as it was then; `null` of what was recorded by an earlier version.
    #[schema(required)]
    pub rule: Option<RuleBody>,
    /// The rule in words, as it was then.
    #[schema(example = "AAPL above 190")]
    pub rule_text: String,
    /// The owner's words, as they were then.
    pub note: String,
    /// When it happened.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The trade that crossed; `null` where no trade made it fire.
    #[schema(required)]
    pub trade: Option<CrossingTrade>,
    /// Where its price came from, as in the symbol's quote; `null` where that is not known.
    #[schema(required, example = "sim")]
    pub source: Option<String>,
    /// Its message waits until then, when the quiet hours of its owner end.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub not_before: Option<Timestamp>,
    /// When the server wrote it down.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
}

/// `GET /api/v1/alerts/firings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiringsAnswer {
    /// Newest first.
    pub firings: Vec<FiringBody>,
    /// Leads to earlier ones; `null` where there are none.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Once an alert would have fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BacktestFiring {
    /// When: the start of the bar.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// At which price; `null` where that is not known.
    #[serde(with = "number::price_text_option")]
    #[schema(value_type = Option<String>, format = "decimal", required, example = "190.02")]
    pub price: Option<Price>,
}

/// What an alert would have done in the stored days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BacktestAnswer {
    /// How often it would have fired.
    pub count: u64,
    /// That in words.
    #[schema(example = "would have fired 7 times in the stored days")]
    pub text: String,
    /// The newest 1,000 times, oldest first.
    pub fired: Vec<BacktestFiring>,
    /// Start of the first bar looked at; `null` where none are stored.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub from: Option<Timestamp>,
    /// Start of the last bar looked at.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub to: Option<Timestamp>,
    /// Length of the bars.
    pub interval: IntervalName,
}

/// What the channel `alerts` tells at once and after each change: enough to see that there is something to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertsData {
    /// Grows with each change of one's alerts.
    pub version: i64,
}
