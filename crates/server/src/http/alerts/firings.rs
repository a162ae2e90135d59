//! `GET /api/v1/alerts/firings`.

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use store::records::firing;
use wire::alerts::FiringsAnswer;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::{Refusal, id_of};
use super::super::query::Query;
use super::super::who::{people_of, unkept};
use crate::alerts::firing_body;
use crate::people::identity::Who;

/// Most firings of one page.
const LIMIT_MAX: usize = 500;

/// What one's alerts have said, newest first; the newest 1,000 are kept.
#[utoipa::path(
    get,
    path = "/api/v1/alerts/firings",
    operation_id = "get_firings",
    tag = "alerts",
    params(
        ("alert" = Option<String>, Query, description = "Only those of this alert"),
        ("limit" = Option<u32>, Query, description = "Most firings to give; 100 without it", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "The firings", body = FiringsAnswer),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such alert", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    uri: Uri,
) -> Result<Json<FiringsAnswer>, Refusal> {
    let people = people_of(&state)?;
    let query = Query::of(&uri)?;
    let limit = query.number("limit", 1..=LIMIT_MAX, 100)?;
    let alert = query.text("alert").map(|text| id_of("alert", text)).transpose()?;
    let before = match query.text("cursor") {
        Some(text) => text.parse().map_err(|_| Refusal::bad_request("cursor is of another list"))?,
        None => i64::MAX,
    };
    // One more than asked for tells whether there is another page.
    let found = people.records.run(move |sql| firing::list(sql, who.owner, alert, before, limit + 1)).await;
    let mut found = found.map_err(unkept)?;
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| is_more).map(|firing| firing.id.to_string());
    Ok(Json(FiringsAnswer { firings: found.into_iter().filter_map(firing_body).collect(), next_cursor }))
}
