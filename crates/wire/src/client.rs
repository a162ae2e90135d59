//! What a client may send over the WebSocket, and the parser of it.
//!
//! Forgiving where nothing can be misunderstood: unknown members are ignored, `null` is the same
//! as absent, members that mean nothing on a channel are checked for their type and otherwise
//! ignored. Strict where something could be: a wrong type or an unknown word refuses the whole
//! frame, which then changes nothing.

use std::fmt;

use market::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::frames::{ErrorCode, ErrorFrame};
use crate::names::{Channel, IntervalName, SessionName};
use crate::text::excerpt;

/// The longest `id` a client may give, in bytes of its JSON text.
pub const REQUEST_ID_BYTES_MAX: usize = 128;

/// The longest time updates may be gathered for one write, in milliseconds.
pub const COALESCE_MS_MAX: u8 = 50;

/// A client's own name for a request: a JSON string or number, echoed as it was written.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Box<str>);

impl RequestId {
    /// The JSON text, quotation marks included.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.0)
    }
}

impl Serialize for RequestId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error as _;
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// What is subscribed to or unsubscribed from, beside the symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Last prices.
    Prices,
    /// Rows of day figures.
    Quotes,
    /// Bars.
    Bars {
        /// Length of the windows.
        interval: IntervalName,
        /// Which trades count.
        session: SessionName,
    },
    /// Feeds, market session and server clock.
    Status,
    /// One's own trading account.
    Account,
    /// One's own watch lists.
    Lists,
    /// One's own alerts.
    Alerts,
    /// Articles.
    News,
}

impl Topic {
    /// It is about symbols, which the client names.
    pub const fn has_symbols(self) -> bool {
        !matches!(self, Self::Status | Self::Account | Self::Lists | Self::Alerts | Self::News)
    }

    /// The channel this is of.
    pub const fn channel(self) -> Channel {
        match self {
            Self::Prices => Channel::Prices,
            Self::Quotes => Channel::Quotes,
            Self::Bars { .. } => Channel::Bars,
            Self::Status => Channel::Status,
            Self::Account => Channel::Account,
            Self::Lists => Channel::Lists,
            Self::Alerts => Channel::Alerts,
            Self::News => Channel::News,
        }
    }
}

/// A `subscribe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// Echoed in the answer; without it there is none.
    pub id: Option<RequestId>,
    /// What of.
    pub topic: Topic,
    /// The texts given, not yet checked to be symbols; empty for the status.
    pub symbols: Vec<String>,
    /// For bars: all stored bars from this start on are sent first.
    pub since: Option<Timestamp>,
    /// Gather updates of this connection for so many milliseconds (0 to [`COALESCE_MS_MAX`]).
    pub coalesce_ms: Option<u8>,
}

/// An `unsubscribe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Echoed in errors.
    pub id: Option<RequestId>,
    /// What of.
    pub topic: Topic,
    /// The texts given, not yet checked to be symbols.
    pub symbols: Vec<String>,
}

/// One frame of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// Asks for values.
    Subscribe(Subscribe),
    /// Asks for no more of them.
    Unsubscribe(Unsubscribe),
    /// Asks for a `pong`.
    Ping {
        /// Echoed in the answer.
        id: Option<RequestId>,
    },
}

/// Why a frame is refused. The message is for the client and says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FrameError {
    /// What was wrong.
    pub message: String,
    /// The frame's `id`, where it could be read.
    pub id: Option<RequestId>,
}

impl FrameError {
    /// The frame that tells the client.
    pub fn into_frame(self) -> ErrorFrame {
        ErrorFrame { message: self.message, code: ErrorCode::BadRequest, symbol: None, id: self.id }
    }
}

/// The members of all kinds, as they were written: each is read on its own, so that its error
/// can name it.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    channel: Option<&'a RawValue>,
    #[serde(borrow, default)]
    symbols: Option<&'a RawValue>,
    #[serde(borrow, default)]
    interval: Option<&'a RawValue>,
    #[serde(borrow, default)]
    session: Option<&'a RawValue>,
    #[serde(borrow, default)]
    since: Option<&'a RawValue>,
    #[serde(borrow, default)]
    coalesce_ms: Option<&'a RawValue>,
}

/// Reads one text frame of a client.
///
/// The caller bounds the length of `text`; everything made here is in proportion to it.
pub fn parse_client_frame(text: &str) -> Result<ClientFrame, FrameError> {
    let refuse = |message| FrameError { message, id: None };
    // serde would take an array for the members in their order.
    if !text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{') {
        return Err(match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => refuse("A frame must be a JSON object".into()),
            Err(error) => refuse(format!("Malformed JSON: {error}")),
        });
    }
    let members: Members =
        serde_json::from_str(text).map_err(|error| refuse(format!("Malformed JSON: {error}")))?;
    let id = members.id.map(request_id).transpose().map_err(refuse)?;
    read_members(&members, id.clone()).map_err(|message| FrameError { message, id })
}

fn read_members(members: &Members, id: Option<RequestId>) -> Result<ClientFrame, String> {
    const KINDS: &str = "subscribe, unsubscribe, ping";
    let Some(kind) = members.kind else {
        return Err(format!("type is missing: must be one of {KINDS}"));
    };
    match string("type", kind)?.as_str() {
        "subscribe" => {
            let topic = topic(members)?;
            let since = members.since.map(since).transpose()?;
            Ok(ClientFrame::Subscribe(Subscribe {
                id,
                topic,
                symbols: symbols(members, topic)?,
                since: since.filter(|_| topic.channel() == Channel::Bars),
                coalesce_ms: members.coalesce_ms.map(coalesce_ms).transpose()?,
            }))
        }
        "unsubscribe" => {
            let topic = topic(members)?;
            Ok(ClientFrame::Unsubscribe(Unsubscribe { id, topic, symbols: symbols(members, topic)? }))
        }
        "ping" => Ok(ClientFrame::Ping { id }),
        other => Err(format!("Unknown type: {}: must be one of {KINDS}", excerpt(other))),
    }
}

fn string(name: &str, value: &RawValue) -> Result<String, String> {
    serde_json::from_str(value.get()).map_err(|_| format!("{name} must be a string"))
}

fn word<T: std::str::FromStr<Err = crate::names::UnknownWord>>(
    name: &str,
    value: &RawValue,
) -> Result<T, String> {
    let text = string(name, value)?;
    text.parse().map_err(|error| format!("Unknown {name}: {}: {error}", excerpt(&text)))
}

fn request_id(value: &RawValue) -> Result<RequestId, String> {
    let text = value.get();
    if text.len() > REQUEST_ID_BYTES_MAX {
        return Err(format!("id must be at most {REQUEST_ID_BYTES_MAX} bytes"));
    }
    let is_text = text.starts_with('"') && serde_json::from_str::<String>(text).is_ok();
    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if is_text || is_number {
        Ok(RequestId(text.into()))
    } else {
        Err("id must be a string or a number".into())
    }
}

fn topic(members: &Members) -> Result<Topic, String> {
    let channel = members.channel.map(|v| word("channel", v)).transpose()?.unwrap_or(Channel::Prices);
    let interval = members.interval.map(|v| word("interval", v)).transpose()?;
    let session = members.session.map(|v| word("session", v)).transpose()?;
    Ok(match channel {
        Channel::Prices => Topic::Prices,
        Channel::Quotes => Topic::Quotes,
        Channel::Status => Topic::Status,
        Channel::Account => Topic::Account,
        Channel::Lists => Topic::Lists,
        Channel::Alerts => Topic::Alerts,
        Channel::News => Topic::News,
        Channel::Bars => Topic::Bars {
            interval: interval.unwrap_or(IntervalName::M1),
            session: session.unwrap_or(SessionName::Extended),
        },
    })
}

fn symbols(members: &Members, topic: Topic) -> Result<Vec<String>, String> {
    let what = "symbols must be a list of strings";
    match members.symbols {
        None if !topic.has_symbols() => Ok(Vec::new()),
        None => Err(format!("symbols is missing: {what}")),
        Some(value) => {
            let symbols: Vec<String> = serde_json::from_str(value.get()).map_err(|_| what.to_owned())?;
            Ok(if topic.has_symbols() { symbols } else { Vec::new() })
        }
    }
}

fn since(value: &RawValue) -> Result<Timestamp, String> {
    let text = string("since", value)?;
    text.parse().map_err(|error| format!("since is {error}: {}", excerpt(&text)))
}

fn coalesce_ms(value: &RawValue) -> Result<u8, String> {
    match serde_json::from_str::<u8>(value.get()) {
        Ok(ms) if ms <= COALESCE_MS_MAX => Ok(ms),
        _ => Err(format!("coalesce_ms must be a whole number from 0 to {COALESCE_MS_MAX}")),
    }
}

/// The members of a `subscribe` or `unsubscribe`.
//
// For the description of the protocol only; `ClientFrame` is the form the server works with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubscriptionMembers {
    /// What of; without it, `prices`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub channel: Option<Channel>,
    /// The symbols; needed on `prices`, `quotes` and `bars`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["AAPL", "TSLA"]))]
    pub symbols: Option<Vec<String>>,
    /// A string or a number; with it a `subscribe` is answered by `subscribed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<IdSchema>, nullable = false)]
    pub id: Option<RequestId>,
    /// For bars; without it, `1m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub interval: Option<IntervalName>,
    /// For bars; without it, `extended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub session: Option<SessionName>,
    /// For bars, `subscribe` only: all stored bars from this start on are sent first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    pub since: Option<String>,
    /// `subscribe` only: gather updates of this connection for so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 50)]
    pub coalesce_ms: Option<u8>,
}

/// A string or a number.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = RequestId)]
pub enum IdSchema {
    /// A string of at most 128 bytes.
    Text(String),
    /// A number.
    Number(f64),
}

/// One frame of a client.
//
// For the description of the protocol only; `ClientFrame` is the form the server works with.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ClientFrame)]
pub enum ClientFrameSchema {
    /// Asks for values.
    Subscribe(SubscriptionMembers),
    /// Asks for no more of them.
    Unsubscribe(SubscriptionMembers),
    /// Asks for a `pong`.
    Ping {
        /// A string or a number, echoed.
        #[schema(value_type = Option<IdSchema>, nullable = false, required = false)]
        id: Option<RequestId>,
    },
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
