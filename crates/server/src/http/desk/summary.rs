//! What DISPLAY_SUMMARY tells: the account with its triggers, and what the user did last.

use std::ops::ControlFlow;

use desk::{HistoryError, Newest};
use ledger::{AccountView, UserName};
use wire::desk::{AccountBody, TransactionBody};
use wire::journal::Record;

use super::super::problem::Refusal;
use super::{DeskState, Done, id_of, unreadable};

/// Transactions a summary has. The whole list is `GET /api/v1/transactions`.
pub(super) const TRANSACTIONS: usize = 10;

/// Adds `account`, `transactions` (the newest, newest first) and `earlier` (the id of the one before them, or null).
pub(super) async fn write(
    desk: &DeskState,
    user: &UserName,
    account: &AccountView,
    done: &Done,
    out: &mut String,
) -> Result<(), Refusal> {
    let shard = done.shard.number();
    let newest = match &done.before {
        Some(newest) => newest.as_ref().clone(),
        None => Newest::default(),
    };
    let (bodies, earlier) = transactions(desk, user, done, newest).await?;
    let json = |value: Result<String, serde_json::Error>| value.unwrap_or_else(|_| "null".to_owned());
    out.push_str(",\"account\":");
    out.push_str(&json(serde_json::to_string(&AccountBody::of(user, account, shard))));
    out.push_str(",\"transactions\":");
    out.push_str(&json(serde_json::to_string(&bodies)));
    let earlier = (earlier != 0).then(|| id_of(done.shard, earlier));
    out.push_str(",\"earlier\":");
    out.push_str(&json(serde_json::to_string(&earlier)));
    Ok(())
}

/// What was at hand, and from the journal what was not.
async fn transactions(
    desk: &DeskState,
    user: &UserName,
    done: &Done,
    newest: Newest,
) -> Result<(Vec<TransactionBody>, u64), Refusal> {
    let (shard, user) = (done.shard, *user);
    let Newest { entries, mut earlier } = newest;
    let of = move |entry| TransactionBody::from_record(&Record { user, entry }, shard.number());
    let mut bodies: Vec<TransactionBody> = entries.into_iter().filter_map(of).collect();
    if earlier == 0 || bodies.len() >= TRANSACTIONS {
        return Ok((bodies, earlier));
    }
    let mut history = desk.desk.history(shard);
    let read = move || {
        history.back(earlier, |record| {
            bodies.extend(TransactionBody::from_record(record, shard.number()));
            earlier = record.entry.previous;
            if bodies.len() < TRANSACTIONS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok::<_, HistoryError>((bodies, earlier))
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(unreadable(&error)),
        Err(error) => Err(unreadable(&error)),
    }
}
