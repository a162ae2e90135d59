//! Browsers, and `GET /api/v1/channels/web_push`.

use axum::Json;
use axum::extract::State;
use notify::Adapter;
use notify::push::{Push, Subscription};
use store::records::channel::{self, Channel, NewChannel};
use wire::channels::PushKeyBody;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::super::who::{people_of, unkept};
use super::{mark_of, name_or, notify_of, stored, wrong};

/// The server's public key, with which a browser subscribes.
#[utoipa::path(
    get,
    path = "/api/v1/channels/web_push",
    operation_id = "get_push_key",
    tag = "notices",
    responses((status = 200, description = "The key", body = PushKeyBody))
)]
pub(in super::super) async fn key(State(state): State<ApiState>) -> Result<Json<PushKeyBody>, Refusal> {
    Ok(Json(PushKeyBody { public_key: notify_of(&state)?.adapters.push.public_key() }))
}

/// Registers a browser, or brings what is known of it up to date. A browser is one person's: whoever had it before has
/// it no more.
pub(super) async fn register(
    state: &ApiState,
    owner: i64,
    name: Option<&str>,
    subscription: &Subscription,
) -> Result<Channel, Refusal> {
    let (people, notify) = (people_of(state)?, notify_of(state)?);
    notify.adapters.push.check(subscription).map_err(wrong)?;
    let new = NewChannel {
        kind: Push::KIND.into(),
        name: name_or(name, &format!("Browser by {}", subscription.host()))?,
        mark: mark_of(Push::KIND, &subscription.endpoint),
        settings: stored(subscription)?,
        code: None,
    };
    let now = people.now();
    let made = people.records.run(move |sql| channel::claim(sql, owner, &new, now)).await.map_err(unkept)?;
    notify.outbox.wake();
    Ok(made)
}
