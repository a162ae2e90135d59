//! `POST /api/v1/tickets` and what may be done with one.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use ledger::line::Fault;
use ledger::{Action, Effect, Event, Malformed, Outcome, Ticket, Verb, parse_amount};
use market::Symbol;
use wire::desk::{SideName, TicketBody, TicketRequest, TicketStatus};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::{Done, carry_out, desk_of, key_of, place_of, unknown_ticket, written_down};
use crate::people::identity::Who;

/// Sets cash or shares aside at the present price, for 60 seconds.
#[utoipa::path(
    post,
    path = "/api/v1/tickets",
    operation_id = "open_ticket",
    tag = "trading",
    params(("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key is applied once", max_length = 255)),
    request_body = TicketRequest,
    responses(
        (status = 201, description = "It waits for its commit until `expires_at`", body = TicketBody),
        (status = 404, description = "No such symbol", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The account does not allow it; `code` says why", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not an amount, or one that cannot be", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No price to trade on, or the desk cannot write now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn open(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    body: Result<Json<TicketRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<TicketBody>), Refusal> {
    let desk = desk_of(&state)?;
    let request = Refusal::read(body)?;
    let key = key_of(&headers, &who.account)?;
    let action = match action_of(&request) {
        Ok(action) => action,
        Err((malformed, told)) => {
            return Err(written_down(desk, who.account, key, malformed, told).await);
        }
    };
    let done = carry_out(desk, who.account, key, action).await?;
    Ok((StatusCode::CREATED, Json(body_of(&done)?)))
}

/// What is asked for, or what of it cannot be read and what to tell.
fn action_of(request: &TicketRequest) -> Result<Action, (Malformed, Refusal)> {
    let verb = match request.side {
        SideName::Buy => Verb::Buy,
        SideName::Sell => Verb::Sell,
    };
    let mut malformed = Malformed { verb: Some(verb), symbol: None, amount: None, fault: Fault::Symbol };
    let Ok(symbol) = Symbol::new(&request.symbol) else {
        return Err((malformed, Refusal::unknown_symbol(&request.symbol)));
    };
    malformed.symbol = Some(symbol);
    let amount = parse_amount(&request.amount)
        .map_err(|fault| (Malformed { fault, ..malformed }, Refusal::fault("amount", fault)))?;
    Ok(match request.side {
        SideName::Buy => Action::Buy { symbol, amount },
        SideName::Sell => Action::Sell { symbol, amount },
    })
}

/// Makes a ticket final.
#[utoipa::path(
    post,
    path = "/api/v1/tickets/{id}/commit",
    operation_id = "commit_ticket",
    tag = "trading",
    params(
        ("id" = String, Path, description = "The ticket"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key is applied once", max_length = 255),
    ),
    responses(
        (status = 200, description = "It is final, and durable", body = TicketBody),
        (status = 404, description = "There is no such ticket", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is not open any more; `code` says why", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desk cannot write now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn commit(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Result<Json<TicketBody>, Refusal> {
    end(&state, &who, &id, &headers, |id| Action::CommitTicket { id }).await
}

/// Gives a ticket up; what it set aside goes back.
#[utoipa::path(
    delete,
    path = "/api/v1/tickets/{id}",
    operation_id = "cancel_ticket",
    tag = "trading",
    params(
        ("id" = String, Path, description = "The ticket"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key is applied once", max_length = 255),
    ),
    responses(
        (status = 200, description = "It is given up, and durably so", body = TicketBody),
        (status = 404, description = "There is no such ticket", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is not open any more; `code` says why", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desk cannot write now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn cancel(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Result<Json<TicketBody>, Refusal> {
    end(&state, &who, &id, &headers, |id| Action::CancelTicket { id }).await
}

async fn end(
    state: &ApiState,
    who: &Who,
    text: &str,
    headers: &HeaderMap,
    action: impl FnOnce(u64) -> Action,
) -> Result<Json<TicketBody>, Refusal> {
    let desk = desk_of(state)?;
    let key = key_of(headers, &who.account)?;
    let (shard, id) = place_of(text).ok_or_else(|| unknown_ticket(text))?;
    if shard != desk.desk.shard_of(&who.account).number() {
        return Err(unknown_ticket(text));
    }
    let done = carry_out(desk, who.account, key, action(id)).await?;
    Ok(Json(body_of(&done)?))
}

/// The ticket a command opened or ended.
fn body_of(done: &Done) -> Result<TicketBody, Refusal> {
    let Event::Command { outcome: Outcome::Done(effect), .. } = &done.entry.event else {
        return Err(Refusal::unavailable("the desk did something else"));
    };
    let (ticket, status): (&Ticket, TicketStatus) = match effect {
        Effect::Opened(ticket) => (ticket, TicketStatus::Open),
        Effect::Committed { ticket, .. } => (ticket, TicketStatus::Committed),
        Effect::Cancelled(ticket) => (ticket, TicketStatus::Cancelled),
        _ => return Err(Refusal::unavailable("the desk did something else")),
    };
    let at = done.entry.at;
    Ok(TicketBody::of(
        ticket,
        status,
        done.shard.number(),
        done.entry.quote.as_ref().map(|quote| (quote, at)),
    ))
}
