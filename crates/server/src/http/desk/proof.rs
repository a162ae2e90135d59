//! `GET /api/v1/ledger`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use wire::desk::LedgerBody;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::{closed, desk_of, unreadable};

/// How much the ledger holds, and when it was last proved.
#[utoipa::path(
    get,
    path = "/api/v1/ledger",
    operation_id = "get_ledger",
    tag = "trading",
    responses(
        (status = 200, description = "The last proof", body = LedgerBody),
        (status = 503, description = "The desk cannot answer now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn ledger(State(state): State<ApiState>) -> Result<Json<LedgerBody>, Refusal> {
    let desk = Arc::clone(&desk_of(&state)?.desk);
    let mut entries = 0;
    for shard in desk.shards() {
        entries += desk.head(shard).await.map_err(closed)?.entries();
    }
    let proofs = tokio::task::spawn_blocking(move || {
        desk.shards().map(|shard| desk.journals().last_verification(shard)).collect::<Result<Vec<_>, _>>()
    });
    let proofs = match proofs.await {
        Ok(Ok(proofs)) => proofs,
        Ok(Err(error)) => return Err(unreadable(&error)),
        Err(error) => return Err(unreadable(&error)),
    };
    let all: Option<Vec<_>> = proofs.iter().cloned().collect();
    let found = proofs.iter().flatten();
    Ok(Json(LedgerBody {
        entries,
        // The oldest: since then everything is proved.
        verified_at: all.as_ref().and_then(|all| all.iter().map(|proof| proof.time).min()),
        verified_entries: found.clone().map(store::journal::Verification::entries).sum(),
        is_sound: all.map(|all| all.iter().all(store::journal::Verification::is_ok)),
        damage: found.flat_map(|proof| &proof.damage).next().map(ToString::to_string),
    }))
}
