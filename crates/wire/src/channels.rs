//! Bodies of channels, over which people are reached, and of what was sent there.

use market::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::people::Hidden;
use crate::time;

/// How a channel is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelType {
    /// An HTTP request, signed, with a body by template.
    Webhook,
    /// A browser, its page closed.
    WebPush,
    /// A letter.
    Email,
}

/// How a channel is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    /// The last attempt went well, or there was none.
    Working,
    /// The last attempt failed; `failing_since` and `why` say more.
    Failing,
    /// Its address is to be confirmed with the code that was sent there.
    Unconfirmed,
    /// It is turned off.
    Off,
}

/// What the body of a webhook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContentName {
    /// `application/json`.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `text/plain`.
    Text,
}

/// A header of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderBody {
    /// Its name.
    #[schema(example = "Authorization")]
    pub name: String,
    /// Its value; never shown again.
    #[schema(value_type = String, format = Password)]
    pub value: Hidden,
}

/// A channel to be made, by its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChannelRequest {
    /// An HTTP request for each notice.
    Webhook {
        /// What its owner calls it, 1 to 64 characters; its host without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        name: Option<String>,
        /// Where to, with `https`. Only its host is shown again: many such addresses are secrets.
        #[schema(value_type = String, example = "https://hooks.example.com/T0/B0/x")]
        url: Hidden,
        /// What signs its requests, 1 to 256 characters; without it one is made, and shown once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = Password, nullable = false)]
        secret: Option<Hidden>,
        /// What the body is.
        #[serde(default)]
        content: ContentName,
        /// The body, in which `{{title}}`, `{{body}}`, `{{text}}`, `{{symbol}}`, `{{price}}`, `{{link}}`, `{{time}}`, `{{kind}}` and
        /// `{{id}}` are replaced; in JSON within strings. Without it the body is all there is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, example = "{\"text\": \"{{text}}\"}")]
        template: Option<String>,
        /// Headers to be sent with it, at most 8.
        #[serde(default)]
        headers: Vec<HeaderBody>,
    },
    /// A browser, its page closed: its subscription, as `PushSubscription.toJSON()` gives it. A browser is one person's:
    /// whoever had it before has it no more, and one's own is brought up to date.
    WebPush {
        /// What its owner calls the browser, 1 to 64 characters; its push service without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, example = "Firefox on the laptop")]
        name: Option<String>,
        /// Where to.
        #[schema(value_type = String)]
        endpoint: Hidden,
        /// Its keys.
        keys: SubscriptionKeys,
        /// When the browser ends it; not used.
        #[serde(default, rename = "expirationTime", skip_serializing)]
        #[schema(value_type = Option<f64>)]
        expiration_time: Ignored,
    },
    /// A letter for each notice, once the address is confirmed.
    Email {
        /// What its owner calls it, 1 to 64 characters; the address without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        name: Option<String>,
        /// Where to.
        #[schema(example = "ada@example.com")]
        address: String,
    },
}

/// A member that is taken, whatever it is, and not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Serialize for Ignored {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

/// A change of a channel; what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelChange {
    /// What its owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Whether notices go there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_on: Option<bool>,
    /// Of a webhook: where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub url: Option<Hidden>,
    /// Of a webhook: what the body is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content: Option<ContentName>,
    /// Of a webhook: the body; empty for all there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub template: Option<String>,
    /// Of a webhook: all its headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub headers: Option<Vec<HeaderBody>>,
}

/// What is shown of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookBody {
    /// What the body is.
    pub content: ContentName,
    /// The body; `null` for all there is.
    #[schema(required)]
    pub template: Option<String>,
    /// Names of its headers.
    pub header_names: Vec<String>,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelBody {
    /// Names it in `/api/v1/channels/{id}`.
    #[schema(example = "31")]
    pub id: String,
    /// How it is delivered.
    #[serde(rename = "type")]
    pub kind: ChannelType,
    /// What its owner calls it.
    pub name: String,
    /// Where to, as far as it is shown: an address, or a host.
    #[schema(example = "hooks.example.com")]
    pub target: String,
    /// How it is doing.
    pub state: ChannelState,
    /// Since when it fails; `null` where it does not.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub failing_since: Option<Timestamp>,
    /// Why the last attempt failed; `null` where it went well.
    #[schema(required)]
    pub why: Option<String>,
    /// The last delivery; `null` where there was none.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub last_sent_at: Option<Timestamp>,
    /// Notices that wait to be delivered there.
    pub waiting: u32,
    /// When it was made.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Of a webhook; `null` for others.
    #[schema(required)]
    pub webhook: Option<WebhookBody>,
    /// Of a browser: SHA-256 of its endpoint in hexadecimal digits, by which a page knows itself; `null` for others.
    #[schema(required)]
    pub endpoint_hash: Option<String>,
}

/// `GET /api/v1/channels`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelsAnswer {
    /// Oldest first.
    pub channels: Vec<ChannelBody>,
    /// This server sends e-mail.
    pub sends_email: bool,
}

/// A channel that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewChannelBody {
    /// The channel.
    #[serde(flatten)]
    pub channel: ChannelBody,
    /// What signs a webhook's requests, where it was made here; shown this once. `null` for others.
    #[schema(value_type = Option<String>, required, example = "whsec_…")]
    pub secret: Option<Hidden>,
}

/// Keys of a browser's subscription. Members beside these are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionKeys {
    /// Public key, base64url.
    pub p256dh: String,
    /// Authentication secret, base64url.
    #[schema(value_type = String)]
    pub auth: Hidden,
}

/// `GET /api/v1/channels/web_push`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushKeyBody {
    /// The server's key, which a browser wants as `applicationServerKey`: base64url.
    pub public_key: String,
}

/// `POST /api/v1/channels/{id}/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// The code that was sent there.
    #[schema(value_type = String, example = "20481357")]
    pub code: Hidden,
}

/// Which step a delivery is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its turn, or for the next attempt.
    Waiting,
    /// The other side has taken it.
    Sent,
    /// It was given up: a dead letter.
    Dead,
}

/// A notice on its way to a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryBody {
    /// Names it.
    #[schema(example = "4711")]
    pub id: String,
    /// The channel.
    pub channel: String,
    /// What the channel is called.
    pub channel_name: String,
    /// What the notice is about, a word: `alert`, `test`.
    #[schema(example = "alert")]
    pub kind: String,
    /// Its line.
    pub title: String,
    /// Which step it is at.
    pub state: DeliveryState,
    /// Attempts so far.
    pub tries: u32,
    /// Why the last attempt failed; `null` where none did.
    #[schema(required)]
    pub why: Option<String>,
    /// When it was queued.
    #[serde(with = "time::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub queued_at: Timestamp,
    /// When it was sent or given up; `null` while it waits.
    #[serde(with = "time::rfc3339_option")]
    #[schema(value_type = Option<String>, format = DateTime, required)]
    pub ended_at: Option<Timestamp>,
}

/// Deliveries, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveriesAnswer {
    /// The newest 200.
    pub deliveries: Vec<DeliveryBody>,
}

/// What a test or a further attempt is waited for by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueuedBody {
    /// The delivery, as the channel's history lists it.
    pub delivery: String,
}
