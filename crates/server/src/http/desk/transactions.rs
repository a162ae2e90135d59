//! `GET /api/v1/transactions`.

use std::ops::ControlFlow;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use desk::History;
use market::Timestamp;
use wire::desk::{TransactionBody, TransactionKind, TransactionsAnswer};
use wire::journal::Record;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::super::query::Query;
use super::{closed, desk_of, id_of, place_of, unreadable};
use crate::people::identity::Who;

/// Most transactions of one page.
const LIMIT_MAX: usize = 1_000;
/// Entries looked at for one page: a filter that fits nothing must not read a whole journal.
const LOOKED_AT_MAX: usize = 20_000;

/// What the answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListFormat {
    /// A page, newest first.
    Json,
    /// The whole list, oldest first.
    Csv,
}

impl ListFormat {
    /// The parameter goes before the header: a plain link can say the one and not the other.
    fn of(query: &Query, headers: &HeaderMap) -> Result<Self, Refusal> {
        let takes_csv = |accept: &str| accept.split(',').any(|part| part.trim().starts_with("text/csv"));
        match query.text("format") {
            Some("csv") => Ok(Self::Csv),
            Some("json") => Ok(Self::Json),
            Some(_) => Err(Refusal::bad_request("format must be csv or json")),
            None => {
                let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
                Ok(if accept.is_some_and(takes_csv) { Self::Csv } else { Self::Json })
            }
        }
    }
}

/// What is asked for.
struct Filter {
    kind: Option<TransactionKind>,
    symbol: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Filter {
    fn of(query: &Query) -> Result<Self, Refusal> {
        let kind = query.text("kind").filter(|text| !text.is_empty()).map(|text| {
            serde_json::from_value(serde_json::Value::String(text.to_owned()))
                .map_err(|_| Refusal::bad_request("kind is not one of a transaction"))
        });
        Ok(Self {
            kind: kind.transpose()?,
            symbol: query.text("symbol").filter(|text| !text.is_empty()).map(str::to_owned),
            from: query.time("from")?,
            to: query.time("to")?,
        })
    }

    fn takes(&self, body: &TransactionBody) -> bool {
        self.kind.is_none_or(|kind| body.kind == kind)
            && self.symbol.as_ref().is_none_or(|symbol| body.symbol.as_ref() == Some(symbol))
            && self.from.is_none_or(|from| body.timestamp >= from)
            && self.to.is_none_or(|to| body.timestamp < to)
    }
}

/// Everything that happened to one's account, refused commands included, newest first.
///
/// With `format=csv`, or `Accept: text/csv` where no format is asked for, the answer is the whole list that fits the
/// filters as CSV, oldest first, to be saved as a file.
#[utoipa::path(
    get,
    path = "/api/v1/transactions",
    operation_id = "get_transactions",
    tag = "trading",
    params(
        ("kind" = Option<TransactionKind>, Query, description = "Only these"),
        ("symbol" = Option<String>, Query, description = "Only of this symbol"),
        ("from" = Option<String>, Query, description = "Not before this, RFC 3339", format = DateTime),
        ("to" = Option<String>, Query, description = "Before this, RFC 3339", format = DateTime),
        ("limit" = Option<u32>, Query, description = "Most to give; 100 without it", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
        ("format" = Option<String>, Query, description = "`csv` or `json`; without it the Accept header decides", pattern = "^(csv|json)$"),
    ),
    responses(
        (status = 200, description = "The transactions", content((TransactionsAnswer = "application/json"), (String = "text/csv"))),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The journal cannot be read now", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(state): State<ApiState>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refusal> {
    let desk = desk_of(&state)?;
    let query = Query::of(&uri)?;
    let limit = query.number("limit", 1..=LIMIT_MAX, 100)?;
    let filter = Filter::of(&query)?;
    let format = ListFormat::of(&query, &headers)?;
    let shard = desk.desk.shard_of(&who.account);
    // The answer comes after everything handed in before is durable, so the list is complete.
    let newest = desk.desk.account(who.account).await.map_err(closed)?.last;
    let history = desk.desk.history(shard);
    if format == ListFormat::Csv {
        return Ok(csv(history, who, newest, filter, shard.number()));
    }
    let from = match query.text("cursor") {
        None => newest,
        Some(text) => match place_of(text) {
            Some((number, seq)) if number == shard.number() && seq <= newest => seq,
            _ => return Err(Refusal::bad_request("cursor is of another list")),
        },
    };
    let page = tokio::task::spawn_blocking(move || page(history, from, limit, &filter, shard.number(), &who));
    match page.await {
        Ok(Ok((transactions, next))) => {
            let next_cursor = (next != 0).then(|| id_of(shard, next));
            Ok(Json(TransactionsAnswer { transactions, next_cursor }).into_response())
        }
        Ok(Err(error)) => Err(unreadable(&error)),
        Err(error) => Err(unreadable(&error)),
    }
}

fn page(
    mut history: History,
    from: u64,
    limit: usize,
    filter: &Filter,
    shard: u16,
    who: &Who,
) -> Result<(Vec<TransactionBody>, u64), desk::HistoryError> {
    let (mut found, mut next, mut looked_at, mut is_foreign) = (Vec::new(), 0, 0, false);
    history.back(from, |record| {
        // A cursor made by hand could name another's entry.
        if record.user != who.account {
            is_foreign = true;
            return ControlFlow::Break(());
        }
        let body = TransactionBody::of(record, shard);
        if filter.takes(&body) {
            found.push(body);
        }
        looked_at += 1;
        next = record.entry.previous;
        if found.len() == limit || looked_at == LOOKED_AT_MAX {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(if is_foreign { (Vec::new(), 0) } else { (found, next) })
}

/// The whole list, streamed.
fn csv(history: History, who: Who, newest: u64, filter: Filter, shard: u16) -> Response {
    let body = super::audit::streamed(move |write| {
        write(wire::desk::CSV_HEADER.as_bytes())?;
        let mut failed = None;
        let each = |record: &Record| {
            let body = TransactionBody::of(record, shard);
            if !filter.takes(&body) {
                return ControlFlow::Continue(());
            }
            match write(body.csv_line().as_bytes()) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        history.forward(1, newest + 1, Some(&who.account), each).map_err(std::io::Error::other)?;
        failed.map_or(Ok(()), Err)
    });
    let disposition = "attachment; filename=\"transactions.csv\"";
    (
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, disposition)],
        Body::from_stream(body),
    )
        .into_response()
}
