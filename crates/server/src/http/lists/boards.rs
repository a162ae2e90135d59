//! `/api/v1/boards`: links by which a list is shown to whoever has them.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use store::records::{SecretHash, board};
use wire::lists::{BoardBody, BoardRequest, BoardView, BoardsAnswer, NewBoardBody};
use wire::people::Hidden;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::people::failed;
use super::super::problem::{Refusal, id_of};
use super::super::who::{people_of, unkept};
use crate::people::identity::Who;
use crate::people::new_secret;

/// Where the page shows a board.
const BOARD: &str = "/board#";

fn missing() -> Refusal {
    Refusal::not_found_thing("there is no such board, or not any more")
}

/// One's links, without what they are opened by.
#[utoipa::path(
    get,
    path = "/api/v1/boards",
    operation_id = "get_boards",
    tag = "lists",
    responses((status = 200, description = "The links", body = BoardsAnswer))
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Json<BoardsAnswer>, Refusal> {
    let people = people_of(&state)?;
    let found = people.records.run(move |sql| board::list(sql, who.owner)).await.map_err(unkept)?;
    let body = |board: board::Board| BoardBody {
        id: board.id.to_string(),
        watchlist: board.watchlist.to_string(),
        created_at: board.created_at,
    };
    Ok(Json(BoardsAnswer { boards: found.into_iter().map(body).collect() }))
}

/// Makes a link that shows one of one's lists, as it is from time to time, to whoever has it.
#[utoipa::path(
    post,
    path = "/api/v1/boards",
    operation_id = "create_board",
    tag = "lists",
    request_body = BoardRequest,
    responses(
        (status = 201, description = "The link, shown this once", body = NewBoardBody),
        (status = 404, description = "There is no such list of one's own", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There are as many as there may be", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    body: Result<Json<BoardRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<NewBoardBody>), Refusal> {
    let people = people_of(&state)?;
    let text = Refusal::read(body)?.watchlist;
    let list = id_of("watch list", &text)?;
    let secret = new_secret("").map_err(failed)?;
    let (hash, now) = (secret.hash(), people.now());
    let made = people.records.run(move |sql| board::insert(sql, who.owner, list, &hash, now)).await;
    let made = made.map_err(unkept)?.ok_or_else(|| Refusal::none("watch list", &text))?;
    let link = Hidden(format!("{BOARD}{}", secret.text()));
    let body = NewBoardBody { id: made.id.to_string(), watchlist: text.clone(), link };
    Ok((StatusCode::CREATED, Json(body)))
}

/// What a link shows. Its prices are live on the WebSocket, as anybody's.
#[utoipa::path(
    get,
    path = "/api/v1/boards/{id}",
    operation_id = "get_board",
    tag = "lists",
    params(("id" = String, Path, description = "What stands behind `#` in the link")),
    responses(
        (status = 200, description = "The list as it is now", body = BoardView),
        (status = 404, description = "There is no such link, or it was taken back", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn view(
    State(state): State<ApiState>,
    Path(token): Path<String>,
) -> Result<Json<BoardView>, Refusal> {
    let people = people_of(&state)?;
    let hash = SecretHash::of(&token);
    let found = people.records.run(move |sql| board::find(sql, &hash)).await.map_err(unkept)?;
    let (_, list) = found.ok_or_else(missing)?;
    Ok(Json(BoardView { name: list.name, symbols: list.symbols, updated_at: Some(list.updated_at) }))
}

/// Takes a link back.
#[utoipa::path(
    delete,
    path = "/api/v1/boards/{id}",
    operation_id = "delete_board",
    tag = "lists",
    params(("id" = String, Path, description = "The link's id")),
    responses(
        (status = 204, description = "It shows nothing any more"),
        (status = 404, description = "There is no such link of one's own", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn delete(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    Path(text): Path<String>,
) -> Result<StatusCode, Refusal> {
    let people = people_of(&state)?;
    // What is no number is not repeated: it may be the token of a link.
    let id: i64 = text.parse().map_err(|_| missing())?;
    match people.records.run(move |sql| board::remove(sql, who.owner, id)).await.map_err(unkept)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(missing()),
    }
}
