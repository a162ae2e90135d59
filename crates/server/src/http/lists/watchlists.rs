//! `/api/v1/watchlists`.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use store::records::RecordError;
use store::records::watchlist::{self, Changed, Watchlist};
use wire::lists::{BoardView, OrderRequest, WatchlistBody, WatchlistRequest, WatchlistsAnswer};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::{Refusal, id_of};
use super::super::who::{people_of, unkept};
use super::{body_of, content_of, portable};
use crate::people::identity::Who;

/// What visitors are shown where no operator has chosen: those of these that there are.
const BY_ITSELF: [&str; 12] =
    ["AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META", "TSLA", "GM", "F", "JPM", "XOM", "BINANCE:BTCUSDT"];

fn missing(text: &str) -> Refusal {
    Refusal::none("watch list", text)
}

fn unless_taken(error: RecordError) -> Refusal {
    match error {
        RecordError::Taken => Refusal::conflict("there is a list of this name already").with_code("taken"),
        error => unkept(error),
    }
}

/// The version a change was made for, if the request names one. The quotation marks may be left out.
pub(in super::super) fn version_of(headers: &HeaderMap) -> Result<Option<i64>, Refusal> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    match text {
        "*" => Ok(None),
        text => text.parse().ok().filter(|version| *version > 0).map(Some).ok_or_else(|| {
            Refusal::bad_request("If-Match must be the version that was looked at, such as \"3\"")
        }),
    }
}

/// A list with its version as `ETag`.
fn tagged(status: StatusCode, list: Watchlist) -> Response {
    let mut response = (status, Json(body_of(list.clone()))).into_response();
    // A number between quotation marks is a good value.
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", list.version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn done(changed: Changed, text: &str) -> Result<Watchlist, Refusal> {
    match changed {
        Changed::Done(list) => Ok(list),
        Changed::Missing => Err(missing(text)),
        Changed::Stale(list) => Err(Refusal::new(
            StatusCode::PRECONDITION_FAILED,
            format!("the list was changed elsewhere: it has version {} now; look at it first", list.version),
        )
        .with_code("changed")),
    }
}

/// One's watch lists, in order. With `Accept: text/csv` as CSV with the columns `list` and `symbol`.
#[utoipa::path(
    get,
    path = "/api/v1/watchlists",
    operation_id = "get_watchlists",
    tag = "lists",
    responses((status = 200, description = "The lists", content((WatchlistsAnswer = "application/json"), (String = "text/csv"))))
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let people = people_of(&state)?;
    let found = people.records.run(move |sql| watchlist::list(sql, who.owner)).await.map_err(unkept)?;
    if portable::wants_csv(&headers) {
        return portable::csv_of(&found);
    }
    Ok(Json(WatchlistsAnswer { watchlists: found.into_iter().map(body_of).collect() }).into_response())
}

/// One of one's watch lists; `ETag` is its version. With `Accept: text/csv` as CSV.
#[utoipa::path(
    get,
    path = "/api/v1/watchlists/{id}",
    operation_id = "get_watchlist",
    tag = "lists",
    params(("id" = String, Path, description = "The list")),
    responses(
        (status = 200, description = "The list", content((WatchlistBody = "application/json"), (String = "text/csv"))),
        (status = 404, description = "There is no such list of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let people = people_of(&state)?;
    let id = id_of("watch list", &text)?;
    let found = people.records.run(move |sql| watchlist::get(sql, who.owner, id)).await.map_err(unkept)?;
    let found = found.ok_or_else(|| missing(&text))?;
    if portable::wants_csv(&headers) {
        return portable::csv_of(&[found]);
    }
    Ok(tagged(StatusCode::OK, found))
}

/// Refuses what only operators decide.
fn decides(who: &Who, request: &WatchlistRequest) -> Result<(), Refusal> {
    if request.is_for_visitors.is_some() && !who.is_operator {
        return Err(Refusal::forbidden("operators decide what visitors are shown").with_code("not_operator"));
    }
    Ok(())
}

/// Adds a watch list behind the others.
#[utoipa::path(
    post,
    path = "/api/v1/watchlists",
    operation_id = "create_watchlist",
    tag = "lists",
    request_body = WatchlistRequest,
    responses(
        (status = 201, description = "It is there", body = WatchlistBody),
        (status = 409, description = "One has a list of this name (`taken`), or 50 lists (`too_many`)", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No name, no symbol, or too many", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    body: Result<Json<WatchlistRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    let people = people_of(&state)?;
    let request = Refusal::read(body)?;
    decides(&who, &request)?;
    let shown = request.is_for_visitors;
    let (content, now) = (content_of(&request.name, request.symbols)?, people.now());
    let made = people.records.run(move |sql| {
        let mut made = watchlist::insert(sql, who.owner, &content, now)?;
        if let Some(shown) = shown {
            watchlist::show_visitors(sql, made.id, shown)?;
            made.is_for_visitors = shown;
        }
        Ok(made)
    });
    let made = made.await.map_err(unless_taken)?;
    people.changed_lists(who.owner).await;
    Ok(tagged(StatusCode::CREATED, made))
}

/// Changes a list's name and symbols. With `If-Match` only while it has that version, so that a device that has not seen
/// another's change does not undo it.
#[utoipa::path(
    put,
    path = "/api/v1/watchlists/{id}",
    operation_id = "replace_watchlist",
    tag = "lists",
    params(
        ("id" = String, Path, description = "The list"),
        ("If-Match" = Option<String>, Header, description = "The version that the change was made for"),
    ),
    request_body = WatchlistRequest,
    responses(
        (status = 200, description = "It is so", body = WatchlistBody),
        (status = 404, description = "There is no such list of one's own", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "One has another list of this name", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The list was changed elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No name, no symbol, or too many", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn replace(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
    headers: HeaderMap,
    body: Result<Json<WatchlistRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    let people = people_of(&state)?;
    let (id, version) = (id_of("watch list", &text)?, version_of(&headers)?);
    let request = Refusal::read(body)?;
    decides(&who, &request)?;
    let shown = request.is_for_visitors;
    let (content, now) = (content_of(&request.name, request.symbols)?, people.now());
    let changed = people.records.run(move |sql| {
        let mut changed = watchlist::update(sql, (who.owner, id), version, &content, now)?;
        if let (Changed::Done(list), Some(shown)) = (&mut changed, shown) {
            watchlist::show_visitors(sql, id, shown)?;
            list.is_for_visitors = shown;
        }
        Ok(changed)
    });
    let list = done(changed.await.map_err(unless_taken)?, &text)?;
    people.changed_lists(who.owner).await;
    Ok(tagged(StatusCode::OK, list))
}

/// Removes a list, and the boards that show it. With `If-Match` only while it has that version.
#[utoipa::path(
    delete,
    path = "/api/v1/watchlists/{id}",
    operation_id = "delete_watchlist",
    tag = "lists",
    params(
        ("id" = String, Path, description = "The list"),
        ("If-Match" = Option<String>, Header, description = "The version that was looked at"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such list of one's own", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The list was changed elsewhere", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn delete(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let (id, version) = (id_of("watch list", &text)?, version_of(&headers)?);
    let changed = people.records.run(move |sql| watchlist::remove(sql, (who.owner, id), version)).await;
    done(changed.map_err(unkept)?, &text)?;
    people.changed_lists(who.owner).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts one's lists into an order.
#[utoipa::path(
    put,
    path = "/api/v1/watchlists/order",
    operation_id = "order_watchlists",
    tag = "lists",
    request_body = OrderRequest,
    responses(
        (status = 204, description = "They have this order"),
        (status = 409, description = "These are not just all of one's lists: one was added or removed elsewhere", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn order(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    body: Result<Json<OrderRequest>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    let others =
        || Refusal::conflict("these are not just all of your lists; look at them first").with_code("changed");
    let ids: Option<Vec<i64>> = Refusal::read(body)?.ids.iter().map(|id| id.parse().ok()).collect();
    let ids = ids.ok_or_else(others)?;
    let is_done = people.records.run(move |sql| watchlist::reorder(sql, who.owner, &ids)).await;
    if !is_done.map_err(unkept)? {
        return Err(others());
    }
    people.changed_lists(who.owner).await;
    Ok(StatusCode::NO_CONTENT)
}

/// What visitors are shown: the list an operator has chosen, or one of the program's.
#[utoipa::path(
    get,
    path = "/api/v1/watchlists/default",
    operation_id = "get_visitors_watchlist",
    tag = "lists",
    responses((status = 200, description = "The list", body = BoardView))
)]
pub(in super::super) async fn for_visitors(
    State(state): State<ApiState>,
) -> Result<Json<BoardView>, Refusal> {
    let people = people_of(&state)?;
    if let Some(list) = people.records.run(watchlist::for_visitors).await.map_err(unkept)? {
        let Watchlist { name, symbols, updated_at, .. } = list;
        return Ok(Json(BoardView { name, symbols, updated_at: Some(updated_at) }));
    }
    let universe = state.market.universe();
    let is_known = |text: &&str| market::Symbol::new(text).is_ok_and(|symbol| universe.id(&symbol).is_some());
    let symbols = BY_ITSELF.into_iter().filter(is_known).map(str::to_owned).collect();
    Ok(Json(BoardView { name: "Well known".into(), symbols, updated_at: None }))
}
