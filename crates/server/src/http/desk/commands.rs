//! `POST /api/v1/commands`: the classic line protocol, one JSON object a line in answer.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use desk::{Answer, Answered, Closed, Submission, Wants};
use ledger::{
    Action, Dollars, Effect, Entry, Event, Fill, Key, Outcome, Quote, Ticket, UserName, parse_line,
};
use tokio::sync::oneshot;
use wire::problem::Problem;

use super::super::ApiState;
use super::super::problem::Refusal;
use super::{DeskState, audit, desk_of, entered, id_of, key, key_text, summary};

/// One JSON object a line.
pub(super) const NDJSON: &str = "application/x-ndjson";
/// Most lines of one request.
const LINES_MAX: usize = 20_000;

/// Carries out commands of any user, in order: `[n] COMMAND,argument,...`, one a line. Each line is answered by
/// one line of JSON, in the same order, once everything it did is durable. Commands of one user are carried out
/// in the order of their lines.
#[utoipa::path(
    post,
    path = "/api/v1/commands",
    operation_id = "run_commands",
    tag = "trading",
    params(("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key and the same lines is applied once", max_length = 255)),
    request_body(content = String, content_type = "text/plain", description = "Lines of the classic protocol", example = "[1] ADD,oY01WVirLr,63511.53"),
    responses(
        (status = 200, description = "Each line's answer: `n`, `command`, `user`, `status` (`accepted`, `refused`, `malformed`), `reason` when not accepted, and what the command returns", body = String, content_type = "application/x-ndjson"),
        (status = 401, description = "Not the operator", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too many lines", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desk cannot write now; some of the lines may have been carried out, so repeat them under the same key", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn commands(
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let desk = desk_of(&state)?;
    let lines = Lines::hand_in(desk, key_text(&headers)?, &body)?;
    let out = lines.answers(desk).await?;
    Ok(([(header::CONTENT_TYPE, NDJSON)], out).into_response())
}

/// Lines that the desk has been given, in order.
pub(super) struct Lines(Vec<Wait>);

impl Lines {
    /// Reads them and hands them in: when this returns, they are before all that is handed in afterwards.
    pub(super) fn hand_in(desk: &DeskState, key: Option<&[u8]>, body: &[u8]) -> Result<Self, Refusal> {
        let text =
            std::str::from_utf8(body).map_err(|_| Refusal::bad_request("the lines must be UTF-8 text"))?;
        let mut waiting = Vec::new();
        let mut submissions = Vec::new();
        for (at, line) in text.lines().filter(|line| !line.trim().is_empty()).enumerate() {
            if at == LINES_MAX {
                return Err(Refusal::too_large(format!("at most {LINES_MAX} lines at a time")));
            }
            let (submission, wait) = submission(desk, line, key, at);
            submissions.push(submission);
            waiting.push(wait);
        }
        match submissions.len() {
            0 => return Err(Refusal::bad_request("there is no line")),
            1 => submissions.into_iter().try_for_each(|one| desk.desk.submit(one)),
            _ => desk.desk.submit_all(submissions),
        }
        .map_err(super::closed)?;
        Ok(Self(waiting))
    }

    /// Their answers, a line each, once all of them are durable.
    pub(super) async fn answers(self, desk: &DeskState) -> Result<String, Refusal> {
        let mut out = String::with_capacity(256 * self.0.len());
        for wait in self.0 {
            let answer = wait.answer.await.unwrap_or(Err(Closed::Ending)).map_err(super::closed)?;
            write_answer(desk, &wait.head, answer, &mut out).await?;
            out.push('\n');
        }
        Ok(out)
    }
}

/// What of a line its answer begins with.
struct Head {
    n: Option<u64>,
    command: &'static str,
    user: UserName,
    is_summary: bool,
}

struct Wait {
    head: Head,
    answer: oneshot::Receiver<Result<Answer, Closed>>,
}

fn submission(desk: &DeskState, line: &str, keys: Option<&[u8]>, at: usize) -> (Submission, Wait) {
    let (n, user, action) = match parse_line(line, desk.dialect) {
        Ok(line) => (line.n, line.user, line.action),
        Err(bad) => (bad.n, bad.user, Action::Malformed(bad.malformed)),
    };
    let is_summary = matches!(action, Action::DisplaySummary);
    let head = Head { n, command: action.verb().map_or("", ledger::Verb::name), user, is_summary };
    let wants = match action {
        Action::DisplaySummary => Wants::Summary(summary::TRANSACTIONS),
        Action::Add { .. } => Wants::Account,
        _ => Wants::Nothing,
    };
    let (reply, answer) = oneshot::channel();
    let key = keys.map(|text| line_key(&user, text, at));
    (Submission { user, n: n.unwrap_or(0), key, action, wants, reply }, Wait { head, answer })
}

/// The key of a line: that of its request and its place.
fn line_key(user: &UserName, text: &[u8], at: usize) -> Key {
    let mut whole = text.to_vec();
    let _ = std::io::Write::write_fmt(&mut whole, format_args!("\n{at}"));
    key(user, &whole)
}

async fn write_answer(
    desk: &DeskState,
    head: &Head,
    answer: Answer,
    out: &mut String,
) -> Result<(), Refusal> {
    out.push('{');
    if let Answered::NotEntered(refusal) = &answer.answered {
        begin(head, head.n, "refused", out);
        let _ = write!(out, ",\"reason\":\"{}\"}}", refusal.code());
        return Ok(());
    }
    let done = entered(&desk.desk, answer).await?;
    let entry = &done.entry;
    let n = head.n.or(Some(entry.n));
    match &entry.event {
        Event::Command { action: Action::Malformed(_), outcome: Outcome::Refused(refusal), .. } => {
            begin(head, n, "malformed", out);
            let _ = write!(out, ",\"reason\":\"{}\"", refusal.code());
        }
        Event::Command { outcome: Outcome::Refused(refusal), .. } => {
            begin(head, n, "refused", out);
            let _ = write!(out, ",\"reason\":\"{}\"", refusal.code());
        }
        Event::Command { outcome: Outcome::Done(effect), .. } => {
            begin(head, n, "accepted", out);
            write_effect(effect, done.shard, entry, out);
            if let Some(Event::Fired(fill)) = done.fired.as_ref().map(|fired| &fired.event) {
                write_fill(fill, done.fired.as_ref().and_then(|f| f.quote.as_ref()), out);
            }
            if let Event::Command { action: Action::DumpLog { file }, .. } = &entry.event {
                let user = (head.user != UserName::SYSTEM).then_some(head.user);
                let bytes = audit::dump(desk, file, user).await?;
                let _ = write!(out, ",\"file\":\"{}\",\"bytes\":{bytes}", file.as_str());
            }
            if let Some(account) = &done.account {
                if head.is_summary {
                    summary::write(desk, &head.user, account, &done, out).await?;
                } else {
                    let _ = write!(out, ",\"available\":\"{}\"", account.available);
                }
            }
        }
        Event::Expired(_) | Event::Fired(_) | Event::Quoted { .. } => begin(head, n, "accepted", out),
    }
    let _ = write!(out, ",\"id\":\"{}\"}}", id_of(done.shard, entry.seq));
    Ok(())
}

fn begin(head: &Head, n: Option<u64>, status: &str, out: &mut String) {
    match n {
        Some(n) => drop(write!(out, "\"n\":{n}")),
        None => out.push_str("\"n\":null"),
    }
    let _ = write!(out, ",\"command\":\"{}\",\"user\":", head.command);
    // A user's name may have quotation marks and backslashes.
    out.push_str(&serde_json::to_string(head.user.as_str()).unwrap_or_else(|_| "\"\"".into()));
    let _ = write!(out, ",\"status\":\"{status}\"");
}

fn write_quote(quote: &Quote, out: &mut String) {
    let _ = write!(
        out,
        ",\"price\":\"{}\",\"source\":\"{}\",\"quote_time\":{}",
        Dollars(quote.price),
        quote.source,
        quote.provider_time.0
    );
}

fn write_ticket(ticket: &Ticket, shard: store::journal::Shard, out: &mut String) {
    let side = if ticket.side == ledger::Side::Buy { "buy" } else { "sell" };
    let _ = write!(
        out,
        ",\"ticket\":\"{}\",\"side\":\"{side}\",\"symbol\":\"{}\",\"price\":\"{}\",\"shares\":\"{}\",\"total\":\"{}\",\"expires_at\":{}",
        id_of(shard, ticket.id),
        ticket.symbol,
        Dollars(ticket.price),
        ticket.shares,
        ticket.total,
        ticket.expires_at().0
    );
}

fn write_effect(effect: &Effect, shard: store::journal::Shard, entry: &Entry, out: &mut String) {
    match effect {
        Effect::Noted => {
            if let Event::Command { action: Action::Quote { symbol }, .. } = &entry.event {
                let _ = write!(out, ",\"symbol\":\"{symbol}\"");
                if let Some(quote) = &entry.quote {
                    write_quote(quote, out);
                }
            }
        }
        Effect::Deposited { amount } => drop(write!(out, ",\"amount\":\"{amount}\"")),
        Effect::Opened(ticket) | Effect::Committed { ticket, .. } | Effect::Cancelled(ticket) => {
            write_ticket(ticket, shard, out);
        }
        Effect::BuySet { symbol, amount, .. } | Effect::SellSet { symbol, amount, .. } => {
            let _ = write!(out, ",\"symbol\":\"{symbol}\",\"amount\":\"{amount}\"");
        }
        Effect::BuyArmed { symbol, price } => {
            let _ = write!(out, ",\"symbol\":\"{symbol}\",\"trigger\":\"{}\"", Dollars(*price));
        }
        Effect::SellArmed { symbol, price, shares, .. } => {
            let _ = write!(
                out,
                ",\"symbol\":\"{symbol}\",\"trigger\":\"{}\",\"shares\":\"{shares}\"",
                Dollars(*price)
            );
        }
        Effect::BuyUnset { symbol, returned } => {
            let _ = write!(out, ",\"symbol\":\"{symbol}\",\"returned\":\"{returned}\"");
        }
        Effect::SellUnset { symbol, returned } => {
            let _ = write!(out, ",\"symbol\":\"{symbol}\",\"returned_shares\":\"{returned}\"");
        }
    }
}

fn write_fill(fill: &Fill, quote: Option<&Quote>, out: &mut String) {
    let _ = write!(out, ",\"fired\":{{\"shares\":\"{}\",\"total\":\"{}\"", fill.shares, fill.total);
    if let Some(quote) = quote {
        write_quote(quote, out);
    }
    out.push('}');
}
