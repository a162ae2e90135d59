//! Bodies of streams: what is taken in of which provider, as people set it while everything runs.

use market::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// What a provider brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Trades and quotes.
    Prices,
    /// Articles.
    News,
}

/// How a provider is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderState {
    /// It is heard from.
    Up,
    /// Not yet.
    Connecting,
    /// Connected, but silent for longer than an open market explains.
    Silent,
    /// Cut or refused; it is tried again.
    Down,
    /// An operator has paused it.
    Paused,
}

/// Calls that a plan allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallsBody {
    /// Calls since the start of the program.
    pub used: u64,
    /// How many are left now; `null` where nobody counts.
    #[schema(required)]
    pub left: Option<u32>,
    /// How many the plan has.
    #[schema(required)]
    pub limit: Option<u32>,
    /// When they begin anew.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub resets_at: Option<Timestamp>,
}

/// What a stream of a provider may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TakesBody {
    /// Words with `AND`, `OR`, `NOT`, quotes and parentheses.
    pub words: bool,
    /// The sections there are; empty where it has none.
    pub sections: Vec<String>,
    /// Symbols.
    pub symbols: bool,
}

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderBody {
    /// Its name in the configuration.
    pub name: String,
    /// What it brings.
    pub kind: ProviderKind,
    /// What its data is labelled with.
    pub source: String,
    /// How it is doing.
    pub state: ProviderState,
    /// Why it is not up, in words.
    #[schema(required)]
    pub detail: Option<String>,
    /// An operator has paused it.
    pub is_paused: bool,
    /// Symbols it sends now.
    pub symbols: u32,
    /// Symbols wanted but beyond its limit.
    pub waiting: u32,
    /// The most it sends at once; `null` is no limit.
    #[schema(required)]
    pub symbol_limit: Option<u32>,
    /// When anything was last heard.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_event: Option<Timestamp>,
    /// Events or articles in the last full minute, as this server has them; `null` where it has not counted one yet.
    #[schema(required)]
    pub per_minute: Option<u64>,
    /// Calls that its plan allows; `null` where it needs none.
    #[schema(required)]
    pub calls: Option<CallsBody>,
    /// Failures since the start of the program.
    pub errors: u64,
    /// The last of them.
    #[schema(required)]
    pub last_error: Option<String>,
    /// What a stream of it may ask for.
    pub takes: TakesBody,
}

/// How a stream is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// It brings what there is.
    Running,
    /// Its first answer is awaited, or no server has its provider.
    Waiting,
    /// It, or its provider, is paused.
    Paused,
    /// The last attempt failed; `last_error` says why. It is tried again.
    Failing,
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamBody {
    /// Names it in `/api/v1/streams/{id}`.
    #[schema(example = "7")]
    pub id: String,
    /// Its provider's name.
    #[schema(example = "guardian")]
    pub provider: String,
    /// What it brings.
    pub kind: ProviderKind,
    /// What its owner calls it.
    #[schema(example = "Chips")]
    pub name: String,
    /// Words that articles must have; empty for all.
    pub words: String,
    /// Sections to look in; empty for all.
    pub sections: Vec<String>,
    /// Symbols to take in.
    pub symbols: Vec<String>,
    /// And those that viewers watch most.
    pub follows_viewers: bool,
    /// It waits until it is told to go on.
    pub is_paused: bool,
    /// Whose, by the name they sign in with; `null` for what the program made, or where that is not yours to know.
    #[schema(required)]
    pub owner: Option<String>,
    /// It is one's own.
    pub is_own: bool,
    /// How it is doing.
    pub state: StreamState,
    /// When it last brought something.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_event: Option<Timestamp>,
    /// Why the last attempt failed.
    #[schema(required)]
    pub last_error: Option<String>,
    /// How many articles it has brought.
    pub articles: u64,
    /// When it was made.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// How many streams one may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuotaBody {
    /// How many one has.
    pub used: u32,
    /// How many one may have.
    pub most: u32,
}

/// `GET /api/v1/streams`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamsAnswer {
    /// Providers; to others than operators those of news alone.
    pub providers: Vec<ProviderBody>,
    /// Streams, oldest first; to others than operators one's own and those that the program made.
    pub streams: Vec<StreamBody>,
    /// How many one may have; `null` for operators.
    #[schema(required)]
    pub quota: Option<QuotaBody>,
}

/// A stream as it is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamRequest {
    /// The provider's name.
    #[schema(example = "guardian")]
    pub provider: String,
    /// What to call it, 1 to 64 characters.
    #[schema(example = "Chips")]
    pub name: String,
    /// Words with `AND`, `OR`, `NOT`, quotes and parentheses; at most 500 characters.
    #[serde(default)]
    #[schema(example = "chips AND NOT crisps")]
    pub words: String,
    /// Sections, at most 20.
    #[serde(default)]
    pub sections: Vec<String>,
    /// Symbols, at most 100.
    #[serde(default)]
    pub symbols: Vec<String>,
    /// And those that viewers watch most. Operators only.
    #[serde(default)]
    pub follows_viewers: bool,
}

/// A change of a stream; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamChange {
    /// What to call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub words: Option<String>,
    /// Sections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sections: Option<Vec<String>>,
    /// Symbols.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub symbols: Option<Vec<String>>,
    /// Those that viewers watch most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub follows_viewers: Option<bool>,
    /// Whether it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_paused: Option<bool>,
}

/// A change of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderChange {
    /// Whether it waits: then nothing of it is taken in.
    pub is_paused: bool,
}
