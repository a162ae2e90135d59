//! `PUT` and `DELETE /api/v1/triggers/{side}/{symbol}`.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use ledger::line::Fault;
use ledger::{Action, Cents, Dialect, Malformed, Side, Verb, parse_amount};
use market::{Price, Symbol};
use wire::desk::{TransactionBody, TriggerAnswer, TriggerBody, TriggerRequest};
use wire::journal::Record;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::{carry_out, desk_of, key_of, written_down};
use crate::people::identity::Who;

fn place(side: &str, symbol: &str) -> Result<(Side, Symbol), Refusal> {
    let side = match side {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return Err(Refusal::not_found_thing("a trigger is of buy or sell")),
    };
    Ok((side, Symbol::new(symbol).map_err(|_| Refusal::unknown_symbol(symbol))?))
}

/// Amount and price, or what of the request cannot be read and what to tell.
fn read(
    request: &TriggerRequest,
    side: Side,
    symbol: Symbol,
    is_known: bool,
) -> Result<(Cents, Price), (Malformed, Refusal)> {
    let verb = match side {
        Side::Buy => Verb::SetBuyTrigger,
        Side::Sell => Verb::SetSellTrigger,
    };
    let malformed = |fault| Malformed { verb: Some(verb), symbol: Some(symbol), amount: None, fault };
    if !is_known {
        return Err((malformed(Fault::Symbol), Refusal::unknown_symbol(symbol.as_str())));
    }
    let amount =
        parse_amount(&request.amount).map_err(|fault| (malformed(fault), Refusal::fault("amount", fault)))?;
    // A number beyond what a price can hold is as much too high, or too low, as it can be.
    let far = || {
        let cents = parse_amount(&request.price).ok()?;
        Some(Price::from_units(if cents.is_positive() { i64::MAX } else { i64::MIN }))
    };
    let price = request.price.parse().ok().or_else(far).ok_or_else(|| {
        let told = Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "price must be a decimal number");
        (malformed(Fault::Amount), told.with_code(Fault::Amount.code()))
    })?;
    Ok((amount, price))
}

/// Buys or sells by itself at the first price that is good enough.
#[utoipa::path(
    put,
    path = "/api/v1/triggers/{side}/{symbol}",
    operation_id = "set_trigger",
    tag = "trading",
    params(
        ("side" = String, Path, description = "`buy` or `sell`"),
        ("symbol" = String, Path, description = "Of what, percent-encoded", max_length = 32, example = "AAPL"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key is applied once", max_length = 255),
    ),
    request_body = TriggerRequest,
    responses(
        (status = 200, description = "It is armed, or fired at once", body = TriggerAnswer),
        (status = 404, description = "No such symbol", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The account does not allow it; `code` says why", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not an amount or price, or one that cannot be", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No price, or the desk cannot write now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn set(
    State(state): State<ApiState>,
    Path((side, symbol)): Path<(String, String)>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    body: Result<Json<TriggerRequest>, JsonRejection>,
) -> Result<Json<TriggerAnswer>, Refusal> {
    let desk = desk_of(&state)?;
    let (side, symbol) = place(&side, &symbol)?;
    let request = Refusal::read(body)?;
    let key = key_of(&headers, &who.account)?;
    let is_known = desk.dialect != Dialect::Wide || state.market.universe().id(&symbol).is_some();
    let (amount, price) = match read(&request, side, symbol, is_known) {
        Ok(read) => read,
        Err((malformed, told)) => {
            return Err(written_down(desk, who.account, key, malformed, told).await);
        }
    };
    let done = carry_out(desk, who.account, key, Action::SetTrigger { side, symbol, amount, price }).await?;
    let account = done.account.unwrap_or_default();
    let trigger = account.triggers.iter().find(|t| t.side == side && t.symbol == symbol);
    let shard = done.shard.number();
    let fired = done.fired.map(|entry| Record { user: who.account, entry });
    Ok(Json(TriggerAnswer {
        trigger: trigger.map(TriggerBody::of),
        fired: fired.map(|record| TransactionBody::of(&record, shard)),
    }))
}

/// Removes an automatic buy or sell; what it reserved goes back.
#[utoipa::path(
    delete,
    path = "/api/v1/triggers/{side}/{symbol}",
    operation_id = "remove_trigger",
    tag = "trading",
    params(
        ("side" = String, Path, description = "`buy` or `sell`"),
        ("symbol" = String, Path, description = "Of what, percent-encoded", max_length = 32, example = "AAPL"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key is applied once", max_length = 255),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "None was set", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desk cannot write now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn remove(
    State(state): State<ApiState>,
    Path((side, symbol)): Path<(String, String)>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let desk = desk_of(&state)?;
    let (side, symbol) = place(&side, &symbol)?;
    let action = match side {
        Side::Buy => Action::CancelSetBuy { symbol },
        Side::Sell => Action::CancelSetSell { symbol },
    };
    let key = key_of(&headers, &who.account)?;
    carry_out(desk, who.account, key, action).await?;
    Ok(StatusCode::NO_CONTENT)
}
