//! `GET /api/v1/account`, `POST /api/v1/account/deposits`.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use ledger::{Action, Malformed, Verb, parse_amount};
use wire::desk::{AccountBody, DepositBody, DepositRequest};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::{carry_out, closed, desk_of, id_of, key_of, written_down};
use crate::people::identity::Who;

/// What one has: cash, holdings, open tickets, triggers.
#[utoipa::path(
    get,
    path = "/api/v1/account",
    operation_id = "get_account",
    tag = "trading",
    responses(
        (status = 200, description = "The account; empty before money was added", body = AccountBody),
        (status = 401, description = "A key was sent that is not the operator's", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desk cannot answer now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn account(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
) -> Result<Json<AccountBody>, Refusal> {
    let desk = desk_of(&state)?;
    let view = desk.desk.account(who.account).await.map_err(closed)?;
    Ok(Json(AccountBody::of(&who.account, &view, desk.desk.shard_of(&who.account).number())))
}

/// Adds paper money.
#[utoipa::path(
    post,
    path = "/api/v1/account/deposits",
    operation_id = "add_money",
    tag = "trading",
    params(("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key is applied once", max_length = 255)),
    request_body = DepositRequest,
    responses(
        (status = 201, description = "It is there, and durable", body = DepositBody),
        (status = 422, description = "Not an amount, or one that cannot be", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desk cannot write now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn deposit(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    body: Result<Json<DepositRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<DepositBody>), Refusal> {
    let desk = desk_of(&state)?;
    let request = Refusal::read(body)?;
    let key = key_of(&headers, &who.account)?;
    let amount = match parse_amount(&request.amount) {
        Ok(amount) => amount,
        Err(fault) => {
            let malformed = Malformed { verb: Some(Verb::Add), symbol: None, amount: None, fault };
            return Err(
                written_down(desk, who.account, key, malformed, Refusal::fault("amount", fault)).await
            );
        }
    };
    let done = carry_out(desk, who.account, key, Action::Add { amount }).await?;
    let available = done.account.map_or_else(String::new, |account| account.available.to_string());
    let id = id_of(done.shard, done.entry.seq);
    Ok((StatusCode::CREATED, Json(DepositBody { id, amount: amount.to_string(), available })))
}
