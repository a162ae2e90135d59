//! `/api/v1/alerts`.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use market::Timestamp;
use store::records::alert::{self, Alert, Changed};
use wire::alerts::{AlertBody, AlertRequest, AlertsAnswer, PauseRequest};
use wire::names::RuleType;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::lists::watchlists::version_of;
use super::super::problem::{Refusal, id_of};
use super::super::query::Query;
use super::super::symbols::find;
use super::super::who::{people_of, unkept};
use super::{begin, content_of, missing, no_channel, with_channels};
use crate::alerts::alert_body;
use crate::people::identity::Who;

/// An alert as its owner is told of it.
fn body_of(alert: Alert, now: Timestamp) -> Result<AlertBody, Refusal> {
    let id = alert.id;
    alert_body(alert, now).ok_or_else(|| {
        tracing::error!(alert = id, "an alert is stored in a form that is not known here");
        Refusal::unavailable("the alert cannot be read by this version; update the server")
    })
}

/// An alert with its version as `ETag`.
fn tagged(status: StatusCode, alert: Alert, now: Timestamp) -> Result<Response, Refusal> {
    let version = alert.version;
    let mut response = (status, Json(body_of(alert, now)?)).into_response();
    // A number between quotation marks is a good value.
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

fn done(changed: Changed, text: &str) -> Result<Alert, Refusal> {
    match changed {
        Changed::Done(alert) => Ok(*alert),
        Changed::Missing => Err(missing(text)),
        Changed::Stale(alert) => Err(Refusal::new(
            StatusCode::PRECONDITION_FAILED,
            format!(
                "the alert was changed elsewhere: it has version {} now; look at it first",
                alert.version
            ),
        )
        .with_code("changed")),
    }
}

/// The engine and those who watch are told.
fn tell(state: &ApiState) {
    if let Some(alerting) = &state.alerts {
        alerting.changed();
    }
}

/// One's alerts, newest first; with `symbol` those on it.
#[utoipa::path(
    get,
    path = "/api/v1/alerts",
    operation_id = "get_alerts",
    tag = "alerts",
    params(("symbol" = Option<String>, Query, description = "Only those on this symbol", max_length = 32)),
    responses(
        (status = 200, description = "The alerts, at most 1,000", body = AlertsAnswer),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    uri: Uri,
) -> Result<Json<AlertsAnswer>, Refusal> {
    let people = people_of(&state)?;
    let query = Query::of(&uri)?;
    let symbol = query.text("symbol").map(str::to_owned);
    let found = people.records.run(move |sql| alert::list(sql, who.owner)).await.map_err(unkept)?;
    let now = people.now();
    let wanted = found.into_iter().filter(|alert| symbol.as_ref().is_none_or(|s| *s == alert.content.symbol));
    // One that this version cannot read does not hide the others.
    Ok(Json(AlertsAnswer { alerts: wanted.filter_map(|alert| alert_body(alert, now)).collect() }))
}

/// One of one's alerts; `ETag` is its version.
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}",
    operation_id = "get_alert",
    tag = "alerts",
    params(("id" = String, Path, description = "The alert")),
    responses(
        (status = 200, description = "The alert", body = AlertBody),
        (status = 404, description = "There is no such alert of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<Response, Refusal> {
    let people = people_of(&state)?;
    let id = id_of("alert", &text)?;
    let found = people.records.run(move |sql| alert::get(sql, who.owner, id)).await.map_err(unkept)?;
    tagged(StatusCode::OK, found.ok_or_else(|| missing(&text))?, people.now())
}

/// Sets an alert. What happened before does not count.
#[utoipa::path(
    post,
    path = "/api/v1/alerts",
    operation_id = "create_alert",
    tag = "alerts",
    request_body = AlertRequest,
    responses(
        (status = 201, description = "It is set", body = AlertBody),
        (status = 404, description = "No such symbol", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "One has 1,000 alerts (`too_many`)", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The rule cannot be (`bad_rule`), a channel is not one's own (`bad_channels`), or quiet hours, expiry or note cannot be (`bad_quiet`, `bad_expiry`, `bad_note`)", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    body: Result<Json<AlertRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    let people = people_of(&state)?;
    let now = people.now();
    let content = content_of(&state, Refusal::read(body)?, now)?;
    let made = people.records.run(move |sql| {
        with_channels(sql, (who.owner, &content), |sql| alert::insert(sql, who.owner, &content, now))
    });
    let made = made.await.map_err(unkept)?.map_err(|id| no_channel(&id.to_string()))?;
    tell(&state);
    tagged(StatusCode::CREATED, made, now)
}

/// Changes an alert. It begins anew: what happened before does not count, and its firings are counted from zero. With
/// `If-Match` only while it has that version.
#[utoipa::path(
    put,
    path = "/api/v1/alerts/{id}",
    operation_id = "replace_alert",
    tag = "alerts",
    params(
        ("id" = String, Path, description = "The alert"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
    ),
    request_body = AlertRequest,
    responses(
        (status = 200, description = "It is so", body = AlertBody),
        (status = 404, description = "There is no such alert of one's own, or no such symbol", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The alert was changed elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "As for a new one", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn replace(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
    headers: HeaderMap,
    body: Result<Json<AlertRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    let people = people_of(&state)?;
    let (id, version, now) = (id_of("alert", &text)?, version_of(&headers)?, people.now());
    let content = content_of(&state, Refusal::read(body)?, now)?;
    let changed = people.records.run(move |sql| {
        with_channels(sql, (who.owner, &content), |sql| {
            alert::replace(sql, (who.owner, id), version, &content, now)
        })
    });
    let changed = changed.await.map_err(unkept)?.map_err(|id| no_channel(&id.to_string()))?;
    let alert = done(changed, &text)?;
    tell(&state);
    tagged(StatusCode::OK, alert, now)
}

/// Has an alert wait, or go on. One that goes on begins anew; one that is as it shall be stays as it is.
#[utoipa::path(
    patch,
    path = "/api/v1/alerts/{id}",
    operation_id = "pause_alert",
    tag = "alerts",
    params(("id" = String, Path, description = "The alert")),
    request_body = PauseRequest,
    responses(
        (status = 200, description = "It is so", body = AlertBody),
        (status = 404, description = "There is no such alert of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn pause(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
    body: Result<Json<PauseRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    let people = people_of(&state)?;
    let (id, now) = (id_of("alert", &text)?, people.now());
    let PauseRequest { is_paused } = Refusal::read(body)?;
    let begins = state.clone();
    let changed = people.records.run(move |sql| {
        let Some(found) = alert::get(sql, who.owner, id)? else { return Ok(Changed::Missing) };
        if found.content.is_paused == is_paused {
            return Ok(Changed::Done(Box::new(found)));
        }
        let mut content = found.content;
        content.is_paused = is_paused;
        begin_anew(&begins, &mut content, now);
        alert::replace(sql, (who.owner, id), Some(found.version), &content, now)
    });
    let alert = done(changed.await.map_err(unkept)?, &text)?;
    tell(&state);
    tagged(StatusCode::OK, alert, now)
}

/// Has content begin where its symbol stands now.
fn begin_anew(state: &ApiState, content: &mut alert::Content, now: Timestamp) {
    let kind = crate::alerts::rule_type(&content.rule).unwrap_or(RuleType::PriceAbove);
    // A symbol that is known no more begins wherever it comes back.
    if let Ok((id, _)) = find(&state.market.universe(), &content.symbol) {
        (content.active_from, content.seen) = begin(state, id, kind, now);
    }
    if let Some(first) = crate::alerts::state_at_beginning(content) {
        content.state = first;
    }
}

/// Removes an alert. For a day it can be taken back.
#[utoipa::path(
    delete,
    path = "/api/v1/alerts/{id}",
    operation_id = "delete_alert",
    tag = "alerts",
    params(("id" = String, Path, description = "The alert")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such alert of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn delete(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let (id, now) = (id_of("alert", &text)?, people.now());
    let is_gone = people.records.run(move |sql| alert::remove(sql, who.owner, id, now)).await;
    if !is_gone.map_err(unkept)? {
        return Err(missing(&text));
    }
    tell(&state);
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back an alert that was removed less than a day ago. It begins anew.
#[utoipa::path(
    post,
    path = "/api/v1/alerts/{id}/restore",
    operation_id = "restore_alert",
    tag = "alerts",
    params(("id" = String, Path, description = "The alert")),
    responses(
        (status = 200, description = "It is set again", body = AlertBody),
        (status = 404, description = "There is no such alert of one's own any more", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "One has 1,000 alerts (`too_many`)", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn restore(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<Response, Refusal> {
    let people = people_of(&state)?;
    let (id, now) = (id_of("alert", &text)?, people.now());
    let begins = state.clone();
    let changed = people.records.run(move |sql| {
        let Some(mut content) = alert::removed(sql, who.owner, id)?.map(|alert| alert.content) else {
            return Ok(
                alert::get(sql, who.owner, id)?.map_or(Changed::Missing, |a| Changed::Done(Box::new(a)))
            );
        };
        begin_anew(&begins, &mut content, now);
        let begin = (content.active_from, content.seen, &*content.state);
        alert::restore(sql, (who.owner, id), begin, now)
    });
    let alert = done(changed.await.map_err(unkept)?, &text)?;
    tell(&state);
    tagged(StatusCode::OK, alert, now)
}
