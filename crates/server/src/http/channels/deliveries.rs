//! What was sent to somebody's channels, what was given up, and tests.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use market::Timestamp;
use notify::Notice;
use store::records::{channel, delivery};
use wire::channels::{DeliveriesAnswer, DeliveryBody, DeliveryState, QueuedBody};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::{Refusal, id_of};
use super::super::who::{people_of, unkept};
use super::{missing, notify_of};
use crate::people::identity::Who;

/// Deliveries that are listed.
const LISTED_MAX: i64 = 200;
/// Tests that somebody may have sent within [`TESTS_SPAN`].
const TESTS_MAX: i64 = 10;
const TESTS_SPAN: Duration = Duration::from_secs(60);
/// What a test is in the queue.
const TEST: &str = "test";

fn body_of(entry: delivery::Entry) -> DeliveryBody {
    DeliveryBody {
        id: entry.id.to_string(),
        channel: entry.channel.to_string(),
        channel_name: entry.channel_name,
        kind: entry.kind,
        title: entry.title,
        state: match entry.state {
            delivery::State::Waiting => DeliveryState::Waiting,
            delivery::State::Sent => DeliveryState::Sent,
            delivery::State::Dead => DeliveryState::Dead,
        },
        tries: u32::try_from(entry.tries).unwrap_or(u32::MAX),
        why: entry.why,
        queued_at: entry.queued_at,
        ended_at: entry.ended_at,
    }
}

fn answer(entries: Vec<delivery::Entry>) -> Json<DeliveriesAnswer> {
    Json(DeliveriesAnswer { deliveries: entries.into_iter().map(body_of).collect() })
}

/// The newest deliveries of one of one's channels.
#[utoipa::path(
    get,
    path = "/api/v1/channels/{id}/history",
    operation_id = "get_channel_history",
    tag = "notices",
    params(("id" = String, Path, description = "The channel's id")),
    responses(
        (status = 200, description = "The deliveries", body = DeliveriesAnswer),
        (status = 404, description = "There is no such channel of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn history(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<Json<DeliveriesAnswer>, Refusal> {
    let people = people_of(&state)?;
    let (owner, id) = (who.owner, id_of("channel", &text)?);
    let found = people.records.run(move |sql| match channel::get(sql, owner, id)? {
        Some(_) => delivery::history(sql, (owner, id), LISTED_MAX).map(Some),
        None => Ok(None),
    });
    found.await.map_err(unkept)?.map(answer).ok_or_else(|| missing(&text))
}

/// What was given up on one's channels.
#[utoipa::path(
    get,
    path = "/api/v1/channels/dead-letters",
    operation_id = "get_dead_letters",
    tag = "notices",
    responses((status = 200, description = "The dead letters", body = DeliveriesAnswer))
)]
pub(in super::super) async fn dead(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Json<DeliveriesAnswer>, Refusal> {
    let (people, owner) = (people_of(&state)?, who.owner);
    let found = people.records.run(move |sql| delivery::dead(sql, owner, LISTED_MAX)).await;
    Ok(answer(found.map_err(unkept)?))
}

/// Queues one of one's dead letters again, at once and with all attempts before it.
#[utoipa::path(
    post,
    path = "/api/v1/channels/dead-letters/{id}/retry",
    operation_id = "retry_dead_letter",
    tag = "notices",
    params(("id" = String, Path, description = "The delivery's id")),
    responses(
        (status = 202, description = "It is queued", body = QueuedBody),
        (status = 404, description = "There is no such dead letter of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn retry(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<(StatusCode, Json<QueuedBody>), Refusal> {
    let (people, notify) = (people_of(&state)?, notify_of(&state)?);
    let id = id_of("dead letter", &text)?;
    let (owner, now) = (who.owner, people.now());
    if !people.records.run(move |sql| delivery::retry(sql, owner, id, now)).await.map_err(unkept)? {
        return Err(Refusal::none("dead letter", &text));
    }
    notify.outbox.wake();
    Ok((StatusCode::ACCEPTED, Json(QueuedBody { delivery: id.to_string() })))
}

/// Sends a test to one of one's channels: at once, before all that waits there, and tried once. The channel's history
/// has what became of it.
#[utoipa::path(
    post,
    path = "/api/v1/channels/{id}/test",
    operation_id = "test_channel",
    tag = "notices",
    params(("id" = String, Path, description = "The channel's id")),
    responses(
        (status = 202, description = "It is queued", body = QueuedBody),
        (status = 404, description = "There is no such channel of one's own", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The channel is off, or not confirmed", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many tests were sent lately", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn test(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<(StatusCode, Json<QueuedBody>), Refusal> {
    let (people, notify) = (people_of(&state)?, notify_of(&state)?);
    let (owner, id, now) = (who.owner, id_of("channel", &text)?, people.now());
    let queued = people.records.run(move |sql| {
        let Some(channel) = channel::get(sql, owner, id)? else { return Ok(Err(Untested::Missing)) };
        if !channel.is_on || !channel.is_confirmed {
            return Ok(Err(Untested::Closed));
        }
        let since = now.saturating_add_nanos(-i64::try_from(TESTS_SPAN.as_nanos()).unwrap_or(i64::MAX));
        if delivery::put_since(sql, owner, TEST, since)? >= TESTS_MAX {
            return Ok(Err(Untested::TooMany));
        }
        let key = sql.new_id()?;
        let put = delivery::put_to(sql, id, &test_notice(owner, key, &channel.name, now), true, now)?;
        Ok(put.ok_or(Untested::TooMany))
    });
    let queued = queued.await.map_err(unkept)?.map_err(|untested| match untested {
        Untested::Missing => missing(&text),
        Untested::Closed => {
            Refusal::conflict("the channel is off, or not confirmed yet").with_code("channel_closed")
        }
        Untested::TooMany => {
            let told = format!("{TESTS_MAX} tests were sent within the last minute; wait a while");
            Refusal::wait(told, TESTS_SPAN).with_code("too_many_tests")
        }
    })?;
    notify.outbox.wake();
    Ok((StatusCode::ACCEPTED, Json(QueuedBody { delivery: queued.to_string() })))
}

/// Why no test was sent.
enum Untested {
    Missing,
    Closed,
    TooMany,
}

fn test_notice(owner: i64, key: i64, channel: &str, now: Timestamp) -> Notice {
    Notice {
        owner,
        dedupe: format!("{TEST}:{key}"),
        kind: TEST.into(),
        title: "A test from Bellwether".into(),
        body: format!("Notices reach you over “{channel}”."),
        symbol: None,
        price: None,
        link: "/notifications".into(),
        happened_at: now,
        details: None,
        channels: Vec::new(),
    }
}
