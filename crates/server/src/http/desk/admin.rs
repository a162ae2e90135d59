//! `GET /api/v1/admin/accounts`.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use ledger::{AccountView, Dollars, Side, UserName};
use serde_json::{Map, Value, json};
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;

/// Accounts asked of a shard at a time, so that it goes on working between.
const AT_A_TIME: usize = 500;

/// Everybody's account, one line of JSON each.
#[utoipa::path(
    get,
    path = "/api/v1/admin/accounts",
    operation_id = "get_accounts",
    tag = "trading",
    responses(
        (status = 200, description = "`user`, `available`, `reserved`, `holdings`, `triggers`, one user a line", body = String, content_type = "application/x-ndjson"),
        (status = 401, description = "Not the operator", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn accounts(State(state): State<ApiState>) -> Result<Response, Refusal> {
    let state =
        state.desk.clone().ok_or_else(|| Refusal::unavailable("trading is run by another process"))?;
    let shards: Vec<_> = state.desk.shards().collect();
    let lines = unfold((state, shards, 0, 0), |(state, shards, mut at, mut from)| async move {
        loop {
            let shard = *shards.get(at)?;
            let some = match state.desk.accounts(shard, from, AT_A_TIME).await {
                Ok(some) => some,
                Err(error) => return Some((Err(std::io::Error::other(error)), (state, Vec::new(), 0, 0))),
            };
            let count = some.len();
            let mut text = String::new();
            for (user, view) in some.iter().filter(|(_, view)| view.is_open) {
                text.push_str(&line(user, view).to_string());
                text.push('\n');
            }
            if count < AT_A_TIME {
                (at, from) = (at + 1, 0);
            } else {
                from += count;
            }
            if !text.is_empty() {
                return Some((Ok(Bytes::from(text)), (state, shards, at, from)));
            }
        }
    });
    // Compression asks once more after the end, which a bare `unfold` answers with a panic.
    let lines = Body::from_stream(lines.fuse());
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
}

fn line(user: &UserName, view: &AccountView) -> Value {
    let mut holdings = Map::new();
    for holding in &view.holdings {
        let reserved = holding.in_tickets.0 + holding.in_triggers.0;
        if holding.available.0 != 0 || reserved != 0 {
            let shares =
                json!({ "available": holding.available.to_string(), "reserved": reserved.to_string() });
            holdings.insert(holding.symbol.to_string(), shares);
        }
    }
    let triggers = view.triggers.iter().map(|trigger| {
        json!({
            "side": if trigger.side == Side::Buy { "buy" } else { "sell" },
            "symbol": trigger.symbol.as_str(),
            "amount": trigger.amount.to_string(),
            "price": trigger.price.map(|price| Dollars(price).to_string()),
            "shares": trigger.shares.to_string(),
        })
    });
    let reserved = ledger::Cents(view.in_tickets.0 + view.in_triggers.0);
    json!({
        "user": user.as_str(),
        "available": view.available.to_string(),
        "reserved": reserved.to_string(),
        "holdings": holdings,
        "triggers": triggers.collect::<Vec<_>>(),
    })
}
