//! `/api/v1/channels`: the ways in which somebody is reached.

use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use market::Timestamp;
use notify::email::{self, Email};
use notify::push::Subscription;
use notify::webhook::{self, Webhook};
use notify::{Adapter, Notice};
use store::records::channel::{self, Change, Channel, Confirmed, NewChannel};
use store::records::{RecordError, SecretHash, delivery};
use wire::channels::{
    ChannelBody, ChannelChange, ChannelRequest, ChannelsAnswer, ConfirmRequest, HeaderBody, NewChannelBody,
    SubscriptionKeys,
};
use wire::people::Hidden;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::{Refusal, id_of};
use super::super::who::{people_of, unkept};
use super::{
    NotifyState, body_of, content_of, mark_of, missing, name_of, name_or, notify_of, stored, web_push,
    webhook_of, wrong,
};
use crate::people::identity::Who;

/// Questions to new addresses that somebody may have sent within [`QUESTIONS_SPAN`], so that nobody is pestered.
const QUESTIONS_MAX: i64 = 5;
const QUESTIONS_SPAN: Duration = Duration::from_secs(3_600);
/// What a question is in the queue.
const QUESTION: &str = "confirm";

/// What the records say of a channel.
fn unless_taken(error: RecordError) -> Refusal {
    match error {
        RecordError::Taken => {
            Refusal::conflict("one of your channels leads there already").with_code("taken")
        }
        error => unkept(error),
    }
}

/// One's channels, and how each is doing. Of where they lead and what signs only what is no secret.
#[utoipa::path(
    get,
    path = "/api/v1/channels",
    operation_id = "get_channels",
    tag = "notices",
    responses((status = 200, description = "The channels", body = ChannelsAnswer))
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Json<ChannelsAnswer>, Refusal> {
    let (people, notify) = (people_of(&state)?, notify_of(&state)?);
    let owner = who.owner;
    let found =
        people.records.run(move |sql| Ok((channel::list(sql, owner)?, delivery::waiting(sql, owner)?)));
    let (channels, waiting) = found.await.map_err(unkept)?;
    let of = |id: i64| waiting.iter().find(|(channel, _)| *channel == id).map_or(0, |(_, count)| *count);
    let channels = channels.iter().map(|channel| body_of(channel, of(channel.id))).collect();
    Ok(Json(ChannelsAnswer { channels, sends_email: notify.adapters.email.is_some() }))
}

/// Makes a channel. A webhook's secret is its owner's, or is made here and shown this once; to an e-mail address a code is
/// sent, with which it is confirmed, and nothing else before.
#[utoipa::path(
    post,
    path = "/api/v1/channels",
    operation_id = "create_channel",
    tag = "notices",
    request_body = ChannelRequest,
    responses(
        (status = 201, description = "The channel", body = NewChannelBody),
        (status = 409, description = "One leads there already, there are as many as there may be, or this server sends no e-mail", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A member is not what it must be; `detail` says which and why", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many addresses were to be confirmed lately", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    body: Result<Json<ChannelRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<NewChannelBody>), Refusal> {
    let notify = notify_of(&state)?;
    let (channel, secret) = match Refusal::read(body)? {
        ChannelRequest::Webhook { name, url, secret, content, template, headers } => {
            let made = match &secret {
                Some(_) => None,
                None => Some(webhook::new_secret().map_err(|error| Refusal::unavailable(error.to_string()))?),
            };
            let settings = webhook::Settings {
                url: url.0,
                content: content_of(content),
                template: template.filter(|text| !text.trim().is_empty()),
                headers: pairs(headers),
                secret: secret.map(|given| given.0).or(made.clone()).unwrap_or_default(),
            };
            let channel = add_webhook(&state, notify, who.owner, name.as_deref(), &settings).await?;
            (channel, made.map(Hidden))
        }
        ChannelRequest::WebPush { name, endpoint, keys, expiration_time: _ } => {
            let SubscriptionKeys { p256dh, auth } = keys;
            let subscription = Subscription { endpoint: endpoint.0, p256dh, auth: auth.0 };
            (web_push::register(&state, who.owner, name.as_deref(), &subscription).await?, None)
        }
        ChannelRequest::Email { name, address } => {
            (add_email(&state, notify, who.owner, name.as_deref(), &address).await?, None)
        }
    };
    Ok((StatusCode::CREATED, Json(NewChannelBody { channel: body_of(&channel, 0), secret })))
}

fn pairs(headers: Vec<HeaderBody>) -> Vec<(String, String)> {
    headers.into_iter().map(|header| (header.name, header.value.0)).collect()
}

async fn add_webhook(
    state: &ApiState,
    notify: &NotifyState,
    owner: i64,
    name: Option<&str>,
    settings: &webhook::Settings,
) -> Result<Channel, Refusal> {
    let people = people_of(state)?;
    notify.adapters.webhook.check(settings).map_err(wrong)?;
    let new = NewChannel {
        kind: Webhook::KIND.into(),
        name: name_or(name, &settings.host())?,
        mark: webhook_mark(settings),
        settings: stored(settings)?,
        code: None,
    };
    let now = people.now();
    people.records.run(move |sql| channel::insert(sql, owner, &new, now)).await.map_err(unless_taken)
}

/// Two webhooks may lead to one place with other bodies: two chats behind one bot, say.
fn webhook_mark(settings: &webhook::Settings) -> String {
    let template = settings.template.as_deref().unwrap_or_default();
    mark_of(Webhook::KIND, &format!("{}\n{template}", settings.url))
}

async fn add_email(
    state: &ApiState,
    notify: &NotifyState,
    owner: i64,
    name: Option<&str>,
    address: &str,
) -> Result<Channel, Refusal> {
    let people = people_of(state)?;
    if notify.adapters.email.is_none() {
        let told = "this server sends no e-mail: its operator has set no SMTP server";
        return Err(Refusal::conflict(told).with_code("no_email"));
    }
    let settings = email::Settings::read(address).map_err(|told| wrong(("address", told)))?;
    let code = notify::new_code().map_err(|error| Refusal::unavailable(error.to_string()))?;
    let new = NewChannel {
        kind: Email::KIND.into(),
        name: name_or(name, &settings.address)?,
        mark: mark_of(Email::KIND, &settings.address.to_lowercase()),
        settings: stored(&settings)?,
        code: Some(SecretHash::of(&code)),
    };
    let now = people.now();
    let added = people.records.run(move |sql| {
        let since = now.saturating_add_nanos(-i64::try_from(QUESTIONS_SPAN.as_nanos()).unwrap_or(i64::MAX));
        if delivery::put_since(sql, owner, QUESTION, since)? >= QUESTIONS_MAX {
            return Ok(None);
        }
        let added = channel::insert(sql, owner, &new, now)?;
        delivery::put_to(sql, added.id, &question(&added, &code, now), false, now)?;
        Ok(Some(added))
    });
    let Some(added) = added.await.map_err(unless_taken)? else {
        let told =
            format!("{QUESTIONS_MAX} addresses were to be confirmed within the last hour; wait a while");
        return Err(Refusal::wait(told, QUESTIONS_SPAN / 4).with_code("too_many_questions"));
    };
    notify.outbox.wake();
    Ok(added)
}

/// What is sent to an address before anything else.
fn question(channel: &Channel, code: &str, now: Timestamp) -> Notice {
    Notice {
        owner: channel.owner,
        dedupe: format!("{QUESTION}:{}", channel.id),
        kind: QUESTION.into(),
        title: "Confirm this address for notices of Bellwether".into(),
        body: format!(
            "Somebody wants to have notices sent here. If that is you, enter this code at Bellwether, under \
             Notifications:\n\n    {code}\n\nIf not, do nothing: nothing else will come."
        ),
        symbol: None,
        price: None,
        link: "/notifications".into(),
        happened_at: now,
        details: None,
        channels: Vec::new(),
    }
}

/// Changes a channel. One that is turned on again or leads elsewhere is tried at once.
#[utoipa::path(
    patch,
    path = "/api/v1/channels/{id}",
    operation_id = "change_channel",
    tag = "notices",
    params(("id" = String, Path, description = "The channel's id")),
    request_body = ChannelChange,
    responses(
        (status = 200, description = "The channel as it is now", body = ChannelBody),
        (status = 404, description = "There is no such channel of one's own", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another leads there already", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A member is not what it must be, or not for this type", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
    body: Result<Json<ChannelChange>, JsonRejection>,
) -> Result<Json<ChannelBody>, Refusal> {
    let (people, notify) = (people_of(&state)?, notify_of(&state)?);
    let (owner, id) = (who.owner, id_of("channel", &text)?);
    let ChannelChange { name, is_on, url, content, template, headers } = Refusal::read(body)?;
    let name = name.as_deref().map(name_of).transpose()?;
    let is_elsewhere = url.is_some() || content.is_some() || template.is_some() || headers.is_some();
    let settings = match is_elsewhere {
        false => None,
        true => {
            let found = people.records.run(move |sql| channel::get(sql, owner, id)).await.map_err(unkept)?;
            let found = found.ok_or_else(|| missing(&text))?;
            let mut settings = webhook_of(&found).ok_or_else(|| {
                Refusal::unprocessable("url, content, template and headers are for webhooks only")
                    .with_code("bad_channel")
            })?;
            if let Some(url) = url {
                settings.url = url.0;
            }
            if let Some(content) = content {
                settings.content = content_of(content);
            }
            if let Some(template) = template {
                settings.template = Some(template).filter(|text| !text.trim().is_empty());
            }
            if let Some(headers) = headers {
                settings.headers = pairs(headers);
            }
            notify.adapters.webhook.check(&settings).map_err(wrong)?;
            Some((webhook_mark(&settings), stored(&settings)?))
        }
    };
    let (change, now) = (Change { name, is_on, settings }, people.now());
    let changed = people.records.run(move |sql| {
        let changed = channel::update(sql, (owner, id), &change, now)?;
        Ok(changed.zip(Some(delivery::waiting(sql, owner)?)))
    });
    let (channel, waiting) = changed.await.map_err(unless_taken)?.ok_or_else(|| missing(&text))?;
    notify.outbox.wake();
    let waiting = waiting.iter().find(|(of, _)| *of == id).map_or(0, |(_, count)| *count);
    Ok(Json(body_of(&channel, waiting)))
}

/// Removes a channel, with all that waits for it.
#[utoipa::path(
    delete,
    path = "/api/v1/channels/{id}",
    operation_id = "delete_channel",
    tag = "notices",
    params(("id" = String, Path, description = "The channel's id")),
    responses(
        (status = 204, description = "Nothing is sent there any more"),
        (status = 404, description = "There is no such channel of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn delete(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let (owner, id) = (who.owner, id_of("channel", &text)?);
    match people.records.run(move |sql| channel::remove(sql, owner, id)).await.map_err(unkept)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(missing(&text)),
    }
}

/// Confirms an e-mail address with the code that was sent there.
#[utoipa::path(
    post,
    path = "/api/v1/channels/{id}/confirm",
    operation_id = "confirm_channel",
    tag = "notices",
    params(("id" = String, Path, description = "The channel's id")),
    request_body = ConfirmRequest,
    responses(
        (status = 204, description = "It is confirmed"),
        (status = 404, description = "There is no such channel of one's own", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Too many codes were wrong: remove the channel and make it anew", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The code is another one", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn confirm(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
    body: Result<Json<ConfirmRequest>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let (owner, id) = (who.owner, id_of("channel", &text)?);
    let code: String = Refusal::read(body)?.code.0.chars().filter(|c| !c.is_whitespace()).collect();
    let code = SecretHash::of(&code);
    let done = people.records.run(move |sql| channel::confirm(sql, (owner, id), &code)).await;
    match done.map_err(unkept)? {
        Confirmed::Done => Ok(StatusCode::NO_CONTENT),
        Confirmed::Missing => Err(missing(&text)),
        Confirmed::Wrong => {
            Err(Refusal::unprocessable("this is not the code that was sent").with_code("wrong_code"))
        }
        Confirmed::Spent => {
            let told = "too many codes were wrong; remove the channel and add it again for a new one";
            Err(Refusal::conflict(told).with_code("code_spent"))
        }
    }
}
