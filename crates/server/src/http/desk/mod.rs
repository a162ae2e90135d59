//! Day trading over HTTP: the account, tickets, triggers, transactions, the log, and the line protocol.
//!
//! Who acts is an argument of everything here ([`Who`](crate::people::identity::Who)), found out before.

/// `GET /api/v1/account`, `POST /api/v1/account/deposits`.
pub(super) mod account;
/// `GET /api/v1/admin/accounts`.
pub(super) mod admin;
/// `GET /api/v1/audit.xml`.
pub(super) mod audit;
/// `POST /api/v1/commands`.
pub(super) mod commands;
/// The way of the operator's commands past the router.
mod lane;
/// `GET /api/v1/ledger`.
pub(super) mod proof;
/// Refusals of the desk as problems.
mod refusal;
/// What DISPLAY_SUMMARY tells.
mod summary;
/// `POST /api/v1/tickets` and what may be done with one.
pub(super) mod tickets;
/// `GET /api/v1/transactions`.
pub(super) mod transactions;
/// `PUT` and `DELETE /api/v1/triggers/{side}/{symbol}`.
pub(super) mod triggers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, Method};
use axum::routing::post;
use desk::{Answer, Answered, Closed, Desk, HistoryError, Newest, Submission, Wants};
use ledger::{Action, Entry, Event, Key, Malformed, UserName};
use store::journal::{Hash, Shard};
use tokio::sync::oneshot;
use wire::text::excerpt;

use super::ApiState;
use super::access::Routes;
use super::problem::Refusal;
use crate::people::identity::{Access, Scope};
pub(super) use lane::lane;

/// What the desk's routes work with.
#[derive(Debug)]
pub struct DeskState {
    /// The desk.
    pub desk: Arc<Desk>,
    /// Symbols may be more than three letters in the line protocol.
    pub dialect: ledger::Dialect,
    /// The name of this server in the log.
    pub server: String,
    /// Where DUMPLOG writes.
    pub logs: PathBuf,
}

/// The path of the line protocol.
const COMMANDS: &str = "/api/v1/commands";
/// The longest a request of the line protocol may take.
const COMMANDS_TIMEOUT: Duration = Duration::from_secs(300);
/// The longest body of the line protocol, in bytes.
const LINES_BYTES_MAX: usize = 4 << 20;
/// The longest idempotency key.
const KEY_BYTES_MAX: usize = 255;

/// The routes.
pub(super) fn routes() -> Routes {
    const READ: Access = Access::User(Scope::Read);
    const TRADE: Access = Access::User(Scope::Trade);
    Routes::new()
        .get("/api/v1/account", READ, account::account)
        .post("/api/v1/account/deposits", TRADE, account::deposit)
        .post("/api/v1/tickets", TRADE, tickets::open)
        .delete("/api/v1/tickets/{id}", TRADE, tickets::cancel)
        .post("/api/v1/tickets/{id}/commit", TRADE, tickets::commit)
        // Symbols may have slashes, which some clients do not encode.
        .put("/api/v1/triggers/{side}/{*symbol}", TRADE, triggers::set)
        .delete("/api/v1/triggers/{side}/{*symbol}", TRADE, triggers::remove)
        .get("/api/v1/transactions", READ, transactions::list)
        .get("/api/v1/audit.xml", READ, audit::audit)
        .get("/api/v1/ledger", READ, proof::ledger)
        .get("/api/v1/admin/accounts", Access::Operator, admin::accounts)
}

/// The route of the line protocol.
pub(super) fn command_routes() -> Routes {
    let limit = DefaultBodyLimit::max(LINES_BYTES_MAX);
    Routes::new().at((Method::POST, COMMANDS), Access::Operator, post(commands::commands).layer(limit))
}

/// The longest a request may take: many lines that each wait for a price, or a DUMPLOG of years, need their time.
pub(super) fn timeout_of(path: &str, usual: Duration) -> Duration {
    if path == COMMANDS { COMMANDS_TIMEOUT.max(usual) } else { usual }
}

/// The desk of this process.
fn desk_of(state: &ApiState) -> Result<&DeskState, Refusal> {
    state.desk.as_deref().ok_or_else(|| Refusal::unavailable("trading is run by another process"))
}

/// The idempotency key of a request, if it has one.
fn key_of(headers: &HeaderMap, who: &UserName) -> Result<Option<Key>, Refusal> {
    Ok(key_text(headers)?.map(|text| key(who, text)))
}

/// The idempotency key of a request as it was sent.
fn key_text(headers: &HeaderMap) -> Result<Option<&[u8]>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.as_bytes();
    if text.is_empty() || text.len() > KEY_BYTES_MAX {
        return Err(Refusal::bad_request("Idempotency-Key must have 1 to 255 characters"));
    }
    Ok(Some(text))
}

/// A key of any length as the ledger keeps it.
fn key(who: &UserName, text: &[u8]) -> Key {
    let mut bytes = who.as_bytes().to_vec();
    // A comma is in no user's name, so no two pairs are written alike.
    bytes.push(b',');
    bytes.extend_from_slice(text);
    let hash = Hash::of(&bytes);
    let half = hash.as_bytes().first_chunk().copied().unwrap_or_default();
    Key(u128::from_le_bytes(half))
}

/// What became of a command, its entry read back where it was a repeated one.
struct Done {
    shard: Shard,
    entry: Entry,
    fired: Option<Entry>,
    account: Option<Box<ledger::AccountView>>,
    before: Option<Box<Newest>>,
}

/// Has a command carried out. What was refused comes back as a refusal.
async fn carry_out(
    state: &DeskState,
    user: UserName,
    key: Option<Key>,
    action: Action,
) -> Result<Done, Refusal> {
    let (reply, answer) = oneshot::channel();
    let submission = Submission { user, n: 0, key, action, wants: Wants::Account, reply };
    state.desk.submit(submission).map_err(closed)?;
    // Dropped unanswered only when the desk ends.
    let answer = answer.await.unwrap_or(Err(Closed::Ending)).map_err(closed)?;
    let done = entered(&state.desk, answer).await?;
    match refusal::of(&done.entry) {
        Some(refusal) => Err(refusal),
        None => Ok(done),
    }
}

/// Enters a request of which a field cannot be read as the refusal it is, and gives back what to tell.
async fn written_down(
    state: &DeskState,
    user: UserName,
    key: Option<Key>,
    malformed: Malformed,
    told: Refusal,
) -> Refusal {
    match carry_out(state, user, key, Action::Malformed(malformed)).await {
        Err(other) if !other.is_code(malformed.fault.code()) => other,
        _ => told,
    }
}

/// The entry an answer is about.
async fn entered(desk: &Arc<Desk>, answer: Answer) -> Result<Done, Refusal> {
    let Answer { shard, answered, account, before } = answer;
    match answered {
        Answered::Entered { entry, fired } => {
            Ok(Done { shard, entry: *entry, fired: fired.map(|fired| *fired), account, before })
        }
        Answered::Repeated(seq) => {
            let mut history = desk.history(shard);
            let read = move || {
                let record = history.entry(seq)?;
                // What fired at once stands right after what set it.
                let fired = match history.entry(seq + 1) {
                    Ok(next) => Some(next.entry)
                        .filter(|next| matches!(&next.event, Event::Fired(fill) if fill.armed == seq)),
                    Err(HistoryError::Missing { .. }) => None,
                    Err(error) => return Err(error),
                };
                Ok((record.entry, fired))
            };
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok((entry, fired))) => Ok(Done { shard, entry, fired, account, before }),
                Ok(Err(error)) => Err(unreadable(&error)),
                Err(error) => Err(unreadable(&error)),
            }
        }
        Answered::NotEntered(refused) => Err(refusal::refused(refused)),
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "the journal of the desk cannot be read");
    Refusal::unavailable("the journal of the desk cannot be read now; try again")
}

fn closed(closed: Closed) -> Refusal {
    Refusal::unavailable(closed.to_string())
}

/// A name for an entry that is unique over all shards.
fn id_of(shard: Shard, seq: u64) -> String {
    format!("{}-{seq}", shard.number())
}

/// The shard and place of an id.
fn place_of(text: &str) -> Option<(u16, u64)> {
    let (shard, seq) = text.split_once('-')?;
    Some((shard.parse().ok()?, seq.parse().ok()?))
}

fn unknown_ticket(text: &str) -> Refusal {
    Refusal::not_found_thing(format!("there is no ticket {}", excerpt(text)))
}
