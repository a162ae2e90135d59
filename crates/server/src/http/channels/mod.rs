//! Channels over HTTP: over which ways somebody is reached, and what was sent there.

/// `/api/v1/channels`.
pub(super) mod channel;
/// Histories and dead letters.
pub(super) mod deliveries;
/// Browsers, and `GET /api/v1/channels/web_push`.
pub(super) mod web_push;

use std::sync::Arc;

use notify::email::{self, Email};
use notify::push::{Push, Subscription};
use notify::webhook::{self, Content, Webhook};
use notify::{Adapter, Adapters, Outbox};
use store::records::channel::Channel;
use wire::channels::{ChannelBody, ChannelState, ChannelType, ContentName, WebhookBody};

use super::ApiState;
use super::access::Routes;
use super::problem::Refusal;
use crate::people::identity::{Access, Scope};

/// The longest name, in characters.
const NAME_CHARACTERS_MAX: usize = 64;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct NotifyState {
    /// Where notices are put.
    pub outbox: Outbox,
    /// What delivers them, and knows what is fit for it.
    pub adapters: Arc<Adapters>,
}

/// The routes.
pub(super) fn routes() -> Routes {
    const READ: Access = Access::User(Scope::Read);
    const CHANGE: Access = Access::User(Scope::Alerts);
    Routes::new()
        .get("/api/v1/channels", READ, channel::list)
        .post("/api/v1/channels", CHANGE, channel::create)
        .patch("/api/v1/channels/{id}", CHANGE, channel::change)
        .delete("/api/v1/channels/{id}", CHANGE, channel::delete)
        .post("/api/v1/channels/{id}/confirm", CHANGE, channel::confirm)
        .post("/api/v1/channels/{id}/test", CHANGE, deliveries::test)
        .get("/api/v1/channels/{id}/history", READ, deliveries::history)
        .get("/api/v1/channels/dead-letters", READ, deliveries::dead)
        .post("/api/v1/channels/dead-letters/{id}/retry", CHANGE, deliveries::retry)
        .get("/api/v1/channels/web_push", READ, web_push::key)
}

fn notify_of(state: &ApiState) -> Result<&NotifyState, Refusal> {
    state.notify.as_deref().ok_or_else(|| Refusal::unavailable("notices are sent by another process"))
}

fn missing(text: &str) -> Refusal {
    Refusal::none("channel", text)
}

/// A name as it is kept.
fn name_of(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
        return Err(Refusal::unprocessable("name must have 1 to 64 characters, and no control characters")
            .with_code("bad_name"));
    }
    Ok(name.to_owned())
}

/// A name as it is kept: what its owner gave, or else where the channel leads.
fn name_or(name: Option<&str>, target: &str) -> Result<String, Refusal> {
    match name {
        Some(name) => name_of(name),
        None => Ok(target.chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS_MAX).collect()),
    }
}

/// A member that is not what it must be.
fn wrong((member, told): (&'static str, String)) -> Refusal {
    Refusal::unprocessable(format!("{member}: {told}")).with_code("bad_channel")
}

/// What no other channel of somebody's has, made of where it leads.
fn mark_of(kind: &str, target: &str) -> String {
    format!("{kind}:{}", notify::hash_text(target))
}

/// Settings as they are stored.
fn stored<T: serde::Serialize>(settings: &T) -> Result<String, Refusal> {
    serde_json::to_string(settings).map_err(|error| {
        tracing::error!(%error, "the settings of a channel cannot be written");
        Refusal::unavailable("the channel cannot be kept now; try again")
    })
}

/// The settings of a webhook as they are stored.
fn webhook_of(channel: &Channel) -> Option<webhook::Settings> {
    (channel.kind == Webhook::KIND).then(|| serde_json::from_str(&channel.settings).ok()).flatten()
}

fn content_of(name: ContentName) -> Content {
    match name {
        ContentName::Json => Content::Json,
        ContentName::Form => Content::Form,
        ContentName::Text => Content::Text,
    }
}

fn content_name(content: Content) -> ContentName {
    match content {
        Content::Json => ContentName::Json,
        Content::Form => ContentName::Form,
        Content::Text => ContentName::Text,
    }
}

/// A channel as it is shown: never with what lets one send there.
fn body_of(channel: &Channel, waiting: i64) -> ChannelBody {
    let webhook = webhook_of(channel);
    let subscription = (channel.kind == Push::KIND)
        .then(|| serde_json::from_str::<Subscription>(&channel.settings).ok())
        .flatten();
    let email = (channel.kind == Email::KIND)
        .then(|| serde_json::from_str::<email::Settings>(&channel.settings).ok())
        .flatten();
    let (kind, target) = match (&webhook, &subscription, &email) {
        (Some(webhook), ..) => (ChannelType::Webhook, webhook.host()),
        (_, Some(subscription), _) => (ChannelType::WebPush, subscription.host()),
        (.., Some(email)) => (ChannelType::Email, email.address.clone()),
        // What cannot be read fails and says so.
        _ => (ChannelType::Webhook, String::new()),
    };
    let state = match (channel.is_on, channel.is_confirmed, channel.health.failing_since) {
        (false, ..) => ChannelState::Off,
        (_, false, _) => ChannelState::Unconfirmed,
        (_, _, Some(_)) => ChannelState::Failing,
        _ => ChannelState::Working,
    };
    ChannelBody {
        id: channel.id.to_string(),
        kind,
        name: channel.name.clone(),
        target,
        state,
        failing_since: channel.health.failing_since,
        why: channel.health.why.clone(),
        last_sent_at: channel.health.last_sent_at,
        waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
        created_at: channel.created_at,
        webhook: webhook.map(|webhook| WebhookBody {
            content: content_name(webhook.content),
            template: webhook.template,
            header_names: webhook.headers.into_iter().map(|(name, _)| name).collect(),
        }),
        endpoint_hash: subscription.map(|subscription| notify::hash_text(&subscription.endpoint)),
    }
}
